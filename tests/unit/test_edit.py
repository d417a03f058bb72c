"""`config set` and `unset`: one setting changes, and no other byte."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mops.cli import main
from mops.config.dialects import read
from mops.config.keys import canonical, key_path
from mops.edit import setting as edit
from mops.edit.value import typed_value
from mops.model.problems import InvalidConfig, UsageError
from mops.schema.fields import load_schema

UNIFIED = """# Mine.
schema_version: 2

workspace:
  worker_processes: 3   # deployed!
  worker_cpu: '4'
  worker_env:
    - name: A   # first
      value: "1"
    - name: S
      valueFrom: {secretKeyRef: {name: x, key: y}}
    # the end of env

  # Where they run.
  workers:
    tolerations:   # taints
      - {key: a, operator: Exists}
    nodeSelector: {pool: cpu}
  profiles:
    debug: {worker_processes: 1}
    slow:
      worker_threads: 2

# The end.
"""
WORKSPACE = """apiVersion: modelops/v1
kind: Workspace
metadata: {name: mine}
spec:
  workers:
    processes: 2
    env:
      A: one
      "quoted": 'two'
      FROM:
        valueFrom:
          secretKeyRef: {name: s, key: k}   # secret
      NESTED: {value: x}
  autoscaling:
    min_workers: 2
