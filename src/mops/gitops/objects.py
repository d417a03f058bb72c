"""Objects for Argo CD and Flux that deploy what a repository holds. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from mops.model.problems import UsageError
from mops.yamltext.writer import dump

HEADER = "# Written by mops gitops; edit the configuration instead.\n"
IN_CLUSTER = "https://kubernetes.default.svc"
LEVELS = ("restricted", "baseline", "privileged")
ARGO, HELM_RELEASE, OCI = (
    "argoproj.io/v1alpha1",
    "helm.toolkit.fluxcd.io/v2",
    "source.toolkit.fluxcd.io/v1",
)

# What the chart may create, tests aside.
KINDS = (
    ("", "Service"), ("", "ServiceAccount"), ("apps", "Deployment"), ("autoscaling", "HorizontalPodAutoscaler"), ("gateway.networking.k8s.io", "HTTPRoute"),
    ("keda.sh", "ScaledObject"), ("monitoring.coreos.com", "PodMonitor"), ("monitoring.coreos.com", "ServiceMonitor"), ("networking.k8s.io", "Ingress"),
    ("networking.k8s.io", "NetworkPolicy"), ("policy", "PodDisruptionBudget"),
)  # fmt: skip


class Chart(NamedTuple):
    """Where the chart is: `oci` and `repository` have a name in a registry, `git` a path in the repository of the values."""

    kind: str
    url: str
    name: str
    version: str


class Target(NamedTuple):
    """One workspace as it is deployed. `values` is the path of its values file in the repository, `text` what is in it."""

    app: str
    release: str
    namespace: str
    values: str
    text: str
    autoscaled: bool


class Delivery(NamedTuple):
    """What all targets have in common."""

    chart: Chart
    repo: str = ""
    revision: str = ""
    project: str = "default"
    namespace: str = "argocd"
    server: str = ""
    cluster: str = ""
    level: str = "restricted"
    automated: bool = True
    source: str = "flux-system"

    def destination(self, namespace: str) -> dict[str, Any]:
        """Where a release goes."""
        place = {"name": self.cluster} if self.cluster else {}
        place |= {"server": self.server} if self.server else {}
        return {**(place or {"server": IN_CLUSTER}), "namespace": namespace}


def chart_at(place: str, name: str, version: str) -> Chart:
    """The chart that is meant: oci://HOST/PATH/NAME, the URL of a Helm repository, or a path in the git repository."""
    if place.startswith("oci://"):
        url, _, last = place.removeprefix("oci://").rstrip("/").rpartition("/")
        if not url:
            raise UsageError(f"--chart {place}: expected oci://HOST/PATH/NAME")
        return Chart("oci", url, last, version)
    if place.startswith(("https://", "http://")):
        return Chart("repository", place, name, version)
    if "://" in place or place.startswith(("/", "..")):
        raise UsageError(
            f"--chart {place}: expected oci://HOST/PATH/NAME, the URL of a Helm repository, or a path in the git repository"
        )
    return Chart("git", "", place.removeprefix("./").rstrip("/"), version)


def app_name(release: str, workspace: str) -> str:
    """An Application's name: the release and the workspace, each once."""
    return (
        release
        if not workspace or release == workspace or release.endswith(f"-{workspace}")
        else f"{release}-{workspace}"
    )


def application(target: Target, delivery: Delivery) -> dict[str, Any]:
    """The Application of a workspace."""
    spec = _spec(delivery, target.release, target.namespace, target.values)
    if target.autoscaled:
        spec["ignoreDifferences"] = [_replicas(target.release)]
    return {
        "apiVersion": ARGO,
        "kind": "Application",
        "metadata": {"name": target.app, "namespace": delivery.namespace},
        "spec": spec,
    }


