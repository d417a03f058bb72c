"""The schema of the chart's values.

It accepts whatever mops accepts, and does not repeat the checks of others: Kubernetes validates its
objects, the chart's templates what they manage, the readers of environment variables their values.
Helm reads and compiles the schema in every run, which takes as long as rendering, so size matters.

The figures of a pass are what it saves of the schema's size (11.4 kB with all passes, 19.3 kB
without any, 114 kB without sharing either) and of the memory that helm 3.17.3 allocates to compile
the schema and to validate the chart's defaults (926 kB, 1,791 kB and 7,764 kB).
"""

from __future__ import annotations

import re
from collections.abc import Callable

from mops.generate.subschemas import map_children, share, without_annotations
from mops.model.layer import Value
from mops.schema.fields import SettingsSchema, is_section
from mops.schema.keywords import types
from mops.schema.tree import Tree

# A step that turns a node of the schema into a node of the chart's schema: it changes `found`, the
# node without its annotations, before the nodes below are visited.
Pass = Callable[[dict[str, Value], Tree], None]


def values_schema(schema: SettingsSchema, header: str) -> dict[str, Value]:
    """A closed schema without descriptions, which requires all settings except optional ones."""
    titled = {"$comment": header, "title": "Values of the chart mops-dask"}
    return share({**chart_node(schema.tree), **titled}, notes=False)


def chart_node(tree: Tree) -> dict[str, Value]:
    """A node of the schema, with the nodes below it, as a node of the chart's schema."""
    found = without_annotations(tree)
    for step in PASSES:
        step(found, tree)
    return map_children(found, lambda sub, _: chart_node(sub))


def _leave_spelling_to_kubernetes(found: dict[str, Value], tree: Tree) -> None:
    """Kubernetes itself rejects an invalid label, CPU quantity or name. Saves 0.7 kB, 127 kB."""
    if tree.get("x-kubernetes-validates"):
        found.pop("pattern")
        found.pop("maxLength", None)


def _leave_variables_to_their_readers(found: dict[str, Value], tree: Tree) -> None:
    """The value of an environment variable may be any string. Saves 4.0 kB, 195 kB."""
    if "x-list-key" in tree:
        del found["properties"]


def _leave_objects_in_lists_to_kubernetes(found: dict[str, Value], _: Tree) -> None:
    """Kubernetes validates tolerations, volumes and the like. Saves 2.1 kB, 69 kB."""
    if types(found.get("items", {})) == ("object",):
        found["items"] = {"type": "object"}


def _repeat_without_counting(found: dict[str, Value], _: Tree) -> None:
    """`{0,62}` becomes `*`: a counted repetition compiles to many states. Saves 136 kB."""
    if "pattern" in found:
        found["pattern"] = re.sub(
            r"\{(0,)?(?:[4-9]|\d{2,})\}", lambda times: "*" if times[1] else "+", found["pattern"]
        )


def _leave_exclusions_to_the_templates(found: dict[str, Value], _: Tree) -> None:
    """_guard.tpl rejects names and arguments that the chart manages. Saves 0.8 kB, 66 kB."""
    found.pop("not", None)


def _write_pattern_properties_as_names(found: dict[str, Value], _: Tree) -> None:
    """The pattern is compiled once instead of for every key. Saves 142 kB."""
    if "patternProperties" not in found:
        return
    ((pattern, value),) = found.pop("patternProperties").items()
    found["propertyNames"] = {"pattern": f"^({'|'.join(found['properties'])})$|{pattern}"}
    found["additionalProperties"] = value


def _require_every_setting(found: dict[str, Value], tree: Tree) -> None:
    """Complete values let templates work without defaults. For correctness, not for speed."""
    if not is_section(tree) or {"required", "minProperties"} & set(tree):
        return
    properties = found["properties"].items()
    found["properties"] = {name: sub for name, sub in properties if not sub.get("x-release")}
    needed = [name for name, sub in found["properties"].items() if _is_needed(sub)]
    if needed:
        found["required"] = needed


def _is_needed(tree: Tree) -> bool:
    """Whether the chart reads a setting and `mops render` always writes it."""
    return not tree.get("x-optional") and (is_section(tree) or "default" in tree)


PASSES: tuple[Pass, ...] = (
    _leave_spelling_to_kubernetes,
    _leave_variables_to_their_readers,
    _leave_objects_in_lists_to_kubernetes,
    _repeat_without_counting,
    _leave_exclusions_to_the_templates,
    _write_pattern_properties_as_names,
    _require_every_setting,
)
