"""Volumes, mounts and volume claims: valid values."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .samples import DATA, is_newer

if TYPE_CHECKING:
    from .generator import Generator


def volume(g: Generator) -> dict[str, Any]:
    sources = [
        name for name in DATA.types["Volume"] if name != "name" and not is_newer(f"Volume.{name}")
    ]
    name = f"v{g.number()}"
    g.volumes.append(name)
    return {**g.one_of("Volume", sources), "name": name}


def many_volumes(g: Generator) -> list[Any]:
    found = [volume(g) for _ in range(g.source.randrange(1, 4))]
    if g.source.random() < 0.3:
        g.volumes.append("claim")
        found.append({"name": "claim", "persistentVolumeClaim": {"claimName": "c"}})
    return found


def mounts(g: Generator) -> list[Any]:
    return [
        {**g.value("VolumeMount"), "mountPath": f"/m{g.number()}"}
        for _ in range(g.source.randrange(1, 3))
    ]


def mount(g: Generator) -> dict[str, Any]:
    found = g.fields("VolumeMount", leave=("recursiveReadOnly", g.pick(["subPath", "subPathExpr"])))
    if found.get("readOnly") and found.get("mountPropagation", "None") == "None":
        found["recursiveReadOnly"] = g.pick(["Disabled", "IfPossible", "Enabled"])
    return found


def projection(g: Generator) -> dict[str, Any]:
    kinds = [
        name for name in DATA.types["VolumeProjection"] if not is_newer(f"VolumeProjection.{name}")
    ]
    return g.one_of("VolumeProjection", kinds)


def trust_bundle(g: Generator) -> dict[str, Any]:
    found = g.one_of("ClusterTrustBundleProjection", ["name", "signerName"])
    if "name" in found:
        found.pop("labelSelector", None)
    return found


def certificate(g: Generator) -> dict[str, Any]:
    return g.fields("PodCertificateProjection", "keyPath")


def downward_file(g: Generator) -> dict[str, Any]:
    found = g.one_of("DownwardAPIVolumeFile", ["fieldRef", "resourceFieldRef"])
    if "fieldRef" in found:
        found["fieldRef"]["fieldPath"] = g.pick(
            ["metadata.name", "metadata.labels", "metadata.annotations['Example.com/A']"]
        )
    else:
        found["resourceFieldRef"]["containerName"] = g.pick(["worker"])
    return found


def claim_spec(g: Generator) -> dict[str, Any]:
    found = g.fields("PersistentVolumeClaimSpec", "accessModes", "resources", leave=("dataSource",))
    if found["accessModes"] and "ReadWriteOncePod" in found["accessModes"]:
        found["accessModes"] = ["ReadWriteOncePod"]
    if "dataSourceRef" not in found:
        found["dataSource"] = reference(g, "TypedLocalObjectReference")
    return found


def reference(g: Generator, kind: str) -> dict[str, Any]:
    found = g.fields(kind)
    found["kind"] = "PersistentVolumeClaim" if not found.get("apiGroup") else "VolumeSnapshot"
    return found


def fibre_channel(g: Generator) -> dict[str, Any]:
    return g.one_of("FCVolumeSource", ["targetWWNs", "wwids"], ("lun",))


def azure_disk(g: Generator) -> dict[str, Any]:
    found = g.fields("AzureDiskVolumeSource")
    start = "/subscriptions/x" if found.get("kind") == "Managed" else "https://x"
    return {**found, "diskURI": start}


def iscsi(g: Generator) -> dict[str, Any]:
    return g.fields("ISCSIVolumeSource", "secretRef")


TYPES: dict[str, Callable[[Generator], Any]] = {
    "AzureDiskVolumeSource": azure_disk,
    "ClusterTrustBundleProjection": trust_bundle,
    "DownwardAPIVolumeFile": downward_file,
    "FCVolumeSource": fibre_channel,
    "FlockerVolumeSource": lambda g: g.one_of(
        "FlockerVolumeSource", ["datasetName", "datasetUUID"]
    ),
    "ISCSIVolumeSource": iscsi,
    "PersistentVolumeClaimSpec": claim_spec,
    "PodCertificateProjection": certificate,
    "TypedLocalObjectReference": lambda g: reference(g, "TypedLocalObjectReference"),
    "TypedObjectReference": lambda g: reference(g, "TypedObjectReference"),
    "Volume": volume,
    "VolumeMount": mount,
    "VolumeProjection": projection,
    "VolumeResourceRequirements": lambda g: g.fields("VolumeResourceRequirements", "requests"),
}
FIELDS: dict[str, Callable[[Generator], Any]] = {
    "ProjectedVolumeSource.sources": lambda g: [projection(g) for _ in range(4)],
    "volumes": many_volumes,
    "volumeMounts": mounts,
    "Container.volumeMounts": mounts,
}
