"""The file shapes that are accepted as layers: unified, workspace and values."""

from __future__ import annotations

from typing import NamedTuple

from mops.model.layer import Layer, Origin, Path
from mops.model.problems import ERROR, Problem
from mops.schema.fields import SettingsSchema
from mops.schema.keywords import near
from mops.schema.reading import Reading
from mops.yamltext.nodes import Items, Node, Pairs, Text
from mops.yamltext.reader import parse

UNIFIED, WORKSPACE, VALUES = "unified", "workspace", "values"

# Sections of a unified file that other tools own.
FOREIGN = ("cluster", "pulumi", "storage", "registry", "generated")
_UNIFIED_KEYS = ("schema_version", "settings", "workspace", *FOREIGN)
_SETTINGS = ("environment", "provider", "username")
_WORKSPACE_KEYS = ("apiVersion", "kind", "metadata", "spec")
_PROFILE_NAME = {
    "type": "string",
    "pattern": "^[A-Za-z0-9]([-_.A-Za-z0-9]{0,61}[A-Za-z0-9])?$",
    "x-expected": 'a profile name (letters, digits, "-", "_" and ".")',
}


class File(NamedTuple):
    """A file as read: its settings, its profiles, and the profile that it selects."""

    layer: Layer
    profiles: dict[str, Layer]
    selected: tuple[str, Origin] | None
    problems: list[Problem]
    dialect: str
    refused: frozenset[Path]


def read(data: bytes | str, name: str, schema: SettingsSchema) -> File:
    """The file `name` with the content `data`."""
    reading = Reading(schema, name, name)
    root, reading.problems = parse(data, name, name)
    reader = _Reader(reading)
    dialect = reader.document(root) if root is not None else ""
    if root is None and not reading.problems:
        reading.problem(Text("", False, 1, 1), (), "the file is empty")
    return File(
        reading.result(_label(name)),
        reader.profiles,
        reader.selected,
        reading.problems,
        dialect,
        frozenset(reading.refused),
    )


def shape(root: Node | None) -> str:
    """The dialect of a document; "" where its keys belong to none."""
    if not isinstance(root, Pairs):
        return ""
    keys = set(root.pairs)
    if keys & {"apiVersion", "api_version", "kind", "spec", "metadata"}:
        return WORKSPACE
    if keys & set(_UNIFIED_KEYS):
        return UNIFIED
    return VALUES


