"""The objects with which Argo CD deploys workspaces. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from mops.config.podsecurity import namespace_labels
from mops.gitops.delivery import GIT, Delivery, Target
from mops.model.layer import Value
from mops.yamltext.writer import dump

API_VERSION = "argoproj.io/v1alpha1"

# The kinds that the chart may create, without its tests.
_KINDS = (
    ("", "Service"),
    ("", "ServiceAccount"),
    ("apps", "Deployment"),
    ("autoscaling", "HorizontalPodAutoscaler"),
    ("gateway.networking.k8s.io", "HTTPRoute"),
    ("keda.sh", "ScaledObject"),
    ("monitoring.coreos.com", "PodMonitor"),
    ("monitoring.coreos.com", "ServiceMonitor"),
    ("networking.k8s.io", "Ingress"),
    ("networking.k8s.io", "NetworkPolicy"),
    ("policy", "PodDisruptionBudget"),
)


def application(target: Target, delivery: Delivery) -> dict[str, Value]:
    """The Application of a workspace."""
    spec = _spec(delivery, target)
    if target.autoscaled:
        spec["ignoreDifferences"] = [_replicas(target.release)]
    return _object("Application", target.app, delivery, spec)


def application_set(name: str, targets: Sequence[Target], delivery: Delivery) -> dict[str, Value]:
    """One ApplicationSet that generates the Applications of all targets.

    Values stay in their files, so that Argo CD does not expand templates in them.
    """
    autoscaled = any(target.autoscaled for target in targets)
    levels = {target.level for target in targets}
    template = Target(
        "{{.app}}",
        "{{.release}}",
        "{{.namespace}}",
        "{{.values}}",
        level="{{.level}}" if len(levels) > 1 else targets[0].level,
    )
    elements: list[dict[str, Value]] = []
    for target in targets:
        element: dict[str, Value] = {
            "app": target.app,
            "release": target.release,
            "namespace": target.namespace,
            "values": target.values,
        }
        if autoscaled:
            # With missingkey=error every key that the patch reads must exist.
            element["autoscaled"] = target.autoscaled
        if len(levels) > 1:
            element["level"] = target.level
        elements.append(element)
    spec: dict[str, Value] = {
        "goTemplate": True,
        "goTemplateOptions": ["missingkey=error"],
        "generators": [{"list": {"elements": elements}}],
        # Removing a workspace from the fleet does not delete running work; people do that.
        "syncPolicy": {"applicationsSync": "create-update", "preserveResourcesOnDeletion": True},
        "template": {
            "metadata": {"name": template.app},
            "spec": _spec(delivery, template),
        },
    }
    if autoscaled:
        patch = dump({"spec": {"ignoreDifferences": [_replicas(template.release)]}})
        otherwise = "{{- else }}\n{}\n{{- end }}\n"
        spec["templatePatch"] = "{{- if .autoscaled }}\n" + patch + otherwise
    return _object("ApplicationSet", name, delivery, spec)


def project(targets: Sequence[Target], delivery: Delivery) -> dict[str, Value]:
    """The AppProject that allows exactly what the Applications need."""
    namespaces = sorted({target.namespace for target in targets})
    spec = {
        "description": "Dask workspaces",
        "sourceRepos": [url for url in (delivery.repo, delivery.chart.url) if url],
        "destinations": [delivery.destination(namespace) for namespace in namespaces],
        "clusterResourceWhitelist": [{"group": "", "kind": "Namespace"}],
        "namespaceResourceWhitelist": [{"group": group, "kind": kind} for group, kind in _KINDS],
    }
    return _object("AppProject", delivery.project, delivery, spec)


def _object(kind: str, name: str, delivery: Delivery, spec: dict[str, Value]) -> dict[str, Value]:
    return {
        "apiVersion": API_VERSION,
        "kind": kind,
        "metadata": {"name": name, "namespace": delivery.namespace},
        "spec": spec,
    }


def _spec(delivery: Delivery, target: Target) -> dict[str, Value]:
    """An Application's spec, for a workspace or for a template."""
    policy: dict[str, Value] = {}
    if delivery.automated:
        policy["automated"] = {"prune": True, "selfHeal": True}
    policy["managedNamespaceMetadata"] = {"labels": namespace_labels(target.level)}
    policy["syncOptions"] = [
        "CreateNamespace=true",
        "ServerSideApply=true",
        "RespectIgnoreDifferences=true",
    ]
    return {
        "project": delivery.project,
        "destination": delivery.destination(target.namespace),
        **_sources(delivery, target),
        "syncPolicy": policy,
    }


def _sources(delivery: Delivery, target: Target) -> dict[str, Value]:
    """The chart with its values: one source if both are in git, else one for each."""
    chart = delivery.chart
    helm: dict[str, Value] = {"releaseName": target.release, "skipCrds": True, "skipTests": True}
    repository = {"repoURL": delivery.repo, "targetRevision": delivery.revision}
    if chart.source == GIT:
        # A leading / is the root of the repository.
        helm["valueFiles"] = [f"/{target.values}"]
        return {"source": {**repository, "path": chart.name, "helm": helm}}
    helm["valueFiles"] = [f"$values/{target.values}"]
    from_registry = {
        "repoURL": chart.url,
        "chart": chart.name,
        "targetRevision": chart.version,
        "helm": helm,
    }
    return {"sources": [from_registry, {**repository, "ref": "values"}]}


def _replicas(release: str) -> dict[str, Value]:
    """The difference to ignore if an autoscaler owns the replicas of the workers."""
    return {
        "group": "apps",
        "kind": "Deployment",
        "name": f"{release}-workers",
        "jsonPointers": ["/spec/replicas"],
    }
