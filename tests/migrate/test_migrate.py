"""Every generation of the older tool's files: the document, the table, and the pods."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from invoke import helm
from migrate import old_pods
from mops.cli import main
from mops.edit.migrate import migrate
from mops.model import bundle
from mops.schema.fields import load_schema

FIXTURES = Path(__file__).parents[1] / "migrate" / "fixtures"
CASES = sorted(folder.name for folder in FIXTURES.iterdir())

# What the fixture's pods differ in, besides the constant differences: fact -> keys of the rows of
# the table that report it. The memory limit of a process differs everywhere, by the reserve; its
# row must name both figures.
DIFFER: dict[str, dict[str, tuple[str, ...]]] = {
    "modelops-2025-12-dask-env": {"worker.env": ("workspace.worker_env",)},
    "modelops-2026-01-latest": {"worker.env": ("workspace.worker_env",)},
    "modelops-edited-env": {"worker.env": ("workspace.worker_env",)},
    "modelops-drop-defaults": {
        "worker.requests": ("workspace.worker_memory", "workspace.worker_cpu"),
        "worker.limits": ("workspace.worker_memory", "workspace.worker_cpu"),
        "worker.nworkers": ("workspace.worker_processes",),
        "hpa": ("workspace.autoscaling_enabled",),
        "worker.replicas": ("workspace.autoscaling_enabled",),
    },
    "workspace-2025-09-first": {
        "scheduler.env": ("spec.scheduler.env.DASK_SCHEDULER__DASHBOARD__ENABLED",),
        "worker.env": (
            "spec.workers.env.DASK_WORKER__MEMORY__TARGET",
            "spec.workers.env.DASK_WORKER__MEMORY__SPILL",
        ),
    },
    "workspace-misplaced-env-intended": {"worker.env": ("spec.autoscaling.env",)},
    "workspace-worker-count": {"scheduler.replicas": ("spec.scheduler.replicas",)},
    "workspace-in-vain-intended": {
        "worker.requests": ("spec.workers.resources",),
        "worker.limits": ("spec.workers.resources",),
        "hpa": ("spec.workers.min_replicas",),
    },
    "workspace-yaml-1.1": {
        "worker.env": ("spec.workers.env.DASK__DISTRIBUTED__WORKER__MEMORY__SPILL",)
    },
    "infrastructure-flat-resources-intended": {
        f"{role}.{kind}": (f"workspace.spec.{section}.resources",)
        for role, section in (("scheduler", "scheduler"), ("worker", "workers"))
        for kind in ("requests", "limits")
    },
    "workspace-today": {
        "scheduler.env": tuple(
            f"spec.scheduler.env.DASK_SCHEDULER__{name}"
            for name in ("DASHBOARD__ENABLED", "PRELOAD")
        ),
        "worker.env": tuple(
            f"spec.workers.env.DASK_WORKER__MEMORY__{name}" for name in ("TARGET", "SPILL", "PAUSE")
        ),
    },
}
DIFFER["workspace-cold"] = DIFFER["workspace-today"]
WITHOUT_PODS = {"config-alone", "infrastructure-without-workspace"}


@pytest.fixture(autouse=True)
def _nothing_selected(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("MODELOPS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", "/nonexistent")


def given(case: str) -> tuple[list[str], list[str]]:
    """The options and the files of a case."""
    args = FIXTURES / case / "args"
    return args.read_text().split() if args.exists() else [], sorted(
        os.listdir(FIXTURES / case / "in")
    )


@pytest.mark.parametrize("case", CASES)
def test_document_and_table(
    case: str, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], *, update: bool
) -> None:
    monkeypatch.chdir(FIXTURES / case / "in")
    options, names = given(case)
    assert main(["migrate", *options, *names]) == 0
    out, table = capfd.readouterr()
    for name, text in (("out.yaml", out), ("table.txt", table)):
        path = FIXTURES / case / name
        if update:
            path.write_bytes(text.encode())
        assert path.read_bytes().decode() == text


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 25
    assert set(CASES) > WITHOUT_PODS
    assert set(DIFFER) < set(CASES)


@pytest.mark.parametrize("case", CASES)
def test_result_is_todays(case: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """The result validates, and migrating it again does nothing."""
    file = tmp_path / "modelops.yaml"
    file.write_bytes((FIXTURES / case / "out.yaml").read_bytes())
    assert main(["config", "validate", str(file)]) == 0, capfd.readouterr().err
    assert main(["migrate", "--check", str(file)]) == 0
    assert main(["migrate", "--write", str(file)]) == 0
    assert file.read_bytes() == (FIXTURES / case / "out.yaml").read_bytes()
    assert os.listdir(tmp_path) == ["modelops.yaml"]


@pytest.mark.parametrize("case", [case for case in CASES if case not in WITHOUT_PODS])
def test_pods_are_as_they_were(
    case: str, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What differs is in the table, and nothing else differs."""
    monkeypatch.chdir(FIXTURES / case / "in")
    options, names = given(case)
    assert main(["migrate", *options, "--format", "json", *names]) == 0
    (told,) = json.loads(capfd.readouterr().out)
    was, now = old_facts(case), new_facts(told["text"], tmp_path, capfd)
    allowed = DIFFER.get(case, {})
    differ = {fact for fact in was.keys() | now.keys() if was.get(fact) != now.get(fact)}
    assert (
        differ - {"worker.memory"}
        == {fact for fact in allowed if was.get(fact) != now.get(fact)}
        == set(allowed)
    ), {fact: (was.get(fact), now.get(fact)) for fact in differ}
    keys = {
        change["key"]
        for change in told["changes"]
        if change["action"] in ("differs", "dropped", "changed", "added")
    }
    assert keys >= {key for rows in allowed.values() for key in rows}
    if "worker.memory" in differ:
        rows = [
            change["why"] for change in told["changes"] if "--memory-limit was" in change["why"]
        ]
        assert len(rows) == 1
        assert f"--memory-limit was {was['worker.memory']} each" in rows[0]
        assert f"now it is {now['worker.memory']} bytes" in rows[0]
    else:
        assert was["worker.memory"] == now["worker.memory"]