class _Reader:
    """Walks a document in its own dialect."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.schema = reading.schema
        self.profiles: dict[str, Layer] = {}
        self.selected: tuple[str, Origin] | None = None

    def document(self, root: Node) -> str:
        """Takes the whole document; its dialect."""
        if not isinstance(root, Pairs):
            empty = isinstance(root, Text) and not root.text and not root.quoted
            self.reading.problem(
                root,
                (),
                "the file is empty"
                if empty
                else f"expected a map of settings, found {'a list' if isinstance(root, Items) else 'text'}",
            )
            return ""
        dialect = shape(root)
        self.reading.home = {UNIFIED: ("workspace",), WORKSPACE: ("spec",), VALUES: ()}[dialect]
        self.reading.flat = dialect == UNIFIED
        {UNIFIED: self._unified, WORKSPACE: self._workspace, VALUES: self._values}[dialect](root)
        return dialect

    def _values(self, root: Pairs) -> None:
        self.reading.snake_case = False
        tree = self.schema.tree
        known = list(tree["properties"])
        for key, node in root.pairs.values():
            sub = tree["properties"].get(key.text)
            if sub is None or sub.get("x-release"):
                self.reading.unknown(key, [*known, *_UNIFIED_KEYS, *_WORKSPACE_KEYS], (key.text,))
            else:
                self.reading.walk(node, sub, (key.text,), (key.text,))

    def _unified(self, root: Pairs) -> None:
        for key, node in root.pairs.values():
            if key.text == "schema_version":
                if not (isinstance(node, Text) and node.text == "2" and not node.quoted):
                    self.reading.problem(
                        node,
                        (key.text,),
                        "expected schema_version 2",
                        "`mops migrate` reads older files",
                    )
            elif key.text == "settings":
                self._located(node, "x-settings", _SETTINGS, (key.text,))
            elif key.text == "workspace":
                self._settings(node, (key.text,), profiles=True)
            elif key.text not in FOREIGN:
                self.reading.unknown(key, _UNIFIED_KEYS, (key.text,))

    def _workspace(self, root: Pairs) -> None:
        for key, node in root.pairs.values():
            here = (key.text,)
            if key.text == "apiVersion":
                self._is(node, here, "modelops/v1")
            elif key.text == "kind":
                self._is(node, here, "Workspace")
            elif key.text == "metadata":
                self._located(node, "x-metadata", (), here)
            elif key.text == "spec":
                self._settings(node, here, profiles=True, flat=False)
            else:
                self.reading.unknown(key, _WORKSPACE_KEYS, here)
        for needed in ("apiVersion", "kind"):
            if needed not in root.pairs:
                self.reading.problem(
                    root,
                    (),
                    f"{needed} is missing",
                    f"write {needed}: {'modelops/v1' if needed == 'apiVersion' else 'Workspace'}",
                )

    def _is(self, node: Node, spelled: tuple[str, ...], wanted: str) -> None:
        if not (isinstance(node, Text) and node.text == wanted):
            self.reading.problem(node, spelled, f"expected {wanted}")

    def _located(
        self, node: Node, annotation: str, ignored: tuple[str, ...], spelled: tuple[str, ...]
    ) -> None:
        """A section whose keys stand for fields elsewhere: metadata, settings."""
        places = self.schema.located(annotation)
        if not isinstance(node, Pairs):
            self.reading.problem(node, spelled, "expected a map")
            return
        for key, sub in node.pairs.values():
            here = (*spelled, key.text)
            if key.text in places:
                path = places[key.text]
                self.reading.walk(sub, self.schema.at(path) or {}, path, here)
            elif key.text not in ignored:
                self.reading.unknown(key, (*places, *ignored), here)

    def _settings(
        self, node: Node, spelled: tuple[str, ...], *, profiles: bool, flat: bool = True
    ) -> None:
        """The body of a file or of a profile: sections, flat keys, profiles."""
        if not isinstance(node, Pairs):
            empty = isinstance(node, Text) and not node.text and not node.quoted
            self.reading.problem(
                node,
                spelled,
                "nothing is written here" if empty else "expected a map of settings",
                "remove the key, or indent settings below it" if empty else "",
            )
            return
        tree = self.schema.tree
        flats = self.schema.flat if flat else {}
        known = [name for name, sub in tree["properties"].items() if not sub.get("x-rendered")]
        for key, sub in node.pairs.values():
            here = (*spelled, key.text)
            name = self.reading.named(tree, key.text)
            if profiles and key.text == "profiles":
                self._profiles(sub, here, flat=flat)
            elif profiles and key.text == "profile":
                self._profile(sub, here)
            elif key.text in flats:
                self.reading.walk_each(sub, flats[key.text], here)
            elif name in known:
                self.reading.walk(sub, tree["properties"][name], (name,), here)
            else:
                self.reading.unknown(key, [*flats, *known, "profiles", "profile"], here)

    def _profile(self, node: Node, spelled: tuple[str, ...]) -> None:
        if isinstance(node, Text) and node.text and (node.quoted or node.text not in ("null", "~")):
            self.selected = (node.text, self.reading.origin(node, spelled))
        else:
            self.reading.problem(node, spelled, "expected the name of a profile")

    def _profiles(self, node: Node, spelled: tuple[str, ...], *, flat: bool) -> None:
        """Each profile is read as a layer of its own, selected or not."""
        if not isinstance(node, Pairs):
            self.reading.problem(node, spelled, "expected a map of profiles by name")
            return
        outer = self.reading
        for key, sub in node.pairs.values():
            self.reading = Reading(self.schema, f"profile {key.text} ({outer.place})", outer.place)
            self.reading.home, self.reading.flat = (*spelled, key.text), flat
            if not _valid_name(key.text):
                self.reading.problem(
                    key, (*spelled, key.text), f"as a name: expected {_PROFILE_NAME['x-expected']}"
                )
            if not (isinstance(sub, Pairs) and not sub.pairs):
                self._settings(sub, (*spelled, key.text), profiles=False, flat=flat)
            self.profiles[key.text] = self.reading.result(f"profile {key.text}")
            outer.problems.extend(self.reading.problems)
        self.reading = outer


def _valid_name(name: str) -> bool:
    from mops.schema.keywords import violations

    return not any(violations(_PROFILE_NAME, name))


def _label(name: str) -> str:
    """The name that travels with the values: the same wherever the file lies."""
    return name.replace("\\", "/").rsplit("/", 1)[-1]


def unknown_profile(name: str, known: list[str], origin: Origin) -> Problem:
    """The problem of a selected profile that no file has."""
    hint = near(name, known) or (
        f"the files have: {', '.join(known)}" if known else "the files have no profiles"
    )
    return Problem(
        ERROR,
        origin.key,
        f"there is no profile {name}" if name else 'there is no profile ""',
        origin,
        hint,
    )
