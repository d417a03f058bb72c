"""`workspace up` against the plain `helm upgrade --install` that it runs, and 200 workspaces.

    python tests/bench/up.py [COUNT]

Both runs of a pair change the same value of the same release, in turn, in namespaces of one API
server (tests/cluster). Figures are the CPU time of mops and everything that it starts: a ratio for
up, and seconds for list and status. Exits with 1 if a figure misses its target.
"""

from __future__ import annotations

import base64
import gzip
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from cluster.client import Cluster  # noqa: E402 - found through the line above
from cluster.controlplane import ControlPlane  # noqa: E402 - found through the line above

HELM = shutil.which("helm") or shutil.which("helm", path=str(Path(sys.executable).parent))
PAIRS = 8
RATIO, SECONDS = 1.5, 2.0
SELECTION = [
    "--config",
    "examples/workspace.yaml",
    "--worker-image",
    "ghcr.io/example/w:1",
    "--scheduler-image",
    "ghcr.io/example/s:1",
    "-q",
]
MOPS = [sys.executable, "-m", "mops"]


def cpu(command: list[str], env: dict[str, str]) -> float:
    """Seconds of CPU of a command with its children."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def pairs(env: dict[str, str], folder: Path) -> tuple[list[float], list[float]]:
    """CPU of `up` and of helm alone; the first of each installs and does not count."""
    ups, bares = [], []
    for index in range(PAIRS + 1):
        processes = str(2 + index % 2)
        values = folder / f"{processes}.yaml"
        subprocess.run(
            [*MOPS, "render", *SELECTION, "--processes", processes, "-o", str(values)],
            cwd=ROOT,
            env=env,
            check=True,
        )
        ups.append(
            cpu(
                [
                    *MOPS,
                    "workspace",
                    "up",
                    *SELECTION,
                    "--processes",
                    processes,
                    "-n",
                    "with-mops",
                    "--yes",
                ],
                env,
            )
        )
        bare = [
            str(HELM),
            "upgrade",
            "--install",
            "dask",
            "chart",
            "-n",
            "bare",
            "--create-namespace",
            "-f",
            str(values),
            "--atomic",
            "--timeout",
            "10m",
        ]
        bares.append(cpu(bare, env))
    return ups[1:], bares[1:]


def multiply(cluster: Cluster, count: int) -> None:
    """Copies the release into so many namespaces, as helm stores it."""
    (secret,) = cluster.get("secret", "-n", "with-mops", "-l", "owner=helm,status=deployed")[
        "items"
    ]
    stored = json.loads(
        gzip.decompress(base64.b64decode(base64.b64decode(secret["data"]["release"])))
    )
    objects = []
    for number in range(count):
        namespace = f"many-{number}"
        copy = {**stored, "namespace": namespace}
        data = base64.b64encode(base64.b64encode(gzip.compress(json.dumps(copy).encode()))).decode()
        labels = {**secret["metadata"]["labels"], "version": "1"}
        objects.append({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}})
        metadata = {
            "name": f"sh.helm.release.v1.{stored['name']}.v1",
            "namespace": namespace,
            "labels": labels,
        }
        objects.append(
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "type": secret["type"],
                "metadata": metadata,
                "data": {"release": data},
            }
        )
    # Server-side, for what the client would note on each object is too long for an annotation.
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": objects})
    cluster.kubectl("apply", "--server-side", "-f", "-", stdin=text, check=True, timeout=600)


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    with tempfile.TemporaryDirectory() as name, ControlPlane(cpu="64", memory="256Gi") as plane:
        cluster = Cluster(
            plane.kubeconfig,
            plane.version,
            plane,
            str(plane.binaries / "kubectl"),
            {"KUBECACHEDIR": f"{name}/cache"},
        )
        env = {
            **{key: value for key, value in os.environ.items() if not key.startswith("MODELOPS_")},
            "KUBECONFIG": str(plane.kubeconfig),
            "HOME": name,
            "PYTHONPATH": str(ROOT / "src"),
        }
        ups, bares = pairs(env, Path(name))
        ratio = statistics.median(ups) / statistics.median(bares)
        print(
            f"up against helm upgrade --install: {ratio:.2f} (at most {RATIO}); "
            f"{statistics.median(ups):.2f} s and {statistics.median(bares):.2f} s of CPU"
        )
        multiply(cluster, count)
        listed = statistics.median(cpu([*MOPS, "workspace", "list"], env) for _ in range(5))
        status = statistics.median(
            cpu([*MOPS, "workspace", "status", *SELECTION, "-n", "with-mops"], env)
            for _ in range(5)
        )
        print(
            f"{count} workspaces: list {listed:.2f} s, status of one {status:.2f} s of CPU "
            f"(at most {SECONDS})"
        )
    return int(ratio > RATIO or max(listed, status) > SECONDS)


if __name__ == "__main__":
    sys.exit(main())
