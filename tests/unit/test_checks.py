from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from invoke import ROOT, mops
from mops import checks
from mops.checks import daskconfig as dask
from mops.checks.verdict import judge
from mops.config.sources import Request, gather
from mops.model.problems import WARNING
from mops.schema.fields import load_schema

DATA = Path(__file__).parent / "data"
IMAGES = "ghcr.io/institutefordiseasemodeling/modelops-dask"


def found(folder: Path, text: str, **asked):
    """The problems of one file, with what else the request asks."""
    file = folder / "layer.yaml"
    file.write_text(text)
    settings = load_schema()
    return judge(
        gather(Request(config=(str(file),), **asked), {}, settings), settings, files=True
    ).problems


def variables(place: str, before: str = "workspace:\n", **env: str) -> str:
    lines = "".join(f"    {name}: {json.dumps(text)}\n" for name, text in env.items())
    return f"{before}  {place}_env:\n{lines}"


def with_image(tag: str, **env: str) -> str:
    return variables("worker", f"workspace:\n  worker_image: ghcr.io/dask/dask:{tag}\n", **env)


# A variable of the workers, its value, the check that warns, and what it says.
WORKER = [
    ("DASK_WORKER__MEMORY__TARGET", "0.65", "dask-ignored", "DASK_DISTRIBUTED__WORKER__MEMORY__TARGET, which would change distributed.worker.memory.target from Dask's default 0.6 to 0.65"),
    ("DASK_WORKER__MEMORY__TARGET", "0.90", "dask-ignored", "which would put target 0.9 above spill 0.7 (Dask default): target would have no effect"),
    ("DASK_WORKER__MEMORY__SPILL", "0.7", "dask-ignored", "DASK_DISTRIBUTED__WORKER__MEMORY__SPILL, which would change nothing: \"0.7\" is Dask's default"),
    ("DASK_WORKER__MEMORY__PAUSE", "0.98", "dask-ignored", "which would put pause 0.98 above terminate 0.95 (Dask default): workers would be killed before they pause"),
    ("DASK_WORKER__MEMORY__PAUSE", "high", "dask-ignored", 'and "high" is no value for it, which takes a number above 0 and at most 1 or False'),
    ("DASK__DISTRIBUTED__WORKER__MEMORY__SPILL", "0.75", "dask-ignored", "DASK_DISTRIBUTED__WORKER__MEMORY__SPILL"),
    ("DASK_DISTRIBUTED_WORKER_MEMORY_PAUSE", "0.75", "dask-ignored", "DASK_DISTRIBUTED__WORKER__MEMORY__PAUSE"),
    ("DASK_DISTRIBUTED__WORKER_MEMORY__PAUSE", "0.75", "dask-ignored", "DASK_DISTRIBUTED__WORKER__MEMORY__PAUSE"),
    ("DASK_DISTRIBUTED__WORKER__MEMROY__PAUSE", "0.75", "dask-ignored", "DASK_DISTRIBUTED__WORKER__MEMORY__PAUSE"),
    ("DASK_PRELOAD", "my.module", "dask-ignored", 'DASK_DISTRIBUTED__WORKER__PRELOAD, which would import "my.module" when the process starts'),
    ("DASK_LOG_LEVEL", "debug", "dask-ignored", "no setting of Dask has it"),
    ("DASK_DISTRIBUTED__WORKER", "5", "dask-ignored", "distributed.worker is a section, not a setting"),
    ("DASK_DISTRIBUTED__NANNY__PRE_SPAWN_ENVIRON__OMP_NUM_THREADS", "4", "dask-ignored", "set OMP_NUM_THREADS itself"),
    ("DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT", "soon", "dask-value", 'takes a time such as 30s, and Dask reads "soon" as text'),
    ("DASK_DISTRIBUTED__SCHEDULER__WORK_STEALING", "yes", "dask-value", "write True"),
    ("DASK_DISTRIBUTED__WORKER__MEMORY__REBALANCE__SENDER_MIN", "30%", "dask-value", "write 0.3"),
    ("DASK_DISTRIBUTED__WORKER__MULTIPROCESSING_METHOD", "thread", "dask-value", "spawn or fork or forkserver"),
    ("DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES", "-1", "dask-value", "a whole number at least 0"),
    ("DASK_DISTRIBUTED__SCHEDULER__ALLOWED_IMPORTS", "numpy", "dask-value", "write ['numpy']"),
    ("DASK_TEMPORARY_DIRECTORY", "12", "dask-value", "write '12' with its quotes"),
    ("DASK_DISTRIBUTED__WORKER__MEMORY__TARGET__X", "1", "dask-value", "distributed.worker.memory.target has nothing below it"),
    ("DASK_LOGGING__DISTRIBUTED", "loud", "dask-value", "this is no log level, and Dask fails when it is imported"),
    ("DASK_LOGGING__DISTRIBUTED__WORKER", "info", "dask-value", "a map of a logger's name"),
    ("DASK_SCHEDULER", "tcp://dask-scheduler:8786", "dask-side-effect", "write DASK_SCHEDULER_ADDRESS"),
    ("DASK_INTERNAL_INHERIT_CONFIG", "e30=", "dask-side-effect", "remove it"),
    ("DASK_CONFIG", "/etc/dask-team", "dask-side-effect", "no volumeMount provides"),
    ("DASK_WORKER_MEMORY_TARGET", "0.65", "dask-deprecated", "write DASK_DISTRIBUTED__WORKER__MEMORY__TARGET"),
    ("DASK_WORKER_MEMORY_TARGET", "0.75", "memory-thresholds", "target 0.75 is above spill 0.7 (Dask default)"),
    ("DASK_SHUFFLE", "tasks", "dask-deprecated", "write DASK_DATAFRAME__SHUFFLE__METHOD"),
    ("dask_distributed__worker__memory__target", "0.5", "dask-case", "write DASK_DISTRIBUTED__WORKER__MEMORY__TARGET"),
    ("Dask_Worker__Memory__Target", "0.5", "dask-case", "write DASK_DISTRIBUTED__WORKER__MEMORY__TARGET"),
    ("MODELOPS_VALIDATE_DEPS", "true", "modelops-unused", "never uses it"),
    ("MODELOPS_COLD_DEBUG", "1", "modelops-unused", "nothing reads this variable"),
    ("MODELOPS_OVERRIDE_PROCESSES", "3", "modelops-unused", "for the shell that runs mops"),
    ("MODELOPS_EXCUTOR_TYPE", "direct", "modelops-unknown", "did you mean MODELOPS_EXECUTOR_TYPE?"),
    ("modelops_executor_type", "direct", "modelops-case", "write MODELOPS_EXECUTOR_TYPE"),
    ("REUSE", "1", "modelops-no-effect", "the executor isolated_warm (the runtime's default): only cold reads it"),
    ("API_TOKEN", "abc", "secret", "valueFrom.secretKeyRef"),
    ("INDEX", "https://user:hunter2@pypi.example.com", "secret", "looks like a credential"),
    ("CACHE", "$HOME/cache", "reference", "Kubernetes expands $(HOME)"),
    ("CACHE", "${POD_NAME}/x", "reference", "${POD_NAME} stays text: no shell reads it"),
    ("TOOLS", "/opt/bin:$PATH", "reference", "$(PATH), where PATH is among these variables"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "text", "check", "words"), WORKER, ids=[f"{name}={text}" for name, text, *_ in WORKER]
)
def test_a_variable_of_the_workers(tmp_path, name, text, check, words):
    problems = [
        problem
        for problem in found(tmp_path, variables("worker", **{name: text}))
        if problem.check == check
    ]
    assert [(problem.severity, problem.key) for problem in problems] == [
        (WARNING, f"workspace.worker_env.{name}")
    ]
    assert words in f"{problems[0].message} ({problems[0].hint})"
    assert problems[0].origin.place == f"{tmp_path}/layer.yaml:3:{7 + len(name)}"


