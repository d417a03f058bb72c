"""Hints for command lines that other tools, or people in a hurry, would understand.

Loaded only after a mistake. A hint is a command, or a part of one, that works here.
"""

from __future__ import annotations

import shlex
from collections.abc import Collection, Mapping, Sequence

from mops.cli.commands import ALIASES, COMMANDS, GROUPS
from mops.config.helmset import without_secret
from mops.config.keys import split_pair
from mops.model.problems import UsageError
from mops.model.spelling import near, nearest
from mops.schema.fields import load_schema
from mops.schema.names import find

# Words for which other tools have commands, and the commands of mops.
_COMMANDS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(
        ("apply", "create", "deploy", "install", "start", "upgrade"), ("workspace up",)
    ),
    **dict.fromkeys(("delete", "destroy", "stop", "teardown", "uninstall"), ("workspace down",)),
    **dict.fromkeys(("build", "compile", "values"), ("render",)),
    **dict.fromkeys(("manifest", "manifests", "template"), ("render --format manifests",)),
    **dict.fromkeys(("check", "test", "verify"), ("config validate",)),
    **dict.fromkeys(("get", "why", "where"), ("config explain",)),
    **dict.fromkeys(("dashboard", "forward", "tunnel"), ("workspace port-forward",)),
    **dict.fromkeys(("convert", "upgrade-config"), ("migrate",)),
    **dict.fromkeys(("new", "scaffold"), ("init",)),
    "edit": ("config set",),
    "describe": ("workspace status", "config explain"),
    "help": ("--help",),
    "lint": ("config validate", "gitops lint"),
    "ls": ("workspace list",),
    "ps": ("workspace status",),
    "version": ("--version",),
}
# Options of other tools, and those of mops: {} stands for the value.
_OPTIONS = {
    **dict.fromkeys(
        ("-f", "--config-file", "--file", "--filename", "--value-files", "--values"), "--config {}"
    ),
    "--set-file": '--set {key}="$(cat {value})"',
    "--set-json": "--set {}",
    "--set-literal": "--set-string {}",
    "--kube-context": "--context {}",
    "--json": "--format json",
    "--yaml": "--format yaml",
    "--auto-approve": "--yes",
    "--debug": "--debug-mode",
}
# The options of mops without a command.
_TOP_OPTIONS = ("--version", "--help", "--install-completion", "--show-completion")
# Options that name a format elsewhere, as in `kubectl get -o json`.
_FORMAT_OPTIONS = ("-o", "--output")


_VALUE = "VALUE"
# The most settings that a hint names.
_MOST = 3


def command_hint(group: Sequence[str], word: str, rest: Sequence[str]) -> str:
    """What the unknown command `word` of a group may mean; `rest` are the words after it."""
    if word == "help" and rest:
        return f"did you mean `mops {shlex.join(rest)} --help`?"
    meant = _meant(word)
    if not meant:
        members = [name[-1] for name in (*COMMANDS, *GROUPS) if name and name[:-1] == tuple(group)]
        close = nearest(word, members)
        if close:
            return f"did you mean {close}?"
        meant = _meant(nearest(word, [*(path[-1] for path in COMMANDS), *_COMMANDS]))
    if not meant:
        return ""
    arguments = f" {shlex.join(rest)}" if rest and not meant[0].startswith("-") else ""
    return f"did you mean {' or '.join(f'`mops {command}{arguments}`' for command in meant)}?"


def _meant(word: str) -> Sequence[str]:
    """The commands for a word that other tools have, or that is a command of some group."""
    paths = [path for path, command in COMMANDS.items() if not command.hidden]
    return _COMMANDS.get(word, ()) or [" ".join(path) for path in paths if path[-1] == word]


def options_first(words: Sequence[str]) -> str:
    """The command line with its first options after the command."""
    for index, word in enumerate(words):
        path: tuple[str, ...] = ()
        end = index
        while end < len(words) and path not in COMMANDS:
            path = ALIASES.get((*path, words[end]), (*path, words[end]))
            end += 1
            if path not in COMMANDS and path not in GROUPS:
                break
        if path in COMMANDS and not word.startswith("-"):
            moved = [*words[index:end], *words[:index], *words[end:]]
            return f"options follow the command: mops {shlex.join(moved)}"
    return near(words[0], _TOP_OPTIONS) or "options follow the command"


def option_hint(name: str, following: str, known: Collection[str]) -> str:
    """What an unknown option may mean; `following` is its value, or the word after it."""
    if name in _FORMAT_OPTIONS and "--format" in known:
        return f"write --format {following or 'json'}"
    template = _OPTIONS.get(name, "")
    if template and template.split()[0] in known:
        return f"write {_filled(template, following)}"
    if name == "--version":
        return "`mops --version` prints the version"
    longer = [option for option in known if option.startswith(f"{name}-") and name[1:2] == "-"]
    if len(longer) == 1:
        return f"did you mean {longer[0]}?"
    by_setting = _setting_hint(name, following, known) if "--set" in known else ""
    return by_setting or near(name, known)


def _filled(template: str, following: str) -> str:
    if "{key}" in template:
        key, _, value = following.partition("=")
        return template.format(key=key or "KEY", value=shlex.quote(value or "FILE"))
    placeholder = "FILE" if "--config" in template else _VALUE
    return template.format(shlex.quote(following) if following else placeholder)


def _setting_hint(name: str, following: str, known: Collection[str]) -> str:
    """The option, or the --set, for an option that is named after a setting."""
    schema = load_schema()
    matches = find(schema, (name.lstrip("-"),))
    if not matches or len(matches) > _MOST:
        return ""
    for flag, settings in schema.flags.items():
        if len(matches) == 1 and flag in known and set(matches[0].paths) <= set(settings):
            return f"did you mean {flag}?"
    ways = [f"--set {shlex.quote(f'{match.key}={following or _VALUE}')}" for match in matches]
    return f"write {' or '.join(ways)}"


def argument_hint(word: str, options: Mapping[str, Sequence[str]], *, selects: bool) -> str:
    """What an argument that a command does not take may mean; `options` are those given."""
    if not selects:
        return ""
    try:
        key, _ = split_pair(word, "")
    except UsageError:
        return f"to read it as a layer: --config {shlex.quote(word)}"
    same = [pair for pair in options.get("set", ()) if pair.partition("=")[0] == key]
    if same:
        items = ", ".join(pair.partition("=")[2] for pair in (*same, word))
        whole = shlex.quote(f"{key}=[{items}]")
        return f"the shell expands {{…}}; for a list, write --set {whole}"
    return f"to set it: --set {shlex.quote(without_secret(word))}"


def pairs_hint(words: Sequence[str]) -> str:
    """How to write `mops config set KEY=VALUE`; "" if the words are not such pairs."""
    try:
        pairs = [split_pair(word, "") for word in words]
    except UsageError:
        return ""
    shown = [(key, without_secret(f"{key}={text}")[len(key) + 1 :]) for key, text in pairs]
    commands = [f"`mops config set {shlex.quote(key)} {shlex.quote(text)}`" for key, text in shown]
    return f"write {' and '.join(commands)}"