def old_facts(case: str) -> dict[str, Any]:
    read = {
        name: yaml.safe_load((FIXTURES / case / "in" / name).read_text()) for name in given(case)[1]
    }
    if "modelops.yaml" in read:
        return old_pods.of_unified(read["modelops.yaml"])
    if "workspace.yaml" in read:
        return old_pods.of_workspace(read["workspace.yaml"])
    (infrastructure,) = (document for name, document in read.items() if name != "config.yaml")
    environment = read["config.yaml"]["defaults"]["environment"] if "config.yaml" in read else "dev"
    return old_pods.of_workspace(infrastructure["workspace"], f"modelops-dask-{environment}")


def new_facts(text: str, folder: Path, capfd: pytest.CaptureFixture[str]) -> dict[str, Any]:
    file, values = folder / "in.yaml", folder / "values.yaml"
    file.write_text(text, newline="")
    assert main(["render", "--config", str(file), "-o", str(values)]) == 0
    assert main(["config", "explain", "--config", str(file), "release", "--format", "json"]) == 0
    release = json.loads(capfd.readouterr().out)
    assert (
        main(["config", "explain", "--config", str(file), "environment", "--format", "json"]) == 0
    )
    environment = json.loads(capfd.readouterr().out)["environment"]["value"]
    namespace = release["release.namespace"]["value"] or f"modelops-dask-{environment}"
    done = subprocess.run(
        [helm(), "template", "dask", bundle.chart(), "-n", namespace, "-f", str(values)],
        capture_output=True,
        check=True,
        text=True,
    )
    return old_pods.of_manifests(
        [document for document in yaml.load_all(done.stdout, Loader=yaml.CSafeLoader) if document]
    )


