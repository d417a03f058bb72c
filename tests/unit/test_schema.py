from __future__ import annotations

import pytest

from mops.schema.fields import SettingsSchema, load_schema, snake

SETTINGS = load_schema()


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("targetCPU", "target_cpu"),
        ("minWorkers", "min_workers"),
        ("processes", "processes"),
        ("MODELOPS_EXECUTOR_TYPE", "MODELOPS_EXECUTOR_TYPE"),
        ("imagePullPolicy", "image_pull_policy"),
        ("runAsNonRoot", "run_as_non_root"),
    ],
)
def test_snake(name, wanted):
    assert snake(name) == wanted


@pytest.mark.parametrize(("key", "variable"), [
    ("workers.processes", "MODELOPS_OVERRIDE_PROCESSES"),
    ("workers.threads", "MODELOPS_OVERRIDE_THREADS"),
    ("workers.replicas", "MODELOPS_OVERRIDE_REPLICAS"),
    ("workers.image", "MODELOPS_OVERRIDE_WORKER_IMAGE"),
    ("workers.env.MODELOPS_EXECUTOR_TYPE", "MODELOPS_OVERRIDE_EXECUTOR_TYPE"),
    ("workers.env.MODELOPS_FORCE_FRESH_VENV", "MODELOPS_OVERRIDE_FORCE_FRESH_VENV"),
    ("workers.gracePeriod", "MODELOPS_OVERRIDE_WORKERS_GRACE_PERIOD"),
    ("autoscaling.targetCPU", "MODELOPS_OVERRIDE_TARGET_CPU"),
    ("autoscaling.type", "MODELOPS_OVERRIDE_AUTOSCALING_TYPE"),
    ("workers.tolerations", ""),
    ("workers.env", ""),
    ("workers.env.MODELOPS_BUNDLES_DIR", ""),
])  # fmt: skip
def test_variable(key, variable):
    assert SETTINGS.fields[tuple(key.split("."))].variable == variable


@pytest.mark.parametrize(("flag", "keys"), [
    ("--processes", ["workers.processes"]),
    ("--worker-memory", ["workers.resources.requests.memory", "workers.resources.limits.memory"]),
    ("--executor-type", ["workers.env.MODELOPS_EXECUTOR_TYPE"]),
    ("--force-fresh-venv", ["workers.env.MODELOPS_FORCE_FRESH_VENV"]),
])  # fmt: skip
def test_flags(flag, keys):
    assert [SETTINGS.fields[path].key for path in SETTINGS.flags[flag]] == keys


SEED = [
    "scheduler_image",
    "scheduler_memory",
    "scheduler_cpu",
    "worker_image",
    "worker_replicas",
    "worker_processes",
    "worker_threads",
    "worker_memory",
    "worker_cpu",
    "worker_env",
    "autoscaling_enabled",
    "autoscaling_min_workers",
    "autoscaling_max_workers",
    "autoscaling_target_cpu",
]


@pytest.mark.parametrize("key", SEED)
def test_every_flat_key_of_old_files_is_there(key):
    assert SETTINGS.flat[key]


@pytest.mark.parametrize(("path", "kind"), [
    (("workers", "processes"), "integer"),
    (("workers", "env", "ANYTHING"), ""),
    (("workers", "nodeSelector", "a.b/c"), "string"),
    (("workerGroups", "big", "processes"), "integer"),
    (("workers", "env", "A", "valueFrom", "secretKeyRef", "name"), "string"),
    (("workers", "resources", "limits", "nvidia.com/gpu"), "string"),
])  # fmt: skip
def test_at(path, kind):
    found = SETTINGS.at(path)
    assert found is not None
    assert found.get("type", "") == kind


@pytest.mark.parametrize(
    "path",
    [
        ("workerz",),
        ("workers", "procs"),
        ("workers", "processes", "x"),
        ("workers", "resources", "limits", "gpu"),
        ("workerGroups", "big", "procs"),
        ("workers", "env", "A", "valueFrom", "x"),
    ],
)
def test_at_nothing(path):
    assert SETTINGS.at(path) in (None, {"x-free": True})
    assert path == ("workers", "processes", "x") or SETTINGS.at(path) is None


@pytest.mark.parametrize(("path", "root"), [
    (("workers", "env", "A"), ("workers", "env", "A")),
    (("workers", "env", "A", "valueFrom", "fieldRef"), ("workers", "env", "A")),
    (("workerGroups", "g", "env", "A", "valueFrom"), ("workerGroups", "g", "env", "A")),
    (("workers", "env"), None),
    (("workers", "processes"), None),
])  # fmt: skip
def test_atomic(path, root):
    assert SETTINGS.atomic(path) == root


def test_the_defaults_layer_is_the_schema_s():
    leaves = SETTINGS.defaults().leaves
    assert leaves[("workers", "processes")].value == 2
    assert leaves[("workers", "replicas")].value == 2
    assert leaves[("workers", "resources", "limits", "memory")].value == "4Gi"
    assert leaves[("scheduler", "resources", "limits", "memory")].value == "2Gi"
    assert leaves[("autoscaling", "enabled")].value is False
    assert leaves[("networkPolicy", "clientLabels", "modelops.io/dask-client")].value == "true"
    assert {leaf.origin.layer for leaf in leaves.values()} == {"defaults"}


@pytest.mark.parametrize(
    ("tree", "wanted"),
    [
        ({"type": "array"}, []),
        ({"type": "string"}, ""),
        ({"type": "string", "pattern": "^x"}, None),
        ({"type": "string", "minLength": 1}, None),
        ({"type": "integer"}, None),
    ],
)
def test_nothing(tree, wanted):
    assert SettingsSchema.nothing(tree) == wanted


def test_groups_inherit_from_workers():
    assert SETTINGS.inherits == {("workerGroups",): ("workers",)}
