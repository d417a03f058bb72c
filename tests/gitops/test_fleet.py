"""`mops render --all`: all workspaces of a tree, all or nothing."""

from __future__ import annotations

import os
import pty
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gitops.trees import EXAMPLE, contents, copy, tree
from invoke import ROOT, mops

GOOD = "schema_version: 2\nworkspace: {worker_threads: 1}\n"
BAD = "schema_version: 2\nworkspace: {worker_procesess: 3}\n"


def many(folder: Path, count: int) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "base.yaml").write_text("schema_version: 2\nworkspace: {worker_env: {TEAM: epi}}\n")
    return tree(
        folder,
        **{
            f"w{index:03}": f"schema_version: 2\nworkspace: {{worker_replicas: {index}}}\n"
            for index in range(1, count + 1)
        },
    )


def test_the_example_is_as_it_is_rendered(*, update: bool) -> None:
    if update:
        mops("render", "--all", "--root", str(EXAMPLE))
    done = mops("render", "--all", "--check", "--root", str(EXAMPLE))
    assert (done.code, done.out) == (0, ""), done


def test_each_values_file_is_what_a_render_of_its_files_gives(tmp_path: Path) -> None:
    here = copy(tmp_path)
    for path in here.rglob("values.yaml"):
        path.unlink()
    done = mops("render", "--all", cwd=here)
    assert (done.code, done.out) == (0, "")
    assert done.err.splitlines() == [
        "envs/dev/values.yaml: written",
        "envs/prod/values.yaml: written",
        "mops: 2 workspaces: 2 written",
    ]
    for name in ("dev", "prod"):
        alone = mops(
            "render",
            "--hermetic",
            "--config",
            "base.yaml",
            "--config",
            f"envs/{name}/mops.yaml",
            cwd=here,
        )
        assert (here / "envs" / name / "values.yaml").read_text() == alone.out
    times = {path: path.stat().st_mtime_ns for path in here.rglob("values.yaml")}
    assert mops("render", "--all", cwd=here).err.endswith("mops: 2 workspaces: 2 unchanged\n")
    assert {path: path.stat().st_mtime_ns for path in times} == times


@pytest.mark.parametrize("jobs", ["1", "2", "3", "100"])
def test_the_number_of_processes_changes_nothing(tmp_path: Path, jobs: str) -> None:
    one, other = many(tmp_path / "one", 7), many(tmp_path / "other", 7)
    assert mops("render", "--all", "--root", str(one), "--jobs", "1").code == 0
    done = mops("render", "--all", "--root", ".", "--jobs", jobs, cwd=other)
    assert done.code == 0
    assert contents(one) == contents(other)
    assert done.err.splitlines() == [
        f"envs/w{index:03}/values.yaml: written" for index in range(1, 8)
    ] + ["mops: 7 workspaces: 7 written"]


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_nothing_is_written_if_one_is_invalid_unless_asked_for(tmp_path: Path, jobs: str) -> None:
    here = tree(tmp_path, a=GOOD, b=BAD, c=GOOD)
    before = contents(here)
    done = mops("render", "--all", "--jobs", jobs, cwd=here)
    assert (done.code, done.out) == (3, "")
    *states, problem, summary = done.err.splitlines()
    assert states == [
        "envs/a/values.yaml: not written",
        "envs/b/values.yaml: invalid, 1 error",
        "envs/c/values.yaml: not written",
    ]
    assert problem.startswith("envs/b/mops.yaml:2:13: workspace.worker_procesess: ")
    assert problem.endswith(" (did you mean worker_processes?)")
    assert summary == "mops: 3 workspaces: 2 not written, 1 invalid"
    assert contents(here) == before
    done = mops("render", "--all", "--keep-going", "--jobs", jobs, cwd=here)
    assert done.code == 3
    assert sorted(set(contents(here)) - set(before)) == ["envs/a/values.yaml", "envs/c/values.yaml"]


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_check_names_every_stale_file_and_writes_nothing(tmp_path: Path, jobs: str) -> None:
    here = many(tmp_path, 4)
    assert mops("render", "--all", cwd=here).code == 0
    (here / "envs/w001/values.yaml").unlink()
    stale = here / "envs/w003/values.yaml"
    stale.write_bytes(stale.read_bytes().replace(b"\n", b"\r\n"))
    before = contents(here)
    done = mops("render", "--all", "--check", "--jobs", jobs, cwd=here)
    assert done.code == 1
    assert [line for line in done.out.splitlines() if line.startswith("--- ")] == [
        "--- envs/w001/values.yaml",
        "--- envs/w003/values.yaml",
    ]
    assert done.err.splitlines()[-2:] == [
        "mops: 4 workspaces: 2 unchanged, 2 stale",
        "mops: run `mops render --all` and commit what it writes",
    ]
    assert contents(here) == before
    (here / "envs/w002/mops.yaml").write_text(BAD)
    assert mops("render", "--all", "--check", "--jobs", jobs, cwd=here).code == 3


