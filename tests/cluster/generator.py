"""Random settings of pods, from the types of Kubernetes: valid ones, and mutations of these."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterator
from typing import Any

from mops.checks.kubernetes.pod import PARTS
from mops.schema.fields import load_schema
from mops.schema.kubernetes import kubernetes_data

DATA = kubernetes_data()
SCHEMA = load_schema()
# The version that the settings are for: that of the judge.
VERSION = (1, 36)
# What the chart writes itself, or never works in a Deployment.
NEVER = frozenset(
    {
        "PodSpec.activeDeadlineSeconds",
        "PodSpec.ephemeralContainers",
        "PodSpec.windowsOptions",
        "ObjectMeta.creationTimestamp",
        *(
            f"PodSpec.{name}"
            for name in SCHEMA.at(("workers", "extraPodSpec"))["propertyNames"]["not"]["enum"]  # type: ignore[index]
        ),
        *(
            f"ObjectMeta.{name}"
            for name in DATA.types["ObjectMeta"]
            if name not in ("labels", "annotations")
        ),
        # Windows, which the chart's security context excludes.
        "SecurityContext.windowsOptions",
    }
)
"""Fields that no valid setting has, by `Type.field`."""

LABELS = ["a", "team", "example.com/team", "app.kubernetes.io/name", "A_b.c-d"]
VALUES = ["", "x", "a.b_c-D", "1"]
NAMES = ["a", "data", "my-name", "x1", "a.b"]
IMAGES = ["busybox:1.36", "ghcr.io/o/n@sha256:" + "0" * 64]
QUANTITIES = ["1", "500m", "1Gi", "2.5", "1e3", "1500M", "0", "128Mi", "7.040000G"]


class Generator:
    """Settings of pods; `used` counts the fields that they have, by `Type.field`."""

    def __init__(self, source: random.Random) -> None:
        self.source = source
        self.used: dict[str, int] = {}
        self.volumes: list[str] = []
        self.claims: list[str] = []
        self.host_users = True
        self.os = ""
        self.kind = ""
        self.counter = 0

    # --- what a pod has

    def pod(self) -> dict[str, Any]:
        """The settings of one pod: some of its parts."""
        self.volumes, self.claims, self.host_users, self.os = ["tmp"], [], True, ""
        self.counter = 0
        found: dict[str, Any] = {}
        order = [
            "volumes",
            "extraPodSpec",
            *(key for key in PARTS if key not in ("volumes", "extraPodSpec")),
        ]
        for key in order:
            if self.source.random() < 0.4 and key != "resources":
                self.kind = {"initContainers": "init", "sidecars": "sidecar"}.get(key, "main")
                found[key] = self.value(PARTS[key], key)
        if self.source.random() < 0.4:
            self.kind = "main"
            found["env"] = {
                self.pick(["A", "B_C", "d.e-f"]): {"valueFrom": self.source_of_variable(main=True)}
                for _ in range(self.source.randrange(1, 3))
            }
        if self.source.random() < 0.4:
            found["resources"] = self.resources(main=True)
        if self.source.random() < 0.3:
            found["podAnnotations"] = self.annotations()
        return found

    def annotations(self) -> dict[str, str]:
        known = {
            "controller.kubernetes.io/pod-deletion-cost": ["0", "-5", "2147483647"],
            "container.apparmor.security.beta.kubernetes.io/worker": [
                "runtime/default",
                "localhost/x",
            ],
            "example.com/note": ["", "text", "a b"],
            "prometheus.io/scrape": ["true"],
        }
        names = self.source.sample(sorted(known), self.source.randrange(1, 3))
        return {name: self.pick(known[name]) for name in names}

    # --- values of a type

    def pick(self, choices: Any) -> Any:
        return self.source.choice(list(choices))

    def value(self, expression: str, field: str = "") -> Any:
        """A valid value of a type, for the field `Type.field`."""
        own = FIELDS.get(field)
        if own is not None:
            return own(self)
        if expression.startswith("["):
            count = self.source.randrange(1, 3)
            return [self.value(expression[1:-1], f"{field}[]") for _ in range(count)]
        if expression.startswith("{"):
            return {
                self.pick(LABELS): self.value(expression[1:-1], f"{field}[]")
                for _ in range(self.source.randrange(1, 3))
            }
        name, is_enum, choices = expression.partition("=")
        if is_enum:
            return self.pick(choices.split("|"))
        if name in SCALARS:
            return SCALARS[name](self)
        whole = TYPES.get(name)
        return whole(self) if whole is not None else self.fields(name)

    def fields(self, kind: str, *chosen: str, leave: tuple[str, ...] = ()) -> dict[str, Any]:
        """A value of an object's type: what it requires, what is chosen, and some of the rest."""
        found = {}
        for field, written in DATA.types[kind].items():
            name = f"{kind}.{field}"
            if field in leave or name in NEVER or is_newer(name) or name in DATA.until:
                continue
            wanted = written.endswith("!") or field in chosen or name in REQUIRED
            if wanted or self.source.random() < 0.35:
                found[field] = self.value(written.rstrip("!"), name)
                self.used[name] = self.used.get(name, 0) + 1
        return found

    def one_of(self, kind: str, choices: list[str], also: tuple[str, ...] = ()) -> dict[str, Any]:
        """A value of a type that has exactly one of some fields, and perhaps others."""
        chosen = self.pick(choices)
        others = tuple(one for one in choices if one != chosen)
        return self.fields(kind, chosen, *also, leave=others)

    def number(self) -> int:
        self.counter += 1
        return self.counter

    # --- types with rules of their own

    def volume(self) -> dict[str, Any]:
        sources = [
            name
            for name in DATA.types["Volume"]
            if name != "name" and not is_newer(f"Volume.{name}")
        ]
        name = f"v{self.number()}"
        self.volumes.append(name)
        return {**self.one_of("Volume", sources), "name": name}

    def source_of_variable(self, *, main: bool = False) -> dict[str, Any]:
        kinds = ["configMapKeyRef", "secretKeyRef", "fieldRef", "resourceFieldRef"]
        if main:
            chosen = self.pick(kinds)
            leave = tuple(one for one in (*kinds, "fileKeyRef") if one != chosen)
            return self.fields("EnvVarSource", chosen, leave=leave)
        return self.one_of("EnvVarSource", [*kinds, "fileKeyRef"])

    def resources(self, *, main: bool = False) -> dict[str, Any]:
        name = self.pick(["nvidia.com/gpu", "hugepages-2Mi", "ephemeral-storage", "example.com/x"])
        if name == "ephemeral-storage":
            request, limit = "1Gi", "2Gi"
        else:
            request = limit = self.pick(["2", "4"]) if "/" in name else "4Mi"
        found: dict[str, Any] = {"requests": {name: request}, "limits": {name: limit}}
        if self.source.random() < 0.3:
            del found["requests"]
        if not main:
            found["limits"] |= {"cpu": "2", "memory": "1.5Gi"}
            if self.claims and self.source.random() < 0.5:
                found["claims"] = [{"name": self.claims[0]}]
                self.used["ResourceRequirements.claims"] = 1
        return found

    def container(self) -> dict[str, Any]:
        init = self.kind == "init"
        policy = self.pick([None, None, "Always", "Never", "OnFailure"])
        leave = ["restartPolicy", "restartPolicyRules", "volumeDevices", "ports"]
        if init and policy != "Always":
            leave += [
                "livenessProbe",
                "readinessProbe",
                "startupProbe",
                "lifecycle",
                "resizePolicy",
            ]
        found = self.fields("Container", "image", leave=tuple(leave))
        found["name"] = f"c{self.number()}"
        if policy:
            found["restartPolicy"] = policy
            self.used["Container.restartPolicy"] = 1
            if self.source.random() < 0.5:
                found["restartPolicyRules"] = self.value(
                    "[ContainerRestartRule]", "Container.restartPolicyRules"
                )
                self.used["Container.restartPolicyRules"] = 1
        if self.source.random() < 0.4:
            found["ports"] = [
                {
                    **self.fields("ContainerPort"),
                    "containerPort": 3000 + self.number(),
                    "name": f"p{self.number()}",
                    "hostPort": 4000 + self.number(),
                }
                for _ in range(2)
            ]
        mounted = {mount["name"] for mount in found.get("volumeMounts", ())}
        if self.host_users and "claim" in self.volumes and "claim" not in mounted:
            found["volumeDevices"] = [{"name": "claim", "devicePath": "/dev/x"}]
            self.used["Container.volumeDevices"] = 1
            self.used |= {"VolumeDevice.name": 1, "VolumeDevice.devicePath": 1}
        return found

    def mounts(self) -> list[Any]:
        return [
            {**self.value("VolumeMount"), "mountPath": f"/m{self.number()}"}
            for _ in range(self.source.randrange(1, 3))
        ]

    def mount(self) -> dict[str, Any]:
        found = self.fields(
            "VolumeMount", leave=("recursiveReadOnly", self.pick(["subPath", "subPathExpr"]))
        )
        if found.get("readOnly") and found.get("mountPropagation", "None") == "None":
            found["recursiveReadOnly"] = self.pick(["Disabled", "IfPossible", "Enabled"])
            self.used["VolumeMount.recursiveReadOnly"] = 1
        return found

    def many_volumes(self) -> list[Any]:
        found = [self.volume() for _ in range(self.source.randrange(1, 4))]
        if self.source.random() < 0.3:
            self.volumes.append("claim")
            found.append({"name": "claim", "persistentVolumeClaim": {"claimName": "c"}})
        return found

    def spec(self) -> dict[str, Any]:
        self.host_users = self.source.random() < 0.7
        found = self.fields(
            "PodSpec", leave=("hostUsers", "os", "resources", "overhead", "dnsPolicy")
        )
        if not self.host_users:
            found["hostUsers"] = False
        if self.source.random() < 0.3:
            found["os"] = {"name": "linux"}
            self.os = "linux"
        if self.source.random() < 0.3:
            found["resources"] = {
                "requests": {"memory": "100Gi"},
                "limits": {"cpu": "100", "memory": "100Gi"},
            }
        if self.source.random() < 0.2:
            found["overhead"] = {"cpu": "100m"}
        if self.source.random() < 0.4:
            found["dnsPolicy"] = self.pick(["Default", "ClusterFirst"])
        if found.get("setHostnameAsFQDN"):
            found.pop("hostnameOverride", None)
        for name in ("hostUsers", "os", "resources", "overhead", "dnsPolicy"):
            self.used[f"PodSpec.{name}"] = 1
        self.used["PodOS.name"] = 1
        return found

    def resource_claims(self) -> list[Any]:
        self.claims = ["claim1"]
        key = self.pick(["resourceClaimName", "resourceClaimTemplateName"])
        self.used |= {"PodResourceClaim.name": 1, f"PodResourceClaim.{key}": 1}
        return [{"name": "claim1", key: "x"}]

    def requirement(self, kind: str, operators: list[str]) -> dict[str, Any]:
        operator = self.pick(operators)
        found = {"key": self.pick(LABELS), "operator": operator}
        if operator in ("In", "NotIn"):
            found["values"] = self.source.sample(VALUES, 2)
        elif operator in ("Gt", "Lt"):
            found["values"] = ["5"]
        self.used |= {f"{kind}.{name}": 1 for name in found}
        return found

    def node_term(self) -> dict[str, Any]:
        operators = ["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"]
        found: dict[str, Any] = {}
        if self.source.random() < 0.7:
            found["matchExpressions"] = [self.requirement("NodeSelectorRequirement", operators)]
        if self.source.random() < 0.3:
            found["matchFields"] = [
                {"key": "metadata.name", "operator": self.pick(["In", "NotIn"]), "values": ["n1"]}
            ]
        self.used |= {f"NodeSelectorTerm.{name}": 1 for name in found}
        return found

    def pod_term(self) -> dict[str, Any]:
        found = self.fields("PodAffinityTerm", leave=("matchLabelKeys", "mismatchLabelKeys"))
        if "labelSelector" in found and self.source.random() < 0.5:
            found |= {"matchLabelKeys": ["k1"], "mismatchLabelKeys": ["k2"]}
            self.used |= {
                "PodAffinityTerm.matchLabelKeys": 1,
                "PodAffinityTerm.mismatchLabelKeys": 1,
            }
        return found

    def spread(self) -> dict[str, Any]:
        found = self.fields("TopologySpreadConstraint", leave=("minDomains", "matchLabelKeys"))
        found["topologyKey"] = f"example.com/k{self.number()}"
        if found["whenUnsatisfiable"] == "DoNotSchedule":
            found["minDomains"] = self.source.randrange(1, 5)
        if self.source.random() < 0.5:
            found["matchLabelKeys"] = ["k1"]
        found["maxSkew"] = self.source.randrange(1, 9)
        self.used |= {f"TopologySpreadConstraint.{name}": 1 for name in found}
        return found

    def toleration(self) -> dict[str, Any]:
        found = self.pick(
            [
                {"operator": "Exists"},
                {"key": "a", "operator": "Exists", "effect": "NoSchedule"},
                {"key": "example.com/a", "operator": "Equal", "value": "x"},
                {"key": "a", "value": "x", "effect": "NoExecute", "tolerationSeconds": 30},
            ]
        )
        self.used |= {f"Toleration.{name}": 1 for name in found}
        return copy.deepcopy(found)

    def probe(self) -> dict[str, Any]:
        return self.one_of("Probe", ["exec", "httpGet", "tcpSocket", "grpc"])

    def seccomp(self, kind: str) -> dict[str, Any]:
        chosen = self.pick(["RuntimeDefault", "Unconfined", "Localhost"])
        self.used |= {f"{kind}.type": 1, f"{kind}.localhostProfile": 1}
        more = {"localhostProfile": "profiles/a.json"} if chosen == "Localhost" else {}
        return {"type": chosen, **more}

    def context(self) -> dict[str, Any]:
        found = self.fields("SecurityContext", leave=("procMount", "privileged"))
        if found.get("allowPrivilegeEscalation", True):
            found["privileged"] = self.source.random() < 0.3
        found["procMount"] = "Default" if self.host_users else "Unmasked"
        self.used |= {"SecurityContext.privileged": 1, "SecurityContext.procMount": 1}
        return found

    def env_from(self) -> dict[str, Any]:
        return self.one_of("EnvFromSource", ["secretRef", "configMapRef"])

    def variables(self) -> list[Any]:
        return [
            {"name": f"V{self.number()}", "value": self.pick(["", "x", "$(POD_IP)"])}
            if self.source.random() < 0.5
            else {"name": f"V{self.number()}", "valueFrom": self.value("EnvVarSource")}
            for _ in range(2)
        ]

    def projection(self) -> dict[str, Any]:
        kinds = [
            name
            for name in DATA.types["VolumeProjection"]
            if not is_newer(f"VolumeProjection.{name}")
        ]
        return self.one_of("VolumeProjection", kinds)

    def trust_bundle(self) -> dict[str, Any]:
        found = self.one_of("ClusterTrustBundleProjection", ["name", "signerName"])
        if "name" in found:
            found.pop("labelSelector", None)
        return found

    def certificate(self) -> dict[str, Any]:
        found = self.fields("PodCertificateProjection", "keyPath")
        return found

    def downward_file(self) -> dict[str, Any]:
        found = self.one_of("DownwardAPIVolumeFile", ["fieldRef", "resourceFieldRef"])
        if "fieldRef" in found:
            found["fieldRef"]["fieldPath"] = self.pick(
                ["metadata.name", "metadata.labels", "metadata.annotations['Example.com/A']"]
            )
        else:
            found["resourceFieldRef"]["containerName"] = self.pick(["worker"])
        return found

    def resource_field(self) -> dict[str, Any]:
        resource, divisor = self.pick(
            [
                ("limits.cpu", "1m"),
                ("requests.memory", "1Mi"),
                ("limits.hugepages-2Mi", "1"),
                ("requests.ephemeral-storage", "1Gi"),
                ("limits.memory", "0"),
            ]
        )
        self.used |= {
            f"ResourceFieldSelector.{name}": 1 for name in ("resource", "divisor", "containerName")
        }
        return {"resource": resource, "divisor": divisor}

    def claim_spec(self) -> dict[str, Any]:
        found = self.fields(
            "PersistentVolumeClaimSpec", "accessModes", "resources", leave=("dataSource",)
        )
        if found["accessModes"] and "ReadWriteOncePod" in found["accessModes"]:
            found["accessModes"] = ["ReadWriteOncePod"]
        self.used["PersistentVolumeClaimSpec.dataSource"] = 1
        if "dataSourceRef" not in found:
            found["dataSource"] = {"kind": "PersistentVolumeClaim", "name": "x"}
        return found

    def reference(self, kind: str) -> dict[str, Any]:
        found = self.fields(kind)
        found["kind"] = "PersistentVolumeClaim" if not found.get("apiGroup") else "VolumeSnapshot"
        return found

    def fibre_channel(self) -> dict[str, Any]:
        return self.one_of("FCVolumeSource", ["targetWWNs", "wwids"], ("lun",))

    def azure_disk(self) -> dict[str, Any]:
        found = self.fields("AzureDiskVolumeSource")
        start = "/subscriptions/x" if found.get("kind") == "Managed" else "https://x"
        return {**found, "diskURI": start}

    def iscsi(self) -> dict[str, Any]:
        return self.fields("ISCSIVolumeSource", "secretRef")

    def peer(self) -> dict[str, Any]:
        if self.source.random() < 0.4:
            self.used |= {"NetworkPolicyPeer.ipBlock": 1, "IPBlock.cidr": 1, "IPBlock.except": 1}
            return {"ipBlock": {"cidr": "10.0.0.0/8", "except": ["10.1.0.0/16"]}}
        return self.fields("NetworkPolicyPeer", "podSelector", leave=("ipBlock",))

    def policy_port(self) -> dict[str, Any]:
        found = self.fields("NetworkPolicyPort", leave=("endPort",))
        if isinstance(found.get("port"), int) and self.source.random() < 0.5:
            found["endPort"] = found["port"] + 5
            self.used["NetworkPolicyPort.endPort"] = 1
        return found


