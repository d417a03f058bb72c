"""Releases in a cluster, through helm: reading and changing them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

from mops.chart import helm
from mops.chart.helm import Helm, Running
from mops.chart.manifests import objects
from mops.model import bundle
from mops.model.layer import Value
from mops.model.problems import EnvironmentFailure, UsageError
from mops.schema.fields import MARKER

DEPLOYED, SUPERSEDED, PENDING_INSTALL = "deployed", "superseded", "pending-install"
# The status of a release while helm changes it, or after helm was killed.
PENDING = (PENDING_INSTALL, "pending-upgrade", "pending-rollback", "uninstalling")

_NOT_FOUND = "release: not found"
_MOST = 10_000
# Seconds beyond its own time limit in which helm may finish.
_GRACE = 60.0


class Target(NamedTuple):
    """A release in a namespace of the cluster that a kubeconfig context names.

    The context is "" for the cluster that mops itself runs in.
    """

    name: str
    namespace: str
    context: str = ""

    @property
    def kubectl(self) -> str:
        """The start of a kubectl command on the same namespace."""
        context = f"--context {self.context} " if self.context else ""
        return f"kubectl {context}-n {self.namespace}"


class Live(NamedTuple):
    """A deployed release.

    `manifest` is what helm last applied, `objects` are the live objects, and `updated` is a time in
    helm's format.
    """

    revision: int
    status: str
    updated: str
    description: str
    values: Mapping[str, Value]
    manifest: Sequence[Mapping[str, Value]]
    objects: Sequence[Mapping[str, Value]]

    @property
    def layers(self) -> list[str]:
        """The layers of its values."""
        return layers(self.values)


class State(NamedTuple):
    """The latest revision of a release, and its status; revision 0 if there is no release."""

    revision: int
    status: str


class Revision(NamedTuple):
    """One revision of a release's history."""

    number: int
    status: str
    updated: str
    chart: str
    description: str


def not_found(target: Target) -> str:
    """The message that there is no such release."""
    return f"release {target.name} not found in namespace {target.namespace}"


def layers(values: Mapping[str, Value]) -> list[str]:
    """The layers that are recorded in values; [] if none are."""
    recorded = values.get(MARKER)
    if not isinstance(recorded, Mapping):
        return []
    return [str(name) for name in recorded.get("layers") or ()]


def seconds(text: str) -> float:
    """The seconds in a time limit such as 90s, 10m or 1h; a plain number means seconds."""
    found = re.fullmatch(r"([1-9][0-9]{0,5})(s|m|h)?", text)
    if found is None:
        raise UsageError(f"--timeout: expected a time such as 90s, 10m or 1h, found {text}")
    return float(int(found[1]) * {"s": 1, "m": 60, "h": 3600}[found[2] or "s"])


