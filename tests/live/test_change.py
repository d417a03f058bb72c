"""The commands that change a workspace: up, diff, down, rollback, restart."""

from __future__ import annotations

import json
import os
import signal
import time
from typing import Any

import pytest

from cluster.client import Cluster, wait_for

from .conftest import UNIFIED, Workspace


def test_up_creates_a_namespace_that_admits_only_restricted_pods(
    workspace: Workspace,
) -> None:
    done = workspace.up()
    labels = workspace.cluster.get("namespace", workspace.namespace)["metadata"]["labels"]
    assert {
        labels[f"pod-security.kubernetes.io/{mode}"] for mode in ("enforce", "audit", "warn")
    } == {"restricted"}
    assert [
        workspace.deployment(part)["status"]["readyReplicas"] for part in ("scheduler", "workers")
    ] == [1, 2]
    assert f"namespace {workspace.namespace}, release dask" in done.err
    assert done.err.index("mops: context ") < done.err.index(
        "nothing is deployed; 7 objects will be created"
    )
    commands = [line.split("  ", 1)[1].strip() for line in done.out.splitlines()]
    assert (
        commands[0]
        == f"mops workspace status --config modelops.yaml --namespace {workspace.namespace}"
    )
    # Without autoscaling there is no autoscaler to ask about.
    assert "hpa" not in done.out
    assert "horizontalpodautoscaler" not in done.out


NFS = """\
  workers:
    volumes:
    - name: data
      nfs: {server: nfs.example.com, path: /data}
"""


