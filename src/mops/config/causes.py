"""What is wrong with a file as a whole: it is something other than a configuration.

One message that names it, instead of many on its lines. Looked for only in files with errors.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from typing import NamedTuple

from mops.yamltext.nodes import Node, Pairs, Text

_START = "`mops init -o FILE` writes a configuration to start from"
_API = "modelops/"

_TOML_HEADER = r"(?m)^\[\[?[\w.\"-]+\]\]?[ \t]*(#.*)?$"
_TOML_PAIR = r"(?m)^[\w.\"-]+[ \t]*=[ \t]*\S"
_VARIABLE = r"(export[ \t]+)?[A-Za-z_][A-Za-z0-9_]*=.*"
_COMMENT = r'"(?:\\.|[^"\\\n])*"|(?<![:\w])(?P<comment>//|/\*)'
# A line at the left margin of a document: a key of its top level.
_TOP_KEY = r"(?m)^%s:[ \t]+[\"']?([^\s#\"']+)"

# Keys at the top of the values of many charts, which no setting has.
_CHART_KEYS = (
    "replicaCount", "nameOverride", "fullnameOverride", "service", "rbac", "extraEnv",
    "persistence", "image", "resources", "livenessProbe",
)  # fmt: skip
# What the values of the chart dask/dask are called here.
_DASK = (
    ("worker", "replicas", "workers.replicas"),
    ("worker", "threads_per_worker", "workers.threads"),
    ("worker", "image", "workers.image"),
    ("worker", "resources", "workers.resources"),
    ("worker", "env", "workers.env"),
    ("scheduler", "image", "scheduler.image"),
)
# What to do with objects of these kinds.
_KINDS = {
    "Application": "its values are below spec.source.helm; `mops gitops argocd` writes one",
    "ApplicationSet": "`mops gitops applicationset` writes one",
    "ConfigMap": "if a configuration is one of its entries, write that to a file",
    "DaskAutoscaler": _START,
    "DaskCluster": _START,
    "HelmRelease": "if spec.values are values of mops-dask, write them to a file",
    "Kustomization": _START,
}


class Cause(NamedTuple):
    """What a file is, where that shows, and what to do."""

    message: str
    hint: str
    line: int = 1
    col: int = 1


def cause_of(data: bytes | str, root: Node | None) -> Cause | None:
    """What a file is instead of a configuration; None if that is not clear.

    `root` is its document, None if it is not valid YAML.
    """
    text = data if isinstance(data, str) else data.decode("utf-8", "replace")
    text = text.removeprefix("\ufeff")
    for find in _TEXTS if not isinstance(root, Pairs) else _DOCUMENTS:
        found = find(text, root)
        if found is not None:
            return found
    return None


def _json(text: str, _: Node | None) -> Cause | None:
    """JSON with comments, as JSON5 has them."""
    if not re.match(r"\s*(//.*\s*|/\*[^*]*\*/\s*)*[{\[]", text):
        return None
    for found in re.finditer(_COMMENT, text):
        if found["comment"]:
            line, col = _position(text, found.start())
            message = f"{found['comment']} starts a comment in JSON5, but not in JSON or YAML"
            return Cause(message, "start comments with #, or remove them", line, col)
    return None


def _toml(text: str, _: Node | None) -> Cause | None:
    """TOML, or an INI file, which looks alike."""
    header = re.search(_TOML_HEADER, text)
    pair = re.search(_TOML_PAIR, text)
    if not pair or not (header or " =" in pair[0] or "\t=" in pair[0]):
        return None
    first = min(header.start(), pair.start()) if header else pair.start()
    line, col = _position(text, first)
    hint = f"write KEY: VALUE, and the settings of a section indented below it; {_START}"
    return Cause("this is TOML or an INI file, and mops reads YAML", hint, line, col)


def _variables(text: str, _: Node | None) -> Cause | None:
    """NAME=value lines, as in a file .env."""
    lines = [line.strip() for line in text.splitlines()]
    pairs = [line for line in lines if line and not line.startswith("#")]
    if not pairs or not all(re.fullmatch(_VARIABLE, line) for line in pairs):
        return None
    line = lines.index(pairs[0]) + 1
    if any("MODELOPS_OVERRIDE_" in pair for pair in pairs):
        hint = "to apply its overrides, load it in the shell: set -a; . FILE; set +a"
    else:
        hint = "write NAME: VALUE below workspace.worker_env"
    return Cause("these are variables for a shell, and mops reads YAML", hint, line)


def _object(text: str, root: Node | None) -> Cause | None:
    """An object of Kubernetes, or the description of a chart."""
    api, kind = _top(text, root, "apiVersion"), _top(text, root, "kind")
    if kind and api and kind != "Workspace" and not api.startswith(_API):
        hint = _KINDS.get(kind, f"a configuration has the kind Workspace; {_START}")
        return Cause(f"this is an object of Kubernetes: {kind}, {api}", hint)
    if (
        not kind
        and api in ("v1", "v2")
        and _top(text, root, "name")
        and _top(text, root, "version")
    ):
        hint = f"the chart of mops is built in (`mops chart path`); {_START}"
        return Cause("this is the Chart.yaml of a Helm chart", hint)
    return None


def _chart(_: str, root: Node | None) -> Cause | None:
    """The values of another chart."""
    if not isinstance(root, Pairs):
        return None
    keys = set(root.pairs)
    if "worker" in keys and keys & {"webUI", "jupyter", "additional_worker_groups"}:
        return Cause("these are values of the chart dask (helm.dask.org)", _dask_hint(root))
    if "daskhub" in keys or {"jupyterhub", "dask-gateway"} & keys:
        return Cause("these are values of the chart daskhub (helm.dask.org)", _START)
    if len(keys.intersection(_CHART_KEYS)) > 1:
        return Cause("these are values of another chart than mops-dask", _START)
    return None


def _dask_hint(root: Pairs) -> str:
    """The names here of the settings that a values file of the chart dask has."""
    names = []
    for section, key, ours in _DASK:
        inner = root.value(section)
        if isinstance(inner, Pairs) and inner.value(key) is not None:
            names.append(f"{section}.{key} is {ours}")
    return "; ".join([_START, *names[:3]]) if names else _START


_Find = Callable[[str, "Node | None"], "Cause | None"]
# For text that is not a mapping in YAML, and for mappings.
_TEXTS: Collection[_Find] = (_json, _object, _toml, _variables)
_DOCUMENTS: Collection[_Find] = (_json, _object, _chart)


def _top(text: str, root: Node | None, key: str) -> str:
    """A scalar at the top level, also of the first of several documents; "" if there is none."""
    if isinstance(root, Pairs):
        node = root.value(key)
        return node.text if isinstance(node, Text) else ""
    found = re.search(_TOP_KEY % key, text)
    return found[1] if found else ""


def _position(text: str, index: int) -> tuple[int, int]:
    """The line and column of an index, from 1."""
    return text.count("\n", 0, index) + 1, index - (text.rfind("\n", 0, index) + 1) + 1
