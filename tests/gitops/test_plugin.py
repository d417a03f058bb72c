"""The Argo CD plugin: its file, and `--from-argocd-env` in an environment like a sidecar's."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from gitops.trees import EXAMPLE, as_nobody, objects, only_root
from invoke import ROOT, helm, mops
from mops import __version__
from mops.gitops.plugin import PARAMETERS

# The fields of a plugin's file (Argo CD, cmpserver/plugin/config.go). It ignores all others, so a
# typo is not reported there.
FIELDS = {
    "": {"apiVersion": str, "kind": str, "metadata": dict, "spec": dict},
    "spec": {
        "version": str,
        "init": dict,
        "generate": dict,
        "discover": dict,
        "parameters": dict,
        "preserveFileMode": bool,
        "provideGitCreds": bool,
    },
    "spec.generate": {"command": list, "args": list},
    "spec.parameters": {"static": list, "dynamic": dict},
    "spec.parameters.static": {
        "name": str,
        "title": str,
        "tooltip": str,
        "required": bool,
        "itemType": str,
        "collectionType": str,
        "string": str,
        "array": list,
        "map": dict,
    },
}


def sidecar(folder: Path, tree: Path = EXAMPLE) -> Path:
    """The tree as a sidecar has it.

    Below a directory with a random name, all files 0644, no times, no .git.
    """
    here = folder / "_cmp_server" / os.urandom(8).hex()
    shutil.copytree(tree, here, copy_function=shutil.copyfile)
    for path in here.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
        os.utime(path, (0, 0))
    return here


def environment(parameters: Any = None, **more: str) -> dict[str, str]:
    """All that Argo CD sets, and nothing else: no HOME, no user."""
    if parameters is None:
        parameters = [{"name": "environment", "string": "dev"}]
    return {
        "PATH": f"{Path(helm()).parent}:/usr/bin:/bin",
        "PYTHONPATH": str(ROOT / "src"),
        "ARGOCD_APP_NAME": "dask-dev",
        "ARGOCD_APP_NAMESPACE": "team",
        "ARGOCD_APP_PROJECT_NAME": "dask",
        "ARGOCD_APP_REVISION": "0" * 40,
        "ARGOCD_APP_REVISION_SHORT": "0" * 7,
        "ARGOCD_APP_SOURCE_PATH": ".",
        "ARGOCD_APP_SOURCE_REPO_URL": "https://git.example.com/x.git",
        "ARGOCD_APP_SOURCE_TARGET_REVISION": "main",
        "KUBE_VERSION": "1.33",
        "KUBE_API_VERSIONS": "v1,apps/v1,apps/v1/Deployment",
        "ARGOCD_APP_PARAMETERS": (
            parameters if isinstance(parameters, str) else json.dumps(parameters)
        ),
        **more,
    }


def generate(here: Path, env: dict[str, str]) -> subprocess.CompletedProcess[bytes]:
    """What the plugin's command does, run as the sidecar runs it."""
    command = yaml.safe_load(mops("gitops", "cmp").out)["spec"]["generate"]["command"]
    assert command[0] == "mops"
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=here,
        env=env,
        capture_output=True,
        check=False,
        timeout=60,
    )


def test_the_file_has_known_fields_only() -> None:
    done = mops("gitops", "cmp")
    assert done.code == 0
    found = yaml.safe_load(done.out)

    def strict(node: dict[str, Any], path: str) -> None:
        for key, value in node.items():
            assert isinstance(value, FIELDS[path][key]), f"{path}.{key}"
            for entry in value if isinstance(value, list) else [value]:
                if isinstance(entry, dict) and key != "metadata":
                    strict(entry, f"{path}.{key}".lstrip("."))

    strict(found, "")
    assert (found["apiVersion"], found["kind"], found["metadata"]) == (
        "argoproj.io/v1alpha1",
        "ConfigManagementPlugin",
        {"name": "mops"},
    )
    command = found["spec"]["generate"]["command"]
    assert "--from-argocd-env" in command
    assert not any(word in command for word in ("sh", "bash", "-c"))
    assert not {"discover", "init"} & set(found["spec"])
    announced = {
        entry["name"]: entry.get("collectionType", "string")
        for entry in found["spec"]["parameters"]["static"]
    }
    assert announced == {name: parameter.kind for name, parameter in PARAMETERS.items()}