def test_a_problem_of_the_shared_base_is_reported_once(tmp_path: Path) -> None:
    here = many(tmp_path, 3)
    (here / "base.yaml").write_text(BAD)
    done = mops("render", "--all", cwd=here)
    assert done.code == 3
    (line,) = [line for line in done.err.splitlines() if line.startswith("base.yaml:")]
    assert line.startswith("base.yaml:2:13: workspace.worker_procesess: ")
    assert line.endswith(" (did you mean worker_processes?) [in envs/w001/mops.yaml and 2 more]")


def test_warnings_are_printed_and_strict_makes_them_errors(tmp_path: Path) -> None:
    here = tree(tmp_path, a="schema_version: 2\nworkspace: {worker_processes: 3}\n")
    done = mops("render", "--all", cwd=here)
    assert done.code == 0
    assert "envs/a/mops.yaml:2:31: warning: workspace.worker_processes:" in done.err
    assert mops("render", "--all", "--check", "--strict", cwd=here).code == 3


def test_a_file_that_cannot_be_read_is_the_environments_fault(tmp_path: Path) -> None:
    here = tree(tmp_path, a=GOOD, b=GOOD)
    (here / "envs/b/mops.yaml").unlink()
    (here / "envs/b/mops.yaml").symlink_to("gone.yaml")
    done = mops("render", "--all", cwd=here)
    assert done.code == 4
    assert "\nmops: envs/b/mops.yaml: " in done.err
    assert done.err.endswith("mops: 2 workspaces: 1 not written, 1 unreadable\n")
    assert not (here / "envs/a/values.yaml").exists()


def test_a_place_that_cannot_be_written_leaves_the_others_written(tmp_path: Path) -> None:
    here = tree(tmp_path, a=GOOD, b=GOOD)
    (here / "envs/b/values.yaml").mkdir()
    done = mops("render", "--all", cwd=here)
    assert done.code == 4
    assert "\nmops: envs/b/values.yaml" in done.err


@pytest.mark.parametrize(
    ("listed", "link", "message"),
    [
        (
            "workspaces: [../outside/mops.yaml]",
            None,
            "root/mops.fleet.yaml:1:14: ../outside/mops.yaml is outside the root",
        ),
        (
            "base: [../outside/mops.yaml]",
            None,
            "root/mops.fleet.yaml:1:1: ../outside/mops.yaml is outside the root",
        ),
        ("base: [/etc/hostname]", None, "/etc/hostname is outside the root"),
        (
            "workspaces: [{config: envs/a/mops.yaml, output: ../outside/values.yaml}]",
            None,
            "../outside/values.yaml is outside the root",
        ),
        ("{}", ("envs/link", "../../outside"), "envs/link/mops.yaml is outside the root"),
        (
            "{}",
            ("envs/a/values.yaml", "../../../outside/values.yaml"),
            "envs/a/values.yaml is outside the root",
        ),
        ("{}", ("base.yaml", "../outside/mops.yaml"), "base.yaml is outside the root"),
    ],
)
def test_nothing_outside_the_root_is_read_or_written(
    tmp_path: Path, listed: str, link: tuple[str, str] | None, message: str
) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside/mops.yaml").write_text(GOOD)
    here = tree(tmp_path / "root", a=GOOD)
    (here / "mops.fleet.yaml").write_text(listed)
    if link:
        (here / link[0]).symlink_to(link[1])
    before = contents(tmp_path)
    done = mops("render", "--all", "--root", "root", cwd=tmp_path)
    assert (done.code, done.out) == (3, "")
    assert message in done.err
    assert contents(tmp_path) == before


