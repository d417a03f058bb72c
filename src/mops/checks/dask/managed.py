"""Arguments that the chart passes itself, that contradict those, or that change nothing."""

from __future__ import annotations

from collections.abc import Iterator

from mops.checks.dask.arguments import Arguments, all_arguments
from mops.checks.dask.options import Given, Option
from mops.checks.rule import ERROR, WARNING, Finding, Rule
from mops.config.view import View

_SECRET = ("tls", "secretName")
# Options with which a command prints something and exits.
_PRINTING = {"--help": "its help", "-h": "its help", "--version": "its version"}
# With these, and with the chart's own arguments, Dask or its probes fail (seen with 2024.10.0 and
# 2026.8.0), by command.
_PREFIX = (
    "the probes, the ServiceMonitor and KEDA ask for /health and /metrics without a prefix, so the"
    " scheduler would be killed"
)
_LISTEN = "Dask does not start with this beside --worker-port, which the chart passes"
_CONTACT = "Dask does not start with this without --listen-address, which --worker-port excludes"
_CONFLICTS = {
    "scheduler": {
        "--dashboard-prefix": (
            _PREFIX,
            "remove it, and let the Ingress or the proxy add the prefix",
        ),
    },
    "worker": {
        "--listen-address": (_LISTEN, "use --host or --interface for the address"),
        "--contact-address": (_CONTACT, "use --host or --interface for the address"),
    },
}
# Options that Dask accepts and ignores, by command.
_IGNORED = {
    "scheduler": ("--show", "--no-show", "--use-xheaders"),
    "worker": ("--dashboard-prefix",),
}


def managed(view: View) -> Iterator[Finding]:
    for arguments in all_arguments(view):
        # Every item that reads as one counts, as for the chart.
        for at, item in enumerate(arguments.items):
            name = item.partition("=")[0]
            hint = arguments.instead(name)
            if hint:
                yield Finding((arguments.item(at),), f"the chart manages {name}", hint)
            elif name == "--protocol" and view.value(_SECRET):
                yield Finding(
                    (arguments.item(at), _SECRET),
                    "the chart manages --protocol while tls.secretName is set",
                    "remove it: scheduler, workers and clients have to speak the same protocol",
                )


def conflicts(view: View) -> Iterator[Finding]:
    for arguments in all_arguments(view):
        for given in _given(arguments):
            name = given.option.name
            if name in _PRINTING:
                message = f"with {name} Dask prints {_PRINTING[name]} and exits"
                yield Finding((arguments.item(given.at),), message, "remove it")
            elif name in _CONFLICTS.get(arguments.command.name, ()):
                message, hint = _CONFLICTS[arguments.command.name][name]
                yield Finding((arguments.item(given.at),), f"{name}: {message}", hint)
            elif name == "--protocol" and not view.value(_SECRET):
                yield from _protocol(arguments, given)


def _protocol(arguments: Arguments, given: Given) -> Iterator[Finding]:
    """A protocol besides TCP, in which the addresses are that the chart passes to workers."""
    path, protocol = arguments.item(given.at), given.value or ""
    if "$(" in protocol or protocol == "tcp":
        return
    if protocol == "tls":
        message = "with --protocol tls Dask does not start without certificates"
        yield Finding((path,), message, "set tls.secretName, and remove this")
    elif arguments.command.name == "scheduler":
        message = (
            f"--protocol {protocol}: the chart gives workers a tcp:// address of the scheduler"
        )
        yield Finding((path,), message, "remove it")


def no_effect(view: View) -> Iterator[Finding]:
    for arguments in all_arguments(view):
        for given in _given(arguments):
            name = given.option.name
            if name in _IGNORED.get(arguments.command.name, ()):
                message = f"Dask accepts {name} and ignores it"
                yield Finding((arguments.item(given.at),), message, "remove it")
            elif name == "--scheduler-sni" and not view.value(_SECRET):
                message = f"{name} has no effect without TLS"
                yield Finding(
                    (arguments.item(given.at),), message, "set tls.secretName, or remove it"
                )


def repeated(view: View) -> Iterator[Finding]:
    for arguments in all_arguments(view):
        last: dict[str, Given] = {}
        for given in _given(arguments):
            before = last.get(_identity(given.option))
            if before and not given.option.repeats:
                yield Finding((arguments.item(given.at),), *_overridden(before, given))
            last[_identity(given.option)] = given


def _overridden(before: Given, after: Given) -> tuple[str, str]:
    if before.option == after.option:
        return f"{after.option.name} is given twice, and Dask takes the last one", "remove one"
    return (
        f"{after.option.name} comes after {before.option.name}, and Dask takes the last one",
        "remove one of them",
    )


def _identity(option: Option) -> str:
    """One name for all names of an option, `--no-…` included."""
    return min((option.name, *option.same))


def _given(arguments: Arguments) -> Iterator[Given]:
    return (part for part in arguments.parts if isinstance(part, Given))


RULES = (
    Rule("argument-managed", ERROR, "an argument that the chart passes itself", managed),
    Rule("argument-conflict", ERROR, "an argument that contradicts the chart's", conflicts),
    Rule("argument-no-effect", WARNING, "an argument that Dask accepts and ignores", no_effect),
    Rule("argument-repeated", WARNING, "an option twice, of which the last wins", repeated),
)
