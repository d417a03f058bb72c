"""Words of a command line to the typed options of one command.

This is the only parser. Typer builds help and shell completion from the same table, and is loaded
only for these: importing it costs more than most commands.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from typing import Any, NamedTuple

from mops.cli.commands import ALIASES, COMMANDS, GROUPS, Command
from mops.cli.options import OVERRIDES, SELECTION, Argument, Option, override_options
from mops.config.sources import Request
from mops.model.problems import UsageError
from mops.model.spelling import near, one_of, with_hint
from mops.schema.fields import SettingsSchema, load_schema

HELP = ("--help", "-h")
# The fields of arguments that are keys of settings.
KEYS = ("key", "keys")


class MisusedCommand(UsageError):
    """A mistake on the command line; `path` is the command or group that it names."""

    def __init__(self, message: str, path: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.path = tuple(path)


class HelpRequested(Exception):
    """A request for help; `asked` is false if help is shown because a command is missing."""

    def __init__(self, path: Sequence[str] = (), *, asked: bool = True) -> None:
        super().__init__()
        self.path = tuple(path)
        self.asked = asked


class Parsed(NamedTuple):
    """Options by their fields, each with the values given (one "" for each use of a switch).

    `given` are the options as typed.
    """

    options: dict[str, list[str]]
    arguments: list[str]
    given: list[str]


class Selection(NamedTuple):
    """The options of every command that reads a configuration."""

    request: Request
    strict: bool = False
    quiet: bool = False


def find_command(words: Sequence[str]) -> tuple[Command, list[str]]:
    """The command that the first words name, and the words after its name.

    Raises HelpRequested(path) if they name a group, followed by a request for help or by nothing.
    """
    path: tuple[str, ...] = ()
    rest = list(words)
    while path not in COMMANDS:
        if not rest or rest[0] in HELP:
            raise HelpRequested(path, asked=bool(rest))
        path = _member(path, rest, words)
        rest = rest[1:]
    return COMMANDS[path], rest


def _member(group: tuple[str, ...], rest: Sequence[str], words: Sequence[str]) -> tuple[str, ...]:
    """The path of the command or group that the next word names; the group () is the top level."""
    word = rest[0]
    path = ALIASES.get((*group, word), (*group, word))
    if path in COMMANDS or path in GROUPS:
        return path
    from mops.cli import habits

    if word.startswith("-"):
        raise MisusedCommand(_unknown("option", word, habits.options_first(words)), group)
    raise MisusedCommand(
        _unknown("command", word, habits.command_hint(group, word, rest[1:])), group
    )


def parse(words: Sequence[str], options: Iterable[Option], *, takes_keys: bool = False) -> Parsed:
    """The options and arguments in the words. Raises UsageError, or HelpRequested.

    `takes_keys`: an argument is the key of a setting, which may be spelled as its option.
    """
    known = {name: option for option in options for name in option.names}
    parsed = Parsed({}, [], [])
    pending = list(reversed(words))
    while pending:
        word = pending.pop()
        if word == "--":
            parsed.arguments.extend(reversed(pending))
            break
        if word in HELP:
            raise HelpRequested
        is_key = takes_keys and _is_key(word, pending, known)
        if is_key or not word.startswith("-") or word == "-" or word[1].isdigit():
            parsed.arguments.append(word)
        elif word.startswith("--"):
            _take_long(word, pending, known, parsed)
        else:
            _take_short(word, pending, known, parsed)
    return parsed


def _is_key(word: str, pending: Sequence[str], known: Mapping[str, Option]) -> bool:
    """Whether an option stands for its setting: it cannot be meant as an option here."""
    option = known.get(word)
    if option is not None:
        return option.panel == OVERRIDES and not option.is_switch and not pending
    return word in load_schema().flags


def _take_long(word: str, pending: list[str], known: Mapping[str, Option], parsed: Parsed) -> None:
    """Takes `--name`, `--name=value` or `--name value`."""
    name, equals, value = word.partition("=")
    option = known.get(name)
    if option is None:
        from mops.cli.habits import option_hint

        hint = option_hint(name, value if equals else _next_word(pending), known)
        raise UsageError(_unknown("option", name, hint))
    if option.is_switch and equals:
        raise UsageError(f"{name} takes no value")
    if not option.is_switch and not equals:
        value = _following(name, option, pending, known)
    _record(parsed, option, name, value)


def _take_short(word: str, pending: list[str], known: Mapping[str, Option], parsed: Parsed) -> None:
    """Takes `-q`, `-c value`, `-cvalue`, or several switches as in `-yq`."""
    letters = word[1:]
    while letters:
        name, letters = f"-{letters[0]}", letters[1:]
        option = known.get(name)
        if option is None:
            from mops.cli.habits import option_hint

            hint = option_hint(name, letters or _next_word(pending), known)
            raise UsageError(_unknown("option", name, hint))
        if option.is_switch:
            _record(parsed, option, name, "")
            continue
        value = letters or _following(name, option, pending, known)
        _record(parsed, option, name, value)
        return


def _following(name: str, option: Option, pending: list[str], known: Mapping[str, Option]) -> str:
    """The next word, as the value of an option."""
    following = pending[-1].partition("=")[0] if pending else ""
    is_pair = option.metavar.startswith("KEY=") and "=" in (pending[-1] if pending else "")
    if not pending or ((following in known or following in HELP) and not is_pair):
        raise UsageError(f"{name} needs a value: {name} {option.metavar}")
    return pending.pop()


def _next_word(pending: Sequence[str]) -> str:
    """The next word, if it is not an option."""
    return pending[-1] if pending and not pending[-1].startswith("-") else ""


def _record(parsed: Parsed, option: Option, name: str, value: str) -> None:
    parsed.options.setdefault(option.field, []).append(value)
    parsed.given.append(name)


def _unknown(kind: str, word: str, hint: str) -> str:
    return with_hint(f"unknown {kind} {word}", hint)


class Invocation(NamedTuple):
    """A command with its typed options."""

    command: Command
    record: Any

    @property
    def wants_json(self) -> bool:
        """Whether the command prints its result, and therefore also its problems, as JSON."""
        return getattr(self.record, "format", "") == "json"

    def run(self) -> int:
        """Runs the command; returns the exit code."""
        function = getattr(import_module(self.command.module), self.command.function)
        code: int = function(self.record) if self.record is not None else function()
        return code


def invocation(words: Sequence[str]) -> Invocation:
    """The command that the words name. Raises MisusedCommand, or HelpRequested(path)."""
    command, rest = find_command(words)
    try:
        return Invocation(command, _bound(command, rest))
    except HelpRequested:
        raise HelpRequested(command.path) from None
    except UsageError as error:
        raise MisusedCommand(str(error), command.path) from None


def _bound(command: Command, words: Sequence[str]) -> Any:
    """The command's record, filled from the words; None for a command without options."""
    schema = load_schema() if command.selects else None
    takes_keys = any(argument.field in KEYS for argument in command.arguments)
    parsed = parse(words, command_options(command, schema), takes_keys=takes_keys)
    fields = _arguments(command, parsed)
    for option in command.options:
        if option.field in parsed.options:
            fields[option.field] = _value(option, option.names[0], parsed.options[option.field])
    if schema is not None:
        fields["selection"] = selection(parsed, schema)
    if not command.record:
        return None
    record = getattr(import_module(command.module), command.record)
    if "given" in record._fields:
        fields["given"] = tuple(parsed.given)
    return record(**fields)