def is_newer(name: str) -> bool:
    """Whether a field is newer than the judge."""
    since = DATA.since.get(name)
    return since is not None and tuple(map(int, since.split("."))) > VERSION


def text(*choices: str) -> Callable[[Generator], str]:
    return lambda generator: generator.pick(choices)


def numbers(low: int, high: int) -> Callable[[Generator], int]:
    return lambda generator: generator.source.randint(low, high)


def unique(form: str) -> Callable[[Generator], str]:
    return lambda generator: form.format(generator.number())


def several(*choices: str) -> Callable[[Generator], list[str]]:
    return lambda generator: generator.source.sample(
        choices, generator.source.randint(1, len(choices))
    )


SCALARS: dict[str, Callable[[Generator], Any]] = {
    "string": text("a", "text", "x y", "1", "true"),
    "boolean": lambda generator: generator.source.random() < 0.5,
    "int32": numbers(0, 100),
    "int64": numbers(0, 1000),
    "quantity": lambda generator: generator.pick(QUANTITIES),
    "int-or-string": lambda generator: generator.pick([80, 8080, "http", "metrics-1"]),
    "time": text("2024-01-01T00:00:00Z"),
    "any": lambda generator: {},
    "number": numbers(0, 5),
}
TYPES: dict[str, Callable[[Generator], Any]] = {
    "AppArmorProfile": lambda generator: generator.seccomp("AppArmorProfile"),
    "AzureDiskVolumeSource": Generator.azure_disk,
    "ClusterTrustBundleProjection": Generator.trust_bundle,
    "Container": Generator.container,
    "DownwardAPIVolumeFile": Generator.downward_file,
    "EnvFromSource": Generator.env_from,
    "EnvVarSource": Generator.source_of_variable,
    "FCVolumeSource": Generator.fibre_channel,
    "FlockerVolumeSource": lambda generator: generator.one_of(
        "FlockerVolumeSource", ["datasetName", "datasetUUID"]
    ),
    "HostAlias": lambda generator: generator.fields("HostAlias", "hostnames"),
    "ISCSIVolumeSource": Generator.iscsi,
    "VolumeResourceRequirements": lambda generator: generator.fields(
        "VolumeResourceRequirements", "requests"
    ),
    "LabelSelectorRequirement": lambda generator: generator.requirement(
        "LabelSelectorRequirement", ["In", "NotIn", "Exists", "DoesNotExist"]
    ),
    "Lifecycle": lambda generator: generator.fields(
        "Lifecycle", leave=() if generator.os else ("stopSignal",)
    ),
    "LifecycleHandler": lambda generator: generator.one_of(
        "LifecycleHandler", ["exec", "httpGet", "tcpSocket", "sleep"]
    ),
    "NetworkPolicyPeer": Generator.peer,
    "NetworkPolicyPort": Generator.policy_port,
    "NodeSelectorTerm": Generator.node_term,
    "PersistentVolumeClaimSpec": Generator.claim_spec,
    "PodAffinityTerm": Generator.pod_term,
    "PodCertificateProjection": Generator.certificate,
    "PodSpec": Generator.spec,
    "Probe": Generator.probe,
    "ResourceFieldSelector": Generator.resource_field,
    "ResourceRequirements": Generator.resources,
    "SeccompProfile": lambda generator: generator.seccomp("SeccompProfile"),
    "SecurityContext": Generator.context,
    "Toleration": Generator.toleration,
    "TopologySpreadConstraint": Generator.spread,
    "TypedLocalObjectReference": lambda generator: generator.reference("TypedLocalObjectReference"),
    "TypedObjectReference": lambda generator: generator.reference("TypedObjectReference"),
    "Volume": Generator.volume,
    "VolumeMount": Generator.mount,
    "VolumeProjection": Generator.projection,
}
_NAME = text("a", "my-name", "x1")
_OBJECT = text("a", "my-name", "a.b")
_MODE = numbers(0, 0o777)
_KEY = text("key", "KEY_1", "a.b-c")
# What a path is; two files of a volume have different ones.
_FILE = unique("dir/f{}")
FIELDS: dict[str, Callable[[Generator], Any]] = {
    "volumes": Generator.many_volumes,
    "volumeMounts": Generator.mounts,
    "Container.volumeMounts": Generator.mounts,
    "Container.env": Generator.variables,
    "Container.image": lambda generator: generator.pick(IMAGES),
    "Container.resizePolicy": lambda generator: [
        {"resourceName": "cpu", "restartPolicy": "NotRequired"},
        {"resourceName": "memory", "restartPolicy": "RestartContainer"},
    ],
    "PodSpec.resourceClaims": Generator.resource_claims,
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
    "FlexVolumeSource.options": lambda generator: {"a": "b", "example.com/x": "y"},
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
    "LabelSelector.matchLabels": lambda generator: {generator.pick(LABELS): generator.pick(VALUES)},
    "NFSVolumeSource.path": text("/", "/a"),
    "ObjectFieldSelector.apiVersion": text("v1"),
    "ObjectFieldSelector.fieldPath": text(
        "metadata.name", "status.podIP", "spec.nodeName", "metadata.labels['example.com/a']"
    ),
    "ObjectMeta.labels": lambda generator: {"a": "b"},
    "PersistentVolumeClaimSpec.accessModes": several("ReadWriteOnce", "ReadWriteMany"),
    "PersistentVolumeClaimSpec.storageClassName": text("", "fast"),
    "PodAffinityTerm.namespaces": several("a", "b-c"),
    "PodAffinityTerm.topologyKey": text("kubernetes.io/hostname", "zone"),
    "PodCertificateProjection.keyType": text("RSA3072", "ED25519"),
    "PodCertificateProjection.maxExpirationSeconds": numbers(3600, 86400),
    "PodCertificateProjection.signerName": text("example.com/signer"),
    "PodCertificateProjection.userAnnotations": lambda generator: {"example.com/A": "x y"},
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
    "VolumeMount.name": lambda generator: generator.pick(
        [name for name in generator.volumes if name != "claim"]
    ),
    "VolumeMount.mountPath": unique("/m{}"),
    "VolumeMount.mountPropagation": text("None", "HostToContainer"),
    "VolumeMount.subPath": text("a", "a/b"),
    "VolumeMount.subPathExpr": text("$(POD_NAME)/x"),
    "VolumeResourceRequirements.requests": lambda generator: {"storage": "1Gi"},
    "VolumeResourceRequirements.limits": lambda generator: {"storage": "2Gi"},
    "WeightedPodAffinityTerm.weight": numbers(1, 100),
}
FIELDS["Container.readinessProbe"] = lambda generator: {
    key: value for key, value in generator.probe().items() if key != "terminationGracePeriodSeconds"
}
FIELDS["Probe.successThreshold"] = lambda generator: 1
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


