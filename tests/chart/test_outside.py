"""The chart before other judges: helm's linter, Kubernetes' schemas, checkov; the same twice."""

from __future__ import annotations

import functools
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from chart.manifests import CHART, CI_VALUES, MARK, dump, group, helm, over, read, render
from chart.test_objects import EVERYTHING

ROOT = CHART.parent
DIGEST = "@sha256:" + "a" * 64
DIGESTS = {
    "scheduler": {"image": "ghcr.io/example/scheduler" + DIGEST},
    "workers": {"image": "ghcr.io/example/worker" + DIGEST},
}
TAGS = {
    "scheduler": {"image": "ghcr.io/example/scheduler:1.2"},
    "workers": {"image": "ghcr.io/example/worker:1.2"},
}

# Every setting of a pod whose shape is Kubernetes'.
FULL_PODS = yaml.safe_load("""
env:
  A: "1"
  B: {valueFrom: {secretKeyRef: {name: a, key: b}}}
  C: {valueFrom: {resourceFieldRef: {resource: limits.memory}}}
envFrom:
- {prefix: A_, secretRef: {name: a}}
- {configMapRef: {name: b, optional: true}}
nodeSelector: {pool: "1"}
tolerations:
- {key: a, operator: Equal, value: b, effect: NoExecute, tolerationSeconds: 60}
affinity:
  podAntiAffinity:
    preferredDuringSchedulingIgnoredDuringExecution:
    - weight: 1
      podAffinityTerm: {topologyKey: zone, labelSelector: {matchLabels: {a: b}}}
topologySpreadConstraints:
- maxSkew: 1
  topologyKey: zone
  whenUnsatisfiable: DoNotSchedule
  minDomains: 2
  nodeAffinityPolicy: Honor
  matchLabelKeys: [pod-template-hash]
hostAliases:
- {ip: 10.0.0.1, hostnames: [a, b.example.com]}
- {ip: "fd00::1", hostnames: [c]}
priorityClassName: high
runtimeClassName: gvisor
temporaryStorage: 10Gi
volumes:
- {name: data, persistentVolumeClaim: {claimName: data}}
- {name: conf, configMap: {name: conf}}
volumeMounts:
- {name: data, mountPath: /data, subPath: a}
- {name: conf, mountPath: /etc/dask, readOnly: true}
initContainers:
- {name: side, image: "busybox:1", resources: {limits: {memory: 64Mi}}}
sidecars:
- {name: other, image: "busybox:1", resources: {limits: {memory: 64Mi}}}
extraPodSpec:
  dnsConfig: {options: [{name: ndots, value: "2"}]}
  schedulerName: other
resources:
  limits: {cpu: "", ephemeral-storage: 20Gi, nvidia.com/gpu: "1"}
""")
FIXTURES = {
    "default": {},
    "everything": EVERYTHING,
    "full pods": {
        "scheduler": FULL_PODS,
        "workers": FULL_PODS,
        "workerGroups": {"gpu": over(group(), FULL_PODS)},
        "imagePullSecrets": [{"name": "pull"}],
    },
    "keda": {"autoscaling": {"enabled": True, "type": "keda"}},
    "openshift": {"openshift": True, "podSecurityContext": {"supplementalGroups": [1]}},
    "nothing extra": {
        "networkPolicy": {"enabled": False},
        "podDisruptionBudget": {"enabled": False},
        "serviceAccount": {"create": False},
    },
    "no workers": {"workers": {"replicas": 0}, "podDisruptionBudget": {"workersMaxUnavailable": 1}},
    "load balancer": {
        "scheduler": {"serviceType": "LoadBalancer", "idleTimeout": "1h"},
        "networkPolicy": {"extraIngress": [{"from": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}]},
    },
    "many groups": {"workerGroups": {f"g{number}": group(replicas=number) for number in range(20)}},
} | {path.name: path for path in CI_VALUES}
# Objects of other projects, for which Kubernetes ships no schema.
FOREIGN = {
    "everything": {"ServiceMonitor", "PodMonitor", "HTTPRoute"},
    "keda": {"ScaledObject"},
    "keda-values.yaml": {"ScaledObject"},
    "locked-down-values.yaml": {"ServiceMonitor", "PodMonitor"},
    "openshift-values.yaml": {"HTTPRoute"},
}


