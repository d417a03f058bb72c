"""Where the chart and the schemas are: beside the installed package, or in the checkout."""

from __future__ import annotations

import os

from mops.model.problems import EnvironmentFailure

_PACKAGE = os.path.dirname(os.path.dirname(os.path.realpath(__file__)))
_CHECKOUT = os.path.dirname(os.path.dirname(_PACKAGE))


def root() -> str:
    """The folder that holds chart/ and schemas/."""
    for folder in (os.path.join(_PACKAGE, "_bundle"), _CHECKOUT):
        if os.path.isfile(os.path.join(folder, "chart", "Chart.yaml")):
            return folder
    raise EnvironmentFailure(
        "the installation is incomplete: it holds no chart; install mops again"
    )


def chart() -> str:
    """The chart's folder."""
    return os.path.join(root(), "chart")


def chart_files() -> dict[str, bytes]:
    """The content of the chart's files, by their names below its folder."""
    found: dict[str, bytes] = {}
    for folder, _, names in os.walk(chart()):
        for name in names:
            path = os.path.join(folder, name)
            with open(path, "rb") as file:
                found[os.path.relpath(path, chart()).replace(os.sep, "/")] = file.read()
    return found


def read(*parts: str) -> str:
    """The text of a bundled file, named by its parts below the root."""
    with open(os.path.join(root(), *parts), encoding="utf-8") as file:
        return file.read()


def write(text: str, *parts: str) -> None:
    """Replaces a generated file of the checkout."""
    with open(os.path.join(root(), *parts), "w", encoding="utf-8", newline="\n") as file:
        file.write(text)
