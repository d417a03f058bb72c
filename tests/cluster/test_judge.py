"""Kubernetes agrees with every verdict on what is passed on to it.

The judge is the code that kube-apiserver runs before it stores an object. A configuration that mops
accepts is rendered with helm, and the judge must find nothing in it. A configuration that the judge
refuses must be refused by mops. Both kinds are drawn from Kubernetes' own types: valid settings of
pods with every field that pods have, and one or two changes of these.

Several pods are rendered at once, as groups of workers of one release, each judged by itself.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from mops.checks.kubernetes.parts import PARTS

from .binaries import BUILD_COMMAND, binaries_dir
from .chart_settings import settings
from .generator import NEVER, Generator
from .judging import Release, all_rendered, by_judge, by_mops, deployment, overlaid
from .mutations import WRONG_STRINGS, mutated, spots
from .samples import DATA, is_newer

pytestmark = pytest.mark.slow

# Pods, of one release each ten.
COUNT, EACH = 3200, 10
SETTINGS_COUNT = 800
# What Kubernetes refuses and mops accepts: a part of Kubernetes' message, and why.
EXCEPTIONS: dict[str, str] = {}


@pytest.fixture(scope="module")
def judge() -> Path:
    program = binaries_dir() / "judge"
    if not os.access(program, os.X_OK):
        reason = f"no judge in {program.parent}; run {BUILD_COMMAND}"
        if os.environ.get("MOPS_REQUIRE_CLUSTER") == "1":
            pytest.fail(reason, pytrace=False)
        pytest.skip(reason)
    return program


class Pod(NamedTuple):
    """The settings of a pod, what was changed in them, and what mops says of them."""

    settings: dict[str, Any]
    change: str
    errors: list[str]


def reachable() -> set[str]:
    """The fields of all types that the settings of pods are made of."""
    found: set[str] = set()
    waiting = [expression.strip("[]") for expression in PARTS.values()] + ["EnvVarSource"]
    while waiting:
        kind = waiting.pop()
        for field, expression in DATA.types.get(kind, {}).items():
            name = f"{kind}.{field}"
            if name in found or name in NEVER or is_newer(name) or name in DATA.until:
                continue
            found.add(name)
            waiting.append(expression.rstrip("!").strip("[]{}").partition("=")[0])
    return found


def used(releases: list[Release]) -> set[str]:
    """The fields that some pod of the releases has."""
    found: set[str] = set()
    for release in releases:
        for pod in release.pods.values():
            parts = [(PARTS[key], value) for key, value in pod.items() if key in PARTS]
            parts += [("EnvVarSource", one["valueFrom"]) for one in pod.get("env", {}).values()]
            found |= {
                field for expression, value in parts for *_, field in spots(value, expression)
            }
    return found


def batches(count: int) -> Iterator[range]:
    for start in range(0, count, EACH):
        yield range(start, min(start + EACH, count))


def test_what_mops_accepts_kubernetes_accepts(judge: Path, tmp_path: Path) -> None:
    generator = Generator(random.Random(1))
    releases = [
        Release({f"g{index}": generator.pod() for index in batch}) for batch in batches(COUNT)
    ]
    verdicts = [by_mops(release, tmp_path) for release in releases]
    assert [verdict.errors for verdict in verdicts if verdict.errors] == []
    manifests = all_rendered([verdict.values for verdict in verdicts])
    assert [each for each in manifests if isinstance(each, str)] == []
    refused = [found for found in by_judge(judge, manifests) if found]
    print(f"\n{COUNT} valid pods: mops accepts all, Kubernetes refuses {len(refused)}")
    assert refused == []
    assert reachable() - used(releases) == set()


def changed(generator: Generator) -> tuple[dict[str, Any], str]:
    """The settings of a pod with one or two changes, and these in words."""
    pod: dict[str, Any] = {}
    while not pod:
        pod = generator.pod()
    parts = [key for key in pod if key in PARTS]
    if not parts:
        return _changed_strings(generator, pod)
    key = generator.pick(parts)
    generator.kind = {"initContainers": "init", "sidecars": "sidecar"}.get(key, "main")
    words = []
    for _ in range(generator.pick([1, 1, 2])):
        pod[key], change = mutated(generator, pod[key], PARTS[key])
        words.append(change)
    return pod, f"{key} {' and '.join(words)}"


def _changed_strings(generator: Generator, pod: dict[str, Any]) -> tuple[dict[str, Any], str]:
    if "env" in pod:
        variable = pod["env"][generator.pick(pod["env"])]
        changed_value = mutated(generator, variable["valueFrom"], "EnvVarSource")
        variable["valueFrom"], change = changed_value
        return pod, f"env {change}"
    name = generator.pick(pod["podAnnotations"])
    pod["podAnnotations"][name] = generator.pick(WRONG_STRINGS)
    return pod, f"annotation {name}: {pod['podAnnotations'][name]!r}"


def test_what_kubernetes_refuses_mops_refuses(judge: Path, tmp_path: Path) -> None:
    generator = Generator(random.Random(2))
    base = by_mops(Release({}), tmp_path).values
    pods: dict[str, Pod] = {}
    for batch in batches(COUNT):
        drawn = {f"g{index}": changed(generator) for index in batch}
        errors = by_mops(Release({name: pod for name, (pod, _) in drawn.items()}), tmp_path).errors
        for name, (pod, change) in drawn.items():
            pods[name] = Pod(pod, change, errors.get(name, []) + errors.get("", []))
    verdicts = _judged(judge, base, pods)
    refused = {name: found for name, found in verdicts.items() if found}
    missed = [
        (pods[name].change, found)
        for name, found in refused.items()
        if not pods[name].errors and not any(map(_is_exception, found))
    ]
    strict = sum(bool(pods[name].errors) for name in verdicts if name not in refused)
    print(
        f"\n{COUNT} changed pods: Kubernetes or the chart refuses {len(refused)}, "
        f"mops misses {len(missed)} of these, and refuses {strict} that Kubernetes accepts"
    )
    assert len(refused) > COUNT / 2
    assert missed == []


def _is_exception(message: str) -> bool:
    return any(part in message for part in EXCEPTIONS)


def _judged(judge: Path, base: Mapping[str, Any], pods: Mapping[str, Pod]) -> dict[str, list[str]]:
    """What Kubernetes says of each pod; where one of a release is no YAML, of each by itself."""
    names = list(pods)
    releases = [[names[index] for index in batch] for batch in batches(len(names))]
    rendered = _rendered(base, pods, releases)
    alone = [[name] for each, found in rendered if isinstance(found, str) for name in each]
    rendered = [pair for pair in rendered if not isinstance(pair[1], str)]
    rendered += _rendered(base, pods, alone)
    verdicts = {
        name: [found] for each, found in rendered if isinstance(found, str) for name in each
    }
    good = [(each, found) for each, found in rendered if not isinstance(found, str)]
    for (each, _), found in zip(good, by_judge(judge, [one for _, one in good]), strict=True):
        verdicts |= {name: found.get(deployment(name), []) for name in each}
    return verdicts


def _rendered(
    base: Mapping[str, Any], pods: Mapping[str, Pod], releases: list[list[str]]
) -> list[tuple[list[str], list[dict[str, Any]] | str]]:
    values = [
        overlaid(base, Release({name: pods[name].settings for name in each})) for each in releases
    ]
    return list(zip(releases, all_rendered(values), strict=True))


def test_kubernetes_agrees_on_the_chart_s_own_settings(judge: Path, tmp_path: Path) -> None:
    generator = Generator(random.Random(3))
    base = by_mops(Release({}), tmp_path).values
    releases = [Release({}, settings(generator)) for _ in range(SETTINGS_COUNT)]
    verdicts = [by_mops(release, tmp_path) for release in releases]
    values = [
        overlaid(base, release) if verdict.errors else verdict.values
        for release, verdict in zip(releases, verdicts, strict=True)
    ]
    manifests = all_rendered(values)
    judged = by_judge(judge, [[] if isinstance(each, str) else each for each in manifests])
    missed = []
    accepted = refused = 0
    for release, verdict, found, rendered in zip(
        releases, verdicts, judged, manifests, strict=True
    ):
        is_refused = bool(found) or isinstance(rendered, str)
        refused += is_refused
        accepted += not verdict.errors
        if is_refused and not verdict.errors:
            missed.append((release.others, found or rendered))
    print(
        f"\n{SETTINGS_COUNT} configurations of the chart's settings: mops accepts {accepted}, "
        f"Kubernetes or the chart refuses {refused}, mops misses {len(missed)} of these"
    )
    assert min(accepted, refused) > SETTINGS_COUNT / 10
    assert missed == []
