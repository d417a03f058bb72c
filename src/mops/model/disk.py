"""Files on disk: bounded reads, and writes that happen completely or not at all.

A file is first written under a temporary name beside its target, and then renamed. Readers see
either the old or the new content, and a full disk leaves the old content in place.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import signal
import stat
from collections.abc import Iterator, Sequence

from mops.model.problems import EnvironmentFailure
from mops.model.signals import exit_process, handled

# The size of the largest file that is read, in bytes.
MAX_BYTES = 1 << 20

# The permissions of a new file, before the umask.
_NEW = 0o666
_EMPTY = '""'
# How long a named pipe may have no writer, and how often to look for one, in seconds.
_WRITER = 5.0
_PAUSE = 0.02
# The names of a descriptor that this process has inherited, as the shell writes <(…).
_INHERITED = r"/dev/stdin|/(?:dev|proc/self)/fd/([0-9]{1,6})"
_REASONS = {
    errno.ENOENT: "file not found",
    errno.EACCES: "permission denied",
    errno.ELOOP: "too many symbolic links",
    errno.ENAMETOOLONG: "file name too long",
    # A socket.
    errno.ENXIO: "not a regular file",
    # A descriptor that is not open.
    errno.EBADF: "file not found",
}


def read_file(name: str) -> bytes:
    """The bytes of a file or pipe, or of standard input for `-`; at most MAX_BYTES + 1.

    Raises EnvironmentFailure if the file is missing or cannot be read, or if nothing opens a named
    pipe for writing.
    """
    if name == "-":
        import sys

        return sys.stdin.buffer.read(MAX_BYTES + 1)
    try:
        descriptor = _open(name)
        try:
            return _read(descriptor, name)
        finally:
            os.close(descriptor)
    except OSError as error:
        reason = _REASONS.get(error.errno or 0, error.strerror or "cannot be read")
        raise EnvironmentFailure(f"{name or _EMPTY}: {reason}") from None
    except ValueError:
        raise EnvironmentFailure(f"{name}: invalid file name") from None


def inherited(name: str) -> int | None:
    """The descriptor that a name such as /dev/stdin or /dev/fd/63 stands for; None for others."""
    if not name.startswith(("/dev/", "/proc/")):
        return None
    found = re.fullmatch(_INHERITED, name)
    return int(found[1] or 0) if found else None


def _open(name: str) -> int:
    """A descriptor to read from."""
    number = inherited(name)
    if number is not None:
        # To open it again would lose who writes into it, and is refused for sockets.
        return os.dup(number)
    # Non-blocking, because opening a named pipe would wait until something writes into it.
    return os.open(name, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)


def _read(descriptor: int, name: str) -> bytes:
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISDIR(mode):
        raise EnvironmentFailure(f"{name} is a directory")
    chunks: list[bytes] = []
    if not stat.S_ISREG(mode) and inherited(name) is None:
        if not stat.S_ISFIFO(mode):
            raise EnvironmentFailure(f"{name} is not a regular file")
        chunks.append(_first_byte(descriptor, name))
    left = MAX_BYTES + 1 - sum(map(len, chunks))
    while left and (chunk := os.read(descriptor, left)):
        chunks.append(chunk)
        left -= len(chunk)
    return b"".join(chunks)


def _first_byte(descriptor: int, name: str) -> bytes:
    """The first byte of a named pipe, waiting for a writer; after this, reads may block."""
    import select
    import time

    end = time.monotonic() + _WRITER
    while True:
        is_ready = bool(select.select([descriptor], [], [], _PAUSE)[0])
        try:
            first = os.read(descriptor, 1)
        except BlockingIOError:
            # There is a writer, which may take its time.
            os.set_blocking(descriptor, True)
            return os.read(descriptor, 1)
        if first or is_ready:
            os.set_blocking(descriptor, True)
            return first
        if time.monotonic() > end:
            message = f"{name}: nothing has opened this named pipe for writing"
            raise EnvironmentFailure(f"{message} within {_WRITER:g} s")


def write(text: str | bytes, name: str) -> bool:
    """Replaces the content of the file `name`; returns whether its content changed.

    Symbolic links and permissions are kept. A file that is not regular, such as a device, is
    written in place. Raises EnvironmentFailure if the file cannot be written.
    """
    data = text if isinstance(text, bytes) else text.encode("utf-8")
    target = os.path.realpath(name)
    with _staging() as staging:
        try:
            mode = _mode(target)
            if mode is not None and not stat.S_ISREG(mode):
                with open(target, "wb") as file:
                    file.write(data)
                return True
            if mode is not None and _holds(target, data):
                return False
            os.replace(staging.file(target, data, _permissions(mode)), target)
        except OSError as error:
            raise EnvironmentFailure(_unchanged(name, error)) from None
    return True


def write_all(texts: Sequence[tuple[str, str]]) -> list[str]:
    """Replaces files, given as (text, name); returns for each the error message, "" on success.

    All are written before the first is synced, so that the disk can write them together.
    """
    with _staging() as staging:
        staged = [_stage(staging, text, name) for text, name in texts]
        return [
            failure or _move_into_place(temporary, name)
            for (temporary, failure), (_, name) in zip(staged, texts, strict=True)
        ]


def _stage(staging: _Staging, text: str, name: str) -> tuple[str, str]:
    """The temporary file that is to replace `name`, and "" or the error message."""
    target = os.path.realpath(name)
    try:
        mode = _mode(target)
        if mode is not None and not stat.S_ISREG(mode):
            return "", f"{name} is not a regular file; file left unchanged"
        data = text.encode("utf-8")
        return staging.file(target, data, _permissions(mode), sync=False), ""
    except OSError as error:
        return "", _unchanged(name, error)


def _move_into_place(temporary: str, name: str) -> str:
    """Renames a temporary file to `name`; returns the error message, "" on success."""
    try:
        _sync(temporary)
        os.replace(temporary, os.path.realpath(name))
    except OSError as error:
        return _unchanged(name, error)
    return ""


def create(text: str, name: str, mode: int = _NEW) -> bool:
    """Creates the file `name`; returns False if it exists. Only one of several processes succeeds.

    Raises EnvironmentFailure if it cannot be created.
    """
    data = text.encode("utf-8")
    with _staging() as staging:
        try:
            temporary = staging.file(name, data, mode)
            try:
                # Unlike a rename, a hard link never replaces a file.
                os.link(temporary, name)
            except PermissionError:
                # Some file systems do not support hard links.
                _fill(name, data, mode)
        except FileExistsError:
            return False
        except OSError as error:
            raise EnvironmentFailure(f"{name}: {error.strerror or error}") from None
    return True


class _Staging:
    """The temporary files so far."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def file(self, target: str, data: bytes, mode: int, *, sync: bool = True) -> str:
        """The name of a new file beside `target` with this content."""
        # Several processes, even on several machines, may write the same target at once.
        name = f"{target}.{os.getpid()}-{os.urandom(4).hex()}.tmp"
        self.names.append(name)
        _fill(name, data, mode, sync=sync)
        return name


