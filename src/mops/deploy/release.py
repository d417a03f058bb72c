"""Releases as helm knows them: where they are, what is live of them, and the changes that helm makes to them."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from mops.chart.helm import Helm, Running
from mops.chart.manifests import objects
from mops.model import bundle
from mops.model.problems import EnvironmentFailure, UsageError

CHART = "mops-dask"
IN_CLUSTER = "the cluster that this pod runs in"
# What helm calls a release that another helm is at work on, or was when it was killed.
PENDING = ("pending-install", "pending-upgrade", "pending-rollback", "uninstalling")
_NOT_FOUND = "release: not found"
_ELSEWHERE = ("HELM_KUBEAPISERVER", "HELM_KUBEASUSER", "HELM_KUBETOKEN")
_MOST = 10_000
# What helm is given beyond its own time limit, to roll back and to end.
_GRACE = 60.0


class Target(NamedTuple):
    """A release in a namespace of the cluster that a kubeconfig context names; the context is "" inside a cluster."""

    name: str
    namespace: str
    context: str = ""

    @property
    def command(self) -> str:
        """How kubectl and helm are told of the place."""
        return f"{f'--context {self.context} ' if self.context else ''}-n {self.namespace}"


class Live(NamedTuple):
    """A release as it is now. `manifest` is what helm was last told to make, `objects` what there is of it."""

    revision: int
    status: str
    updated: str
    description: str
    values: Mapping[str, Any]
    manifest: Sequence[Mapping[str, Any]]
    objects: Sequence[Mapping[str, Any]]

    @property
    def layers(self) -> list[str]:
        """The layers that made its values."""
        return layers(self.values)


class Revision(NamedTuple):
    """One revision of a release's history."""

    number: int
    status: str
    updated: str
    chart: str
    description: str


def layers(values: Mapping[str, Any]) -> list[str]:
    """The layers that values say they were made from."""
    marker = values.get("mopsValues")
    return (
        [str(name) for name in (marker.get("layers") or ())] if isinstance(marker, Mapping) else []
    )


class Kubeconfig(NamedTuple):
    """The contexts of the kubeconfig files, with each context's server, and the one that is current."""

    current: str
    servers: Mapping[str, str]


def kubeconfig(environ: Mapping[str, str]) -> Kubeconfig:
    """What $KUBECONFIG or ~/.kube/config say; the first file that says a thing wins."""
    given = environ.get("KUBECONFIG", "")
    names = (
        [name for name in given.split(os.pathsep) if name]
        if given
        else [os.path.join(environ.get("HOME", ""), ".kube", "config")]
    )
    current = ""
    contexts: dict[str, str] = {}
    servers: dict[str, str] = {}
    for name in names:
        found = _read(name)
        current = current or str(found.get("current-context") or "")
        for entry in found.get("contexts") or ():
            contexts.setdefault(
                str(entry["name"]), str((entry.get("context") or {}).get("cluster"))
            )
        for entry in found.get("clusters") or ():
            servers.setdefault(
                str(entry["name"]), str((entry.get("cluster") or {}).get("server", ""))
            )
    return Kubeconfig(
        current, {name: servers.get(cluster, "") for name, cluster in contexts.items()}
    )


