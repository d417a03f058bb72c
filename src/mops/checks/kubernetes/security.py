"""Security contexts of containers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mops.checks.kubernetes.node import Found, Node, RuleText
from mops.checks.rule import Finding
from mops.config.view import View

_RULE, _ROOT = "security-context", "root-user"
_NON_ROOT = ("podSecurityContext", "runAsNonRoot")
_MOST_PATH = 4095
_MOST_SPEC = 64 * 1024
_MOST_DOMAIN, _MOST_USER = 255, 104
_NETBIOS = r'[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}'
_DNS_LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
_DOMAIN = rf"{_NETBIOS}|{_DNS_LABEL}(?:\.{_DNS_LABEL})*"


def _context(node: Node) -> Iterator[Found]:
    escalates = node.get("allowPrivilegeEscalation", True)
    if node.get("privileged") and not escalates:
        message = "a privileged container cannot have allowPrivilegeEscalation: false"
        yield node.child("privileged").wrong(_RULE, message)
    for capabilities in node.children("capabilities"):
        for added in capabilities.list_of("add"):
            if added.value == "CAP_SYS_ADMIN" and not escalates:
                message = "CAP_SYS_ADMIN needs allowPrivilegeEscalation: true"
                yield added.wrong(_RULE, message)
    if node.get("procMount") == "Unmasked" and node.pod and node.pod.host_users:
        hint = "set extraPodSpec.hostUsers: false"
        yield node.child("procMount").wrong(_RULE, "Unmasked needs user namespaces", hint)
    yield from _root(node)
    for options in node.children("windowsOptions"):
        if node.pod and node.pod.os == "linux":
            yield options.wrong(_RULE, "the pod's os is linux: it has no windowsOptions")


def _root(node: Node) -> Iterator[Found]:
    """A user that the kubelet refuses to run as; what a container does not say, the pod does."""
    if node.pod is None or node.kind == "main":
        return
    non_root = node.get("runAsNonRoot", node.pod.view.value(_NON_ROOT))
    if node.get("runAsUser") == 0 and non_root:
        hint = "set runAsNonRoot: false for this container"
        message = "runAsUser 0 is root, which runAsNonRoot forbids"
        yield node.child("runAsUser").wrong(_RULE, message, hint)


def _seccomp(node: Node) -> Iterator[Found]:
    yield from _local_profile(node)


def _app_armor(node: Node) -> Iterator[Found]:
    yield from _local_profile(node)
    name = node.get("localhostProfile")
    if name is None or node.get("type") != "Localhost":
        return
    if not name or name.strip() != name or len(name.encode()) > _MOST_PATH:
        message = f"expected a name without spaces around it, of at most {_MOST_PATH} bytes"
        yield node.child("localhostProfile").wrong(_RULE, message)


def _local_profile(node: Node) -> Iterator[Found]:
    kind = node.get("type", "")
    if kind == "Localhost" and "localhostProfile" not in node.value:
        yield node.wrong(_RULE, "the type Localhost needs a localhostProfile")
    if kind and kind != "Localhost":
        for profile in node.children("localhostProfile"):
            yield profile.wrong(_RULE, f"the type {kind} takes no localhostProfile")


def _windows(node: Node) -> Iterator[Found]:
    if node.get("hostProcess"):
        message = "a host process needs hostNetwork, which the chart's pods do not have"
        yield node.child("hostProcess").wrong(_RULE, message)
    for spec in node.children("gmsaCredentialSpec"):
        if not spec.value or len(spec.value.encode()) > _MOST_SPEC:
            yield spec.wrong(_RULE, "expected 1 byte to 64 KiB")
    for user in node.children("runAsUserName"):
        if not _is_user_name(user.value):
            yield user.wrong(_RULE, r"expected the name of a Windows user such as DOMAIN\user")


def _is_user_name(text: str) -> bool:
    domain, backslash, user = text.rpartition("\\")
    if backslash and (len(domain) > _MOST_DOMAIN or not re.fullmatch(_DOMAIN, domain)):
        return False
    if re.search(r"[\x00-\x1f\x7f]", text):
        return False
    if not 0 < len(user) <= _MOST_USER or not user.strip(". "):
        return False
    return re.search(r'["/\\:;|=,+*?<>@\[\]]', user) is None


def root_user(view: View) -> Iterator[Found]:
    """Root as the user of all pods that must not run as root."""
    user = ("podSecurityContext", "runAsUser")
    # On OpenShift the chart leaves runAsUser out, because the cluster assigns the user.
    if view.value(user) == 0 and view.value(_NON_ROOT) and not view.value(("openshift",)):
        finding = Finding((user, _NON_ROOT), "runAsUser 0 is root, which runAsNonRoot forbids")
        yield Found(_ROOT, finding)


VALIDATORS = {
    "AppArmorProfile": _app_armor,
    "SeccompProfile": _seccomp,
    "SecurityContext": _context,
    "WindowsSecurityContextOptions": _windows,
}
RULES = (
    RuleText(_RULE, "a security context whose fields contradict each other"),
    RuleText(_ROOT, "runAsUser 0 together with runAsNonRoot"),
)
