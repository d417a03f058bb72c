"""Kubernetes' own verdict on generated settings, and mops' verdict on the same."""

from __future__ import annotations

import copy
import json
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from invoke import CHART, helm
from mops.checks.verdict import judge as verdict
from mops.config.sources import Request, gather
from mops.schema.fields import load_schema

SCHEMA = load_schema()
NAMESPACE = "ns"
VERSION = "1.36"


class Reader(yaml.CSafeLoader):
    """A fast reader that takes dates for strings, as Kubernetes does."""


# Filled in below the class: a class attribute would be shared with PyYAML's own loaders.
Reader.yaml_implicit_resolvers = {
    first: [pair for pair in pairs if pair[0] != "tag:yaml.org,2002:timestamp"]
    for first, pairs in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


class Release(NamedTuple):
    """A configuration: settings of the scheduler and of groups of workers, by name; and others."""

    pods: Mapping[str, Mapping[str, Any]]
    others: Mapping[str, Any] = {}

    def tree(self) -> dict[str, Any]:
        """The configuration as a values file has it."""
        groups = {name: dict(pod) for name, pod in self.pods.items() if name != "scheduler"}
        scheduler = {"scheduler": dict(self.pods["scheduler"])} if "scheduler" in self.pods else {}
        return {
            **copy.deepcopy(dict(self.others)),
            **scheduler,
            **({"workerGroups": groups} if groups else {}),
        }


class Verdict(NamedTuple):
    """What mops says of a release: values, and the errors by pod; "" for those of no pod."""

    values: dict[str, Any]
    errors: dict[str, list[str]]


def by_mops(release: Release, folder: Path) -> Verdict:
    """The verdict of mops. Warnings do not count."""
    path = folder / "values.yaml"
    path.write_text(json.dumps(release.tree()), encoding="utf-8")
    version = ("--set", f"release.kubernetesVersion={VERSION}")
    gathered = gather(Request(config=[str(path)], sets=[version], hermetic=True), {}, SCHEMA)
    found = verdict(gathered, SCHEMA)
    errors: dict[str, list[str]] = {}
    for problem in found.problems:
        if problem.severity == "error":
            errors.setdefault(_pod(problem.key), []).append(f"{problem.key}: {problem.message}")
    return Verdict(found.values, errors)


def _pod(key: str) -> str:
    first, _, rest = key.partition(".")
    if first == "workerGroups":
        return rest.split(".")[0]
    return first if first == "scheduler" else ""


def overlaid(base: Mapping[str, Any], release: Release) -> dict[str, Any]:
    """Values of a release that mops refuses: its settings over those of a sound one."""
    values = copy.deepcopy(dict(base))
    for name, pod in release.pods.items():
        place = values if name == "scheduler" else values["workerGroups"]
        target = copy.deepcopy(values["scheduler" if name == "scheduler" else "workers"])
        place[name] = _over(target, pod)
    return _over(values, release.others)


def _over(target: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    for key, value in changes.items():
        inner = target.get(key)
        if key in ("resources", "requests", "limits") or (
            isinstance(inner, dict) and isinstance(value, Mapping) and key in _SECTIONS
        ):
            target[key] = _over(dict(inner or {}), value)
        else:
            target[key] = copy.deepcopy(value)
    return target


_SECTIONS = frozenset(
    {
        "autoscaling", "capabilities", "containerSecurityContext", "ingress", "networkPolicy",
        "podDisruptionBudget", "podSecurityContext", "scheduler", "seccompProfile",
        "serviceAccount", "tls", "workers", "httpRoute", "monitoring",
    }
)  # fmt: skip


def rendered(values: Mapping[str, Any]) -> list[dict[str, Any]] | str:
    """The objects that helm renders from values, unchecked by the chart's schema; or its error."""
    done = subprocess.run(
        [helm(), "template", "dask", str(CHART), "-n", NAMESPACE, "--skip-schema-validation",
         "--kube-version", f"{VERSION}.0", "-f", "-"],
        input=json.dumps(values), capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        return done.stderr.strip()
    return [each for each in yaml.load_all(done.stdout, Loader=Reader) if each is not None]


def all_rendered(values: Sequence[Mapping[str, Any]]) -> list[list[dict[str, Any]] | str]:
    """The same for many, two at a time."""
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(rendered, values))


def by_judge(
    program: Path, manifests: Iterable[Sequence[Mapping[str, Any]]]
) -> list[dict[str, list[str]]]:
    """What Kubernetes refuses, by the name of the object, for each list of objects."""
    lines = "".join(f"{json.dumps(each)}\n" for each in manifests)
    done = subprocess.run([program], input=lines, capture_output=True, text=True, check=True)
    found = []
    for line in done.stdout.splitlines():
        by_object: dict[str, list[str]] = {}
        for one in json.loads(line):
            by_object.setdefault(one["object"], []).append(f"{one['field']}: {one['message']}")
        found.append(by_object)
    return found


def deployment(pod: str) -> str:
    """The name that the judge has for a pod's Deployment."""
    return f"Deployment/dask-{pod}" if pod == "scheduler" else f"Deployment/dask-workers-{pod}"