# --- mutations

WRONG_STRINGS = [
    "", "A B", "UPPER_Case!", "x" * 300, "x" * 64, "../up", "a/../b", "/abs", "-dash", "dash-", "a..b",
    ".", "..", "..x", "a/b/c", "ä", "no-such", "a=b", "1.2.3.4", "01.2.3.4", "::ffff:1.2.3.4", "10.0.0.1/8",
    "10.0.0.0/8", "Nope", "0", "-1", "*", "a:b", "a,b", "_x", "x" * 16, "None", "true", "kubernetes.io/x",
    "a.b/c", "A", "Always", "Exists", "In", "Localhost", "metadata.x", "status.phase", "limits.gpu",
    "metadata.labels['a b']", "metadata.name['x']", "metadata.annotations", "a\nb",
]  # fmt: skip
WRONG_NUMBERS = [
    -1,
    0,
    1,
    2,
    101,
    255,
    256,
    512,
    65536,
    70000,
    2**31 - 1,
    2**31,
    5 * 10**9,
    -(2**31),
]
WRONG_QUANTITIES = [
    "-1",
    "0",
    "1.5",
    "3",
    "1m",
    "100Ti",
    "1001",
    "5Mi",
    "1e3",
    "-0",
    "0.0001",
    "1n",
    "8 Gi",
    "",
]
Spot = tuple[Any, Any, str, str]


