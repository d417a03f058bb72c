"""The objects with which Flux deploys a workspace. Pure."""

from __future__ import annotations

from mops.config.podsecurity import namespace_labels
from mops.gitops.delivery import GIT, OCI, Chart, Delivery, Target
from mops.model.layer import Value
from mops.model.problems import UsageError

_NAMESPACE = "flux-system"
# Keeps Flux from replacing ${...} in values.
_LITERAL = {"kustomize.toolkit.fluxcd.io/substitute": "disabled"}


def objects(target: Target, delivery: Delivery) -> list[dict[str, Value]]:
    """The namespace, the values, the chart (if it is in a registry), and the release.

    Raises UsageError for a chart in a Helm repository.
    """
    chart = delivery.chart
    if chart.source not in (OCI, GIT):
        raise UsageError(
            f"--chart {chart.url}: for Flux the chart must be in an OCI registry or in the git "
            "repository"
        )
    found: list[dict[str, Value]] = [
        {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": target.namespace, "labels": namespace_labels(target.level)},
        },
        _config_map(target),
    ]
    if chart.source == OCI:
        found.append(_oci_repository(target, chart))
    return [*found, _helm_release(target, delivery)]


def _config_map(target: Target) -> dict[str, Value]:
    """The values. The label makes Flux upgrade as soon as they change."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": _values_name(target),
            "namespace": target.namespace,
            "labels": {"reconcile.fluxcd.io/watch": "Enabled"},
            "annotations": _LITERAL,
        },
        "data": {"values.yaml": target.text},
    }


def _values_name(target: Target) -> str:
    return f"{target.release}-values"


def _oci_repository(target: Target, chart: Chart) -> dict[str, Value]:
    return {
        "apiVersion": "source.toolkit.fluxcd.io/v1",
        "kind": "OCIRepository",
        "metadata": {"name": chart.name, "namespace": target.namespace},
        "spec": {
            "interval": "10m",
            "url": f"oci://{chart.url}/{chart.name}",
            # A tag must not contain +; helm writes _ instead.
            "ref": {"tag": chart.version.replace("+", "_")},
            "layerSelector": {
                "mediaType": "application/vnd.cncf.helm.chart.content.v1.tar+gzip",
                "operation": "copy",
            },
        },
    }


def _helm_release(target: Target, delivery: Delivery) -> dict[str, Value]:
    spec: dict[str, Value] = {
        "interval": "30m",
        "releaseName": target.release,
        **_chart_reference(delivery),
        "driftDetection": _drift_detection(target),
        "valuesFrom": [
            {"kind": "ConfigMap", "name": _values_name(target), "valuesKey": "values.yaml"}
        ],
    }
    return {
        "apiVersion": "helm.toolkit.fluxcd.io/v2",
        "kind": "HelmRelease",
        "metadata": {
            "name": target.release,
            "namespace": target.namespace,
            "annotations": _LITERAL,
        },
        "spec": spec,
    }


def _chart_reference(delivery: Delivery) -> dict[str, Value]:
    chart = delivery.chart
    if chart.source == OCI:
        return {"chartRef": {"kind": "OCIRepository", "name": chart.name}}
    repository = {"kind": "GitRepository", "name": delivery.source, "namespace": _NAMESPACE}
    return {
        "chart": {
            "spec": {
                "chart": f"./{chart.name}",
                "sourceRef": repository,
                # By default Flux only looks at the chart's version.
                "reconcileStrategy": "Revision",
            }
        }
    }


def _drift_detection(target: Target) -> dict[str, Value]:
    """Detects drift, except in the replicas if an autoscaler owns them."""
    found: dict[str, Value] = {"mode": "enabled"}
    if target.autoscaled:
        workers = {"kind": "Deployment", "name": f"{target.release}-workers"}
        found["ignore"] = [{"paths": ["/spec/replicas"], "target": workers}]
    return found
