"""The Pod Security level that a namespace needs so that the pods of a workspace are admitted.

The rules are those of Kubernetes' Pod Security Standards
(https://kubernetes.io/docs/concepts/security/pod-security-standards/), as far as values can violate
them. The tests compare the results with Kubernetes' own evaluation of the rendered pods.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from mops.model.layer import Path

Level = Literal["restricted", "baseline", "privileged"]
RESTRICTED: Level = "restricted"
BASELINE: Level = "baseline"
PRIVILEGED: Level = "privileged"
# From the strictest to the most permissive.
LEVELS: tuple[Level, ...] = (RESTRICTED, BASELINE, PRIVILEGED)

LABEL_PREFIX = "pod-security.kubernetes.io/"

_BASELINE_CAPABILITIES = frozenset({
    "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE",
    "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
})  # fmt: skip
_RESTRICTED_CAPABILITIES = frozenset({"NET_BIND_SERVICE"})
_RESTRICTED_VOLUMES = frozenset({
    "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim",
    "projected", "secret",
})  # fmt: skip
_SELINUX_TYPES = frozenset(
    {"", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"}
)
_PROFILES = frozenset({"RuntimeDefault", "Localhost"})
_APPARMOR_ANNOTATION = "container.apparmor.security.beta.kubernetes.io/"
_PROBES = ("livenessProbe", "readinessProbe", "startupProbe")


class Reason(NamedTuple):
    """Why pods need a namespace with at least `level`: a setting, and a description of it."""

    path: Path
    level: Level
    text: str


class _Container(NamedTuple):
    """A container that the user defines: its path in the values, and its spec."""

    path: Path
    spec: Mapping[str, Any]

    @property
    def security(self) -> Mapping[str, Any] | None:
        """Its own security context; None if it uses the chart's."""
        return self.spec.get("securityContext")

    def at(self, *parts: str) -> Path:
        return (*self.path, *parts)


def reasons(values: Mapping[str, Any]) -> list[Reason]:
    """Every setting that needs more than "restricted", in the order of the values."""
    return [
        *_shared(values),
        *(reason for path, pod in _pods(values) for reason in _pod(path, pod)),
    ]


def required_level(found: list[Reason]) -> Level:
    """The strictest level that admits the pods."""
    return max((reason.level for reason in found), key=LEVELS.index, default=RESTRICTED)


def namespace_labels(level: str) -> dict[str, str]:
    """The labels of a namespace that enforces, audits and warns about a level."""
    return {f"{LABEL_PREFIX}{mode}": level for mode in ("enforce", "audit", "warn")}


def _pods(values: Mapping[str, Any]) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    for section in ("scheduler", "workers"):
        yield (section,), values[section]
    for name, group in values["workerGroups"].items():
        yield ("workerGroups", name), group


def _shared(values: Mapping[str, Any]) -> Iterator[Reason]:
    """The security contexts that all pods have in common."""
    path = "podSecurityContext"
    context = values[path]
    if not context["runAsNonRoot"]:
        yield Reason((path, "runAsNonRoot"), BASELINE, "runAsNonRoot is false")
    if context["runAsUser"] == 0 and not values["openshift"]:
        yield Reason((path, "runAsUser"), BASELINE, "runAsUser is 0")
    if context["seccompProfile"]["type"] not in _PROFILES:
        where = (path, "seccompProfile", "type")
        yield Reason(where, PRIVILEGED, f"seccompProfile is {context['seccompProfile']['type']}")
    path = "containerSecurityContext"
    context = values[path]
    yield from _escalation((path,), context)
    yield from _capabilities((path,), context["capabilities"])


def _escalation(path: Path, context: Mapping[str, Any]) -> Iterator[Reason]:
    if context.get("allowPrivilegeEscalation") is not False:
        where = (*path, "allowPrivilegeEscalation")
        yield Reason(where, BASELINE, "allowPrivilegeEscalation is not false")


def _capabilities(path: Path, capabilities: Mapping[str, Any]) -> Iterator[Reason]:
    where = (*path, "capabilities")
    if "ALL" not in (capabilities.get("drop") or ()):
        yield Reason((*where, "drop"), BASELINE, "capabilities.drop does not include ALL")
    for index, name in enumerate(capabilities.get("add") or ()):
        if name in _RESTRICTED_CAPABILITIES:
            continue
        level = BASELINE if name in _BASELINE_CAPABILITIES else PRIVILEGED
        yield Reason((*where, "add", str(index)), level, f"capability {name} is added")


