"""The options of the commands, as one table that two parsers read.

`parse` is the quick one: it takes the plain forms of a command line and gives up (None) on everything else,
help and mistakes included, which the full parser then explains. A test holds the two against each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from mops.config.sources import Request
from mops.model.problems import UsageError
from mops.schema.fields import SettingsSchema

# What the options of one run came to: a list of texts, or for a switch how often it was given.
Given = Mapping[str, Any]


class Option(NamedTuple):
    """One option; a `switch` takes no value."""

    names: tuple[str, ...]
    help: str
    metavar: str = "TEXT"
    switch: bool = False
    panel: str = "Options"

    @property
    def dest(self) -> str:
        """The option's name among what was given."""
        return self.names[0].lstrip("-").replace("-", "_")


SELECTION = (
    Option(("--config", "-c"), "Read FILE as a layer; may be repeated, the later winning. The file in the home folder is then not read.", "FILE"),
    Option(("--profile", "-p"), "Add the profile NAME of the files; may be repeated.", "NAME"),
    Option(("--set",), "Set a key, as in workers.env.LOG=debug; null forgets it. Keys with dots are quoted: 'workers.nodeSelector.\"kubernetes.io/arch\"=arm64'.", "KEY=VALUE"),
    Option(("--set-string",), "Like --set, but the value is always text, even null.", "KEY=TEXT"),
    Option(("--debug-mode",), "One process, one thread, executor direct.", switch=True),
    Option(("--hermetic",), "Read no file in the home folder and no environment variable.", switch=True),
    Option(("--strict",), "Treat warnings as errors.", switch=True),
    Option(("--quiet", "-q"), "Do not say which layers are active and what is overridden.", switch=True),
)  # fmt: skip

RENDER = (
    Option(
        ("--format",),
        "What to write: Helm values, the same as JSON, or what helm makes of them.",
        "values|json|manifests",
    ),
    Option(("--annotate",), "Write the origin of each value behind it.", switch=True),
    Option(("--output", "-o"), "Write to FILE, whole or not at all.", "FILE"),
    Option(
        ("--check",),
        "Write nothing: compare with the file of -o and exit with 1 where it is stale.",
        switch=True,
    ),
    Option(
        ("--all",),
        "Render every workspace of the tree, each values.yaml beside its configuration.",
        switch=True,
        panel="Fleets",
    ),
    Option(
        ("--root",),
        "The tree: a folder with mops.fleet.yaml or envs/*/mops.yaml.",
        "DIR",
        panel="Fleets",
    ),
    Option(
        ("--jobs", "-j"),
        "How many processes render; as many as there are cores where that pays.",
        "N",
        panel="Fleets",
    ),
    Option(
        ("--keep-going",),
        "Write the valid workspaces though others are invalid.",
        switch=True,
        panel="Fleets",
    ),
    Option(
        ("--kube-version",),
        "The cluster's version, for --format manifests.",
        "VERSION",
        panel="Manifests",
    ),
    Option(
        ("--api-version",),
        "An API that the cluster has, as in keda.sh/v1alpha1/ScaledObject; may be repeated.",
        "API",
        panel="Manifests",
    ),
    Option(
        ("--from-argocd-env",),
        "As an Argo CD plugin: take the selection from its environment, and write manifests.",
        switch=True,
        panel="Manifests",
    ),
)


def overrides(schema: SettingsSchema) -> list[Option]:
    """The options that the schema's fields have."""
    found: list[Option] = []
    for flag, paths in schema.flags.items():
        tree = schema.at(paths[0]) or {}
        text = str(tree.get("description", ""))
        if tree.get("x-switch"):
            found.append(Option((flag,), text, switch=True, panel="Overrides"))
            found.append(
                Option(
                    (f"--no-{flag[2:]}",),
                    f"The opposite of {flag}.",
                    switch=True,
                    panel="Overrides",
                )
            )
        else:
            names = {"--namespace": ("--namespace", "-n"), "--env": ("--env", "-e")}.get(
                flag, (flag,)
            )
            found.append(Option(names, text, "VALUE", panel="Overrides"))
    return found


def one(given: Given, name: str) -> str:
    """The value of an option that may be given once; "" without it."""
    texts = given.get(name) or []
    if len(texts) > 1:
        raise UsageError(f"--{name.replace('_', '-')} is given twice")
    return str(texts[0]) if texts else ""


def request(given: Given, schema: SettingsSchema) -> Request:
    """The request that a run's options make."""
    chosen: list[tuple[str, str]] = []
    for option in overrides(schema):
        value = given.get(option.dest)
        if option.switch:
            chosen += [
                (option.names[0], "true" if option.names[0] in schema.flags else "false")
            ] * int(value or 0)
        else:
            chosen += [(option.names[0], text) for text in value or ()]
    sets = [
        (flag, pair)
        for flag in ("--set", "--set-string")
        for pair in given.get(flag.lstrip("-").replace("-", "_")) or ()
    ]
    return Request(
        config=tuple(given.get("config") or ()),
        profiles=tuple(given.get("profile") or ()),
        overrides=tuple(chosen),
        sets=tuple(sets),
        debug_mode=bool(given.get("debug_mode")),
        hermetic=bool(given.get("hermetic")),
    )


def parse(args: Sequence[str], options: Sequence[Option]) -> dict[str, Any] | None:
    """The options in `args`; None for anything but complete, known options."""
    known = {name: option for option in options for name in option.names}
    found: dict[str, Any] = {}
    index = 0
    while index < len(args):
        name, equals, value = (
            args[index].partition("=") if args[index].startswith("--") else (args[index], "", "")
        )
        option = known.get(name)
        if option is None or (option.switch and equals):
            return None
        if option.switch:
            found[option.dest] = found.get(option.dest, 0) + 1
        else:
            if not equals:
                index += 1
                if index == len(args) or (args[index].startswith("-") and args[index] != "-"):
                    return None
                value = args[index]
            found.setdefault(option.dest, []).append(value)
        index += 1
    return found
