"""What the schema says about a field, for people."""

from __future__ import annotations

from mops.schema.fields import Field
from mops.schema.keywords import Tree


def describe(tree: Tree) -> str:
    """The type of a setting for people."""
    if "enum" in tree:
        return " \\| ".join(f"`{value}`" for value in tree["enum"])
    if "anyOf" in tree:
        return f"{describe(tree['anyOf'][0])} or valueFrom"
    names = tree.get("type", "any")
    if names == "integer" and "minimum" in tree:
        return (
            f"integer {tree['minimum']} to {tree['maximum']}"
            if tree.get("maximum") != tree["minimum"]
            else f"`{tree['minimum']}`"
        )
    if "x-expected" in tree and names == "string":
        return str(tree["x-expected"])
    return (
        {"string": "text", "boolean": "`true` \\| `false`", "array": "list", "object": "map"}.get(
            names, "number or percentage"
        )
        if isinstance(names, str)
        else "number or percentage"
    )


def field_text(field: Field, default: str) -> str:
    """What there is to know of a field besides its value."""
    from mops.schema.describe import describe

    kind = describe(field.schema).replace("\\|", "|").replace("`", "")
    rows = [
        ("type", kind),
        ("default", default),
        ("flat key", field.schema.get("x-flat", "")),
        ("flag", field.flag),
        ("variable", field.variable),
    ]
    return f"{field.key}: {field.description}\n" + "".join(
        f"  {name}: {value}\n" for name, value in rows if value
    )
