"""A difference between a rendered object and the live one, and its cause."""

from __future__ import annotations

from typing import Literal, NamedTuple

from mops.model.layer import Leaf, Path, Value, dotted

Part = Literal["object", "template", "pod", "container"]
OBJECT: Part = "object"
TEMPLATE: Part = "template"
POD: Part = "pod"
CONTAINER: Part = "container"

# Stands for an object as a whole, in a difference that has no field.
PRESENT = "present"


class Place(NamedTuple):
    """A field of an object.

    `path` is relative to `part`: a Deployment's main "container", the spec of its "pod", the
    metadata of its pod "template", or the "object" itself, whose labels and annotations are named
    without `metadata`.
    """

    part: Part
    path: Path

    @property
    def marker(self) -> str:
        """The place as the schema's `x-manifest` spells it, as in `container.args.--nworkers`."""
        return ".".join(self.path if self.part == OBJECT else (self.part, *self.path))

    @property
    def variable(self) -> str:
        """The name of the variable if this is an environment variable of the container, else ""."""
        is_variable = self.part == CONTAINER and self.path[:1] == ("env",) and len(self.path) > 1
        return self.path[1] if is_variable else ""

    @property
    def text(self) -> str:
        """The field for people: `--nworkers`, `env NAME`, `replicas`."""
        if self.part == CONTAINER and self.path[:1] == ("args",):
            return dotted(self.path[1:]) or "args"
        if self.part == CONTAINER and self.path[:1] == ("env",):
            return " ".join(self.path[:2])
        if self.part == TEMPLATE:
            return dotted((TEMPLATE, *self.path))
        is_spec = self.part == OBJECT and self.path[:1] == ("spec",)
        return dotted(self.path[1:] if is_spec else self.path)


REPLICAS = Place(OBJECT, ("spec", "replicas"))


class Cause(NamedTuple):
    """The setting that determines the wanted value: its path and its winning leaf."""

    path: Path
    leaf: Leaf


class Difference(NamedTuple):
    """A field of an object, or a whole object, that differs from what is rendered.

    `object` is `Kind/name`. `place` is None for a whole object. `live` and `wanted` are the values,
    None if there is none. `manager` wrote the live field, "" for helm. `restarts` says whether
    changing the field replaces pods. `extra` fields were added by others, and helm leaves them.
    """

    object: str
    place: Place | None
    live: Value
    wanted: Value
    manager: str = ""
    restarts: bool = False
    extra: bool = False
    cause: Cause | None = None

    @property
    def field(self) -> str:
        """The field for people; "" for a whole object."""
        return self.place.text if self.place else ""
