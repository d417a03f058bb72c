"""Environment variables as Kubernetes reads them, and secrets among the values."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mops.checks.rule import ERROR, WARNING, Finding, Rule
from mops.config.variables import references
from mops.config.view import Group, View
from mops.model.layer import Path
from mops.schema.secrets import Secret, secrets_in

# The prefix of the variables that Dask reads as settings.
DASK_PREFIX = "DASK_"
# The variables that the chart writes before the user's, so that $(NAME) finds them.
_POD_VARIABLES = frozenset({"POD_NAME", "POD_IP"})
# Users may set HOME and TMPDIR, which then replace the chart's.
CHART_VARIABLES = _POD_VARIABLES | {"HOME", "TMPDIR"}
# The variables that the chart sets if `tls.secretName` is set.
_TLS_PREFIX = f"{DASK_PREFIX}DISTRIBUTED__COMM__"
_TLS_VARIABLES = frozenset(
    {
        f"{_TLS_PREFIX}REQUIRE_ENCRYPTION",
        f"{_TLS_PREFIX}TLS__CA_FILE",
        f"{_TLS_PREFIX}TLS__CLIENT__CERT",
        f"{_TLS_PREFIX}TLS__CLIENT__KEY",
        f"{_TLS_PREFIX}TLS__SCHEDULER__CERT",
        f"{_TLS_PREFIX}TLS__SCHEDULER__KEY",
        f"{_TLS_PREFIX}TLS__WORKER__CERT",
        f"{_TLS_PREFIX}TLS__WORKER__KEY",
    }
)
# Variables that a shell would find in every container, unlike Kubernetes.
_SHELL_VARIABLES = frozenset({"PATH", "USER", "HOSTNAME", "PWD", "PYTHONPATH", "LD_LIBRARY_PATH"})

# A pattern is a string here: most configurations have no "$", so it is rarely compiled.
_SHELL_REFERENCE = r"(?<!\$)\$(?:\{([A-Za-z_][A-Za-z0-9_]*)\}|([A-Za-z_][A-Za-z0-9_]*))"


def reserved_variables(view: View) -> Iterator[Finding]:
    reserved = _POD_VARIABLES | _tls_variables(view)
    for group in view.pods:
        for name in view.names(group):
            if name in reserved:
                yield Finding((group.variable(name),), f"the chart sets {name} itself")


def reference_cycles(view: View) -> Iterator[Finding]:
    for group in view.pods:
        for cycle in view.variables(group).cycles:
            yield _cycle(group, cycle)


def _cycle(group: Group, cycle: tuple[str, ...]) -> Finding:
    paths = tuple(map(group.variable, cycle))
    if len(cycle) > 1:
        chain = " -> ".join((*cycle, cycle[0]))
        return Finding(
            paths, f"variables refer to each other: {chain}", "replace one of the references"
        )
    name = cycle[0]
    return Finding(
        paths,
        f"{name} refers to itself; Kubernetes does not know the image's own {name}",
        "write the whole value, or $$ for a literal $",
    )


def unresolved_references(view: View) -> Iterator[Finding]:
    for group in view.pods:
        if not view.value(group.at("envFrom")):
            yield from _unknown_references(view, group)
        yield from _shell_references(view, group)


def _unknown_references(view: View, group: Group) -> Iterator[Finding]:
    """References to variables that a container without envFrom does not have."""
    known = CHART_VARIABLES | _tls_variables(view) | set(view.names(group))
    for path, text in _expanded_texts(view, group):
        for wanted in references(text):
            if wanted not in known:
                yield Finding(
                    (path,),
                    f"$({wanted}) refers to no variable of this container and is left unchanged",
                    "write $$ for a literal $",
                )


def _shell_references(view: View, group: Group) -> Iterator[Finding]:
    """References in shell notation to variables that the author probably means."""
    known = CHART_VARIABLES.union(view.names(group))
    for name, text in view.texts(group).items():
        if "$" not in text:
            continue
        for match in re.finditer(_SHELL_REFERENCE, text):
            wanted = match[1] or match[2]
            if wanted not in known and wanted not in _SHELL_VARIABLES:
                continue
            condition = "" if wanted in known else f" if {wanted} is one of these variables"
            yield Finding(
                (group.variable(name),),
                f"{match[0]} is left unchanged: no shell expands it",
                f"Kubernetes expands $({wanted}){condition}",
            )


def _expanded_texts(view: View, group: Group) -> Iterator[tuple[Path, str]]:
    """The strings of a group in which Kubernetes expands $(NAME)."""
    for name, text in view.texts(group).items():
        yield group.variable(name), text
    for index, text in enumerate(view.value(group.at("extraArgs")) or ()):
        yield group.at("extraArgs", str(index)), text
    for index, mount in enumerate(view.value(group.at("volumeMounts")) or ()):
        yield (
            group.at("volumeMounts", str(index), "subPathExpr"),
            mount.get("subPathExpr", ""),
        )


def _tls_variables(view: View) -> frozenset[str]:
    return _TLS_VARIABLES if view.value(("tls", "secretName")) else frozenset()


def secrets(view: View) -> Iterator[Finding]:
    for path, stack in view.config.stacks.items():
        value = stack[-1].value
        if value and view.written(path):
            for secret in secrets_in(view.schema, path, value):
                yield _secret(path, secret)


def _secret(path: Path, secret: Secret) -> Finding:
    looks = f"looks like {secret.kind}" if secret.kind else "is a secret by its name"
    place = (*path, *secret.path)
    if "env" in place[:-1]:
        return Finding(
            (place,),
            f"this {looks}, and anyone who can read the values, the release or the pod can read it",
            "put it in a Secret and refer to that: valueFrom.secretKeyRef",
        )
    message = f"this {looks}, and anyone who can read the values can read it"
    return Finding((place,), message, "put it in a Secret")


RULES = (
    Rule("reserved-variable", ERROR, "a variable that the chart sets itself", reserved_variables),
    Rule("reference-cycle", ERROR, "variables that refer to themselves", reference_cycles),
    Rule("reference", WARNING, "a $(NAME) or ${NAME} that is not expanded", unresolved_references),
    Rule("secret", WARNING, "a credential written out instead of referred to", secrets),
)