def test_up_creates_a_namespace_that_admits_the_pods(workspace: Workspace) -> None:
    workspace.config.write_text(UNIFIED + NFS)
    done = workspace.up()
    labels = workspace.cluster.get("namespace", workspace.namespace)["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "baseline"
    assert 'it admits only "baseline" pods (Pod Security Standards)' in done.err
    assert (
        "modelops.yaml:12:12: workspace.workers.volumes.[0].nfs: volume data is of the type nfs"
        in done.err
    )
    assert workspace.deployment("workers")["status"]["readyReplicas"] == 2


def test_up_deploys_nothing_to_a_namespace_that_refuses_the_pods(workspace: Workspace) -> None:
    workspace.config.write_text(UNIFIED + NFS)
    workspace.cluster.kubectl("create", "namespace", workspace.namespace, check=True)
    label = "pod-security.kubernetes.io/enforce=restricted"
    workspace.cluster.kubectl("label", "namespace", workspace.namespace, label, check=True)
    done = workspace.up(code=4)
    assert f'namespace {workspace.namespace} admits only "restricted" pods' in done.err
    assert "`kubectl label --overwrite namespace" in done.err
    assert workspace.helm("list") == []


def test_a_second_up_changes_nothing_and_a_changed_value_only_its_deployment(
    workspace: Workspace,
) -> None:
    workspace.up()
    before, pods = workspace.versions(), workspace.pods()
    again = workspace.up()
    assert "nothing to change; revision 1" in again.err
    assert workspace.versions() == before
    assert [entry["revision"] for entry in workspace.helm("history", "dask")] == [1]
    changed = workspace.up("--processes", "2")
    after = workspace.versions()
    assert {name for name in before if before[name] != after[name]} == {"Deployment/dask-workers"}
    assert {name for name in pods if name.startswith("dask-scheduler")} <= set(workspace.pods())
    assert "workers.processes: 3 -> 2  <- --processes" in changed.err
    assert "dask-workers: pods restart" in changed.err
    assert "running computations are lost" not in changed.err


def test_a_change_of_the_scheduler_says_what_is_lost(workspace: Workspace) -> None:
    workspace.up()
    done = workspace.mops("diff", "--scheduler-memory", "3Gi")
    assert done.code == 1
    assert "dask-scheduler: scheduler restarts; running computations are lost" in done.out
    data = json.loads(workspace.mops("diff", "--scheduler-memory", "3Gi", "--format", "json").out)
    assert {entry["key"] for entry in data["values"]} == {
        "scheduler.resources.requests.memory",
        "scheduler.resources.limits.memory",
    }
    assert data["pods"] == [
        {
            "deployment": "dask-scheduler",
            "impact": "scheduler restarts; running computations are lost",
            "grave": True,
        }
    ]
    assert workspace.mops("diff").code == 0


def test_diff_announces_that_turning_on_autoscaling_drops_replicas_to_one(
    workspace: Workspace,
) -> None:
    workspace.up()
    trap = "dask-workers: drops to 1 replica once"
    assert trap in workspace.mops("diff", "--autoscaling").out
    done = workspace.up("--autoscaling")
    assert trap in done.err
    # Helm has removed the number, and without metrics nothing here raises it again.
    assert workspace.deployment()["spec"]["replicas"] in (1, 2)
    kubectl = f"kubectl --context mops-test -n {workspace.namespace}"
    assert f"{kubectl} get horizontalpodautoscaler dask-workers" in done.out
    assert trap not in workspace.mops("diff", "--autoscaling").out


CAUSES = [
    (
        ["--worker-memory", "900Ti"],
        "cannot be scheduled: 0/2 nodes are available: 2 Insufficient memory",
    ),
    (
        ["--worker-image", "ghcr.io/example/does-not-exist:1.0"],
        'Failed to pull image "ghcr.io/example/does-not-exist:1.0"',
    ),
    (["--worker-image", "ghcr.io/example/crash-at-start:1.0"], "worker exited with code 1 (Error)"),
]


@pytest.mark.parametrize(("args", "cause"), CAUSES, ids=["unschedulable", "image", "crash"])
def test_a_failure_names_its_reason_and_rolls_back(
    simulated: Cluster, workspace: Workspace, args: list[str], cause: str
) -> None:
    del simulated
    workspace.up()
    spec = workspace.deployment()["spec"]
    done = workspace.mops("up", "--yes", "--timeout", "12s", *args)
    assert done.code == 4
    assert done.out == ""
    last = done.err.splitlines()[-1]
    assert last.startswith("mops: the pods were not ready within 12 s: ")
    assert cause in last
    assert last.endswith("dask is deployed: revision 3 (rollback to 1)")
    assert workspace.deployment()["spec"] == spec
    if "crash" in cause or "exited" in cause:
        assert "    | simulated container: started" in done.err


def test_a_failed_first_installation_leaves_no_release(
    simulated: Cluster, workspace: Workspace
) -> None:
    del simulated
    done = workspace.mops("up", "--yes", "--timeout", "8s", "--worker-memory", "900Ti")
    assert done.code == 4
    assert done.err.splitlines()[-1].endswith("dask is not deployed")
    assert workspace.helm("list", "--all") == []


def test_pods_refused_by_a_quota_are_reported(workspace: Workspace) -> None:
    workspace.up()
    quota = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "small"},
        "spec": {"hard": {"requests.cpu": "5"}},
    }
    workspace.cluster.apply(quota, namespace=workspace.namespace)
    done = workspace.mops("up", "--yes", "--timeout", "12s", "--worker-cpu", "6")
    assert done.code == 4
    assert "pods could not be created: " in done.err.splitlines()[-1]
    assert "exceeded quota: small" in done.err.splitlines()[-1]


SLOW = ("--set", 'workers.podAnnotations."mops-test/ready-after"=600s')


def test_ctrl_c_makes_helm_roll_back(simulated: Cluster, workspace: Workspace) -> None:
    del simulated
    workspace.up()
    process = workspace.started("up", "--yes", *SLOW)
    wait_for(
        "helm to start",
        lambda: workspace.helm("status", "dask")["info"]["status"] == "pending-upgrade",
    )
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert out == ""
    assert "mops: stopping; helm is rolling back" in err
    assert "mops: dask is deployed: revision 3 (rollback to 1)" in err
    assert workspace.helm("status", "dask")["info"]["status"] == "deployed"
    assert workspace.mops("diff").code == 0