def spots(value: Any, expression: str, field: str = "") -> Iterator[Spot]:
    """Every part of a value: what holds it, its key there, its type, and its `Type.field`."""
    holder = [value]
    yield from _spots(holder, 0, expression, field)


def _spots(holder: Any, key: Any, expression: str, field: str) -> Iterator[Spot]:
    yield holder, key, expression, field
    value = holder[key]
    if expression.startswith("["):
        for index in range(len(value)):
            yield from _spots(value, index, expression[1:-1], f"{field}[]")
    elif expression.startswith("{"):
        for name in list(value):
            yield from _spots(value, name, expression[1:-1], f"{field}{{}}")
    elif expression in DATA.types:
        types = DATA.types[expression]
        for name in [name for name in value if name in types]:
            yield from _spots(value, name, types[name].rstrip("!"), f"{expression}.{name}")


def mutated(generator: Generator, value: Any, expression: str) -> tuple[Any, str]:
    """A copy of a value with one change somewhere, and the name of the change."""
    value = copy.deepcopy(value)
    holder: list[Any] = [value]
    all_spots = list(_spots(holder, 0, expression, ""))
    # Half of the changes are to objects: what is missing, too much, or does not fit together.
    objects = [spot for spot in all_spots if spot[2] in DATA.types]
    pool = objects if objects and generator.source.random() < 0.4 else all_spots
    where, key, kind, field = generator.pick(pool)
    how = _change(generator, where, key, kind)
    return holder[0], f"{field or kind}: {how}"


