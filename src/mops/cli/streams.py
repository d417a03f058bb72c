"""Where output goes: artifacts to stdout or a file, whole or not at all; all else to stderr."""

from __future__ import annotations

import contextlib
import os
import signal
import stat
import sys
from collections.abc import Callable, Iterator, Sequence

from mops.errors import EnvironmentFailure


def note(text: str) -> None:
    """One line for the user, on stderr."""
    print(f"mops: {text}", file=sys.stderr)


def line(text: str) -> None:
    """One line of a report on stderr, without the program's name."""
    print(text, file=sys.stderr)


def ask(question: str) -> bool:
    """Whether the user at the terminal says yes. The question goes to stderr."""
    print(question, end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("y", "yes")


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


def write(text: str | bytes, name: str) -> bool:
    """Replaces the file `name` by `text` through a temporary file; whether that changed anything."""
    data = text if isinstance(text, bytes) else text.encode("utf-8")
    target = os.path.realpath(name)
    temporary = f"{target}.{os.getpid()}.tmp"
    with _cleaning_up():
        return _replace(name, target, temporary, data)


def write_all(texts: Sequence[tuple[str, str]]) -> list[str]:
    """Replaces files, given as (text, name), each through a temporary file; what failed of each, "" where nothing did.

    All are written before the first is synced: the disk then takes them together.
    """
    failures = [""] * len(texts)
    staged: list[tuple[int, str, str]] = []
    with _cleaning_up():
        try:
            for index, (text, name) in enumerate(texts):
                target = os.path.realpath(name)
                temporary = f"{target}.{os.getpid()}.tmp"
                staged.append((index, temporary, target))
                failures[index] = _attempt(name, lambda: _fill(temporary, target, text))  # noqa: B023 - called at once
            for index, temporary, target in staged:
                if not failures[index]:
                    failures[index] = _attempt(texts[index][1], lambda: _settle(temporary, target))  # noqa: B023
        finally:
            for _, temporary, _ in staged:
                with contextlib.suppress(OSError):
                    os.unlink(temporary)
    return failures


def _attempt(name: str, action: Callable[[], None]) -> str:
    try:
        action()
    except OSError as error:
        return f"{name}: {error.strerror or error}; it is as it was"
    return ""


def _fill(temporary: str, target: str, text: str) -> None:
    mode = _mode(target)
    if mode is not None and not stat.S_ISREG(mode):
        raise OSError("it is not a regular file")
    _make(temporary, text.encode("utf-8"), _permissions(mode), sync=False)


def _settle(temporary: str, target: str) -> None:
    descriptor = os.open(temporary, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    os.replace(temporary, target)


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
        _make(temporary, data, _permissions(mode))
        os.replace(temporary, target)
    except OSError as error:
        raise EnvironmentFailure(f"{name}: {error.strerror or error}; it is as it was") from None
    finally:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
    return True


def create(text: str, name: str, mode: int = 0o666) -> bool:
    """Makes the file `name`, whole or not at all; False where it exists. Of several at once one succeeds."""
    with _cleaning_up():
        return _create(text, name, f"{name}.{os.getpid()}-{os.urandom(4).hex()}.tmp", mode)


def _create(text: str, name: str, temporary: str, mode: int) -> bool:
    try:
        _make(temporary, text.encode("utf-8"), mode)
        try:
            # A link, unlike a rename, never replaces.
            os.link(temporary, name)
        except PermissionError:
            # Some file systems have no links.
            _make(name, text.encode("utf-8"), mode)
    except FileExistsError:
        return False
    except OSError as error:
        raise EnvironmentFailure(f"{name}: {error.strerror or error}") from None
    finally:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
    return True


def _make(name: str, data: bytes, mode: int, *, sync: bool = True) -> None:
    """A file that was not there, on the disk when this returns unless `sync` is off."""
    with os.fdopen(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode), "wb") as file:
        file.write(data)
        if sync:
            file.flush()
            os.fsync(file.fileno())


def _permissions(mode: int | None) -> int:
    """Those of the file that is replaced; None is the mode of no file."""
    return 0o666 if mode is None else stat.S_IMODE(mode)


def _mode(target: str) -> int | None:
    try:
        return os.stat(target).st_mode
    except FileNotFoundError:
        return None


def _same(target: str, data: bytes) -> bool:
    with open(target, "rb") as file:
        return file.read(len(data) + 1) == data
