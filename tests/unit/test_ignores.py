"""Comments that ignore warnings, and what is wrong with them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from invoke import mops
from mops.config.dialects import read
from mops.schema.fields import load_schema

SCHEMA = load_schema()


def validate(folder: Path, text: str, *args: str):
    """The problems as (line, check, message and hint)."""
    (folder / "f.yaml").write_text(text)
    done = mops("config", "validate", "-c", "f.yaml", "--format", "json", *args, cwd=folder)
    return [
        (int(entry["place"].split(":")[1]), entry["check"], f"{entry['message']} {entry['hint']}")
        for entry in json.loads(done.out)
    ]


def checks(folder: Path, text: str, *args: str) -> list[str]:
    return [check for _, check, _ in validate(folder, text, *args)]


# Files whose only warnings are ignored, in each place where the comment may stand.
IGNORED = [
    "workspace:\n  worker_env:\n    DASK_LOG_LEVEL: debug  # mops: ignore[dask-ignored] r\n",
    "workspace:\n  worker_env:\n    # mops: ignore[dask-ignored] r\n    DASK_LOG_LEVEL: debug\n",
    "workers:\n  env:\n    #mops:ignore[ dask-ignored ]: r\n\n    # prose\n    DASK_LOG_LEVEL: d\n",
    "workspace:\n  worker_env: # mops: ignore[dask-ignored] r\n    DASK_LOG_LEVEL: debug\n",
    "workspace:\n  worker_env:\n    DASK_LOG_LEVEL: # mops: ignore[dask-ignored] r\n      debug\n",
    "workers:\n  env:\n    # mops: ignore[dask-ignored] r\n    DASK_LOG_LEVEL: |\n      a\n",
    "# mops: ignore[dask-ignored] r\nworkspace:\n  worker_env: {DASK_LOG_LEVEL: debug}\n",
    "workspace:\r\n  worker_env:\r\n    DASK_LOG_LEVEL: a # mops: ignore[dask-ignored] r\r\n",
    "\ufeffworkspace:\n  worker_env:\n    DASK_LOG_LEVEL: a # mops: ignore[dask-ignored] r\n",
    "workers:\n  env: {A: b, # é mops\n   DASK_LOG_LEVEL: a} # mops: ignore[dask-ignored] r\n",
    # An item of a list, from its dash on.
    "workers:\n  env:\n  - name: DASK_LOG_LEVEL # mops: ignore[dask-ignored] r\n    value: debug\n",
    (
        "workers:\n  env:\n  - name: A\n    value: b\n  # mops: ignore[dask-ignored] r\n"
        "  - name: DASK_LOG_LEVEL\n    value: debug\n"
    ),
    # A group has the warning of the line that it inherits.
    (
        "workers:\n  env:\n    DASK_LOG_LEVEL: a # mops: ignore[dask-ignored] r\n"
        "workerGroups: {a: {replicas: 1}, b: {replicas: 2}}\n"
    ),
    # Anchors: where the value is written, and where it is used.
    (
        "workspace:\n  worker_env: &env\n    DASK_LOG_LEVEL: a # mops: ignore[dask-ignored] r\n"
        "  scheduler_env: *env\n"
    ),
    (
        "workspace:\n  worker_env: &env\n    DASK_LOG_LEVEL: a\n"
        "  # mops: ignore[dask-ignored] r\n  scheduler_env: *env\n"
    ),
    "workers:\n  env:\n    DASK_LOG_LEVEL: a # mops: ignore[dask-ignored] r\n",
    (
        "apiVersion: modelops/v1\nkind: Workspace\nspec:\n  workers:\n    env:\n"
        "      DASK_LOG_LEVEL: a # mops: ignore[dask-ignored, stale-ignore] r\n"
    ),
]


@pytest.mark.parametrize("text", IGNORED, ids=range(len(IGNORED)))
def test_a_comment_ignores_a_warning(tmp_path, text):
    assert checks(tmp_path, text) == []
    # Without the comment it is there: the case is about the comment.
    assert set(checks(tmp_path, text.replace("ignore[", "nothing["))) == {"dask-ignored"}


VISIBLE = [
    # Another line, another check, text that is no comment.
    ("workspace:\n  worker_env:\n    A: b # mops: ignore[dask-ignored] r\n    DASK_LOG_LEVEL: a\n",
     [(3, "stale-ignore", "it is reported at f.yaml:4:21"), (4, "dask-ignored", "")]),
    ("workspace:\n  worker_env:\n    DASK_LOG_LEVEL: a # mops: ignore[busy-cpu] r\n",
     [(3, "dask-ignored", ""), (3, "stale-ignore", "remove the comment")]),
    ('workspace:\n  worker_env:\n    DASK_LOG_LEVEL: "# mops: ignore[dask-ignored] r"\n',
     [(3, "dask-ignored", "")]),
    ("workspace:\n  worker_env:\n    DASK_LOG_LEVEL: |\n      # mops: ignore[dask-ignored] r\n",
     [(3, "dask-ignored", "")]),
    # Mistakes.
    ("workspace:\n  worker_env:\n    DASK_LOG_LEVEL: a # mops: ignore[dask-ignored]\n",
     [(3, "dask-ignored", ""), (3, "invalid-ignore", "gives no reason")]),
    ("workspace:\n  worker_env:\n    DASK_LOG_LEVEL: a # mops: ignore[dask-ignored] : -\n",
     [(3, "dask-ignored", ""), (3, "invalid-ignore", "gives no reason")]),
    ("workspace:\n  worker_env:\n    DASK_LOG_LEVEL: a # mops: ignore[dask-ignord] r\n",
     [(3, "dask-ignored", ""),
      (3, "invalid-ignore", "unknown check dask-ignord did you mean dask-ignored?")]),
    ("workspace:\n  worker_env:\n    DASK_LOG_LEVEL: a # mops: ignore[] r\n",
     [(3, "dask-ignored", ""), (3, "invalid-ignore", "names no check")]),
    ("workspace:\n  worker_env:\n    DASK_LOG_LEVEL: a # mops: ignore dask-ignored r\n",
     [(3, "dask-ignored", ""), (3, "invalid-ignore", "names no check")]),
    ("workspace:\n  worker_env:\n    DASK_LOG_LEVEL: a # mops: ignroe[dask-ignored] r\n",
     [(3, "dask-ignored", ""), (3, "invalid-ignore", "did you mean ignore?")]),
    ("workspace:\n  worker_processes: 1\n  # mops: ignore[busy-cpu] r\n",
     [(3, "invalid-ignore", "at no setting")]),
    ("workspace: # mops: keeps this\n  worker_processes: 1 # mops: writes[this] too\n", []),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), VISIBLE, ids=range(len(VISIBLE)))
def test_what_a_comment_leaves(tmp_path, text, expected):
    found = validate(tmp_path, text)
    assert [entry[:2] for entry in found] == [entry[:2] for entry in expected]
    assert all(words in said for (*_, said), (*_, words) in zip(found, expected, strict=True))


def test_errors_cannot_be_ignored(tmp_path):
    crossed = "autoscaling:\n  # mops: ignore[autoscaling-bounds] r\n  minWorkers: 11\n"
    assert validate(tmp_path, crossed)[0][1:] == (
        "invalid-ignore",
        "autoscaling-bounds is an error here, and errors cannot be ignored correct the setting",
    )
    assert checks(tmp_path, crossed)[1:] == ["autoscaling-bounds"]
    unused = "autoscaling: {minWorkers: 3} # mops: ignore[autoscaling-bounds] r\n"
    ((_, check, said),) = validate(tmp_path, unused)
    assert check == "invalid-ignore"
    assert "always an error" in said
    # A check that finds both: here a warning, and there an error.
    small = "workspace:\n  worker_memory: {} # mops: ignore[small-memory] r\n"
    assert checks(tmp_path, small.format("600Mi")) == []
    assert checks(tmp_path, small.format("260Mi")) == ["small-memory", "invalid-ignore"]


PROFILES = """\
workspace:
  worker_replicas: 3 # mops: ignore[replicas-owned] for the time without the autoscaler
  profiles:
    auto: {autoscaling_enabled: true}
    logs:
      worker_env:
        DASK_LOG_LEVEL: debug # mops: ignore[dask-ignored] r
    idle:
      worker_env:
        OTHER: debug # mops: ignore[dask-ignored] r