def test_the_dockerfile_installs_this_version_and_runs_as_nobody(tmp_path: Path) -> None:
    text = mops("gitops", "cmp", "Dockerfile").out
    assert f"mops-{__version__}-py3-none-any.whl[helm]" in text
    assert "\nUSER 999\n" in text
    assert [line.split()[0] for line in text.splitlines() if line and line[0].isupper()] == [
        "FROM",
        "COPY",
        "RUN",
        "COPY",
        "USER",
        "ENTRYPOINT",
    ]
    assert mops("gitops", "cmp", "-o", "sidecar/", cwd=tmp_path).code == 0
    assert sorted(path.name for path in (tmp_path / "sidecar").iterdir()) == [
        "Dockerfile",
        "plugin.yaml",
    ]


def test_two_runs_in_two_places_give_the_same_objects(tmp_path: Path) -> None:
    runs = [generate(sidecar(tmp_path), environment(TMPDIR=str(tmp_path))) for _ in range(2)]
    assert [run.returncode for run in runs] == [0, 0], runs[0].stderr
    assert runs[0].stdout == runs[1].stdout
    found = objects(runs[0].stdout.decode())
    assert len(found) > 4
    for entry in found:
        assert entry["apiVersion"]
        assert entry["kind"]
        assert entry["metadata"]["name"].startswith("dask-dev")
        assert entry["metadata"]["namespace"] == "team"
    assert not list((tmp_path / "_cmp_server").rglob("*.tmp"))


@only_root
def test_a_user_that_the_system_does_not_know(tmp_path: Path) -> None:
    here = sidecar(tmp_path)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    scratch.chmod(0o777)
    command = yaml.safe_load(mops("gitops", "cmp").out)["spec"]["generate"]["command"]
    done = as_nobody(here, environment(TMPDIR=str(scratch)), *command[1:])
    assert (done.returncode, done.stdout) == (0, generate(here, environment()).stdout), done.stderr


CASES = [
    pytest.param([{"name": "environment", "string": "prod"}], {}, 0, "", id="an environment"),
    pytest.param(
        [{"name": "layers", "array": ["base.yaml", "envs/prod/mops.yaml"]}], {}, 0, "", id="layers"
    ),
    pytest.param(
        [
            {"name": "environment", "string": "dev"},
            {"name": "set", "map": {"workers.processes": "3", "workers.env.A": "b=c"}},
        ],
        {},
        0,
        "",
        id="settings",
    ),
    pytest.param(
        [{"name": "environment", "string": "dev"}],
        {"ARGOCD_APP_NAME": "argocd_dask-dev"},
        0,
        "",
        id="an application outside of the namespace of Argo CD",
    ),
    pytest.param([], {}, 3, "neither environment nor layers is given", id="nothing"),
    pytest.param(
        [{"name": "environment", "string": "stage"}],
        {},
        3,
        "the fleet has no workspace stage",
        id="an environment that is not there",
    ),
    pytest.param(
        [{"name": "environment", "string": "prd"}], {}, 3, "did you mean prod?", id="a typo"
    ),
    pytest.param(
        [{"name": "enviroment", "string": "dev"}],
        {},
        3,
        "unknown parameter (did you mean environment?)",
        id="a parameter that is not there",
    ),
    pytest.param(
        [{"name": "environment", "array": ["dev"]}], {}, 3, "expected a string", id="the wrong kind"
    ),
    pytest.param(
        [{"name": "layers", "array": [1]}],
        {},
        3,
        "expected array of strings",
        id="the wrong kind inside",
    ),
    pytest.param(
        [{"name": "environment", "string": "dev"}] * 2,
        {},
        3,
        "duplicate parameter",
        id="twice",
    ),
    pytest.param("{}", {}, 3, "expected a JSON list of parameters", id="no list"),
    pytest.param("[", {}, 3, "expected a JSON list of parameters", id="no JSON"),
    pytest.param(
        [
            {"name": "environment", "string": "dev"},
            {"name": "set", "map": {"workers.processes": "many"}},
        ],
        {},
        3,
        "--set workers.processes",
        id="a bad setting",
    ),
    pytest.param(
        [{"name": "layers", "array": ["/etc/hostname"]}],
        {},
        3,
        "/etc/hostname is outside the repository",
        id="an absolute layer",
    ),
    pytest.param(
        [{"name": "layers", "array": ["../x.yaml"]}],
        {},
        3,
        "../x.yaml is outside the repository",
        id="a layer above the repository",
    ),
    pytest.param(None, {"KUBE_VERSION": ""}, 4, "KUBE_VERSION is not set", id="no cluster"),
    pytest.param(
        None, {"ARGOCD_APP_NAME": ""}, 4, "ARGOCD_APP_NAME is not set", id="no application"
    ),
]


