"""What Argo CD or Flux deploys: the chart, the workspaces, and their common settings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final, Literal, NamedTuple

from mops.chart.values import values_text
from mops.checks.admission import Admission, admission
from mops.checks.verdict import Verdict
from mops.config import derived
from mops.config.podsecurity import RESTRICTED
from mops.gitops.fleet_render import verdicts
from mops.gitops.fleet_tree import Tree
from mops.model.layer import Origin
from mops.model.problems import ERROR, InvalidConfig, Problem, UsageError
from mops.schema.fields import SettingsSchema

IN_CLUSTER = "https://kubernetes.default.svc"

ChartSource = Literal["oci", "repository", "git"]
OCI: Final = "oci"
REPOSITORY: Final = "repository"
GIT: Final = "git"
CHART_FORMS = "oci://HOST/PATH/NAME, the URL of a Helm repository, or a path in the git repository"


class Chart(NamedTuple):
    """Where the chart is.

    `source` is an OCI registry, a Helm repository, or the git repository of the values; for git,
    `url` is "" and `name` is a path.
    """

    source: ChartSource
    url: str
    name: str
    version: str


class Target(NamedTuple):
    """One workspace to deploy.

    `app` is the name of its Application, `values` the path of its values file in the repository,
    `text` the content of that file, and `autoscaled` whether an autoscaler owns its replicas.
    `admission` is the Pod Security level that its pods need, `level` the one that its namespace
    gets.
    """

    app: str
    release: str
    namespace: str
    values: str
    text: str = ""
    autoscaled: bool = False
    admission: Admission = Admission()
    level: str = RESTRICTED


class Delivery(NamedTuple):
    """The settings that all workspaces have in common.

    `repo` and `revision` say where the values are in git, `project` and `namespace` belong to
    Argo CD, `server` and `cluster` name the destination (both "": the cluster of Argo CD), and
    `source` is the GitRepository from which Flux reads a chart in git.
    """

    chart: Chart
    repo: str = ""
    revision: str = ""
    project: str = "default"
    namespace: str = "argocd"
    server: str = ""
    cluster: str = ""
    automated: bool = True
    source: str = "flux-system"

    def destination(self, namespace: str) -> dict[str, str]:
        """The destination of a release. The lint rejects one with both `server` and `cluster`."""
        place: dict[str, str] = {}
        if self.cluster:
            place["name"] = self.cluster
        if self.server or not self.cluster:
            place["server"] = self.server or IN_CLUSTER
        return {**place, "namespace": namespace}


def chart_at(place: str, name: str, version: str) -> Chart:
    """The chart that --chart names. Raises UsageError if it has none of the accepted forms."""
    if place.startswith("oci://"):
        url, _, last = place.removeprefix("oci://").rstrip("/").rpartition("/")
        if not url:
            raise UsageError(f"--chart {place}: expected oci://HOST/PATH/NAME")
        return Chart(OCI, url, last, version)
    if place.startswith(("https://", "http://")):
        return Chart(REPOSITORY, place, name, version)
    if "://" in place or place.startswith(("/", "..")):
        raise UsageError(f"--chart {place}: expected {CHART_FORMS}")
    return Chart(GIT, "", place.removeprefix("./").rstrip("/"), version)


def app_name(release: str, workspace: str) -> str:
    """An Application's name: the release and the workspace, each once."""
    if not workspace or release == workspace or release.endswith(f"-{workspace}"):
        return release
    return f"{release}-{workspace}"


def target(verdict: Verdict, file: str, workspace: str = "") -> Target:
    """A workspace to deploy.

    `file` is the path of its values file in the repository. Without `workspace`, its name is that
    of its environment.
    """
    config = verdict.config
    release = str(config.value("release", "name"))
    name = workspace or str(config.value("environment"))
    return Target(
        app_name(release, name),
        release,
        derived.namespace(config),
        file,
        values_text(verdict.values),
        bool(config.value("autoscaling", "enabled")),
        admission(verdict),
    )


def fleet_targets(
    tree: Tree, schema: SettingsSchema, directory: str, *, strict: bool
) -> list[Target]:
    """All workspaces of a fleet; `directory` is its root in the repository, "" for the top.

    Raises InvalidConfig if one is invalid, or if two are the same release.
    """
    prefix = f"{directory}/" if directory else ""
    targets = [
        target(verdict, f"{prefix}{workspace.output}", workspace.name)
        for workspace, verdict in verdicts(tree, schema, strict=strict)
    ]
    problems = list(_same_release(targets))
    if problems:
        raise InvalidConfig(problems)
    return targets


def _same_release(targets: Sequence[Target]) -> Iterator[Problem]:
    """Workspaces with the release name and namespace of an earlier one."""
    first: dict[tuple[str, str], Target] = {}
    for one in targets:
        other = first.setdefault((one.namespace, one.release), one)
        if other is not one:
            yield Problem(
                ERROR,
                "",
                f"release {one.release} in namespace {one.namespace} is also used by "
                f"{other.values}",
                Origin(one.values, one.values),
                "give one of them another namespace",
            )
