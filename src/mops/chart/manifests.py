"""Manifests: helm's arguments, and its output in a form that every version of helm gives. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from mops.model.problems import EnvironmentFailure
from mops.yamltext.nodes import Node
from mops.yamltext.plain import Ambiguous, plain_data
from mops.yamltext.reader import parse
from mops.yamltext.writer import dump

HEADER = "# Written by mops render --format manifests; edit the configuration instead.\n"
SEPARATOR = "---\n"

# Kinds in the order in which they are best created; all others come after them.
_ORDER = (
    "Namespace",
    "NetworkPolicy",
    "ServiceAccount",
    "Secret",
    "ConfigMap",
    "Service",
    "Deployment",
)
_SOURCE = "helm's output"


def arguments(
    release: str, namespace: str, kube_version: str, values: str, api_versions: Sequence[str] = ()
) -> list[str]:
    """The arguments of `helm template`, run in the chart's directory: those that Argo CD uses.

    `values` is the path of a values file.
    """
    versions = [part for version in api_versions for part in ("--api-versions", version)]
    return [
        "template",
        ".",
        "--name-template",
        release,
        "--namespace",
        namespace,
        "--kube-version",
        kube_version,
        "--values",
        values,
        *versions,
        "--include-crds",
        "--skip-tests",
    ]


def objects(text: str, namespace: str) -> list[dict[str, Any]]:
    """The objects in helm's output: keys sorted, without nulls, with a namespace, in a fixed order.

    EnvironmentFailure where the output holds none, or a document that is no Kubernetes object.
    """
    parsed = [_object(document, start) for start, document in documents(text)]
    found = [entry for entry in parsed if entry is not None]
    for entry in found:
        entry["metadata"] = dict(sorted({"namespace": namespace, **entry["metadata"]}.items()))
    if not found:
        raise EnvironmentFailure("helm rendered no objects")
    return sorted(found, key=_rank)


def text(entry: Mapping[str, Any], header: str = HEADER) -> str:
    """An object as a YAML document below a header."""
    return header + dump(entry)


def file_name(entry: Mapping[str, Any]) -> str:
    """The name of the file that holds an object alone."""
    return f"{entry['kind']}-{entry['metadata']['name']}.yaml".lower()


def stream(texts: Iterable[str]) -> str:
    """Documents as one file, with the header of the first alone."""
    first, *others = texts
    return SEPARATOR.join(
        [first, *(re.sub(r"\A# Written by mops .*\n", "", other) for other in others)]
    )


def documents(text: str) -> Iterator[tuple[int, str]]:
    """The documents of a stream, each with the number of lines before it."""
    lines: list[str] = []
    start = 0
    for number, line in enumerate(text.splitlines(keepends=True), 1):
        # Within a document no line begins like this: texts are indented or in quotes.
        if re.match(r"---(\s|$)", line):
            yield start, "".join(lines)
            lines, start = [], number
        else:
            lines.append(line)
    yield start, "".join(lines)


def _object(document: str, start: int) -> dict[str, Any] | None:
    """The object that a document holds; None where it is empty."""
    root, problems = parse("\n" * start + document, _SOURCE, _SOURCE)
    if problems:
        raise EnvironmentFailure(f"{problems[0].origin.place}: {problems[0].message}")
    found = _canonical(_data(root)) if root is not None else None
    if found is None:
        return None
    if (
        not isinstance(found, dict)
        or not all(
            isinstance(found.get(key), kind)
            for key, kind in (("apiVersion", str), ("kind", str), ("metadata", dict))
        )
        or "name" not in found["metadata"]
    ):
        needed = "apiVersion, kind or metadata.name is missing"
        raise EnvironmentFailure(f"{_SOURCE}:{start + 1}:1: not a Kubernetes object ({needed})")
    return found


def _data(root: Node) -> Any:
    try:
        return plain_data(root)
    except Ambiguous as error:
        place = f"{_SOURCE}:{error.node.line}:{error.node.col}"
        raise EnvironmentFailure(f"{place}: {error}") from None


def _canonical(value: Any) -> Any:
    """Plain data with sorted keys, without the keys that have no value."""
    if isinstance(value, list):
        return [_canonical(item) for item in value]
    if isinstance(value, dict):
        return {key: _canonical(value[key]) for key in sorted(value) if value[key] is not None}
    return value


def _rank(entry: Mapping[str, Any]) -> tuple[int, str, str, str]:
    kind = entry["kind"]
    return (
        _ORDER.index(kind) if kind in _ORDER else len(_ORDER),
        kind,
        entry["metadata"]["namespace"],
        entry["metadata"]["name"],
    )