def command_options(command: Command, schema: SettingsSchema | None) -> list[Option]:
    """All options of a command; `schema` is needed if the command reads a configuration."""
    if schema is None:
        return list(command.options)
    return [*SELECTION, *command.options, *override_options(schema)]


def selection(parsed: Parsed, schema: SettingsSchema) -> Selection:
    """The configuration that the options select."""
    given = parsed.options
    overrides: list[tuple[str, str]] = []
    for option in override_options(schema):
        values = given.get(option.field, [])
        flag = option.names[0]
        if option.is_switch:
            values = ["true" if flag in schema.flags else "false"] * len(values)
        overrides += [(flag, value) for value in values]
    sets = [("--set", pair) for pair in given.get("set", [])]
    sets += [("--set-string", pair) for pair in given.get("set_string", [])]
    sets += [("--set-secret", pair) for pair in given.get("set_secret", [])]
    request = Request(
        config=tuple(given.get("config", [])),
        profiles=tuple(given.get("profile", [])),
        overrides=tuple(overrides),
        sets=tuple(sets),
        debug_mode="debug_mode" in given,
        hermetic="hermetic" in given,
    )
    return Selection(request, "strict" in given, "quiet" in given)


def _value(taker: Option | Argument, name: str, values: Sequence[str]) -> Any:
    """The value of an option or argument, in the type that its field has."""
    for value in values:
        problem = _refusal(taker, value)
        if problem:
            raise UsageError(f"{name}: {problem}" if isinstance(taker, Option) else problem)
    if isinstance(taker, Option) and taker.is_switch:
        return True
    if taker.many:
        return tuple(values)
    if len(values) > 1:
        raise UsageError(f"{name} is given twice")
    return int(values[0]) if taker.number else values[0]


def _refusal(taker: Option | Argument, value: str) -> str:
    """What is wrong with one value of an option or argument; "" if nothing is."""
    if taker.choices and value not in taker.choices:
        expected = f"expected {one_of(taker.choices)}, found {value}"
        return with_hint(expected, near(value, taker.choices))
    if taker.number and not value.isdecimal():
        return f"expected a whole number, found {value}"
    return ""


def _arguments(command: Command, parsed: Parsed) -> dict[str, Any]:
    """The positional arguments by field."""
    found: dict[str, Any] = {}
    rest = list(parsed.arguments)
    for argument in command.arguments:
        values = rest if argument.many else rest[:1]
        rest = rest[len(values) :]
        if values:
            found[argument.field] = _value(argument, argument.metavar.strip("[]."), values)
        elif argument.required:
            from mops.cli.habits import pairs_hint

            hint = pairs_hint(parsed.arguments) if argument.field == "value" else ""
            raise UsageError(with_hint(f"missing argument {argument.metavar}", hint))
    if rest:
        from mops.cli.habits import argument_hint

        hint = argument_hint(rest[0], parsed.options, selects=command.selects)
        raise UsageError(with_hint(f"unexpected argument {rest[0]}", hint))
    return found
