"""The Argo CD plugin: its files, and reading its environment.

Argo CD runs a config management plugin in a sidecar. It passes parameters in
ARGOCD_APP_PARAMETERS, a JSON list of {"name": ..., KIND: value} with KIND one of string, array
and map (Argo CD's documentation, "Config Management Plugins").
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple

from mops.config.sources import Request
from mops.gitops.argocd import API_VERSION
from mops.gitops.fleet_tree import load_tree
from mops.model.layer import Origin, Value
from mops.model.problems import ERROR, EnvironmentFailure, InvalidConfig, Problem
from mops.model.spelling import near
from mops.report.text import printable

_VARIABLE = "ARGOCD_APP_PARAMETERS"
_REQUIRED = ("ARGOCD_APP_NAME", "ARGOCD_APP_NAMESPACE", "KUBE_VERSION")
_COMMAND = ("mops", "render", "--quiet", "--format", "manifests", "--from-argocd-env")


class Parameter(NamedTuple):
    """A parameter of the plugin, as Argo CD's user interface shows it."""

    kind: Literal["string", "array", "map"]
    title: str
    tooltip: str
    required: bool = False

    def accepts(self, value: object) -> bool:
        """Whether a value has this kind and contains only strings."""
        if self.kind == "array":
            return isinstance(value, list) and all(isinstance(entry, str) for entry in value)
        if self.kind == "map":
            return isinstance(value, dict) and all(isinstance(v, str) for v in value.values())
        return isinstance(value, str)


PARAMETERS = {
    "environment": Parameter(
        "string",
        "mops environment",
        "The workspace of the fleet, which is the name of its directory.",
        required=True,
    ),
    "layers": Parameter("array", "layers", "Further files; later files win."),
    "set": Parameter("map", "set", "Settings by key, above all files."),
}


class Parameters(NamedTuple):
    """The values of the parameters: a workspace of the fleet, further files, settings by key."""

    environment: str
    layers: tuple[str, ...]
    settings: Mapping[str, str]


class PluginRun(NamedTuple):
    """What Argo CD requests: a configuration, and the cluster for which it is rendered."""

    request: Request
    kube_version: str
    api_versions: tuple[str, ...]


def plugin_run(environ: Mapping[str, str]) -> PluginRun:
    """What the environment of the plugin requests; files are relative to the working directory.

    Raises EnvironmentFailure outside the plugin, and InvalidConfig for invalid parameters.
    """
    missing = [name for name in _REQUIRED if not environ.get(name)]
    if missing:
        raise EnvironmentFailure(
            f"{missing[0]} is not set: --from-argocd-env works in the Argo CD plugin "
            "that `mops gitops cmp` prints"
        )
    parameters = read_parameters(environ.get(_VARIABLE) or "[]")
    config, profiles = _workspace(parameters.environment)
    repository = _repository(environ.get("ARGOCD_APP_SOURCE_PATH", "."))
    config += tuple(_inside(repository, name) for name in parameters.layers)
    if not config:
        raise InvalidConfig(
            [
                _problem(
                    "environment",
                    "neither environment nor layers is given",
                    "name a workspace of the fleet, or files",
                )
            ]
        )
    # Argo CD calls an Application outside its own namespace <namespace>_<name>.
    release = environ["ARGOCD_APP_NAME"].rpartition("_")[2]
    namespace = environ["ARGOCD_APP_NAMESPACE"]
    request = Request(
        config=config,
        profiles=profiles,
        overrides=(("--release-name", release), ("--namespace", namespace)),
        sets=tuple(
            ("--set", f"{key}={value}") for key, value in sorted(parameters.settings.items())
        ),
        hermetic=True,
    )
    served = environ.get("KUBE_API_VERSIONS", "").split(",")
    return PluginRun(request, environ["KUBE_VERSION"], tuple(filter(None, served)))


