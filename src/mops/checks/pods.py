"""Security settings that contradict each other."""

from __future__ import annotations

from collections.abc import Iterator

from mops.checks.rule import ERROR, Finding, Rule
from mops.config.view import View


def root_user(view: View) -> Iterator[Finding]:
    user, non_root = ("podSecurityContext", "runAsUser"), ("podSecurityContext", "runAsNonRoot")
    # On OpenShift the chart leaves runAsUser out, because the cluster assigns the user.
    if view.value(user) == 0 and view.value(non_root) and not view.value(("openshift",)):
        yield Finding((user, non_root), "runAsUser 0 is root, which runAsNonRoot forbids")


RULES = (Rule("root-user", ERROR, "runAsUser 0 together with runAsNonRoot", root_user),)
