"""Documents for people, from Jinja templates: the chart's values.yaml, tables, `mops init`."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from mops import __version__
from mops.model.layer import Path
from mops.schema.describe import describe
from mops.schema.fields import SettingsSchema, is_section
from mops.schema.tree import Tree
from mops.yamltext.writer import inline

if TYPE_CHECKING:
    from jinja2 import Environment

_TEMPLATES = os.path.join(os.path.dirname(__file__), "templates")


def document(name: str, schema: SettingsSchema, header: str) -> str:
    """The document of a template (such as `README.md.j2`) that describes all settings."""
    fields = [field for field in schema.fields.values() if not field.schema.get("x-rendered")]
    template = _environment(schema).get_template(name)
    lines = list(_value_lines(schema.tree, 0))
    return template.render(
        header=header, tree=schema.tree, fields=fields, lines=lines, version=__version__
    )


def starter(schema: SettingsSchema, kind: str, schema_file: str) -> str:
    """The commented file that `mops init` writes.

    `kind` is `unified` or `workspace`; the first line names `schema_file` for editors.
    """
    template = _environment(schema).get_template(f"init-{kind}.yaml.j2")
    return template.render(schema_file=schema_file)


def semantic(version: str) -> str:
    """A version of ours as Helm spells it: `1.2.3rc1` -> `1.2.3-rc.1`."""
    return re.sub(r"(?<=[0-9])(a|b|rc)([0-9]+)$", r"-\1.\2", version)


def _environment(schema: SettingsSchema) -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

    def path(key: str) -> Path:
        return tuple(key.split("."))

    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        undefined=StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
        autoescape=select_autoescape(),
    )
    environment.globals["describe"] = describe
    environment.globals["default"] = lambda key: schema.fields[path(key)].schema["default"]
    environment.globals["description"] = lambda key: schema.fields[path(key)].description
    environment.filters["inline"] = inline
    environment.filters["semantic"] = semantic
    environment.filters["cell"] = lambda text: str(text).replace("|", "\\|")
    return environment


def _value_lines(tree: Tree, depth: int) -> Iterator[str]:
    """The lines of the commented values.yaml."""
    indent = "  " * depth
    for name, sub in tree["properties"].items():
        if not _has_default(sub):
            continue
        if depth == 0:
            yield ""
        yield f"{indent}# -- {sub['description']}"
        if is_section(sub):
            yield f"{indent}{name}:"
            yield from _value_lines(sub, depth + 1)
        else:
            yield f"{indent}{name}: {inline(sub['default'])}"


def _has_default(tree: Tree) -> bool:
    """Whether values.yaml contains a setting."""
    if tree.get("x-release") or tree.get("x-optional"):
        return False
    return is_section(tree) or "default" in tree
