"""Linting files: the objects in them, and the findings with lines and columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from mops.chart.manifests import documents
from mops.gitops.lints import Found, lint
from mops.model.disk import read_file
from mops.model.layer import Origin, Path, Value, dotted
from mops.model.problems import ERROR, Problem
from mops.yamltext.nodes import Items, Node, Pairs
from mops.yamltext.plain import plain_data
from mops.yamltext.reader import parse


class _Document(NamedTuple):
    """An object in a file."""

    file: str
    root: Pairs


def lint_files(names: Iterable[str]) -> tuple[int, list[Problem]]:
    """The number of objects in the files, and their problems.

    Raises EnvironmentFailure for a file that cannot be read.
    """
    found: list[_Document] = []
    problems: list[Problem] = []
    for name in names:
        for start, text in documents(str(read_file(name), "utf-8", "replace")):
            # Leading empty lines make positions relative to the file.
            root, wrong = parse("\n" * start + text, name, name)
            problems += wrong
            if isinstance(root, Pairs) and root.pairs:
                found.append(_Document(name, root))
    objects: list[Value] = [plain_data(document.root, lenient=True) for document in found]
    for one in lint(objects):
        document = found[one.position]
        line, col = _position(document.root, one.finding.path)
        origin = Origin(document.file, f"{document.file}:{line}:{col}")
        problems.append(_problem(one, origin))
    return len(objects), problems


def lint_objects(objects: Sequence[dict[str, Value]]) -> list[Problem]:
    """The problems of objects that are not in files; their places are `Kind/name`."""
    return [
        _problem(one, Origin("gitops", _object_name(objects[one.position])))
        for one in lint(objects)
    ]


def _problem(one: Found, origin: Origin) -> Problem:
    finding = one.finding
    return Problem(ERROR, dotted(finding.path), finding.message, origin, finding.hint)


def _object_name(entry: dict[str, Value]) -> str:
    return f"{entry['kind']}/{entry['metadata']['name']}"


def _position(root: Pairs, path: Path) -> tuple[int, int]:
    """Line and column of the value at the path, or of the last part that exists."""
    node: Node = root
    position = (root.line, root.col)
    for part in path:
        if isinstance(node, Items) and part.isdecimal() and int(part) < len(node.items):
            node = node.items[int(part)]
            position = (node.line, node.col)
        elif isinstance(node, Pairs) and part in node.pairs:
            key, node = node.pairs[part]
            position = (key.line, key.col)
        else:
            break
    return position
