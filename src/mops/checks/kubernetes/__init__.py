"""What Kubernetes refuses in the fields that a configuration passes on to it.

`walk` goes through the values along Kubernetes' own types. The other modules have, by subject, the
functions that judge a value of a type; each yields findings for the rules that it lists. They are
imported only where a configuration passes something on.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from mops.checks.kubernetes import (
    containers,
    env,
    handlers,
    metadata,
    mounts,
    network,
    placement,
    podspec,
    resources,
    security,
    sources,
    versions,
    volumes,
    walk,
)
from mops.checks.rule import Finding, Rule
from mops.config.view import View

_TEXTS = (
    *walk.RULES,
    *versions.RULES,
    *volumes.RULES,
    *sources.RULES,
    *mounts.RULES,
    *containers.RULES,
    *env.RULES,
    *handlers.RULES,
    *resources.RULES,
    *placement.RULES,
    *security.RULES,
    *podspec.RULES,
    *metadata.RULES,
    *network.RULES,
)


def found(name: str, view: View) -> Iterator[Finding]:
    """The findings of a rule in all that a configuration passes on to Kubernetes."""
    return (each.finding for each in view.once(walk.inspect) if each.rule == name)


RULES = tuple(Rule(name, severity, line, partial(found, name)) for name, line, severity in _TEXTS)
