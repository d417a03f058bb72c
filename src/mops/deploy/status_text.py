"""The status of a workspace as text and as data."""

from __future__ import annotations

from mops.deploy.plan_text import difference_data, drift_line, setting_value
from mops.deploy.release import Target
from mops.deploy.status import Pair, Status, config_pairs
from mops.model.layer import Value, dotted
from mops.model.spelling import counted
from mops.report.origins import written_at
from mops.report.table import Column, table
from mops.report.text import printable
from mops.schema.secrets import masked

_CONFIG_COLUMNS = (Column("SETTING"), Column("DEPLOYED"), Column("ACTIVE"), Column("FROM"))


def status_text(status: Status | None, target: Target, *, show_config: bool) -> str:
    """The status for people; None if the workspace is not deployed."""
    if status is None:
        return f"{_release(target)} is not deployed\n"
    workspace = status.plan.workspace
    drift = status.plan.differences
    lines = [f"{name:10} {text}" for name, text in _facts(status)]
    lines += [f"  {drift_line(workspace, entry)}" for entry in drift]
    lines += _not_ready(status)
    text = "".join(f"{printable(line)}\n" for line in lines)
    return f"{text}\n{_configs(status)}" if show_config else text


def _release(target: Target) -> str:
    context = f" (context {target.context})" if target.context else ""
    return f"{target.name} in {target.namespace}{context}"


def _facts(status: Status) -> list[tuple[str, str]]:
    """One line for each fact: its name and its text."""
    live, workspace = status.live, status.plan.workspace
    drift = len(status.plan.differences)
    updated = live.updated[:19].replace("T", " ")
    active = " < ".join(printable(layer.name) for layer in workspace.config.layers)
    pods = ", ".join(f"{name} {ready}/{wanted}" for name, ready, wanted in status.pods)
    not_forwarded = f"not forwarded; run {workspace.command('port-forward', 'dashboard')}"
    return [
        ("release", _release(workspace.target)),
        ("revision", f"{live.revision}, {live.status} {updated}"),
        ("deployed", " < ".join(live.layers) or "unknown layers"),
        ("active", active if status.configured else "none; compared with the deployed layers"),
        ("pods", pods or "none"),
        ("dashboard", status.dashboard or not_forwarded),
        ("drift", counted(drift, "field") if drift else "none"),
    ]


def _not_ready(status: Status) -> list[str]:
    lines = [f"  {entry.pod}: {entry.text}" for entry in status.not_ready]
    if status.unknown:
        lines.append(f"  {status.unknown}")
    return ["not ready", *lines] if lines else []


def _configs(status: Status) -> str:
    """The deployed configuration next to the active one, as a table."""
    rows = [_config_row(status, pair) for pair in config_pairs(status)]
    return table(_CONFIG_COLUMNS, rows, None) if rows else "every setting has its default\n"


def _config_row(status: Status, pair: Pair) -> tuple[str, ...]:
    workspace = status.plan.workspace
    schema, stack = workspace.schema, workspace.config.stacks.get(pair.path)
    is_same = pair.deployed == pair.active
    row = (
        dotted(pair.path),
        setting_value(schema, pair.path, pair.deployed),
        "same" if is_same else setting_value(schema, pair.path, pair.active),
        written_at(stack[-1]) if stack else "",
    )
    return tuple(map(printable, row))


def status_data(status: Status | None, target: Target) -> dict[str, Value]:
    """The status as data for JSON; None if the workspace is not deployed."""
    found: dict[str, Value] = {
        "release": target.name,
        "namespace": target.namespace,
        "context": target.context,
        "deployed": status is not None,
    }
    if status is None:
        return found
    live, workspace = status.live, status.plan.workspace
    schema = workspace.schema
    active = [layer.name for layer in workspace.config.layers] if status.configured else []
    return {
        **found,
        "revision": live.revision,
        "status": live.status,
        "updated": live.updated,
        "layers": {"deployed": live.layers, "active": active},
        "pods": [pods._asdict() for pods in status.pods],
        "notReady": [
            {"pod": entry.pod, "reason": entry.reason, "message": entry.text}
            for entry in status.not_ready
        ],
        "dashboard": status.dashboard,
        "drift": [difference_data(schema, entry) for entry in status.plan.differences],
        "config": {
            dotted(path): {
                "deployed": masked(schema, path, deployed),
                "active": masked(schema, path, active_value),
            }
            for path, deployed, active_value in config_pairs(status)
        },
    }
