"""The chart and the schemas that mops ships: in the installed package, or in the checkout."""

from __future__ import annotations

import os

from mops.model import disk
from mops.model.problems import EnvironmentFailure

_PACKAGE = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
_CHECKOUT = os.path.dirname(os.path.dirname(_PACKAGE))


def root() -> str:
    """The directory that contains chart/ and schemas/.

    Raises EnvironmentFailure if the installation is incomplete.
    """
    for directory in (os.path.join(_PACKAGE, "_bundle"), _CHECKOUT):
        if os.path.isfile(os.path.join(directory, "chart", "Chart.yaml")):
            return directory
    raise EnvironmentFailure("incomplete installation: the chart is missing; reinstall mops")


def chart() -> str:
    """The path of the chart."""
    return os.path.join(root(), "chart")


def chart_files() -> dict[str, bytes]:
    """The chart's files: path below its directory, with `/` -> content."""
    found: dict[str, bytes] = {}
    for directory, _, names in os.walk(chart()):
        for name in names:
            path = os.path.join(directory, name)
            with open(path, "rb") as file:
                found[os.path.relpath(path, chart()).replace(os.sep, "/")] = file.read()
    return found


def read(*parts: str) -> str:
    """The text of a bundled file; `parts` are the components of its path below the root."""
    with open(os.path.join(root(), *parts), encoding="utf-8") as file:
        return file.read()


def write(text: str, *parts: str) -> bool:
    """Replaces a generated file of the checkout; returns whether its content changed."""
    return disk.write(text, os.path.join(root(), *parts))
