"""The options table as typer signatures, with shell completion."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any, Optional

import typer

from mops.cli.flags import SELECTION, Option, overrides
from mops.config import sources
from mops.model.problems import MopsError
from mops.schema.fields import load_schema
from mops.schema.keywords import types

Command = Callable[..., Any]


def takes(*options: Option) -> Callable[[Command], Command]:
    """Gives a command these options; it receives them as one mapping, `given`."""

    def decorate(command: Command) -> Command:
        own = [
            parameter
            for name, parameter in inspect.signature(command, eval_str=True).parameters.items()
            if name != "given"
        ]
        names = {parameter.name for parameter in own}

        def called(**arguments: Any) -> Any:
            mine = {name: arguments.pop(name) for name in names}
            return command(given=arguments, **mine)

        called.__signature__ = inspect.Signature([*own, *map(_parameter, options)])  # type: ignore[attr-defined]
        called.__doc__ = command.__doc__
        called.__name__ = command.__name__
        return called

    return decorate


def selection() -> tuple[Option, ...]:
    """The options of every command that reads a configuration."""
    return (*SELECTION, *overrides(load_schema()))


def _parameter(option: Option) -> inspect.Parameter:
    kind: Any = int if option.switch else Optional[list[str]]
    settings: dict[str, Any] = {"help": option.help, "rich_help_panel": option.panel}
    if option.switch:
        settings |= {"count": True, "metavar": "", "show_default": False}
        default: Any = typer.Option(0, *option.names, **settings)
    else:
        default = typer.Option(
            None,
            *option.names,
            metavar=option.metavar,
            autocompletion=_completion(option),
            show_default=False,
            **settings,
        )
    return inspect.Parameter(
        option.dest, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind
    )


def _completion(option: Option) -> Callable[..., Sequence[str]] | None:
    if option.dest == "profile":
        return profiles
    if option.dest in ("set", "set_string"):
        return lambda incomplete: [f"{key}=" for key in keys(incomplete)]
    paths = load_schema().flags.get(option.names[0])
    tree = load_schema().at(paths[0]) or {} if paths else {}
    choices = [
        value
        for branch in (tree, *tree.get("anyOf", ()))
        for value in branch.get("enum", ())
        if "string" in types(branch)
    ]
    return (
        (lambda incomplete: [choice for choice in choices if choice.startswith(incomplete)])
        if choices
        else None
    )


def keys(incomplete: str) -> list[str]:
    """Keys of settings that begin so."""
    return [
        field.key
        for field in load_schema().fields.values()
        if field.key.startswith(incomplete) and not field.schema.get("x-rendered")
    ]


def profiles(ctx: typer.Context, incomplete: str) -> list[str]:
    """Profiles of the files that the command line selects so far."""
    import os

    try:
        asked = sources.Request(config=tuple(ctx.params.get("config") or ()))
        found = sources.gather(asked, os.environ, load_schema())
    except MopsError:
        return []
    return sorted(
        {name for file in found.files for name in file.profiles if name.startswith(incomplete)}
    )
