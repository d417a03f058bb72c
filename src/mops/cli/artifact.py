"""What `render` writes, as text, and how it differs from what is committed."""

from __future__ import annotations
