from __future__ import annotations

import re
from pathlib import Path

import pytest

from invoke import mops
from mops.checks.dask import settings as dask
from mops.checks.verdict import judge
from mops.config.sources import Request, gather
from mops.model.problems import WARNING
from mops.schema.fields import load_schema
from unit.rule_cases import FILES, LAYERED, LAYERS, VARIABLES, variables

DATA = Path(__file__).parent / "data"


def found(folder: Path, text: str, **asked):
    """The problems of a file, alone or with what else the request asks for."""
    file = folder / "layer.yaml"
    file.write_text(text)
    settings = load_schema()
    return judge(
        gather(Request(**{"config": (str(file),), **asked}), {}, settings), settings, files=True
    ).problems


@pytest.mark.parametrize(
    ("rule", "name", "text", "words"),
    VARIABLES,
    ids=[f"{rule} {name}={text}" for rule, name, text, _ in VARIABLES],
)
def test_a_variable_of_the_workers(tmp_path, rule, name, text, words):
    problems = [
        problem
        for problem in found(tmp_path, variables("worker", **{name: text}))
        if problem.check == rule
    ]
    assert [(problem.severity, problem.key) for problem in problems] == [
        (WARNING, f"workspace.worker_env.{name}")
    ]
    assert words in f"{problems[0].message} ({problems[0].hint})"
    assert problems[0].origin.place == f"{tmp_path}/layer.yaml:3:{7 + len(name)}"


# Correct variables that look like wrong ones.
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
    {"DASK_DISTRIBUTED__SCHEDULER__BANDWIDTH": "100MB"},
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
        "MODELOPS_STORAGE_DIR": "/tmp/x",
        "MODELOPS_FORCE_FRESH_VENV": "false",
    },
    {"GIT_PASSWORD": "$(A_SECRET)", "A_SECRET": ""},
    {"TOKEN_TTL": "30", "TOKEN_FILE": "/run/token", "DASK_TOKENIZE__ENSURE_DETERMINISTIC": "True"},
    {"PRICE": "$5, $$HOME and $UNKNOWN"},
]


@pytest.mark.parametrize("env", RIGHT, ids=str)
def test_what_is_right_is_not_reported(tmp_path, env):
    assert found(tmp_path, variables("worker", **env)) == []


def test_an_infinite_number_is_a_string_to_dask(tmp_path):
    env = {"DASK_DISTRIBUTED__SCHEDULER__WORKER_SATURATION": "inf"}
    assert found(tmp_path, variables("scheduler", **env)) == []


def test_a_correct_file_of_forty_variables_is_valid(tmp_path):
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
        "DASK_SCHEDULER__PRELOAD": (
            "Dask reads DASK_DISTRIBUTED__SCHEDULER__PRELOAD, "
            'which would import "dask_kubernetes" when the process starts; '
            "it does not start if the image has no such module"
        ),
        "DASK_SCHEDULER__DASHBOARD__ENABLED": (
            "remove it: the dashboard is a switch of `dask scheduler`, not a setting, "
            "and the chart always turns it on"
        ),
        "DASK_WORKER__MEMORY__TARGET": (
            "Dask reads DASK_DISTRIBUTED__WORKER__MEMORY__TARGET, which would change "
            "distributed.worker.memory.target from Dask's default 0.6 to 0.9"
        ),
        "DASK_WORKER__MEMORY__SPILL": (
            "Dask reads DASK_DISTRIBUTED__WORKER__MEMORY__SPILL, which would change "
            "distributed.worker.memory.spill from Dask's default 0.7 to 0.95"
        ),
        "DASK_WORKER__MEMORY__PAUSE": (
            "Dask reads DASK_DISTRIBUTED__WORKER__MEMORY__PAUSE, which would put pause 0.98 above "
            "terminate 0.95 (Dask default): workers would be killed before they pause"
        ),
    }
    assert len(problems) == 5


@pytest.mark.parametrize(("text", "expected"), FILES, ids=range(len(FILES)))
def test_a_file(tmp_path, text, expected):
    problems = found(tmp_path, text)
    rules = sorted(problem.check for problem in problems)
    assert rules == sorted(one.rule for one in expected), problems
    said = [(problem.check, f"{problem.message} {problem.hint}") for problem in problems]
    for one in expected:
        assert any(rule == one.rule and one.words in words for rule, words in said), said


@pytest.mark.parametrize(("asked", "expected"), LAYERS, ids=range(len(LAYERS)))
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


def test_null_over_nothing_makes_a_layer_idle(tmp_path):
    (tmp_path / "base.yaml").write_text(
        "workspace:\n  worker_processes: 1\n"
        "  worker_env: {A: {valueFrom: {secretKeyRef: {name: s, key: k}}}}\n"
    )
    request = {"config": (str(tmp_path / "base.yaml"), str(tmp_path / "layer.yaml"))}
    idle = found(tmp_path, "workspace: {worker_env: {NOPE: null}}", **request)
    assert [problem.check for problem in idle] == ["idle-layer"]
    # This null clears what the file below says, at another path.
    assert found(tmp_path, "workspace: {worker_env: {A: null}}", **request) == []


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


# A key in the wrong place, and the right one as the file would spell it.
WORKSPACE = "apiVersion: modelops/v1\nkind: Workspace\n"
MISPLACED = [
    (
        WORKSPACE
        + "spec:\n  autoscaling:\n    env: [{name: MODELOPS_EXECUTOR_TYPE, value: direct}]\n",
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
def test_a_misplaced_key_gets_the_right_place_as_a_hint(tmp_path, text, key, right):
    problems = [(problem.key, problem.message, problem.hint) for problem in found(tmp_path, text)]
    assert problems == [(key, "unknown setting", f"did you mean {right}?")]


def test_names_and_keys_are_each_other():
    for key in dask.facts().keys:
        assert dask.read(dask.name_of(key)) == ("setting", key, False)


@pytest.mark.parametrize(
    "text",
    [
        "{networkPolicy: {extraIngress: [{ports: [{port: 8790}, {port: http-dashboard}]}]}}",
        "{networkPolicy: {extraIngress: [{ports: [{port: 8000, endPort: 9000}]}]}}",
        "{networkPolicy: {extraIngress: [{ports: [{protocol: UDP}]}, {from: []}]}}",
        "{networkPolicy: {enabled: false, extraIngress: [{ports: [{port: 1}]}]}}",
        (
            "{networkPolicy: {extraIngress: [{ports: [{port: 80}, {port: web}]}]}, workers: "
            "{sidecars: [{name: a, image: a:1, ports: [{containerPort: 80, name: web}]}]}}"
        ),
        (
            "{networkPolicy: {extraIngress: [{ports: [{port: 1}]}]}, scheduler: "
            "{sidecars: [{name: a, image: a:1}]}}"
        ),
    ],
)
def test_ports_that_containers_listen_on_may_be_opened(tmp_path, text):
    problems = found(tmp_path, f"workspace: {text}")
    assert [problem for problem in problems if problem.check == "ingress-port"] == []
