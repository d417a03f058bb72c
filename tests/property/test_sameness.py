"""The same input gives the same bytes on every machine, and failures of the output are reported."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys

import pytest

from invoke import ROOT

MOPS = [sys.executable, "-m", "mops"]
FILE = (
    "workspace:\n  worker_env:\n    GREETING: héllo 😀\n    B: '1'\n    A: '2'\n"
    "  labels: {team: epi}\n  worker_groups: {big: {replicas: 1}, all: {replicas: 2}}\n"
)
ARGS = ["render", "--config", "modelops.yaml", "--set", "workers.podLabels={b: c, a: d}"]
PLAIN = {
    "PATH": os.environ["PATH"],
    "HOME": "/nonexistent",
    "PYTHONPATH": str(ROOT / "src"),
    "LC_ALL": "C.UTF-8",
}


def start(args, cwd, env):
    return subprocess.run(
        [*MOPS, *args], cwd=cwd, env=env, check=False, capture_output=True, timeout=60
    )


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "modelops.yaml").write_text(FILE, encoding="utf-8")
    return tmp_path


def without(*names):
    return {name: value for name, value in PLAIN.items() if name not in names}


SURROUNDINGS = {
    "the same again": PLAIN,
    "another locale": {**PLAIN, "LC_ALL": "C"},
    "a Latin-1 terminal": {**PLAIN, "PYTHONIOENCODING": "latin-1"},
    "an ASCII terminal": {**PLAIN, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"},
    "no home": without("HOME"),
    "an empty home": {**PLAIN, "HOME": ""},
    "a home that is a file": {**PLAIN, "HOME": "/etc/passwd"},
    "hash seed 0": {**PLAIN, "PYTHONHASHSEED": "0"},
    "hash seed 1": {**PLAIN, "PYTHONHASHSEED": "1"},
    "hash seed 4711": {**PLAIN, "PYTHONHASHSEED": "4711"},
    "another time zone": {**PLAIN, "TZ": "Asia/Tokyo"},
    "warnings are errors": {**PLAIN, "PYTHONWARNINGS": "error"},
    "no assertions": {**PLAIN, "PYTHONOPTIMIZE": "2"},
    "no colour": {**PLAIN, "NO_COLOR": "1", "TERM": "dumb"},
}


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reference")
    (folder / "modelops.yaml").write_text(FILE, encoding="utf-8")
    done = start(ARGS, folder, env=PLAIN)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("surroundings", SURROUNDINGS)
def test_the_same_bytes(surroundings, folder, reference):
    done = start(ARGS, folder, env=SURROUNDINGS[surroundings])
    assert (done.returncode, done.stdout) == (0, reference), done.stderr


def test_the_same_bytes_wherever_the_file_lies(folder, reference):
    elsewhere = folder / "a folder" / "ünder"
    elsewhere.mkdir(parents=True)
    shutil.copy(folder / "modelops.yaml", elsewhere)
    for cwd, name in (
        (folder, str(elsewhere / "modelops.yaml")),
        (elsewhere, "modelops.yaml"),
        (elsewhere, "../../modelops.yaml"),
        (folder, "./modelops.yaml"),
    ):
        done = start(["render", "--config", name, *ARGS[3:]], cwd, env=PLAIN)
        assert done.stdout == reference, done.stderr
        annotated = start(["render", "--config", name, "--annotate", *ARGS[3:]], cwd, env=PLAIN)
        assert str(folder).encode() not in annotated.stdout


def test_a_module_in_the_working_directory_is_not_imported(folder, reference):
    """An installed command has no working directory on its path."""
    (folder / "yaml.py").write_text("raise SystemExit('imported')")
    code = (
        "import sys; sys.path.pop(0); sys.path.insert(0, sys.argv.pop(1)); from mops.cli import "
        "main; sys.exit(main())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, PLAIN["PYTHONPATH"], *ARGS],
        cwd=folder,
        env=PLAIN,
        capture_output=True,
        check=False,
    )
    assert done.stdout == reference, done.stderr


@pytest.mark.parametrize(
    "args",
    [
        ARGS,
        ["config", "show", "--all", "--format", "json", "-c", "modelops.yaml"],
        ["schema", "values"],
    ],
    ids=lambda args: " ".join(args[:2]),
)
def test_a_reader_that_has_seen_enough_ends_it_quietly(args, folder):
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [*MOPS, *args],
            cwd=folder,
            env=PLAIN,
            stdout=writing,
            stderr=subprocess.PIPE,
            check=False,
        )
    finally:
        os.close(writing)
    assert done.returncode == 0
    assert b"Traceback" not in done.stderr
    assert b"Broken pipe" not in done.stderr


def test_head(folder):
    done = subprocess.run(
        [
            "bash",
            "-c",
            (
                f"{sys.executable} -m mops {' '.join(ARGS[:3])} -q | head -1; echo "
                f'"${{PIPESTATUS[0]}}"'
            ),
        ],
        cwd=folder,
        env=PLAIN,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "# Written by mops render; edit the configuration instead.\n0\n"
    assert done.stderr == ""


def test_a_full_disk_behind_stdout(folder):
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [*MOPS, *ARGS, "-q"],
            cwd=folder,
            env=PLAIN,
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert (done.returncode, done.stderr) == (4, b"mops: stdout: No space left on device\n")


def test_a_closed_stdout(folder):
    done = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m mops {' '.join(ARGS[:3])} -q >&-"],
        cwd=folder,
        env=PLAIN,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 4
    assert done.stderr.startswith("mops: stdout: ")


def _small():
    resource.setrlimit(resource.RLIMIT_FSIZE, (512, 512))


def test_a_full_disk_keeps_the_old_file(folder):
    (folder / "values.yaml").write_text("old\n")
    done = subprocess.run(
        [*MOPS, *ARGS, "-q", "-o", "values.yaml"],
        cwd=folder,
        env=PLAIN,
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=_small,
    )
    assert (done.returncode, done.stdout, done.stderr) == (
        4,
        "",
        "mops: values.yaml: File too large; file left unchanged\n",
    )
    assert (folder / "values.yaml").read_text() == "old\n"
    assert sorted(os.listdir(folder)) == ["modelops.yaml", "values.yaml"]


def test_a_tiny_file_system_keeps_the_old_file(tmp_path):
    if os.geteuid() != 0:
        pytest.skip("only root mounts a file system")
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", str(disk)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip("file systems cannot be mounted here")
    try:
        (disk / "values.yaml").write_text("old\n")
        done = subprocess.run(
            [*MOPS, "render", "-q", "-o", str(disk / "values.yaml")],
            env=PLAIN,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stdout) == (4, "")
        assert done.stderr.endswith("No space left on device; file left unchanged\n")
        assert (disk / "values.yaml").read_text() == "old\n"
        assert os.listdir(disk) == ["values.yaml"]
    finally:
        subprocess.run(["umount", str(disk)], check=True)
