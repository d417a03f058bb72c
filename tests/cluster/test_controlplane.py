"""The control plane behaves as a cluster does: real refusals, real events."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from .binaries import module_version
from .client import Cluster, wait_for
from .controlplane import HOST, LOG_TEXT, ControlPlane, ControlPlaneError

GOOD_IMAGE = "registry.example/dask:1.0"


def pod_spec(image: str = GOOD_IMAGE, **container: Any) -> dict[str, Any]:
    """Return the spec of a pod with one container."""
    return {"containers": [{"name": "main", "image": image, **container}]}


def pod(name: str, image: str = GOOD_IMAGE, **metadata: Any) -> dict[str, Any]:
    """Return a Pod with one container."""
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, **metadata},
        "spec": pod_spec(image),
    }


def deployment(name: str, replicas: int, spec: dict[str, Any]) -> dict[str, Any]:
    """Return a Deployment of pods with ``spec``."""
    labels = {"app": name}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name},
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": spec},
        },
    }


def warnings(cluster: Cluster, namespace: str, name: str) -> dict[str, list[str]]:
    """Return the messages of an object's Warning events by their reason."""
    selector = f"type=Warning,involvedObject.name={name}"
    events = cluster.get("events", "-n", namespace, f"--field-selector={selector}")
    found: dict[str, list[str]] = {}
    for event in events["items"]:
        found.setdefault(event["reason"], []).append(event["message"])
    return found


def container_status(cluster: Cluster, namespace: str, name: str) -> dict[str, Any]:
    """Return the status of a pod's first container, {} if there is none yet."""
    statuses = cluster.get("pod", name, "-n", namespace)["status"]
    found: list[dict[str, Any]] = statuses.get("containerStatuses", [])
    return found[0] if found else {}


def wait_for_waiting_reason(
    cluster: Cluster, namespace: str, name: str, reason: str
) -> dict[str, Any]:
    """Return the container's status once it waits for ``reason``."""

    def attempt() -> dict[str, Any] | None:
        status = container_status(cluster, namespace, name)
        waiting = status.get("state", {}).get("waiting", {})
        return status if waiting.get("reason") == reason else None

    return wait_for(f"{name} waiting with {reason}", attempt)


def condition(cluster: Cluster, namespace: str, name: str, kind: str) -> str:
    """Return the status of a pod's condition, "" if it has none."""
    conditions = cluster.get("pod", name, "-n", namespace)["status"]["conditions"]
    return next((str(c["status"]) for c in conditions if c["type"] == kind), "")


