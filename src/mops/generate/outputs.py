"""The schema as the files that are made from it. `generated` is pure; the command `mops generate` writes them."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from mops.config.dialects import FOREIGN
from mops.model import bundle
from mops.model.problems import InvalidConfig
from mops.schema.describe import describe
from mops.schema.fields import SettingsSchema, is_section, snake
from mops.schema.keywords import Tree, types
from mops.yamltext.reader import parse
from mops.yamltext.writer import inline

_TEMPLATES = os.path.join(os.path.dirname(__file__), "templates")
_HEADER = "Generated from schemas/mops.schema.yaml by `mops generate`; do not edit."


def inlined(source: str) -> dict[str, Any]:
    """The schema's YAML text as one tree without references; a reference's siblings win."""
    import yaml

    class Loader(yaml.CSafeLoader):
        """Puts what a merge key brings behind a map's own keys, so that the schema's order is as written."""

        def flatten_mapping(self, node: Any) -> None:
            own = [pair for pair in node.value if pair[0].tag != "tag:yaml.org,2002:merge"]
            names = {pair[0].value for pair in own}
            super().flatten_mapping(node)
            merged = node.value[: len(node.value) - len(own)]
            node.value = own + [pair for pair in merged if pair[0].value not in names]

    problems = parse(source, "mops.schema.yaml", "schema")[1]
    if problems:
        raise InvalidConfig(problems)
    tree = yaml.load(source, Loader=Loader)
    return _inline(tree, tree["definitions"])  # type: ignore[no-any-return]


def _inline(node: Any, definitions: Mapping[str, Any]) -> Any:
    if isinstance(node, list):
        return [_inline(item, definitions) for item in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        target = definitions[node["$ref"].rsplit("/", 1)[1]]
        node = {**target, **{key: value for key, value in node.items() if key != "$ref"}}
    return {key: _inline(value, definitions) for key, value in node.items() if key != "definitions"}


def generated(schema: SettingsSchema) -> dict[str, str]:
    """Path below the project's root -> the text of every generated file but the schema's own JSON."""
    return {
        "chart/values.schema.json": json.dumps(values_schema(schema), separators=(",", ":")) + "\n",
        "chart/values.yaml": _document("values.yaml.j2", schema),
        "chart/README.md": _document("README.md.j2", schema),
        "schemas/unified.schema.json": _json(unified_schema(schema)),
        "schemas/workspace.schema.json": _json(workspace_schema(schema)),
        "docs/reference.md": _document("reference.md.j2", schema),
    }


def everything() -> dict[str, str]:
    """All generated files, from the schema's YAML."""
    tree = inlined(bundle.read("schemas", "mops.schema.yaml"))
    return {
        "schemas/mops.schema.json": json.dumps(tree, ensure_ascii=True, separators=(",", ":"))
        + "\n",
        **generated(SettingsSchema(tree)),
    }


def values_schema(schema: SettingsSchema) -> dict[str, Any]:
    """What the chart accepts: closed, complete but for what is optional, and without words for people."""
    return _shared(
        {**chart_node(schema.tree), "$comment": _HEADER, "title": "Values of the chart mops-dask"},
        notes=False,
    )


def unified_schema(schema: SettingsSchema) -> dict[str, Any]:
    """What an editor accepts as a unified file: nothing is required."""
    body = _body(schema, flat=True)
    places = {
        name: _editor(schema.at(path) or {}) for name, path in schema.located("x-settings").items()
    }
    return _shared({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$comment": _HEADER,
        "title": "mops unified configuration (modelops.yaml)",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "schema_version": {"const": 2, "description": "The version of this format."},
            "settings": {
                "type": "object",
                "description": "Settings of the whole installation.",
                "additionalProperties": False,
                "properties": {**places, "provider": {"description": "Read by other tools."}, "username": {"description": "Read by other tools."}},
            },
            "workspace": _with_profiles(body),
            **{name: {"description": "Owned by other tools."} for name in FOREIGN},
        },
    })  # fmt: skip


def workspace_schema(schema: SettingsSchema) -> dict[str, Any]:
    """What an editor accepts as a standalone workspace file."""
    places = {
        name: _editor(schema.at(path) or {}) for name, path in schema.located("x-metadata").items()
    }
    return _shared({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$comment": _HEADER,
        "title": "mops standalone workspace (kind: Workspace)",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "apiVersion": {"const": "modelops/v1", "description": "The version of this format."},
            "kind": {"const": "Workspace", "description": "The kind of this file."},
            "metadata": {"type": "object", "description": "The workspace's name, namespace and labels.", "additionalProperties": False, "properties": places},
            "spec": _with_profiles(_body(schema, flat=False)),
        },
    })  # fmt: skip


