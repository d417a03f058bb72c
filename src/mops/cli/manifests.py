"""`mops render --format manifests`: what helm makes of the values, in one form; also as an Argo CD plugin."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from typing import Any

from mops.chart import helm, manifests
from mops.chart.values import values_text
from mops.cli import flags, run, streams
from mops.config import derived
from mops.config.resolve import Config
from mops.model import bundle, disk
from mops.model.disk import read_file
from mops.model.layer import Origin
from mops.model.problems import (
    DIFFERENCE,
    ERROR,
    OK,
    EnvironmentFailure,
    InvalidConfig,
    Problem,
    UsageError,
)
from mops.model.spelling import near
from mops.report.difference import compared
from mops.report.text import printable
from mops.schema.fields import SettingsSchema

_PARAMETERS = "ARGOCD_APP_PARAMETERS"
# The plugin's parameters and the field in which Argo CD hands over their value.
PARAMETERS = {"environment": "string", "layers": "array", "set": "map"}
_MARK = b"# Written by mops "


def render_manifests(given: flags.Given, schema: SettingsSchema) -> int:
    """Writes the manifests to stdout, to one file, or one by one into a folder."""
    wrong = [name for name in ("annotate",) if given.get(name)]
    if wrong:
        raise UsageError("--annotate goes with --format values")
    if given.get("from_argocd_env"):
        given = argocd(given, os.environ)
    versions = given.get("kube_version") or []
    if len(versions) != 1 or not re.fullmatch(
        r"v?[0-9]+\.[0-9]+(\.[0-9]+)?([-+][-+.0-9A-Za-z]+)?", versions[0]
    ):
        raise UsageError(
            "--format manifests needs --kube-version, the cluster's version, as in 1.33: helm's own default differs from version to version"
        )
    verdict = run.configuration(given, schema)
    run.settle(verdict, given)
    release, namespace = target(verdict.config)
    args = manifests.arguments(release, namespace, versions[0], "-", given.get("api_version") or ())
    printed = helm.find(os.environ, offline=True).run(
        args,
        stdin=values_text(verdict.config, verdict.values, "values", annotate=False),
        folder=bundle.chart(),
    )
    objects = manifests.objects(printed, namespace)
    return save({manifests.file_name(entry): manifests.text(entry) for entry in objects}, given)


def target(config: Config) -> tuple[str, str]:
    """The release's name and its namespace."""
    return str(config.value("release", "name")), derived.namespace(config)


def save(texts: Mapping[str, str], given: flags.Given) -> int:
    """Writes texts, by file name: to stdout or a file as one stream, one by one into a folder (`-o DIR/`); or compares."""
    output = flags.one(given, "output") or "-"
    check = bool(given.get("check"))
    if output == "-":
        if check:
            raise UsageError("--check compares with what -o names: name a file or a folder")
        streams.out(manifests.stream(texts.values()))
        return OK
    if not output.endswith("/") and not os.path.isdir(output):
        wanted: dict[str, str | None] = {output: manifests.stream(texts.values())}
    else:
        wanted = {os.path.join(output, name): text for name, text in texts.items()}
        wanted |= dict.fromkeys(_left(output, texts))
        if not check:
            _folder(output)
    stale = {
        path: text
        for path, text in wanted.items()
        if text is None or not os.path.lexists(path) or read_file(path) != text.encode("utf-8")
    }
    if check:
        streams.out(
            "".join(
                compared(text or "", read_file(path) if os.path.lexists(path) else b"", path)
                for path, text in stale.items()
            )
        )
        for path, text in stale.items():
            streams.note(
                f"{path} is {'stale' if text is not None else 'left over'}: run the same command without --check"
            )
        return DIFFERENCE if stale else OK
    for path, text in stale.items():
        if text is None:
            os.unlink(path)
            streams.note(f"{path} is removed: nothing of this name is rendered any more")
        else:
            disk.write(text, path)
    return OK


def _left(folder: str, texts: Mapping[str, str]) -> list[str]:
    """The files in the folder that mops once wrote and no longer does."""
    if not os.path.isdir(folder):
        return []
    names = sorted(
        name for name in os.listdir(folder) if name.endswith(".yaml") and name not in texts
    )
    paths = [
        path
        for name in names
        if os.path.isfile(path := os.path.join(folder, name)) and not os.path.islink(path)
    ]
    return [path for path in paths if read_file(path).startswith(_MARK)]


def _folder(name: str) -> None:
    try:
        os.makedirs(name, exist_ok=True)
    except OSError as error:
        raise EnvironmentFailure(f"{name}: {error.strerror or error}") from None