def is_alive(pid: int) -> bool:
    """Tell whether a process with this id exists."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_server_and_client_tell_their_true_versions(simulated: Cluster) -> None:
    expected = module_version("k8s.io/kubernetes")
    if "KUBEBUILDER_ASSETS" not in os.environ:
        assert simulated.version == expected
    text = simulated.kubectl("version", check=True).stdout
    assert f"Server Version: {simulated.version}" in text
    assert f"Client Version: {simulated.version}" in text


def test_deployment_becomes_available(simulated: Cluster, namespace: str) -> None:
    simulated.apply(deployment("web", 3, pod_spec()), namespace=namespace)
    simulated.kubectl(
        "rollout", "status", "deployment/web", "-n", namespace, check=True, timeout=60
    )
    pods = simulated.get("pods", "-n", namespace)["items"]
    assert [p["status"]["phase"] for p in pods] == ["Running"] * 3
    assert len({p["status"]["podIP"] for p in pods}) == 3


def test_deleted_deployment_takes_its_pods_along(simulated: Cluster, namespace: str) -> None:
    simulated.apply(deployment("web", 2, pod_spec()), namespace=namespace)
    simulated.kubectl("rollout", "status", "deployment/web", "-n", namespace, check=True)
    simulated.kubectl("delete", "deployment", "web", "-n", namespace, check=True)
    wait_for("no pods left", lambda: not simulated.get("pods", "-n", namespace)["items"])


def test_service_gets_the_addresses_of_ready_pods(simulated: Cluster, namespace: str) -> None:
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web"},
        "spec": {"selector": {"app": "web"}, "ports": [{"port": 80}]},
    }
    objects = (deployment("web", 2, pod_spec()), service)
    simulated.apply(*objects, namespace=namespace)

    def addresses() -> set[str]:
        selector = "kubernetes.io/service-name=web"
        slices = simulated.get("endpointslices", "-n", namespace, "-l", selector)
        return {
            address
            for each in slices["items"]
            for endpoint in each["endpoints"] or []
            if endpoint["conditions"]["ready"]
            for address in endpoint["addresses"]
        }

    wait_for("two endpoints", lambda: len(addresses()) == 2)


def test_restricted_namespace_rejects_a_privileged_pod(cluster: Cluster, namespace: str) -> None:
    label = "pod-security.kubernetes.io/enforce=restricted"
    cluster.kubectl("label", "namespace", namespace, label, check=True)
    bad = pod("bad")
    bad["spec"] = pod_spec(securityContext={"privileged": True})
    with pytest.raises(AssertionError, match='violates PodSecurity "restricted') as no:
        cluster.apply(bad, namespace=namespace)
    assert "privileged" in str(no.value)


def test_quota_rejects_what_exceeds_it(cluster: Cluster, namespace: str) -> None:
    quota = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "small"},
        "spec": {"hard": {"requests.cpu": "1"}},
    }
    cluster.apply(quota, namespace=namespace)
    wait_for(
        "the quota's status",
        lambda: cluster.get("quota", "small", "-n", namespace)["status"].get("hard"),
    )
    big = pod("big")
    big["spec"] = pod_spec(resources={"requests": {"cpu": "2"}})
    with pytest.raises(AssertionError, match="exceeded quota: small"):
        cluster.apply(big, namespace=namespace)


def test_pod_too_big_for_every_node_is_not_scheduled(cluster: Cluster, namespace: str) -> None:
    huge = pod("huge")
    huge["spec"] = pod_spec(resources={"requests": {"memory": "900Ti"}})
    cluster.apply(huge, namespace=namespace)
    found = wait_for(
        "a FailedScheduling event",
        lambda: warnings(cluster, namespace, "huge").get("FailedScheduling"),
    )
    assert "Insufficient memory" in found[0]


def test_missing_image_is_reported_as_by_a_kubelet(simulated: Cluster, namespace: str) -> None:
    image = "registry.example/does-not-exist:1.0"
    simulated.apply(pod("lost", image), namespace=namespace)
    status = wait_for_waiting_reason(simulated, namespace, "lost", "ImagePullBackOff")
    assert image in status["state"]["waiting"]["message"]
    assert status["ready"] is False
    assert condition(simulated, namespace, "lost", "Ready") == "False"
    messages = warnings(simulated, namespace, "lost")["Failed"]
    assert any(f'Failed to pull image "{image}"' in text for text in messages)
    assert "Error: ErrImagePull" in messages
    assert "Error: ImagePullBackOff" in messages


def test_other_containers_run_while_one_image_is_missing(
    simulated: Cluster, namespace: str
) -> None:
    mixed = pod("mixed", "registry.example/app:does-not-exist")
    mixed["spec"]["containers"].append({"name": "side", "image": GOOD_IMAGE})
    simulated.apply(mixed, namespace=namespace)
    wait_for_waiting_reason(simulated, namespace, "mixed", "ImagePullBackOff")
    status = simulated.get("pod", "mixed", "-n", namespace)["status"]
    side = next(s for s in status["containerStatuses"] if s["name"] == "side")
    assert side["ready"] is True
    assert "running" in side["state"]


def test_missing_image_of_an_init_container_keeps_the_pod_initializing(
    simulated: Cluster, namespace: str
) -> None:
    waiting = pod("waiting")
    init = {"name": "init", "image": "registry.example/does-not-exist"}
    waiting["spec"]["initContainers"] = [init]
    simulated.apply(waiting, namespace=namespace)
    wait_for_waiting_reason(simulated, namespace, "waiting", "PodInitializing")

    def init_reason() -> bool:
        status = simulated.get("pod", "waiting", "-n", namespace)["status"]
        state = status["initContainerStatuses"][0]["state"]
        return bool(state["waiting"]["reason"] == "ImagePullBackOff")

    wait_for("ImagePullBackOff of the init container", init_reason)


@pytest.mark.parametrize("where", ["labels", "annotations"])
@pytest.mark.parametrize("outcome", [("true", 1, "Error"), ("oom", 137, "OOMKilled")])
def test_crash_is_reported_as_by_a_kubelet(
    simulated: Cluster, namespace: str, where: str, outcome: tuple[str, int, str]
) -> None:
    how, code, reason = outcome
    chosen = pod("bang")
    chosen["metadata"][where] = {"mops-test/crash": how}
    simulated.apply(chosen, namespace=namespace)
    status = wait_for_waiting_reason(simulated, namespace, "bang", "CrashLoopBackOff")
    last = status["lastState"]["terminated"]
    assert (last["exitCode"], last["reason"]) == (code, reason)
    assert status["restartCount"] >= 1
    assert condition(simulated, namespace, "bang", "Ready") == "False"
    messages = warnings(simulated, namespace, "bang")["BackOff"]
    assert "Back-off restarting failed container main in pod bang_" in messages[0]


def test_crash_by_image_name_goes_on(simulated: Cluster, namespace: str) -> None:
    simulated.apply(pod("loop", "crash-at-start:1"), namespace=namespace)

    def restarts() -> bool:
        status = container_status(simulated, namespace, "loop")
        return int(status.get("restartCount", 0)) >= 2

    wait_for("a second restart", restarts)


def test_unready_pod_runs_but_never_gets_ready(simulated: Cluster, namespace: str) -> None:
    slow = pod("slow", annotations={"mops-test/unready": "true"})
    simulated.apply(slow, namespace=namespace)
    wait_for(
        "an Unhealthy event",
        lambda: warnings(simulated, namespace, "slow").get("Unhealthy"),
    )
    assert "running" in container_status(simulated, namespace, "slow")["state"]
    assert condition(simulated, namespace, "slow", "Ready") == "False"


def test_pod_gets_ready_after_the_time_asked_for(simulated: Cluster, namespace: str) -> None:
    later = pod("later", annotations={"mops-test/ready-after": "2s"})
    simulated.apply(later, namespace=namespace)
    status = simulated.get("pod", "later", "-n", namespace)["status"]
    assert status["phase"] == "Pending"
    simulated.kubectl("wait", "--for=condition=Ready", "pod/later", "-n", namespace, check=True)


def test_job_completes(simulated: Cluster, namespace: str) -> None:
    job = {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": "once"},
        "spec": {"template": {"spec": {**pod_spec(), "restartPolicy": "Never"}}},
    }
    simulated.apply(job, namespace=namespace)
    simulated.kubectl(
        *("wait", "--for=condition=Complete", "job/once", "--timeout=30s"),
        *("-n", namespace),
        check=True,
    )


def test_logs_of_a_pod_can_be_read(simulated: Cluster, namespace: str) -> None:
    simulated.apply(pod("talks"), namespace=namespace)
    simulated.kubectl("wait", "--for=condition=Ready", "pod/talks", "-n", namespace, check=True)
    done = simulated.kubectl("logs", "talks", "-n", namespace, check=True)
    assert done.stdout == LOG_TEXT


def test_user_without_a_role_is_forbidden(simulated: Cluster, namespace: str) -> None:
    assert simulated.plane is not None
    config = simulated.plane.kubeconfig_for("someone", ["a-team"])
    done = simulated.kubectl("get", "pods", "-n", namespace, f"--kubeconfig={config}")
    assert done.returncode == 1
    assert 'User "someone" cannot list resource "pods"' in done.stderr


def test_nothing_is_left_after_the_context_manager(simulated: Cluster) -> None:
    assert simulated.plane is not None
    with ControlPlane(simulated.plane.binaries, nodes=1) as plane:
        pids, folder = plane.pids(), plane.folder
        assert len(pids) == 6
        assert all(map(is_alive, pids))
        assert plane.kubeconfig.is_relative_to(folder)
    assert not any(map(is_alive, pids))
    assert not folder.exists()


def test_nothing_is_left_after_the_owner_was_killed(simulated: Cluster) -> None:
    assert simulated.plane is not None
    # The package as it is called here, whatever pytest made its parent.
    package = str(__package__)
    root = Path(__file__).parents[package.count(".") + 1]
    script = (
        f"import time; from pathlib import Path\n"
        f"from {package}.controlplane import ControlPlane\n"
        f"plane = ControlPlane(Path({str(simulated.plane.binaries)!r}), nodes=1)\n"
        "plane.start()\n"
        "print(plane.folder, *plane.pids(), flush=True)\n"
        "time.sleep(600)\n"
    )
    owner = subprocess.Popen(
        [sys.executable, "-c", script], cwd=root, stdout=subprocess.PIPE, text=True
    )
    try:
        assert owner.stdout is not None
        folder, *pids = owner.stdout.readline().split()
        assert len(pids) == 6
    finally:
        owner.send_signal(signal.SIGKILL)
        owner.communicate()
    wait_for("end of all programs", lambda: not any(is_alive(int(p)) for p in pids))
    wait_for("end of the folder", lambda: not Path(folder).exists())


def test_failed_start_shows_the_log_and_leaves_nothing(simulated: Cluster, tmp_path: Path) -> None:
    assert simulated.plane is not None
    for program in simulated.plane.binaries.iterdir():
        (tmp_path / program.name).symlink_to(program)
    broken = tmp_path / "kube-apiserver"
    broken.unlink()
    broken.write_text("#!/bin/sh\necho no disk left\nexit 7\n", encoding="utf-8")
    broken.chmod(0o755)
    plane = ControlPlane(tmp_path, nodes=1)
    with pytest.raises(ControlPlaneError, match=r"kube-apiserver \(code 7\)") as no:
        plane.start()
    assert "no disk left" in str(no.value)
    assert plane.pids() == []
    assert not plane.folder.exists()


def test_missing_programs_are_named(tmp_path: Path) -> None:
    with pytest.raises(ControlPlaneError, match=r"kube-apiserver.*binaries\.py"):
        ControlPlane(tmp_path).start()


def test_api_server_listens_on_loopback_only(simulated: Cluster) -> None:
    config = simulated.kubectl("config", "view", "--minify", check=True).stdout
    assert f"server: https://{HOST}:" in config