def _body(schema: SettingsSchema, *, flat: bool) -> dict[str, Any]:
    """The settings of a file or of a profile, in every spelling."""
    flats = (
        {key: _editor(schema.at(paths[0]) or {}) for key, paths in schema.flat.items()}
        if flat
        else {}
    )
    sections = {
        name: _editor(sub)
        for name, sub in schema.tree["properties"].items()
        if not sub.get("x-rendered")
    }
    sections |= {snake(name): sub for name, sub in sections.items()}
    return {
        "type": ["object", "null"],
        "additionalProperties": False,
        "properties": {**flats, **sections},
    }


def _with_profiles(body: dict[str, Any]) -> dict[str, Any]:
    profiles = {
        "profiles": {
            "type": "object",
            "description": "Named layers, selected by --profile.",
            "additionalProperties": body,
        },
        "profile": {
            "type": "string",
            "description": "The profile that is selected where the command line selects none.",
        },
    }
    return {
        **body,
        "description": "The settings of the workspace.",
        "properties": {**body["properties"], **profiles},
    }


def _editor(tree: Tree) -> dict[str, Any]:
    """A setting as an editor should accept it: unquoted numbers are fine as text, null forgets, an env list is fine."""
    found = {
        key: value for key, value in tree.items() if not key.startswith("x-") and key != "required"
    }
    names = found.get("type")
    if isinstance(names, str):
        found["type"] = (
            [names, "null"] if names != "string" else ["string", "number", "boolean", "null"]
        )
    elif isinstance(names, list):
        found["type"] = [*names, "null"]
    if "enum" in found:
        found["enum"] = [
            *found["enum"],
            *(value == "true" for value in found["enum"] if value in ("true", "false")),
            None,
        ]
    # What names may not be is the same for an editor.
    same: dict[str, Any] = {
        key: _over(_plain(found[key]), lambda sub, _: _plain(sub))
        for key in ("not", "propertyNames")
        if key in found
    }
    found = {
        **_over(
            {key: value for key, value in found.items() if key not in same},
            lambda sub, _: _editor(sub),
        ),
        **same,
    }
    if "properties" in found:
        found["properties"] |= {snake(name): sub for name, sub in found["properties"].items()}
    if "x-list-key" in tree:
        entry = {
            "type": "object",
            "required": [tree["x-list-key"]],
            "additionalProperties": False,
            "properties": {
                tree["x-list-key"]: {"type": "string"},
                **{name: {} for name in ("value", "valueFrom", "value_from")},
            },
        }
        inner = {
            key: found.pop(key)
            for key in ("properties", "additionalProperties", "propertyNames", "type")
            if key in found
        }
        found["anyOf"] = [inner, {"type": "array", "items": entry}]
    return found


def chart_node(tree: Tree) -> dict[str, Any]:
    """A schema node as the chart has it: every setting of a section is required, and others check what is theirs.

    Those are Kubernetes (what stands in its objects), who reads an environment variable (what it may say), and the chart's templates
    (what the chart manages itself). Helm reads and compiles the schema in every run, which takes as long as all templates.
    """
    found = _plain(tree)
    if tree.get("x-theirs"):
        found.pop("pattern")
        found.pop("maxLength", None)
    if "x-list-key" in tree:
        del found["properties"]
    if types(found.get("items", {})) == ("object",):
        found["items"] = {"type": "object"}
    if "pattern" in found:
        # A counted repetition is a state for each time.
        found["pattern"] = re.sub(
            r"\{(0,)?(?:[4-9]|\d{2,})\}", lambda times: "*" if times[1] else "+", found["pattern"]
        )
    found.pop("not", None)
    if "propertyNames" in found and not chart_node(found["propertyNames"]):
        del found["propertyNames"]
    if "patternProperties" in found:
        # The same in words that helm's validator compiles once, not for every key that it looks at.
        ((pattern, value),) = found.pop("patternProperties").items()
        found["propertyNames"] = {"pattern": f"^({'|'.join(found['properties'])})$|{pattern}"}
        found["additionalProperties"] = value
    if is_section(tree) and not {"required", "minProperties"} & set(tree):
        found["properties"] = {
            name: sub for name, sub in found["properties"].items() if not sub.get("x-release")
        }
        needed = [
            name
            for name, sub in found["properties"].items()
            if not sub.get("x-optional") and (is_section(sub) or "default" in sub)
        ]
        if needed:
            found["required"] = needed
    return _over(found, lambda sub, _: chart_node(sub))


