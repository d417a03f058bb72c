"""Lints for Flux's HelmReleases and the ConfigMaps with their values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mops.gitops.lints.finding import (
    Finding,
    Lint,
    Manifest,
    items,
    mapping,
    metadata,
    release_name,
    spec,
)
from mops.gitops.lints.sources import REFUSED

# Kubernetes' limit on the data of a ConfigMap, in bytes.
_MAX_BYTES = 1 << 20
_RELEASES = ("HelmRelease",)


def _chart_or_reference(entry: Manifest, _objects: Sequence[Manifest]) -> Iterator[Finding]:
    if ("chart" in spec(entry)) == ("chartRef" in spec(entry)):
        yield Finding(("spec",), "expected either chart or chartRef")


def _validation(entry: Manifest, _objects: Sequence[Manifest]) -> Iterator[Finding]:
    for key in ("disableSchemaValidation", "disableOpenAPIValidation"):
        for part in ("install", "upgrade"):
            if mapping(spec(entry).get(part)).get(key):
                yield Finding(
                    ("spec", part, key),
                    f"{key} must not be used with values that mops renders",
                    REFUSED["skipSchemaValidation"],
                )


def _every_revision(entry: Manifest, _objects: Sequence[Manifest]) -> Iterator[Finding]:
    chart = mapping(mapping(spec(entry).get("chart")).get("spec"))
    versioned = mapping(chart.get("sourceRef")).get("kind") == "HelmRepository"
    if chart and not versioned and chart.get("reconcileStrategy") != "Revision":
        yield Finding(
            ("spec", "chart", "spec"),
            "changes of the chart have no effect until its version changes",
            "set reconcileStrategy: Revision",
        )


def _release(entry: Manifest, _objects: Sequence[Manifest]) -> Iterator[Finding]:
    name = str(spec(entry).get("releaseName") or metadata(entry).get("name"))
    return release_name(name, ("spec", "releaseName"))


def _required_values(entry: Manifest, _objects: Sequence[Manifest]) -> Iterator[Finding]:
    for index, source in enumerate(items(spec(entry).get("valuesFrom"))):
        if mapping(source).get("optional"):
            path = ("spec", "valuesFrom", str(index), "optional")
            yield Finding(path, "missing values must be an error")


def _existing_values(entry: Manifest, objects: Sequence[Manifest]) -> Iterator[Finding]:
    """Applies only if there are any ConfigMaps among the objects."""
    maps = [metadata(other) for other in objects if other.get("kind") == "ConfigMap"]
    namespace = str(metadata(entry).get("namespace", ""))
    here = [one.get("name") for one in maps if str(one.get("namespace", "")) == namespace]
    for index, source in enumerate(map(mapping, items(spec(entry).get("valuesFrom")))):
        name = source.get("name")
        if maps and source.get("kind") == "ConfigMap" and name not in here:
            message = f"ConfigMap {name} not found in the namespace {namespace}"
            yield Finding(("spec", "valuesFrom", str(index), "name"), message)


def _inline_values(entry: Manifest, _objects: Sequence[Manifest]) -> Iterator[Finding]:
    if spec(entry).get("values"):
        yield Finding(("spec", "values"), "values belong in the ConfigMap that mops renders")


def _size(entry: Manifest, _objects: Sequence[Manifest]) -> Iterator[Finding]:
    data = mapping(entry.get("data"))
    if sum(len(str(value).encode()) for value in data.values()) > _MAX_BYTES:
        yield Finding(("data",), "the values exceed the size limit of a ConfigMap (1 MiB)")


LINTS = (
    Lint("chart-or-reference", _RELEASES, _chart_or_reference),
    Lint("validation", _RELEASES, _validation),
    Lint("every-revision", _RELEASES, _every_revision),
    Lint("flux-release-name", _RELEASES, _release),
    Lint("required-values", _RELEASES, _required_values),
    Lint("existing-values", _RELEASES, _existing_values),
    Lint("inline-values", _RELEASES, _inline_values),
    Lint("size", ("ConfigMap",), _size),
)
