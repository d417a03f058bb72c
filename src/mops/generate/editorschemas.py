"""The schemas with which editors complete and check the files that people write.

They require nothing, and they allow every spelling of a key that mops reads.
"""

from __future__ import annotations

from mops.config.dialects import FOREIGN
from mops.generate.subschemas import map_children, share, without_annotations
from mops.model.layer import Value
from mops.schema.fields import SettingsSchema, snake
from mops.schema.tree import Tree

_DRAFT = "http://json-schema.org/draft-07/schema#"


def unified_schema(schema: SettingsSchema, header: str) -> dict[str, Value]:
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


def workspace_schema(schema: SettingsSchema, header: str) -> dict[str, Value]:
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


def editor_node(tree: Tree) -> dict[str, Value]:
    """A node of the schema, with the nodes below it, as a node of an editor's schema."""
    found = without_annotations(tree)
    found.pop("required", None)
    _accept_null_and_unquoted(found)
    # These are about keys, which are neither null nor unquoted numbers.
    names = {key: found.pop(key) for key in ("not", "propertyNames") if key in found}
    found = map_children(found, lambda sub, _: editor_node(sub))
    found |= {key: _plain_node(sub, "") for key, sub in names.items()}
    if "properties" in found:
        found["properties"] |= _in_snake_case(found["properties"])
    if "x-list-key" in tree:
        _accept_list(found, tree["x-list-key"])
    return found


def _accept_null_and_unquoted(found: dict[str, Value]) -> None:
    """Also accepts null, and strings without quotes that look like another type."""
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


def _accept_list(found: dict[str, Value], key: str) -> None:
    """Also accepts a list of objects, named by `key`, in place of a mapping such as env."""
    values: dict[str, Value] = {name: {} for name in ("value", "valueFrom", "value_from")}
    entry = {
        "type": "object",
        "required": [key],
        "additionalProperties": False,
        "properties": {key: {"type": "string"}, **values},
    }
    mapping = ("properties", "additionalProperties", "propertyNames", "type")
    as_mapping = {name: found.pop(name) for name in mapping if name in found}
    found["anyOf"] = [as_mapping, {"type": "array", "items": entry}]


def _plain_node(tree: Tree, _: str) -> dict[str, Value]:
    return map_children(without_annotations(tree), _plain_node)


def _in_snake_case(properties: dict[str, Value]) -> dict[str, Value]:
    return {snake(name): sub for name, sub in properties.items()}


def _located(schema: SettingsSchema, annotation: str) -> dict[str, Value]:
    """The settings with an annotation, by its value."""
    places = schema.located(annotation).items()
    return {name: editor_node(schema.at(path) or {}) for name, path in places}


def _sections(schema: SettingsSchema) -> dict[str, Value]:
    """All settings except those that only render writes, in camel case and snake case."""
    properties = schema.tree["properties"].items()
    found = {name: editor_node(sub) for name, sub in properties if not sub.get("x-rendered")}
    return found | _in_snake_case(found)


def _with_profiles(properties: dict[str, Value]) -> dict[str, Value]:
    """The schema of a workspace with these properties, which its profiles share."""
    body = {"type": ["object", "null"], "additionalProperties": False, "properties": properties}
    profiles = {
        "type": "object",
        "description": "Named layers, selected by --profile.",
        "additionalProperties": body,
    }
    profile = {
        "type": ["string", "array"],
        "items": {"type": "string"},
        "description": "The profile, or a list of profiles, to use if the command line does not "
        "select any.",
    }
    return {
        **body,
        "description": "The settings of the workspace.",
        "properties": {**properties, "profiles": profiles, "profile": profile},
    }


def _document(header: str, title: str, properties: dict[str, Value]) -> dict[str, Value]:
    return share({
        "$schema": _DRAFT,
        "$comment": header,
        "title": title,
        "type": "object",
        "additionalProperties": False,
        "properties": properties,
    })  # fmt: skip
