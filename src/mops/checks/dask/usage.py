"""Arguments with which Dask ends at once, with a usage error."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from mops.checks.dask.arguments import MANAGED, Arguments, all_arguments
from mops.checks.dask.literals import is_measure
from mops.checks.dask.options import Fault, Given, Word, commands
from mops.checks.rule import EITHER, ERROR, WARNING, Finding, Rule, Severity
from mops.checks.similar import may_search
from mops.config.view import View
from mops.model.layer import dotted
from mops.model.spelling import near
from mops.schema.keywords import shown
from mops.schema.secrets import MASK, masked_value

# Options that earlier versions had, with what to write instead.
_DASHBOARD = "remove it: the chart decides about the dashboard"
_REMOVED = {
    "scheduler": {
        "--bokeh": _DASHBOARD,
        "--no-bokeh": _DASHBOARD,
        "--bokeh-port": "set {pods}.dashboardPort",
        "--bokeh-internal-port": "set {pods}.dashboardPort",
        "--bokeh-prefix": "remove it: the probes ask for /health without a prefix",
        "--bokeh-whitelist": "set the variable BOKEH_ALLOW_WS_ORIGIN",
        "--http-port": "set {pods}.dashboardPort",
        "--local-directory": "set the variable DASK_TEMPORARY_DIRECTORY",
        "--prefix": "remove it: the probes ask for /health without a prefix",
    },
    "worker": {
        "--nprocs": "set {pods}.processes",
        "--bokeh": _DASHBOARD,
        "--no-bokeh": _DASHBOARD,
        "--bokeh-port": "set {pods}.dashboardPort",
        "--bokeh-prefix": "remove it: the probes ask for /health without a prefix",
        "--http-port": "set {pods}.dashboardPort",
        "--reconnect": "remove it: a worker that loses its scheduler restarts",
        "--no-reconnect": "remove it: a worker that loses its scheduler restarts",
        "--temp-filename": "remove it",
    },
}
# The section of the settings of each command's pods.
_PODS = {"scheduler": "scheduler", "worker": "workers"}
# One item that should be two: an option, and words after it.
_TWO_WORDS = r"(--?[A-Za-z][^\s=]*)\s+(.+)"
_ADDRESS = r"[a-z]+://.*|[-A-Za-z0-9.]+:[0-9]+"
# Options that take the name of a module or class, which is imported.
_MODULES = ("--preload", "--preload-nanny", "--worker-class")
# Strings to click, which Dask reads as times.
_TIMES = ("--lifetime", "--lifetime-stagger", "--death-timeout")


class Complaint(NamedTuple):
    """What is wrong with one item, and what to write instead."""

    message: str
    hint: str = ""


def unknown(view: View) -> Iterator[Finding]:
    for arguments in all_arguments(view):
        for word in _words(arguments):
            if _is_unknown_option(arguments, word.text):
                complaint = _unknown_option(view, arguments, word.text.partition("=")[0])
                if complaint and not (arguments.has_preload and not complaint.hint):
                    yield _finding(arguments, word.at, complaint)


def words(view: View) -> Iterator[Finding]:
    for arguments in all_arguments(view):
        for word in _words(arguments):
            complaint = _misplaced(arguments, word)
            if complaint:
                yield Finding((arguments.item(word.at),), *complaint)


def values(view: View) -> Iterator[Finding]:
    for arguments in all_arguments(view):
        for part in arguments.parts:
            if isinstance(part, Fault):
                yield Finding((arguments.item(part.at),), *_fault(part), ERROR)
            elif isinstance(part, Given) and part.value is not None:
                yield from _wrong_value(arguments, part, part.value)


def _words(arguments: Arguments) -> Iterator[Word]:
    """The words that are no option of the command; what only Kubernetes knows is left out."""
    for part in arguments.parts:
        if isinstance(part, Word) and "$(" not in part.text:
            yield part


def _is_unknown_option(arguments: Arguments, text: str) -> bool:
    """Whether an item is meant as an option; behind `--` even options of the command are words."""
    if not text.startswith("-") or text in ("-", "--") or re.fullmatch(_TWO_WORDS, text):
        return False
    return text.partition("=")[0] not in arguments.command.options


def _finding(arguments: Arguments, at: int, complaint: Complaint) -> Finding:
    # With --preload the words may be those of the module's own command line.
    severity: Severity = WARNING if arguments.has_preload else ERROR
    return Finding((arguments.item(at),), complaint.message, complaint.hint, severity)


def _unknown_option(view: View, arguments: Arguments, name: str) -> Complaint:
    command = arguments.command.name
    if name in _REMOVED.get(command, ()):
        hint = _REMOVED[command][name].format(pods=dotted(arguments.group.path))
        return Complaint(f"dask {command} no longer has the option {name}", hint)
    other = _other_command(command, name)
    if other:
        message = f"{name} is an option of dask {other}, not of dask {command}"
        return Complaint(message, _there(other, name))
    message = f"dask {command} has no option {_quoted(name)}"
    suggestion = near(name, arguments.command.options) if may_search(view) else ""
    meant = suggestion.removeprefix("did you mean ").rstrip("?")
    instead = arguments.instead(meant)
    return Complaint(message, f"did you mean {meant}? {instead}" if instead else suggestion)


def _other_command(command: str, name: str) -> str:
    """The other command that has, or once had, an option; "" if none has."""
    for other in commands().values():
        known = name in other.options or name in _REMOVED.get(other.name, ())
        if known and other.name != command:
            return other.name
    return ""


def _there(command: str, name: str) -> str:
    """What to write to give another command an option of its own."""
    pods = _PODS.get(command, "")
    instead = MANAGED.get(command, {}).get(name) or _REMOVED.get(command, {}).get(name)
    if instead:
        return instead.format(pods=pods)
    return f"write it in {pods}.extraArgs" if pods else "remove it"


def _misplaced(arguments: Arguments, word: Word) -> Complaint | None:
    """What is wrong with a word that is no option."""
    joined = re.fullmatch(_TWO_WORDS, word.text, re.DOTALL)
    if joined:
        return _two_words(arguments, joined[1], joined[2])
    # Behind an unknown option, which is reported, stands its value.
    before = arguments.items[word.at - 1] if word.at else ""
    is_value = Word(word.at - 1, before) in arguments.parts and _is_unknown_option(
        arguments, before
    )
    if is_value or arguments.has_preload or _is_unknown_option(arguments, word.text):
        return None
    return _stray(arguments, word.text, before)


def _stray(arguments: Arguments, text: str, before: str) -> Complaint:
    """What is wrong with a word that belongs to no option; `before` is the item before it."""
    if text != text.strip() and text.strip() in arguments.command.options:
        return Complaint(f"{_quoted(text)} starts or ends with a space", "remove the space")
    if re.fullmatch(_ADDRESS, text):
        message = f"{arguments.program} takes one address, which the chart passes"
        return Complaint(message, "remove it")
    option = arguments.command.options.get(before)
    is_switch = option is not None and not option.takes
    hint = f"remove it: {before} takes no value" if is_switch else "remove it"
    return Complaint(f"unexpected argument {_quoted(text)}: it belongs to no option", hint)


def _two_words(arguments: Arguments, name: str, rest: str) -> Complaint:
    message = f"{_quoted(f'{name} {rest}')} is one argument; Dask has no option of that name"
    instead = arguments.instead(name)
    if instead:
        return Complaint(message, instead)
    option = arguments.command.options.get(name)
    if option is None or " --" in rest or not option.takes:
        return Complaint(
            message, "write an option and its value as two items, or as --option=value"
        )
    return Complaint(message, f"write two items: {name}, {_quoted(rest)}")


def _fault(fault: Fault) -> Complaint:
    name = fault.option.name
    if fault.superfluous:
        return Complaint(f"{name} takes no value", f"write {name} alone")
    return Complaint(f"{name} needs a value", f"add it as the next item, or write {name}=VALUE")


def _wrong_value(arguments: Arguments, given: Given, value: str) -> Iterator[Finding]:
    if "$(" in value:
        return
    name = given.option.name
    wanted = given.option.wants(value) or _wanted_by_dask(name, value)
    swallowed = value.partition("=")[0] in arguments.command.options
    if swallowed:
        message = f"{name} needs a value, and takes the next item for it: {_quoted(value)}"
        severity = ERROR if wanted or name in _MODULES else WARNING
        yield Finding((arguments.item(given.at),), message, f"write {name}=VALUE", severity)
    elif wanted:
        message = f"{name} takes {wanted}, found {_quoted(value)}"
        # The value is in the same item, or the next one.
        at = given.at if "=" in arguments.items[given.at] else given.at + 1
        yield Finding((arguments.item(at),), message, severity=ERROR)


def _wanted_by_dask(name: str, value: str) -> str:
    """What Dask takes for an option that is a string to click, if it refuses `value`; else ""."""
    if name in _TIMES and not is_measure(value, "time"):
        return "a time such as 30s or 1h"
    if name == "--resources" and not all(map(_is_resource, value.replace(",", " ").split())):
        return "resources such as GPU=1 or 'GPU=1 MEM=10e9'"
    return ""


def _is_resource(pair: str) -> bool:
    amount = pair.partition("=")[2]
    try:
        float(amount)
    except ValueError:
        return False
    return pair.count("=") == 1


def _quoted(text: str) -> str:
    hidden = masked_value("", text)
    return MASK if hidden == MASK else shown(hidden)


RULES = (
    Rule("argument-unknown", EITHER, "an argument that is no option of Dask", unknown),
    Rule("argument-word", ERROR, "an argument that is two words, or belongs to no option", words),
    Rule("argument-value", EITHER, "an option of Dask without its value, or a wrong one", values),
)
