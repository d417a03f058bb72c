"""The rendered commands, arguments and environment make the Dask that the values say."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
import urllib.request

import pytest
from distributed import Client
from distributed.security import Security

import dask


def answer(port: int, path: str) -> tuple[int, bytes]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as found:
        return found.status, found.read()


@pytest.fixture
def running(cluster):
    env = {
        "MODELOPS_EXECUTOR_TYPE": "direct",
        "HOSTILE": " 1e3 'a' \"b\"\n$$(HOME) \u00e9\U0001f600",
        "REFERENCE": "$(HOME)/$(POD_NAME)/$(MODELOPS_EXECUTOR_TYPE)",
        "DASK_DISTRIBUTED__WORKER__MEMORY__TARGET": "0.90",
    }
    release = cluster(
        default={"replicas": 1, "processes": 2, "env": env},
        big={"replicas": 1, "processes": 1, "threads": 3, "memoryReserve": "300Mi"},
    )
    release.scheduler.start()
    release.workers = release.pod("dask-workers", "5d8-a").start()
    release.big = release.pod("dask-workers-big", "5d8-b").start()
    with release.client() as client:
        client.wait_for_workers(3, timeout=60)
        release.client = client
        yield release


def test_the_workers_are_those_that_were_asked_for(running):
    client = running.client
    workers = {
        worker["name"]: {**worker, "address": address}
        for address, worker in client.scheduler_info(n_workers=-1)["workers"].items()
    }
    assert set(workers) == {
        "dask-workers-5d8-a-0",
        "dask-workers-5d8-a-1",
        "dask-workers-big-5d8-b",
    }
    assert {name: worker["nthreads"] for name, worker in workers.items()} == {
        "dask-workers-5d8-a-0": 1,
        "dask-workers-5d8-a-1": 1,
        "dask-workers-big-5d8-b": 3,
    }
    each, big = (2**30 - 256 * 2**20) // 2, 2**30 - 300 * 2**20
    assert {name: worker["memory_limit"] for name, worker in workers.items()} == {
        "dask-workers-5d8-a-0": each,
        "dask-workers-5d8-a-1": each,
        "dask-workers-big-5d8-b": big,
    }

    for name, worker in workers.items():
        flags = running.manifests.flags("dask-workers-big" if "big" in name else "dask-workers")
        for address, span in (
            (worker["address"], flags["--worker-port"]),
            (worker["nanny"], flags["--nanny-port"]),
        ):
            low, high = map(int, span.split(":"))
            assert low <= int(address.rsplit(":", 1)[1]) <= high
        assert worker["local_directory"].startswith(flags["--local-directory"])


def test_tasks_see_the_environment(running):
    client = running.client
    at = {
        worker["name"]: address
        for address, worker in client.scheduler_info(n_workers=-1)["workers"].items()
    }

    def seen(name, worker):
        """A variable as a task on a worker sees it."""
        return client.submit(os.getenv, name, workers=[at[worker]], pure=False).result(timeout=30)

    for worker in ("dask-workers-5d8-a-0", "dask-workers-5d8-a-1"):
        assert seen("MODELOPS_EXECUTOR_TYPE", worker) == "direct"
        assert seen("HOSTILE", worker) == " 1e3 'a' \"b\"\n$(HOME) \u00e9\U0001f600"
        assert seen("REFERENCE", worker) == "/tmp/dask-workers-5d8-a/direct"
        assert [seen(name, worker) for name in ("POD_NAME", "POD_IP", "HOME")] == [
            "dask-workers-5d8-a",
            "127.0.0.1",
            "/tmp",
        ]
    assert seen("MODELOPS_EXECUTOR_TYPE", "dask-workers-big-5d8-b") is None

    targets = client.run(dask.config.get, "distributed.worker.memory.target")
    assert {worker: targets[address] for worker, address in at.items()} == {
        "dask-workers-5d8-a-0": 0.9,
        "dask-workers-5d8-a-1": 0.9,
        "dask-workers-big-5d8-b": 0.6,
    }


def test_probes_find_what_they_ask(running):
    ports = {
        port["name"]: port["containerPort"]
        for pod in (running.scheduler, running.workers)
        for port in pod.container["ports"]
    }
    assert answer(ports["http-dashboard"], "/health") == (200, b"ok")
    assert answer(ports["http-metrics"], "/health") == (200, b"ok")
    assert answer(ports["http-metrics"], "/metrics")[0] == 200
    socket.create_connection(("127.0.0.1", ports["tcp-comm"]), 5).close()


def test_helm_test_passes_and_would_notice_a_missing_variable(running):
    test = running.pod("dask-test", "x").start()
    assert test.process.wait(120) == 0, test.log.read_text()
    assert "3 workers ran a task and see their environment" in test.log.read_text()
    running.workers.kill()
    running.workers.start(MODELOPS_EXECUTOR_TYPE="cold")
    running.client.wait_for_workers(3, timeout=60)
    test.start()
    assert test.process.wait(120) == 1
    assert "does not have dask-workers's value of MODELOPS_EXECUTOR_TYPE" in test.log.read_text()


def test_a_scheduler_that_is_told_to_stop_stops(running):
    running.scheduler.process.send_signal(signal.SIGTERM)
    assert running.scheduler.process.wait(running.scheduler.grace) is not None


def test_encrypted_connections(cluster, tmp_path):
    request = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-days",
        "1",
        "-subj",
        "/CN=dask",
        "-keyout",
        str(tmp_path / "tls.key"),
        "-out",
        str(tmp_path / "tls.crt"),
    ]
    try:
        subprocess.run(request, check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("openssl is not installed")
    (tmp_path / "ca.crt").write_bytes((tmp_path / "tls.crt").read_bytes())
    release = cluster(
        {"tls": {"secretName": "certificates"}},
        default={"replicas": 1, "processes": 2},
        other={"replicas": 1, "processes": 1},
    )
    assert release.address.startswith("tls://127.0.0.1:")
    release.scheduler.start()
    workers = release.pod("dask-workers", "a").start()
    release.pod("dask-workers-other", "b").start()
    test = release.pod("dask-test", "x").start()
    assert test.process.wait(120) == 0, test.log.read_text()

    names = {
        f"tls_{role}_{part}": str(tmp_path / file)
        for role in ("client",)
        for part, file in (("cert", "tls.crt"), ("key", "tls.key"))
    }
    security = Security(require_encryption=True, tls_ca_file=str(tmp_path / "ca.crt"), **names)
    with Client(release.address, security=security, timeout=60) as client:
        client.wait_for_workers(3, timeout=60)
        assert all(
            address.startswith("tls://")
            for address in client.scheduler_info(n_workers=-1)["workers"]
        )
        kept = client.scatter(
            {"a": 1},
            workers=[
                address
                for address, worker in client.scheduler_info(n_workers=-1)["workers"].items()
                if worker["name"].startswith("dask-workers-a")
            ],
        )
        workers.delete()
        assert client.gather(kept) == {"a": 1}
        assert len(client.scheduler_info(n_workers=-1)["workers"]) == 1
    with pytest.raises(OSError, match=r"\S"):
        Client(release.address.replace("tls://", "tcp://"), timeout=3)


def test_a_deleted_pod_without_a_scheduler_goes_at_once(cluster):
    release = cluster(default={"processes": 1})
    code, seconds = release.pod("dask-workers", "a").run_hook()
    assert code == 0
    assert seconds < 5


def test_a_scheduler_that_does_not_answer_cannot_hold_the_pod(cluster):
    release = cluster(default={"processes": 1})
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        started = time.monotonic()
        code, seconds = release.pod("dask-workers", "a").run_hook(
            f"tcp://127.0.0.1:{deaf.getsockname()[1]}", 4
        )
    assert code == 0
    assert 3 < seconds < 6 + (time.monotonic() - started - seconds)