def application_set(name: str, targets: Sequence[Target], delivery: Delivery) -> dict[str, Any]:
    """One ApplicationSet whose Applications are those of the targets. Values stay in their files: nothing of them is a template."""
    elements = [
        {
            "app": t.app,
            "release": t.release,
            "namespace": t.namespace,
            "values": t.values,
            **({"autoscaled": True} if t.autoscaled else {}),
        }
        for t in targets
    ]
    autoscaled = any(target.autoscaled for target in targets)
    # With missingkey=error every key that the patch asks for must be there.
    if autoscaled:
        elements = [
            {**element, "autoscaled": target.autoscaled}
            for element, target in zip(elements, targets, strict=True)
        ]
    template = {
        "metadata": {"name": "{{.app}}"},
        "spec": _spec(delivery, "{{.release}}", "{{.namespace}}", "{{.values}}"),
    }
    spec: dict[str, Any] = {
        "goTemplate": True,
        "goTemplateOptions": ["missingkey=error"],
        "generators": [{"list": {"elements": elements}}],
        # Removing a workspace from the fleet removes no running work: that is done by hand.
        "syncPolicy": {"applicationsSync": "create-update", "preserveResourcesOnDeletion": True},
        "template": template,
    }
    if autoscaled:
        patch = dump({"spec": {"ignoreDifferences": [_replicas("{{.release}}")]}})
        spec["templatePatch"] = (
            f"{{{{- if .autoscaled }}}}\n{patch}{{{{- else }}}}\n{{}}\n{{{{- end }}}}\n"
        )
    return {
        "apiVersion": ARGO,
        "kind": "ApplicationSet",
        "metadata": {"name": name, "namespace": delivery.namespace},
        "spec": spec,
    }


def project(targets: Sequence[Target], delivery: Delivery) -> dict[str, Any]:
    """The AppProject that allows exactly what the Applications need."""
    destinations = {target.namespace: delivery.destination(target.namespace) for target in targets}
    return {
        "apiVersion": ARGO,
        "kind": "AppProject",
        "metadata": {"name": delivery.project, "namespace": delivery.namespace},
        "spec": {
            "description": "Dask workspaces",
            "sourceRepos": [url for url in (delivery.repo, delivery.chart.url) if url],
            "destinations": [destinations[name] for name in sorted(destinations)],
            "clusterResourceWhitelist": [{"group": "", "kind": "Namespace"}],
            "namespaceResourceWhitelist": [{"group": group, "kind": kind} for group, kind in KINDS],
        },
    }


def _spec(delivery: Delivery, release: str, namespace: str, values: str) -> dict[str, Any]:
    """An Application's spec, of final names or of templates."""
    chart = delivery.chart
    options = {"releaseName": release, "skipCrds": True, "skipTests": True}
    if chart.kind == "git":
        source = {
            "repoURL": delivery.repo,
            "targetRevision": delivery.revision,
            "path": chart.name,
            "helm": {**options, "valueFiles": [f"/{values}"]},
        }
        sources: dict[str, Any] = {"source": source}
    else:
        first = {
            "repoURL": chart.url,
            "chart": chart.name,
            "targetRevision": chart.version,
            "helm": {**options, "valueFiles": [f"$values/{values}"]},
        }
        sources = {
            "sources": [
                first,
                {"repoURL": delivery.repo, "targetRevision": delivery.revision, "ref": "values"},
            ]
        }
    policy: dict[str, Any] = (
        {"automated": {"prune": True, "selfHeal": True}} if delivery.automated else {}
    )
    policy["managedNamespaceMetadata"] = {"labels": _level(delivery.level)}
    policy["syncOptions"] = [
        "CreateNamespace=true",
        "ServerSideApply=true",
        "RespectIgnoreDifferences=true",
    ]
    return {
        "project": delivery.project,
        "destination": delivery.destination(namespace),
        **sources,
        "syncPolicy": policy,
    }


def _level(level: str) -> dict[str, str]:
    return {f"pod-security.kubernetes.io/{mode}": level for mode in ("enforce", "audit", "warn")}


def _replicas(release: str) -> dict[str, Any]:
    """What an autoscaler owns."""
    return {
        "group": "apps",
        "kind": "Deployment",
        "name": f"{release}-workers",
        "jsonPointers": ["/spec/replicas"],
    }


