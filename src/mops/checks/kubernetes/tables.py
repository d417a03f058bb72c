"""What Kubernetes says about single fields beyond their types, by `Type.field`.

A format, a range or the choices of a list or mapping are those of its items or values. The source
is ValidatePodSpec and what it calls, in k8s.io/kubernetes/pkg/apis/core/validation.
"""

from __future__ import annotations

from mops.checks.kubernetes import formats
from mops.checks.kubernetes.formats import Format

MODE = (0, 0o777)
_PORT = (1, 65535)
_ID = (0, 2**31 - 1)
_LUN = (0, 255)
_WEIGHT = (1, 100)
_DAYS = 24 * 60 * 60

FORMATS: dict[str, Format] = {
    "CSIVolumeSource.driver": formats.DRIVER,
    "ClusterTrustBundleProjection.path": formats.LOCAL,
    "ClusterTrustBundleProjection.signerName": formats.SIGNER,
    "ConfigMapEnvSource.name": formats.SUBDOMAIN,
    "ConfigMapKeySelector.key": formats.CONFIG_KEY,
    "ConfigMapKeySelector.name": formats.SUBDOMAIN,
    "ConfigMapProjection.name": formats.SUBDOMAIN,
    "ConfigMapVolumeSource.name": formats.SUBDOMAIN,
    "Container.name": formats.DNS_LABEL,
    "ContainerPort.name": formats.PORT_NAME,
    "DownwardAPIVolumeFile.path": formats.LOCAL,
    "EmptyDirVolumeSource.medium": formats.MEDIUM,
    "FileKeySelector.key": formats.PRINTABLE_NAME,
    "FileKeySelector.path": formats.NO_BACKSTEPS,
    "FileKeySelector.volumeName": formats.DNS_LABEL,
    "GitRepoVolumeSource.directory": formats.DESCENDING,
    "HTTPHeader.name": formats.HTTP_HEADER,
    "HostAlias.hostnames": formats.HOST_NAME,
    "HostAlias.ip": formats.IP,
    "HostPathVolumeSource.path": formats.NO_BACKSTEPS,
    "IPBlock.cidr": formats.CIDR,
    "IPBlock.except": formats.CIDR,
    "ISCSIVolumeSource.initiatorName": formats.ISCSI_NAME,
    "ISCSIVolumeSource.iqn": formats.ISCSI_NAME,
    "KeyToPath.path": formats.LOCAL,
    "LabelSelectorRequirement.key": formats.QUALIFIED_NAME,
    "LabelSelectorRequirement.values": formats.LABEL_VALUE,
    "LocalObjectReference.name": formats.SUBDOMAIN,
    "NFSVolumeSource.path": formats.ABSOLUTE,
    "ObjectFieldSelector.apiVersion": formats.VERSION,
    "PersistentVolumeClaimSpec.storageClassName": formats.SUBDOMAIN,
    "PersistentVolumeClaimSpec.volumeAttributesClassName": formats.SUBDOMAIN,
    "PersistentVolumeClaimVolumeSource.claimName": formats.SUBDOMAIN,
    "PodAffinityTerm.matchLabelKeys": formats.QUALIFIED_NAME,
    "PodAffinityTerm.mismatchLabelKeys": formats.QUALIFIED_NAME,
    "PodAffinityTerm.namespaces": formats.DNS_LABEL,
    "PodAffinityTerm.topologyKey": formats.QUALIFIED_NAME,
    "PodCertificateProjection.certificateChainPath": formats.LOCAL,
    "PodCertificateProjection.credentialBundlePath": formats.LOCAL,
    "PodCertificateProjection.keyPath": formats.LOCAL,
    "PodCertificateProjection.signerName": formats.SIGNER,
    "PodDNSConfig.nameservers": formats.IP,
    "PodDNSConfig.searches": formats.SEARCH,
    "PodReadinessGate.conditionType": formats.QUALIFIED_NAME,
    "PodResourceClaim.name": formats.DNS_LABEL,
    "PodResourceClaim.resourceClaimName": formats.SUBDOMAIN,
    "PodResourceClaim.resourceClaimTemplateName": formats.SUBDOMAIN,
    "PodSchedulingGate.name": formats.QUALIFIED_NAME,
    "PodSchedulingGroup.podGroupName": formats.SUBDOMAIN,
    "PodSpec.hostname": formats.DNS_LABEL,
    "PodSpec.hostnameOverride": formats.HOST_NAME,
    "PodSpec.nodeName": formats.SUBDOMAIN,
    "PodSpec.subdomain": formats.DNS_LABEL,
    "ResourceClaim.request": formats.DNS_LABEL,
    "SeccompProfile.localhostProfile": formats.DESCENDING,
    "SecretEnvSource.name": formats.SUBDOMAIN,
    "SecretKeySelector.key": formats.CONFIG_KEY,
    "SecretKeySelector.name": formats.SUBDOMAIN,
    "SecretProjection.name": formats.SUBDOMAIN,
    "SecretVolumeSource.secretName": formats.SUBDOMAIN,
    "ServiceAccountTokenProjection.path": formats.LOCAL,
    "StorageOSVolumeSource.volumeName": formats.DNS_LABEL,
    "StorageOSVolumeSource.volumeNamespace": formats.DNS_LABEL,
    "Sysctl.name": formats.SYSCTL,
    "Toleration.key": formats.QUALIFIED_NAME,
    "TopologySpreadConstraint.matchLabelKeys": formats.QUALIFIED_NAME,
    "TypedObjectReference.namespace": formats.DNS_LABEL,
    "Volume.name": formats.DNS_LABEL,
    "VolumeDevice.devicePath": formats.NO_BACKSTEPS,
    "VolumeMount.subPath": formats.DESCENDING,
    "VolumeMount.subPathExpr": formats.DESCENDING,
    "WindowsSecurityContextOptions.gmsaCredentialSpecName": formats.SUBDOMAIN,
}
# The lowest and the highest number; None for no bound.
RANGES: dict[str, tuple[int, int | None]] = {
    "AWSElasticBlockStoreVolumeSource.partition": _LUN,
    "ConfigMapVolumeSource.defaultMode": MODE,
    "ContainerPort.containerPort": _PORT,
    "ContainerPort.hostPort": (0, 65535),
    "DownwardAPIVolumeFile.mode": MODE,
    "DownwardAPIVolumeSource.defaultMode": MODE,
    "EmptyDirVolumeSource.mode": MODE,
    "FCVolumeSource.lun": _LUN,
    "GCEPersistentDiskVolumeSource.partition": _LUN,
    "GRPCAction.port": _PORT,
    "ISCSIVolumeSource.lun": _LUN,
    "KeyToPath.mode": MODE,
    "NetworkPolicyPort.endPort": _PORT,
    "PodCertificateProjection.maxExpirationSeconds": (3600, 91 * _DAYS),
    "PreferredSchedulingTerm.weight": _WEIGHT,
    "Probe.failureThreshold": (0, None),
    "Probe.initialDelaySeconds": (0, None),
    "Probe.periodSeconds": (0, None),
    "Probe.successThreshold": (0, None),
    "Probe.terminationGracePeriodSeconds": (1, None),
    "Probe.timeoutSeconds": (0, None),
    "ProjectedVolumeSource.defaultMode": MODE,
    "SecretVolumeSource.defaultMode": MODE,
    "SecurityContext.runAsGroup": _ID,
    "SecurityContext.runAsUser": _ID,
    "ServiceAccountTokenProjection.expirationSeconds": (600, 2**32),
    "SleepAction.seconds": (0, None),
    "WeightedPodAffinityTerm.weight": _WEIGHT,
}
# What the OpenAPI documents declare as a mere string.
CHOICES: dict[str, tuple[str, ...]] = {
    "Container.restartPolicy": ("Always", "Never", "OnFailure"),
    "ContainerResizePolicy.resourceName": ("cpu", "memory"),
    "ContainerResizePolicy.restartPolicy": ("NotRequired", "RestartContainer"),
    "ContainerRestartRule.action": ("Restart", "RestartAllContainers"),
    "ContainerRestartRuleOnExitCodes.operator": ("In", "NotIn"),
    "LabelSelectorRequirement.operator": ("In", "NotIn", "Exists", "DoesNotExist"),
    "PodCertificateProjection.keyType": (
        "RSA3072",
        "RSA4096",
        "ECDSAP256",
        "ECDSAP384",
        "ECDSAP521",
        "ED25519",
    ),
    "PodOS.name": ("linux", "windows"),
    "VolumeMount.recursiveReadOnly": ("Disabled", "IfPossible", "Enabled"),
}
# Fields that Kubernetes needs although the OpenAPI documents call them optional.
REQUIRED = frozenset(
    {
        "ConfigMapEnvSource.name",
        "ConfigMapKeySelector.name",
        "ConfigMapProjection.name",
        "ConfigMapVolumeSource.name",
        "Container.image",
        "ContainerRestartRule.exitCodes",
        "EphemeralVolumeSource.volumeClaimTemplate",
        "ExecAction.command",
        "ImageVolumeSource.reference",
        "LocalObjectReference.name",
        "PersistentVolumeClaimSpec.accessModes",
        "PersistentVolumeClaimSpec.resources",
        "PodDNSConfigOption.name",
        "PodSchedulingGroup.podGroupName",
        "ScaleIOVolumeSource.volumeName",
        "SecretEnvSource.name",
        "SecretKeySelector.name",
        "SecretProjection.name",
        "SecretVolumeSource.secretName",
        "StorageOSVolumeSource.volumeName",
    }
)
# Required fields that the chart sets.
BY_CHART = frozenset({"PodSpec.containers"})
# Required fields that may be empty all the same.
MAY_BE_EMPTY = frozenset({"HTTPHeader.value", "Sysctl.value"})
# Optional strings that Kubernetes judges even if they are empty: it tells them from missing ones.
JUDGED_EMPTY = frozenset(
    {
        "PodResourceClaim.resourceClaimName",
        "PodResourceClaim.resourceClaimTemplateName",
        "PodSchedulingGroup.podGroupName",
        "PodSpec.hostnameOverride",
        "WindowsSecurityContextOptions.gmsaCredentialSpecName",
        "ISCSIVolumeSource.initiatorName",
        "ClusterTrustBundleProjection.signerName",
    }
)