class Releases:
    """The revisions of one release, through the helm on the PATH of `environ`.

    Helm is looked up on first use. With `offline`, it cannot reach a cluster. Every method raises
    EnvironmentFailure if helm fails.
    """

    def __init__(
        self, target: Target, environ: Mapping[str, str], *, offline: bool = False
    ) -> None:
        self.target = target
        self._environ = environ
        self._offline = offline

    @cached_property
    def _helm(self) -> Helm:
        return helm.find(self._environ, offline=self._offline)

    def live(self) -> Live | None:
        """The release with its live objects; None if there is none."""
        found = self._query("status", "--show-resources")
        if found is None:
            return None
        info = found.get("info") or {}
        manifest = found.get("manifest", "")
        return Live(
            int(found["version"]),
            str(info.get("status")),
            str(info.get("last_deployed", "")),
            str(info.get("description", "")),
            found.get("config") or {},
            objects(manifest, self.target.namespace) if manifest.strip() else [],
            _resources(info.get("resources") or {}),
        )

    def state(self) -> State:
        """The latest revision and its status."""
        found = self._query("status")
        if found is None:
            return State(0, "")
        return State(int(found["version"]), str((found.get("info") or {}).get("status")))

    def rendered(self, values: str) -> list[dict[str, Value]]:
        """The manifests that helm renders from values, without contacting a cluster."""
        where = ["-n", self.target.namespace]
        arguments = [self.target.name, bundle.chart(), *where, "--skip-tests", "-f", "-"]
        text = self._helm.run(["template", *arguments], stdin=values)
        return objects(text, self.target.namespace)

    def try_upgrade(self, values: str) -> None:
        """Makes helm check an upgrade against the cluster, without changing anything."""
        self._helm.run([*self._upgrade(), "--dry-run=server", "-o", "json"], stdin=values)

    def upgrade(self, values: str, timeout: float) -> Running:
        """Starts an upgrade or installation; helm rolls it back if pods are not ready in time."""
        limit = ["--atomic", "--cleanup-on-fail", *_limit(timeout)]
        return self._helm.start([*self._upgrade(), *limit, "-o", "json"], stdin=values)

    def roll_back(self, revision: int, timeout: float) -> Running:
        """Starts a rollback that waits for the pods."""
        arguments = [self.target.name, str(revision), "--wait", *_limit(timeout), *self._place]
        return self._helm.start(["rollback", *arguments])

    def uninstall(self, timeout: float) -> None:
        """Removes the release and waits until its objects are gone."""
        arguments = [self.target.name, "--wait", *_limit(timeout), *self._place]
        self._helm.run(["uninstall", *arguments], timeout=timeout + _GRACE)

    def history(self) -> list[Revision]:
        """The revisions, oldest first; [] if there is no release."""
        return [
            Revision(
                int(entry["revision"]),
                entry["status"],
                entry["updated"],
                entry["chart"],
                entry["description"],
            )
            for entry in self._query("history", "--max", "256") or ()
        ]

    def values(self, revision: int) -> dict[str, Value]:
        """The values of a revision."""
        arguments = [self.target.name, "--revision", str(revision), "-o", "json", *self._place]
        return _json(self._helm.run(["get", "values", *arguments]), "get values") or {}

    def manifest(self, revision: int) -> list[dict[str, Value]]:
        """The manifests of a revision."""
        arguments = [self.target.name, "--revision", str(revision), *self._place]
        return objects(self._helm.run(["get", "manifest", *arguments]), self.target.namespace)

    def others(self) -> list[str]:
        """The names of the other releases in the namespace."""
        arguments = ["--all", "--max", str(_MOST), "-o", "json", *self._place]
        found = _json(self._helm.run(["list", *arguments]), "list")
        return [entry["name"] for entry in found if entry["name"] != self.target.name]

    def _query(self, verb: str, *options: str) -> Value:
        """The JSON that a helm command prints about the release; None if there is no release."""
        arguments = [verb, self.target.name, *options, "-o", "json", *self._place]
        try:
            text = self._helm.run(arguments)
        except EnvironmentFailure as failure:
            if _NOT_FOUND in str(failure):
                return None
            raise
        return _json(text, verb)

    def _upgrade(self) -> list[str]:
        how = ["--install", "--reset-values", "-f", "-"]
        return ["upgrade", self.target.name, bundle.chart(), *how, *self._place]

    @property
    def _place(self) -> list[str]:
        return ["-n", self.target.namespace, *_in_context(self.target.context)]


def all_releases(program: Helm, context: str) -> list[dict[str, Value]]:
    """All releases in all namespaces of a cluster, as helm lists them."""
    arguments = ["--all-namespaces", "--all", "--max", str(_MOST), "-o", "json"]
    found: list[dict[str, Value]] = _json(
        program.run(["list", *arguments, *_in_context(context)]), "list"
    )
    return found


def _in_context(context: str) -> list[str]:
    return ["--kube-context", context] if context else []


def _limit(timeout: float) -> list[str]:
    return ["--timeout", f"{timeout:g}s"]


def _resources(by_kind: Mapping[str, Value]) -> list[Mapping[str, Value]]:
    """The live objects of a release, without the pods that helm lists as related."""
    found: list[Mapping[str, Value]] = []
    for kind, entries in by_kind.items():
        if "(related)" not in kind:
            found += entries
    return found


def _json(text: str, verb: str) -> Value:
    try:
        return json.loads(text)
    except ValueError:
        raise EnvironmentFailure(f"helm {verb} returned invalid JSON") from None
