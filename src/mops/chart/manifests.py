"""Manifests: the arguments of `helm template`, and its output in a canonical form."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from mops.model.layer import Value
from mops.model.problems import EnvironmentFailure
from mops.yamltext.nodes import Node
from mops.yamltext.plain import Ambiguous, plain_data
from mops.yamltext.reader import parse
from mops.yamltext.writer import dump

HEADER = "# Written by mops render --format manifests; edit the configuration instead.\n"
SEPARATOR = "---\n"

# Kinds in the order in which to create them; all others follow.
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
    """The arguments of `helm template`, the same that Argo CD uses, in the chart's directory.

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


def objects(text: str, namespace: str) -> list[dict[str, Value]]:
    """The objects in helm's output: keys sorted, without nulls, with a namespace, in a fixed order.

    Raises EnvironmentFailure if there are none, or if a document is not a Kubernetes object.
    """
    parsed = [_object(document, start) for start, document in documents(text)]
    found = [entry for entry in parsed if entry is not None]
    for entry in found:
        entry["metadata"] = dict(sorted({"namespace": namespace, **entry["metadata"]}.items()))
    if not found:
        raise EnvironmentFailure("helm rendered no objects")
    return sorted(found, key=_rank)


def text(entry: Mapping[str, Value], header: str = HEADER) -> str:
    """An object as a YAML document below a header."""
    return header + dump(entry)


def file_name(entry: Mapping[str, Value]) -> str:
    """The name of a file that contains only this object."""
    return f"{entry['kind']}-{entry['metadata']['name']}.yaml".lower()


def stream(texts: Iterable[str]) -> str:
    """Documents as one file, with only the header of the first one."""
    first, *others = texts
    without_header = (re.sub(r"\A# Written by mops .*\n", "", other) for other in others)
    return SEPARATOR.join([first, *without_header])


def documents(text: str) -> Iterator[tuple[int, str]]:
    """The documents of a stream, each with the number of lines before it."""
    lines: list[str] = []
    start = 0
    for number, line in enumerate(text.splitlines(keepends=True), 1):
        # Inside a document no line starts like this: strings are indented or quoted.
        if re.match(r"---(\s|$)", line):
            yield start, "".join(lines)
            lines, start = [], number
        else:
            lines.append(line)
    yield start, "".join(lines)


def _object(document: str, start: int) -> dict[str, Value] | None:
    """The object in a document; None if the document is empty."""
    root, problems = parse("\n" * start + document, _SOURCE, _SOURCE)
    if problems:
        raise EnvironmentFailure(f"{problems[0].origin.place}: {problems[0].message}")
    found = _canonical(_data(root)) if root is not None else None
    if found is None:
        return None
    if not _is_object(found):
        needed = "apiVersion, kind or metadata.name is missing"
        raise EnvironmentFailure(f"{_SOURCE}:{start + 1}:1: not a Kubernetes object ({needed})")
    return dict(found)


def _is_object(data: Value) -> bool:
    """Whether plain data has the fields that every Kubernetes object has."""
    if not isinstance(data, dict):
        return False
    needed = (("apiVersion", str), ("kind", str), ("metadata", dict))
    fields = all(isinstance(data.get(key), kind) for key, kind in needed)
    return fields and "name" in data["metadata"]


def _data(root: Node) -> Value:
    try:
        return plain_data(root)
    except Ambiguous as error:
        place = f"{_SOURCE}:{error.node.line}:{error.node.col}"
        raise EnvironmentFailure(f"{place}: {error}") from None


def _canonical(value: Value) -> Value:
    """Plain data with sorted keys, without keys whose value is null."""
    if isinstance(value, list):
        return [_canonical(item) for item in value]
    if isinstance(value, dict):
        return {key: _canonical(value[key]) for key in sorted(value) if value[key] is not None}
    return value


def _rank(entry: Mapping[str, Value]) -> tuple[int, str, str, str]:
    kind = entry["kind"]
    return (
        _ORDER.index(kind) if kind in _ORDER else len(_ORDER),
        kind,
        entry["metadata"]["namespace"],
        entry["metadata"]["name"],
    )
