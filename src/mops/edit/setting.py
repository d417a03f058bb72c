"""`config set` and `config unset` on the text of a file: in its own dialect and spelling, every other byte as it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from mops.config.dialects import UNIFIED, VALUES, WORKSPACE, File, read
from mops.config.overrides import argument
from mops.model.layer import COMMAND_LINE, Leaf, Origin, Path, dotted, nest
from mops.model.problems import ERROR, InvalidConfig, Problem, UsageError
from mops.schema.fields import SettingsSchema, snake
from mops.schema.keywords import Tree
from mops.schema.reading import read_statements
from mops.schema.statement import Source
from mops.yamltext.outline import Alias, Map, Pair, Scalar, Seq, Span
from mops.yamltext.reader import parse
from mops.yamltext.rewrite import Fixed, Rewrite, block, flow


class Edited(NamedTuple):
    """A file's text after an edit, and the settings that the edit was about."""

    text: str
    paths: tuple[Path, ...]
    file: File


class _Found(NamedTuple):
    """How far a spelling leads into a document: the last node, the pair or entry that holds it, and the names that are missing."""

    node: Span
    pair: Pair | None
    entry: tuple[Seq, Span] | None
    missing: tuple[str, ...]
    depth: int


def typed(schema: SettingsSchema, key: str, paths: Sequence[Path], text: str) -> Any:
    """The value that `text` is at a setting, judged; a section or map as nested data, null as None."""
    source = Source(COMMAND_LINE, key, in_file=False)
    reading = read_statements(schema, argument(schema, source, paths, text))
    if reading.problems:
        raise InvalidConfig(reading.problems)
    return _whole(reading.leaves.get(COMMAND_LINE, {}), paths[0])


def _whole(leaves: Mapping[Path, Leaf], path: Path) -> Any:
    if path in leaves:
        return leaves[path].value
    return nest(
        (here[len(path) :], leaf.value)
        for here, leaf in leaves.items()
        if here[: len(path)] == path
    )


def assign(
    text: str,
    name: str,
    schema: SettingsSchema,
    paths: Sequence[Path],
    value: Any,
    *,
    profile: str = "",
) -> Edited:
    """The file with the setting at `paths` given `value`. Raises InvalidConfig where the result would be none."""
    document = _Document(text, name, schema, profile)
    for names in document.targets(paths):
        document.put(names, value)
        document.settle()
    return document.edited(paths, value)


def forget(
    text: str, name: str, schema: SettingsSchema, paths: Sequence[Path], *, profile: str = ""
) -> Edited | None:
    """The file without what it says at `paths`; None where it says nothing there."""
    document = _Document(text, name, schema, profile)
    found = [names for names in document.spellings(paths) if document.says(names)]
    if not found:
        shared = document.shared(paths)
        if shared:
            raise UsageError(
                f"{dotted(paths[0])}: {shared} sets it together with another setting; unset {shared}"
            )
        return None
    for names in found:
        document.take(names)
        document.settle()
    return document.edited(paths, None, gone=True)