def _read(name: str) -> dict[str, Any]:
    """A kubeconfig file; {} where there is none."""
    import yaml

    try:
        with open(name, encoding="utf-8") as file:
            found = yaml.load(file, Loader=yaml.CSafeLoader)
        if not isinstance(found or {}, dict) or not all(
            "name" in entry
            for key in ("contexts", "clusters")
            for entry in (found or {}).get(key) or ()
        ):
            raise yaml.YAMLError
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise EnvironmentFailure(f"{name}: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError, TypeError):
        raise EnvironmentFailure(f"{name}: this is no kubeconfig") from None
    return found or {}


def chosen(config: Kubeconfig, asked: str, environ: Mapping[str, str]) -> str:
    """The context to use: the one asked for, else helm's own variable, else the current one; "" inside a cluster."""
    for name in _ELSEWHERE:
        if environ.get(name):
            raise UsageError(
                f"{name} is set, so that helm would not do what the context says: unset it"
            )
    context = asked or environ.get("HELM_KUBECONTEXT", "") or config.current
    if not context and environ.get("KUBERNETES_SERVICE_HOST"):
        return ""
    if not context:
        raise EnvironmentFailure(
            "no cluster is configured: there is no current context in "
            + (environ.get("KUBECONFIG") or "~/.kube/config")
        )
    if context not in config.servers:
        known = ", ".join(sorted(config.servers)) or "none"
        raise UsageError(f"there is no context {context} in the kubeconfig; it has {known}")
    return context


def seconds(text: str) -> float:
    """A time limit such as 90s, 10m or 1h, in seconds; without a unit seconds."""
    found = re.fullmatch(r"([1-9][0-9]{0,5})(s|m|h)?", text)
    if found is None:
        raise UsageError(f"--timeout: expected a time such as 90s, 10m or 1h, found {text}")
    return float(int(found[1]) * {"s": 1, "m": 60, "h": 3600}[found[2] or "s"])


class Releases:
    """One release, through helm."""

    def __init__(self, helm: Helm, target: Target) -> None:
        self.helm = helm
        self.target = target

    def live(self) -> Live | None:
        """The release with its live objects; None where there is none."""
        try:
            text = self.helm.run(
                ["status", self.target.name, "--show-resources", "-o", "json", *self._place()]
            )
        except EnvironmentFailure as failure:
            if _NOT_FOUND in str(failure):
                return None
            raise
        found = _json(text, "status")
        info = found.get("info") or {}
        resources = [
            entry
            for kind, entries in (info.get("resources") or {}).items()
            if "(related)" not in kind
            for entry in entries
        ]
        manifest = (
            objects(found["manifest"], self.target.namespace)
            if found.get("manifest", "").strip()
            else []
        )
        return Live(
            int(found["version"]),
            str(info.get("status")),
            str(info.get("last_deployed", "")),
            str(info.get("description", "")),
            found.get("config") or {},
            manifest,
            resources,
        )

    def state(self) -> tuple[int, str]:
        """The latest revision and its status; (0, "") where there is no release."""
        try:
            found = _json(
                self.helm.run(["status", self.target.name, "-o", "json", *self._place()]), "status"
            )
        except EnvironmentFailure as failure:
            if _NOT_FOUND in str(failure):
                return 0, ""
            raise
        return int(found["version"]), str((found.get("info") or {}).get("status"))

    def rendered(self, values: str) -> list[dict[str, Any]]:
        """The manifests that helm makes of values. No cluster is asked."""
        text = self.helm.run(
            [
                "template",
                self.target.name,
                bundle.chart(),
                "-n",
                self.target.namespace,
                "--skip-tests",
                "-f",
                "-",
            ],
            stdin=values,
        )
        return objects(text, self.target.namespace)

    def tried(self, values: str) -> None:
        """Has helm compare values with the cluster without changing it; EnvironmentFailure where it would fail at once."""
        self.helm.run([*self._upgrade(), "--dry-run=server", "-o", "json"], stdin=values)

    def upgrade(self, values: str, timeout: float) -> Running:
        """An upgrade, or a first installation, that rolls itself back where the pods do not become ready in time."""
        return self.helm.start(
            [
                *self._upgrade(),
                "--atomic",
                "--cleanup-on-fail",
                "--timeout",
                f"{timeout:g}s",
                "-o",
                "json",
            ],
            stdin=values,
        )

    def roll_back(self, revision: int, timeout: float) -> Running:
        """A rollback that waits for the pods."""
        return self.helm.start(
            [
                "rollback",
                self.target.name,
                str(revision),
                "--wait",
                "--timeout",
                f"{timeout:g}s",
                *self._place(),
            ]
        )

    def uninstall(self, timeout: float) -> None:
        """Removes the release and waits until its objects are gone."""
        self.helm.run(
            ["uninstall", self.target.name, "--wait", "--timeout", f"{timeout:g}s", *self._place()],
            timeout=timeout + _GRACE,
        )

    def history(self) -> list[Revision]:
        """The revisions, oldest first; [] where there is no release."""
        try:
            found = _json(
                self.helm.run(
                    ["history", self.target.name, "--max", "256", "-o", "json", *self._place()]
                ),
                "history",
            )
        except EnvironmentFailure as failure:
            if _NOT_FOUND in str(failure):
                return []
            raise
        return [
            Revision(
                int(entry["revision"]),
                entry["status"],
                entry["updated"],
                entry["chart"],
                entry["description"],
            )
            for entry in found
        ]

    def values(self, revision: int) -> dict[str, Any]:
        """The values of a revision."""
        found = _json(
            self.helm.run(
                [
                    "get",
                    "values",
                    self.target.name,
                    "--revision",
                    str(revision),
                    "-o",
                    "json",
                    *self._place(),
                ]
            ),
            "get values",
        )
        return found or {}

    def manifest(self, revision: int) -> list[dict[str, Any]]:
        """The manifests of a revision."""
        return objects(
            self.helm.run(
                ["get", "manifest", self.target.name, "--revision", str(revision), *self._place()]
            ),
            self.target.namespace,
        )

    def others(self) -> list[str]:
        """The names of the other releases in the namespace."""
        found = _json(
            self.helm.run(["list", "--all", "--max", str(_MOST), "-o", "json", *self._place()]),
            "list",
        )
        return [entry["name"] for entry in found if entry["name"] != self.target.name]

    def _upgrade(self) -> list[str]:
        return [
            "upgrade",
            self.target.name,
            bundle.chart(),
            "--install",
            "--reset-values",
            *self._place(),
            "-f",
            "-",
        ]

    def _place(self) -> list[str]:
        return ["-n", self.target.namespace, *at(self.target.context)]


def at(context: str) -> list[str]:
    """Helm's arguments for a context."""
    return ["--kube-context", context] if context else []


def workspaces(helm: Helm, context: str) -> list[dict[str, Any]]:
    """All releases of the chart in the cluster, as helm lists them."""
    found = _json(
        helm.run(
            ["list", "--all-namespaces", "--all", "--max", str(_MOST), "-o", "json", *at(context)]
        ),
        "list",
    )
    return [entry for entry in found if re.fullmatch(rf"{CHART}-v?[0-9].*", entry.get("chart", ""))]


def _json(text: str, verb: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        raise EnvironmentFailure(f"helm {verb} did not answer in JSON") from None
