"""The two situations that mops is there for, with real helm at the end."""

from __future__ import annotations

import json
import shutil

import pytest

from invoke import ROOT, environment, manifests, mops, objects


@pytest.fixture
def confusion(tmp_path):
    """A home file with three processes, and an example with four in the working directory."""
    home = tmp_path / "home"
    (home / ".modelops").mkdir(parents=True)
    (home / ".modelops" / "modelops.yaml").write_text(
        "workspace:\n  worker_processes: 3\n  worker_threads: 1\n  worker_cpu: 4\n"
    )
    work = tmp_path / "work"
    (work / "examples").mkdir(parents=True)
    shutil.copy(ROOT / "examples" / "workspace.yaml", work / "examples")
    return work, {"HOME": str(home)}


WARNING = (
    "mops: warning: examples/workspace.yaml is in this directory but is not a layer (use --config "
    "examples/workspace.yaml to make it one)\n"
)


def test_which_of_two_files_is_active_is_said(confusion):
    work, environ = confusion
    done = mops("config", "explain", "workers.processes", "--format", "json", cwd=work, env=environ)
    told = json.loads(done.out)["workers.processes"]
    assert (told["value"], told["origin"]["place"]) == (
        3,
        f"{environ['HOME']}/.modelops/modelops.yaml:2:21",
    )
    assert WARNING in done.err
    switched = mops(
        "config",
        "explain",
        "workers.processes",
        "--format",
        "json",
        "--config",
        "examples/workspace.yaml",
        cwd=work,
        env=environ,
    )
    told = json.loads(switched.out)["workers.processes"]
    line = 1 + (work / "examples" / "workspace.yaml").read_text().splitlines().index(
        "    processes: 4"
    )
    assert (told["value"], told["origin"]["place"]) == (4, f"examples/workspace.yaml:{line}:16")
    assert "not a layer" not in switched.err


def test_the_pods_have_what_explain_says(confusion):
    work, environ = confusion
    for args, processes in (((), "3"), (("--config", "examples/workspace.yaml"), "4")):
        done = mops("render", "-q", *args, cwd=work, env=environ)
        (found,) = objects(manifests(done.out))
        arguments = found["Deployment/dask-workers"]["spec"]["template"]["spec"]["containers"][0][
            "args"
        ]
        assert arguments[arguments.index("--nworkers") + 1] == processes


ROUTES = {
    "--debug-mode": (["--debug-mode"], {}),
    "flags": (["--processes", "1", "--threads", "1", "--executor-type", "direct"], {}),
    "a variable": ([], {"MODELOPS_OVERRIDE_EXECUTOR_TYPE": "direct"}),
    "a profile": (["--config", "examples/modelops.yaml", "--profile", "debug"], {}),
    "a profile in a variable": (
        ["--config", "examples/workspace.yaml"],
        {"MODELOPS_PROFILE": "debug"},
    ),
    "--set": (["--set", "worker_env.MODELOPS_EXECUTOR_TYPE=direct"], {}),
}


@pytest.mark.chart
@pytest.mark.parametrize("route", ROUTES)
def test_every_way_to_the_direct_executor(route):
    args, environ = ROUTES[route]
    done = mops("render", "-q", *args, cwd=ROOT, env=environ)
    assert done.code == 0, done.err
    text = manifests(done.out)
    assert (
        text.count("name: MODELOPS_EXECUTOR_TYPE") + text.count('name: "MODELOPS_EXECUTOR_TYPE"')
        == 1
    )
    (found,) = objects(text)
    assert environment(found)["MODELOPS_EXECUTOR_TYPE"] == "direct"
    assert "MODELOPS_EXECUTOR_TYPE" not in environment(found, "dask-scheduler")
