"""Parts of a document, each of which belongs to one layer, and their statements."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mops.model.layer import Path
from mops.model.problems import Problem
from mops.schema.fields import SettingsSchema
from mops.schema.statement import Source, Spelling, Statement
from mops.yamltext.nodes import Node, Pairs, Text, is_empty


class Scope:
    """The settings of a file or of one of its profiles; both add to one list of statements."""

    def __init__(
        self, schema: SettingsSchema, source: Source, statements: list[Statement | Problem]
    ) -> None:
        self.schema = schema
        self.source = source
        self.statements = statements

    def profile(self, layer: str, home: Spelling) -> Scope:
        """The scope of a profile, whose settings are below `home`."""
        return Scope(self.schema, self.source._replace(layer=layer, home=home), self.statements)

    def pairs(self, node: Node, spelled: Spelling) -> Iterable[tuple[Text, Node]]:
        """The pairs of a mapping of settings; for anything else, none and a problem."""
        if isinstance(node, Pairs):
            return node.pairs.values()
        if is_empty(node):
            hint = "remove the key, or indent the settings below it"
            self.problem(node, spelled, "this key has no value", hint)
        else:
            self.problem(node, spelled, "expected a mapping of settings")
        return ()

    def setting(self, key: Text, node: Node, spelled: Spelling) -> None:
        """Adds the statement of a flat key or a section."""
        flat = self.schema.flat if self.source.flat else {}
        sections = self.schema.tree["properties"]
        name = self.source.declared_name(self.schema.tree, key.text)
        if key.text in flat:
            self.add(flat[key.text], node, spelled)
        elif name in sections and not sections[name].get("x-rendered"):
            self.add([(name,)], node, spelled)
        else:
            known = [each for each, sub in sections.items() if not sub.get("x-rendered")]
            self.unknown(key, spelled, [*flat, *known, "profiles", "profile"])

    def add(self, paths: Sequence[Path], node: Node, spelled: Spelling) -> None:
        """Adds the statement that a node is the value of settings."""
        self.statements.append(Statement(self.source, tuple(paths), node, spelled))

    def problem(self, node: Node, spelled: Spelling, message: str, hint: str = "") -> None:
        """Adds a problem at a node."""
        self.statements.append(self.source.problem(node, spelled, message, hint))

    def unknown(self, key: Text, spelled: Spelling, known: Iterable[str]) -> None:
        """Adds the problem of an unknown key; `known` are the keys that are allowed here."""
        from mops.schema.suggest import unknown_key

        self.statements.append(unknown_key(self.schema, self.source, key, spelled, known))
