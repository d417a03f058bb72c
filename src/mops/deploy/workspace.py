"""A workspace in a cluster: a configuration and its release."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from mops.checks.verdict import Verdict
from mops.config import derived
from mops.config.resolve import Config, resolve
from mops.config.sources import Request
from mops.deploy.changes import values_by_path
from mops.deploy.kubeconfig import IN_CLUSTER, choose_context, read_kubeconfig
from mops.deploy.release import PENDING, PENDING_INSTALL, Live, Releases, Target
from mops.model.layer import DEFAULTS, Layer, Leaf, Origin
from mops.model.problems import EnvironmentFailure, UsageError
from mops.report.origins import written_at
from mops.schema.fields import SettingsSchema

if TYPE_CHECKING:
    from mops.deploy.kube import Kube

# The overrides that select the release of a configuration.
_SELECTING = ("--env", "--namespace", "--release-name")


class Workspace(NamedTuple):
    """A configuration and its release.

    `request` is what selected the configuration, `asked_context` the context on the command line,
    "" if there is none, and `server` the URL of the API server, "" if unknown.
    """

    schema: SettingsSchema
    verdict: Verdict
    request: Request
    releases: Releases
    environ: Mapping[str, str]
    asked_context: str = ""
    server: str = ""

    @property
    def target(self) -> Target:
        """The release."""
        return self.releases.target

    @property
    def config(self) -> Config:
        """The configuration."""
        return self.verdict.config

    @property
    def location(self) -> str:
        """The release and its cluster, for people."""
        server = f" ({self.server})" if self.server else ""
        context = f"{self.target.context or IN_CLUSTER}{server}"
        return f"context {context}, namespace {self.target.namespace}, release {self.target.name}"

    def command(self, verb: str, *arguments: str) -> str:
        """A `mops workspace` command that selects the same configuration and release."""
        options: list[str] = []
        for name in self.request.config:
            options += ["--config", name]
        for name in self.request.profiles:
            options += ["--profile", name]
        for flag in _SELECTING:
            for given, value in self.request.overrides:
                if given == flag:
                    options += [flag, value]
        if self.asked_context:
            options += ["--context", self.asked_context]
        if self.request.hermetic:
            options.append("--hermetic")
        return shlex.join(["mops", "workspace", verb, *arguments, *options])

    def recovery(self, status: str) -> str:
        """The command that repairs a release that is stuck in a status."""
        return self.command("down" if status == PENDING_INSTALL else "rollback")

    def client(self) -> Kube:
        """The Kubernetes API of the cluster. Imports the Kubernetes client."""
        from mops.deploy.kube import Kube

        return Kube(self.target.context, self.environ)


def open_workspace(
    schema: SettingsSchema,
    verdict: Verdict,
    request: Request,
    asked_context: str,
    environ: Mapping[str, str],
) -> Workspace:
    """The workspace of a configuration. Does not contact a cluster.

    Raises UsageError if the environment is pinned to another context, or the context is unknown.
    """
    kubeconfig = read_kubeconfig(environ)
    context = choose_context(kubeconfig, asked_context, environ)
    _check_pin(verdict.config, context)
    target = target_of(verdict.config)._replace(context=context)
    server = kubeconfig.servers.get(context, "")
    releases = Releases(target, environ)
    return Workspace(schema, verdict, request, releases, environ, asked_context, server)


def target_of(config: Config) -> Target:
    """The release of a configuration, without a cluster."""
    return Target(str(config.value("release", "name")), derived.namespace(config))


def _check_pin(config: Config, context: str) -> None:
    environment = config.value("environment")
    stack = config.stacks.get(("release", "contexts", environment))
    pinned = stack[-1] if stack else None
    if pinned is None or pinned.value is None or pinned.value == context:
        return
    raise UsageError(
        f"environment {environment} is pinned to context {pinned.value} ({written_at(pinned)}), "
        f"but the selected context is {context or IN_CLUSTER}; use --context {pinned.value}"
    )


def require_idle(workspace: Workspace, live: Live | None) -> None:
    """Raises EnvironmentFailure if another helm is running on the release, or was killed."""
    if live is None or live.status not in PENDING:
        return
    raise EnvironmentFailure(
        f"{workspace.target.name} has been {live.status} since {live.updated}: another helm is "
        f"running, or was killed; wait for it, or run {workspace.recovery(live.status)} to recover"
    )


def has_settings(workspace: Workspace) -> bool:
    """Whether any layer above the defaults sets more than the release."""
    schema = workspace.schema
    for layer in workspace.config.layers:
        if layer.name == DEFAULTS:
            continue
        for path in layer.leaves:
            if not (schema.at(path[:1]) or {}).get("x-release"):
                return True
    return False


def as_deployed(workspace: Workspace, live: Live) -> Workspace:
    """The workspace with the configuration of a deployed release instead of its own."""
    place = f"revision {live.revision}"
    origins = [name for name in live.layers if name != DEFAULTS]
    if origins:
        place += f" (from {' < '.join(origins)})"
    leaves = {
        path: Leaf(value, Origin(place, place))
        for path, value in values_by_path(live.values).items()
    }
    schema = workspace.schema
    config = resolve([schema.defaults(), Layer(place, leaves, place)], schema)
    verdict = workspace.verdict._replace(config=config, values=dict(live.values))
    return workspace._replace(verdict=verdict)