def test_a_second_ctrl_c_leaves_it_and_names_the_command_that_recovers(
    simulated: Cluster, workspace: Workspace
) -> None:
    del simulated
    workspace.up()
    # Signalled twice at once, before helm can finish its rollback.
    process = workspace.started("up", "--yes", *SLOW)
    wait_for(
        "helm to start",
        lambda: workspace.helm("status", "dask")["info"]["status"] == "pending-upgrade",
    )
    for number in (signal.SIGTERM, signal.SIGINT):
        process.send_signal(number)
        time.sleep(0.3)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    state = workspace.helm("status", "dask")
    said = err.splitlines()[-2]
    if state["info"]["status"] == "deployed":
        assert f"dask is deployed: revision {state['version']}" in said
    else:
        stuck = f"stuck in {state['info']['status']} at revision {state['version']}"
        assert f"dask is {stuck}; run mops workspace rollback" in said


def test_a_pending_release_is_refused_with_the_command_that_recovers(
    workspace: Workspace,
) -> None:
    workspace.up()
    process = workspace.started("up", "--yes", *SLOW)
    wait_for(
        "helm to start",
        lambda: workspace.helm("status", "dask")["info"]["status"] == "pending-upgrade",
    )
    refused = workspace.mops("up", "--yes", "--processes", "2")
    assert refused.code == 4
    assert "dask has been pending-upgrade since" in refused.err
    assert "mops workspace rollback" in refused.err
    process.terminate()
    process.communicate(timeout=60)


def test_dry_run_changes_nothing(workspace: Workspace) -> None:
    done = workspace.mops("up", "--dry-run")
    assert (done.code, done.out) == (0, "")
    assert "nothing was changed (--dry-run)" in done.err
    assert workspace.cluster.kubectl("get", "namespace", workspace.namespace).returncode == 1


def test_without_a_terminal_or_yes_nothing_happens(workspace: Workspace) -> None:
    for verb in ("up", "down"):
        workspace.up() if verb == "down" else None
        done = workspace.mops(verb)
        assert (done.code, done.out) == (2, "")
        assert "no terminal to ask for confirmation; add --yes" in done.err
    assert workspace.helm("status", "dask")["version"] == 1


@pytest.mark.parametrize(("answer", "there"), [("n", False), ("", False), ("y", True)])
def test_at_a_terminal_it_asks(workspace: Workspace, answer: str, there: Any) -> None:
    ours, theirs = os.openpty()
    process = workspace.started("up", terminal=theirs)
    os.close(theirs)
    said = b""
    while b"[y/N]" not in said:
        said += os.read(ours, 1000)
    assert b"context mops-test" in said
    assert workspace.cluster.kubectl("get", "namespace", workspace.namespace).returncode == 1
    os.write(ours, f"{answer}\n".encode())
    process.communicate(timeout=60)
    os.close(ours)
    assert process.returncode == 0
    assert bool(workspace.helm("list")) == there


def test_a_pinned_environment_refuses_another_cluster(workspace: Workspace) -> None:
    workspace.config.write_text(
        workspace.config.read_text() + "  release: {contexts: {dev: kind-dev, prod: mops-test}}\n"
    )
    done = workspace.mops("up", "--yes")
    assert (done.code, done.out) == (2, "")
    assert "environment dev is pinned to context kind-dev (modelops.yaml:9:29)" in done.err
    assert "the selected context is mops-test; use --context kind-dev" in done.err
    assert workspace.mops("diff", "--env", "prod").code == 1
    assert workspace.mops("status", "--context", "elsewhere").code == 2