def test_links_that_stay_inside_are_followed(tmp_path: Path) -> None:
    here = tree(tmp_path, a=GOOD)
    (here / "envs/b").symlink_to("a")
    assert mops("render", "--all", "--check", cwd=here).code == 1


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("--config", "x.yaml"), "remove --config\n"),
        (("-c", "x.yaml", "--processes=2", "-c", "y.yaml"), "remove -c, --processes\n"),
        (("--set", "name=x"), "remove --set\n"),
        (("--debug-mode",), "remove --debug-mode\n"),
        (("-o", "x"), "remove -o\n"),
        (("--annotate",), "remove --annotate\n"),
        (("--profile", "p"), "remove --profile\n"),
        (("--kube-version", "1.33"), "remove --kube-version\n"),
        (("--format", "json"), "remove --format\n"),
        (("--jobs", "0"), "--jobs: expected at least 1\n"),
        (("--jobs", "two"), "--jobs: expected a whole number, found two\n"),
        (("--root", "a", "--root", "b"), "--root is given twice\n"),
    ],
)
def test_only_the_tree_decides(tmp_path: Path, args: tuple[str, ...], message: str) -> None:
    done = mops("render", "--all", *args, cwd=tree(tmp_path, a=GOOD))
    assert (done.code, done.out) == (2, "")
    assert message in done.err


@pytest.mark.parametrize("args", [("--root", "x"), ("--jobs", "2"), ("--keep-going",)])
def test_options_of_fleets_need_a_fleet(args: tuple[str, ...]) -> None:
    assert mops("render", "--hermetic", *args).code == 2


def test_a_directory_without_workspaces(tmp_path: Path) -> None:
    done = mops("render", "--all", cwd=tmp_path)
    assert (done.code, done.err) == (
        2,
        "mops: no workspaces found in .: it has neither mops.fleet.yaml nor envs/*/mops.yaml\n",
    )
    assert mops("render", "--all", "--root", "gone", cwd=tmp_path).code == 4
    (tmp_path / "mops.fleet.yaml").write_text("workspaces: []\n")
    done = mops("render", "--all", cwd=tmp_path)
    assert (done.code, done.err) == (2, "mops: mops.fleet.yaml lists no workspaces\n")


def test_home_and_environment_do_not_count(tmp_path: Path) -> None:
    here = copy(tmp_path)
    home = tmp_path / "home/.modelops"
    home.mkdir(parents=True)
    (home / "modelops.yaml").write_text("workspace: {worker_processes: 9}\n")
    env = {
        "HOME": str(home.parent),
        "MODELOPS_OVERRIDE_PROCESSES": "9",
        "MODELOPS_PROFILE": "debug",
        "MODELOPS_CONFIG": str(home / "modelops.yaml"),
    }
    assert mops("render", "--all", "--check", cwd=here, env=env).code == 0


def test_a_bar_on_the_terminal_and_nowhere_else(tmp_path: Path) -> None:
    here = many(tmp_path, 5)
    command = [sys.executable, "-m", "mops", "render", "--all"]
    env = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "TERM": "xterm"}
    plain = subprocess.run(command, cwd=here, env=env, capture_output=True, check=True)
    assert b"\r" not in plain.stdout + plain.stderr
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        command, cwd=here, env=env, stdout=subprocess.DEVNULL, stderr=theirs
    ) as process:
        os.close(theirs)
        seen = b""
        while chunk := _read(ours):
            seen += chunk
        assert process.wait() == 0
    os.close(ours)
    assert b"] 5/5" in seen
    assert (
        seen.index(b"5/5")
        < seen.index(b"\r\x1b[K")
        < seen.index(b"envs/w001/values.yaml: unchanged")
    )


def _read(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 4096)
    except OSError:
        return b""