@contextlib.contextmanager
def _staging() -> Iterator[_Staging]:
    """A staging whose files are removed at the end of the block, even if SIGTERM ends it."""
    staging = _Staging()
    with handled((signal.SIGTERM,), exit_process):
        try:
            yield staging
        finally:
            for name in staging.names:
                with contextlib.suppress(OSError):
                    os.unlink(name)


def _fill(name: str, data: bytes, mode: int, *, sync: bool = True) -> None:
    """Creates a file; with `sync`, its content is on the disk when this returns."""
    descriptor = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        if sync:
            file.flush()
            os.fsync(descriptor)


def _sync(name: str) -> None:
    descriptor = os.open(name, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _unchanged(name: str, error: OSError) -> str:
    return f"{name}: {error.strerror or error}; file left unchanged"


def _mode(target: str) -> int | None:
    """The mode of a file; None if it does not exist."""
    try:
        return os.stat(target).st_mode
    except FileNotFoundError:
        return None


def _permissions(mode: int | None) -> int:
    return _NEW if mode is None else stat.S_IMODE(mode)


def _holds(target: str, data: bytes) -> bool:
    """Whether a file has exactly this content."""
    with open(target, "rb") as file:
        return file.read(len(data) + 1) == data


@contextlib.contextmanager
def locked(name: str) -> Iterator[None]:
    """Holds an exclusive lock on the file `name`, so that no concurrent edit is lost.

    A file that cannot be opened is not locked; reading it reports the error.
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
    """Whether an open file still has this name: it may be replaced while we wait for the lock."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(name))
    except OSError:
        return True
