"""The progress of an upgrade: which pods are ready, and why the others are not."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from mops.deploy.deployments import Manifest, is_deployment, object_name
from mops.deploy.kube import Kube
from mops.deploy.pods import (
    NotReady,
    Object,
    is_leaving,
    is_ready,
    last_seen,
    not_ready,
    refusals,
    selector,
)
from mops.deploy.release import Target
from mops.model.problems import EnvironmentFailure
from mops.report.text import printable

_LOG_LINES = 10
# The number of pods whose logs are read at once.
_LOGS = 3


class _Log(NamedTuple):
    """The last log lines of a crashed container, read after so many restarts."""

    restarts: int
    lines: Sequence[str]


class Watch:
    """Reports progress through `say`, and keeps what explains a failure.

    `last` are the latest reasons why pods are not ready, `counts` the ready pods at that time.
    """

    def __init__(
        self,
        target: Target,
        wanted: Iterable[Manifest],
        connect: Callable[[], Kube],
        say: Callable[[str], None],
    ) -> None:
        self._target = target
        self._deployments = {object_name(entry): entry for entry in wanted if is_deployment(entry)}
        self._connect, self._say = connect, say
        self._client: Kube | None = None
        self._is_unavailable = False
        self._said: set[str] = set()
        self._logs: dict[str, _Log] = {}
        self._since = ""
        self.last: list[NotReady] = []
        self.counts = ""

    def look(self) -> None:
        """Checks the pods and reports what is new.

        A failure is reported once and ends the reports, not the upgrade.
        """
        if self._is_unavailable:
            return
        try:
            if self._client is None:
                self._client = self._connect()
            self._look(self._client)
        except EnvironmentFailure as failure:
            self._is_unavailable = True
            self._say(f"progress is unavailable: {printable(str(failure))}")

    def reasons(self) -> list[str]:
        """Why pods are not ready, with the last log lines of those that crashed."""
        lines = []
        for entry in _grouped(self.last):
            lines.append(f"  {entry.pod}: {entry.text}")
            log = self._logs.get(entry.pod)
            if log is not None:
                lines += [f"    | {line}" for line in log.lines]
        return [printable(line) for line in lines]

    def _look(self, client: Kube) -> None:
        namespace = self._target.namespace
        pods = client.pods(namespace, selector(self._target.name))
        pods = [pod for pod in pods if not is_leaving(pod)]
        pods.sort(key=lambda pod: str(pod["metadata"].get("creationTimestamp")), reverse=True)
        events = client.events(namespace)
        if not self._since:
            self._since = max(map(last_seen, events), default="")
        found = not_ready(pods, events) + refusals(self._deployments, events, self._since)
        if found:
            self.last = found
        for entry in [entry for entry in found if entry.crashed][:_LOGS]:
            self._keep_log(client, entry)
        self._report(pods, found)

    def _report(self, pods: Sequence[Object], found: Sequence[NotReady]) -> None:
        counts = {name: _counts(entry, pods) for name, entry in self._deployments.items()}
        if any(ready < wanted for ready, wanted in counts.values()):
            self.counts = ", ".join(
                f"{name} {ready}/{wanted}" for name, (ready, wanted) in counts.items()
            )
            self._say_once(f"waiting: {self.counts} pods ready")
        for entry in _grouped(found):
            self._say_once(f"{entry.pod}: {entry.text}", key=f"{entry.pod} {entry.reason}")

    def _say_once(self, text: str, key: str = "") -> None:
        key = key or text
        if key not in self._said:
            self._said.add(key)
            self._say(printable(text))

    def _keep_log(self, client: Kube, entry: NotReady) -> None:
        """Keeps the last log lines of a crashed container, which may soon be gone."""
        kept = self._logs.get(entry.pod)
        if kept is not None and kept.restarts >= entry.restarts:
            return
        text = self._log(client, entry, previous=True) or self._log(client, entry, previous=False)
        if text.strip():
            self._logs[entry.pod] = _Log(entry.restarts, text.rstrip().splitlines()[-_LOG_LINES:])

    def _log(self, client: Kube, entry: NotReady, *, previous: bool) -> str:
        try:
            return client.log(
                self._target.namespace,
                entry.pod,
                entry.container,
                tail=_LOG_LINES,
                previous=previous,
            )
        except EnvironmentFailure:
            return ""


def _counts(deployment: Manifest, pods: Iterable[Object]) -> tuple[int, int]:
    """How many of a Deployment's pods are ready, and how many are wanted."""
    labels: Mapping[str, str] = deployment["spec"]["selector"]["matchLabels"]
    own = [pod for pod in pods if labels.items() <= pod["metadata"]["labels"].items()]
    return sum(map(is_ready, own)), int(deployment["spec"].get("replicas", len(own)))


def _grouped(found: Iterable[NotReady]) -> list[NotReady]:
    """One entry for each reason, with the number of other pods that have the same reason."""
    groups: dict[tuple[str, str, str], list[NotReady]] = {}
    for entry in found:
        owner = entry.pod.rsplit("-", 2)[0]
        key = (owner, entry.reason, "" if entry.crashed else entry.text)
        groups.setdefault(key, []).append(entry)
    grouped = []
    for first, *others in groups.values():
        more = f" (and {len(others)} more)" if others else ""
        grouped.append(first._replace(text=first.text + more))
    return grouped