def argocd(given: flags.Given, environ: Mapping[str, str]) -> dict[str, Any]:
    """The options that the environment of an Argo CD plugin stands for."""
    allowed = {"from_argocd_env", "format", "strict", "quiet", "hermetic"}
    wrong = sorted(name for name, value in given.items() if value and name not in allowed)
    if wrong or (given.get("format") or ["manifests"]) != ["manifests"]:
        raise UsageError(
            f"--from-argocd-env takes everything from the environment: leave out --{(wrong or ['format'])[0].replace('_', '-')}"
        )
    missing = [
        name
        for name in ("ARGOCD_APP_NAME", "ARGOCD_APP_NAMESPACE", "KUBE_VERSION")
        if not environ.get(name)
    ]
    if missing:
        raise EnvironmentFailure(
            f"{missing[0]} is not set: --from-argocd-env is for the plugin that `mops gitops cmp` prints"
        )
    parameters = _parameters(environ.get(_PARAMETERS) or "[]")
    chosen: dict[str, Any] = {**given, "format": ["manifests"], "hermetic": 1}
    config, chosen["profile"] = _selected(parameters.get("environment", ""))
    layers = [
        _inside(name, environ.get("ARGOCD_APP_SOURCE_PATH", "."))
        for name in parameters.get("layers", ())
    ]
    chosen["config"] = [*config, *layers]
    if not chosen["config"]:
        raise InvalidConfig(
            [
                _wrong(
                    "environment",
                    "neither environment nor layers is given",
                    "name a workspace of the fleet, or files",
                )
            ]
        )
    chosen["set"] = [f"{key}={value}" for key, value in sorted(parameters.get("set", {}).items())]
    # Argo CD calls an Application outside of its own namespace <namespace>_<name>.
    chosen["release_name"] = [environ["ARGOCD_APP_NAME"].rpartition("_")[2]]
    chosen["namespace"] = [environ["ARGOCD_APP_NAMESPACE"]]
    chosen["kube_version"] = [environ["KUBE_VERSION"]]
    chosen["api_version"] = [
        name for name in environ.get("KUBE_API_VERSIONS", "").split(",") if name
    ]
    return chosen


def _parameters(text: str) -> dict[str, Any]:
    """The plugin's parameters by name, each of the kind that it must have."""
    problems: list[Problem] = []
    found: dict[str, Any] = {}
    try:
        entries = json.loads(text)
    except ValueError:
        entries = None
    if not isinstance(entries, list) or not all(
        isinstance(entry, dict) and isinstance(entry.get("name"), str) for entry in entries
    ):
        raise InvalidConfig([_wrong("", "expected a JSON list of parameters")])
    for entry in entries:
        name = entry["name"]
        kind = PARAMETERS.get(name)
        value = entry.get(kind) if kind else None
        if kind is None:
            problems.append(_wrong(name, "there is no such parameter", near(name, PARAMETERS)))
        elif name in found:
            problems.append(_wrong(name, "this parameter is here twice"))
        elif not _fits(kind, value):
            problems.append(
                _wrong(name, f"expected {'text' if kind == 'string' else kind + ' with text'}")
            )
        else:
            found[name] = value
    if problems:
        raise InvalidConfig(problems)
    return found


def _fits(kind: str, value: Any) -> bool:
    if kind == "string":
        return isinstance(value, str)
    if kind == "array":
        return isinstance(value, list) and all(isinstance(entry, str) for entry in value)
    return isinstance(value, dict) and all(isinstance(entry, str) for entry in value.values())


def _wrong(name: str, message: str, hint: str = "") -> Problem:
    return Problem(ERROR, name, message, Origin(_PARAMETERS, _PARAMETERS), hint)


def _selected(environment: str) -> tuple[list[str], list[str]]:
    """The files and profiles of the fleet's workspace of that name; nothing for no name."""
    if not environment:
        return [], []
    from mops.cli.fleet import load_tree

    tree = load_tree(".")
    found = next(
        (workspace for workspace in tree.workspaces if workspace.name == environment), None
    )
    if found is None:
        names = [workspace.name for workspace in tree.workspaces]
        raise InvalidConfig(
            [
                _wrong(
                    "environment",
                    f"the fleet has no workspace {printable(environment)}",
                    near(environment, names),
                )
            ]
        )
    return list(found.config), list(found.profiles)


def _inside(name: str, source: str) -> str:
    """A layer's name, refused where it leaves the repository; `source` is the working directory's path in there."""
    here = os.path.realpath(".")
    depth = [part for part in source.split("/") if part not in ("", ".")]
    root = here
    for part in reversed(depth):
        if os.path.basename(root) != part:
            root = here
            break
        root = os.path.dirname(root)
    if os.path.isabs(name) or not os.path.realpath(name).startswith(root.rstrip("/") + "/"):
        raise InvalidConfig([_wrong("layers", f"{printable(name)} is outside of the repository")])
    return name
