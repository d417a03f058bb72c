"""Help texts and shell completion, built by typer from the table of commands."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption
from typer.main import get_install_completion_arguments

from mops.cli.commands import ALIASES, COMMANDS, GROUPS, Command
from mops.cli.options import Argument, Option
from mops.cli.parse import HELP, KEYS, command_options
from mops.schema.fields import load_schema
from mops.schema.keywords import types

PROGRAM = "mops"

# Called with the context, the words so far, and the prefix of the word to complete.
Complete = Callable[[Any, list[str], str], list[str]]


def help_text(path: Sequence[str]) -> str:
    """The help of a command, or of a group."""
    node: Any = program()
    context = typer.Context(node, info_name=PROGRAM)
    for word in path:
        node = node.commands[word]
        context = typer.Context(node, info_name=word, parent=context)
    return str(node.get_help(context)) + "\n"


def complete(words: Sequence[str]) -> int:
    """Answers the shell's request, or prints or installs its completion script."""
    program().main(args=list(words), prog_name=PROGRAM, standalone_mode=False)
    return 0


def program() -> TyperGroup:
    """All commands as a typer program."""
    root = _group(())
    root.params = [
        TyperOption(param_decls=["--version"], is_flag=True, help="Print the version and exit."),
        *get_install_completion_arguments(),
    ]
    root.invoke_without_command = True
    return root


def _group(path: tuple[str, ...]) -> TyperGroup:
    inside = {alias: target for alias, target in ALIASES.items() if alias[:-1] == path}
    inside |= {group: group for group in GROUPS if group and group[:-1] == path}
    commands: dict[str, Any] = {
        name[-1]: _command(command) for name, command in COMMANDS.items() if name[:-1] == path
    }
    groups = {name[-1]: _group(target) for name, target in inside.items()}
    return TyperGroup(
        name=path[-1] if path else PROGRAM,
        commands={**commands, **groups},
        help=GROUPS[path],
        no_args_is_help=True,
        rich_markup_mode=None,
        context_settings={"help_option_names": list(HELP)},
    )


def _command(command: Command) -> TyperCommand:
    schema = load_schema() if command.selects else None
    options = command_options(command, schema)
    label = "Example: " if len(command.examples) == 1 else "Examples: "
    return TyperCommand(
        name=command.path[-1],
        help="\n\n".join(filter(None, (command.summary, command.details))),
        short_help=command.summary,
        epilog=label + " | ".join(command.examples),
        params=[*map(_argument, command.arguments), *map(_option, options)],
        hidden=command.hidden,
        rich_markup_mode=None,
        context_settings={"help_option_names": list(HELP)},
    )


def _option(option: Option) -> TyperOption:
    if option.is_switch:
        return TyperOption(
            param_decls=[option.field, *option.names],
            is_flag=True,
            help=option.help,
            rich_help_panel=option.panel,
        )
    return TyperOption(
        param_decls=[option.field, *option.names],
        metavar=option.metavar,
        multiple=True,
        help=option.help,
        rich_help_panel=option.panel,
        autocompletion=_option_completion(option),
    )


def _argument(argument: Argument) -> TyperArgument:
    return TyperArgument(
        param_decls=[argument.field],
        metavar=argument.metavar,
        nargs=-1 if argument.many else 1,
        required=argument.required,
        help=argument.help,
        autocompletion=_argument_completion(argument),
    )


def _option_completion(option: Option) -> Complete | None:
    if option.field == "profile":
        return lambda context, _, prefix: profiles(context.params, prefix)
    if option.field in ("set", "set_string"):
        return lambda _, __, prefix: [f"{key}=" for key in keys(prefix)]
    if option.field == "set_secret":
        return lambda _, __, prefix: [f"{key}=" for key in keys(prefix) if ".env." in key]
    return _among(option.choices or _enum(option.names[0]))


def _argument_completion(argument: Argument) -> Complete | None:
    if argument.field in KEYS:
        return lambda _, __, prefix: keys(prefix)
    return _among(argument.choices)


def _among(choices: Sequence[str]) -> Complete | None:
    if not choices:
        return None
    return lambda _, __, prefix: [word for word in choices if word.startswith(prefix)]


def _enum(flag: str) -> tuple[str, ...]:
    """The values that the schema allows for the field of an override option; () for any."""
    schema = load_schema()
    paths = schema.flags.get(flag)
    tree = schema.at(paths[0]) if paths else None
    branches = (tree, *tree.get("anyOf", ())) if tree else ()
    strings = [branch for branch in branches if "string" in types(branch)]
    return tuple(value for branch in strings for value in branch.get("enum", ()))


def keys(prefix: str) -> list[str]:
    """The keys of settings that start with a prefix."""
    fields = load_schema().fields.values()
    settable = [field.key for field in fields if not field.schema.get("x-rendered")]
    return [key for key in settable if key.startswith(prefix)]


def profiles(options: Mapping[str, Any], prefix: str) -> list[str]:
    """The profiles in the files that the options so far select."""
    import os

    from mops.config.sources import Request, gather
    from mops.model.problems import MopsError

    request = Request(config=tuple(options.get("config") or ()))
    try:
        files = gather(request, os.environ, load_schema()).files
    except MopsError:
        return []
    return sorted({name for file in files for name in file.profiles if name.startswith(prefix)})
