"""The content of all generated files. Pure: the command `mops generate` writes them."""

from __future__ import annotations

import json
from collections.abc import Mapping

from mops.generate.chartschema import values_schema
from mops.generate.documents import document
from mops.generate.editorschemas import unified_schema, workspace_schema
from mops.model import bundle
from mops.model.layer import Value
from mops.model.problems import InvalidConfig
from mops.schema.fields import SettingsSchema
from mops.yamltext.reader import parse

_HEADER = "Generated from schemas/mops.schema.yaml by `mops generate`; do not edit."


def everything() -> dict[str, str]:
    """Path below the project's root -> the text of every generated file.

    Raises InvalidConfig if schemas/mops.schema.yaml is not valid YAML.
    """
    tree = inlined(bundle.read("schemas", "mops.schema.yaml"))
    return {"schemas/mops.schema.json": _compact(tree), **generated(SettingsSchema(tree))}


def generated(schema: SettingsSchema) -> dict[str, str]:
    """Path below the project's root -> the text of every file generated from the schema."""
    return {
        "chart/Chart.yaml": document("Chart.yaml.j2", schema, _HEADER),
        "chart/values.schema.json": _compact(values_schema(schema, _HEADER)),
        "chart/values.yaml": document("values.yaml.j2", schema, _HEADER),
        "chart/README.md": document("README.md.j2", schema, _HEADER),
        "chart/ci/groups-values.yaml": document("groups-values.yaml.j2", schema, _HEADER),
        "schemas/unified.schema.json": _indented(unified_schema(schema, _HEADER)),
        "schemas/workspace.schema.json": _indented(workspace_schema(schema, _HEADER)),
        "docs/reference.md": document("reference.md.j2", schema, _HEADER),
    }


def inlined(source: str) -> dict[str, Value]:
    """The schema's YAML text as one tree without references; keys beside a reference win.

    Raises InvalidConfig if the text is not valid YAML.
    """
    problems = parse(source, "mops.schema.yaml", "schema")[1]
    if problems:
        raise InvalidConfig(problems)
    tree = _load(source)
    found: dict[str, Value] = _without_references(tree, tree["definitions"])
    return found


def _load(source: str) -> Value:
    import yaml

    class Loader(yaml.CSafeLoader):
        """Puts merged keys after a mapping's own, so that the schema keeps the text's order."""

        def flatten_mapping(self, node: Value) -> None:
            own = [pair for pair in node.value if pair[0].tag != "tag:yaml.org,2002:merge"]
            names = {pair[0].value for pair in own}
            super().flatten_mapping(node)
            merged = node.value[: len(node.value) - len(own)]
            node.value = own + [pair for pair in merged if pair[0].value not in names]

    return Loader(source).get_single_data()


def _without_references(node: Value, definitions: Mapping[str, Value]) -> Value:
    if isinstance(node, list):
        return [_without_references(item, definitions) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        target = definitions[node["$ref"].rsplit("/", 1)[1]]
        node = {**target, **{key: value for key, value in node.items() if key != "$ref"}}
    parts = node.items()
    return {
        key: _without_references(sub, definitions) for key, sub in parts if key != "definitions"
    }


def _compact(tree: Mapping[str, Value]) -> str:
    return json.dumps(tree, separators=(",", ":")) + "\n"


def _indented(tree: Mapping[str, Value]) -> str:
    return json.dumps(tree, indent=1) + "\n"
