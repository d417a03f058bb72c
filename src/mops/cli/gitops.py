"""`mops gitops`: objects for Argo CD and Flux, and their lint. Nothing here talks to a cluster."""

from __future__ import annotations

import os
import re
from typing import Any

from mops import __version__
from mops.chart import archive as package
from mops.chart.manifests import documents
from mops.chart.values import values_text
from mops.checks.verdict import Verdict
from mops.cli import flags, fleet, manifests, run, streams
from mops.gitops import lints
from mops.gitops import objects as gitops
from mops.gitops.objects import Delivery, Target
from mops.model import bundle
from mops.model.disk import read_file
from mops.model.layer import Origin, Path, dotted
from mops.model.problems import ERROR, OK, InvalidConfig, Problem, UsageError
from mops.schema.fields import SettingsSchema
from mops.yamltext.nodes import Items, Node, Pairs
from mops.yamltext.plain import plain_data
from mops.yamltext.reader import parse

_REPO_FORM = re.compile(r"(https?://|ssh://|git@)\S+")


def argocd(given: flags.Given, schema: SettingsSchema) -> int:
    """Writes Applications, and with --with-project their AppProject."""
    delivery = _delivery(given)
    targets = _targets(given, schema)
    objects = {f"{target.app}.yaml": [gitops.application(target, delivery)] for target in targets}
    return _written({**_project(given, targets, delivery), **objects}, given)


def application_set(given: flags.Given, schema: SettingsSchema) -> int:
    """Writes one ApplicationSet over the fleet."""
    delivery = _delivery(given)
    targets = _targets({**given, "all": 1}, schema)
    name = flags.one(given, "name") or "dask"
    return _written(
        {
            **_project(given, targets, delivery),
            f"{name}.yaml": [gitops.application_set(name, targets, delivery)],
        },
        given,
    )


def flux(given: flags.Given, schema: SettingsSchema) -> int:
    """Writes what Flux needs for each workspace."""
    chart = _chart(given)
    delivery = Delivery(
        chart, source=flags.one(given, "source") or "flux-system", level=_level(given)
    )
    return _written(
        {
            f"{target.app}.yaml": gitops.flux(target, delivery)
            for target in _targets(given, schema, placed=False)
        },
        given,
    )


def lint(files: list[str]) -> int:
    """Says what is wrong with the objects in files."""
    objects: list[Any] = []
    nodes: list[tuple[str, Pairs]] = []
    problems: list[Problem] = []
    for name in files:
        for start, text in documents(str(read_file(name), "utf-8", "replace")):
            root, wrong = parse("\n" * start + text, name, name)
            problems += wrong
            if isinstance(root, Pairs) and root.pairs:
                nodes.append((name, root))
                objects.append(plain_data(root, lenient=True))
    for index, finding in lints.lint(objects):
        name, root = nodes[index]
        line, col = _position(root, finding.path)
        problems.append(
            Problem(
                ERROR,
                dotted(finding.path),
                finding.message,
                Origin(name, f"{name}:{line}:{col}"),
                finding.hint,
            )
        )
    if problems:
        raise InvalidConfig(problems)
    streams.out(f"{len(objects)} object{'s' if len(objects) != 1 else ''}: nothing is wrong\n")
    return OK


def plugin(which: str, given: flags.Given) -> int:
    """Writes the plugin's configuration, the Dockerfile of its sidecar, or both into a folder."""
    texts = {
        "plugin.yaml": gitops.text(gitops.plugin()),
        "Dockerfile": gitops.dockerfile(__version__),
    }
    if which not in texts:
        raise UsageError(f"there is no file {which}: expected one of {', '.join(texts)}")
    folder = flags.one(given, "output").endswith("/")
    return manifests.save(texts if folder else {which: texts[which]}, given)


def _written(files: dict[str, list[dict[str, object]]], given: flags.Given) -> int:
    """Lints the objects and writes them, each file's as one stream."""
    objects = [entry for entries in files.values() for entry in entries]
    problems = [
        Problem(
            ERROR,
            dotted(finding.path),
            finding.message,
            Origin("gitops", _name(objects[index])),
            finding.hint,
        )
        for index, finding in lints.lint(objects)
    ]
    if problems:
        raise InvalidConfig(problems)
    return manifests.save({name: gitops.stream(entries) for name, entries in files.items()}, given)


def _name(entry: dict[str, object]) -> str:
    metadata = entry["metadata"]
    return f"{entry['kind']}/{metadata['name'] if isinstance(metadata, dict) else ''}"


