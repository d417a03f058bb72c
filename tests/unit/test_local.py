"""The processes that the pods become on this machine."""

from __future__ import annotations

from typing import Any

import pytest

from mops.deploy.local.container import Setup
from mops.deploy.local.processes import LEAST_MEMORY, Machine, ProcessPlan, plan_processes

MACHINE = Machine(16 * 2**30, 8)
SETUP = Setup("/var/x/tmp", 18786, 18787, "ns", ("/opt/bin/dask",))


def deployment(
    component: str, container: dict[str, Any], replicas: int | None = 1
) -> dict[str, Any]:
    name = "dask-scheduler" if component == "scheduler" else "dask-workers"
    spec = {
        "template": {"spec": {"containers": [{"name": component, **container}]}},
        **({"replicas": replicas} if replicas is not None else {}),
    }
    return {
        "kind": "Deployment",
        "metadata": {"name": name, "labels": {"modelops.io/component": component}},
        "spec": spec,
    }


def scheduler(**container: Any) -> dict[str, Any]:
    return deployment(
        "scheduler",
        {
            "command": ["dask", "scheduler"],
            "args": ["--port", "8786", "--dashboard-address", ":8787"],
            **container,
        },
    )


def worker(
    replicas: int | None = 1, limit: int = 2**30, count: int = 2, **container: Any
) -> dict[str, Any]:
    args = [
        "tcp://dask-scheduler:8786",
        "--name",
        "$(POD_NAME)",
        "--nworkers",
        str(count),
        "--memory-limit",
        str(limit),
        "--dashboard-address",
        ":8790",
        "--local-directory",
        "/tmp/dask",
    ]
    env = [{"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}]
    return deployment(
        "worker",
        {
            "command": ["dask", "worker"],
            "args": args,
            **container,
            "env": [*env, *container.get("env", [])],
        },
        replicas,
    )


def planned(
    *manifests: dict[str, Any],
    machine: Machine = MACHINE,
    environ: dict[str, str] | None = None,
) -> ProcessPlan:
    return plan_processes(manifests, SETUP, machine, environ or {})


def test_commands_are_those_of_the_pods_with_local_addresses() -> None:
    found = planned(worker(2), scheduler())
    assert [process.name for process in found.processes] == [
        "dask-scheduler",
        "dask-workers-0",
        "dask-workers-1",
    ]
    assert found.processes[0].command == (
        "/opt/bin/dask",
        "scheduler",
        "--port",
        "18786",
        "--dashboard-address",
        "127.0.0.1:18787",
        "--host",
        "127.0.0.1",
    )
    assert found.processes[2].command == (
        *(
            "/opt/bin/dask",
            "worker",
            "tcp://127.0.0.1:18786",
            "--name",
            "dask-workers-1",
            "--nworkers",
            "2",
            "--memory-limit",
            str(2**30),
        ),
        *(
            "--dashboard-address",
            "127.0.0.1:0",
            "--local-directory",
            "/var/x/tmp/dask",
            "--host",
            "127.0.0.1",
        ),
    )
    assert [process.size for process in found.processes] == [1, 2, 2]
    assert found.notes == ()


VARIABLES = [
    ({"value": "plain"}, "plain"),
    ({"value": ""}, ""),
    ({"value": "/tmp"}, "/var/x/tmp"),
    ({"value": "a=/tmp/b:/tmp/c"}, "a=/var/x/tmp/b:/var/x/tmp/c"),
    ({"value": "/data/tmp/x /tmpfs"}, "/data/tmp/x /tmpfs"),
    ({"value": "$(POD_NAME)/tmp"}, "dask-workers-0/tmp"),
    ({"value": "$(NOT_SET) $$(POD_NAME)"}, "$(NOT_SET) $(POD_NAME)"),
    ({"valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}}, "ns"),
    ({"valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}, "127.0.0.1"),
]


@pytest.mark.parametrize(("entry", "wanted"), VARIABLES)
def test_variables_are_those_of_the_pods(entry: dict[str, Any], wanted: str) -> None:
    (process,) = planned(worker(env=[{"name": "X", **entry}])).processes
    assert process.environ["X"] == wanted


def test_the_shell_does_not_override_the_configuration() -> None:
    environ = {
        "PATH": "/bin",
        "HOME": "/home/me",
        "DASK_LOGGING__DISTRIBUTED": "debug",
        "MODELOPS_EXECUTOR_TYPE": "cold",
        "X": "mine",
    }
    (process,) = planned(worker(env=[{"name": "HOME", "value": "/tmp"}]), environ=environ).processes
    assert process.environ == {
        "PATH": "/bin",
        "HOME": "/var/x/tmp",
        "X": "mine",
        "PYTHONUSERBASE": "/home/me/.local",
        "POD_NAME": "dask-workers-0",
    }


def test_what_exists_only_in_the_cluster_is_reported() -> None:
    source = {"valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}
    found = planned(
        worker(
            env=[{"name": "A", **source}, {"name": "B", **source}],
            envFrom=[{"secretRef": {"name": "more"}}],
        ),
        environ={"B": "mine"},
    )
    assert "A" not in found.processes[0].environ
    assert found.processes[0].environ["B"] == "mine"
    assert found.notes == (
        "A is not set: secretKeyRef s exists only in the cluster (export A to set it)",
        "B is taken from your environment: secretKeyRef s exists only in the cluster",
        "secretRef more exists only in the cluster: its variables are not set here",
    )


def test_tls_is_off() -> None:
    env = [
        {"name": "DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION", "value": "true"},
        {"name": "DASK_DISTRIBUTED__COMM__TLS__CA_FILE", "value": "/etc/dask/tls/ca.crt"},
    ]
    found = planned(
        scheduler(
            args=["--port", "8786", "--dashboard-address", ":8787", "--protocol", "tls"], env=env
        )
    )
    assert "--protocol" not in found.processes[0].command
    assert not {entry["name"] for entry in env} & set(found.processes[0].environ)
    assert found.notes == ("TLS is off: its certificates are in a Secret in the cluster",)


MEMORY = [
    (2, 2 * 2**30, 16 * 2**30, 2 * 2**30, False),
    (2, 8 * 2**30, 16 * 2**30, 4 * 2**30, True),
    (1, 8 * 2**30, 16 * 2**30, 8 * 2**30, False),
    (2, 2**40, 2**20, LEAST_MEMORY, True),
]


@pytest.mark.parametrize(("replicas", "limit", "memory", "wanted", "noted"), MEMORY)
def test_memory_limits_do_not_exceed_this_machine(
    replicas: int, limit: int, memory: int, wanted: int, noted: Any
) -> None:
    found = planned(worker(replicas, limit), machine=Machine(memory, 8))
    for process in found.processes:
        assert process.command[process.command.index("--memory-limit") + 1] == str(wanted)
    assert any("the memory limit of each process is" in note for note in found.notes) == noted


@pytest.mark.parametrize(
    ("replicas", "count", "cpus", "wanted"),
    [(50, 2, 4, 4), (3, 2, 4, 3), (2, 64, 2, 1), (0, 1, 2, 0)],
)
def test_the_number_of_pods_does_not_exceed_this_machine(
    replicas: int, count: int, cpus: int, wanted: int
) -> None:
    found = planned(worker(replicas, count=count), machine=Machine(2**40, cpus))
    assert len(found.processes) == wanted
    assert any("pods, because this machine has" in note for note in found.notes) == (
        wanted < replicas
    )


@pytest.mark.parametrize("least", ["minReplicas", "minReplicaCount"])
def test_with_an_autoscaler_its_minimum_runs(least: str) -> None:
    scaler = {
        "kind": "Scaler",
        "metadata": {"name": "dask-workers"},
        "spec": {"scaleTargetRef": {"name": "dask-workers"}, least: 3},
    }
    assert len(planned(worker(None), scaler).processes) == 3
