"""The options and arguments of commands, as data."""

from __future__ import annotations

from typing import NamedTuple

from mops.schema.fields import SettingsSchema


class Option(NamedTuple):
    """One option of a command.

    `metavar` is the name of the value in help texts; without one, the option is a switch.
    `many` options may be repeated; `number` options take a whole number. `panel` is the heading
    above the option in help texts.
    """

    names: tuple[str, ...]
    help: str
    metavar: str = ""
    many: bool = False
    number: bool = False
    choices: tuple[str, ...] = ()
    panel: str = "Options"

    @property
    def field(self) -> str:
        """The field of the command's record for the option's value."""
        return self.names[0].lstrip("-").replace("-", "_")

    @property
    def is_switch(self) -> bool:
        """Whether the option takes no value."""
        return not self.metavar


class Argument(NamedTuple):
    """One positional argument of a command; `field` is the field of the command's record."""

    field: str
    metavar: str
    help: str
    required: bool = False
    many: bool = False
    number: bool = False
    choices: tuple[str, ...] = ()


def choice(names: tuple[str, ...], text: str, *choices: str) -> Option:
    """An option that takes one of a few words."""
    return Option(names, text, "|".join(choices), choices=choices)


def in_panel(panel: str, *options: Option) -> tuple[Option, ...]:
    """The options under a heading of their own."""
    return tuple(option._replace(panel=panel) for option in options)


STRICT = Option(("--strict",), "Treat warnings as errors.")
QUIET = Option(("--quiet", "-q"), "Do not list the active layers and overrides.")
SELECTION = (
    Option(
        ("--config", "-c"),
        "Read FILE as a layer; may be repeated, later files win. "
        "The file in the home directory is then ignored.",
        "FILE",
        many=True,
    ),
    Option(
        ("--profile", "-p"), "Add profile NAME from the files; may be repeated.", "NAME", many=True
    ),
    Option(
        ("--set",),
        "Set a key, as in workers.env.LOG=debug; null clears it. Quote keys that contain dots: "
        "'workers.nodeSelector.\"kubernetes.io/arch\"=arm64'.",
        "KEY=VALUE",
        many=True,
    ),
    Option(
        ("--set-string",), "Like --set, but the value is always a string.", "KEY=TEXT", many=True
    ),
    Option(
        ("--set-secret",),
        "Have an environment variable of scheduler and workers read from a Secret, as in "
        "TOKEN=my-secret/token; workers.env.TOKEN=my-secret/token is for the workers alone.",
        "NAME=SECRET/KEY",
        many=True,
    ),
    Option(("--debug-mode",), "One process, one thread, executor direct."),
    Option(
        ("--hermetic",), "Ignore the home directory and all environment variables of mops."
    ),
    STRICT,
    QUIET,
)  # fmt: skip

# The heading above the options that set a field of the schema.
OVERRIDES = "Overrides"
# Overrides that also have a short form.
_SHORT_FORMS = {"--namespace": "-n", "--env": "-e"}


def override_options(schema: SettingsSchema) -> list[Option]:
    """The options that set a field of the schema; each switch also has its opposite."""
    found: list[Option] = []
    for flag, paths in schema.flags.items():
        tree = schema.at(paths[0]) or {}
        text = str(tree.get("description", ""))
        if tree.get("x-switch"):
            found.append(Option((flag,), text, panel=OVERRIDES))
            opposite = negated(flag)
            found.append(Option((opposite,), f"The opposite of {flag}.", panel=OVERRIDES))
            continue
        names = (flag, _SHORT_FORMS[flag]) if flag in _SHORT_FORMS else (flag,)
        found.append(Option(names, text, "VALUE", many=True, panel=OVERRIDES))
    return found


def negated(flag: str) -> str:
    """The option that turns a switch off."""
    return f"--no-{flag.removeprefix('--')}"