def lint(*args: str) -> str:
    done = subprocess.run(
        [helm(), "lint", "--strict", str(CHART), *args], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_bare_chart_passes_the_linter():
    assert "0 chart(s) failed" in lint()


@pytest.mark.parametrize(
    "path", [*CI_VALUES, *sorted(ROOT.glob("examples/**/values*.yaml"))], ids=lambda path: path.name
)
def test_examples_pass_the_linter(path):
    assert "0 chart(s) failed" in lint("-f", str(path))


@pytest.mark.parametrize("name", FIXTURES)
def test_two_renders_are_byte_identical(name, tmp_path):
    values = FIXTURES[name]
    if isinstance(values, dict):
        path = tmp_path / "values.yaml"
        path.write_text(dump({**values, **MARK}), encoding="utf-8")
        values = path
    command = [helm(), "template", "dask", str(CHART), "-n", "a", "-f", str(values)]
    first, second = (
        subprocess.run(
            command,
            capture_output=True,
            check=True,
            cwd=where,
            env={**os.environ, "TZ": zone, "HOME": str(where)},
        ).stdout
        for where, zone in ((tmp_path, "UTC"), (ROOT, "Asia/Tokyo"))
    )
    assert first == second
    assert read(first.decode())


def test_the_order_of_the_values_does_not_matter():
    backwards = {key: EVERYTHING[key] for key in reversed(EVERYTHING)}
    assert render(backwards).text == render(EVERYTHING).text


def versions() -> list[str]:
    """The Kubernetes versions that there are schemas for, from the chart's minimum up."""
    validate = pytest.importorskip("kubernetes_validate")
    minimum = yaml.safe_load((CHART / "Chart.yaml").read_text())["kubeVersion"]
    assert minimum == ">=1.27.0-0"
    found = dict.fromkeys(version.rsplit(".", 1)[0] for version in validate.utils.all_versions())
    return [version for version in found if tuple(map(int, version.split("."))) >= (1, 27)]


def test_there_are_enough_versions_to_check():
    assert len(versions()) >= 11


def test_only_objects_of_other_projects_go_unchecked():
    for name, values in FIXTURES.items():
        assert {kind for kind, _ in render(values)} & {
            "ServiceMonitor",
            "PodMonitor",
            "HTTPRoute",
            "ScaledObject",
        } == FOREIGN.get(name, set())


@functools.cache
def checkable() -> tuple[list[str], int]:
    """Every object of every fixture, each once, as JSON; and their number with repetitions."""
    every = [
        json.dumps(manifest, sort_keys=True)
        for name, values in FIXTURES.items()
        for (kind, _), manifest in render(values).items()
        if kind not in FOREIGN.get(name, ())
    ]
    return list(dict.fromkeys(every)), len(every)


@pytest.mark.parametrize("version", versions())
def test_kubernetes_accepts_every_fixture(version, recwarn):
    validate = pytest.importorskip("kubernetes_validate").validate
    manifests, count = checkable()
    assert count >= 170
    assert len(manifests) >= 90
    assert [validate(json.loads(manifest), version, strict=True) for manifest in manifests] == [
        version
    ] * len(manifests)
    assert not recwarn.list


def test_kubernetes_would_refuse_a_mistake():
    validate = pytest.importorskip("kubernetes_validate")
    manifest = over(render()["Deployment", "dask-workers"], {"spec": {"replicaz": 1}})
    with pytest.raises(validate.ValidationError):
        validate.validate(manifest, "1.32", strict=True)


def test_an_older_kubernetes_is_refused():
    command = [
        helm(),
        "template",
        "dask",
        str(CHART),
        "-f",
        str(CHART / "ci" / "default-values.yaml"),
        "--kube-version",
    ]
    assert subprocess.run([*command, "1.26.15"], capture_output=True, check=False).returncode
    assert (
        subprocess.run([*command, "1.27.0-eks-1"], capture_output=True, check=False).returncode == 0
    )


def checkov() -> str:
    found = (
        os.environ.get("MOPS_CHECKOV")
        or shutil.which("checkov")
        or shutil.which("checkov", path=str(Path(sys.executable).parent))
    )
    if found is None:
        if os.environ.get("MOPS_REQUIRE_CHECKOV") == "1":
            pytest.fail("MOPS_REQUIRE_CHECKOV=1, but checkov was not found")
        pytest.skip(
            "checkov not found; install it in an environment of its own that MOPS_CHECKOV names"
        )
    return found


@functools.cache
def findings(values: str, folder: Path) -> tuple[dict[str, int], list[tuple[str, str]]]:
    path = folder / "manifests.yaml"
    path.write_text(render(values).text)
    command = [
        checkov(),
        "-f",
        str(path),
        "--framework",
        "kubernetes",
        "-o",
        "json",
        "--compact",
        "--skip-download",
    ]
    report = json.loads(subprocess.run(command, capture_output=True, text=True, check=False).stdout)
    return report["summary"], sorted(
        (found["check_id"], found["resource"]) for found in report["results"]["failed_checks"]
    )


CHECKS = [
    ("digests", DIGESTS, 11, 250, []),
    (
        "digests and everything",
        over(EVERYTHING, {**DIGESTS, "workerGroups": {"gpu": DIGESTS["workers"]}}),
        17,
        340,
        [],
    ),
    ("version tags", TAGS, 11, 250, ["CKV_K8S_43", "CKV_K8S_43"]),
    ("the default", {}, 11, 250, ["CKV_K8S_14", "CKV_K8S_14", "CKV_K8S_43", "CKV_K8S_43"]),
]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("values", "resources", "passed", "failed"),
    [check[1:] for check in CHECKS],
    ids=[check[0] for check in CHECKS],
)
def test_checkov(values, resources, passed, failed, tmp_path):
    summary, found = findings(dump({**values, **MARK}), tmp_path)
    assert [check for check, _ in found] == failed
    assert summary["failed"] == len(failed)
    assert summary["skipped"] == 2, "the image of the test, which is the workers'"
    assert summary["parsing_errors"] == 0
    assert summary["resource_count"] >= resources
    assert summary["passed"] >= passed


@pytest.mark.slow
def test_checkov_findings_are_explained(tmp_path):
    text = (ROOT / "docs" / "chart.md").read_text()
    _, found = findings(dump(MARK), tmp_path)
    assert all(check in text for check, _ in found)