def start(here: Path, scratch: Path, *args: str) -> subprocess.Popen[bytes]:
    """A run in two processes, in a group of its own."""
    scratch.mkdir()
    return subprocess.Popen(
        [sys.executable, "-m", "mops", "render", "--all", "--jobs", "2", *args],
        cwd=here,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src"), "TMPDIR": str(scratch)},
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def children(pid: int) -> list[int]:
    """The processes that a process has started, as soon as there are two."""
    file = Path(f"/proc/{pid}/task/{pid}/children")
    if not file.exists():
        pytest.skip("this system does not list the children of a process")
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        found = [int(word) for word in file.read_text().split()]
        if len(found) == 2:
            return found
        time.sleep(0.001)
    raise AssertionError("no processes were started")


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["INT", "TERM"]
)
@pytest.mark.parametrize("delay", [0, 0.1, 0.5])
def test_an_interrupt_leaves_no_tree_half_written(
    tmp_path: Path, number: signal.Signals, code: int, delay: float
) -> None:
    here = many(tmp_path / "tree", 400)
    before = contents(here)
    with start(here, tmp_path / "tmp") as process:
        children(process.pid)
        time.sleep(delay)
        os.killpg(process.pid, number)
        process.wait(timeout=20)
        err = process.stderr.read().decode()
    after = contents(here)
    assert not [name for name in after if name.endswith(".tmp")]
    # It came before the first file was written, or it waited for the last. If it came while Python
    # was shutting down, the signal itself ended the process; a shell reports the same exit code.
    written = len(after) - len(before)
    done = {(0, code), (400, code), (400, 0), (400, -number)}
    assert (written, process.returncode) in done, err
    assert not list((tmp_path / "tmp").iterdir())
    assert "Traceback" not in err
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)


def test_a_killed_process_is_reported_and_nothing_is_written(tmp_path: Path) -> None:
    here = many(tmp_path / "tree", 400)
    with start(here, tmp_path / "tmp") as process:
        os.kill(children(process.pid)[0], signal.SIGKILL)
        err = process.stderr.read().decode()
    assert process.returncode == 4, err
    assert err == (
        "mops: a rendering process was killed or crashed; nothing was written "
        "(if memory is short, use fewer --jobs)\n"
    )
    assert not list(here.rglob("values.yaml"))
    assert not list((tmp_path / "tmp").iterdir())
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)


def test_processes_end_when_the_one_that_started_them_is_killed(tmp_path: Path) -> None:
    here = many(tmp_path / "tree", 400)
    with start(here, tmp_path / "tmp") as process:
        started = children(process.pid)
        process.kill()
    deadline = time.monotonic() + 20
    while any(map(running, started)) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not any(map(running, started))
    assert not list(here.rglob("values.yaml*"))


def running(pid: int) -> bool:
    """Whether a process exists and has not ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0] != "Z"
    except FileNotFoundError:
        return False


# As on a system where forking is not safe.
_SPAWNING = """\
import sys
sys.platform = "other"
from mops.cli import main
if __name__ == "__main__":
    sys.exit(main(["render", "--all", "--jobs", "2"]))
"""


def test_processes_that_start_from_nothing_do_the_same(tmp_path: Path) -> None:
    one, other = many(tmp_path / "one", 40), many(tmp_path / "other", 40)
    assert mops("render", "--all", "--jobs", "1", cwd=one).code == 0
    script = tmp_path / "script.py"
    script.write_text(_SPAWNING)
    subprocess.run(
        [sys.executable, str(script)],
        cwd=other,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        check=True,
        capture_output=True,
    )
    assert contents(one) == contents(other)


def test_a_fleet_file_with_profiles(tmp_path: Path) -> None:
    here = tree(
        tmp_path, a="schema_version: 2\nworkspace:\n  profiles: {big: {worker_replicas: 50}}\n"
    )
    (here / "mops.fleet.yaml").write_text(
        "workspaces:\n"
        "- envs/a/mops.yaml\n"
        "- {config: envs/a/mops.yaml, profiles: [big], output: envs/a/big.yaml}\n"
    )
    assert mops("render", "--all", cwd=here).code == 0
    assert "replicas: 50\n" in (here / "envs/a/big.yaml").read_text()
    assert "replicas: 50\n" not in (here / "envs/a/values.yaml").read_text()
    (here / "mops.fleet.yaml").write_text(
        "workspaces: [{config: envs/a/mops.yaml, profiles: [huge]}]\n"
    )
    done = mops("render", "--all", cwd=here)
    assert done.code == 3
    assert "profile huge" in done.err


def test_a_tree_that_may_only_be_read_can_be_checked(tmp_path: Path) -> None:
    here = copy(tmp_path)
    paths = [here, *here.rglob("*")]
    for path in paths:
        path.chmod(0o555 if path.is_dir() else 0o444)
    try:
        assert mops("render", "--all", "--check", cwd=here).code == 0
    finally:
        for path in paths:
            path.chmod(0o755 if path.is_dir() else 0o644)
        shutil.rmtree(here)
