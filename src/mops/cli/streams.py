"""Where output goes: artifacts to stdout or a file, whole or not at all; all else to stderr."""

from __future__ import annotations

import contextlib
import os
import signal
import stat
import sys
from collections.abc import Iterator

from mops.errors import EnvironmentFailure


def note(text: str) -> None:
    """One line for the user, on stderr."""
    print(f"mops: {text}", file=sys.stderr)


def line(text: str) -> None:
    """One line of a report on stderr, without the program's name."""
    print(text, file=sys.stderr)


def out(text: str) -> None:
    """A complete artifact on stdout."""
    try:
        if sys.stdout is None:
            raise OSError("it is closed")
        sys.stdout.flush()
        data = memoryview(text.encode("utf-8", "backslashreplace"))
        while data:
            data = data[os.write(1, data) :]
    except BrokenPipeError:
        # The reader has seen enough. Nothing may be flushed into the pipe at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    except OSError as error:
        raise EnvironmentFailure(f"stdout: {error.strerror or error}") from None


def write(text: str, name: str) -> bool:
    """Replaces the file `name` by `text` through a temporary file; whether that changed anything."""
    data = text.encode("utf-8")
    target = os.path.realpath(name)
    temporary = f"{target}.{os.getpid()}.tmp"
    with _cleaning_up():
        return _replace(name, target, temporary, data)


@contextlib.contextmanager
def _cleaning_up() -> Iterator[None]:
    """Makes SIGTERM an exception, so that no temporary file stays behind."""
    try:
        before = signal.signal(signal.SIGTERM, _terminated)
    except ValueError:  # not the main thread, which alone takes signals
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _terminated(number: int, _frame: object) -> None:
    raise SystemExit(128 + number)


def _replace(name: str, target: str, temporary: str, data: bytes) -> bool:
    try:
        mode = _mode(target)
        if mode is not None and not stat.S_ISREG(mode):
            with open(target, "wb") as file:
                file.write(data)
            return True
        if mode is not None and _same(target, data):
            return False
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, stat.S_IMODE(mode) if mode is not None else 0o666)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    except OSError as error:
        raise EnvironmentFailure(f"{name}: {error.strerror or error}; it is as it was") from None
    finally:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
    return True


def _mode(target: str) -> int | None:
    try:
        return os.stat(target).st_mode
    except FileNotFoundError:
        return None


def _same(target: str, data: bytes) -> bool:
    with open(target, "rb") as file:
        return file.read(len(data) + 1) == data
