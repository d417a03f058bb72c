"""Interrupts that wait, and a termination that cleans up. Only the main thread gets signals."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator, Sequence


@contextlib.contextmanager
def deferred() -> Iterator[None]:
    """Delays SIGINT and SIGTERM to the end of the block.

    Raises KeyboardInterrupt or SystemExit there.
    """
    received: list[int] = []
    numbers = (signal.SIGINT, signal.SIGTERM)
    try:
        with _handled(numbers, lambda number, _frame: received.append(number)):
            yield
    finally:
        # Also instead of a failure, which the signal may have caused in another process.
        if signal.SIGINT in received:
            raise KeyboardInterrupt
        if received:
            raise SystemExit(128 + received[0])


@contextlib.contextmanager
def termination_raised() -> Iterator[None]:
    """Makes SIGTERM raise SystemExit in the block, so that its contexts are left in order."""
    with _handled((signal.SIGTERM,), _exit):
        yield


def _exit(number: int, _frame: object) -> None:
    raise SystemExit(128 + number)


@contextlib.contextmanager
def _handled(
    numbers: Sequence[signal.Signals], handler: Callable[[int, object], None]
) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, previous in before.items():
            signal.signal(number, previous)
