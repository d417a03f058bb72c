"""The schemas by which an editor completes and checks the files that people write.

Nothing is required in these, and a key may be written in every spelling that mops reads.
"""

from __future__ import annotations

from typing import Any

from mops.config.dialects import FOREIGN
from mops.generate.subschemas import over, plain, shared
from mops.schema.fields import SettingsSchema, snake
from mops.schema.keywords import Tree

_DRAFT = "http://json-schema.org/draft-07/schema#"


def unified_schema(schema: SettingsSchema, header: str) -> dict[str, Any]:
    """The schema of a unified file."""
    flat = {key: editor_node(schema.at(paths[0]) or {}) for key, paths in schema.flat.items()}
    others = {name: {"description": "Read by other tools."} for name in ("provider", "username")}
    settings = {
        "type": "object",
        "description": "Settings of the whole installation.",
        "additionalProperties": False,
        "properties": {**_located(schema, "x-settings"), **others},
    }
    return _document(
        header,
        "mops unified configuration (modelops.yaml)",
        {
            "schema_version": {"const": 2, "description": "The version of this format."},
            "settings": settings,
            "workspace": _with_profiles({**flat, **_sections(schema)}),
            **{name: {"description": "Owned by other tools."} for name in FOREIGN},
        },
    )


def workspace_schema(schema: SettingsSchema, header: str) -> dict[str, Any]:
    """The schema of a standalone workspace file."""
    metadata = {
        "type": "object",
        "description": "The workspace's name, namespace and labels.",
        "additionalProperties": False,
        "properties": _located(schema, "x-metadata"),
    }
    return _document(
        header,
        "mops standalone workspace (kind: Workspace)",
        {
            "apiVersion": {"const": "modelops/v1", "description": "The version of this format."},
            "kind": {"const": "Workspace", "description": "The kind of this file."},
            "metadata": metadata,
            "spec": _with_profiles(_sections(schema)),
        },
    )


def editor_node(tree: Tree) -> dict[str, Any]:
    """A node of the schema, and the nodes below it, as an editor accepts them."""
    found = plain(tree)
    found.pop("required", None)
    _accept_null_and_unquoted(found)
    # What names must not be is no value: an editor checks it as mops does.
    names = {key: found.pop(key) for key in ("not", "propertyNames") if key in found}
    found = over(found, lambda sub, _: editor_node(sub))
    found |= {key: _plain_node(sub, "") for key, sub in names.items()}
    if "properties" in found:
        found["properties"] |= _in_snake_case(found["properties"])
    if "x-list-key" in tree:
        _accept_list(found, tree["x-list-key"])
    return found


def _accept_null_and_unquoted(found: dict[str, Any]) -> None:
    """Null clears lower layers, and a string needs no quotes where it looks like something else."""
    names = found.get("type")
    if names == "string":
        found["type"] = ["string", "number", "boolean", "null"]
    elif isinstance(names, str):
        found["type"] = [names, "null"]
    elif isinstance(names, list):
        found["type"] = [*names, "null"]
    if "enum" in found:
        booleans = [value == "true" for value in found["enum"] if value in ("true", "false")]
        found["enum"] = [*found["enum"], *booleans, None]


def _accept_list(found: dict[str, Any], key: str) -> None:
    """A mapping, such as env, may also be a list of objects that `key` names."""
    values: dict[str, Any] = {name: {} for name in ("value", "valueFrom", "value_from")}
    entry = {
        "type": "object",
        "required": [key],
        "additionalProperties": False,
        "properties": {key: {"type": "string"}, **values},
    }
    mapping = ("properties", "additionalProperties", "propertyNames", "type")
    as_mapping = {name: found.pop(name) for name in mapping if name in found}
    found["anyOf"] = [as_mapping, {"type": "array", "items": entry}]


def _plain_node(tree: Tree, _: str) -> dict[str, Any]:
    return over(plain(tree), _plain_node)


def _in_snake_case(properties: dict[str, Any]) -> dict[str, Any]:
    return {snake(name): sub for name, sub in properties.items()}


def _located(schema: SettingsSchema, annotation: str) -> dict[str, Any]:
    """The settings that the annotation puts elsewhere, by their names there."""
    places = schema.located(annotation).items()
    return {name: editor_node(schema.at(path) or {}) for name, path in places}


def _sections(schema: SettingsSchema) -> dict[str, Any]:
    """All settings but those that only render writes, in camel case and snake case."""
    properties = schema.tree["properties"].items()
    found = {name: editor_node(sub) for name, sub in properties if not sub.get("x-rendered")}
    return found | _in_snake_case(found)


def _with_profiles(properties: dict[str, Any]) -> dict[str, Any]:
    """The settings of a workspace with these properties, which its profiles have too."""
    body = {"type": ["object", "null"], "additionalProperties": False, "properties": properties}
    profiles = {
        "type": "object",
        "description": "Named layers, selected by --profile.",
        "additionalProperties": body,
    }
    profile = {
        "type": "string",
        "description": "The profile that is selected where the command line selects none.",
    }
    return {
        **body,
        "description": "The settings of the workspace.",
        "properties": {**properties, "profiles": profiles, "profile": profile},
    }


def _document(header: str, title: str, properties: dict[str, Any]) -> dict[str, Any]:
    return shared({
        "$schema": _DRAFT,
        "$comment": header,
        "title": title,
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
    })  # fmt: skip
