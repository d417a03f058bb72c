"""The Job of `helm test`: run a task on every worker and check its environment.

Arguments: the scheduler's address, the number of workers to wait for, and as JSON the name of each
worker Deployment -> its literal variables.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from distributed import Client

Environment = dict[str, str]

# The characters of a Deployment's name that Kubernetes keeps in the names of its pods.
PREFIX = 58


def main() -> None:
    """Exit with a message at the first worker that fails."""
    address, wanted = sys.argv[1], int(sys.argv[2])
    groups: dict[str, Environment] = json.loads(sys.argv[3])
    client = Client(address, timeout=60)
    if wanted:
        client.wait_for_workers(wanted, timeout=240)
    workers = client.sync(client.scheduler.identity)["workers"]
    run_tasks(client, workers)
    compare_environment(client, workers, groups)
    print(f"{len(workers)} workers ran a task and see their environment")


def run_tasks(client: Client, workers: dict[str, Any]) -> None:
    numbers = [1, 2, 3]
    for at, worker in workers.items():
        future = client.submit(sum, numbers, workers=[at], pure=False)
        if future.result(timeout=60) != sum(numbers):
            sys.exit(f"{worker['name']} returned a wrong result")


def compare_environment(
    client: Client, workers: dict[str, Any], groups: dict[str, Environment]
) -> None:
    names = sorted(set().union(*groups.values()))
    seen = {name: client.run(os.getenv, name, workers=list(workers)) for name in names}
    for at, worker in workers.items():
        group = group_of(str(worker["name"]), groups)
        expected = groups.get(group, {})
        wrong = [name for name, value in expected.items() if seen[name][at] != value]
        if wrong:
            sys.exit(f"{worker['name']} does not have {group}'s value of {', '.join(wrong)}")


def group_of(worker: str, groups: dict[str, Environment]) -> str:
    """The Deployment of a worker's pod: the longest name that the worker's name begins with."""
    candidates = [group for group in groups if worker.startswith(group[:PREFIX])]
    return max(candidates, key=len, default="")


main()
