"""Files on disk: bounded reads, and writes that happen completely or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import stat
from collections.abc import Callable, Iterator, Sequence

from mops.model.problems import EnvironmentFailure

_EMPTY = '""'


def read_file(name: str) -> bytes:
    """The bytes of a regular file, or of standard input for `-`; one byte past the limit at most."""
    if name == "-":
        import sys

        return sys.stdin.buffer.read(MAX_BYTES + 1)
    try:
        # Non-blocking, so that opening a pipe without a writer returns.
        descriptor = os.open(name, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                kind = (
                    "a folder"
                    if stat.S_ISDIR(os.fstat(descriptor).st_mode)
                    else "not a regular file"
                )
                raise EnvironmentFailure(f"{name}: it is {kind}")
            return _bounded(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise EnvironmentFailure(f"{name or _EMPTY}: {_reason(error)}") from None
    except ValueError:
        raise EnvironmentFailure(f"{name}: no file can have this name") from None


def _bounded(descriptor: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while size <= MAX_BYTES and (chunk := os.read(descriptor, MAX_BYTES + 1 - size)):
        chunks.append(chunk)
        size += len(chunk)
    return b"".join(chunks)


def _reason(error: OSError) -> str:
    return {
        errno.ENOENT: "there is no such file",
        errno.EACCES: "permission denied",
        errno.ELOOP: "too many symbolic links",
        errno.ENAMETOOLONG: "the name is too long",
        errno.ENXIO: "it is not a regular file",
    }.get(error.errno or 0, error.strerror or "it cannot be read")


MAX_BYTES = 1 << 20


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
                failures[index] = _attempt(name, lambda: _fill(temporary, target, text))
            for index, temporary, target in staged:
                if not failures[index]:
                    failures[index] = _attempt(texts[index][1], lambda: _settle(temporary, target))
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
    with os.fdopen(
        os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode), "wb"
    ) as file:
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


@contextlib.contextmanager
def locked(name: str) -> Iterator[None]:
    """Holds an exclusive lock on the file `name`, so that of several edits at once none is lost.

    Without the file there is nothing to lock; reading it will say what is wrong.
    """
    import fcntl

    while True:
        try:
            descriptor = os.open(name, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError:
            yield
            return
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            if _is_still(descriptor, name):
                yield
                return
        finally:
            os.close(descriptor)


def _is_still(descriptor: int, name: str) -> bool:
    """Whether an open file still has this name, and was not replaced while the lock was awaited."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(name))
    except OSError:
        return True