def _change(generator: Generator, where: Any, key: Any, kind: str) -> str:
    value, source = where[key], generator.source
    if isinstance(value, bool):
        where[key] = source.choice([not value, not value, "yes"])
    elif isinstance(value, int):
        where[key] = source.choice([*WRONG_NUMBERS, *WRONG_NUMBERS, "1"])
        if kind == "int-or-string":
            where[key] = source.choice(
                [0, -1, 70000, "", "a--b", "-a", "http", "123", "X", "x" * 16]
            )
    elif kind == "quantity":
        where[key] = source.choice(WRONG_QUANTITIES)
    elif isinstance(value, str):
        where[key] = source.choice(WRONG_STRINGS)
    elif isinstance(value, list):
        return _change_list(generator, where, key, kind)
    elif isinstance(value, dict):
        return _change_mapping(generator, value, kind)
    return f"{value!r} -> {where[key]!r}"[:120]


def _change_list(generator: Generator, where: Any, key: Any, kind: str) -> str:
    value = where[key]
    how = generator.pick(["empty", "twice", "more", "drop"])
    if how == "empty":
        where[key] = []
    elif how == "twice" and value:
        value.append(copy.deepcopy(generator.pick(value)))
    elif how == "more":
        value.extend(generator.value(kind[1:-1]) for _ in range(generator.pick([1, 3, 33])))
    elif value:
        value.pop(generator.source.randrange(len(value)))
    return how


def _change_mapping(generator: Generator, value: dict[str, Any], kind: str) -> str:
    how = generator.pick(["delete", "add", "add", "unknown", "empty", "twist"])
    types = DATA.types.get(kind, {})
    if how == "delete" and value:
        name = generator.pick(value)
        del value[name]
        return f"without {name}"
    missing = [name for name in types if name not in value and f"{kind}.{name}" not in BY_CHART]
    if how == "add" and missing:
        name = generator.pick(missing)
        value[name] = generator.value(types[name].rstrip("!"), f"{kind}.{name}")
        return f"with {name}"
    if how == "empty":
        value.clear()
        return "empty"
    if how == "twist" and kind.startswith("{"):
        value[generator.pick(WRONG_STRINGS)] = generator.pick(["x", "1", "a b", "-x"])
        return "another entry"
    value["bogus"] = generator.pick([1, "x", {}])
    return "with bogus"


BY_CHART = frozenset(name for name in NEVER if name.startswith("PodSpec."))
