"""A configuration file being edited: finding a setting in its text, and changing it there."""

from __future__ import annotations

from collections.abc import Mapping

from mops.config.dialects import VALUES, File, read
from mops.edit.locate import Place, locate
from mops.edit.spelling import Keys, Speller
from mops.model.layer import Value, dotted
from mops.model.problems import InvalidConfig, UsageError
from mops.schema.fields import SettingsSchema
from mops.yamltext.nodes import NULLS
from mops.yamltext.outline import Alias, Map, Pair, Scalar, Seq, Span
from mops.yamltext.reader import parse
from mops.yamltext.rewrite import NotEditable, Rewrite
from mops.yamltext.writer import natural_inline, natural_lines

_BYTE_ORDER_MARK = "\ufeff"
_DASH = 2


class Document:
    """A file's text. `file` has the settings before any change."""

    def __init__(self, text: str, name: str, schema: SettingsSchema, profile: str) -> None:
        self.name = name
        self.profile = profile
        self._mark = _BYTE_ORDER_MARK if text.startswith(_BYTE_ORDER_MARK) else ""
        content = text[len(self._mark) :]
        self.file: File = read(content, name, schema)
        problems = parse(content, name, name)[1] or self.file.problems
        if not self.file.dialect:
            raise InvalidConfig(problems)
        if profile and self.file.dialect == VALUES:
            raise UsageError(f"{name}: a values file has no profiles")
        self.speller = Speller(schema, self.file.dialect, profile)
        self._rewrite = Rewrite(content)
        if self._rewrite.root is None:
            raise InvalidConfig(problems)
        self._root: Span = self._rewrite.root

    @property
    def text(self) -> str:
        """The text with all applied changes."""
        return self._mark + self._rewrite.text

    def _apply(self) -> None:
        """Applies pending changes and re-reads the text."""
        text = self._rewrite.result
        root, problems = parse(text, self.name, self.name)
        if root is None:
            raise InvalidConfig(problems)
        self._rewrite = Rewrite(text)
        self._root = self._rewrite.root or self._root

    # Finding.

    def writes(self, keys: Keys) -> bool:
        """Whether the file contains a spelling."""
        return not self.locate(keys).missing

    def locate(self, keys: Keys) -> Place:
        """How far the document follows a spelling."""
        return locate(self._root, self.speller, keys)

    # Changing.

    def put(self, keys: Keys, value: Value) -> None:
        """Writes a value at a spelling.

        Raises UsageError if the text cannot be changed there.
        """
        place = self.locate(keys)
        try:
            if place.missing:
                self._insert(place, value)
            elif place.pair is not None:
                self._replace(place, place.pair, value)
        except NotEditable as reason:
            line, col = self._rewrite.source.position(place.node.start)
            raise UsageError(
                f"{self.name}:{line}:{col}: {dotted(keys)} cannot be changed on its own: {reason};"
                " edit the file manually"
            ) from None
        self._apply()

    def _replace(self, place: Place, pair: Pair, value: Value) -> None:
        """Replaces the value at a place that exists."""
        wrapped = self._wrapped_value(place)
        if place.is_item:
            self._replace_item(pair, value)
        elif wrapped is not None and not isinstance(value, Mapping):
            self._rewrite.put(wrapped, value)
        else:
            self._rewrite.put(pair, value)

    def _replace_item(self, pair: Pair, value: Value) -> None:
        """Replaces the value of a list item, whose key is `value` or `valueFrom`."""
        key, new = "value", value
        if isinstance(value, Mapping) and "valueFrom" in value:
            key, new = "valueFrom", value["valueFrom"]
        if pair.key.text != key:
            self._rewrite.rename(pair, key)
        self._rewrite.put(pair, new)

    def _wrapped_value(self, place: Place) -> Pair | None:
        """The inner pair of a variable that is written as `NAME: {value: ...}`."""
        if not isinstance(place.node, Map) or len(place.node.pairs) != 1:
            return None
        if not self.speller.schema_at(place.found).get("x-atomic"):
            return None
        return place.node.pair("value")

    def _insert(self, place: Place, value: Value) -> None:
        """Adds the missing keys, with the value at the last one."""
        new = _nested(place.missing, value)
        node, pair = place.node, place.pair
        if isinstance(node, Alias):
            raise NotEditable("it is written elsewhere, as an anchor")
        if isinstance(node, Map):
            self._rewrite.add(node, new)
        elif pair is None:
            raise NotEditable("it is not a mapping")
        elif isinstance(node, Seq) and "x-list-key" in self.speller.schema_at(place.found):
            self._append_item(pair, node, new)
        elif place.item is not None and place.missing[0] == "valueFrom":
            self._replace_item(pair, new)
        elif _is_null(node):
            raise UsageError(
                f"{dotted((*place.found, *place.missing))}: {pair.key.text} is null here,"
                " which clears it in lower layers; unset it first"
            )
        else:
            self._rewrite.add_below(pair, new)

    def _append_item(self, pair: Pair, node: Seq, new: Mapping[str, Value]) -> None:
        """Adds an item to the list of named entries in a pair, in the style of its last item."""
        if not node.items:
            self._rewrite.put(pair, dict(new))
            return
        ((name, value),) = new.items()
        entry = {"name": name, **(value if isinstance(value, Mapping) else {"value": value})}

        def lines(dash: int) -> list[str]:
            return self._item_lines(node, entry, dash)

        self._rewrite.append(node, lines, natural_inline(entry))

    def _item_lines(self, seq: Seq, entry: Mapping[str, Value], dash: int) -> list[str]:
        """A new item as lines, its dash at the column `dash`, from 0."""
        last = seq.items[-1]
        margin = " " * dash
        if not isinstance(last, Map) or last.flow:
            return [f"{margin}- {natural_inline(entry)}"]
        source = self._rewrite.source
        line, col = source.position(last.start)
        same_line = line == source.position(source.dash(seq, len(seq.items) - 1))[0]
        gap = max(col - 1 - dash, _DASH) if same_line else _DASH
        first, *rest = natural_lines(entry, dash + gap)
        return [margin + "-".ljust(gap) + first.lstrip(), *rest]

    def remove(self, keys: Keys) -> None:
        """Removes what is at a spelling, and everything that becomes empty."""
        place = self.locate(keys)
        base = self.locate(self.speller.base).pair
        if base is not None:
            self._rewrite.keep(base)
        if place.item is not None and place.is_item:
            self._rewrite.remove_item(place.item.node)
        elif place.pair is not None:
            holder = self.locate(keys[:-1]).node
            inside = isinstance(holder, Map) and any(pair is place.pair for pair in holder.pairs)
            if not inside and place.item is None:
                raise UsageError(
                    f"{self.name}: {dotted(keys)} is written elsewhere, as an anchor;"
                    " edit the file manually"
                )
            self._rewrite.remove(place.pair)
        self._apply()


def _nested(keys: Keys, value: Value) -> Value:
    """A value nested below these keys."""
    for key in reversed(keys):
        value = {key: value}
    return value


def _is_null(node: Span) -> bool:
    return isinstance(node, Scalar) and node.text in NULLS and not node.style