def _pod(path: Path, pod: Mapping[str, Any]) -> Iterator[Reason]:
    yield from _volumes(path, pod.get("volumes") or ())
    for key, value in (pod.get("podAnnotations") or {}).items():
        if key.startswith(_APPARMOR_ANNOTATION) and not _is_confined(str(value)):
            yield Reason((*path, "podAnnotations", key), PRIVILEGED, f"AppArmor profile {value}")
    for kind in ("initContainers", "sidecars"):
        for index, spec in enumerate(pod.get(kind) or ()):
            yield from _container(_Container((*path, kind, str(index)), spec))


def _is_confined(profile: str) -> bool:
    return profile in ("", "runtime/default") or profile.startswith("localhost/")


def _volumes(path: Path, volumes: Sequence[Mapping[str, Any]]) -> Iterator[Reason]:
    for index, volume in enumerate(volumes):
        for source in volume.keys() - {"name"} - _RESTRICTED_VOLUMES:
            level = PRIVILEGED if source == "hostPath" else BASELINE
            where = (*path, "volumes", str(index), source)
            yield Reason(where, level, f"volume {volume['name']} is of the type {source}")


def _container(container: _Container) -> Iterator[Reason]:
    yield from _ports(container)
    yield from _probe_hosts(container)
    context = container.security
    if context is None:
        return
    where = container.at("securityContext")
    yield from _escalation(where, context)
    yield from _capabilities(where, context.get("capabilities") or {})
    if context.get("runAsNonRoot") is False:
        yield Reason((*where, "runAsNonRoot"), BASELINE, "runAsNonRoot is false")
    if context.get("runAsUser") == 0:
        yield Reason((*where, "runAsUser"), BASELINE, "runAsUser is 0")
    yield from _privileges(where, context)


def _privileges(where: Path, context: Mapping[str, Any]) -> Iterator[Reason]:
    """Settings that only privileged namespaces admit."""
    if context.get("privileged"):
        yield Reason((*where, "privileged"), PRIVILEGED, "the container is privileged")
    if context.get("procMount") not in (None, "Default"):
        yield Reason((*where, "procMount"), PRIVILEGED, f"procMount is {context['procMount']}")
    for key in ("seccompProfile", "appArmorProfile"):
        profile = (context.get(key) or {}).get("type")
        if profile not in (None, *_PROFILES):
            yield Reason((*where, key), PRIVILEGED, f"{key} is {profile}")
    if (context.get("windowsOptions") or {}).get("hostProcess"):
        yield Reason((*where, "windowsOptions"), PRIVILEGED, "hostProcess is true")
    if _changes_selinux(context.get("seLinuxOptions") or {}):
        yield Reason((*where, "seLinuxOptions"), PRIVILEGED, "seLinuxOptions are set")


def _changes_selinux(labels: Mapping[str, Any]) -> bool:
    """Whether SELinux options set a user, a role, or a type that baseline does not allow."""
    has_identity = labels.get("user") or labels.get("role")
    return bool(has_identity) or labels.get("type", "") not in _SELINUX_TYPES


def _ports(container: _Container) -> Iterator[Reason]:
    for index, port in enumerate(container.spec.get("ports") or ()):
        if port.get("hostPort"):
            where = container.at("ports", str(index), "hostPort")
            yield Reason(where, PRIVILEGED, f"hostPort {port['hostPort']} is used")


def _probe_hosts(container: _Container) -> Iterator[Reason]:
    lifecycle = container.spec.get("lifecycle") or {}
    handlers: dict[tuple[str, ...], Any] = {(name,): container.spec.get(name) for name in _PROBES}
    handlers |= {("lifecycle", name): lifecycle.get(name) for name in ("postStart", "preStop")}
    for path, handler in handlers.items():
        for kind in ("httpGet", "tcpSocket"):
            if ((handler or {}).get(kind) or {}).get("host"):
                where = container.at(*path, kind, "host")
                yield Reason(where, PRIVILEGED, f"{path[-1]} connects to another host")
