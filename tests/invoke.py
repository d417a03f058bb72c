"""Mops run in this process, and helm as the reader that Kubernetes has."""

from __future__ import annotations

import base64
import contextlib
import importlib.util
import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import pytest

from mops.cli import main

ROOT = Path(__file__).resolve().parents[1]
CHART = ROOT / "chart"
NAMESPACE = "modelops-dask-dev"


def script(path: Path) -> ModuleType:
    """A program of `scripts` as a module."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    # Records that are defined in a module look it up by its name.
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def takes_interrupts() -> None:
    """Makes a child react to Ctrl-C: what a shell starts in the background inherits ignoring it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


class Done(NamedTuple):
    """What a run came to."""

    code: int
    out: str
    err: str


def mops(
    *args: str, env: Mapping[str, str] | None = None, cwd: Path | None = None, stdin: bytes = b""
) -> Done:
    """One run of mops in `cwd`, with `env` on top of an environment that selects nothing."""
    with pytest.MonkeyPatch.context() as patch, _stdout() as written:
        for name in [name for name in os.environ if name.startswith(("MODELOPS_", "MOPS_"))]:
            patch.delenv(name)
        patch.setenv("HOME", "/nonexistent")
        patch.setenv("MOPS_TRACEBACK", "1")
        for name, value in (env or {}).items():
            patch.setenv(name, value)
        if cwd is not None:
            patch.chdir(cwd)
        patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = main(list(args))
        written.seek(0)
        return Done(code, out.getvalue() + written.read().decode("utf-8"), err.getvalue())


@contextlib.contextmanager
def _stdout() -> Iterator[Any]:
    """File descriptor 1 as a temporary file."""
    with tempfile.TemporaryFile() as file:
        sys.stdout.flush()
        before = os.dup(1)
        os.dup2(file.fileno(), 1)
        try:
            yield file
        finally:
            os.dup2(before, 1)
            os.close(before)


@lru_cache(maxsize=1)
def helm() -> str:
    """The helm to use; skips where there is none, unless MOPS_REQUIRE_HELM=1."""
    found = (
        os.environ.get("MOPS_HELM")
        or shutil.which("helm")
        or shutil.which("helm", path=str(Path(sys.executable).parent))
    )
    if found is None:
        if os.environ.get("MOPS_REQUIRE_HELM") == "1":
            pytest.fail("MOPS_REQUIRE_HELM=1, but there is no helm")
        pytest.skip("helm is not installed")
    return found


def template(chart: Path, *args: str | Path, stdin: str | None = None) -> Done:
    """`helm template` of a chart."""
    command = [helm(), "template", "dask", str(chart), "-n", NAMESPACE, *map(str, args)]
    done = subprocess.run(
        command, input=stdin, capture_output=True, text=True, encoding="utf-8", check=False
    )
    return Done(done.returncode, done.stdout, done.stderr)


def manifests(values: Path | str) -> str:
    """The bundled chart rendered with a values file, or with values as a string."""
    done = (
        template(CHART, "-f", values)
        if isinstance(values, Path)
        else template(CHART, "-f", "-", stdin=values)
    )
    assert done.code == 0, done.err
    return done.out


# A chart that reads each of its files as Kubernetes does (sigs.k8s.io/yaml) and prints it as JSON.
_READER = """\
{{- range $name, $_ := .Files.Glob "files/*" }}
{{ base $name | quote }}: {{ $.Files.Get $name | fromYaml | toJson | b64enc | quote }}
{{- end }}
"""


def as_kubernetes_reads(documents: Sequence[str]) -> list[Any]:
    """The data of YAML documents, each a mapping, read by helm's own reader in one run."""
    with tempfile.TemporaryDirectory() as folder:
        chart = printing_chart(Path(folder), _READER)
        (chart / "files").mkdir()
        for index, document in enumerate(documents):
            (chart / "files" / f"f{index:06}").write_bytes(document.encode("utf-8"))
        done = template(chart)
    assert done.code == 0, done.err
    found = [
        json.loads(base64.b64decode(line.partition(": ")[2].strip('"')))
        for line in done.out.splitlines()
        if line.startswith('"f')
    ]
    assert len(found) == len(documents)
    return found


def printing_chart(folder: Path, text: str) -> Path:
    """A chart with one template and no values of its own."""
    chart = folder / "printing"
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: printing\nversion: 1.0.0\n")
    (chart / "templates" / "all.yaml").write_text(text)
    return chart


def documents(stream: str) -> list[str]:
    """The documents of a manifest stream, split where Kubernetes splits it."""
    found = [part for part in f"\n{stream}".split("\n---") if part.strip()]
    return [
        part
        for part in found
        if any(line and not line.startswith("#") for line in part.splitlines())
    ]


def objects(*streams: str) -> list[dict[str, Any]]:
    """For each manifest stream its objects by `Kind/name`, as Kubernetes reads them.

    One run of helm reads all of them.
    """
    parts = [documents(stream) for stream in streams]
    read = iter(as_kubernetes_reads([document for part in parts for document in part]))
    found = []
    for part in parts:
        named: dict[str, Any] = {}
        for _ in part:
            one = next(read)
            assert "kind" in one, one
            named[f"{one['kind']}/{one['metadata']['name']}"] = one
        found.append(named)
    return found


def container(found: Mapping[str, Any], name: str = "dask-workers") -> Any:
    """The main container of a Deployment."""
    return found[f"Deployment/{name}"]["spec"]["template"]["spec"]["containers"][0]


def environment(found: Mapping[str, Any], name: str = "dask-workers") -> dict[str, Any]:
    """The environment block of a Deployment's main container: name -> value or valueFrom."""
    return {
        entry["name"]: entry.get("value", entry.get("valueFrom"))
        for entry in container(found, name)["env"]
    }
