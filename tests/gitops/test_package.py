"""`mops chart package`: an archive that is the same everywhere, and that helm takes."""

from __future__ import annotations

import hashlib
import os
import subprocess
import tarfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from gitops.trees import EXAMPLE
from invoke import CHART, helm, mops, template


def packed(folder: Path) -> Path:
    done = mops("chart", "package", "-o", "dist", cwd=folder)
    assert done.code == 0, done.err
    path = folder / done.out.strip()
    assert done.err == f"mops: sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}\n"
    return path


def test_two_archives_are_the_same(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    before = os.umask(0o077)
    try:
        first = packed(tmp_path / "a")
    finally:
        os.umask(before)
    assert first.read_bytes() == packed(tmp_path / "b").read_bytes()
    assert first.name.startswith("mops-dask-")


def test_it_holds_what_helms_own_archive_holds(tmp_path: Path) -> None:
    subprocess.run(
        [helm(), "package", str(CHART), "-d", str(tmp_path / "helm")],
        check=True,
        capture_output=True,
    )
    (theirs,) = (tmp_path / "helm").iterdir()

    def files(path: Path) -> dict[str, bytes]:
        with tarfile.open(path) as tar:
            return {entry.name: tar.extractfile(entry).read() for entry in tar}

    ours = packed(tmp_path)
    assert ours.name == theirs.name
    mine, other = files(ours), files(theirs)
    # Helm writes Chart.yaml anew.
    assert {name: data for name, data in mine.items() if not name.endswith("/Chart.yaml")} == {
        name: data for name, data in other.items() if not name.endswith("/Chart.yaml")
    }
    assert mine["mops-dask/Chart.yaml"] == (CHART / "Chart.yaml").read_bytes()


def test_helm_makes_the_same_of_the_archive_and_of_the_folder(tmp_path: Path) -> None:
    values = EXAMPLE / "envs/prod/values.yaml"
    assert template(packed(tmp_path), "-f", values) == template(CHART, "-f", values)


class Registry(BaseHTTPRequestHandler):
    """As much of an OCI registry as a push and a pull need."""

    protocol_version = "HTTP/1.1"
    blobs: dict[str, bytes]
    manifests: dict[str, tuple[str, bytes]]

    def do_HEAD(self) -> None:
        self._found(body=False)

    def do_GET(self) -> None:
        self._found(body=True)

    def do_POST(self) -> None:
        self._body()
        self._answer(202, {"Location": f"{self.path.partition('?')[0]}1"})

    def do_PUT(self) -> None:
        data = self._body()
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        if "/manifests/" in self.path:
            for name in (self.path.rpartition("/")[2], digest):
                self.manifests[name] = (self.headers["Content-Type"], data)
        else:
            self.blobs[digest] = data
        self._answer(201, {"Docker-Content-Digest": digest, "Location": f"/v2/{digest}"})

    def do_PATCH(self) -> None:
        raise AssertionError("helm uploads blobs whole")

    def _body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def _found(self, *, body: bool) -> None:
        name = self.path.rpartition("/")[2]
        kind, data = (
            self.manifests.get(name)
            if "/manifests/" in self.path and name in self.manifests
            else ("application/octet-stream", self.blobs.get(name))
        )
        if data is None:
            self._answer(404, {})
            return
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        self._answer(200, {"Content-Type": kind, "Docker-Content-Digest": digest}, data, body=body)

    def _answer(
        self, code: int, headers: dict[str, str], data: bytes = b"", *, body: bool = True
    ) -> None:
        self.send_response(code)
        for name, value in {"Content-Length": str(len(data)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if body and data:
            self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def registry() -> Iterator[tuple[str, type[Registry]]]:
    handler = type("Handler", (Registry,), {"blobs": {}, "manifests": {}})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"localhost:{server.server_port}", handler
    server.shutdown()
    thread.join()
    server.server_close()


def test_helm_pushes_it_and_pulls_the_same_bytes(
    tmp_path: Path, registry: tuple[str, type[Registry]]
) -> None:
    host, handler = registry
    path = packed(tmp_path)
    pushed = subprocess.run(
        [helm(), "push", str(path), f"oci://{host}/charts", "--plain-http"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert pushed.returncode == 0, pushed.stderr
    assert path.read_bytes() in handler.blobs.values()
    version = path.name.removeprefix("mops-dask-").removesuffix(".tgz")
    assert version in handler.manifests
    (tmp_path / "pulled").mkdir()
    subprocess.run(
        [
            helm(),
            "pull",
            f"oci://{host}/charts/mops-dask",
            "--version",
            version,
            "--plain-http",
            "-d",
            str(tmp_path / "pulled"),
        ],
        check=True,
        capture_output=True,
    )
    assert (tmp_path / "pulled" / path.name).read_bytes() == path.read_bytes()
