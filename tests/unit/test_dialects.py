from __future__ import annotations

import pytest

from invoke import ROOT
from mops.config.dialects import UNIFIED, VALUES, WORKSPACE, read
from mops.schema.fields import load_schema

SETTINGS = load_schema()
PROCESSES = ("workers", "processes")


def leaves(text):
    file = read(text, "f.yaml", SETTINGS)
    assert file.problems == [], file.problems
    return {path: leaf.value for path, leaf in file.layer.leaves.items()}


@pytest.mark.parametrize(("text", "dialect"), [
    ("workspace: {worker_processes: 3}", UNIFIED),
    ("schema_version: 2\nworkspace: {worker_processes: 3}", UNIFIED),
    ("settings: {environment: dev}", UNIFIED),
    ("cluster: {anything: [1, yes]}\nworkspace: {worker_processes: 3}", UNIFIED),
    ("apiVersion: modelops/v1\nkind: Workspace\nspec: {workers: {processes: 3}}", WORKSPACE),
    ("apiVersion: modelops/v1\nkind: Workspace\nmetadata: {name: x}", WORKSPACE),
    ("workers: {processes: 3}", VALUES),
    ("global: {x: 1}", VALUES),
    ("{}", VALUES),
])  # fmt: skip
def test_the_shape_decides(text, dialect):
    file = read(text, "f.yaml", SETTINGS)
    assert (file.problems, file.dialect) == ([], dialect)


# One setting, every spelling in which a file may say it.
@pytest.mark.parametrize("text", [
    "workspace: {worker_processes: 3}",
    "workspace: {workers: {processes: 3}}",
    "apiVersion: modelops/v1\nkind: Workspace\nspec: {workers: {processes: 3}}",
    "workers: {processes: 3}",
])  # fmt: skip
def test_every_dialect_says_the_same(text):
    assert leaves(text) == {PROCESSES: 3}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            "workspace: {worker_memory: 6Gi}",
            {("workers", "resources", part, "memory"): "6Gi" for part in ("requests", "limits")},
        ),
        (
            "workspace: {scheduler_cpu: 2}",
            {("scheduler", "resources", part, "cpu"): "2" for part in ("requests", "limits")},
        ),
        ("workspace: {worker_env: {A: 1}}", {("workers", "env", "A"): "1"}),
        ("workspace: {worker_env: [{name: A, value: 1}]}", {("workers", "env", "A"): "1"}),
        (
            "workspace: {autoscaling_enabled: true, autoscaling_target_cpu: 50}",
            {("autoscaling", "enabled"): True, ("autoscaling", "targetCPU"): 50},
        ),
        (
            "workspace: {autoscaling: {min_workers: 3}, worker_groups: {big: {processes: 1}}}",
            {("autoscaling", "minWorkers"): 3, ("workerGroups", "big", "processes"): 1},
        ),
        (
            "workspace: {autoscaling: {minWorkers: 3}, workerGroups: {big: {processes: 1}}}",
            {("autoscaling", "minWorkers"): 3, ("workerGroups", "big", "processes"): 1},
        ),
        (
            "settings: {environment: prod, provider: azure, username: me}",
            {("environment",): "prod"},
        ),
        (
            (
                "apiVersion: modelops/v1\nkind: Workspace\n"
                "metadata: {name: x, namespace: y, labels: {a: b}, annotations: {c: d}}"
            ),
            {
                ("name",): "x",
                ("release", "namespace"): "y",
                ("labels", "a"): "b",
                ("annotations", "c"): "d",
            },
        ),
        (
            "apiVersion: modelops/v1\nkind: Workspace\nspec: {release: {name: x}}",
            {("release", "name"): "x"},
        ),
        (
            "mopsValues: {layers: [a], schemaVersion: 1}",
            {("mopsValues", "layers"): ["a"], ("mopsValues", "schemaVersion"): 1},
        ),
    ],
)
def test_keys(text, wanted):
    assert leaves(text) == wanted