def _plain(tree: Tree) -> dict[str, Any]:
    """A schema node without our annotations; those of the nodes below it stay."""
    return {key: value for key, value in tree.items() if not key.startswith("x-")}


Visit = Callable[[Any, str], dict[str, Any]]


def _over(node: Mapping[str, Any], visit: Visit, name: str = "") -> dict[str, Any]:
    """The node with what `visit` makes of each schema node right below it and of the name of the setting that it belongs to."""
    found = dict(node)
    for key in ("properties", "patternProperties"):
        if key in found:
            found[key] = {
                each: visit(sub, each if key == "properties" else name)
                for each, sub in found[key].items()
            }
    for key in ("additionalProperties", "items", "not", "propertyNames"):
        if isinstance(found.get(key), Mapping):
            found[key] = visit(found[key], name)
    if "anyOf" in found:
        found["anyOf"] = [visit(branch, name) for branch in found["anyOf"]]
    return found


# What stands beside a reference is ignored by draft-07, so only what constrains nothing may.
_NOTES = ("description", "default")
# A reference costs helm's validator as much as a few small nodes; a pattern costs it more.
_LEAST_SHARED = 100


def _core(node: Mapping[str, Any]) -> dict[str, Any]:
    """The node without notes, at any depth."""
    return _over(
        {key: value for key, value in node.items() if key not in _NOTES}, lambda sub, _: _core(sub)
    )


def _text(node: Mapping[str, Any]) -> str:
    """The text by which equal nodes are known."""
    return json.dumps(_core(node), sort_keys=True)


def _shared(tree: Mapping[str, Any], *, notes: bool = True) -> dict[str, Any]:
    """The schema with every node that it has several times as references to one, under the name of the first setting that has it.

    They stand under a word that draft-07 does not know: helm's validator up to 3.18 compiles what stands under
    `definitions` for itself too.
    """
    times: Counter[str] = Counter()
    names: dict[str, str] = {}
    shared: dict[str, Any] = {}

    def count(node: Mapping[str, Any], _: str) -> dict[str, Any]:
        text = _text(node)
        times[text] += 1
        return _over(node, count) if times[text] == 1 else {}

    def refer(node: Mapping[str, Any], name: str) -> dict[str, Any]:
        text = _text(node)
        said = {key: node[key] for key in _NOTES if notes and key in node}
        rest = {key: value for key, value in node.items() if key not in _NOTES}
        if times[text] == 1 or not ("pattern" in text or len(text) >= _LEAST_SHARED):
            return {**_over(rest, refer, name), **said}
        if text not in names:
            names[text] = next(
                each
                for each in (name, *(f"{name}{number}" for number in range(2, len(names) + 3)))
                if each not in names.values()
            )
            shared[names[text]] = _over(rest, refer, name)
        return {"$ref": f"#/$defs/{names[text]}", **said}

    _over(tree, count)
    return {**_over(tree, refer), "$defs": shared}


def _json(tree: Mapping[str, Any]) -> str:
    return json.dumps(tree, indent=1, ensure_ascii=True) + "\n"


def _document(name: str, schema: SettingsSchema) -> str:
    """A document from its template."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,
    )
    environment.globals["header"] = _HEADER
    environment.filters["inline"] = inline
    environment.filters["cell"] = lambda text: str(text).replace("|", "\\|")
    fields = [field for field in schema.fields.values() if not field.schema.get("x-rendered")]
    return environment.get_template(name).render(
        tree=schema.tree, fields=fields, lines=list(_value_lines(schema.tree, 0)), describe=describe
    )


def _value_lines(tree: Tree, depth: int) -> list[str]:
    """The commented values.yaml, line by line."""
    indent = "  " * depth
    found: list[str] = []
    for name, sub in tree["properties"].items():
        if (
            sub.get("x-release")
            or sub.get("x-optional")
            or not (is_section(sub) or "default" in sub)
        ):
            continue
        if depth == 0:
            found.append("")
        found.append(f"{indent}# -- {sub['description']}")
        if is_section(sub):
            found.append(f"{indent}{name}:")
            found.extend(_value_lines(sub, depth + 1))
        else:
            found.append(f"{indent}{name}: {inline(sub['default'])}")
    return found
