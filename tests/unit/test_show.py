from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys

import pytest
import yaml

from invoke import ROOT, mops
from mops.config import derived
from mops.config.resolve import resolve
from mops.config.sources import Request, gather
from mops.report.table import Column, table
from mops.schema.fields import load_schema

FILE = """\
workspace:
  worker_processes: 3
  worker_memory: 8Gi
  worker_cpu: 4
  worker_env:
    MODELOPS_EXECUTOR_TYPE: isolated_warm
    API_TOKEN: hunter2
  profiles:
    debug: {worker_processes: 1, worker_env: {MODELOPS_EXECUTOR_TYPE: direct}}
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "a.yaml").write_text(FILE)
    return tmp_path


# As printed where there is no terminal, so that lines may be long.
TABLE = """\
SETTING                             VALUE     FROM         INSTEAD OF
workers.processes                   1         a.yaml:9:31  3 (a.yaml:2:21), 2 (default)
workers.threads                     2         --threads    1 (default)
workers.resources.requests.cpu      4         a.yaml:4:15  2 (default)
workers.resources.requests.memory   8Gi       a.yaml:3:18  4Gi (default)
workers.resources.limits.cpu        4         a.yaml:4:15  2 (default)
workers.resources.limits.memory     8Gi       a.yaml:3:18  4Gi (default)
workers.env.API_TOKEN               (hidden)  a.yaml:7:16
workers.env.MODELOPS_EXECUTOR_TYPE  direct    a.yaml:9:71  isolated_warm (a.yaml:6:29)

DERIVED                    VALUE                                         BECAUSE
namespace                  modelops-dask-dev                             modelops-dask-<environment>
objects                    Deployment/dask-scheduler
                           Service/dask-scheduler
                           Deployment/dask-workers
