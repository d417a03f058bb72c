"""The share of each worker process: exact, never above the pod, never none."""

from __future__ import annotations

import random
import re
from fractions import Fraction

import pytest

from chart.manifests import Refused, group, render

UNITS = {
    "": 1,
    "k": 10**3,
    "M": 10**6,
    "G": 10**9,
    "T": 10**12,
    "Ki": 2**10,
    "Mi": 2**20,
    "Gi": 2**30,
    "Ti": 2**40,
}
LEAST = 64 * 2**20
BATCH = 60


def exact(quantity: str) -> Fraction:
    """Bytes of a Kubernetes quantity."""
    number, suffix = re.fullmatch(r"([0-9.]+)(.*)", quantity).groups()
    unit = 10 ** int(suffix[1:]) if suffix[:1] in ("e", "E") else UNITS[suffix]
    return Fraction(number) * unit


def a_quantity(draw: random.Random) -> str:
    """Any spelling that the schema allows, small and large ones alike."""
    digits = {"": 15, "Ki": 12, "k": 12, "Mi": 9, "M": 9, "Gi": 6, "G": 6, "Ti": 3, "T": 3}
    suffix = draw.choice([*digits, "e", "E"])
    if suffix in ("e", "E"):
        power = draw.randint(0, 12)
        size, suffix = (6 if power <= 9 else 3), f"{suffix}{power}"
    else:
        size = digits[suffix]
    whole = str(draw.randrange(10 ** draw.randint(1, size)))
    fraction = draw.choice(
        [
            "",
            "",
            f".{draw.randrange(10)}",
            f".{draw.randrange(100):02}",
            f".{draw.randrange(1000):03}",
        ]
    )
    return whole + (fraction if suffix or size != 15 else "") + suffix


def one(limit: str, reserve: str, processes: int) -> dict:
    return group(
        processes=processes,
        memoryReserve=reserve,
        resources={"requests": {"memory": limit}, "limits": {"memory": limit}},
    )


def share(limit: str, reserve: str, processes: int) -> int:
    return (exact(limit) - exact(reserve)) // processes


def shares(cases: dict[str, tuple[str, str, int]]) -> dict[str, int]:
    manifests = render({"workerGroups": {name: one(*case) for name, case in cases.items()}})
    return {name: int(manifests.flags(f"dask-workers-{name}")["--memory-limit"]) for name in cases}


def drawn(seed: int) -> list[tuple[str, str, int]]:
    draw = random.Random(seed)
    return [
        (a_quantity(draw), draw.choice([a_quantity(draw), "256Mi", "0"]), draw.randint(1, 64))
        for _ in range(BATCH * 8)
    ]


@pytest.mark.parametrize("seed", range(6))
def test_shares_and_reserve_are_within_the_pods_limit(seed):
    good = [case for case in drawn(seed) if share(*case) >= LEAST][:BATCH]
    assert len(good) == BATCH
    cases = {f"g{number}": case for number, case in enumerate(good)}
    for name, found in shares(cases).items():
        limit, reserve, processes = cases[name]
        assert found == share(limit, reserve, processes), cases[name]
        assert found >= LEAST
        assert found * processes + exact(reserve) <= exact(limit)


@pytest.mark.parametrize("seed", range(12))
def test_too_little_is_refused_with_the_numbers(seed):
    limit, reserve, processes = next(case for case in drawn(seed + 100) if share(*case) < LEAST)
    with pytest.raises(Refused) as refused:
        render({"workerGroups": {"g": one(limit, reserve, processes)}})
    message = str(refused.value)
    assert f"workerGroups.g: limits.memory {limit} minus memoryReserve {reserve}, " in message
    assert f"divided by {processes} processes, leaves" in message
    assert "at least 64Mi (67108864)" in message


def test_every_number_of_processes():
    cases = {f"n{processes}": ("9.999Gi", "100.001M", processes) for processes in range(1, 65)}
    assert shares(cases) == {name: share(*case) for name, case in cases.items()}


def test_the_largest_quantities_do_not_overflow():
    largest = [
        "1125899906842624", "1099511627776.999Ki", "1073741824.999Mi", "1048576.999Gi",
        "1024.999Ti",
        "1125899906842.999k", "1125899906.999M", "1125899.999G", "1125.999T", "1125899.999e9",
        "1125.999E12", "1.999e15",
    ]  # fmt: skip
    cases = {f"q{number}": (limit, "0", 1) for number, limit in enumerate(largest)}
    assert shares(cases) == {name: share(*case) for name, case in cases.items()}


@pytest.mark.parametrize(
    "limit",
    [
        "1125899906842625",
        "99999999999999999",
        "99999999999999999999",
        "1099511627777Ki",
        "9999999999999999Ti",
        "1025Ti",
        "1126T",
        "1126e12",
        "2e15",
    ],
)
def test_what_would_overflow_is_refused(limit):
    for key, values in (
        (
            "resources.limits.memory",
            {"resources": {"requests": {"memory": "1Gi"}, "limits": {"memory": limit}}},
        ),
        ("memoryReserve", {"memoryReserve": limit}),
    ):
        with pytest.raises(Refused, match=f"workers.{key}: {limit} is more than 1024Ti"):
            render({"workers": values})


@pytest.mark.parametrize(
    "limit",
    [
        "999999999999999999999",
        "1Pi",
        "1E",
        "1e16",
        "1.0001Gi",
        "-1Gi",
        "01Gi",
        "1gi",
        "",
        "1 Gi",
        "1Gi\n",
    ],
)
def test_what_is_no_amount_of_memory_is_refused(limit):
    with pytest.raises(Refused):
        render({"workers": {"resources": {"limits": {"memory": limit}}}})


@pytest.mark.parametrize(
    ("limit", "fits"),
    [
        ("67108864", True),
        ("67108863", False),
        ("65536Ki", True),
        ("65535.999Ki", False),
        ("67.108864e6", False),
    ],
)
def test_the_floor_is_sixty_four_mebibytes(limit, fits):
    values = {"workers": one(limit, "0", 1)}
    if fits:
        assert render(values).flags()["--memory-limit"] == "67108864"
    else:
        with pytest.raises(Refused):
            render(values)


def test_processes_can_be_set_on_the_command_line():
    manifests = render(None, "--set", "workers.processes=3")
    assert manifests.flags()["--nworkers"] == "3"
    assert manifests.flags()["--memory-limit"] == str((4 * 2**30 - 256 * 2**20) // 3)


def test_the_debug_profile_gives_all_to_one_process():
    assert render({"workers": {"processes": 1}}).flags()["--memory-limit"] == str(
        4 * 2**30 - 256 * 2**20
    )
