"""`python -m mops`."""

import sys

from mops.cli import main

sys.exit(main())
