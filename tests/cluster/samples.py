"""Valid values of fields that a random string or number would not fit, by `Type.field`."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mops.schema.kubernetes import kubernetes_data

if TYPE_CHECKING:
    from .generator import Generator

DATA = kubernetes_data()
# The version of Kubernetes that the judge is.
VERSION = (1, 36)
LABELS = ["a", "team", "example.com/team", "app.kubernetes.io/name", "A_b.c-d"]
VALUES = ["", "x", "a.b_c-D", "1"]
NAMES = ["a", "data", "my-name", "x1", "a.b"]
IMAGES = ["busybox:1.36", "ghcr.io/o/n@sha256:" + "0" * 64]
QUANTITIES = ["1", "500m", "1Gi", "2.5", "1e3", "1500M", "0", "128Mi", "7.040000G"]


def is_newer(name: str) -> bool:
    """Whether a field is newer than the judge."""
    since = DATA.since.get(name)
    return since is not None and tuple(map(int, since.split("."))) > VERSION


def text(*choices: str) -> Callable[[Generator], str]:
    return lambda g: g.pick(choices)


def numbers(low: int, high: int) -> Callable[[Generator], int]:
    return lambda g: g.source.randint(low, high)


def constant(value: Any) -> Callable[[Generator], Any]:
    return lambda _: copy.deepcopy(value)


def unique(form: str) -> Callable[[Generator], str]:
    return lambda g: form.format(g.number())


def several(*choices: str) -> Callable[[Generator], list[str]]:
    return lambda g: g.source.sample(choices, g.source.randint(1, len(choices)))


SCALARS: dict[str, Callable[[Generator], Any]] = {
    "string": text("a", "text", "x y", "1", "true"),
    "boolean": lambda g: g.source.random() < 0.5,
    "int32": numbers(0, 100),
    "int64": numbers(0, 1000),
    "quantity": lambda g: g.pick(QUANTITIES),
    "int-or-string": lambda g: g.pick([80, 8080, "http", "metrics-1"]),
    "time": text("2024-01-01T00:00:00Z"),
    "any": constant({}),
    "number": numbers(0, 5),
}
_NAME = text("a", "my-name", "x1")
_OBJECT = text("a", "my-name", "a.b")
_MODE = numbers(0, 0o777)
_KEY = text("key", "KEY_1", "a.b-c")
# What a path is; two files of a volume have different ones.
_FILE = unique("dir/f{}")
FIELDS: dict[str, Callable[[Generator], Any]] = {
    "Container.image": lambda g: g.pick(IMAGES),
    "Container.resizePolicy": constant(
        [
            {"resourceName": "cpu", "restartPolicy": "NotRequired"},
            {"resourceName": "memory", "restartPolicy": "RestartContainer"},
        ]
    ),
    "CSIVolumeSource.driver": text("file.csi.azure.com", "EBS.csi.aws.com"),
    "ClusterTrustBundleProjection.name": text("a", "example.com:signer:a"),
    "ClusterTrustBundleProjection.signerName": text("example.com/signer"),
    "ConfigMapKeySelector.key": _KEY,
    "ConfigMapVolumeSource.defaultMode": _MODE,
    "ContainerPort.containerPort": numbers(1, 65535),
    "ContainerPort.hostIP": text("", "10.0.0.1"),
    "ContainerRestartRule.action": text("Restart", "RestartAllContainers"),
    "ContainerRestartRuleOnExitCodes.operator": text("In", "NotIn"),
    "DownwardAPIVolumeSource.defaultMode": _MODE,
    "DownwardAPIVolumeFile.mode": _MODE,
    "EmptyDirVolumeSource.medium": text("", "Memory", "HugePages-2Mi"),
    "FCVolumeSource.lun": numbers(0, 255),
    "FileKeySelector.volumeName": text("tmp"),
    "FileKeySelector.key": text("A", "A B"),
    "FlexVolumeSource.options": constant({"a": "b", "example.com/x": "y"}),
    "GitRepoVolumeSource.directory": text(".", "a/b", ""),
    "GRPCAction.port": numbers(1, 65535),
    "HTTPGetAction.path": text("", "/", "/health?x=1"),
    "HTTPHeader.name": text("X-Header", "accept"),
    "HostAlias.ip": text("10.0.0.1", "fd00::1"),
    "HostAlias.hostnames": several("a", "a.example.com"),
    "HostPathVolumeSource.path": text("/data", "data/x"),
    "ISCSIVolumeSource.initiatorName": text("iqn.2001-04.com.example:a"),
    "ISCSIVolumeSource.iqn": text("iqn.2001-04.com.example:storage.x", "eui.0123456789abcdef"),
    "ISCSIVolumeSource.lun": numbers(0, 255),
    "KeyToPath.mode": _MODE,
    "KeyToPath.key": _KEY,
    "KeyToPath.path": _FILE,
    "LabelSelector.matchLabels": lambda g: {g.pick(LABELS): g.pick(VALUES)},
    "NFSVolumeSource.path": text("/", "/a"),
    "ObjectFieldSelector.apiVersion": text("v1"),
    "ObjectFieldSelector.fieldPath": text(
        "metadata.name", "status.podIP", "spec.nodeName", "metadata.labels['example.com/a']"
    ),
    "ObjectMeta.labels": constant({"a": "b"}),
    "PersistentVolumeClaimSpec.accessModes": several("ReadWriteOnce", "ReadWriteMany"),
    "PersistentVolumeClaimSpec.storageClassName": text("", "fast"),
    "PodAffinityTerm.namespaces": several("a", "b-c"),
    "PodAffinityTerm.topologyKey": text("kubernetes.io/hostname", "zone"),
    "PodCertificateProjection.keyType": text("RSA3072", "ED25519"),
    "PodCertificateProjection.maxExpirationSeconds": numbers(3600, 86400),
    "PodCertificateProjection.signerName": text("example.com/signer"),
    "PodCertificateProjection.userAnnotations": constant({"example.com/A": "x y"}),
    "PodDNSConfig.nameservers": several("10.0.0.1", "fd00::1", "1.1.1.1"),
    "PodDNSConfig.searches": several("example.com", "a.b.", "_x.y", "."),
    "PodReadinessGate.conditionType": text("example.com/ready", "Ready"),
    "PodSchedulingGate.name": unique("example.com/g{}"),
    "PodSpec.hostname": _NAME,
    "PodSpec.hostnameOverride": text("a.b", "my-name"),
    "PodSpec.nodeName": text("node1", "a.b"),
    "PodSpec.subdomain": _NAME,
    "PreferredSchedulingTerm.weight": numbers(1, 100),
    "Probe.initialDelaySeconds": numbers(0, 99),
    "Probe.successThreshold": text("1"),
    "ProjectedVolumeSource.defaultMode": _MODE,
    "QuobyteVolumeSource.registry": text("host:1", "[::1]:1,host:2"),
    "SecretKeySelector.key": _KEY,
    "SecretVolumeSource.defaultMode": _MODE,
    "SecurityContext.runAsGroup": numbers(0, 2**31 - 1),
    "SecurityContext.runAsUser": numbers(0, 2**31 - 1),
    "Capabilities.add": several("NET_ADMIN", "CHOWN"),
    "ServiceAccountTokenProjection.expirationSeconds": numbers(600, 2**32),
    "ServiceAccountTokenProjection.path": _FILE,
    "SleepAction.seconds": numbers(0, 30),
    "StorageOSVolumeSource.volumeNamespace": _NAME,
    "Sysctl.name": text("net.core.somaxconn"),
    "TypedLocalObjectReference.apiGroup": text("", "snapshot.storage.k8s.io"),
    "TypedObjectReference.apiGroup": text("", "snapshot.storage.k8s.io"),
    "TypedObjectReference.namespace": text("", "ns"),
    "VolumeMount.name": lambda g: g.pick([name for name in g.volumes if name != "claim"]),
    "VolumeMount.mountPath": unique("/m{}"),
    "VolumeMount.mountPropagation": text("None", "HostToContainer"),
    "VolumeMount.subPath": text("a", "a/b"),
    "VolumeMount.subPathExpr": text("$(POD_NAME)/x"),
    "VolumeResourceRequirements.requests": constant({"storage": "1Gi"}),
    "VolumeResourceRequirements.limits": constant({"storage": "2Gi"}),
    "WeightedPodAffinityTerm.weight": numbers(1, 100),
}
FIELDS["Probe.successThreshold"] = constant(1)
FIELDS["Probe.terminationGracePeriodSeconds"] = numbers(1, 50)
for _kind, _field in (
    ("ClusterTrustBundleProjection", "path"),
    ("DownwardAPIVolumeFile", "path"),
    ("PodCertificateProjection", "keyPath"),
    ("PodCertificateProjection", "certificateChainPath"),
    ("PodCertificateProjection", "credentialBundlePath"),
    ("FileKeySelector", "path"),
):
    FIELDS[f"{_kind}.{_field}"] = _FILE
for _name in (
    "ConfigMapEnvSource.name", "ConfigMapKeySelector.name", "ConfigMapProjection.name",
    "ConfigMapVolumeSource.name", "LocalObjectReference.name", "PodSchedulingGroup.podGroupName",
    "PersistentVolumeClaimSpec.volumeAttributesClassName",
    "PersistentVolumeClaimVolumeSource.claimName", "SecretEnvSource.name",
    "SecretKeySelector.name", "SecretProjection.name", "SecretVolumeSource.secretName",
    "StorageOSVolumeSource.volumeName",
):  # fmt: skip
    FIELDS[_name] = _NAME if _name.startswith("StorageOS") else _OBJECT
for _name in ("EnvFromSource.prefix",):
    FIELDS[_name] = text("", "A_", "x.")
REQUIRED = frozenset(
    {
        "ConfigMapEnvSource.name", "ConfigMapKeySelector.name", "ConfigMapProjection.name",
        "ConfigMapVolumeSource.name", "ContainerRestartRule.exitCodes",
        "EphemeralVolumeSource.volumeClaimTemplate", "ExecAction.command",
        "ImageVolumeSource.reference", "LocalObjectReference.name", "PodDNSConfigOption.name",
        "PodSchedulingGroup.podGroupName", "ScaleIOVolumeSource.volumeName", "SecretEnvSource.name",
        "SecretKeySelector.name", "SecretProjection.name", "SecretVolumeSource.secretName",
        "StorageOSVolumeSource.volumeName",
    }
)  # fmt: skip
