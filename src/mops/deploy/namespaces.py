"""The namespace of a workspace."""

from __future__ import annotations

from collections.abc import Callable

from mops.checks.admission import Admission
from mops.config.podsecurity import LABEL_PREFIX, LEVELS, namespace_labels
from mops.deploy.kube import Kube
from mops.deploy.pods import Object
from mops.model.problems import EnvironmentFailure
from mops.report.problems import problem_line

_ENFORCED = f"{LABEL_PREFIX}enforce"


def ensure_namespace(
    client: Kube, name: str, needed: Admission, say: Callable[[str], None]
) -> None:
    """Creates the namespace with Pod Security labels; one that exists is left unchanged.

    Raises EnvironmentFailure if it exists and does not admit the pods.
    """
    found = client.namespace(name)
    if found is None:
        client.create_namespace(name, namespace_labels(needed.level))
        admits = "any" if needed.level == LEVELS[-1] else f'only "{needed.level}"'
        say(f"created namespace {name}; it admits {admits} pods (Pod Security Standards)")
        if needed.why is not None:
            say(problem_line(needed.why))
    elif found:
        _inspect(found, name, needed, say)


def _inspect(found: Object, name: str, needed: Admission, say: Callable[[str], None]) -> None:
    labels = found["metadata"].get("labels") or {}
    if not any(label.startswith(LABEL_PREFIX) for label in labels):
        say(f"namespace {name} already exists without Pod Security labels; left unchanged")
    enforced = labels.get(_ENFORCED)
    if needed.why is not None and enforced in LEVELS[: LEVELS.index(needed.level)]:
        raise EnvironmentFailure(
            f'namespace {name} admits only "{enforced}" pods: {problem_line(needed.why)}; '
            f"`kubectl label --overwrite namespace {name} {_ENFORCED}={needed.level}` changes that"
        )
