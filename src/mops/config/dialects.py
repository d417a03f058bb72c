"""The file shapes that are accepted as layers: unified, workspace and values.

A dialect determines where the settings are in a document; `mops.schema.reading` types them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from mops.config.profiles import Selection, invalid_name
from mops.config.scope import Scope
from mops.model.disk import inherited
from mops.model.layer import Layer, Path, dotted
from mops.model.problems import Problem
from mops.schema.fields import SettingsSchema, declared_name
from mops.schema.reading import read_statements
from mops.schema.statement import Searches, Source, Spelling
from mops.yamltext.nodes import Items, Node, Pairs, Text, is_empty, is_null, kind
from mops.yamltext.reader import parse

if TYPE_CHECKING:
    from mops.config.ignores import Ignore

UNIFIED, WORKSPACE, VALUES = "unified", "workspace", "values"

# Sections of a unified file that other tools own.
FOREIGN = ("cluster", "pulumi", "storage", "registry", "generated")
_UNIFIED_KEYS = ("schema_version", "settings", "workspace", *FOREIGN)
# Keys below `settings` that other tools own.
_FOREIGN_SETTINGS = ("provider", "username")
_PROFILE_KEYS = ("profiles", "profile")
_WORKSPACE_KEYS = ("apiVersion", "kind", "metadata", "spec")
_API_VERSION, _KIND = "modelops/v1", "Workspace"


class File(NamedTuple):
    """A file that was read: its settings, its profiles, and the profiles that it selects.

    `selected` is None if the file does not say.
    `ignores` are the comments of the file that ignore warnings.
    """

    layer: Layer
    profiles: dict[str, Layer]
    selected: tuple[Selection, ...] | None
    problems: list[Problem]
    dialect: str
    refused: frozenset[Path]
    ignores: tuple[Ignore, ...] = ()


def read(data: bytes | str, name: str, schema: SettingsSchema) -> File:
    """Reads the content `data` of the file `name`."""
    root, problems = parse(data, name, name)
    dialect = dialect_of(root)
    document = _Document(Scope(schema, _source(name, dialect), []))
    if root is not None:
        document.take(root, dialect)
    elif not problems:
        document.scope.problem(Text("", quoted=False, line=1, col=1), (), "the file is empty")
    reading = read_statements(schema, document.scope.statements)
    if problems or reading.problems:
        from mops.config.causes import cause_of

        cause = cause_of(data, root)
        if cause is not None:
            node = Text("", quoted=False, line=cause.line, col=cause.col)
            problem = document.scope.source.problem(node, (), cause.message, cause.hint)
            return File(Layer(name, {}, _label(name)), {}, None, [problem], dialect, frozenset())
    return File(
        layer=reading.layer(name, _label(name)),
        profiles={
            profile: reading.layer(layer, f"profile {profile}")
            for profile, layer in document.profiles.items()
        },
        selected=document.selected,
        problems=problems + reading.problems,
        dialect=dialect,
        refused=frozenset(reading.refused.get(name, ())),
        ignores=_ignores(data, name, root),
    )


def _ignores(data: bytes | str, name: str, root: Node | None) -> tuple[Ignore, ...]:
    """The comments that ignore warnings. Few files have any, and looking for them takes time."""
    marked = "mops:" in data if isinstance(data, str) else b"mops:" in data
    if root is None or not marked:
        return ()
    from mops.config.ignores import ignores

    return tuple(ignores(data, name, root))


def dialect_of(root: Node | None) -> str:
    """The dialect of a document; "" if it is not a mapping."""
    if not isinstance(root, Pairs):
        return ""
    keys = set(root.pairs)
    if keys & {*_WORKSPACE_KEYS, "api_version"}:
        return WORKSPACE
    return UNIFIED if keys & set(_UNIFIED_KEYS) else VALUES


def _source(name: str, dialect: str) -> Source:
    source = Source(name, name, searches=Searches())
    if dialect == UNIFIED:
        return source._replace(home=("workspace",), flat=True)
    if dialect == WORKSPACE:
        return source._replace(home=("spec",))
    return source._replace(snake_case=dialect != VALUES)


class _Document:
    """Turns one document into statements. `profiles` has the layer name of each profile."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.profiles: dict[str, str] = {}
        self.selected: tuple[Selection, ...] | None = None

    def take(self, root: Node, dialect: str) -> None:
        """Takes a whole document in its own dialect."""
        if not isinstance(root, Pairs):
            message = f"expected a mapping of settings, found {kind(root)}"
            self.scope.problem(root, (), "the file is empty" if is_empty(root) else message)
        elif dialect == UNIFIED:
            self._unified(root)
        elif dialect == WORKSPACE:
            self._workspace(root)
        else:
            self._values(root)

    def _unified(self, root: Pairs) -> None:
        for key, node in root.pairs.values():
            here = (key.text,)
            if key.text == "schema_version":
                self._version(node, here)
            elif key.text == "settings":
                self._aliases(node, "x-settings", _FOREIGN_SETTINGS, here)
            elif key.text == "workspace":
                self._body(node, here)
            elif key.text not in FOREIGN:
                self.scope.unknown(key, here, _UNIFIED_KEYS)

    def _workspace(self, root: Pairs) -> None:
        misplaced = self._settings_at_the_top(root)
        for key, node in root.pairs.values():
            here = (key.text,)
            if key.text in misplaced:
                continue
            if key.text == "apiVersion":
                self._constant(node, here, _API_VERSION)
            elif key.text == "kind":
                self._constant(node, here, _KIND)
            elif key.text == "metadata":
                self._aliases(node, "x-metadata", (), here)
            elif key.text == "spec":
                self._body(node, here)
            else:
                self.scope.unknown(key, here, _WORKSPACE_KEYS)
        for name, value in (("apiVersion", _API_VERSION), ("kind", _KIND)):
            if name not in root.pairs:
                self.scope.problem(root, (), f"{name} is missing", f"write {name}: {value}")

    def _settings_at_the_top(self, root: Pairs) -> list[str]:
        """Reports the settings beside `spec` instead of in it, all at once; returns their keys."""
        sections = self.scope.schema.tree["properties"]
        names = [
            name
            for name in root.pairs
            if name not in _WORKSPACE_KEYS
            and (declared_name(self.scope.schema.tree, name) in sections or name in _PROFILE_KEYS)
        ]
        if names:
            verb = "belongs" if len(names) == 1 else "belong"
            hint = (
                f"did you mean spec.{names[0]}?" if len(names) == 1 else "indent them below spec:"
            )
            message = f"{' and '.join(names)} {verb} below spec"
            self.scope.problem(root.pairs[names[0]][0], (names[0],), message, hint)
        return names

    def _values(self, root: Pairs) -> None:
        sections = self.scope.schema.tree["properties"]
        for key, node in root.pairs.values():
            if key.text not in sections or sections[key.text].get("x-release"):
                known = [*sections, *_UNIFIED_KEYS, *_WORKSPACE_KEYS]
                self.scope.unknown(key, (key.text,), known)
            else:
                self.scope.add([(key.text,)], node, (key.text,))

    def _version(self, node: Node, spelled: Spelling) -> None:
        if not (isinstance(node, Text) and node.text == "2" and not node.quoted):
            hint = "`mops migrate` converts older files"
            self.scope.problem(node, spelled, "expected schema_version 2", hint)

    def _constant(self, node: Node, spelled: Spelling, wanted: str) -> None:
        if not (isinstance(node, Text) and node.text == wanted):
            self.scope.problem(node, spelled, f"expected {wanted}")

    def _aliases(
        self, node: Node, annotation: str, foreign: tuple[str, ...], spelled: Spelling
    ) -> None:
        """Takes a section whose keys stand for settings elsewhere: metadata or settings."""
        if not isinstance(node, Pairs):
            self.scope.problem(node, spelled, "expected a mapping")
            return
        paths = self.scope.schema.located(annotation)
        for key, sub in node.pairs.values():
            here = (*spelled, key.text)
            if key.text in paths:
                self.scope.add([paths[key.text]], sub, here)
            elif key.text not in foreign:
                self.scope.unknown(key, here, (*paths, *foreign))

    def _body(self, node: Node, spelled: Spelling) -> None:
        """Takes the settings of a file, with its profiles."""
        for key, sub in self.scope.pairs(node, spelled):
            here = (*spelled, key.text)
            if key.text == "profiles":
                self._profiles(sub, here)
            elif key.text == "profile":
                self._selection(sub, here)
            else:
                self.scope.setting(key, sub, here)

    def _selection(self, node: Node, spelled: Spelling) -> None:
        """Takes the profile or the profiles that a file selects."""
        names = node.items if isinstance(node, Items) else [node]
        selected: list[Selection] = []
        for name in names:
            if isinstance(name, Text) and name.text and not is_null(name):
                selected.append(Selection(name.text, self.scope.source.origin(name, spelled)))
            else:
                message = "expected the name of a profile, or a list of names"
                self.scope.problem(name, spelled, message)
        self.selected = tuple(selected)

    def _profiles(self, node: Node, spelled: Spelling) -> None:
        """Takes all profiles of a file, selected or not; each is a layer of its own."""
        if not isinstance(node, Pairs):
            self.scope.problem(node, spelled, "expected a mapping of profiles by name")
            return
        for key, sub in node.pairs.values():
            here = (*spelled, key.text)
            layer = f"profile {key.text} ({self.scope.source.place})"
            self.profiles[key.text] = layer
            scope = self.scope.profile(layer, here)
            problem = invalid_name(key.text)
            if problem:
                scope.problem(key, here, problem)
            if self._is_swallowed(key.text, sub):
                self._report_swallowed(key, here)
                continue
            for name, value in scope.pairs(sub, here):
                scope.setting(name, value, (*here, name.text))

    def _is_swallowed(self, name: str, node: Node) -> bool:
        """Whether a profile is a setting that is indented like a profile, by mistake."""
        tree = self.scope.schema.tree
        known = {*tree["properties"], *self._flat()}
        if isinstance(node, Pairs):
            inner = {declared_name(tree, key) for key in node.pairs}
            if not inner or not inner.isdisjoint(known):
                return False
        from mops.schema.names import find

        return declared_name(tree, name) in known or bool(find(self.scope.schema, (name,)))

    def _flat(self) -> Iterable[str]:
        return self.scope.schema.flat if self.scope.source.flat else ()

    def _report_swallowed(self, key: Text, spelled: Spelling) -> None:
        from mops.schema.suggest import elsewhere

        source = self.scope.source
        hint = elsewhere(self.scope.schema, source, key.text, spelled)
        hint = hint or f"did you mean {dotted((*source.home, key.text))}?"
        message = f"this makes a profile called {key.text}, because of its indentation"
        self.scope.problem(key, spelled, message, hint)


def _label(name: str) -> str:
    """The name of a file in rendered values: its base name, the same on every machine."""
    if inherited(name) is not None:
        # The shell numbers the descriptors of <(…), and not always alike.
        return "pipe"
    return name.replace("\\", "/").rsplit("/", 1)[-1]
