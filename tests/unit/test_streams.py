"""Files are written whole or not at all."""

from __future__ import annotations

import os
import resource
import stat
import subprocess
import sys

import pytest

from invoke import ROOT
from mops.model import disk
from mops.model.problems import EnvironmentFailure


def test_a_new_file(tmp_path):
    assert disk.write("é\n", str(tmp_path / "f")) is True
    assert (tmp_path / "f").read_bytes() == "é\n".encode()
    assert os.listdir(tmp_path) == ["f"]


def test_the_same_text_leaves_the_file_alone(tmp_path):
    file = tmp_path / "f"
    file.write_text("x")
    before = file.stat()
    assert disk.write("x", str(file)) is False
    assert (file.stat().st_ino, file.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_the_mode_stays(tmp_path):
    file = tmp_path / "f"
    file.write_text("x")
    file.chmod(0o640)
    disk.write("y", str(file))
    assert stat.S_IMODE(file.stat().st_mode) == 0o640


def test_a_link_stays_one(tmp_path):
    (tmp_path / "real").write_text("x")
    (tmp_path / "link").symlink_to("real")
    disk.write("y", str(tmp_path / "link"))
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "y"


def test_a_device_is_written_to_in_place():
    assert disk.write("x", "/dev/null") is True
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("missing/f", "No such file or directory"),
        (".", "Is a directory"),
        ("/dev/full", "No space left on device"),
    ],
)
def test_what_cannot_be_written(name, reason, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(EnvironmentFailure, match=reason):
        disk.write("x", name)
    assert os.listdir(tmp_path) == []


@pytest.fixture
def _small_files():
    """No file may grow past 4 KiB: the disk is full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.usefixtures("_small_files")
def test_a_full_disk_keeps_the_old_file(tmp_path):
    file = tmp_path / "f"
    file.write_text("old")
    with pytest.raises(EnvironmentFailure, match="file left unchanged"):
        disk.write("x" * 10_000, str(file))
    assert file.read_text() == "old"
    assert os.listdir(tmp_path) == ["f"]


def test_a_reader_sees_the_old_or_the_new_text_never_a_part(tmp_path):
    """Two processes write in turns while this one reads."""
    file = tmp_path / "f"
    texts = {letter * 200_000 for letter in "ab"}
    file.write_text("a" * 200_000)
    code = (
        "import sys\nfrom mops.model import disk\n"
        f"for _ in range(40): disk.write(sys.argv[1] * 200_000, {str(file)!r})"
    )
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", code, letter],
            env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        )
        for letter in "ab"
    ]
    seen = set()
    while any(writer.poll() is None for writer in writers):
        seen.add(file.read_text())
    assert [writer.returncode for writer in writers] == [0, 0]
    assert seen <= texts
    assert os.listdir(tmp_path) == ["f"]


def test_several_files_each_with_its_own_failure(tmp_path):
    (tmp_path / "a").write_text("old")
    (tmp_path / "folder").mkdir()
    names = [str(tmp_path / name) for name in ("a", "folder", "missing/b", "c")]
    failures = disk.write_all([("new", name) for name in names])
    assert failures == [
        "",
        f"{names[1]} is not a regular file; file left unchanged",
        f"{names[2]}: No such file or directory; file left unchanged",
        "",
    ]
    assert ((tmp_path / "a").read_text(), (tmp_path / "c").read_text()) == ("new", "new")
    assert sorted(os.listdir(tmp_path)) == ["a", "c", "folder"]


def test_a_file_is_created_once(tmp_path):
    file = tmp_path / "f"
    assert disk.create("first", str(file), 0o600) is True
    assert disk.create("second", str(file)) is False
    assert (file.read_text(), stat.S_IMODE(file.stat().st_mode)) == ("first", 0o600)
    assert os.listdir(tmp_path) == ["f"]


def test_what_ends_the_process_leaves_no_temporary_file(tmp_path):
    """SIGTERM arrives while a staged file waits for its sync."""
    code = (
        "import os, signal\n"
        "from mops.model import disk\n"
        "os.fsync = lambda descriptor: os.kill(os.getpid(), signal.SIGTERM)\n"
        f"disk.write('x', {str(tmp_path / 'f')!r})"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        check=False,
    )
    assert done.returncode == 128 + 15
    assert os.listdir(tmp_path) == []
