"""Signal handlers for the length of a block."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Iterator, Sequence


@contextlib.contextmanager
def handled(
    numbers: Sequence[signal.Signals], handler: Callable[[int, object], None]
) -> Iterator[None]:
    """Handles signals in a block, and restores the previous handlers at its end.

    Only the main thread can handle signals; in any other thread this does nothing.
    """
    try:
        previous = {number: signal.signal(number, handler) for number in numbers}
    except ValueError:
        previous = {}
    try:
        yield
    finally:
        for number, before in previous.items():
            signal.signal(number, before)


def exit_process(number: int, _frame: object) -> None:
    """A handler that ends the process in order, with the exit code of a signal."""
    raise SystemExit(128 + number)


def interrupt(_number: int, _frame: object) -> None:
    """A handler that acts like Ctrl-C."""
    raise KeyboardInterrupt
