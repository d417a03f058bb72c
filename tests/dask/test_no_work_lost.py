"""A deleted worker pod hands over what it holds: the kubelet's steps, on real Dask processes.

Each function that runs writes a line to a file, which tells results that were computed again from
results that were moved. The same steps without the hook lose the work, so these tests can fail.
"""

from __future__ import annotations

import threading
import time
from collections import Counter

import pytest
from distributed import wait


@pytest.fixture(
    params=[0, *(pytest.param(number, marks=pytest.mark.slow) for number in range(1, 5))]
)
def repetition(request):
    """One of five times that a test is run."""
    return request.param


def _compute():
    """A function of a function goes to the workers by value, for they cannot import the tests."""

    def compute(number, file, seconds=0.0):
        import time

        with open(file, "a") as log:
            log.write(f"{number}\n")
        time.sleep(seconds)
        return bytes(100_000 + number)

    return compute


compute = _compute()


def runs(file) -> Counter:
    return Counter(map(int, file.read_text().split())) if file.exists() else Counter()


@pytest.fixture
def release(cluster):
    """A pod with three worker processes and another that may take over."""
    made = cluster(default={"processes": 3}, other={"processes": 2})
    made.scheduler.start()
    made.doomed = made.pod("dask-workers", "doomed").start()
    made.pod("dask-workers-other", "heir").start()
    with made.client() as client:
        client.wait_for_workers(5, timeout=60)
        made.connected = client
        made.mine = [
            address
            for address, worker in client.scheduler_info(n_workers=-1)["workers"].items()
            if worker["name"].startswith(made.doomed.name)
        ]
        assert len(made.mine) == 3
        yield made


def hold(release, file):
    """Six scattered objects and thirty results, all on the pod and nowhere else."""
    client, mine = release.connected, release.mine
    scattered = [
        client.scatter(bytes([number]) * 6_000_000, workers=[mine[number % 3]], hash=False)
        for number in range(6)
    ]
    results = [
        client.submit(
            compute,
            number,
            str(file),
            workers=[mine[number % 3]],
            allow_other_workers=True,
            pure=False,
        )
        for number in range(30)
    ]
    wait(results, timeout=60)
    assert not [future.exception() for future in results if future.status == "error"]
    assert sum(runs(file).values()) == 30
    holders = {holder for who in client.who_has([*scattered, *results]).values() for holder in who}
    assert holders == set(mine)
    return scattered, results


def kept(client, futures) -> int:
    """How many scattered objects are still there."""
    return sum(len(found) == 6_000_000 for found in client.gather(futures, errors="skip"))


@pytest.mark.usefixtures("repetition")
def test_with_the_hook_everything_is_moved(release, tmp_path):
    scattered, results = hold(release, tmp_path / "runs")
    seconds = release.doomed.delete()
    assert kept(release.connected, scattered) == 6
    values = release.connected.gather(results)
    assert [len(value) for value in values] == [100_000 + number for number in range(30)]
    assert runs(tmp_path / "runs") == Counter(range(30)), "a result was computed again"
    assert seconds < 30
    assert release.doomed.process.returncode == 0


@pytest.mark.usefixtures("repetition")
def test_without_the_hook_it_is_lost(release, tmp_path):
    scattered, results = hold(release, tmp_path / "runs")
    release.doomed.delete(hook=False)
    assert kept(release.connected, scattered) == 0
    release.connected.gather(results)
    again = runs(
        tmp_path / "runs"
    )  # some even twice, on another process of the pod before that stopped too
    assert set(again) == set(range(30))
    assert min(again.values()) >= 2


@pytest.mark.parametrize("hook", [True, False], ids=["with the hook", "without it"])
def test_tasks_that_run_are_ended_not_begun_again(release, tmp_path, hook):
    client, file = release.connected, tmp_path / "runs"
    results = [
        client.submit(
            compute, number, str(file), 5, workers=[address], allow_other_workers=True, pure=False
        )
        for number, address in enumerate(release.mine)
    ]
    until = time.monotonic() + 30
    while sum(runs(file).values()) < 3 and time.monotonic() < until:
        time.sleep(0.1)
    release.doomed.delete(hook=hook)
    assert len(client.gather(results)) == 3
    counted = runs(file)
    assert counted == Counter(range(3)) if hook else min(counted.values()) >= 2


def test_tasks_that_run_too_long_do_not_hold_the_pod(release, tmp_path):
    client, file = release.connected, tmp_path / "runs"
    results = [
        client.submit(
            compute, number, str(file), 40, workers=[address], allow_other_workers=True, pure=False
        )
        for number, address in enumerate(release.mine)
    ]
    scattered = [
        client.scatter(bytes(6_000_000), workers=[address], hash=False) for address in release.mine
    ]
    until = time.monotonic() + 30
    while sum(runs(file).values()) < 3 and time.monotonic() < until:
        time.sleep(0.1)
    code, seconds = release.doomed.run_hook(seconds=12)
    assert code == 0
    assert 7 < seconds < 14
    assert kept(client, scattered) == 3
    for future in results:
        future.cancel()


def test_a_pod_with_nobody_to_take_over_waits_for_an_heir(cluster):
    """A rollout of one replica: the new pod may come up while the old one goes."""
    made = cluster(default={"processes": 2}, other={"processes": 1})
    made.scheduler.start()
    doomed = made.pod("dask-workers", "doomed").start()
    with made.client() as client:
        client.wait_for_workers(2, timeout=60)
        scattered = [client.scatter(bytes(6_000_000), hash=False) for _ in range(4)]
        threading.Timer(4, made.pod("dask-workers-other", "heir").start).start()
        seconds = doomed.delete()
        assert kept(client, scattered) == 4
        assert seconds < 60
