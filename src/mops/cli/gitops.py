"""`mops gitops`: objects for Argo CD and Flux, and their lint. Nothing here uses a cluster."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from mops import __version__
from mops.chart import archive
from mops.cli import streams
from mops.cli.commands import COMMANDS
from mops.cli.fleet import FOR_FLEETS, refuse_for_fleets, root
from mops.cli.output import save
from mops.cli.parse import Selection
from mops.cli.run import valid_configuration
from mops.config.sources import Request
from mops.gitops import argocd as argo
from mops.gitops import flux as fluxcd
from mops.gitops import objects
from mops.gitops import plugin as argo_plugin
from mops.gitops.delivery import (
    CHART_FORMS,
    Chart,
    Delivery,
    Target,
    chart_at,
    fleet_targets,
    target,
)
from mops.gitops.fleet_tree import load_tree
from mops.gitops.levels import notes, with_levels
from mops.gitops.lint_files import lint_files, lint_objects
from mops.model import bundle
from mops.model.problems import OK, InvalidConfig, UsageError
from mops.model.spelling import counted
from mops.schema.fields import load_schema

_REPOSITORY = re.compile(r"(https?://|ssh://|git@)\S+")
# Options for a single workspace, not for a fleet.
_FOR_ONE = frozenset({"--values-file", "--name"})


class DeliveryOptions(NamedTuple):
    """The options of the commands that write objects.

    `strict` and `quiet` are used by commands that do not select a single configuration.
    """

    selection: Selection = Selection(Request())
    given: tuple[str, ...] = ()
    strict: bool = False
    quiet: bool = False
    all: bool = False
    root: str = ""
    repo: str = ""
    revision: str = "main"
    repo_path: str = ""
    chart: str = ""
    chart_version: str = ""
    pod_security: str = ""
    project: str = "default"
    with_project: bool = False
    server: str = ""
    cluster: str = ""
    argocd_namespace: str = "argocd"
    manual: bool = False
    values_file: str = ""
    source: str = "flux-system"
    name: str = ""
    output: str = ""
    check: bool = False


class LintOptions(NamedTuple):
    """The options of `mops gitops lint`."""

    files: tuple[str, ...]


class PluginOptions(NamedTuple):
    """The options of `mops gitops cmp`."""

    file: str = "plugin.yaml"
    output: str = ""
    check: bool = False


def argocd(options: DeliveryOptions) -> int:
    """Writes Applications, and with --with-project their AppProject."""
    delivery = _argocd_delivery(options)
    if not options.all and not options.values_file:
        raise UsageError("--values-file is missing (for all workspaces of a fleet: --all)")
    targets = _targets(options)
    files = _project(options, targets, delivery)
    files.update({f"{one.app}.yaml": [argo.application(one, delivery)] for one in targets})
    return _write(files, options)


def application_set(options: DeliveryOptions) -> int:
    """Writes one ApplicationSet for the fleet."""
    delivery = _argocd_delivery(options)
    targets = _targets(options._replace(all=True))
    name = options.name or "dask"
    files = _project(options, targets, delivery)
    files[f"{name}.yaml"] = [argo.application_set(name, targets, delivery)]
    return _write(files, options)


def flux(options: DeliveryOptions) -> int:
    """Writes the objects that Flux needs for each workspace."""
    chart = _chart(options)
    delivery = Delivery(chart, source=options.source)
    targets = _targets(options)
    return _write({f"{one.app}.yaml": fluxcd.objects(one, delivery) for one in targets}, options)


def lint(options: LintOptions) -> int:
    """Reports the problems of the objects in files."""
    count, problems = lint_files(options.files)
    if problems:
        raise InvalidConfig(problems)
    streams.out(f"{counted(count, 'object')}: no problems found\n")
    return OK


def plugin(options: PluginOptions) -> int:
    """Writes a file of the Argo CD plugin, or all files into a directory."""
    texts = {
        "plugin.yaml": objects.text(argo_plugin.configuration()),
        "Dockerfile": argo_plugin.dockerfile(__version__),
    }
    if not options.output.endswith("/"):
        texts = {options.file: texts[options.file]}
    return save(texts, options.output, check=options.check)


def _targets(options: DeliveryOptions) -> list[Target]:
    """The workspaces that the options select, with the levels of their namespaces."""
    targets = with_levels(_selected(options), options.pod_security)
    for note in notes(targets):
        streams.note(note)
    return targets


def _selected(options: DeliveryOptions) -> list[Target]:
    if options.all:
        fleet_options = COMMANDS["gitops", "argocd"].options + COMMANDS["gitops", "flux"].options
        allowed = {name for option in fleet_options for name in option.names} | FOR_FLEETS
        refuse_for_fleets(options.given, allowed - _FOR_ONE)
        return _fleet_targets(options)
    if options.root:
        raise UsageError("--root requires --all")
    verdict = valid_configuration(options.selection, load_schema())
    prefix = options.repo_path.strip("/")
    file = options.values_file.removeprefix("/")
    found = target(verdict, f"{prefix}/{file}" if prefix else file)
    return [found._replace(app=options.name or found.app)]


def _fleet_targets(options: DeliveryOptions) -> list[Target]:
    tree = load_tree(root(options.root))
    strict = options.strict or options.selection.strict
    return fleet_targets(tree, load_schema(), options.repo_path.strip("/"), strict=strict)


def _project(
    options: DeliveryOptions, targets: Sequence[Target], delivery: Delivery
) -> dict[str, list[dict[str, Any]]]:
    """The AppProject by its file name; nothing without --with-project."""
    return {"project.yaml": [argo.project(targets, delivery)]} if options.with_project else {}


def _write(files: Mapping[str, list[dict[str, Any]]], options: DeliveryOptions) -> int:
    """Lints the objects and writes them by file."""
    problems = lint_objects([entry for entries in files.values() for entry in entries])
    if problems:
        raise InvalidConfig(problems)
    texts = {name: objects.stream(entries) for name, entries in files.items()}
    return save(texts, options.output, check=options.check)


def _argocd_delivery(options: DeliveryOptions) -> Delivery:
    if not _REPOSITORY.fullmatch(options.repo):
        raise UsageError(
            "--repo: expected the URL of the git repository with the values, "
            "as in https://git.example.com/team/dask.git"
        )
    return Delivery(
        chart=_chart(options),
        repo=options.repo,
        revision=options.revision,
        project=options.project,
        namespace=options.argocd_namespace,
        server=options.server,
        cluster=options.cluster,
        automated=not options.manual,
    )


def _chart(options: DeliveryOptions) -> Chart:
    name, version = archive.identity(bundle.read("chart", "Chart.yaml"))
    if not options.chart:
        raise UsageError(f"--chart: expected {CHART_FORMS}")
    if options.chart_version not in ("", version):
        raise UsageError(
            f"--chart-version {options.chart_version}: this mops renders values for version "
            f"{version} of the chart"
        )
    return chart_at(options.chart, name, version)
