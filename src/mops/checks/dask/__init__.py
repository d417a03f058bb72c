"""Environment variables of Dask.

Dask reads every variable that starts with DASK_ as a setting, never reports unknown ones, and does
not check values. `names` and `values` contain the rules. `settings`, `literals` and `memory` model
what Dask does with a name or a value, `variables` applies that to a configuration, and `advice`
says what to write instead.
"""

from __future__ import annotations

from mops.checks.dask import names, values

RULES = (*names.RULES, *values.RULES)
