"""Every file of the table, through mops; the accepted ones also through helm."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from corpus.table import CASES, Case
from invoke import CHART, Done, container, environment, mops, objects, template

REFUSED = [case for case in CASES if not case.where]
ACCEPTED = [case for case in CASES if case.where]
ABSENT = "absent"


def run(case: Case, folder: Path, *args: str) -> Done:
    """Mops on the case's file, which is named for its shape."""
    name = file_name(case)
    (folder / name).write_bytes(case.data)
    return mops("render", "-q", "--config", name, *args, cwd=folder)


def file_name(case: Case) -> str:
    start = case.data.lstrip()[:20]
    return (
        "workspace.yaml"
        if start.startswith(b"apiVersion")
        else "values.yaml"
        if start.startswith(b"name:")
        else "unified.yaml"
    )


@pytest.fixture(scope="session")
def pods(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The objects that helm renders for every accepted file, by the case's id; or why it failed."""
    found: dict[str, Any] = {}
    values: dict[str, Path] = {}
    for index, case in enumerate(ACCEPTED):
        folder = tmp_path_factory.mktemp(f"case{index}")
        done = run(case, folder)
        if done.code:
            found[case.id] = f"mops exits with {done.code}: {done.err}"
        else:
            values[case.id] = folder / "rendered.yaml"
            values[case.id].write_text(done.out)
    with ThreadPoolExecutor(2) as pool:
        rendered = dict(
            zip(
                values,
                pool.map(lambda file: template(CHART, "-f", file), values.values()),
                strict=True,
            )
        )
    found |= {name: f"helm refuses: {done.err}" for name, done in rendered.items() if done.code}
    good = [name for name, done in rendered.items() if not done.code]
    return found | dict(zip(good, objects(*(rendered[name].out for name in good)), strict=True))


def at(found: dict[str, Any], where: str) -> Any:
    """What stands in the pod at a place of the table."""
    what, _, name = where.partition(" ")
    pod = found["Deployment/dask-workers"]["spec"]["template"]
    main = container(found)
    if what == "scheduler":
        return environment(found, "dask-scheduler").get(name.split()[1], ABSENT)
    if what == "group":
        group, _, variable = name.split()
        return environment(found, f"dask-workers-{group}").get(variable, ABSENT)
    if what == "arg":
        return main["args"][main["args"].index(name) + 1]
    places = {
        "env": lambda: environment(found).get(name, ABSENT),
        "image": lambda: main["image"],
        "replicas": lambda: found["Deployment/dask-workers"]["spec"]["replicas"],
        "limit": lambda: main["resources"]["limits"].get(name, ABSENT),
        "request": lambda: main["resources"]["requests"].get(name, ABSENT),
        "label": lambda: found["Deployment/dask-workers"]["metadata"]["labels"].get(name, ABSENT),
        "annotation": lambda: pod["metadata"]["annotations"].get(name, ABSENT),
        "nodeSelector": lambda: pod["spec"]["nodeSelector"].get(name, ABSENT),
        "affinity": lambda: pod["spec"]["affinity"].get(name, ABSENT),
        "spec": lambda: pod["spec"].get(name, ABSENT),
        "container": lambda: main.get(name, ABSENT),
        "budget": lambda: found["PodDisruptionBudget/dask-workers"]["spec"]["maxUnavailable"],
    }
    return places[what]()


@pytest.mark.parametrize("case", ACCEPTED, ids=lambda case: case.id)
def test_the_pod_gets(case: Case, pods: dict[str, Any]) -> None:
    found = pods[case.id]
    assert not isinstance(found, str), found
    value = at(found, case.where)
    assert value == case.value
    assert isinstance(value, str) is isinstance(case.value, str)
    assert not [name for name in found if name.startswith("Secret/")]


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.id)
def test_mops_says(case: Case, tmp_path: Path) -> None:
    done = run(case, tmp_path)
    said = [line for line in _lines(done.err) if ": warning: " not in line]
    assert (done.code, done.out) == (3, "")
    assert said == [
        f"{file_name(case)}:{case.place}: {case.message}",
        "mops: invalid configuration: 1 error",
    ]
    assert "hunter2" not in done.err


def _lines(text: str) -> Iterator[str]:
    yield from text.splitlines()


def test_the_corpus_is_as_large_as_it_says() -> None:
    assert len(CASES) >= 300
    assert len(ACCEPTED) * 3 >= len(CASES)
    twice = [name for name, count in Counter(case.id for case in CASES).items() if count > 1]
    assert twice == []