"""


def edited(text: str, *command: str) -> str:
    """The text after a command such as ("set", KEY, VALUE, PROFILE)."""
    verb, key, *rest = command
    schema = load_schema()
    paths = canonical(schema, key_path(key, "KEY"))
    assert paths, key
    if verb == "set":
        value, profile = rest[0], rest[1] if len(rest) > 1 else ""
        return edit.assign(
            text, "f.yaml", schema, paths, typed_value(schema, key, paths, value), profile=profile
        ).text
    found = edit.unset(text, "f.yaml", schema, paths, profile=rest[0] if rest else "")
    return found.text if found else text


# (text, command, old part, new part): "" for a command that changes nothing.
REPLACED = [
    (
        UNIFIED,
        ("set", "worker_processes", "4"),
        "  worker_processes: 3   # deployed!\n",
        "  worker_processes: 4   # deployed!\n",
    ),
    (
        UNIFIED,
        ("set", "workers.processes", "4"),
        "  worker_processes: 3   # deployed!\n",
        "  worker_processes: 4   # deployed!\n",
    ),
    (
        UNIFIED,
        ("set", "worker_processes", "null"),
        "  worker_processes: 3   # deployed!\n",
        "  worker_processes: null   # deployed!\n",
    ),
    (UNIFIED, ("set", "worker_cpu", "3.5"), "  worker_cpu: '4'\n", "  worker_cpu: '3.5'\n"),
    (UNIFIED, ("set", "worker_env.A", "it's"), '      value: "1"\n', '      value: "it\'s"\n'),
    (
        UNIFIED,
        ("set", "worker_env.A", 'tab\there "and" é\n'),
        '      value: "1"\n',
        '      value: "tab\\there \\"and\\" é\\n"\n',
    ),
    (
        UNIFIED,
        ("set", "workers.env.S", "plain"),
        "      valueFrom: {secretKeyRef: {name: x, key: y}}\n",
        "      value: plain\n",
    ),
    (UNIFIED, ("set", "workers.env.S.valueFrom.secretKeyRef.key", "z"), "key: y}}\n", "key: z}}\n"),
    (
        UNIFIED,
        ("set", "workers.env.A.valueFrom.fieldRef.fieldPath", "status.podIP"),
        '      value: "1"\n',
        "      valueFrom: {fieldRef: {fieldPath: status.podIP}}\n",
    ),
    (
        UNIFIED,
        ("set", "worker_env.B", "yes"),
        "secretKeyRef: {name: x, key: y}}\n",
        'secretKeyRef: {name: x, key: y}}\n    - name: B\n      value: "yes"\n',
    ),
    (
        UNIFIED,
        ("set", "workers.tolerations", "[]"),
        "    tolerations:   # taints\n      - {key: a, operator: Exists}\n",
        "    tolerations: []   # taints\n",
    ),
    (
        UNIFIED,
        ("set", "workers.tolerations", "[{key: 'b', operator: Exists}]"),
        "   # taints\n      - {key: a, operator: Exists}\n",
        " [{key: b, operator: Exists}]   # taints\n",
    ),
    (UNIFIED, ("set", "workers.nodeSelector.pool", "true"), "{pool: cpu}", '{pool: "true"}'),
    (UNIFIED, ("set", "workers.node_selector.zone", "a"), "{pool: cpu}", "{pool: cpu, zone: a}"),
    (
        UNIFIED,
        ("set", "worker_processes", "2", "debug"),
        "{worker_processes: 1}",
        "{worker_processes: 2}",
    ),
    (
        UNIFIED,
        ("set", "worker_env.B", "", "debug"),
        "{worker_processes: 1}",
        '{worker_processes: 1, worker_env: {B: ""}}',
    ),
    (
        UNIFIED,
        ("set", "worker_memory", "8Gi", "slow"),
        "      worker_threads: 2\n",
        "      worker_threads: 2\n      worker_memory: 8Gi\n",
    ),
    (
        UNIFIED,
        ("set", "worker_memory", "8Gi", "new"),
        "      worker_threads: 2\n",
        "      worker_threads: 2\n    new:\n      worker_memory: 8Gi\n",
    ),
    (
        UNIFIED,
        ("set", "worker_threads", "2"),
        "      worker_threads: 2\n",
        "      worker_threads: 2\n  worker_threads: 2\n",
    ),
    (
        UNIFIED,
        ("set", "environment", "prod"),
        "      worker_threads: 2\n",
        "      worker_threads: 2\nsettings:\n  environment: prod\n",
    ),
    (
        UNIFIED,
        ("set", "networkPolicy.enabled", "false"),
        "      worker_threads: 2\n",
        "      worker_threads: 2\n  networkPolicy:\n    enabled: false\n",
    ),
    (
        UNIFIED,
        ("set", 'labels."a.b/c"', "x"),
        "      worker_threads: 2\n",
        "      worker_threads: 2\n  labels:\n    a.b/c: x\n",
    ),
    (
        UNIFIED,
        ("unset", "worker_processes"),
        "  worker_processes: 3   # deployed!\n",
        "  # deployed!\n",
    ),
    (UNIFIED, ("unset", "worker_cpu"), "  worker_cpu: '4'\n", ""),
    (
        UNIFIED,
        ("unset", "worker_env.A"),
        '    - name: A   # first\n      value: "1"\n',
        "    # first\n",
    ),
    (UNIFIED, ("unset", "workers.nodeSelector.pool"), "    nodeSelector: {pool: cpu}\n", ""),
    (
        UNIFIED,
        ("unset", "workers"),
        (
            "  workers:\n    tolerations:   # taints\n      - {key: a, operator: Exists}\n"
            "    nodeSelector: {pool: cpu}\n"
        ),
        "    # taints\n",
    ),
    (
        UNIFIED,
        ("unset", "worker_threads", "slow"),
        "    slow:\n      worker_threads: 2\n",
        "    slow: {}\n",
    ),
    (UNIFIED, ("unset", "worker_processes", "debug"), "{worker_processes: 1}", "{}"),
    (UNIFIED, ("unset", "worker_image"), "", ""),
    (UNIFIED, ("unset", "worker_env.NONE"), "", ""),
    (WORKSPACE, ("set", "worker_processes", "4"), "    processes: 2\n", "    processes: 4\n"),
    (WORKSPACE, ("set", "workers.env.A", "0.90"), "      A: one\n", '      A: "0.90"\n'),
    (WORKSPACE, ("set", "workers.env.quoted", "it's"), "'two'", "'it''s'"),
    (WORKSPACE, ("set", "workers.env.NESTED", "z"), "{value: x}", "{value: z}"),
    (
        WORKSPACE,
        ("set", "workers.env.FROM", "t"),
        "      FROM:\n        valueFrom:\n          secretKeyRef: {name: s, key: k}   # secret\n",
        "      FROM: t\n          # secret\n",
    ),
    (WORKSPACE, ("set", "autoscaling.minWorkers", "3"), "min_workers: 2", "min_workers: 3"),
    (WORKSPACE, ("set", "release.namespace", "ns"), "{name: mine}", "{name: mine, namespace: ns}"),
    (WORKSPACE, ("set", "name", "other"), "{name: mine}", "{name: other}"),
    (
        WORKSPACE,
        ("set", "worker_memory", "8Gi"),
        "      NESTED: {value: x}\n",
        (
            "      NESTED: {value: x}\n    resources:\n      requests:\n"
            "        memory: 8Gi\n      limits:\n        memory: 8Gi\n"
        ),
    ),
    (
        WORKSPACE,
        ("unset", "workers.env.FROM"),
        "      FROM:\n        valueFrom:\n          secretKeyRef: {name: s, key: k}   # secret\n",
        "          # secret\n",
    ),
    ("workspace:\r\n  worker_env: []\r\n", ("set", "worker_env.A", "1"), "[]", '{A: "1"}'),
    (
        "workspace:\r\n  worker_threads: 2\r\n",
        ("set", "worker_processes", "3"),
        "2\r\n",
        "2\r\n  worker_processes: 3\r\n",
    ),
    (
        "workspace:\n  worker_threads: 2",
        ("set", "worker_processes", "3"),
        "2",
        "2\n  worker_processes: 3",
    ),
    ("\ufeffworkspace:\n  worker_threads: 2\n", ("set", "worker_threads", "3"), "2", "3"),
    (
        "workspace: {worker_env: [{name: A, value: b}]}\n",
        ("set", "worker_env.C", "d"),
        "b}]",
        "b}, {name: C, value: d}]",
    ),
    (
        "workspace: {worker_env: [{name: A, value: b}, {name: C, value: d}]}\n",
        ("unset", "worker_env.A"),
        "{name: A, value: b}, ",
        "",
    ),
    (
        "workspace:\n  worker_env:\n  -   value: b\n      name: A\n",
        ("set", "worker_env.C", "d"),
        "name: A\n",
        "name: A\n  -   name: C\n      value: d\n",
    ),
    ("workspace: {}\n", ("set", "worker_threads", "2"), "{}", "{worker_threads: 2}"),
    (
        "schema_version: 2\n",
        ("set", "worker_threads", "2"),
        "2\n",
        "2\nworkspace:\n  worker_threads: 2\n",
    ),
    (
        "workspace:\n  worker_threads: 2\n",
        ("unset", "worker_threads"),
        ":\n  worker_threads: 2\n",
        ": {}\n",
    ),
    (
        "workers: {threads: 2, processes: 3, }\n",
        ("set", "workers.replicas", "4"),
        "3, }",
        "3, replicas: 4, }",
    ),
    ("workers: {threads: 2, processes: 3}\n", ("unset", "workers.threads"), "threads: 2, ", ""),
    ("workers: {threads: 2, processes: 3}\n", ("unset", "workers.processes"), ", processes: 3", ""),
    (
        "workspace:\n  global: &a\n    x: |\n      text # none\n\n  # c\n",
        ("set", "worker_threads", "2"),
        "none\n",
        "none\n  worker_threads: 2\n",
    ),
    (
        "workspace:\n  global:\n    x: |+\n      text\n\n# c\n",
        ("set", "worker_threads", "2"),
        "text\n\n",
        "text\n\n  worker_threads: 2\n",
    ),
    (
        "workspace:\n  worker_image: >-\n    a/b:1\n  worker_threads: 2\n",
        ("set", "worker_image", "a/b:2"),
        ">-\n    a/b:1\n",
        "a/b:2\n",
    ),
    ('workspace:\n  "worker_threads" : 2\n', ("set", "worker_threads", "3"), ": 2", ": 3"),
    (
        "workspace:\n  <<: &x {worker_threads: 2}\n  worker_processes: 3\n",
        ("set", "worker_threads", "4"),
        "3\n",
        "3\n  worker_threads: 4\n",
    ),
    (
        "workspace:\n  worker_image: &i a/b:1\n  scheduler_image: *i\n",
        ("set", "scheduler_image", "a/c:1"),
        "*i",
        "a/c:1",
    ),
]


@pytest.mark.parametrize(("text", "command", "old", "new"), REPLACED)
def test_changes_only_this(text: str, command: tuple[str, ...], old: str, new: str) -> None:
    assert text.count(old) == 1 or not old
    assert edited(text, *command) == (text.replace(old, new) if old else text)


REFUSED = [
    (
        UNIFIED,
        ("set", "worker_processes", "four"),
        InvalidConfig,
        "worker_processes: expected an integer, found four",
    ),
    (UNIFIED, ("set", "worker_processes", "0"), InvalidConfig, "expected 1 to 1024, found 0"),
    (UNIFIED, ("set", "workers.tolerations", "[{kye: a}]"), InvalidConfig, "unknown setting"),
    (
        UNIFIED,
        ("set", "workers.resources.limits.cpu", "2"),
        UsageError,
        "worker_cpu sets it together with another setting",
    ),
    (UNIFIED, ("unset", "workers.resources.limits.cpu"), UsageError, "unset worker_cpu"),
    (UNIFIED, ("set", "workers.env.1X", "2"), InvalidConfig, "invalid name"),
    (
        "workspace:\n  worker_threads: two\n",
        ("set", "worker_processes", "3"),
        InvalidConfig,
        "expected an integer, found two",
    ),
    (
        "workspace:\n  worker_threads: 2\n  worker_threads: 3\n",
        ("set", "worker_threads", "4"),
        InvalidConfig,
        "duplicate key",
    ),
    (
        "workspace:\n  workers:\n    env: null\n",
        ("set", "workers.env.A", "b"),
        UsageError,
        "env is null here",
    ),
    (
        "workspace:\n  worker_image: &i a/b:1\n  scheduler_image: *i\n",
        ("set", "worker_image", "a/c:1"),
        UsageError,
        "it has an anchor or a tag",
    ),
    (
        "workspace:\n  worker_env: &e {A: b}\n  scheduler_env: *e\n",
        ("set", "scheduler_env.C", "d"),
        UsageError,
        "it is written elsewhere",
    ),
    (
        "workspace:\n  worker_env: &e {A: b}\n  scheduler_env: *e\n",
        ("set", "worker_env.C", "d"),
        InvalidConfig,
        "this edit would also change the file's scheduler.env.C",
    ),
    (
        "workspace:\n  worker_env: &e {A: b}\n  scheduler_env: *e\n",
        ("unset", "worker_env"),
        InvalidConfig,
        "has no anchor",
    ),
    ("# nothing\n", ("set", "worker_threads", "2"), InvalidConfig, "the file is empty"),
    (
        "workers: {threads: 2}\n",
        ("set", "worker_threads", "2", "debug"),
        UsageError,
        "a values file has no profiles",
    ),
]


@pytest.mark.parametrize(("text", "command", "error", "reason"), REFUSED)
def test_refuses(text: str, command: tuple[str, ...], error: type[Exception], reason: str) -> None:
    with pytest.raises(error) as raised:
        edited(text, *command)
    told = (
        str(raised.value)
        if error is UsageError
        else " ".join(f"{p.key or p.origin.place}: {p.message}" for p in raised.value.problems)
    )
    assert reason in told


@pytest.mark.parametrize("text", [UNIFIED, WORKSPACE])
def test_set_then_unset_is_as_before(text: str) -> None:
    for key, value in (
        ("scheduler.idleTimeout", "30m"),
        ("labels.team", "a b".replace(" ", "-")),
        ("workers.extraArgs", "[--resources, aggregation=1]"),
        ("scheduler_env.X", "y"),
    ):
        assert edited(edited(text, "set", key, value), "unset", key) == text


@pytest.mark.parametrize(
    "value",
    [
        "",
        "null",
        "~",
        "yes",
        "1e3",
        "a: b",
        "a #b",
        " x ",
        "é",
        "\x1b",
        "'",
        '"',
        "{a}",
        "- a",
        "%",
        "@",
        "`",
        "1.10",
        "010",
        "...",
        "\u2028",
        "\U0001f600",
    ],
)
def test_text_is_kept_exactly(value: str) -> None:
    text = edited(UNIFIED, "set", "worker_env.X", value)
    found = read(text, "f", load_schema()).layer.leaves["workers", "env", "X"].value
    assert found == (None if value == "null" else value)


# The command.


@pytest.fixture(name="home")
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith("MODELOPS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".modelops").mkdir()
    file = tmp_path / ".modelops" / "modelops.yaml"
    file.write_text(UNIFIED)
    return file


def test_explain_moves_to_the_line_that_git_shows(
    home: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    git = ["git", "-C", str(home.parent), "-c", "user.name=t", "-c", "user.email=t@example.com"]
    for args in (["init", "-q"], ["add", "."], ["commit", "-qm", "x"]):
        subprocess.run([*git, *args], check=True)
    assert main(["config", "set", "worker_processes", "4"]) == 0
    shown = subprocess.run(
        [*git, "diff", "--unified=0"], check=True, capture_output=True, text=True
    ).stdout
    assert shown.splitlines()[4:] == [
        "@@ -5 +5 @@ workspace:",
        "-  worker_processes: 3   # deployed!",
        "+  worker_processes: 4   # deployed!",
    ]
    assert main(["config", "set", "autoscaling.minWorkers", "3", "--file", str(home)]) == 0
    shown = subprocess.run(
        [*git, "diff", "--unified=0", "--shortstat"], check=True, capture_output=True, text=True
    ).stdout
    assert "2 insertions(+), 1 deletion(-)" in shown
    capfd.readouterr()
    assert main(["config", "explain", "--format", "json", "-q"]) == 0
    told = json.loads(capfd.readouterr().out)
    assert told["workers.processes"]["value"] == 4
    assert told["workers.processes"]["origin"]["place"] == f"{home}:5:21"
    assert told["autoscaling.minWorkers"]["origin"]["place"] == f"{home}:23:28"


EFFECTS = [
    (
        ["set", "worker_processes", "4"],
        {"MODELOPS_OVERRIDE_PROCESSES": "7"},
        "this has no effect: workers.processes is 7, from MODELOPS_OVERRIDE_PROCESSES",
    ),
    (
        ["set", "worker_processes", "4"],
        {"MODELOPS_PROFILE": "debug"},
        "this has no effect: workers.processes is 1, from ",
    ),
    (
        ["set", "worker_processes", "4", "--profile", "debug"],
        {},
        "profile debug is not selected: it takes effect with --profile debug",
    ),
    (
        ["set", "worker_processes", "4", "--profile", "debug"],
        {"MODELOPS_PROFILE": "debug", "MODELOPS_OVERRIDE_PROCESSES": "7"},
        "workers.processes is 7, from MODELOPS_OVERRIDE_PROCESSES",
    ),
    (["set", "worker_processes", "3"], {}, "worker_processes already is 3"),
    (["unset", "worker_processes"], {}, "workers.processes is now 2, from the default"),
    (["unset", "worker_image"], {}, "worker_image is not set here; nothing to do"),
    (["set", "worker_env.API_TOKEN", "s3cr3t"], {}, "workspace.worker_env.API_TOKEN is (hidden)"),
]


@pytest.mark.usefixtures("home")
@pytest.mark.parametrize(("args", "environ", "note"), EFFECTS)
def test_says_what_counts(
    args: list[str],
    environ: dict[str, str],
    note: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    assert main(["config", *args]) == 0
    out, err = capfd.readouterr()
    assert out == ""
    assert note in err
    assert "s3cr3t" not in err


def test_says_nothing_of_effects_where_there_is_one(
    home: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["workspace", "config", "set", "worker_processes", "4"]) == 0
    assert capfd.readouterr().err == f"mops: {home}:5:21: workspace.worker_processes is 4\n"


FAILURES = [
    (
        ["set", "worker_proceses", "4"],
        2,
        "unknown setting worker_proceses (did you mean worker_processes?)",
    ),
    (["set", "worker_processes", "four"], 3, "worker_processes: expected an integer, found four"),
    (["set", "autoscaling.minWorkers", "20"], 3, "minWorkers 20 is more than maxWorkers 10"),
    (["set", "worker_processes", "4", "--file", "none.yaml"], 4, "file not found"),
    (
        ["set", "worker_processes", "4", "--file", "-"],
        2,
        "--file: - is standard input, which cannot be edited",
    ),
    (["set", "worker_processes", "4", "--file", "a", "--file", "b"], 2, "--file is given twice"),
    (["unset", "worker_processes", "nothing"], 2, "unknown setting nothing"),
]


@pytest.mark.parametrize(("args", "code", "reason"), FAILURES)
def test_failure_leaves_the_file(
    args: list[str], code: int, reason: str, home: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["config", *args]) == code
    out, err = capfd.readouterr()
    assert out == ""
    assert reason in err
    assert home.read_text() == UNIFIED
    assert os.listdir(home.parent) == ["modelops.yaml"]


@pytest.mark.usefixtures("home")
def test_a_profile_is_judged_with_its_file(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "set", "autoscaling.minWorkers", "20", "--profile", "slow"]) == 3
    assert main(["config", "set", "autoscaling.maxWorkers", "30"]) == 0
    assert main(["config", "set", "autoscaling.minWorkers", "20", "--profile", "slow"]) == 0
    assert "minWorkers 20 is more than maxWorkers 10" in capfd.readouterr().err


def test_several_unset_at_once(home: Path) -> None:
    assert main(["config", "unset", "worker_processes", "worker_cpu", "worker_env", "workers"]) == 0
    assert read(home.read_text(), "f", load_schema()).layer.leaves == {}


def test_which_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "nobody"))
    monkeypatch.delenv("MODELOPS_CONFIG", raising=False)
    assert main(["config", "set", "worker_processes", "4"]) == 2
    assert "create one with `mops init`, or name one with --file" in capfd.readouterr().err
    for name in ("workspace.yaml", "modelops.yaml"):
        (tmp_path / name).write_text(WORKSPACE)
    assert main(["config", "set", "worker_processes", "4"]) == 2
    assert (
        "no file is active; name one with --file: workspace.yaml or modelops.yaml"
        in capfd.readouterr().err
    )
    monkeypatch.setenv("MODELOPS_CONFIG", "workspace.yaml")
    assert main(["config", "set", "worker_processes", "4"]) == 0
    assert (tmp_path / "workspace.yaml").read_text() == WORKSPACE.replace(
        "processes: 2", "processes: 4"
    )
    assert (tmp_path / "modelops.yaml").read_text() == WORKSPACE


def test_edits_through_a_link_and_keeps_the_mode(home: Path, tmp_path: Path) -> None:
    real = tmp_path / "real.yaml"
    home.rename(real)
    real.chmod(0o600)
    home.symlink_to(real)
    assert main(["config", "set", "worker_processes", "4"]) == 0
    assert home.is_symlink()
    assert "worker_processes: 4" in real.read_text()
    assert real.stat().st_mode & 0o777 == 0o600


def test_edits_at_the_same_time_are_not_lost(home: Path) -> None:
    names = [f"V{index}" for index in range(8)]
    running = [
        subprocess.Popen(
            [sys.executable, "-m", "mops", "config", "set", f"worker_env.{name}", name],
            stderr=subprocess.DEVNULL,
        )
        for name in names
    ]
    assert [process.wait() for process in running] == [0] * len(names)
    leaves = read(home.read_text(), "f", load_schema()).layer.leaves
    assert {name: leaves["workers", "env", name].value for name in names} == {
        name: name for name in names
    }
