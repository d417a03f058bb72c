"""Interrupts that are delayed, and a termination that cleans up."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Iterator

from mops.model.signals import exit_process, handled


@contextlib.contextmanager
def deferred() -> Iterator[None]:
    """Delays SIGINT and SIGTERM to the end of the block.

    Raises KeyboardInterrupt or SystemExit there.
    """
    received: list[int] = []
    numbers = (signal.SIGINT, signal.SIGTERM)
    try:
        with handled(numbers, lambda number, _frame: received.append(number)):
            yield
    finally:
        # Even in place of a failure, which the signal may have caused in another process.
        if signal.SIGINT in received:
            raise KeyboardInterrupt
        if received:
            raise SystemExit(128 + received[0])


@contextlib.contextmanager
def termination_raised() -> Iterator[None]:
    """Makes SIGTERM raise SystemExit in the block, so that its context managers clean up."""
    with handled((signal.SIGTERM,), exit_process):
        yield
