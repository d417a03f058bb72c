"""Volumes, tolerations and security settings that Kubernetes would reject."""

from __future__ import annotations

from collections.abc import Iterator

from mops.checks.names import repeated
from mops.checks.rule import ERROR, Finding, Rule
from mops.config.view import View

# The volumes that the chart adds to every pod: scratch space at /tmp, and certificates.
_SCRATCH, _SCRATCH_PATH = "tmp", "/tmp"  # noqa: S108 - the chart's mount, not a file of ours
_CHART_VOLUMES = (_SCRATCH, "tls")


def volumes(view: View) -> Iterator[Finding]:
    for group in view.pods:
        path = group.at("volumes")
        names = [volume["name"] for volume in view.value(path) or ()]
        for name in repeated(names):
            yield Finding((path,), f"duplicate volume {name}")
        for name in names:
            if name in _CHART_VOLUMES:
                yield Finding((path,), f"the volume name {name} is reserved for the chart")


def volume_mounts(view: View) -> Iterator[Finding]:
    for group in view.pods:
        path, volumes_path = group.at("volumeMounts"), group.at("volumes")
        mounts = view.value(path) or ()
        names = {_SCRATCH, *(volume["name"] for volume in view.value(volumes_path) or ())}
        for mount in mounts:
            if mount["name"] not in names:
                yield Finding((path, volumes_path), f"volume {mount['name']} is not defined")
        for place in repeated([_SCRATCH_PATH, *(mount["mountPath"] for mount in mounts)]):
            yield Finding((path,), f"two volumes are mounted at {place}")


def tolerations(view: View) -> Iterator[Finding]:
    for group in view.pods:
        path = group.at("tolerations")
        for entry in view.value(path) or ():
            exists = entry.get("operator") == "Exists"
            if exists and entry.get("value"):
                yield Finding((path,), "a toleration with the operator Exists takes no value")
            if not exists and not entry.get("key"):
                yield Finding((path,), "a toleration without a key needs the operator Exists")
            if "tolerationSeconds" in entry and entry.get("effect") != "NoExecute":
                yield Finding((path,), "tolerationSeconds requires the effect NoExecute")


def root_user(view: View) -> Iterator[Finding]:
    user, non_root = ("podSecurityContext", "runAsUser"), ("podSecurityContext", "runAsNonRoot")
    # On OpenShift the chart leaves runAsUser out, because the cluster assigns the user.
    if view.value(user) == 0 and view.value(non_root) and not view.value(("openshift",)):
        yield Finding((user, non_root), "runAsUser 0 is root, which runAsNonRoot forbids")


RULES = (
    Rule(
        "volume-name",
        ERROR,
        "a volume that is defined twice, or named as one of the chart's",
        volumes,
    ),
    Rule("volume-mount", ERROR, "a mount without a volume, or two at one path", volume_mounts),
    Rule("toleration", ERROR, "a toleration whose fields contradict each other", tolerations),
    Rule("root-user", ERROR, "runAsUser 0 together with runAsNonRoot", root_user),
)
