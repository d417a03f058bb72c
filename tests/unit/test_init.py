"""`mops init`: a file that sets nothing, explains itself, and never replaces another."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft7Validator

from mops.cli import main
from mops.model import bundle

KINDS = ("unified", "workspace")


@pytest.fixture(name="home")
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith("MODELOPS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def render(capfd: pytest.CaptureFixture[str], *args: str) -> str:
    capfd.readouterr()
    assert main(["render", *args]) == 0
    return capfd.readouterr().out


def test_renders_as_no_file_at_all(home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    without = render(capfd)
    assert main(["init"]) == 0
    assert sorted(os.listdir(home / ".modelops")) == ["modelops.schema.json", "modelops.yaml"]
    assert (home / ".modelops").stat().st_mode & 0o777 == 0o700
    assert main(["config", "validate", "--strict"]) == 0
    assert render(capfd) == without
    for kind in KINDS:
        assert main(["init", "--format", kind, "-o", f"{kind}.yaml"]) == 0
        assert render(capfd, "--config", f"{kind}.yaml") == without


@pytest.mark.parametrize("kind", KINDS)
def test_profiles_validate_and_say_something(
    kind: str, home: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", "--format", kind, "-o", "f.yaml"]) == 0
    for profile, processes, executor in (
        ("production", 4, "isolated_warm"),
        ("debug", 1, "direct"),
    ):
        assert main(["config", "validate", "--config", "f.yaml", "--profile", profile]) == 0
        values = yaml.safe_load(render(capfd, "--config", "f.yaml", "--profile", profile))
        assert values["workers"]["processes"] == processes
        assert values["workers"]["env"] == {"MODELOPS_EXECUTOR_TYPE": executor}
    assert "MODELOPS_FORCE_FRESH_VENV" in (home / "f.yaml").read_text()


@pytest.mark.parametrize("kind", KINDS)
def test_every_setting_may_be_uncommented(
    kind: str, home: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", "--format", kind, "-o", "f.yaml"]) == 0
    setting = re.compile(r"^( *)# ( *(?:# .*|[A-Za-z_]+:(?: .*)?))$")
    lines = (home / "f.yaml").read_text().splitlines()
    head = next(index for index, line in enumerate(lines) if not line.startswith("#"))
    opened = [
        found[1] + found[2]
        if index >= head and (found := setting.match(line)) and not _prose(found[2])
        else line
        for index, line in enumerate(lines)
    ]
    assert sum(old != new for old, new in zip(lines, opened, strict=True)) >= 14
    (home / "f.yaml").write_text("\n".join(opened) + "\n")
    assert main(["config", "validate", "--config", "f.yaml"]) == 0, capfd.readouterr().err
    values = yaml.safe_load(render(capfd, "--config", "f.yaml", "--profile", "debug"))
    assert values["workers"]["env"]["DASK_DISTRIBUTED__WORKER__MEMORY__PAUSE"] == "0.8"


def _prose(text: str) -> bool:
    return text.startswith(("mops render", "Only"))


@pytest.mark.parametrize("kind", KINDS)
def test_the_first_line_names_a_schema_that_accepts_the_file(kind: str, home: Path) -> None:
    assert main(["init", "--format", kind, "-o", "f.yaml"]) == 0
    text = (home / "f.yaml").read_text()
    found = re.match(r"# yaml-language-server: \$schema=(\S+)\n", text)
    assert found
    schema = json.loads((home / found[1]).read_text())
    assert list(Draft7Validator(schema).iter_errors(yaml.safe_load(text))) == []
    assert (home / found[1]).read_text() == bundle.read("schemas", f"{kind}.schema.json")


def test_stdout(home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["init", "-o", "-"]) == 0
    out, err = capfd.readouterr()
    assert out.startswith("# yaml-language-server: $schema=modelops.schema.json\n")
    assert err == ""
    assert os.listdir(home) == []


def test_never_over_a_file_without_force(home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = home / "f.yaml"
    file.write_text("mine")
    (home / "modelops.schema.json").write_text("mine")
    (home / "dangling").symlink_to(home / "nowhere")
    for name in ("f.yaml", "dangling"):
        assert main(["init", "-o", name]) == 2
        assert f"{name} exists; --force overwrites it" in capfd.readouterr().err
    assert file.read_text() == "mine"
    assert main(["init", "-o", "g.yaml"]) == 0
    assert (home / "modelops.schema.json").read_text() == "mine"
    assert "modelops.schema.json exists; file left unchanged" in capfd.readouterr().err
    assert main(["init", "-o", "f.yaml", "--force"]) == 0
    assert "profiles:" in file.read_text()
    assert (home / "modelops.schema.json").read_text() == bundle.read(
        "schemas", "unified.schema.json"
    )
    assert sorted(os.listdir(home)) == ["dangling", "f.yaml", "g.yaml", "modelops.schema.json"]


def test_one_of_several_at_once_succeeds(home: Path) -> None:
    running = [
        subprocess.Popen([sys.executable, "-m", "mops", "init"], stderr=subprocess.DEVNULL)
        for _ in range(8)
    ]
    assert sorted(process.wait() for process in running) == [0, *[2] * 7]
    assert sorted(os.listdir(home / ".modelops")) == ["modelops.schema.json", "modelops.yaml"]
    assert main(["config", "validate"]) == 0


FAILURES = [
    (["--format", "unifed"], 2, "did you mean unified?"),
    (["-o", "none/f.yaml"], 4, "none/f.yaml: No such file or directory"),
    (["-o", "a", "-o", "b"], 2, "--output is given twice"),
]


@pytest.mark.parametrize(("args", "code", "reason"), FAILURES)
def test_failures(
    args: list[str], code: int, reason: str, home: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["init", *args]) == code
    assert reason in capfd.readouterr().err
    assert os.listdir(home) == []


def test_without_home(
    home: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("HOME")
    assert main(["init"]) == 2
    assert "HOME is not set: name a file with -o" in capfd.readouterr().err
    assert os.listdir(home) == []


def test_says_when_the_file_is_not_read_by_itself(
    home: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["init"]) == 0
    assert "--config" not in capfd.readouterr().err
    assert main(["init", "-o", "f.yaml"]) == 0
    assert "use it with --config f.yaml" in capfd.readouterr().err
    monkeypatch.setenv("MODELOPS_CONFIG", str(home / "other.yaml"))
    assert main(["init", "--force"]) == 0
    assert f"MODELOPS_CONFIG selects {home}/other.yaml" in capfd.readouterr().err
