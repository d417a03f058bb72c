"""The options of the commands on a live workspace."""

from __future__ import annotations

from typing import NamedTuple

from mops.cli.parse import Selection

_TIMEOUT = "10m"
_TAIL = 100


class UpOptions(NamedTuple):
    """The options of `mops workspace up`."""

    selection: Selection
    context: str = ""
    timeout: str = _TIMEOUT
    yes: bool = False
    dry_run: bool = False
    local: bool = False


class StatusOptions(NamedTuple):
    """The options of `mops workspace status`."""

    selection: Selection
    context: str = ""
    format: str = "text"
    local: bool = False
    show_config: bool = False
    exit_code: bool = False
    watch: bool = False


class DiffOptions(NamedTuple):
    """The options of `mops workspace diff`."""

    selection: Selection
    context: str = ""
    format: str = "text"


class DownOptions(NamedTuple):
    """The options of `mops workspace down`."""

    selection: Selection
    context: str = ""
    timeout: str = _TIMEOUT
    yes: bool = False
    local: bool = False
    delete_namespace: bool = False


class ListOptions(NamedTuple):
    """The options of `mops workspace list`."""

    context: str = ""
    format: str = "text"


class HistoryOptions(NamedTuple):
    """The options of `mops workspace history`."""

    selection: Selection
    context: str = ""
    format: str = "text"


class RollbackOptions(NamedTuple):
    """The options of `mops workspace rollback`; revision 0 is the previous one."""

    selection: Selection
    context: str = ""
    timeout: str = _TIMEOUT
    yes: bool = False
    revision: int = 0


class PortForwardOptions(NamedTuple):
    """The options of `mops workspace port-forward`; without a port, any free one is used."""

    selection: Selection
    context: str = ""
    port: int | None = None
    part: str = "dashboard"


class LogsOptions(NamedTuple):
    """The options of `mops workspace logs`."""

    selection: Selection
    context: str = ""
    local: bool = False
    follow: bool = False
    tail: int = _TAIL
    previous: bool = False
    part: str = ""


class RestartOptions(NamedTuple):
    """The options of `mops workspace restart`."""

    selection: Selection
    context: str = ""
    yes: bool = False
    part: str = ""
