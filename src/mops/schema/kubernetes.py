"""The types of Kubernetes as schemas, for settings that are passed on to it.

The data is schemas/kubernetes-fields.json, which scripts/kubernetes_fields.py writes from
Kubernetes' own OpenAPI documents. It is loaded only when a configuration sets such a setting.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import NamedTuple

from mops.model import bundle
from mops.schema.tree import Tree

_INT32, _INT64 = 2**31, 2**63
_SCALARS: dict[str, Tree] = {
    "string": {"type": "string", "x-quoted": True},
    "time": {"type": "string"},
    "boolean": {"type": "boolean"},
    "number": {"type": "number"},
    "int32": {"type": "integer", "minimum": -_INT32, "maximum": _INT32 - 1},
    "int64": {"type": "integer", "minimum": -_INT64, "maximum": _INT64 - 1},
    "int-or-string": {"type": ["integer", "string"]},
    "quantity": {
        "type": "string",
        "pattern": r"^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?[0-9]+)?$",
        "x-expected": "a Kubernetes quantity such as 500m, 2 or 4Gi",
    },
    "any": {"x-free": True},
}


class KubernetesData(NamedTuple):
    """The content of the data file.

    `types` has the expression of each field by type and field. `since` and `until` are by
    `Type.field`: the first version with a field that is newer than its type, and the last version
    with a field that the newest lacks.
    """

    oldest: str
    newest: str
    since: dict[str, str]
    until: dict[str, str]
    types: dict[str, dict[str, str]]


@lru_cache(maxsize=1)
def kubernetes_data() -> KubernetesData:
    """The data that mops is shipped with."""
    return KubernetesData(**json.loads(bundle.read("schemas", "kubernetes-fields.json")))


@lru_cache(maxsize=1024)
def type_tree(expression: str) -> Tree:
    """The schema of a type such as `string=A|B`, `[Toleration]`, `{string}` or `PodSpec`."""
    if expression.startswith("["):
        return {"type": "array", "items": type_tree(expression[1:-1])}
    if expression.startswith("{"):
        return {"type": "object", "additionalProperties": type_tree(expression[1:-1])}
    if expression in _SCALARS:
        return _SCALARS[expression]
    name, is_enum, choices = expression.partition("=")
    if is_enum:
        return {**_SCALARS[name], "enum": choices.split("|")}
    return _object(name)


def _object(name: str) -> Tree:
    """The schema of an object; `x-type` names it, and its fields may have x-since and x-until."""
    data = kubernetes_data()
    fields = data.types[name]
    properties = {
        field: _field(data, f"{name}.{field}", expression.rstrip("!"))
        for field, expression in fields.items()
    }
    required = [field for field, expression in fields.items() if expression.endswith("!")]
    return {
        "type": "object",
        "x-type": name,
        "additionalProperties": False,
        "required": required,
        "properties": properties,
    }


def _field(data: KubernetesData, key: str, expression: str) -> Tree:
    tree = type_tree(expression)
    if key in data.since:
        tree = {**tree, "x-since": data.since[key]}
    if key in data.until:
        tree = {**tree, "x-until": data.until[key]}
    return tree


def merged(tree: Tree, kubernetes: Tree) -> Tree:
    """The schema of Kubernetes' type with what ours says besides: ours is stricter and wins."""
    found = {**kubernetes, **{key: value for key, value in tree.items() if key != "x-kubernetes"}}
    if "items" in tree and "items" in kubernetes:
        found["items"] = merged(tree["items"], kubernetes["items"])
    if "properties" in tree and "properties" in kubernetes:
        found["properties"] = {**kubernetes["properties"], **tree["properties"]}
    if "required" in kubernetes:
        found["required"] = list(
            dict.fromkeys([*kubernetes["required"], *tree.get("required", ())])
        )
    return found
