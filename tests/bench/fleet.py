"""A fleet of many workspaces against as many runs of helm: `python tests/bench/fleet.py [COUNT]`.

Prints ratios only. The runs of helm are extrapolated from 20, which take turns with the fleet so
that both meet the same machine. Exits with 1 if a figure misses its target.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
HELM = shutil.which("helm") or shutil.which("helm", path=str(Path(sys.executable).parent))
ROUNDS = 5
RUNS = 20
ENV = {**os.environ, "PYTHONPATH": str(ROOT / "src")}

WORKSPACE = """\
schema_version: 2
settings: {{environment: ws-{number:05}}}
workspace:
  worker_replicas: {replicas}
  worker_env:
    TEAM_NUMBER: {number}
    MODELOPS_LOG_LEVEL: DEBUG
  autoscaling_enabled: {scaled}
  autoscaling_max_workers: {most}
"""


def fleet(directory: Path, count: int) -> Path:
    """A tree of `count` workspaces over the example's base."""
    directory.mkdir()
    shutil.copy(ROOT / "examples" / "modelops.yaml", directory / "base.yaml")
    for number in range(count):
        here = directory / "envs" / f"ws-{number:05}"
        here.mkdir(parents=True)
        scaled = str(number % 3 == 0).lower()
        text = WORKSPACE.format(number=number, replicas=2, scaled=scaled, most=10 + number % 5)
        (here / "mops.yaml").write_text(text)
    return directory


class Cost(NamedTuple):
    """Seconds, and peak memory in KiB of the largest process."""

    seconds: float
    memory: int


def render(directory: Path, jobs: int) -> Cost:
    """The cost of rendering a whole tree that has no values files yet."""
    for path in directory.rglob("values.yaml"):
        path.unlink()
    os.sync()
    command = [sys.executable, "-m", "mops", "render", "--all", "--quiet", "--jobs", str(jobs)]
    before = time.perf_counter()
    process = subprocess.Popen(command, cwd=directory, env=ENV, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - before
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return Cost(seconds, usage.ru_maxrss)


def helm(values: list[Path]) -> float:
    """Seconds of one run of helm, on average."""
    before = time.perf_counter()
    for path in values:
        subprocess.run(
            [str(HELM), "template", "dask", str(ROOT / "chart"), "-f", str(path)],
            stdout=subprocess.DEVNULL,
            check=True,
        )
    return (time.perf_counter() - before) / len(values)


def cores() -> float:
    """How much two processes do in the time of one, which the machine may share with others."""
    command = [sys.executable, "-S", "-c", "for _ in range(4_000_000): pass"]

    def run(count: int) -> float:
        before = time.perf_counter()
        for process in [subprocess.Popen(command) for _ in range(count)]:
            process.wait()
        return time.perf_counter() - before

    return 2 * run(1) / run(2)


class Round(NamedTuple):
    """What was measured in turn."""

    cores: float
    helm: float
    one: Cost
    two: Cost
    small: Cost


class Figure(NamedTuple):
    """A ratio with its target."""

    name: str
    ratio: float
    relation: str
    target: float

    @property
    def good(self) -> bool:
        if self.relation == ">=":
            return self.ratio >= self.target
        return self.ratio <= self.target

    def line(self) -> str:
        missed = "" if self.good else "  MISSED"
        return f"{self.name:48} {self.ratio:8.2f}  {self.relation} {self.target:g}{missed}"


def measure(large: Path, small: Path) -> Round:
    """One round: the large tree by two processes and by one, helm, and the small tree."""
    machine = cores()
    two = render(large, 2)
    one = render(large, 1)
    runs = helm(sorted(large.rglob("values.yaml"))[:RUNS])
    return Round(machine, runs, one, two, render(small, 1))


def figures(rounds: list[Round], count: int) -> list[Figure]:
    """The ratios of the best of each: what else runs on the machine only ever adds."""
    runs = count * min(one.helm for one in rounds)
    one = min(one.one.seconds for one in rounds)
    two = min(one.two.seconds for one in rounds)
    small = min(one.small.seconds for one in rounds)
    memory = min(one.one.memory for one in rounds) / min(one.small.memory for one in rounds)
    sizes = f"{count} / {count // 10} workspaces"
    return [
        Figure(f"{count} runs of helm / render --all", runs / two, ">=", 25.0),
        Figure(f"{count} runs of helm / render --all --jobs 1", runs / one, ">=", 25.0),
        Figure("--jobs 1 / --jobs 2", one / two, ">=", 1.5),
        Figure(f"{sizes}, seconds", one / small, "<=", 11.0),
        Figure(f"{sizes}, peak memory", memory, "<=", 1.15),
    ]


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    with tempfile.TemporaryDirectory(dir=os.environ.get("MOPS_BENCH_DIR")) as name:
        directory = Path(name)
        large, small = fleet(directory / "large", count), fleet(directory / "small", count // 10)
        render(large, 2)
        render(small, 1)
        rounds = [measure(large, small) for _ in range(ROUNDS)]
    machine = [one.cores for one in rounds]
    listed = ", ".join(f"{found:.2f}" for found in machine)
    print(
        f"{'two processes / one, nothing shared':48} {max(machine):8.2f}  in the rounds: {listed}"
    )
    found = figures(rounds, count)
    for figure in found:
        print(figure.line())
    available = len(os.sched_getaffinity(0))
    print(f"{available} cores; the best of {ROUNDS} rounds, helm from {RUNS} runs in each")
    return 0 if all(figure.good for figure in found) else 1


if __name__ == "__main__":
    sys.exit(main())
