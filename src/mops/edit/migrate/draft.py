"""The new file so far: its text, and what became of the old file's keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from mops.edit.migrate.changes import ADDED, DROPPED, Action, Change
from mops.edit.migrate.formats import Format, detect
from mops.edit.migrate.older_yaml import data
from mops.model.layer import Origin, Path, Value, dotted
from mops.model.problems import ERROR, InvalidConfig, Problem
from mops.schema.fields import SettingsSchema
from mops.yamltext.offsets import indent, position
from mops.yamltext.outline import Map, Pair, Seq, Span, resolved
from mops.yamltext.reader import parse
from mops.yamltext.rewrite import Rewrite
from mops.yamltext.splices import Splice, offset_before, spliced
from mops.yamltext.writer import natural_inline

_BYTE_ORDER_MARK = "\ufeff"


class Options(NamedTuple):
    """How to migrate.

    `drop_defaults` replaces older defaults with the current ones. `intended` carries over settings
    that the older tool ignored although their intention is clear.
    """

    drop_defaults: bool = False
    intended: bool = False


class OlderMemory(NamedTuple):
    """The memory from which the older tool computed each process's limit, and the pod's memory.

    `key` is the setting to name in the table; quantities are in Kubernetes' notation.
    """

    key: Path
    limit_from: str
    pod: str
    processes: int


class Draft:
    """A file that is changed in steps; each step reads the text of the previous one.

    Raises InvalidConfig for text that is not YAML, or not a file of the older tool.
    """

    def __init__(self, name: str, text: str, schema: SettingsSchema, options: Options) -> None:
        self.name = name
        self.schema = schema
        self.options = options
        self.original = text
        self.mark = _BYTE_ORDER_MARK if text.startswith(_BYTE_ORDER_MARK) else ""
        self.text = text[len(self.mark) :]
        # Whether `workspace.spec` has become `workspace`.
        self.lifted = False
        self.memory: OlderMemory | None = None
        self.makes_pods = False
        self.changes: list[Change] = []
        self._steps: list[list[Splice]] = []
        self._ensured: dict[str, Value] = {}
        root, problems = parse(self.text, name, name)
        if root is None:
            raise InvalidConfig(problems or [_empty(name)])
        self.rewrite = Rewrite(self.text)
        self.format: Format = detect(self.rewrite.root, name, self.text, schema)

    # Reading.

    @property
    def root(self) -> Map:
        """The whole document."""
        root = self.rewrite.root
        return root if isinstance(root, Map) else Map([], 0, 0, flow=False, marked=False)

    def pair(self, *keys: str) -> Pair | None:
        """The pair at a path of keys as spelled in the text; None if there is none."""
        node: Span = self.root
        found: Pair | None = None
        for key in keys:
            found = node.pair(key) if isinstance(node, Map) else None
            if found is None:
                return None
            node = resolved(found.value)
        return found

    def map(self, *keys: str) -> Map | None:
        """The mapping at a path of keys; None if there is none."""
        if not keys:
            return self.root
        found = self.pair(*keys)
        node = resolved(found.value) if found else None
        return node if isinstance(node, Map) else None

    def value(self, *keys: str) -> Value:
        """The value that the older tool read at a path of keys; None if there is none."""
        found = self.pair(*keys)
        return data(found.value) if found else None

    def place(self, offset: int) -> str:
        """The place in the original file, as file:line:col, of an offset in the current text."""
        for splices in reversed(self._steps):
            offset = offset_before(splices, offset)
        line, col = position(self.original[len(self.mark) :], offset)
        return f"{self.name}:{line}:{col}"

    # Recording.

    def note(
        self, action: Action, keys: Path, why: str, at: Pair | Span | None = None, to: str = ""
    ) -> None:
        """Records what became of a key; `at` is where it is written, if anywhere."""
        place = self.name
        if at is not None:
            place = self.place(at.key.start if isinstance(at, Pair) else at.start)
        if action != ADDED and self._was_below_spec(keys):
            keys = ("workspace", "spec", *keys[1:])
        self.changes.append(Change(dotted(keys), action, why, place, to))

    def _was_below_spec(self, keys: Path) -> bool:
        """Whether keys were below `workspace.spec` in the original file."""
        return (
            self.lifted and keys[0] == "workspace" and keys[1:2] not in (("metadata",), ("spec",))
        )

    # Changing.

    def prepend(self, key: str, value: Value, why: str) -> None:
        """Puts a key before all others."""
        root = self.root
        if root.flow:
            self.ensure((key,), value)
        else:
            margin = " " * indent(self.text, root.start)
            line = f"{key}: {natural_inline(value)}{self.rewrite.source.newline}{margin}"
            self.rewrite.replace(root.start, root.start, line)
        self.note(ADDED, (key,), why)

    def comment_out(self, keys: Path, pair: Pair, why: str, to: str = "") -> None:
        """Turns a key into a comment."""
        self.rewrite.comment_out(pair)
        self.note(DROPPED, keys, why, pair, to)

    def drop(self, keys: Path, pair: Pair, why: str) -> None:
        """Removes a key."""
        self.rewrite.remove(pair)
        self.note(DROPPED, keys, why, pair)

    def comment_out_duplicates(self) -> None:
        """Turns duplicate keys into comments, except the last one, which took effect."""
        for found in _maps(self.root):
            last = {pair.key.text: pair for pair in found.pairs}
            for pair in found.pairs:
                if last[pair.key.text] is not pair:
                    self.comment_out(
                        (pair.key.text,), pair, "duplicate key; the last one took effect"
                    )
        self.apply()

    def ensure(self, keys: Path, value: Value) -> None:
        """Adds a key at the end of this step, unless it exists by then."""
        node = self._ensured
        for key in keys[:-1]:
            node = node.setdefault(key, {})
        node[keys[-1]] = value

    def apply(self) -> None:
        """Ends a step: applies its changes and re-reads the text."""
        self._add(self.root, None, self._ensured)
        self._ensured = {}
        splices = self.rewrite.splices
        text = spliced(self.text, splices)
        root, problems = parse(text, self.name, self.name)
        if root is None:
            raise InvalidConfig([
                problem._replace(origin=problem.origin._replace(place=self.name))
                for problem in problems
            ])  # fmt: skip
        self._steps.append(splices)
        self.text = text
        self.rewrite = Rewrite(self.text)

    def _add(self, node: Span, pair: Pair | None, entries: Mapping[str, Value]) -> None:
        """Adds missing entries to a node, which is the value of `pair`."""
        node = resolved(node)
        if not isinstance(node, Map):
            if pair is not None:
                self.rewrite.add_below(pair, entries)
            return
        missing: dict[str, Value] = {}
        for key, value in entries.items():
            found = node.pair(key)
            if found is None or self.rewrite.removes(found):
                missing[key] = value
            elif isinstance(value, Mapping):
                self._add(found.value, found, value)
        self.rewrite.add(node, missing)


def _maps(node: Span) -> list[Map]:
    """All mappings in a node, the outer ones first."""
    found: list[Map] = []
    if isinstance(node, Map):
        found.append(node)
        for pair in node.pairs:
            found += _maps(pair.value)
    elif isinstance(node, Seq):
        for item in node.items:
            found += _maps(item)
    return found


def _empty(name: str) -> Problem:
    return Problem(ERROR, "", "the file is empty", Origin(name, f"{name}:1:1"))
