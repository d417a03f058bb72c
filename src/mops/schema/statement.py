"""Statements: nodes as written in a source, each with the paths of the settings that it sets.

Files, override variables, flags, `--set` and `config set` all produce statements. None of them
types a scalar: `mops.schema.reading` turns statements into leaves.
"""

from __future__ import annotations

from typing import NamedTuple

from mops.model.layer import Origin, Path, dotted
from mops.model.problems import ERROR, Problem
from mops.schema.fields import declared_name
from mops.schema.secrets import named_texts, without_secrets
from mops.schema.tree import Tree
from mops.yamltext.nodes import Node, Text

MOST_SEARCHES = 100

# A path as spelled in a source: perhaps a flat key, in snake_case, below `workspace` or `spec`.
Spelling = tuple[str, ...]


class Searches:
    """A bound on the searches for similar names, each of which takes almost a millisecond.

    Nobody reads more suggestions, and a file that is not for mops may have thousands of unknown
    keys.
    """

    __slots__ = ("left",)

    def __init__(self) -> None:
        self.left = MOST_SEARCHES

    def allowed(self) -> bool:
        """Whether another search is allowed; every call counts as one."""
        self.left -= 1
        return self.left >= 0


class Source(NamedTuple):
    """Where settings are written, and how keys are spelled there.

    `layer` is the name of the layer that the settings belong to. `place` is the file's name, a
    variable or a flag; with `in_file`, places also have the node's line and column.
    `home` is the section that contains the settings, `flat` whether it may contain flat keys, and
    `snake_case` whether declared names may also be written in snake_case. `searches` bounds the
    searches for names that are similar to unknown ones.
    """

    layer: str
    place: str
    in_file: bool = True
    home: Spelling = ()
    flat: bool = False
    snake_case: bool = True
    searches: Searches | None = None

    def origin(self, node: Node, spelled: Spelling = ()) -> Origin:
        """Where `node` was written."""
        if not self.in_file:
            return Origin(self.layer, self.place)
        return Origin(self.layer, f"{self.place}:{node.line}:{node.col}", dotted(spelled))

    def problem(
        self, node: Node, spelled: Spelling, message: str, hint: str = "", *, name: str = ""
    ) -> Problem:
        """A problem at `node`. A secret is hidden; its name is `name`, or else its key."""
        origin = self.origin(node, spelled)
        if isinstance(node, Text) and node.text and node.text in message + hint:
            name = name or (spelled[-1] if spelled else self.place)
            known = named_texts(name, node.text)
            message, hint = (without_secrets(text, known) for text in (message, hint))
        return Problem(ERROR, origin.key, message, origin, hint)

    def declared_name(self, tree: Tree, key: str) -> str:
        """The declared name that this source spells as `key`; without one, `key` itself."""
        # Kubernetes' own fields have one spelling.
        takes_snake_case = self.snake_case and "x-type" not in tree
        return declared_name(tree, key) if takes_snake_case else key


class Statement(NamedTuple):
    """One node, which is the value of the settings at all of `paths`.

    Some keys set several paths (`worker_memory` sets request and limit). The empty path is the
    whole configuration. `verbatim`: the node is a scalar in which neither the empty string nor
    `null` has a special meaning.
    """

    source: Source
    paths: tuple[Path, ...]
    node: Node
    spelled: Spelling = ()
    verbatim: bool = False
