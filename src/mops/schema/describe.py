"""What the schema says about a field, for people."""

from __future__ import annotations

from mops.schema.fields import Field
from mops.schema.keywords import number_range
from mops.schema.tree import Tree

_NAMES = {
    "string": "string",
    "integer": "integer",
    "boolean": "`true` | `false`",
    "array": "list",
    "object": "mapping",
}


def describe(tree: Tree) -> str:
    """The type of a setting in Markdown, with literal values in backticks."""
    if "enum" in tree:
        return " | ".join(f"`{value}`" for value in tree["enum"])
    if "anyOf" in tree:
        return f"{describe(tree['anyOf'][0])} or valueFrom"
    name = tree.get("type", "any")
    if name == "integer" and "minimum" in tree:
        return _integer(tree["minimum"], tree.get("maximum"))
    if name == "string" and "x-expected" in tree:
        return str(tree["x-expected"])
    if isinstance(name, list):
        # The only settings with several types are a number or a percentage.
        return "number or percentage"
    return _NAMES.get(name, "any")


def _integer(low: int, high: int | None) -> str:
    return f"`{low}`" if low == high else f"integer {number_range(low, high)}"


def field_text(field: Field, default: str) -> str:
    """Everything about a field except its value; `default` is its default as shown to people."""
    rows = [
        ("type", describe(field.schema).replace("`", "")),
        ("default", default),
        ("flat key", field.schema.get("x-flat", "")),
        ("flag", field.flag),
        ("variable", field.variable),
    ]
    lines = [f"{field.key}: {field.description}"]
    lines += [f"  {name}: {value}" for name, value in rows if value]
    return "\n".join(lines) + "\n"