class _Document:
    """One file under edit."""

    def __init__(self, text: str, name: str, schema: SettingsSchema, profile: str) -> None:
        self.schema = schema
        self.name = name
        self.profile = profile
        self.text = text
        self.mark = "\ufeff" if text.startswith("\ufeff") else ""
        self.file = read(text[len(self.mark) :], name, schema)
        self.dialect = self.file.dialect
        root, problems = parse(text[len(self.mark) :], name, name)
        if root is None or not self.dialect:
            raise InvalidConfig(problems or self.file.problems)
        self.rewrite = Rewrite(text[len(self.mark) :])
        if not isinstance(self.rewrite.root, Map):
            raise InvalidConfig(problems or self.file.problems)
        self.root = self.rewrite.root
        if profile and self.dialect == VALUES:
            raise UsageError(f"{name}: a values file has no profiles")
        self.base = {UNIFIED: ("workspace",), WORKSPACE: ("spec",), VALUES: ()}[self.dialect]
        if profile:
            self.base = (*self.base, "profiles", profile)

    def settle(self) -> None:
        """Has the changes so far be the text."""
        text = self.rewrite.result
        root, problems = parse(text, self.name, self.name)
        if root is None:
            raise InvalidConfig(problems)
        self.rewrite = Rewrite(text)
        if isinstance(self.rewrite.root, Map):
            self.root = self.rewrite.root

    def spellings(self, paths: Sequence[Path]) -> list[tuple[str, ...]]:
        """All ways in which this dialect writes the settings at `paths`, the preferred one first."""
        found: list[tuple[str, ...]] = []
        if not self.profile:
            annotation = {UNIFIED: "x-settings", WORKSPACE: "x-metadata"}.get(self.dialect, "")
            section = {UNIFIED: "settings", WORKSPACE: "metadata"}.get(self.dialect, "")
            for key, base in self.schema.located(annotation).items() if annotation else ():
                found += [
                    (section, key, *path[len(base) :])
                    for path in paths
                    if path[: len(base)] == base
                ]
        flat = self.flat(paths)
        return [*found, *([flat] if flat else []), *((*self.base, *path) for path in paths)]

    def flat(self, paths: Sequence[Path]) -> tuple[str, ...] | None:
        """The flat spelling of exactly these settings."""
        if self.dialect != UNIFIED:
            return None
        for key, bases in self.schema.flat.items():
            size = len(bases[0])
            if paths[0][:size] in bases and {(*base, *paths[0][size:]) for base in bases} == set(
                paths
            ):
                return (*self.base, key, *paths[0][size:])
        return None

    def shared(self, paths: Sequence[Path]) -> str:
        """The flat key in the file that sets these settings among others; "" where there is none."""
        for key, bases in self.schema.flat.items() if self.dialect == UNIFIED else ():
            if self.says((*self.base, key)) and any(
                path[: len(base)] == base for path in paths for base in bases
            ):
                return key
        return ""

    def targets(self, paths: Sequence[Path]) -> list[tuple[str, ...]]:
        """Where to write: as the file writes it already, else as the dialect prefers."""
        found = self.spellings(paths)
        nested = [(*self.base, *path) for path in paths]
        rest = [names for names in found if names not in nested]
        for names in rest:
            if self.says(names):
                return [names]
        if any(self.says(names) for names in nested) or not rest:
            shared = self.shared(paths) if not any(self.says(names) for names in nested) else ""
            if shared and not self.flat(paths):
                raise UsageError(
                    f"{dotted(paths[0])}: {shared} sets it together with another setting; set {shared}, or unset it first"
                )
            return nested
        if (
            len(paths[0]) > 1
            and self.schema.at(paths[0][:-1]) is not None
            and "x-list-key" in (self.schema.at(paths[0][:-1]) or {})
            and self.says(nested[0][:-1])
        ):
            return nested
        return [rest[0]]

    def says(self, names: tuple[str, ...]) -> bool:
        """Whether the file writes something at this spelling."""
        return not self.find(names).missing

    def find(self, names: tuple[str, ...]) -> _Found:
        """How far the document follows a spelling."""
        node: Span = self.root
        pair: Pair | None = None
        entry: tuple[Seq, Span] | None = None
        for index, name in enumerate(names):
            tree = self._tree(names[:index])
            if isinstance(node, Map):
                inner = (
                    node.pair("value")
                    if tree.get("x-atomic") and len(node.pairs) == 1 and name != "valueFrom"
                    else None
                )
                following = inner or node.pair(*self._names(tree, name))
                entry = entry if entry is not None and node is entry[1] else None
            elif isinstance(node, Seq) and "x-list-key" in tree:
                item = next(
                    (item for item in node.items if _named(item, tree["x-list-key"]) == name), None
                )
                if item is None:
                    return _Found(node, pair, entry, names[index:], index)
                entry = (node, item)
                following = (
                    item.pair("value", "valueFrom", "value_from") if isinstance(item, Map) else None
                )
                if (
                    following is not None
                    and following.key.text != "value"
                    and index + 1 < len(names)
                ):
                    # What stands behind valueFrom is named by the rest of the spelling.
                    node = item
                    continue
            else:
                following = None
            if following is None:
                return _Found(node, pair, entry, names[index:], index)
            pair = following
            node = pair.value
        return _Found(node, pair, entry, (), len(names))

    def put(self, names: tuple[str, ...], value: Any) -> None:
        """Writes a value."""
        found = self.find(names)
        try:
            self._put(self.rewrite, names, found, value)
        except Fixed as fixed:
            line, col = self.rewrite.place(found.node.start)
            raise UsageError(
                f"{self.name}:{line}:{col}: {dotted(names)} cannot be changed by itself: {fixed}; edit the file by hand"
            ) from None

    def _put(self, rewrite: Rewrite, names: tuple[str, ...], found: _Found, value: Any) -> None:
        new = value
        for name in reversed(found.missing):
            new = {name: new}
        pair, node = found.pair, found.node
        if not found.missing and pair is not None:
            if (
                isinstance(node, Map)
                and self._tree(names).get("x-atomic")
                and [p.key.text for p in node.pairs] == ["value"]
                and not isinstance(value, Mapping)
            ):
                pair = node.pairs[0]
            if (
                found.entry is not None
                and pair.key.text in ("value", "valueFrom", "value_from")
                and len(names) == self._entry_depth(names)
            ):
                is_map = isinstance(value, Mapping) and "valueFrom" in value
                wanted = "valueFrom" if is_map else "value"
                if pair.key.text != wanted:
                    rewrite.rename(pair, wanted)
                value = value["valueFrom"] if is_map else value
            rewrite.put(pair, value)
        elif isinstance(node, Alias):
            raise Fixed("it is written elsewhere, as an anchor")
        elif isinstance(node, Map):
            rewrite.add(node, new)
        elif (
            isinstance(node, Seq)
            and len(found.missing) >= 1
            and "x-list-key" in self._tree(names[: found.depth])
        ):
            self._append(rewrite, found, node, new)
        elif pair is None:
            raise Fixed("it is not a map")
        elif found.entry is not None and found.missing[:1] == ("valueFrom",):
            rewrite.rename(pair, "valueFrom")
            rewrite.put(pair, new["valueFrom"])
        elif isinstance(node, Scalar) and node.text in ("null", "~") and not node.style:
            raise UsageError(
                f"{dotted(names)}: {pair.key.text} is null here, which forgets what lower layers say; unset it first"
            )
        else:
            rewrite.add_below(pair, new)

    def _append(self, rewrite: Rewrite, found: _Found, seq: Seq, new: Mapping[str, Any]) -> None:
        """Adds an entry to a list of named entries, in the style of its last one."""
        assert found.pair is not None
        ((name, value),) = new.items()
        entry = {"name": name, **(value if isinstance(value, Mapping) else {"value": value})}
        if not seq.items:
            rewrite.put(found.pair, dict(new))
            return
        last = seq.items[-1]

        def lines(dash: int) -> list[str]:
            if not isinstance(last, Map) or last.flow:
                return [" " * dash + "- " + flow(entry)]
            gap = (
                max(rewrite.place(last.start)[1] - 1 - dash, 2)
                if rewrite.place(last.start)[0]
                == rewrite.place(rewrite.dash(seq, len(seq.items) - 1))[0]
                else 2
            )
            first, *rest = block(entry, dash + gap)
            return [" " * dash + "-" + " " * (gap - 1) + first.lstrip(), *rest]

        rewrite.append(seq, lines, flow(entry))

    def take(self, names: tuple[str, ...]) -> None:
        """Takes away what stands at a spelling, and what it leaves empty."""
        found = self.find(names)
        base = self.find(self.base).pair
        if base is not None:
            self.rewrite.keep(base)
        if found.entry is not None and len(names) == self._entry_depth(names):
            self.rewrite.drop_item(found.entry[1], comment=False)
        elif found.pair is not None:
            holder = self.find(names[:-1])
            inside = isinstance(holder.node, Map) and any(
                pair is found.pair for pair in holder.node.pairs
            )
            if not inside and found.entry is None:
                raise UsageError(
                    f"{self.name}: {dotted(names)} is written elsewhere, as an anchor; edit the file by hand"
                )
            self.rewrite.remove(found.pair)

    def edited(self, paths: Sequence[Path], value: Any, *, gone: bool = False) -> Edited:
        """The result, read back: it says what was asked for, and nothing else has changed."""
        text = self.mark + self.rewrite.result
        file = read(text[len(self.mark) :], self.name, self.schema)
        errors = [problem for problem in file.problems if problem.severity == ERROR]
        if errors:
            raise InvalidConfig(errors)
        before, after = _leaves(self.file), _leaves(file)
        layer = f"profile {self.profile}" if self.profile else ""
        touched = [(layer, path) for path in paths]
        changed = [
            key
            for key in dict.fromkeys([*before, *after])
            if before.get(key, _NOTHING) != after.get(key, _NOTHING)
            and not any(_related(key, here) for here in touched)
        ]
        if changed and not self.file.problems:
            name, path = changed[0]
            raise InvalidConfig(
                [
                    Problem(
                        ERROR,
                        dotted(path),
                        f"this edit would change {name or 'the file'}'s {dotted(path)} too",
                        Origin(self.name, self.name),
                        "edit the file by hand",
                    )
                ]
            )
        if (
            not gone
            and value is not None
            and not any(_related(key, here) for key in after for here in touched)
            and value not in ({}, [])
        ):
            raise InvalidConfig(
                [
                    Problem(
                        ERROR,
                        dotted(paths[0]),
                        "this edit would not take",
                        Origin(self.name, self.name),
                        "edit the file by hand",
                    )
                ]
            )
        return Edited(text, tuple(paths), file)

    def _tree(self, names: tuple[str, ...]) -> Tree:
        """What the schema says at a spelling; nothing for the parts that are no settings."""
        size = len(self.base)
        if names[:size] != self.base:
            places = self.schema.located(
                "x-metadata" if self.dialect == WORKSPACE else "x-settings"
            )
            base = (
                places.get(names[1])
                if len(names) > 1 and names[0] in ("metadata", "settings")
                else None
            )
            return (self.schema.at((*base, *names[2:])) or {}) if base else {}
        rest = names[size:]
        if rest and rest[0] in self.schema.flat and self.dialect == UNIFIED:
            rest = (*self.schema.flat[rest[0]][0], *rest[1:])
        return self.schema.at(rest) or {}

    def _entry_depth(self, names: tuple[str, ...]) -> int:
        """How many names lead to an entry of the list of named entries on the way."""
        return next(
            (size + 1 for size in range(len(names)) if "x-list-key" in self._tree(names[:size])), 0
        )

    def _names(self, tree: Tree, name: str) -> Iterable[str]:
        declared = name in tree.get("properties", {}) or name == "valueFrom"
        return (name, snake(name)) if declared and self.dialect != VALUES else (name,)


_NOTHING = object()


def _leaves(file: File) -> dict[tuple[str, Path], Any]:
    """All that a file says: (profile or "", path) -> value."""
    found: dict[tuple[str, Path], Any] = {
        ("", path): leaf.value for path, leaf in file.layer.leaves.items()
    }
    for name, layer in file.profiles.items():
        found |= {(f"profile {name}", path): leaf.value for path, leaf in layer.leaves.items()}
    if file.selected:
        found["profile", ()] = file.selected[0]
    return found


def _related(key: tuple[str, Path], other: tuple[str, Path]) -> bool:
    """Whether one path runs through the other, in the same layer."""
    size = min(len(key[1]), len(other[1]))
    return key[0] == other[0] and key[1][:size] == other[1][:size]


def _named(item: Span, by: str) -> str | None:
    if not isinstance(item, Map):
        return None
    pair = item.pair(by)
    return pair.value.text if pair is not None and isinstance(pair.value, Scalar) else None
