"""The preStop hook of worker pods: hand over what the workers hold, then close them.

Arguments: the scheduler's address, the worker processes in this pod, the seconds to do it in.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from distributed import Client


def main() -> None:
    """Exit with 0 in any case: neither an error nor a timeout is a reason to keep the pod."""
    address, processes, seconds = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    signal.signal(signal.SIGALRM, lambda *_: os._exit(0))
    signal.alarm(seconds)
    deadline = time.monotonic() + seconds - min(60, seconds // 3)
    try:
        retire(connect(address, seconds), worker_names(processes), deadline)
    except Exception as error:
        print(f"retire: {error!r}", file=sys.stderr)
    os._exit(0)


def connect(address: str, seconds: int) -> Client:
    """Without a scheduler there is nothing to save, and no reason to load Dask."""
    host, port = address.split("://")[1].rsplit(":", 1)
    socket.create_connection((host, int(port)), timeout=5).close()
    from distributed import Client

    return Client(address, timeout=seconds)


def worker_names(processes: int) -> list[str]:
    """The names that `dask worker --name` gives to this pod's processes."""
    pod = os.environ["POD_NAME"]
    return [pod] if processes == 1 else [f"{pod}-{number}" for number in range(processes)]


def retire(client: Client, names: list[str], deadline: float) -> None:
    """Let no more tasks start, wait for those that run, move their results, close the workers."""
    stopped: dict[str, float] = {}
    while workers := own_workers(client, names):
        accepting = [at for at, worker in workers.items() if accepts_tasks(worker)]
        # Only a heartbeat that is younger than the stop tells what still runs.
        idle = [
            at
            for at, worker in workers.items()
            if worker["last_seen"] > stopped.get(at, 0) and not running_tasks(worker)
        ]
        if time.monotonic() > deadline:
            client.retire_workers(workers=list(workers), close_workers=True)
        elif accepting:
            client.retire_workers(workers=accepting, close_workers=False, remove=False)
            for at, worker in own_workers(client, names).items():
                if at in accepting:
                    stopped[at] = worker["last_seen"]
        elif idle:
            client.retire_workers(workers=idle, close_workers=True)
        time.sleep(0.5)


def own_workers(client: Client, names: list[str]) -> dict[str, Any]:
    """Address -> what the scheduler knows of a worker, for the workers with these names."""
    workers = client.sync(client.scheduler.identity)["workers"]
    return {at: worker for at, worker in workers.items() if worker["name"] in names}


def accepts_tasks(worker: dict[str, Any]) -> bool:
    return bool(worker["status"] != "closing_gracefully")


def running_tasks(worker: dict[str, Any]) -> int:
    counts = worker["metrics"].get("task_counts", worker["metrics"])
    return int(counts.get("executing", 0) + counts.get("long-running", 0))


main()
