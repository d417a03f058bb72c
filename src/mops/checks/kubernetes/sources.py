"""The sources of volumes: what each kind needs beyond the formats of its fields."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mops.checks.kubernetes.formats import QUALIFIED_NAME, SIGNER, SUBDOMAIN
from mops.checks.kubernetes.metadata import labels, too_large
from mops.checks.kubernetes.node import Found, Node, RuleText
from mops.checks.kubernetes.quantities import amount

_MOST_TENANT = 64
_SOURCE, _PROJECTED, _CLAIM = "volume-source", "projected-volume", "volume-claim"
# Kubernetes signs for at most a day, other signers for at most 91 days.
_KUBERNETES_EXPIRATION = 24 * 60 * 60


def _empty_dir(node: Node) -> Iterator[Found]:
    limit = amount(node.get("sizeLimit", "0"))
    if limit is not None and limit < 0:
        yield node.child("sizeLimit").wrong(_SOURCE, "the size must not be negative")


def _iscsi(node: Node) -> Iterator[Found]:
    if (
        node.get("chapAuthDiscovery") or node.get("chapAuthSession")
    ) and "secretRef" not in node.value:
        yield node.wrong(_SOURCE, "CHAP authentication needs a secretRef")


def _fibre_channel(node: Node) -> Iterator[Found]:
    names, ids = node.get("targetWWNs"), node.get("wwids")
    if bool(names) == bool(ids):
        yield node.wrong(_SOURCE, "expected either targetWWNs or wwids")
    elif names and "lun" not in node.value:
        yield node.wrong(_SOURCE, "targetWWNs need a lun")


def _quobyte(node: Node) -> Iterator[Found]:
    if len(node.get("tenant", "")) > _MOST_TENANT:
        yield node.child("tenant").wrong(_SOURCE, "a tenant is a UUID of at most 64 characters")
    registry = node.get("registry", "")
    for pair in registry.split(",") if registry else ():
        if not re.fullmatch(r"([^:\[\]]*|\[[^\[\]]*\]):[^:\[\]]*", pair):
            message = 'expected "host:port" pairs separated by commas'
            yield node.child("registry").wrong(_SOURCE, message)


def _flocker(node: Node) -> Iterator[Found]:
    name = node.get("datasetName", "")
    if bool(name) == bool(node.get("datasetUUID")):
        yield node.wrong(_SOURCE, "expected either datasetName or datasetUUID")
    if "/" in name:
        yield node.child("datasetName").wrong(_SOURCE, 'must not contain "/"')


def _flex(node: Node) -> Iterator[Found]:
    for option in node.get("options", {}):
        domain = f".{option.split('/', 1)[0].lower()}"
        if domain.endswith((".kubernetes.io", ".k8s.io")):
            message = "options of kubernetes.io and k8s.io are reserved"
            yield node.child("options").child(option).wrong(_SOURCE, message)


def _azure_disk(node: Node) -> Iterator[Found]:
    kind, uri = node.get("kind", "Shared"), node.get("diskURI", "")
    start = "/subscriptions/" if kind == "Managed" else "https://"
    if not uri or uri.startswith(start):
        return
    message = f"the URI of a disk of the kind {kind} starts with {start}"
    yield node.child("diskURI").wrong(_SOURCE, message)


def _downward_file(node: Node) -> Iterator[Found]:
    if ("fieldRef" in node.value) == ("resourceFieldRef" in node.value):
        yield node.wrong(_PROJECTED, "expected either a fieldRef or a resourceFieldRef")


def _projected(node: Node) -> Iterator[Found]:
    seen: set[str] = set()
    for source in node.list_of("sources"):
        if len(source.value) > 1:
            kinds = " and ".join(sorted(source.value))
            yield source.wrong(_PROJECTED, f"an entry has one source, found {kinds}")
        for place in _file_paths(source):
            if place.value and place.value in seen:
                yield place.wrong(_PROJECTED, f"two sources write to {place.value}")
            seen.add(place.value)


_PATHS = ("path", "credentialBundlePath", "keyPath", "certificateChainPath")


def _file_paths(source: Node) -> Iterator[Node]:
    for kind in source.children("secret", "configMap", "downwardAPI"):
        for item in kind.list_of("items"):
            yield from item.children("path")
    for kind in source.children("clusterTrustBundle", "podCertificate"):
        yield from kind.children(*_PATHS)


def _trust_bundle(node: Node) -> Iterator[Found]:
    if ("name" in node.value) == ("signerName" in node.value):
        yield node.wrong(_PROJECTED, "expected either a name or a signerName")
        return
    if "name" not in node.value:
        return
    name = node.child("name")
    if "labelSelector" in node.value:
        message = "only a signerName takes a labelSelector"
        yield node.child("labelSelector").wrong(_PROJECTED, message)
    signer, colon, last = name.value.rpartition(":")
    domain, _, path = signer.rpartition(":")
    good = SUBDOMAIN.accepts(last) and (not colon or SIGNER.accepts(f"{domain}/{path}"))
    if not good:
        yield name.wrong(_PROJECTED, "expected the name of a ClusterTrustBundle")


def _pod_certificate(node: Node) -> Iterator[Found]:
    if not any(node.get(key) for key in _PATHS[1:]):
        wanted = "credentialBundlePath, keyPath or certificateChainPath"
        yield node.wrong(_PROJECTED, f"expected at least one of {wanted}")
    seconds, signer = node.get("maxExpirationSeconds", 0), node.get("signerName", "")
    domain = signer.split("/")[0]
    of_kubernetes = f".{domain}".endswith(".kubernetes.io")
    if of_kubernetes and seconds > _KUBERNETES_EXPIRATION:
        message = f"signers of kubernetes.io sign for at most {_KUBERNETES_EXPIRATION} seconds"
        yield node.child("maxExpirationSeconds").wrong(_PROJECTED, message)
    for notes in node.children("userAnnotations"):
        yield from too_large(notes)
        for key in notes.value:
            if "/" not in key or not QUALIFIED_NAME.accepts(key.lower()):
                message = "expected a key with a domain such as example.com/key"
                yield notes.child(key).wrong(_PROJECTED, message)


def _claim_template(node: Node) -> Iterator[Found]:
    for metadata in node.children("metadata"):
        for key in metadata.value:
            if key not in ("labels", "annotations"):
                message = "the template of a claim takes only labels and annotations"
                yield metadata.child(key).wrong(_CLAIM, message)
        for each in metadata.children("labels"):
            yield from labels(each)
        for each in metadata.children("annotations"):
            yield from too_large(each)
            for key in each.value:
                if not QUALIFIED_NAME.accepts(key.lower()):
                    message = f"expected {QUALIFIED_NAME.expected}"
                    yield each.child(key).wrong(_CLAIM, message)


def _claim_spec(node: Node) -> Iterator[Found]:
    modes = node.get("accessModes", ())
    if "ReadWriteOncePod" in modes and set(modes) != {"ReadWriteOncePod"}:
        message = "ReadWriteOncePod excludes all other access modes"
        yield node.child("accessModes").wrong(_CLAIM, message)
    yield from _storage(node)
    source, reference = node.get("dataSource"), node.get("dataSourceRef")
    if source is None or reference is None:
        return
    if reference.get("namespace"):
        message = "a dataSourceRef with a namespace excludes a dataSource"
        yield node.child("dataSource").wrong(_CLAIM, message)
    elif any(source.get(key) != reference.get(key) for key in ("apiGroup", "kind", "name")):
        message = "dataSource and dataSourceRef must name the same object"
        yield node.child("dataSource").wrong(_CLAIM, message)


def _storage(node: Node) -> Iterator[Found]:
    if "resources" not in node.value:
        return
    resources = node.child("resources")
    size = resources.get("requests", {}).get("storage")
    if size is None:
        yield resources.wrong(_CLAIM, "a claim needs resources.requests.storage")
    elif (amount(size) or 0) <= 0:
        yield (
            resources.child("requests").child("storage").wrong(_CLAIM, "the size must be positive")
        )


def _reference(node: Node) -> Iterator[Found]:
    """The object that a claim is filled from."""
    kind, group = node.get("kind"), node.get("apiGroup", "")
    if not group and kind and kind != "PersistentVolumeClaim":
        yield node.wrong(_CLAIM, f"the kind {kind} needs an apiGroup")


VALIDATORS = {
    "AzureDiskVolumeSource": _azure_disk,
    "ClusterTrustBundleProjection": _trust_bundle,
    "DownwardAPIVolumeFile": _downward_file,
    "EmptyDirVolumeSource": _empty_dir,
    "FCVolumeSource": _fibre_channel,
    "FlexVolumeSource": _flex,
    "FlockerVolumeSource": _flocker,
    "ISCSIVolumeSource": _iscsi,
    "PersistentVolumeClaimSpec": _claim_spec,
    "PersistentVolumeClaimTemplate": _claim_template,
    "PodCertificateProjection": _pod_certificate,
    "ProjectedVolumeSource": _projected,
    "QuobyteVolumeSource": _quobyte,
    "TypedLocalObjectReference": _reference,
    "TypedObjectReference": _reference,
}
RULES = (
    RuleText(_PROJECTED, "a projected or downwardAPI volume with sources Kubernetes refuses"),
    RuleText(_CLAIM, "the template of a volume claim that Kubernetes refuses"),
)
