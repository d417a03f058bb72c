"""The schema of the chart's values.

It accepts whatever mops accepts, and leaves to others what they check anyway: Kubernetes checks its
objects, the chart's templates what they manage, the readers of environment variables their values.
Helm reads and compiles the schema in every run, which takes as long as rendering, so size counts.

The figures of a pass are what it saves of the schema's bytes (11.4 kB with all of them, 19.3 kB
without any, 114 kB without sharing too) and of what helm 3.17.3 allocates to compile the schema and
to validate the chart's defaults (926 kB, 1,791 kB and 7,764 kB).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from mops.generate.subschemas import over, plain, shared
from mops.schema.fields import SettingsSchema, is_section
from mops.schema.keywords import Tree, types

# One step on the way from a node of the schema, with its annotations, to a node of the chart's:
# it changes `found`, which has no annotations, and is run before the nodes below are visited.
Pass = Callable[[dict[str, Any], Tree], None]


def values_schema(schema: SettingsSchema, header: str) -> dict[str, Any]:
    """A closed schema that requires every setting but the optional ones, without descriptions."""
    titled = {"$comment": header, "title": "Values of the chart mops-dask"}
    return shared({**chart_node(schema.tree), **titled}, notes=False)


def chart_node(tree: Tree) -> dict[str, Any]:
    """A node of the schema, and the nodes below it, as they are in the chart's."""
    found = plain(tree)
    for step in PASSES:
        step(found, tree)
    return over(found, lambda sub, _: chart_node(sub))


def _leave_spelling_to_kubernetes(found: dict[str, Any], tree: Tree) -> None:
    """Kubernetes refuses a wrong label, CPU quantity or name itself. Saves 0.7 kB, 127 kB."""
    if tree.get("x-theirs"):
        found.pop("pattern")
        found.pop("maxLength", None)


def _leave_variables_to_their_readers(found: dict[str, Any], tree: Tree) -> None:
    """Any string may be an environment variable's value. Saves 4.0 kB, 195 kB."""
    if "x-list-key" in tree:
        del found["properties"]


def _leave_objects_in_lists_to_kubernetes(found: dict[str, Any], _: Tree) -> None:
    """Tolerations, volumes and the like arrive in Kubernetes as they are. Saves 2.1 kB, 69 kB."""
    if types(found.get("items", {})) == ("object",):
        found["items"] = {"type": "object"}


def _repeat_without_counting(found: dict[str, Any], _: Tree) -> None:
    """`{0,62}` becomes `*`, for a counted repetition compiles to a state a time. Saves 136 kB."""
    if "pattern" in found:
        found["pattern"] = re.sub(
            r"\{(0,)?(?:[4-9]|\d{2,})\}", lambda times: "*" if times[1] else "+", found["pattern"]
        )


def _leave_exclusions_to_the_templates(found: dict[str, Any], _: Tree) -> None:
    """_guard.tpl refuses names and arguments that the chart manages. Saves 0.8 kB, 66 kB."""
    found.pop("not", None)


def _write_pattern_properties_as_names(found: dict[str, Any], _: Tree) -> None:
    """The pattern compiles once, not for every key that is judged. Saves 142 kB."""
    if "patternProperties" not in found:
        return
    ((pattern, value),) = found.pop("patternProperties").items()
    found["propertyNames"] = {"pattern": f"^({'|'.join(found['properties'])})$|{pattern}"}
    found["additionalProperties"] = value


def _require_every_setting(found: dict[str, Any], tree: Tree) -> None:
    """Values are complete, so templates need no defaults. For correctness, not for speed."""
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