@pytest.mark.parametrize(("parameters", "more", "code", "message"), CASES)
def test_parameters(
    tmp_path: Path, parameters: Any, more: dict[str, str], code: int, message: str
) -> None:
    done = mops(
        "render",
        "--quiet",
        "--from-argocd-env",
        cwd=sidecar(tmp_path),
        env={**environment(parameters), **more},
    )
    assert done.code == code, done.err
    assert message in done.err
    if code:
        assert done.out == ""
    else:
        assert {entry["metadata"]["namespace"] for entry in objects(done.out)} == {"team"}


def test_settings_are_above_all_files(tmp_path: Path) -> None:
    parameters = [
        {"name": "environment", "string": "dev"},
        {"name": "set", "map": {"workers.env.A": "b=c", "workers.env.MODELOPS_LOG_LEVEL": "ERROR"}},
    ]
    done = mops(
        "render", "--quiet", "--from-argocd-env", cwd=sidecar(tmp_path), env=environment(parameters)
    )
    (workers,) = (
        entry
        for entry in objects(done.out)
        if entry["kind"] == "Deployment" and entry["metadata"]["name"] == "dask-dev-workers"
    )
    env = {
        entry["name"]: entry.get("value")
        for entry in workers["spec"]["template"]["spec"]["containers"][0]["env"]
    }
    assert (env["A"], env["MODELOPS_LOG_LEVEL"]) == ("b=c", "ERROR")


def test_layers_may_lie_elsewhere_in_the_repository(tmp_path: Path) -> None:
    here = sidecar(tmp_path)
    parameters = [{"name": "layers", "array": ["../../base.yaml", "mops.yaml"]}]
    done = mops(
        "render",
        "--quiet",
        "--from-argocd-env",
        cwd=here / "envs/dev",
        env=environment(parameters, ARGOCD_APP_SOURCE_PATH="envs/dev"),
    )
    assert done.code == 0, done.err
    further = [{"name": "layers", "array": ["../../../x.yaml", "mops.yaml"]}]
    assert (
        mops(
            "render",
            "--quiet",
            "--from-argocd-env",
            cwd=here / "envs/dev",
            env=environment(further, ARGOCD_APP_SOURCE_PATH="envs/dev"),
        ).code
        == 3
    )


@pytest.mark.parametrize(
    "args",
    [
        ("--config", "base.yaml"),
        ("-o", "x"),
        ("--processes", "2"),
        ("--kube-version", "1.30"),
        ("--format", "values"),
        ("--annotate",),
        ("--check",),
    ],
)
def test_the_environment_says_everything(tmp_path: Path, args: tuple[str, ...]) -> None:
    done = mops("render", "--from-argocd-env", *args, cwd=sidecar(tmp_path), env=environment())
    assert (done.code, done.out) == (2, "")
    assert f"reads everything from the environment: remove {args[0]}\n" in done.err


def test_secrets_stay_out_of_what_argo_cd_shows(tmp_path: Path) -> None:
    here = sidecar(tmp_path)
    (here / "envs/dev/mops.yaml").write_text(
        "schema_version: 2\nworkspace:\n"
        "  worker_env: {MODELOPS_TOKEN: hunter2hunter2, BAD NAME: x}\n"
    )
    done = mops("render", "--from-argocd-env", cwd=here, env=environment())
    assert done.code == 3
    assert not re.search("hunter2", done.err + done.out)