@pytest.mark.parametrize(
    ("text", "place", "message", "hint"),
    [
        ("", "f.yaml:1:1", "the file is empty", ""),
        ("# nothing", "f.yaml:1:1", "the file is empty", ""),
        ("---\n", "f.yaml:2:1", "the file is empty", ""),
        ("- a", "f.yaml:1:1", "expected a mapping of settings, found a list", ""),
        ("text", "f.yaml:1:1", "expected a mapping of settings, found a scalar", ""),
        (
            "workspace:",
            "f.yaml:1:11",
            "this key has no value",
            "remove the key, or indent the settings below it",
        ),
        ("workspace: null", "f.yaml:1:12", "expected a mapping of settings", ""),
        ("workspace: [a]", "f.yaml:1:12", "expected a mapping of settings", ""),
        (
            "workspace: {worker_proceses: 3}",
            "f.yaml:1:13",
            "unknown setting",
            "did you mean worker_processes?",
        ),
        (
            "workspace: {workers: {proceses: 3}}",
            "f.yaml:1:23",
            "unknown setting",
            "did you mean processes?",
        ),
        (
            "workspaces: {worker_processes: 3}",
            "f.yaml:1:1",
            "unknown setting",
            "did you mean workspace?",
        ),
        (
            "schema_version: 1\nworkspace: {}",
            "f.yaml:1:17",
            "expected schema_version 2",
            "`mops migrate` converts older files",
        ),
        (
            "schema_version: '2'\nworkspace: {}",
            "f.yaml:1:17",
            "expected schema_version 2",
            "`mops migrate` converts older files",
        ),
        (
            "settings: {enviroment: dev}",
            "f.yaml:1:12",
            "unknown setting",
            "did you mean environment?",
        ),
        ("settings: dev", "f.yaml:1:11", "expected a map", ""),
        (
            "workspace: {worker_processes: 3, workers: {processes: 4}}",
            "f.yaml:1:55",
            "workers.processes is set twice",
            "also set by workspace.worker_processes at f.yaml:1:31",
        ),
        (
            "workspace: {worker_memory: 3Gi, workers: {resources: {limits: {memory: 4Gi}}}}",
            "f.yaml:1:72",
            "workers.resources.limits.memory is set twice",
            "also set by workspace.worker_memory at f.yaml:1:28",
        ),
        ("apiVersion: modelops/v2\nkind: Workspace", "f.yaml:1:13", "expected modelops/v1", ""),
        ("apiVersion: modelops/v1\nkind: Deployment", "f.yaml:2:7", "expected Workspace", ""),
        (
            "apiVersion: modelops/v1\nspec: {}",
            "f.yaml:1:1",
            "kind is missing",
            "write kind: Workspace",
        ),
        (
            "kind: Workspace\nspec: {}",
            "f.yaml:1:1",
            "apiVersion is missing",
            "write apiVersion: modelops/v1",
        ),
        (
            "apiVersion: modelops/v1\nkind: Workspace\nstatus: {}",
            "f.yaml:3:1",
            "unknown setting",
            "",
        ),
        (
            "apiVersion: modelops/v1\nkind: Workspace\nspec: {worker_processes: 3}",
            "f.yaml:3:8",
            "unknown setting",
            "did you mean spec.workers.processes?",
        ),
        (
            "apiVersion: modelops/v1\nkind: Workspace\nmetadata: {nmae: x}",
            "f.yaml:3:12",
            "unknown setting",
            "did you mean name?",
        ),
        (
            "apiVersion: modelops/v1\nkind: Workspace\nmetadata: {name: x}\nspec: {name: y}",
            "f.yaml:4:14",
            "name is set twice",
            "also set by metadata.name at f.yaml:3:18",
        ),
        (
            "workers: {processes: 3}\nworker_processes: 3",
            "f.yaml:2:1",
            "unknown setting",
            "did you mean workers.processes?",
        ),
        ("release: {name: x}", "f.yaml:1:1", "unknown setting", ""),
        ("environment: dev", "f.yaml:1:1", "unknown setting", ""),
        ("processes: 3", "f.yaml:1:1", "unknown setting", "did you mean workers.processes?"),
        ("workspace: {mopsValues: {schemaVersion: 1}}", "f.yaml:1:13", "unknown setting", ""),
        ("workspace: {profiles: [a]}", "f.yaml:1:23", "expected a mapping of profiles by name", ""),
        (
            "workspace: {profile: }",
            "f.yaml:1:22",
            "expected the name of a profile, or a list of names",
            "",
        ),
        (
            "workspace: {profile: [a, [b]]}",
            "f.yaml:1:26",
            "expected the name of a profile, or a list of names",
            "",
        ),
        ("workspace: {profiles: {debug: 3}}", "f.yaml:1:31", "expected a mapping of settings", ""),
        (
            "workspace: {profiles: {debug: }}",
            "f.yaml:1:31",
            "this key has no value",
            "remove the key, or indent the settings below it",
        ),
        (
            "workspace: {profiles: {debug: {worker_proceses: 1}}}",
            "f.yaml:1:32",
            "unknown setting",
            "did you mean worker_processes?",
        ),
        ("workspace: {profiles: {debug: {profiles: {}}}}", "f.yaml:1:32", "unknown setting", ""),
        (
            "workspace: {profiles: {../x: {worker_processes: 1}}}",
            "f.yaml:1:24",
            "invalid name: expected a profile name",
            "",
        ),
    ],
)
def test_refusals(text, place, message, hint):
    (problem,) = read(text, "f.yaml", SETTINGS).problems
    assert (problem.origin.place, problem.message[: len(message)]) == (place, message)
    assert problem.hint == hint or not hint


def test_a_profile_is_a_layer_with_its_own_places():
    file = read(
        (
            "workspace:\n  worker_processes: 3\n  profiles:\n    debug:\n"
            "      worker_processes: 1\n  profile: debug\n"
        ),
        "dir/f.yaml",
        SETTINGS,
    )
    assert file.problems == []
    profile = file.profiles["debug"]
    assert (profile.name, profile.label) == ("profile debug (dir/f.yaml)", "profile debug")
    assert profile.leaves[PROCESSES].origin == (
        "profile debug (dir/f.yaml)",
        "dir/f.yaml:5:25",
        "workspace.profiles.debug.worker_processes",
    )
    assert file.layer.leaves[PROCESSES].value == 3
    assert file.layer.label == "f.yaml"
    assert [selected.name for selected in file.selected] == ["debug"]


def test_an_empty_profile_is_one():
    assert read("workspace: {profiles: {none: {}}}", "f", SETTINGS).profiles["none"].leaves == {}


@pytest.mark.parametrize("name", ["modelops.yaml", "workspace.yaml"])
def test_the_examples_are_valid(name):
    assert read((ROOT / "examples" / name).read_bytes(), name, SETTINGS).problems == []
