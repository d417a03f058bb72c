"""The chart's archive: the same content, the same bytes."""

from __future__ import annotations

import gzip
import io
import os
import random
import tarfile

import pytest

from mops.chart import archive as package

FILES = {
    "templates/a.yaml": b"a: 1\n",
    "Chart.yaml": b"name: c\nversion: 1.0.0\n",
    "big": random.Random(1).randbytes(200_000),
    "empty": b"",
}


def unpacked(data: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        return {entry.name: tar.extractfile(entry).read() for entry in tar}


def test_an_archive_holds_the_files_chart_yaml_first() -> None:
    found = unpacked(package.archive("c", FILES))
    assert found == {f"c/{name}": content for name, content in FILES.items()}
    assert list(found) == ["c/Chart.yaml", "c/big", "c/empty", "c/templates/a.yaml"]


def test_every_entry_is_owned_by_nobody_at_no_time() -> None:
    with tarfile.open(fileobj=io.BytesIO(package.archive("c", FILES))) as tar:
        assert {
            (entry.uid, entry.gid, entry.uname, entry.gname, entry.mode, entry.mtime)
            for entry in tar
        } == {(0, 0, "", "", 0o644, 315532800)}


def test_the_order_of_the_files_and_the_clock_do_not_count() -> None:
    backwards = dict(reversed(FILES.items()))
    assert package.archive("c", backwards) == package.archive("c", FILES)
    # The bytes depend on no compressor: this is what they have been since the first version.
    small = package.archive("c", {"Chart.yaml": b"name: c\n"})
    assert small[:15] == b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff\x01\x00\x28\xff\xd7"


@pytest.mark.parametrize("size", [0, 1, 65535, 65536, 131070, 131071])
def test_any_gzip_reads_what_is_stored(size: int) -> None:
    data = os.urandom(size)
    assert gzip.decompress(package._stored(data)) == data


@pytest.mark.parametrize(
    ("ignore", "kept"),
    [
        ("", ["Chart.yaml", "ci/a.yaml", "templates/b.tmp", "templates/ci"]),
        ("ci/\n", ["Chart.yaml", "templates/b.tmp", "templates/ci"]),
        ("# ci/\n\n*.tmp\n", ["Chart.yaml", "ci/a.yaml", "templates/ci"]),
        ("ci\n", ["Chart.yaml", "templates/b.tmp"]),
        ("templates/*\n", ["Chart.yaml", "ci/a.yaml"]),
        ("/ci/\n", ["Chart.yaml", "templates/b.tmp", "templates/ci"]),
    ],
)
def test_what_helmignore_rules_out_stays_out(ignore: str, kept: list[str]) -> None:
    assert (
        package.kept(["Chart.yaml", "ci/a.yaml", "templates/b.tmp", "templates/ci"], ignore) == kept
    )


def test_a_charts_identity() -> None:
    assert package.identity(
        'apiVersion: v2\nname: mops-dask\nversion: "1.2.3"\nappVersion: 9.9.9\n'
    ) == ("mops-dask", "1.2.3")
