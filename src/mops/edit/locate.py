"""Finding a setting in a document: how far its nodes follow a spelling."""

from __future__ import annotations

from typing import NamedTuple

from mops.edit.spelling import Keys, Speller
from mops.yamltext.outline import Map, Pair, Scalar, Seq, Span

# The keys of a variable whose value Kubernetes reads from elsewhere.
_SOURCES = ("valueFrom", "value_from")


class Item(NamedTuple):
    """An item of a list of named entries (environment variables), and its spelling."""

    node: Map
    keys: Keys


class Place(NamedTuple):
    """How far a document follows a spelling.

    `node` is the node at the `found` keys, `pair` the pair that contains it (None for the root),
    and `item` the list item that contains this pair. `missing` are the keys that do not exist.
    """

    found: Keys
    missing: Keys
    node: Span
    pair: Pair | None = None
    item: Item | None = None

    @property
    def is_item(self) -> bool:
        """Whether the spelling ends at an item of a list."""
        return self.item is not None and not self.missing and self.item.keys == self.found


def locate(root: Span, speller: Speller, keys: Keys) -> Place:
    """How far a document follows a spelling."""
    place = Place((), keys, root)
    while place.missing:
        following = _follow(speller, place)
        if following is None:
            break
        place = following
    return place


def _follow(speller: Speller, place: Place) -> Place | None:
    """The place one key further; None if the document does not have it."""
    if isinstance(place.node, Map):
        return _follow_mapping(speller, place, place.node)
    if isinstance(place.node, Seq):
        return _follow_list(speller, place, place.node)
    return None


def _follow_mapping(speller: Speller, place: Place, node: Map) -> Place | None:
    name, *rest = place.missing
    pair = node.pair(*speller.variants(place.found, name))
    if pair is None:
        return None
    item = place.item if place.item is not None and place.item.node is node else None
    return Place((*place.found, name), tuple(rest), pair.value, pair, item)


def _follow_list(speller: Speller, place: Place, node: Seq) -> Place | None:
    name, *rest = place.missing
    found = _entry(node, speller.schema_at(place.found).get("x-list-key"), name)
    pair = found.pair("value", *_SOURCES) if found is not None else None
    if found is None or pair is None:
        return None
    keys = (*place.found, name)
    item = Item(found, keys)
    if rest and pair.key.text in _SOURCES:
        # The next key is valueFrom itself.
        return Place(keys, tuple(rest), found, place.pair, item)
    return Place(keys, tuple(rest), pair.value, pair, item)


def _entry(seq: Seq, key: str | None, name: str) -> Map | None:
    """The item of a list that has `name` at `key`; None if there is none, or no `key`."""
    if key is None:
        return None
    for item in seq.items:
        if not isinstance(item, Map):
            continue
        pair = item.pair(key)
        if pair is not None and isinstance(pair.value, Scalar) and pair.value.text == name:
            return item
    return None
