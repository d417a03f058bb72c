"""What the commands on a live workspace are asked for."""

from __future__ import annotations

from typing import NamedTuple

from mops.cli.parse import Selection

_TIMEOUT = "10m"
_TAIL = 100


class UpOptions(NamedTuple):
    """What `mops workspace up` is asked for."""

    selection: Selection
    context: str = ""
    timeout: str = _TIMEOUT
    yes: bool = False
    dry_run: bool = False
    local: bool = False


class StatusOptions(NamedTuple):
    """What `mops workspace status` is asked for."""

    selection: Selection
    context: str = ""
    format: str = "text"
    local: bool = False
    show_config: bool = False
    exit_code: bool = False
    watch: bool = False


class DiffOptions(NamedTuple):
    """What `mops workspace diff` is asked for."""

    selection: Selection
    context: str = ""
    format: str = "text"


class DownOptions(NamedTuple):
    """What `mops workspace down` is asked for."""

    selection: Selection
    context: str = ""
    timeout: str = _TIMEOUT
    yes: bool = False
    local: bool = False
    delete_namespace: bool = False


class ListOptions(NamedTuple):
    """What `mops workspace list` is asked for."""

    context: str = ""
    format: str = "text"


class HistoryOptions(NamedTuple):
    """What `mops workspace history` is asked for."""

    selection: Selection
    context: str = ""
    format: str = "text"


class RollbackOptions(NamedTuple):
    """What `mops workspace rollback` is asked for; revision 0 is the previous one."""

    selection: Selection
    context: str = ""
    timeout: str = _TIMEOUT
    yes: bool = False
    revision: int = 0


class PortForwardOptions(NamedTuple):
    """What `mops workspace port-forward` is asked for; without a port any free one will do."""

    selection: Selection
    context: str = ""
    port: int | None = None
    part: str = "dashboard"


class LogsOptions(NamedTuple):
    """What `mops workspace logs` is asked for."""

    selection: Selection
    context: str = ""
    local: bool = False
    follow: bool = False
    tail: int = _TAIL
    previous: bool = False
    part: str = ""


class RestartOptions(NamedTuple):
    """What `mops workspace restart` is asked for."""

    selection: Selection
    context: str = ""
    yes: bool = False
    part: str = ""
