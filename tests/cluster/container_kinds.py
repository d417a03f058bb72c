"""Containers, their environment, probes and security contexts: valid values."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .generator import Generator


def source_of_variable(g: Generator, *, main: bool = False) -> dict[str, Any]:
    kinds = ["configMapKeyRef", "secretKeyRef", "fieldRef", "resourceFieldRef"]
    if main:
        chosen = g.pick(kinds)
        leave = tuple(one for one in (*kinds, "fileKeyRef") if one != chosen)
        return g.fields("EnvVarSource", chosen, leave=leave)
    return g.one_of("EnvVarSource", [*kinds, "fileKeyRef"])


def resources(g: Generator, *, main: bool = False) -> dict[str, Any]:
    name = g.pick(["nvidia.com/gpu", "hugepages-2Mi", "ephemeral-storage", "example.com/x"])
    if name == "ephemeral-storage":
        request, limit = "1Gi", "2Gi"
    else:
        request = limit = g.pick(["2", "4"]) if "/" in name else "4Mi"
    found: dict[str, Any] = {"requests": {name: request}, "limits": {name: limit}}
    if g.source.random() < 0.3:
        del found["requests"]
    if not main:
        found["limits"] |= {"cpu": "2", "memory": "1.5Gi"}
        if g.claims and g.source.random() < 0.5:
            found["claims"] = [{"name": g.claims[0], **g.pick([{}, {"request": "r"}])}]
    return found


def container(g: Generator) -> dict[str, Any]:
    init = g.kind == "init"
    policy = g.pick([None, None, "Always", "Never", "OnFailure"])
    leave = ["restartPolicy", "restartPolicyRules", "volumeDevices", "ports"]
    if init and policy != "Always":
        leave += [
            "livenessProbe",
            "readinessProbe",
            "startupProbe",
            "lifecycle",
            "resizePolicy",
        ]
    found = g.fields("Container", "image", leave=tuple(leave))
    found["name"] = f"c{g.number()}"
    if policy:
        found["restartPolicy"] = policy
        if g.source.random() < 0.5:
            found["restartPolicyRules"] = g.value(
                "[ContainerRestartRule]", "Container.restartPolicyRules"
            )
    if g.source.random() < 0.4:
        found["ports"] = [
            {
                **g.fields("ContainerPort"),
                "containerPort": 3000 + g.number(),
                "name": f"p{g.number()}",
                "hostPort": 4000 + g.number(),
            }
            for _ in range(2)
        ]
    mounted = {mount["name"] for mount in found.get("volumeMounts", ())}
    if g.host_users and "claim" in g.volumes and "claim" not in mounted:
        found["volumeDevices"] = [{"name": "claim", "devicePath": "/dev/x"}]
    return found


def probe(g: Generator) -> dict[str, Any]:
    return g.one_of("Probe", ["exec", "httpGet", "tcpSocket", "grpc"])


def readiness(g: Generator) -> dict[str, Any]:
    found = probe(g)
    return {key: found[key] for key in found if key != "terminationGracePeriodSeconds"}


def local_profile(g: Generator) -> dict[str, Any]:
    chosen = g.pick(["RuntimeDefault", "Unconfined", "Localhost"])
    more = {"localhostProfile": "profiles/a.json"} if chosen == "Localhost" else {}
    return {"type": chosen, **more}


def context(g: Generator) -> dict[str, Any]:
    found = g.fields("SecurityContext", leave=("procMount", "privileged"))
    if found.get("allowPrivilegeEscalation", True):
        found["privileged"] = g.source.random() < 0.3
    found["procMount"] = "Default" if g.host_users else "Unmasked"
    return found


def env_from(g: Generator) -> dict[str, Any]:
    return g.one_of("EnvFromSource", ["secretRef", "configMapRef"])


def variables(g: Generator) -> list[Any]:
    return [
        {"name": f"V{g.number()}", "value": g.pick(["", "x", "$(POD_IP)"])}
        if g.source.random() < 0.5
        else {"name": f"V{g.number()}", "valueFrom": g.value("EnvVarSource")}
        for _ in range(2)
    ]


def resource_field(g: Generator) -> dict[str, Any]:
    resource, divisor = g.pick(
        [
            ("limits.cpu", "1m"),
            ("requests.memory", "1Mi"),
            ("limits.hugepages-2Mi", "1"),
            ("requests.ephemeral-storage", "1Gi"),
            ("limits.memory", "0"),
        ]
    )
    return {"resource": resource, "divisor": divisor}


TYPES: dict[str, Callable[[Generator], Any]] = {
    "AppArmorProfile": local_profile,
    "Container": container,
    "EnvFromSource": env_from,
    "EnvVarSource": source_of_variable,
    "Lifecycle": lambda g: g.fields("Lifecycle", leave=() if g.os else ("stopSignal",)),
    "LifecycleHandler": lambda g: g.one_of(
        "LifecycleHandler", ["exec", "httpGet", "tcpSocket", "sleep"]
    ),
    "Probe": probe,
    "ResourceFieldSelector": resource_field,
    "ResourceRequirements": resources,
    "SeccompProfile": local_profile,
    "SecurityContext": context,
}
FIELDS: dict[str, Callable[[Generator], Any]] = {
    "Container.env": variables,
    "Container.readinessProbe": readiness,
}