"""


def test_profiles_carry_their_comments(tmp_path):
    stale = [(10, "stale-ignore")]
    for args in ((), ("-p", "auto"), ("-p", "logs"), ("-p", "auto", "-p", "logs")):
        found = [entry[:2] for entry in validate(tmp_path, PROFILES, *args)]
        assert found == stale, args
    done = mops("render", "--strict", "-c", "f.yaml", "-p", "auto", "-p", "logs", cwd=tmp_path)
    assert done.code == 0, done.err


def test_a_value_from_the_command_line_is_not_what_the_comment_is_about(tmp_path):
    text = "workspace:\n  worker_env:\n    DASK_LOG_LEVEL: a # mops: ignore[dask-ignored] r\n"
    args = ("--set", "workers.env.DASK_LOG_LEVEL=b")
    (tmp_path / "f.yaml").write_text(text)
    done = mops("config", "validate", "-c", "f.yaml", *args, cwd=tmp_path)
    warning = "^--set workers.env.DASK_LOG_LEVEL: warning: .*dask-ignored"
    assert re.search(warning, done.err, re.MULTILINE)
    assert "stale" not in done.err
    # The file's own value is what the comment is about, with an override elsewhere too.
    assert checks(tmp_path, text, "--replicas", "5") == []


def test_a_stale_comment_is_reported_by_validate_alone(tmp_path):
    (tmp_path / "f.yaml").write_text(
        "workspace:\n  worker_threads: 1 # mops: ignore[busy-cpu] it was 8\n"
    )
    done = mops("config", "validate", "--strict", "-c", "f.yaml", cwd=tmp_path)
    assert done.code == 3
    assert "f.yaml:2:21: no busy-cpu warning is reported" in done.err
    assert mops("render", "--strict", "-c", "f.yaml", cwd=tmp_path).code == 0


def test_the_list(tmp_path):
    (tmp_path / "f.yaml").write_text(PROFILES)
    done = mops("config", "validate", "--list-ignored", "f.yaml", cwd=tmp_path)
    assert done.out.splitlines() == [
        "PLACE         CHECK           REASON",
        "f.yaml:2:22   replicas-owned  for the time without the autoscaler",
        "f.yaml:7:31   dask-ignored    r",
        "f.yaml:10:22  dask-ignored    r",
    ]
    as_json = mops(
        "config", "validate", "--list-ignored", "-c", "f.yaml", "--format", "json", cwd=tmp_path
    )
    assert json.loads(as_json.out)[1] == {
        "place": "f.yaml:7:31",
        "check": "dask-ignored",
        "reason": "r",
    }
    (tmp_path / "bad.yaml").write_text("workspace: {nope: 1}\n")
    done = mops("config", "validate", "--list-ignored", "bad.yaml", cwd=tmp_path)
    assert (done.code, done.out) == (3, "")
    (tmp_path / "none.yaml").write_text("workspace: {worker_threads: 1}\n")
    done = mops("config", "validate", "--list-ignored", "none.yaml", cwd=tmp_path)
    assert done.out == "no comment ignores a warning\n"
    for option in ("--list-ignored", "--list-checks"):
        assert mops("config", "validate", option, "--format", "sarif", cwd=tmp_path).code == 2


def test_edits_keep_comments(tmp_path):
    file = tmp_path / "f.yaml"
    file.write_text(PROFILES)
    for args in (
        ("set", "worker_replicas", "4"),
        ("set", "worker_cpu", "4"),
        ("unset", "worker_cpu"),
    ):
        done = mops("config", *args, "-f", "f.yaml", cwd=tmp_path)
        assert done.code == 0, done.err
    assert file.read_text() == PROFILES.replace("replicas: 3", "replicas: 4")


def test_a_file_without_such_comments_has_none():
    assert read("workspace: {} # mops: hello\n", "f", SCHEMA).ignores == ()
    assert read(b"workspace: {}\n", "f", SCHEMA).ignores == ()


def test_fleets_respect_comments(tmp_path):
    for name in ("a", "b"):
        (tmp_path / "envs" / name).mkdir(parents=True)
        (tmp_path / "envs" / name / "mops.yaml").write_text(
            f"settings: {{environment: {name}}}\nworkspace:\n  worker_env:\n"
            "    DASK_LOG_LEVEL: a # mops: ignore[dask-ignored] r\n"
        )
    done = mops("render", "--all", "--strict", cwd=tmp_path)
    assert done.code == 0, done.err
    done = mops("gitops", "flux", "--all", "--strict", "--chart", "oci://r.example.com/c/mops-dask",
                cwd=tmp_path)  # fmt: skip
    assert done.code == 0, done.err
