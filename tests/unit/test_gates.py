"""Rules that most configurations do not need are not imported for them, and never forgotten."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from mops.checks.gates import passes_on
from mops.checks.kubernetes.parts import PARTS
from mops.config.dialects import read
from mops.config.resolve import resolve
from mops.config.view import View
from mops.schema.fields import load_schema

SCHEMA = load_schema()
LOADED = """\
import sys
from mops.cli import main
code = main(["render", "-q", "-c", sys.argv[1], "-o", sys.argv[1] + ".out"])
rooms = ("mops.checks.", "mops.schema.")
print(code, sorted(name for name in sys.modules if name.startswith(rooms)))
"""


def view(text: str) -> View:
    file = read(text, "f.yaml", SCHEMA)
    assert file.problems == []
    return View(resolve([SCHEMA.defaults(), file.layer], SCHEMA), SCHEMA)


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "workers: {processes: 2, env: {A: b}, nodeSelector: {a: b}, podAnnotations: {a.b/c: d}}",
        "workers: {volumes: [], tolerations: [], affinity: {}, extraPodSpec: {}}",
        "workers: {resources: {limits: {cpu: 2, memory: 4Gi}}}",
        "ingress: {enabled: true, annotations: {a: b}}",
    ],
)
def test_nothing_is_passed_on(text: str) -> None:
    assert not passes_on(view(text))


SAMPLES = {
    "affinity": "{podAffinity: {}}",
    "envFrom": "[{secretRef: {name: a}}]",
    "extraPodSpec": "{hostname: a}",
    "hostAliases": "[{ip: 10.0.0.1, hostnames: [a]}]",
    "initContainers": "[{name: a, image: x:1}]",
    "resources": "{limits: {nvidia.com/gpu: 1}}",
    "sidecars": "[{name: a, image: x:1}]",
    "tolerations": "[{operator: Exists}]",
    "topologySpreadConstraints": (
        "[{maxSkew: 1, topologyKey: a, whenUnsatisfiable: ScheduleAnyway}]"
    ),
    "volumeMounts": "[{name: tmp, mountPath: /a}]",
    "volumes": "[{name: a, emptyDir: {}}]",
}


def test_every_part_has_a_sample() -> None:
    assert set(SAMPLES) == set(PARTS)


@pytest.mark.parametrize(
    "text",
    [
        *(f"{group}: {{{key}: {value}}}" for key, value in SAMPLES.items()
          for group in ("scheduler", "workers")),
        "workerGroups: {a: {tolerations: [{operator: Exists}]}}",
        "workers: {env: {A: {valueFrom: {fieldRef: {fieldPath: metadata.name}}}}}",
        "workers: {podAnnotations: {controller.kubernetes.io/pod-deletion-cost: 1}}",
        "ingress: {annotations: {kubernetes.io/ingress.class: a}}",
        "networkPolicy: {extraIngress: [{}]}",
        "networkPolicy: {extraEgress: [{}]}",
        "containerSecurityContext: {capabilities: {add: [CHOWN]}}",
        "podSecurityContext: {runAsUser: 0}",
    ],
)  # fmt: skip
def test_something_is_passed_on(text: str) -> None:
    assert passes_on(view(text))


def loaded(text: str, folder: Path) -> str:
    path = folder / "f.yaml"
    path.write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", LOADED, str(path)], capture_output=True, text=True, check=True
    )
    return done.stdout


def test_a_plain_configuration_loads_neither_rules_nor_types(tmp_path: Path) -> None:
    out = loaded("workspace: {worker_processes: 2}\n", tmp_path)
    assert out.startswith("0 ")
    assert "kubernetes" not in out
    assert "mops.checks.sizes" not in out


def test_what_is_passed_on_loads_both(tmp_path: Path) -> None:
    out = loaded("workers: {volumes: [{name: a, emptyDir: {}}]}\n", tmp_path)
    assert out.startswith("0 ")
    assert "mops.checks.kubernetes.walk" in out
    assert "mops.schema.kubernetes" in out