def _project(
    given: flags.Given, targets: list[Target], delivery: Delivery
) -> dict[str, list[dict[str, object]]]:
    return (
        {"project.yaml": [gitops.project(targets, delivery)]} if given.get("with_project") else {}
    )


def _targets(given: flags.Given, schema: SettingsSchema, *, placed: bool = True) -> list[Target]:
    """The workspaces that the options select; `placed` where the repository must have their values file."""
    folder = flags.one(given, "repo_path").strip("/")
    if given.get("all"):
        wrong = next(
            (
                name
                for name in (
                    "config",
                    "profile",
                    "set",
                    "set_string",
                    "values_file",
                    "debug_mode",
                    "name",
                )
                if given.get(name) and not (name == "name" and not placed)
            ),
            "",
        )
        if wrong and wrong != "name":
            raise UsageError(
                f"--{wrong.replace('_', '-')} is for one workspace; --all takes the fleet's files as they are"
            )
        tree = fleet.load_tree(os.path.normpath(flags.one(given, "root") or "."))
        found = [
            _target(verdict, w.name, "/".join(part for part in (folder, w.output) if part))
            for w, verdict in fleet.outcomes(tree, schema, strict=bool(given.get("strict")))
        ]
        _apart(found)
        return found
    if given.get("root"):
        raise UsageError("--root goes with --all")
    file = flags.one(given, "values_file")
    if placed and not file:
        raise UsageError(
            "name the values file in the repository with --values-file, or take the whole fleet with --all"
        )
    verdict = run.configuration(given, schema)
    run.settle(verdict, given)
    target = _target(
        verdict, "", "/".join(part for part in (folder, file.removeprefix("/")) if part)
    )
    return [target._replace(app=flags.one(given, "name") or target.app)]


def _apart(targets: list[Target]) -> None:
    """Two workspaces must not be one release."""
    first: dict[tuple[str, str], Target] = {}
    problems = [
        Problem(
            ERROR,
            "",
            f"the release {target.release} in the namespace {target.namespace} is also {other.values}",
            Origin(target.values, target.values),
            "give one another namespace",
        )
        for target in targets
        if (other := first.setdefault((target.namespace, target.release), target)) is not target
    ]
    if problems:
        raise InvalidConfig(problems)


def _target(verdict: Verdict, workspace: str, file: str) -> Target:
    release, namespace = manifests.target(verdict.config)
    text = values_text(verdict.config, verdict.values, "values", annotate=False)
    name = workspace or str(verdict.config.value("environment"))
    return Target(
        gitops.app_name(release, name),
        release,
        namespace,
        file,
        text,
        bool(verdict.config.value("autoscaling", "enabled")),
    )


def _delivery(given: flags.Given) -> Delivery:
    repo = flags.one(given, "repo")
    if not _REPO_FORM.fullmatch(repo):
        raise UsageError(
            "--repo: name the git repository that holds the values, as in https://git.example.com/team/dask.git"
        )
    return Delivery(
        _chart(given), repo, flags.one(given, "revision") or "main", flags.one(given, "project") or "default", flags.one(given, "argocd_namespace") or "argocd",
        flags.one(given, "server"), flags.one(given, "cluster"), _level(given), automated=not given.get("manual"),
    )  # fmt: skip


def _chart(given: flags.Given) -> gitops.Chart:
    name, version = package.identity(bundle.read("chart", "Chart.yaml"))
    place = flags.one(given, "chart")
    if not place:
        raise UsageError(
            "--chart: name the chart's place: oci://HOST/PATH/NAME, the URL of a Helm repository, or a path in the git repository"
        )
    asked = flags.one(given, "chart_version") or version
    if asked != version:
        raise UsageError(
            f"--chart-version {asked}: this mops renders values for the version {version} of the chart"
        )
    return gitops.chart_at(place, name, asked)


def _level(given: flags.Given) -> str:
    level = flags.one(given, "pod_security") or gitops.LEVELS[0]
    if level not in gitops.LEVELS:
        raise UsageError(f"--pod-security: expected one of {', '.join(gitops.LEVELS)}")
    return level


def _position(root: Pairs, path: Path) -> tuple[int, int]:
    """Where the path ends, or as far as it goes."""
    node: Node = root
    place = (root.line, root.col)
    for part in path:
        if isinstance(node, Items) and part.isdecimal() and int(part) < len(node.items):
            node = node.items[int(part)]
            place = (node.line, node.col)
        elif isinstance(node, Pairs) and part in node.pairs:
            key, node = node.pairs[part]
            place = (key.line, key.col)
        else:
            break
    return place
