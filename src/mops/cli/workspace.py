"""What the commands on a live workspace share: which release in which cluster, what would change, and how that is told."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from mops.chart import helm
from mops.checks.verdict import Verdict
from mops.cli import flags, run, streams
from mops.config import derived
from mops.config.resolve import Config, resolve
from mops.deploy import drift, release
from mops.deploy.drift import Change, Difference, Impact, Reason
from mops.deploy.release import Live, Releases, Target
from mops.model.layer import DEFAULTS, Layer, Leaf, Origin, Path, dotted
from mops.model.problems import ERROR, EnvironmentFailure, InvalidConfig, UsageError
from mops.report.origins import written_at
from mops.report.text import printable, shown
from mops.schema.fields import MARKER, SettingsSchema
from mops.schema.secrets import MASK, hidden

_CONTEXT = flags.Option(
    ("--context",), "The kubeconfig context; without it the current one.", "NAME", panel="Cluster"
)
_TIMEOUT = flags.Option(
    ("--timeout",), "How long the pods may take to become ready (10m).", "TIME", panel="Cluster"
)
_YES = flags.Option(("--yes", "-y"), "Do not ask.", switch=True)
_FORMAT = flags.Option(("--format",), "How to print it.", "text|json")
_LOCAL = flags.Option(
    ("--local",),
    "The workspace that runs on this machine instead of one in a cluster.",
    switch=True,
)

UP = (
    _CONTEXT,
    _TIMEOUT,
    _YES,
    flags.Option(
        ("--dry-run",),
        "Show what would change, have the cluster check it, and change nothing.",
        switch=True,
    ),
    flags.Option(
        ("--local",),
        "Run the scheduler and the workers on this machine, until Ctrl-C.",
        switch=True,
    ),
)
STATUS = (
    _CONTEXT,
    _FORMAT,
    _LOCAL,
    flags.Option(
        ("--show-config",), "Also the deployed configuration next to the active one.", switch=True
    ),
    flags.Option(
        ("--exit-code",),
        "Exit with 1 where the cluster is not what the configuration says.",
        switch=True,
    ),
    flags.Option(("--watch", "-w"), "Look again every two seconds, until Ctrl-C.", switch=True),
)
DIFF = (_CONTEXT, _FORMAT)
DOWN = (
    _CONTEXT,
    _TIMEOUT,
    _YES,
    _LOCAL,
    flags.Option(
        ("--delete-namespace",), "Also delete the namespace, with all that is in it.", switch=True
    ),
)
LIST = (_CONTEXT, _FORMAT)
HISTORY = (_CONTEXT, _FORMAT)
ROLLBACK = (_CONTEXT, _TIMEOUT, _YES)
LOGS = (
    _CONTEXT,
    _LOCAL,
    flags.Option(("--follow", "-f"), "Go on until Ctrl-C.", switch=True),
    flags.Option(("--tail",), "So many lines of each (100).", "N"),
    flags.Option(
        ("--previous",), "Of the containers that ran before, as after a crash.", switch=True
    ),
)
RESTART = (_CONTEXT, _YES)
PORT_FORWARD = (
    _CONTEXT,
    flags.Option(
        ("--port",), "The port on this machine; without it the same, or a free one.", "PORT"
    ),
)


class Here(NamedTuple):
    """A configuration with the release that it is for."""

    schema: SettingsSchema
    verdict: Verdict
    given: flags.Given
    releases: Releases

    @property
    def target(self) -> Target:
        """The release."""
        return self.releases.target

    @property
    def config(self) -> Config:
        """The active configuration."""
        return self.verdict.config

    def command(self, verb: str, *more: str) -> str:
        """A mops command on the same workspace."""
        return shlex.join(["mops", "workspace", *verb.split(), *more, *_selecting(self.given)])


def opened(given: flags.Given, schema: SettingsSchema, *, warn: bool = True) -> Here:
    """The configuration that the options select, and its release; says which cluster that is before anything happens."""
    verdict = configuration(given, schema, warn=warn)
    context = context_of(given, verdict.config)
    target = named(verdict.config)._replace(context=context)
    return Here(schema, verdict, given, Releases(helm.find(os.environ), target))


def configuration(given: flags.Given, schema: SettingsSchema, *, warn: bool) -> Verdict:
    """The valid configuration that the options select; InvalidConfig where it is none."""
    verdict = run.configuration(given, schema)
    if warn:
        run.settle(verdict, given)
    elif any(problem.severity == ERROR for problem in verdict.problems):
        raise InvalidConfig(verdict.problems)
    return verdict


def named(config: Config) -> Target:
    """The release that a configuration is for."""
    return Target(config.value("release", "name"), derived.namespace(config))


def context_of(given: flags.Given, config: Config) -> str:
    """The context to use, which is said; UsageError where the environment is pinned to another one."""
    kubeconfig = release.kubeconfig(os.environ)
    context = release.chosen(kubeconfig, flags.one(given, "context"), os.environ)
    environment = config.value("environment")
    pinned = config.stacks.get(("release", "contexts", environment))
    if pinned and pinned[-1].value is not None and pinned[-1].value != context:
        leaf = pinned[-1]
        raise UsageError(
            f"the environment {environment} is pinned to the context {leaf.value} ({written_at(leaf)}), and this is {context or release.IN_CLUSTER}: use --context {leaf.value}"
        )
    target = named(config)
    server = kubeconfig.servers.get(context, "")
    streams.note(
        printable(
            f"context {context or release.IN_CLUSTER}{f' ({server})' if server else ''}, namespace {target.namespace}, release {target.name}"
        )
    )
    return context


def tail_of(given: flags.Given) -> int:
    """How many lines of each log to print."""
    text = flags.one(given, "tail") or "100"
    if not text.isdecimal():
        raise UsageError(f"--tail: expected a number of lines, found {printable(text)}")
    return int(text)


def as_json(given: flags.Given) -> bool:
    """Whether --format says JSON."""
    kind = flags.one(given, "format") or "text"
    if kind not in ("text", "json"):
        raise UsageError("--format: expected one of text, json")
    return kind == "json"


def timeout(given: flags.Given) -> float:
    """The time limit in seconds."""
    return release.seconds(flags.one(given, "timeout") or "10m")


def confirm(given: flags.Given, question: str) -> bool:
    """Whether to go on: --yes, or the answer at the terminal. UsageError where there is neither."""
    if given.get("yes"):
        return True
    if not (sys.stdin and sys.stdin.isatty() and sys.stderr and sys.stderr.isatty()):
        raise UsageError("there is no terminal to ask on: add --yes")
    return streams.ask(f"{question} [y/N] ")


def _selecting(given: flags.Given) -> list[str]:
    """The options that select the same release again."""
    found: list[str] = []
    for name in ("config", "profile", "env", "namespace", "release_name", "context"):
        for text in given.get(name) or ():
            found += [f"--{name.replace('_', '-')}", str(text)]
    return [*found, *(["--hermetic"] if given.get("hermetic") else [])]


# What would change.


class Plan(NamedTuple):
    """What is live, what is wanted, and what that would change. `reasons` are by difference, where a setting says so."""

    live: Live | None
    wanted: Sequence[drift.Manifest]
    found: Sequence[Difference]
    changes: Sequence[Change]
    impacts: Sequence[Impact]
    reasons: Mapping[int, Reason]

    @property
    def empty(self) -> bool:
        """Whether an upgrade would change nothing."""
        return self.live is not None and not self.impacting and not self.changes

    @property
    def impacting(self) -> list[Difference]:
        """The differences that an upgrade takes away."""
        return [entry for entry in self.found if not entry.extra]


def plan(here: Here, live: Live | None, wanted: Sequence[drift.Manifest], config: Config) -> Plan:
    """The differences between what is live and what a configuration makes."""
    objects = live.objects if live else ()
    manifest = live.manifest if live else ()
    found = drift.differences(wanted, objects, gone=manifest)
    there = {**drift.named(objects), **drift.named(wanted)}
    deployed = live.values if live else None
    reasons = {
        index: because
        for index, entry in enumerate(found)
        if entry.place
        and not entry.extra
        and (because := drift.reason(entry, there[entry.object], config, here.schema, deployed))
    }
    changed = drift.changes(live.values, here.verdict.values, ignored=MARKER) if live else []
    return Plan(
        live,
        wanted,
        found,
        changed,
        [*drift.impacts(found, wanted, objects), *drift.handed_over(wanted, manifest)],
        reasons,
    )


def plan_lines(here: Here, made: Plan) -> list[str]:
    """A plan for people: values, objects, and what happens to the pods."""
    lines: list[str] = []
    if made.live is None:
        lines.append(f"nothing is deployed: {len(made.wanted)} objects will be made")
    elif made.changes:
        lines.append("values:")
        lines += [
            f"  {dotted(change.path)}: {_value(here, change.path, change.old)} -> {_value(here, change.path, change.new)}{_from(here.config, change.path)}"
            for change in made.changes
        ]
    told = [
        (index, entry)
        for index, entry in enumerate(made.found)
        if made.live is not None and not entry.extra
    ]
    if told:
        lines.append("objects:")
        lines += [f"  {_changed(here, entry, made.reasons.get(index))}" for index, entry in told]
    if made.impacts:
        lines.append("pods:")
        lines += [f"  {impact.deployment}: {impact.text}" for impact in made.impacts]
    lines += [f"  {extra_line(here, entry)}" for entry in made.found if entry.extra]
    return [printable(line) for line in lines]


def _changed(here: Here, entry: Difference, because: Reason | None) -> str:
    if not entry.place:
        return f"{entry.object}: {'is made' if entry.wanted else 'is deleted'}"
    return f"{entry.object}: {entry.field} {drift.shown(here.schema, entry, entry.live, because)} -> {drift.shown(here.schema, entry, entry.wanted, because)}"


def extra_line(here: Here, entry: Difference) -> str:
    """A field that somebody set in the cluster and that helm does not touch."""
    kind, _, name = entry.object.partition("/")
    fix = (
        f"; kubectl {here.target.command} set env {kind.lower()}/{name} {entry.place[2]}- removes it"
        if entry.place[:2] == ("container", "env")
        else ""
    )
    return f"{entry.object}: deployed {entry.field} {drift.shown(here.schema, entry, entry.live)}; the config says nothing of it{_by(entry)}, and helm leaves it{fix}"


def drift_line(here: Here, made: Plan, index: int) -> str:
    """A field that differs, with the line that says otherwise."""
    entry = made.found[index]
    if entry.extra:
        return printable(extra_line(here, entry))
    if not entry.place:
        return printable(
            f"{entry.object}: "
            + (
                "the config wants it; it is not in the cluster"
                if entry.wanted
                else "it is in the cluster; the config does not want it"
            )
        )
    because = made.reasons.get(index)
    wanted, have = (
        drift.shown(here.schema, entry, value, because) for value in (entry.wanted, entry.live)
    )
    line = f"{entry.object}: deployed {entry.field} {have}; config says {wanted}, {_because(here, entry, because)}{_by(entry)}"
    return printable(line)


def _because(here: Here, entry: Difference, because: Reason | None) -> str:
    if because is None:
        return "from the chart"
    said = shown(here.schema, because.path, because.leaf.value)
    derived = (
        ""
        if str(entry.wanted) == str(because.leaf.value) or entry.place[-1:] == because.path[-1:]
        else f" ({dotted(because.path)} {said})"
    )
    return f"{written_at(because.leaf)}{derived}"


def _by(entry: Difference) -> str:
    return f" (set in the cluster by {entry.by})" if entry.by else ""


def masked(here: Here, path: Path, value: Any) -> Any:
    """A value as data, hidden where it is a secret."""
    return MASK if hidden(here.schema, path, value) else value


def differences_data(here: Here, made: Plan) -> list[dict[str, Any]]:
    """The differences as data, each with the setting that says otherwise and its place."""
    return [
        _difference_data(here, entry, made.reasons.get(index))
        for index, entry in enumerate(made.found)
    ]


def _difference_data(here: Here, entry: Difference, because: Reason | None) -> dict[str, Any]:
    have, want = (
        MASK if drift.secret(here.schema, entry, value, because) else value
        for value in (entry.live, entry.wanted)
    )
    return {
        "object": entry.object,
        "field": entry.field,
        "live": have,
        "wanted": want,
        "restarts": entry.restarts,
        "extra": entry.extra,
        "by": entry.by,
        "key": dotted(because.path) if because else "",
        "layer": because.leaf.origin.layer if because else "",
        "place": because.leaf.origin.place if because else "",
    }


def _value(here: Here, path: Path, value: Any) -> str:
    return "not set" if value is None else shown(here.schema, path, value)


def _from(config: Config, path: Path) -> str:
    stack = config.stacks.get(path)
    return f"  <- {written_at(stack[-1])}" if stack else ""


def released(live: Live, schema: SettingsSchema) -> Config:
    """The configuration that travels with a release, as a config of its own."""
    place = f"revision {live.revision}" + (
        f" (from {' < '.join(name for name in live.layers if name != DEFAULTS)})"
        if len(live.layers) > 1
        else ""
    )
    leaves = {
        change.path: Leaf(change.new, Origin(place, place))
        for change in drift.changes({}, live.values, ignored=MARKER)
    }
    return resolve([schema.defaults(), Layer(place, leaves, place)], schema)


def configured(config: Config, schema: SettingsSchema) -> bool:
    """Whether any layer besides the defaults says something about the workspace itself."""
    return any(
        not _of_release(path, schema)
        for layer in config.layers
        if layer.name != DEFAULTS
        for path in layer.leaves
    )


def _of_release(path: Path, schema: SettingsSchema) -> bool:
    return bool((schema.at(path[:1]) or {}).get("x-release"))


def settled(live: Live | None, here: Here) -> None:
    """EnvironmentFailure where another helm is at work on the release, or was when it was killed."""
    if live is not None and live.status in release.PENDING:
        remedy = (
            here.command("down") if live.status == "pending-install" else here.command("rollback")
        )
        raise EnvironmentFailure(
            f"{here.target.name} is {live.status} since {live.updated}: another helm is at work on it, or was killed; wait for it, or run {remedy}"
        )