# What is right, though it looks like something that is not.
RIGHT = [
    {"DASK_DISTRIBUTED__WORKER__MEMORY__TARGET": "0.5"},
    {"DASK_distributed__worker__Memory__target": "0.5"},
    {"DASK_DISTRIBUTED__WORKER": "{'memory': {'target': 0.5}}"},
    {"DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "60"},
    {"DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT": "1.5 minutes"},
    {"DASK_DISTRIBUTED__COMM__RETRY__DELAY__MIN": "1e-2 s"},
    {"DASK_DISTRIBUTED__WORKER__MEMORY__SPILL_COMPRESSION": "none"},
    {"DASK_DISTRIBUTED__WORKER__PROFILE__ENABLED": "0"},
    {"DASK_DISTRIBUTED__WORKER__PRELOAD": "['a', 'b']"},
    {"DASK_DISTRIBUTED__SCHEDULER__WORKER_SATURATION": "inf"},
    {"DASK_LOGGING__DISTRIBUTED": "10"},
    {"DASK_LOGGING__VERSION": "1", "DASK_LOGGING__ROOT__LEVEL": "INFO"},
    {"DASK_GATEWAY__ADDRESS": "http://gateway"},
    {"DASK_MY_TEAM__SETTING": "x"},
    {"DASK_SCHEDULER": "threads"},
    {"DASK_SCHEDULER_ADDRESS": "tcp://dask-scheduler:8786"},
    {"DASKHUB": "x", "MY_DASK_THING": "x"},
    {"MODELOPS_PRIVATE_PACKAGE_SETTING": "x"},
    {"MODELOPS_EXECUTOR_TYPE": "cold", "REUSE": "true", "PRESERVE_TMP": "0"},
    {
        "MODELOPS_EXECUTOR_TYPE": "direct",
        "MODELOPS_STORAGE_DIR": "/x",
        "MODELOPS_FORCE_FRESH_VENV": "false",
    },
    {"GIT_PASSWORD": "$(A_SECRET)", "A_SECRET": ""},
    {"TOKEN_TTL": "30", "TOKEN_FILE": "/run/token", "DASK_TOKENIZE__ENSURE_DETERMINISTIC": "True"},
    {"PRICE": "$5, $$HOME and $UNKNOWN"},
]


@pytest.mark.parametrize("env", RIGHT, ids=str)
def test_what_is_right_is_let_be(tmp_path, env):
    assert found(tmp_path, variables("worker", **env)) == []


def test_nothing_is_said_of_a_correct_file_of_forty_variables(tmp_path):
    text = (DATA / "forty.yaml").read_text()
    assert len(re.findall(r"^ {6}[A-Z_]+[A-Z0-9_]*: ", text, re.MULTILINE)) >= 40
    done = mops(
        "config", "validate", "--strict", "--config", str(DATA / "forty.yaml"), cwd=tmp_path
    )
    assert (done.code, done.out, done.err) == (
        0,
        "valid\n",
        f"mops: layers: defaults < {DATA}/forty.yaml\n",
    )


def test_the_five_dead_names_are_flagged_together(tmp_path):
    scheduler = variables(
        "scheduler",
        DASK_SCHEDULER__PRELOAD="dask_kubernetes",
        DASK_SCHEDULER__DASHBOARD__ENABLED="true",
    )
    workers = variables(
        "worker",
        "",
        DASK_WORKER__MEMORY__TARGET="0.90",
        DASK_WORKER__MEMORY__SPILL="0.95",
        DASK_WORKER__MEMORY__PAUSE="0.98",
    )
    problems = found(tmp_path, scheduler + workers)
    hints = {
        problem.key.rsplit(".", 1)[1]: problem.hint
        for problem in problems
        if problem.check == "dask-ignored"
    }
    assert hints == {
        "DASK_SCHEDULER__PRELOAD": 'Dask reads DASK_DISTRIBUTED__SCHEDULER__PRELOAD, which would import "dask_kubernetes" when the process starts and stop it where the image has no such module',
        "DASK_SCHEDULER__DASHBOARD__ENABLED": "remove it: the dashboard is a switch of `dask scheduler`, not a setting, and the chart always turns it on",
        "DASK_WORKER__MEMORY__TARGET": "Dask reads DASK_DISTRIBUTED__WORKER__MEMORY__TARGET, which would change distributed.worker.memory.target from Dask's default 0.6 to 0.9",
        "DASK_WORKER__MEMORY__SPILL": "Dask reads DASK_DISTRIBUTED__WORKER__MEMORY__SPILL, which would change distributed.worker.memory.spill from Dask's default 0.7 to 0.95",
        "DASK_WORKER__MEMORY__PAUSE": "Dask reads DASK_DISTRIBUTED__WORKER__MEMORY__PAUSE, which would put pause 0.98 above terminate 0.95 (Dask default): workers would be killed before they pause",
    }
    assert len(problems) == 5


# A whole file, and the checks that warn, each with a part of what it says.
FILES = [
    (variables("worker", DASK_WORKER__MEMORY__SPILL="0.8", DASK_DISTRIBUTED__WORKER__MEMORY__SPILL="0.75"), [("dask-ignored", "which is set too and counts")]),
    (
        variables("worker", DASK_WORKER_MEMORY_SPILL="0.8", DASK_DISTRIBUTED__WORKER__MEMORY__SPILL="0.75"),
        [("dask-deprecated", "wins over DASK_DISTRIBUTED__WORKER__MEMORY__SPILL, which is set too")],
    ),
    (variables("worker", DASK_LOGGING="info", DASK_LOGGING__DISTRIBUTED="info"), [("dask-conflict", "fails when it is imported")]),
    (variables("worker", DASK_X__Y="{'a': 1}", DASK_X__Y__B="2"), []),
    (variables("worker", DASK_ARRAY__CHUNK_SIZE="1MB", DASK_array__chunk_size="2MB"), [("dask-conflict", "are one setting to Dask, and DASK_array__chunk_size wins")]),
    (variables("worker", MODELOPS_EXECUTOR_TYPE="cold", MODELOPS_EXECUTOR="direct"), [("modelops-executor", "no effect beside MODELOPS_EXECUTOR_TYPE")]),
    (variables("worker", MODELOPS_EXECUTOR_TYPE="cold", REUSE="yes"), [("modelops-false", 'takes "yes" for false')]),
    (variables("worker", MODELOPS_EXECUTOR_TYPE="direct", MODELOPS_FORCE_FRESH_VENV="true"), [("modelops-no-effect", "the executor direct: only isolated_warm reads it")]),
    (variables("scheduler", MODELOPS_EXECUTOR_TYPE="direct"), [("modelops-no-effect", "the scheduler, which runs no simulations")]),
    ("workspace:\n  worker_env:\n    DASK_WORKER__MEMORY__SPILL: {valueFrom: {configMapKeyRef: {name: a, key: b}}}\n", [("dask-ignored", "")]),
    (
        f"workspace:\n  worker_image: {IMAGES}-worker\n  scheduler_image: {IMAGES}-scheduler:main\n",
        [("image-tag", "no tag, which means latest,"), ("image-tag", "the tag main"), ("image-versions", "the worker image latest")],
    ),
    (f"workspace:\n  worker_image: {IMAGES}-worker:1.2.0\n", [("image-versions", "the scheduler image has the tag latest and the worker image 1.2.0")]),
    (f"workspace:\n  worker_image: {IMAGES}-worker:1.2.0\n  scheduler_image: {IMAGES}-scheduler:1.2.0\n", []),
    (f"workspace:\n  worker_image: {IMAGES}-worker@sha256:{'a' * 64}\n  scheduler_image: {IMAGES}-scheduler:latest@sha256:{'b' * 64}\n", []),
    ("workspace:\n  worker_image: registry.example.com:5000/team/model:3\n  scheduler_image: ghcr.io/dask/dask:2024.10.0\n", []),
    ("workspace:\n  workers:\n    sidecars: [{name: a, image: busybox}]\n", [("image-tag", "busybox has no tag")]),
    ("workspace:\n  worker_replicas: 4\n  autoscaling_enabled: true\n", [("replicas-owned", "4 replicas have no effect: autoscaling is on and keeps 2 to 10")]),
    ("workspace:\n  worker_replicas: 4\n", []),
    ("workspace:\n  workers:\n    extraArgs: [--name-prefix, $(POD_NAME), --x, $(NOWHERE)]\n", [("reference", "$(NOWHERE) names no variable")]),
    ("workspace:\n  workers:\n    extraArgs: [$(NOWHERE)]\n    envFrom: [{secretRef: {name: a}}]\n", []),
    ("workspace:\n  workers:\n    volumes: [{name: a, emptyDir: {}}]\n    volumeMounts: [{name: a, mountPath: /a, subPathExpr: $(NODE)}]\n", [("reference", "$(NODE)")]),
    ("workspace:\n  workers:\n    podAnnotations: {a/b: https://me:hunter2@example.com}\n", [("secret", "looks like a credential")]),
    (with_image("2026.8.0", DASK_DISTRIBUTED__COMM__UCX__TCP="True"), [("dask-version", "known in 2024.10.0 only")]),
    (with_image("2024.8.0-py3.11", DASK_OPTIMIZATION__TUNE__ACTIVE="True"), [("dask-version", "known in 2026.8.0 only")]),
    (with_image("2025.3.0", DASK_OPTIMIZATION__TUNE__ACTIVE="True"), []),
    ("workspace:\n  worker_processes: 2\n  worker_env: {}\n", []),
    (variables("worker", "workspace:\n  workerGroups: {big: {replicas: 1}}\n", DASK_LOG_LEVEL="debug"), [("dask-ignored", "")]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), FILES, ids=range(len(FILES)))
def test_a_file(tmp_path, text, expected):
    problems = found(tmp_path, text)
    assert sorted(problem.check for problem in problems) == sorted(
        check for check, _ in expected
    ), problems
    said = [(problem.check, f"{problem.message} {problem.hint}") for problem in problems]
    assert all(
        any(check == name and words in message for name, message in said)
        for check, words in expected
    ), said


LAYERED = """\
workspace:
  worker_processes: 1
  worker_env: {MODELOPS_EXECUTOR_TYPE: isolated_warm, MODELOPS_MAX_WARM_PROCESSES: 16}
  profiles:
    same: {worker_processes: 1}
    warm: {worker_env: {MODELOPS_EXECUTOR_TYPE: direct, MODELOPS_RPC_TIMEOUT_SECONDS: 60}}
    defaults: {worker_threads: 1}
    other: {worker_processes: 4, worker_cpu: 4}
"""


@pytest.mark.parametrize(("asked", "expected"), [
    ({}, []),
    ({"debug_mode": True}, []),  # the file's settings are for the executor that the file chooses
    ({"profiles": ("warm",)}, [("modelops-no-effect", "layer.yaml:6:87", "direct")]),
    ({"profiles": ("same",)}, [("idle-layer", "layer.yaml:5:30", "it says what the layers below it say")]),
    ({"profiles": ("defaults",)}, [("idle-layer", "layer.yaml:7:32", "it says what the layers below it say")]),
    ({"profiles": ("other", "same"), "overrides": (("--processes", "3"),)}, [("idle-layer", "layer.yaml:5:30", "higher layers override all that it says")]),
    ({"profiles": ("other",), "overrides": (("--processes", "4"), ("--worker-cpu", "4"))}, [
        ("idle-layer", "--processes", "it says what the layers below it say"),
    ]),
    ({"overrides": (("--replicas", "2"),)}, [("idle-layer", "--replicas", "it says what the layers below it say")]),
    ({"overrides": (("--replicas", "5"), ("--autoscaling", "true"))}, [("replicas-owned", "--replicas", "5 replicas")]),
])  # fmt: skip
def test_layers(tmp_path, asked, expected):
    problems = found(tmp_path, LAYERED, **asked)
    places = [
        (problem.check, problem.origin.place.rsplit("/", 1)[-1], problem.message)
        for problem in problems
    ]
    assert [place[:2] for place in places] == [entry[:2] for entry in expected], places
    assert all(words in place[2] for (*_, words), place in zip(expected, places, strict=True)), (
        places
    )


def test_a_file_may_state_the_defaults(tmp_path):
    assert found(tmp_path, "workspace:\n  worker_processes: 2\n  worker_threads: 1\n") == []


def test_a_rendered_file_is_as_quiet_as_what_it_was_rendered_from(tmp_path):
    (tmp_path / "a.yaml").write_text("workspace:\n  autoscaling_enabled: true\n")
    done = mops("render", "--config", "a.yaml", "-o", "values.yaml", cwd=tmp_path)
    assert "warning" not in done.err
    assert "warning" not in mops("render", "--config", "values.yaml", cwd=tmp_path).err


def test_render_warns_and_strict_refuses(tmp_path):
    (tmp_path / "a.yaml").write_text(variables("worker", DASK_LOG_LEVEL="debug"))
    done = mops("render", "--config", "a.yaml", cwd=tmp_path)
    assert done.code == 0
    assert (
        "mops: a.yaml:3:21: warning: workspace.worker_env.DASK_LOG_LEVEL: Dask ignores this name"
        in done.err
    )
    assert done.err.rstrip().endswith("[dask-ignored]")
    strict = mops("render", "--strict", "--config", "a.yaml", cwd=tmp_path)
    assert (strict.code, strict.out) == (3, "")
    assert "invalid configuration: 1 error" in strict.err


def test_no_warning_shows_a_secret(tmp_path):
    secrets = {
        "API_TOKEN": "hunter2",
        "DASK_WORKER__PASSWORD": "hunter2",
        "INDEX": "https://me:hunter2@example.com",
        "DASK_LOGGING__API_TOKEN": "hunter2",
    }
    (tmp_path / "a.yaml").write_text(variables("worker", **secrets))
    done = mops("config", "validate", "--config", "a.yaml", cwd=tmp_path)
    assert done.err.count("[secret]") == 4
    assert "hunter2" not in done.err + done.out


def test_every_check_is_listed_and_explained():
    names = [name for name, _ in checks.listed()]
    assert len(set(names)) == len(names)
    sections = re.findall(r"^### (\S+)$", (ROOT / "docs" / "checks.md").read_text(), re.MULTILINE)
    assert sections == names
    literals = {
        name
        for path in (ROOT / "src" / "mops").rglob("*.py")
        for name in re.findall(r'check="([a-z-]+)"', path.read_text())
    }
    assert literals <= set(names)
    done = mops("config", "validate", "--list-checks")
    assert [line.split("  ")[0] for line in done.out.splitlines()[1:]] == names
    assert json.loads(mops("config", "validate", "--list-checks", "--format", "json").out) == dict(
        checks.listed()
    )


# A key at the wrong place, and the right one as the file would write it.
WORKSPACE = "apiVersion: modelops/v1\nkind: Workspace\n"
MISPLACED = [
    (
        WORKSPACE
        + "spec:\n  autoscaling:\n    env:\n      - {name: MODELOPS_EXECUTOR_TYPE, value: direct}\n",
        "spec.autoscaling.env",
        "spec.workers.env",
    ),
    (
        WORKSPACE + "spec:\n  scheduler:\n    threads: 2\n",
        "spec.scheduler.threads",
        "spec.workers.threads",
    ),
    (WORKSPACE + "spec:\n  min_workers: 2\n", "spec.min_workers", "spec.autoscaling.min_workers"),
    (WORKSPACE + "spec:\n  worker_env: {}\n", "spec.worker_env", "spec.workers.env"),
    (WORKSPACE + "spec:\n  namespace: x\n", "spec.namespace", "metadata.namespace"),
    (WORKSPACE + "processes: 2\n", "processes", "spec.workers.processes"),
    (
        WORKSPACE + "spec:\n  workers:\n    resources: {memory: 4Gi}\n",
        "spec.workers.resources.memory",
        "spec.workers.resources.requests.memory or spec.workers.resources.limits.memory",
    ),
    (
        WORKSPACE + "spec:\n  profiles: {p: {env: {}}}\n",
        "spec.profiles.p.env",
        "spec.profiles.p.workers.env",
    ),
    (
        "workspace:\n  autoscaling:\n    env: {}\n",
        "workspace.autoscaling.env",
        "workspace.worker_env",
    ),
    (
        "workspace:\n  autoscaling:\n    worker_env: {}\n",
        "workspace.autoscaling.worker_env",
        "workspace.worker_env",
    ),
    (
        "workspace:\n  worker_node_selector: {}\n",
        "workspace.worker_node_selector",
        "workspace.workers.nodeSelector",
    ),
    (
        "worker_processes: 2\nworkspace:\n  worker_threads: 1\n",
        "worker_processes",
        "workspace.worker_processes",
    ),
    (
        "workspace:\n  profiles:\n    p:\n      scheduler: {worker_env: {}}\n",
        "workspace.profiles.p.scheduler.worker_env",
        "workspace.profiles.p.worker_env",
    ),
    ("autoscaling:\n  env: {}\n", "autoscaling.env", "workers.env"),
    ("autoscaling:\n  port: 8786\n", "autoscaling.port", "scheduler.port"),
]


@pytest.mark.parametrize(("text", "key", "right"), MISPLACED, ids=[key for _, key, _ in MISPLACED])
def test_a_misplaced_key_is_told_where_it_belongs(tmp_path, text, key, right):
    problems = [(problem.key, problem.message, problem.hint) for problem in found(tmp_path, text)]
    assert problems == [(key, "unknown setting", f"did you mean {right}?")]


def test_names_and_keys_are_each_other():
    for key in dask.facts().keys:
        assert dask.read(dask.name_of(key)) == (dask.KEY, key, False)