REFUSED = [
    ("kind: Infrastructure\nspec: {}\n", "kind Infrastructure"),
    ("apiVersion: modelops/v1\nkind: Runtime\n", "kind Runtime"),
    ("apiVersion: apps/v1\nkind: Deployment\n", "kind Deployment is not a workspace"),
    ("version: 1\nimages: {scheduler: x}\nprofiles: {dev: {}}\n", "a list of images"),
    (
        (
            "environment: dev\nregistry: {provider: x}\nstorage: {connection_string: "
            "AccountKey=c2VjcmV0}\ntimestamp: 1\n"
        ),
        "a bundle environment",
    ),
    ("schemaVersion: 2\ncluster: {}\n", "the older tool read only 1"),
    ("colour: blue\n", "no version of the older tool"),
    ("- a\n", "expected a mapping of settings"),
    ("", "the file is empty"),
    ("a: [\n", "invalid YAML"),
    (
        "schema_version: 2\nsettings: {username: x}\nworkspace: {worker_memory: lots}\n",
        "expected a Kubernetes memory quantity",
    ),
    (
        (
            "schema_version: 2\nsettings: {username: x}\nworkspace: {worker_memory: 1Gi, "
            "worker_processes: 16}\n"
        ),
        "Dask needs 64Mi",
    ),
    (
        (
            "schema_version: 2\nsettings: {username: x}\nworkspace: "
            "{autoscaling_min_workers: 10, autoscaling_max_workers: 2}\n"
        ),
        "minWorkers 10 is more than maxWorkers 2",
    ),
]


