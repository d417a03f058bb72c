"""Variables that no process in the container reads, although an image or a library once did."""

from __future__ import annotations

from collections.abc import Iterator

from mops.checks.rule import WARNING, Finding, Rule
from mops.config.view import SCHEDULER, View

# Packages that the entrypoint of Dask's images installs before it starts Dask.
_PACKAGES = ("EXTRA_PIP_PACKAGES", "EXTRA_CONDA_PACKAGES", "EXTRA_APT_PACKAGES")
# Variables of glibc's allocator that end with an underscore.
_ALLOCATOR = (
    "MALLOC_TRIM_THRESHOLD_",
    "MALLOC_TOP_PAD_",
    "MALLOC_MMAP_THRESHOLD_",
    "MALLOC_MMAP_MAX_",
)


def entrypoint_packages(view: View) -> Iterator[Finding]:
    for group in view.pods:
        command = "dask scheduler" if group == SCHEDULER else "dask worker"
        for name in _PACKAGES:
            if view.has(group.variable(name)):
                yield Finding(
                    (group.variable(name),),
                    "nothing is installed: the image's entrypoint would do that, and the chart"
                    f" runs `{command}` in its place",
                    "build an image with these packages",
                )


def allocator(view: View) -> Iterator[Finding]:
    for group in view.pods:
        for name in _ALLOCATOR:
            lacking = name.removesuffix("_")
            if view.has(group.variable(lacking)):
                yield Finding(
                    (group.variable(lacking),),
                    "glibc does not read this: its variable ends with an underscore",
                    f"write {name}",
                )
            text = view.texts(group).get(name, "0")
            if not text.isdecimal() and "$(" not in text:
                yield Finding(
                    (group.variable(name),), "glibc reads a number of bytes here", "write 65536"
                )


def list_entry(view: View) -> Iterator[Finding]:
    for group in view.pods:
        if {"name", "value"} <= set(view.names(group)):
            name = view.texts(group).get("name", "NAME")
            yield Finding(
                (group.variable("name"), group.variable("value")),
                "this sets two variables called name and value, instead of one",
                f"write {name}: VALUE, or a list: [{{name: {name}, value: VALUE}}]",
            )


RULES = (
    Rule(
        "entrypoint-packages",
        WARNING,
        "packages that the image's entrypoint would install",
        entrypoint_packages,
    ),
    Rule("allocator", WARNING, "a variable of glibc that lacks its underscore", allocator),
    Rule("list-entry", WARNING, "variables called name and value: a forgotten dash", list_entry),
)
