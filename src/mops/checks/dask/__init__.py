"""Environment variables of Dask.

Dask takes every variable that begins with DASK_ for a setting, never reports an unknown one, and
does not check values. `names` and `values` have the rules. `settings`, `literals` and `memory` know
what Dask does with a name or a value, `variables` applies that to a configuration, and `advice`
says what to write instead.
"""

from __future__ import annotations

from mops.checks.dask import names, values

RULES = (*names.RULES, *values.RULES)