@pytest.mark.parametrize(("text", "reason"), REFUSED)
def test_refuses(text: str, reason: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "f.yaml"
    file.write_text(text)
    assert main(["migrate", str(file)]) == 3
    out, err = capfd.readouterr()
    assert out == ""
    assert reason in err
    assert "c2VjcmV0" not in err
    assert file.read_text() == text


def test_problems_are_at_their_place_in_the_old_file(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "infrastructure.yaml"
    env = (
        "- {name: DASK__X, value: y}\n      - name: MODELOPS_EXECUTOR_TYPE\n        value: Direct\n"
    )
    file.write_text(
        "schemaVersion: 1\nworkspace:\n  kind: Workspace\n"
        f"  metadata: {{name: a}}\n  spec:\n    workers:\n"
        f"      env:\n      {env}"
    )
    assert main(["migrate", str(file)]) == 3
    assert f"{file}:10:16: " in capfd.readouterr().err


SECRETS = """schema_version: 2
settings: {environment: dev, username: jdoe}
workspace:
  scheduler_replicas: 1
  worker_env:
  - {name: API_TOKEN, value: s3cr3t}
  - {name: API_TOKEN, value: s3cr3t}
  - {name: DASK__PASSWORD, value: s3cr3t}
"""


def test_secrets_are_not_in_the_table(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "modelops.yaml").write_text(SECRETS)
    (tmp_path / "config.yaml").write_text(
        "pulumi: {backend_url: 'https://me:s3cr3t@example.com'}\ndefaults: {environment: dev}\n"
    )
    (tmp_path / "infrastructure.yaml").write_text(
        "schemaVersion: 1\nworkspace: {spec: {workers: {env: [{name: API_TOKEN, "
        "value: 0ther-s3cr3t}]}}}\n"
    )
    names = [
        str(tmp_path / name) for name in ("modelops.yaml", "config.yaml", "infrastructure.yaml")
    ]
    assert main(["migrate", *names]) == 0
    out, err = capfd.readouterr()
    assert "s3cr3t" in out
    assert "s3cr3t" not in err
    assert "(hidden)" in err
    assert main(["migrate", "--check", "--format", "json", *names]) == 1
    assert "s3cr3t" not in capfd.readouterr().out


def home(folder: Path, monkeypatch: pytest.MonkeyPatch, **files: str) -> Path:
    monkeypatch.setenv("HOME", str(folder))
    (folder / ".modelops").mkdir()
    for name, text in files.items():
        (folder / ".modelops" / f"{name}.yaml").write_text(text)
    return folder / ".modelops"


CONFIG = "pulumi: {organization: x}\ndefaults:\n  environment: staging  # now\n"
INFRASTRUCTURE = (
    "schemaVersion: 1\nworkspace: {spec: {workers: {image: a/b:1, processes: 3}, "
    "scheduler: {image: a/c:1}}}\n"
)


def test_home_files_are_the_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = home(tmp_path, monkeypatch, config=CONFIG, infrastructure=INFRASTRUCTURE)
    assert main(["migrate", "--check"]) == 1
    assert main(["migrate", "--write"]) == 0
    assert (folder / "config.yaml").read_text() == CONFIG
    assert (folder / "infrastructure.yaml").read_text() == INFRASTRUCTURE
    made = (folder / "modelops.yaml").read_text()
    assert sorted(os.listdir(folder)) == ["config.yaml", "infrastructure.yaml", "modelops.yaml"]
    assert yaml.safe_load(made)["settings"] == {"environment": "staging"}
    assert yaml.safe_load(made)["workspace"]["workers"]["processes"] == 3
    capfd.readouterr()
    assert main(["migrate", "--check"]) == 0
    assert "nothing to do" in capfd.readouterr().out
    assert main(["migrate", "--write"]) == 0
    assert (folder / "modelops.yaml").read_text() == made


def test_backups_are_numbered(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "workspace.yaml"
    text = (FIXTURES / "workspace-today" / "in" / "workspace.yaml").read_text()
    (tmp_path / "workspace.yaml.bak").write_text("mine")
    for _ in range(2):
        file.write_text(text)
        assert main(["migrate", "--write", str(file)]) == 0
    assert {name: (tmp_path / name).read_text() for name in os.listdir(tmp_path)} == {
        "workspace.yaml": (FIXTURES / "workspace-today" / "out.yaml").read_text(),
        "workspace.yaml.bak": "mine",
        "workspace.yaml.bak.1": text,
        "workspace.yaml.bak.2": text,
    }
    assert "workspace.yaml.bak.2" in capfd.readouterr().err


def test_what_is_private_stays_private(tmp_path: Path) -> None:
    for name in ("workspace.yaml", "infrastructure.yaml"):
        (tmp_path / name).write_text(
            INFRASTRUCTURE
            if name == "infrastructure.yaml"
            else (FIXTURES / "workspace-today" / "in" / "workspace.yaml").read_text()
        )
        (tmp_path / name).chmod(0o600)
        assert main(["migrate", "--write", str(tmp_path / name)]) == 0
    assert {
        name: (tmp_path / name).stat().st_mode & 0o777 for name in os.listdir(tmp_path)
    } == dict.fromkeys(
        ("workspace.yaml", "workspace.yaml.bak", "infrastructure.yaml", "modelops.yaml"), 0o600
    )


def test_output_file_and_table_on_stdout(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    source, target = tmp_path / "w.yaml", tmp_path / "new.yaml"
    source.write_text((FIXTURES / "workspace-simple" / "in" / "workspace.yaml").read_text())
    assert main(["migrate", str(source), "-o", str(target)]) == 0
    assert target.read_text() == (FIXTURES / "workspace-simple" / "out.yaml").read_text()
    assert "spec.podSecurityContext" in capfd.readouterr().out


USAGE = [
    (["--check", "--write", "a.yaml"], "mutually exclusive"),
    (["--write", "-"], "for standard input (-) use -o"),
    (["a.yaml", "b.yaml"], "become 2 documents"),
    (["a.yaml", "./a.yaml"], "given twice"),
    (["--format", "xml", "a.yaml"], "expected one of text, json"),
    (["infrastructure.yaml", "--write"], "modelops.yaml exists"),
]


@pytest.mark.parametrize(("args", "reason"), USAGE)
def test_usage(
    args: list[str],
    reason: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text(
            (FIXTURES / "workspace-simple" / "in" / "workspace.yaml").read_text()
        )
    (tmp_path / "infrastructure.yaml").write_text(INFRASTRUCTURE)
    (tmp_path / "modelops.yaml").write_text("schema_version: 2\n")
    assert main(["migrate", *args]) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert reason in err
    assert sorted(os.listdir(tmp_path)) == [
        "a.yaml",
        "b.yaml",
        "infrastructure.yaml",
        "modelops.yaml",
    ]


TODAY = ["examples/workspace.yaml", "examples/modelops.yaml"]


@pytest.mark.parametrize("name", TODAY)
def test_leaves_todays_files_alone(name: str) -> None:
    text = (Path(__file__).parents[2] / name).read_text()
    (done,) = migrate([(name, text)], load_schema())
    assert done.text == text
    assert done.changes == []


def test_leaves_what_init_writes_alone(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    for kind in ("unified", "workspace"):
        assert main(["init", "--format", kind, "-o", str(tmp_path / kind)]) == 0
        assert main(["migrate", "--check", str(tmp_path / kind)]) == 0
        assert "nothing to do" in capfd.readouterr().out
