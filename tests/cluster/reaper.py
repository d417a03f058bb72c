"""Stop a control plane whose owner is gone.

A test run that is killed outright (SIGKILL, a lost terminal) cannot tidy up.
This program, started beside the control plane, holds the other end of a pipe
from the test run; the pipe closes when the test run ends, in whatever way.

In: a folder as the only argument, and on standard input lines "+PID" (a
process group to look after) and "-PID" (it ended, forget it). At the end of
input, what is still listed is stopped and the folder is removed.
"""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from typing import TextIO

GRACE_SECONDS = 3.0


def read_groups(lines: TextIO) -> set[int]:
    """Return the process groups still listed when the input ends."""
    groups: set[int] = set()
    for line in lines:
        sign, pid = line[0], int(line[1:])
        if sign == "+":
            groups.add(pid)
        else:
            groups.discard(pid)
    return groups


def signal_group(group: int, number: int) -> bool:
    """Send signal ``number`` (0: only ask) to ``group``; False if it is gone."""
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return False
    return True


def stop(groups: set[int]) -> None:
    """Ask each group to end, and end by force those that do not in time."""
    for group in groups:
        signal_group(group, signal.SIGTERM)
    deadline = time.monotonic() + GRACE_SECONDS
    while groups and time.monotonic() < deadline:
        groups = {group for group in groups if signal_group(group, 0)}
        time.sleep(0.05)
    for group in groups:
        signal_group(group, signal.SIGKILL)


def main() -> None:
    """Wait for the end of input, then stop what is left and remove the folder."""
    groups = read_groups(sys.stdin)
    stop(groups)
    shutil.rmtree(sys.argv[1], ignore_errors=True)


if __name__ == "__main__":
    main()
