"""A fleet of many workspaces against as many runs of helm: `python tests/bench/fleet.py [COUNT]`. Ratios only.

The runs of helm are extrapolated from 20, measured in turn with the fleet so that both meet the same machine.
Exits with 1 where a figure misses its target.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

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


def fleet(folder: Path, count: int) -> Path:
    """A tree of `count` workspaces over the example's base."""
    folder.mkdir()
    shutil.copy(ROOT / "examples" / "modelops.yaml", folder / "base.yaml")
    for number in range(count):
        here = folder / "envs" / f"ws-{number:05}"
        here.mkdir(parents=True)
        (here / "mops.yaml").write_text(
            WORKSPACE.format(
                number=number, replicas=2, scaled=str(number % 3 == 0).lower(), most=10 + number % 5
            )
        )
    return folder


def render(folder: Path, jobs: int) -> tuple[float, int]:
    """Seconds and peak memory (KiB, of the largest process) of one rendering of the whole tree from nothing."""
    for path in folder.rglob("values.yaml"):
        path.unlink()
    os.sync()
    command = [sys.executable, "-m", "mops", "render", "--all", "--quiet", "--jobs", str(jobs)]
    before = time.perf_counter()
    process = subprocess.Popen(command, cwd=folder, env=ENV, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - before
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return seconds, max(usage.ru_maxrss, 0)


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
    """How much faster two processes are than one at work that shares nothing: what the machine has to give just now."""
    work = "for _ in range(4_000_000): pass"
    command = [sys.executable, "-S", "-c", work]

    def run(count: int) -> float:
        before = time.perf_counter()
        for process in [subprocess.Popen(command) for _ in range(count)]:
            process.wait()
        return time.perf_counter() - before

    return 2 * run(1) / run(2)


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    with tempfile.TemporaryDirectory(dir=os.environ.get("MOPS_BENCH_DIR")) as folder:
        large, small = (
            fleet(Path(folder) / "large", count),
            fleet(Path(folder) / "small", count // 10),
        )
        render(large, 2), render(small, 1)
        values = sorted(large.rglob("values.yaml"))[:RUNS]
        rows: dict[str, list[float]] = {
            "cores": [],
            "helm": [],
            "one": [],
            "two": [],
            "small": [],
            "memory": [],
            "memory small": [],
        }
        for _ in range(ROUNDS):
            rows["cores"].append(cores())
            rows["two"].append(render(large, 2)[0])
            seconds, memory = render(large, 1)
            rows["one"].append(seconds)
            rows["memory"].append(memory)
            values = sorted(large.rglob("values.yaml"))[:RUNS]
            rows["helm"].append(helm(values) * count)
            seconds, memory = render(small, 1)
            rows["small"].append(seconds)
            rows["memory small"].append(memory)
    # The best of each: what else runs on the machine only ever adds.
    best = {name: min(found) for name, found in rows.items()}
    figures = [
        (f"{count} runs of helm / render --all", best["helm"] / best["two"], ">=", 25.0),
        (f"{count} runs of helm / render --all --jobs 1", best["helm"] / best["one"], ">=", 25.0),
        ("--jobs 1 / --jobs 2", best["one"] / best["two"], ">=", 1.6),
        (f"{count} / {count // 10} workspaces, seconds", best["one"] / best["small"], "<=", 11.0),
        (
            f"{count} / {count // 10} workspaces, peak memory",
            best["memory"] / best["memory small"],
            "<=",
            1.25,
        ),
    ]
    print(
        f"{'two processes that share nothing / one':48} {max(rows['cores']):8.2f}  in the rounds: {', '.join(f'{found:.2f}' for found in rows['cores'])}"
    )
    missed = 0
    for name, ratio, relation, target in figures:
        good = ratio >= target if relation == ">=" else ratio <= target
        missed += not good
        print(f"{name:48} {ratio:8.2f}  {relation} {target:g}{'' if good else '  MISSED'}")
    print(
        f"{len(os.sched_getaffinity(0))} cores; the best of {ROUNDS} rounds, helm from {RUNS} runs in each"
    )
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