scheduler                  tcp://dask-scheduler.modelops-dask-dev:8786
dashboard                  http://dask-scheduler.modelops-dask-dev:8787
memory per process         7.75Gi                                        \
(8Gi - 256Mi reserve) / 1 processes
in total at 2 worker pods  2 processes, 4 threads, 9 CPU, 18Gi           \
CPU and memory as requested, with the scheduler
"""


def test_the_table(folder):
    done = mops(
        "config", "show", "--config", "a.yaml", "--profile", "debug", "--threads", "2", cwd=folder
    )
    assert done.code == 0
    assert done.out == TABLE


def test_workspace_config_show_is_the_same(folder):
    args = ("config", "show", "--config", "a.yaml")
    assert mops("workspace", *args, cwd=folder).out == mops(*args, cwd=folder).out


def test_defaults_are_shown_on_demand(folder):
    bare = mops("config", "show", cwd=folder)
    assert bare.out.startswith("Every setting has its default (--all shows them).\n\nDERIVED")
    every = mops("config", "show", "--all", cwd=folder).out
    assert re.search(r"^scheduler.port +8786 +default$", every, re.MULTILINE)
    settings = json.loads(mops("config", "show", "--all", "--format", "json", cwd=folder).out)[
        "settings"
    ]
    assert set(settings) == {line.split()[0] for line in every.split("\n\n")[0].splitlines()[1:]}


def test_a_cleared_value(folder):
    done = mops(
        "config", "show", "--config", "a.yaml", "--set", "workers.env.API_TOKEN=null", cwd=folder
    )
    assert re.search(
        r"^workers.env.API_TOKEN +\(cleared\) +--set workers.env.API_TOKEN +"
        r"\(hidden\) \(a.yaml:7:16\)$",
        done.out,
        re.MULTILINE,
    )


def test_json_and_yaml_hold_the_same(folder):
    given = (
        "--config",
        "a.yaml",
        "--profile",
        "debug",
        "--autoscaling",
        "--set",
        "workers.env.NAME=yes",
    )
    found = json.loads(mops("config", "show", "--format", "json", *given, cwd=folder).out)
    assert list(found) == ["layers", "settings", "derived"]
    assert found["layers"] == ["defaults", "a.yaml", "profile debug (a.yaml)", "command line"]
    assert found["settings"]["workers.processes"] == {
        "value": 1,
        "origin": {"layer": "profile debug (a.yaml)", "place": "a.yaml:9:31"},
        "shadowed": [
            {"value": 3, "origin": {"layer": "a.yaml", "place": "a.yaml:2:21"}},
            {"value": 2, "origin": {"layer": "defaults", "place": "default"}},
        ],
    }
    assert found["settings"] == json.loads(
        mops("config", "explain", "--format", "json", *given, cwd=folder).out
    )
    assert found["derived"]["memoryPerProcess"] == {"workers": (8 * 1024 - 256) * 1024 * 1024}
    assert found["derived"]["totals"][1] == {
        "pods": 10,
        "processes": 10,
        "threads": 10,
        "millicpu": 41_000,
        "memory": 82 * 2**30,
    }
    text = mops("config", "show", "--format", "yaml", *given, cwd=folder).out
    assert yaml.safe_load(text) == found
    assert 'value: "yes"' in text
    assert "hunter2" not in text + json.dumps(found)


@pytest.mark.parametrize("args", [("--format", "xml"), ("--format", "yaml", "--format", "json")])
def test_formats_that_there_are_not(folder, args):
    done = mops("config", "show", *args, cwd=folder)
    assert (done.code, done.out) == (2, "")
    assert done.err.startswith("mops: --format")


# A configuration, and what follows from it.
DERIVED = [
    (
        "",
        {
            "namespace": "modelops-dask-dev",
            "scheduler": "tcp://dask-scheduler.modelops-dask-dev:8786",
        },
    ),
    (
        "  release: {name: lab, namespace: x}\n  tls: {secretName: t}\n",
        {
            "namespace": "x",
            "scheduler": "tls://lab-scheduler.x:8786",
            "dashboard": "http://lab-scheduler.x:8787",
        },
    ),
    (
        "  environment: prod\n  scheduler: {port: 9000}\n",
        {
            "namespace": "modelops-dask-prod",
            "scheduler": "tcp://dask-scheduler.modelops-dask-prod:9000",
        },
    ),
    (
        "  autoscaling_enabled: true\n",
        {
            "objects": [
                "Deployment/dask-scheduler",
                "Service/dask-scheduler",
                "Deployment/dask-workers",
                "HorizontalPodAutoscaler/dask-workers",
            ]
        },
    ),
    (
        "  autoscaling: {enabled: true, type: keda, minWorkers: 3, maxWorkers: 3}\n",
        {
            "totals": [
                {"pods": 3, "processes": 6, "threads": 6, "millicpu": 7000, "memory": 14 * 2**30}
            ]
        },
    ),
    (
        (
            "  worker_replicas: 0\n  workerGroups:\n"
            "    big: {replicas: 3, threads: 2, resources: {requests: {cpu: 500m}}}\n"
        ),
        {
            "objects": [
                "Deployment/dask-scheduler",
                "Service/dask-scheduler",
                "Deployment/dask-workers",
                "Deployment/dask-workers-big",
            ],
            "memoryPerProcess": {"workers": 1920 * 2**20, "big": 1920 * 2**20},
            "totals": [
                {"pods": 0, "processes": 6, "threads": 12, "millicpu": 2500, "memory": 14 * 2**30}
            ],
        },
    ),
]


@pytest.mark.parametrize(("text", "expected"), DERIVED, ids=range(len(DERIVED)))
def test_derived(tmp_path, text, expected):
    file = tmp_path / "a.yaml"
    file.write_text(f"workspace:\n  worker_threads: 1\n{text}")
    gathered = gather(Request(config=(str(file),)), {}, load_schema())
    assert gathered.problems == ()
    found = derived.data(resolve(gathered.layers, load_schema()))
    assert {key: found[key] for key in expected} == expected


COLUMNS = (Column("A"), Column("B", shrinks=True), Column("C"), Column("D", shrinks=True))


@pytest.mark.parametrize(("width", "expected"), [
    (None, "A   B                     D\nkk  a value that is long  x\n"),
    (80, "A   B                     D\nkk  a value that is long  x\n"),
    (24, "A   B                  D\nkk  a value that i...  x\n"),
    (5, "A   B             D\nkk  a value t...  x\n"),
])  # fmt: skip
def test_a_table_drops_empty_columns_and_cuts_what_gives(width, expected):
    assert table(COLUMNS, [("kk", "a value that is long", "", "x")], width) == expected


def on_terminal(folder, **env: str) -> str:
    """What `config show` prints on a terminal of 60 columns."""
    kept = {name: os.environ[name] for name in ("PATH",)}
    primary, secondary = pty.openpty()
    command = [sys.executable, "-m", "mops", "config", "show", "-q", "--config", "a.yaml"]
    settings = {
        **kept,
        "HOME": "/nonexistent",
        "PYTHONPATH": str(ROOT / "src"),
        "COLUMNS": "60",
        "TERM": "xterm",
        **env,
    }
    with subprocess.Popen(
        command, cwd=folder, env=settings, stdout=secondary, stderr=subprocess.DEVNULL
    ) as process:
        os.close(secondary)
        data = b""
        while True:
            try:
                chunk = os.read(primary, 65536)
            except OSError:
                break
            if not chunk:
                break
            data += chunk
    os.close(primary)
    assert process.returncode == 0
    return data.decode().replace("\r\n", "\n")


def test_a_terminal_gets_colours_and_its_width(folder):
    shown = on_terminal(folder)
    assert "\x1b[1mSETTING\x1b[0m" in shown
    assert "\x1b[32m8Gi\x1b[0m" in shown
    plain = re.sub(r"\x1b\[[0-9]+m", "", shown)
    assert on_terminal(folder, NO_COLOR="1") == plain
    assert "\x1b" not in on_terminal(folder, TERM="dumb")
    wide = mops("config", "show", "--config", "a.yaml", cwd=folder).out
    assert [line.split()[0] for line in plain.splitlines() if line] == [
        line.split()[0] for line in wide.splitlines() if line
    ]
    assert max(map(len, plain.splitlines())) < max(map(len, wide.splitlines()))
