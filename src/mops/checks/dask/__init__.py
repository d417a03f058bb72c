"""Environment variables and arguments of Dask.

Dask reads every variable that starts with DASK_ as a setting, never reports unknown ones, and does
not check values. `names` and `values` contain the rules. `settings`, `literals` and `memory` model
what Dask does with a name or a value, `variables` applies that to a configuration, and `advice`
says what to write instead.

It ends at once if it does not know an argument. `usage` and `managed` have the rules, `options`
knows the options and reads arguments as Dask does, `arguments` applies that to a configuration.

`effects` and `lifetimes` have the rules on what is valid, and changes nothing or stops the pods.
"""

from __future__ import annotations

from mops.checks.dask import effects, lifetimes, managed, names, usage, values

RULES = (
    *names.RULES,
    *values.RULES,
    *effects.RULES,
    *lifetimes.RULES,
    *usage.RULES,
    *managed.RULES,
)