def test_a_cluster_that_does_not_answer_is_an_environment_failure(workspace: Workspace) -> None:
    text = workspace.cluster.kubeconfig.read_text()
    server = json.loads(text)["clusters"][0]["cluster"]["server"]
    (workspace.directory / "dead").write_text(text.replace(server, "https://127.0.0.1:1"))
    for verb in (
        "up --yes",
        "status",
        "diff",
        "down --yes",
        "history",
        "rollback --yes",
        "restart --yes",
        "logs",
        "port-forward",
    ):
        done = workspace.mops(verb, env={"KUBECONFIG": str(workspace.directory / "dead")})
        assert (done.code, done.out) == (4, ""), (verb, done.err)
        assert len(done.err.splitlines()[-1]) < 600


def test_missing_permissions_are_reported(simulated: Cluster, workspace: Workspace) -> None:
    assert simulated.plane is not None
    done = workspace.mops(
        "up", "--yes", env={"KUBECONFIG": str(simulated.plane.kubeconfig_for("someone"))}
    )
    assert (done.code, done.out) == (4, "")
    assert 'User "someone" cannot' in done.err


def test_down_keeps_the_namespace_unless_asked(workspace: Workspace) -> None:
    workspace.up()
    done = workspace.mops("down", "--yes")
    assert done.code == 0
    assert workspace.helm("list", "--all") == []
    assert workspace.cluster.get("namespace", workspace.namespace)["status"]["phase"] == "Active"
    again = workspace.mops("down", "--yes")
    assert again.code == 0
    assert "release dask not found" in again.err
    assert workspace.mops("down", "--yes", "--delete-namespace").code == 0
    wait_for(
        "no namespace",
        lambda: workspace.cluster.kubectl("get", "namespace", workspace.namespace).returncode == 1,
    )


def test_a_namespace_with_other_releases_is_not_deleted(workspace: Workspace) -> None:
    workspace.up()
    workspace.up("--release-name", "other")
    done = workspace.mops("down", "--yes", "--delete-namespace")
    assert done.code == 2
    assert "also contains the releases other" in done.err
    assert len(workspace.helm("list")) == 2


def test_rollback_restores_a_configuration(workspace: Workspace) -> None:
    workspace.up()
    workspace.up("--processes", "2")
    workspace.up("--processes", "1")
    done = workspace.mops("rollback", "1", "--yes")
    assert done.code == 0, done.err
    assert (
        "workers.processes: 1 -> 3  <- revision 1 (from modelops.yaml < command line)" in done.err
    )
    assert workspace.mops("diff").code == 0
    assert workspace.mops("rollback", "9", "--yes").code == 2
    history = workspace.mops("history").out
    assert "     workers.processes: 3 -> 2\n" in history
    data = json.loads(workspace.mops("history", "--format", "json").out)
    assert [entry["number"] for entry in data] == [1, 2, 3, 4]
    assert data[1]["changes"] == [{"key": "workers.processes", "old": 3, "new": 2}]
    assert data[1]["layers"] == ["defaults", "modelops.yaml", "command line"]


def test_restart_replaces_pods_without_drift(workspace: Workspace) -> None:
    workspace.up()
    before = set(workspace.pods())
    assert workspace.mops("restart", "workers", "--yes").code == 0
    workspace.kubectl("rollout", "status", "deployment/dask-workers", "--timeout=60s")
    after = set(workspace.pods())
    assert {name for name in before & after if "workers" in name} == set()
    assert {name for name in before if "scheduler" in name} <= after
    assert workspace.mops("status", "--exit-code").code == 0


def test_server_side_apply_of_the_manifests_finds_neither_conflicts_nor_duplicates(
    workspace: Workspace,
) -> None:
    workspace.up()
    rendered = workspace.mops_render()
    done = workspace.cluster.kubectl(
        "apply",
        "--server-side",
        "--field-manager=another",
        "-n",
        workspace.namespace,
        "-f",
        "-",
        stdin=rendered,
    )
    assert done.returncode == 0, done.stderr
    assert "conflict" not in done.stderr.lower()
    assert "duplicate" not in done.stderr.lower()
    assert "Warning" not in done.stderr