def flux(target: Target, delivery: Delivery) -> list[dict[str, Any]]:
    """The objects that have Flux install a workspace: namespace, values, chart, release."""
    chart, namespace = delivery.chart, target.namespace
    literal = {"kustomize.toolkit.fluxcd.io/substitute": "disabled"}
    values = f"{target.release}-values"
    spec: dict[str, Any] = {"interval": "30m", "releaseName": target.release}
    drift: dict[str, Any] = {"mode": "enabled"}
    if target.autoscaled:
        drift["ignore"] = [
            {
                "paths": ["/spec/replicas"],
                "target": {"kind": "Deployment", "name": f"{target.release}-workers"},
            }
        ]
    repository: list[dict[str, Any]] = []
    if chart.kind == "oci":
        repository = [{
            "apiVersion": OCI, "kind": "OCIRepository", "metadata": {"name": chart.name, "namespace": namespace},
            "spec": {
                "interval": "10m", "url": f"oci://{chart.url}/{chart.name}", "ref": {"tag": chart.version.replace("+", "_")},
                "layerSelector": {"mediaType": "application/vnd.cncf.helm.chart.content.v1.tar+gzip", "operation": "copy"},
            },
        }]  # fmt: skip
        spec["chartRef"] = {"kind": "OCIRepository", "name": chart.name}
    elif chart.kind == "git":
        reference = {"kind": "GitRepository", "name": delivery.source, "namespace": "flux-system"}
        # By default Flux looks at nothing but the chart's version.
        spec["chart"] = {
            "spec": {
                "chart": f"./{chart.name}",
                "sourceRef": reference,
                "reconcileStrategy": "Revision",
            }
        }
    else:
        raise UsageError(
            f"--chart {chart.url}: for Flux the chart is in an OCI registry or in the git repository"
        )
    spec |= {
        "driftDetection": drift,
        "valuesFrom": [{"kind": "ConfigMap", "name": values, "valuesKey": "values.yaml"}],
    }
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace, "labels": _level(delivery.level)}},
        {
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": values, "namespace": namespace, "labels": {"reconcile.fluxcd.io/watch": "Enabled"}, "annotations": literal},
            "data": {"values.yaml": target.text},
        },
        *repository,
        {"apiVersion": HELM_RELEASE, "kind": "HelmRelease", "metadata": {"name": target.release, "namespace": namespace, "annotations": literal}, "spec": spec},
    ]  # fmt: skip


# Strings that people read line by line.
_LITERAL = frozenset({("data", "values.yaml"), ("spec", "templatePatch")})


def text(entry: Mapping[str, Any], header: str = HEADER) -> str:
    """An object as YAML text."""
    return header + dump(entry, literal=_LITERAL)


def stream(entries: Sequence[Mapping[str, Any]]) -> str:
    """Objects as one file."""
    return HEADER + "---\n".join(text(entry, "") for entry in entries)


def plugin() -> dict[str, Any]:
    """The configuration of the Argo CD plugin."""
    parameters = [
        {
            "name": "environment",
            "title": "mops environment",
            "tooltip": "The workspace of the fleet, which is the name of its folder.",
            "required": True,
        },
        {
            "name": "layers",
            "title": "layers",
            "tooltip": "Further files, the later winning.",
            "collectionType": "array",
        },
        {
            "name": "set",
            "title": "set",
            "tooltip": "Settings by key, above all files.",
            "collectionType": "map",
        },
    ]
    command = ["mops", "render", "--quiet", "--format", "manifests", "--from-argocd-env"]
    spec = {
        "version": "v1",
        "generate": {"command": command},
        "parameters": {"static": parameters},
        "preserveFileMode": False,
        "provideGitCreds": False,
    }
    return {
        "apiVersion": ARGO,
        "kind": "ConfigManagementPlugin",
        "metadata": {"name": "mops"},
        "spec": spec,
    }


def dockerfile(version: str) -> str:
    """The image of the plugin's sidecar."""
    return f"""\
# The sidecar of the Argo CD plugin mops. Build it beside the wheel of mops and plugin.yaml.
FROM python:3.12-slim
COPY mops-{version}-py3-none-any.whl /tmp/
RUN pip install --no-cache-dir "/tmp/mops-{version}-py3-none-any.whl[helm]" && rm /tmp/*.whl
COPY plugin.yaml /home/argocd/cmp-server/config/plugin.yaml
# The user that Argo CD runs sidecars as. The program that serves the plugin is mounted from Argo CD's own image.
USER 999
ENTRYPOINT ["/var/run/argocd/argocd-cmp-server"]
"""