def read_parameters(text: str) -> Parameters:
    """The parameters in the JSON that Argo CD passes. Raises InvalidConfig with all problems."""
    found: dict[str, Value] = {}
    problems: list[Problem] = []
    for entry in _entries(text):
        name = entry["name"]
        parameter = PARAMETERS.get(name)
        if parameter is None:
            problems.append(_problem(name, "unknown parameter", near(name, PARAMETERS)))
        elif name in found:
            problems.append(_problem(name, "duplicate parameter"))
        elif not parameter.accepts(entry.get(parameter.kind)):
            strings = "a string" if parameter.kind == "string" else f"{parameter.kind} of strings"
            problems.append(_problem(name, f"expected {strings}"))
        else:
            found[name] = entry[parameter.kind]
    if problems:
        raise InvalidConfig(problems)
    return Parameters(
        found.get("environment", ""), tuple(found.get("layers", ())), found.get("set", {})
    )


def _entries(text: str) -> list[dict[str, Value]]:
    """The named entries of the JSON list."""
    try:
        entries = json.loads(text)
    except ValueError:
        entries = None
    if not isinstance(entries, list) or not all(map(_has_name, entries)):
        raise InvalidConfig([_problem("", "expected a JSON list of parameters")])
    return entries


def _has_name(entry: object) -> bool:
    return isinstance(entry, dict) and isinstance(entry.get("name"), str)


def _problem(name: str, message: str, hint: str = "") -> Problem:
    return Problem(ERROR, name, message, Origin(_VARIABLE, _VARIABLE), hint)


def _workspace(environment: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The files and profiles of the fleet's workspace with this name; none for ""."""
    if not environment:
        return (), ()
    workspaces = load_tree(".").workspaces
    for workspace in workspaces:
        if workspace.name == environment:
            return workspace.config, workspace.profiles
    message = f"the fleet has no workspace {printable(environment)}"
    names = [workspace.name for workspace in workspaces]
    raise InvalidConfig([_problem("environment", message, near(environment, names))])


def _repository(source_path: str) -> str:
    """The repository's root, if the working directory is `source_path` in it.

    If the working directory has another name, the root is the working directory itself.
    """
    here = os.path.realpath(".")
    root = here
    for part in reversed([part for part in source_path.split("/") if part not in ("", ".")]):
        if os.path.basename(root) != part:
            return here
        root = os.path.dirname(root)
    return root


def _inside(repository: str, name: str) -> str:
    """The name of a layer. Raises InvalidConfig if it is outside the repository, even by links."""
    below = os.path.realpath(name).startswith(repository.rstrip("/") + "/")
    if os.path.isabs(name) or not below:
        message = f"{printable(name)} is outside the repository"
        raise InvalidConfig([_problem("layers", message)])
    return name


def configuration() -> dict[str, Value]:
    """The ConfigManagementPlugin, which the sidecar reads from plugin.yaml."""
    return {
        "apiVersion": API_VERSION,
        "kind": "ConfigManagementPlugin",
        "metadata": {"name": "mops"},
        "spec": {
            "version": "v1",
            "generate": {"command": list(_COMMAND)},
            "parameters": {"static": list(_announced())},
            "preserveFileMode": False,
            "provideGitCreds": False,
        },
    }


def _announced() -> Iterator[dict[str, Value]]:
    """The parameters as the plugin announces them."""
    for name, parameter in PARAMETERS.items():
        entry: dict[str, Value] = {
            "name": name,
            "title": parameter.title,
            "tooltip": parameter.tooltip,
        }
        if parameter.required:
            entry["required"] = True
        if parameter.kind != "string":
            entry["collectionType"] = parameter.kind
        yield entry


def dockerfile(version: str) -> str:
    """The image of the plugin's sidecar, for a version of mops."""
    wheel = f"mops-{version}-py3-none-any.whl"
    return f"""\
# The sidecar of the Argo CD plugin mops. Build it in a directory with the wheel and plugin.yaml.
FROM python:3.12-slim
COPY {wheel} /tmp/
RUN pip install --no-cache-dir "/tmp/{wheel}[helm]" && rm /tmp/*.whl
COPY plugin.yaml /home/argocd/cmp-server/config/plugin.yaml
# The user as which Argo CD runs sidecars. The entry point is mounted from Argo CD's own image.
USER 999
ENTRYPOINT ["/var/run/argocd/argocd-cmp-server"]
"""
