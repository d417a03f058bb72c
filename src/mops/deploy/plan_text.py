"""Plans and differences as text and as data; secrets are hidden in both."""

from __future__ import annotations

from collections.abc import Sequence

from mops.deploy.changes import Change
from mops.deploy.deployments import object_name
from mops.deploy.difference import Cause, Difference
from mops.deploy.plan import Plan
from mops.deploy.release import Target
from mops.deploy.workspace import Workspace
from mops.model.layer import Path, Value, dotted
from mops.report.origins import written_at
from mops.report.text import one_line, printable, shown
from mops.schema.fields import SettingsSchema
from mops.schema.secrets import masked, masked_value

_AUTOSCALERS = ("HorizontalPodAutoscaler", "ScaledObject")


def plan_lines(plan: Plan) -> list[str]:
    """A plan for people: values, objects, effects on the pods, and fields that others added."""
    lines: list[str] = []
    if plan.live is None:
        lines.append(f"nothing is deployed; {len(plan.wanted)} objects will be created")
    lines += _section("values:", [_change(plan.workspace, change) for change in plan.changes])
    if plan.live is not None:
        schema = plan.workspace.schema
        lines += _section("objects:", [_field_change(schema, entry) for entry in plan.applied])
    impacts = [f"{impact.deployment}: {impact.text}" for impact in plan.impacts]
    lines += _section("pods:", impacts)
    extra = [entry for entry in plan.differences if entry.extra]
    lines += [f"  {_extra_line(plan.workspace, entry)}" for entry in extra]
    return [printable(line) for line in lines]


def _section(heading: str, lines: Sequence[str]) -> list[str]:
    return [heading, *(f"  {line}" for line in lines)] if lines else []


def change_text(schema: SettingsSchema, change: Change) -> str:
    """A changed setting: `key: old -> new`."""
    old, new = (setting_value(schema, change.path, value) for value in (change.old, change.new))
    return f"{dotted(change.path)}: {old} -> {new}"


def _change(workspace: Workspace, change: Change) -> str:
    stack = workspace.config.stacks.get(change.path)
    origin = f"  <- {written_at(stack[-1])}" if stack else ""
    return change_text(workspace.schema, change) + origin


def setting_value(schema: SettingsSchema, path: Path, value: Value) -> str:
    """A setting's value on one line; None is "not set"."""
    return "not set" if value is None else shown(schema, path, value)


def _field_change(schema: SettingsSchema, entry: Difference) -> str:
    if entry.place is None:
        return f"{entry.object}: will be {'created' if entry.wanted else 'deleted'}"
    live, wanted = (field_value(schema, entry, value) for value in (entry.live, entry.wanted))
    return f"{entry.object}: {entry.field} {live} -> {wanted}"


def drift_line(workspace: Workspace, entry: Difference) -> str:
    """A live field that differs from the configuration, with the place of the setting."""
    return printable(_drift_line(workspace, entry))


def _drift_line(workspace: Workspace, entry: Difference) -> str:
    if entry.extra:
        return _extra_line(workspace, entry)
    if entry.place is None and entry.wanted:
        return f"{entry.object}: missing in the cluster"
    if entry.place is None:
        return f"{entry.object}: still in the cluster, but no longer in the config"
    schema = workspace.schema
    live, wanted = (field_value(schema, entry, value) for value in (entry.live, entry.wanted))
    origin = _origin(schema, entry)
    by = _written_by(entry)
    return f"{entry.object}: deployed {entry.field} {live}; config says {wanted}, {origin}{by}"


def _extra_line(workspace: Workspace, entry: Difference) -> str:
    """A field that others added in the cluster and that helm does not remove."""
    value = field_value(workspace.schema, entry, entry.live)
    return (
        f"{entry.object}: deployed {entry.field} {value} is not in the config"
        f"{_written_by(entry)}; helm does not remove it{_removal(workspace.target, entry)}"
    )


def _removal(target: Target, entry: Difference) -> str:
    """How to remove an environment variable; "" for other fields."""
    if entry.place is None or not entry.place.variable:
        return ""
    kind, _, name = entry.object.partition("/")
    command = f"{target.kubectl} set env {kind.lower()}/{name} {entry.place.variable}-"
    return f"; run {command} to remove it"


def _origin(schema: SettingsSchema, entry: Difference) -> str:
    """Where the wanted value was written; with its setting if the value is derived from it."""
    if entry.cause is None or entry.place is None:
        return "from the chart"
    path, leaf = entry.cause
    origin = written_at(leaf)
    same_name = entry.place.path[-1:] == path[-1:]
    if same_name or str(entry.wanted) == str(leaf.value):
        return origin
    return f"{origin} ({dotted(path)} {shown(schema, path, leaf.value)})"


def _written_by(entry: Difference) -> str:
    return f" (set in the cluster by {entry.manager})" if entry.manager else ""


def field_value(schema: SettingsSchema, entry: Difference, value: Value) -> str:
    """One of a difference's values on one line; None is "nothing"."""
    return "nothing" if value is None else one_line(_masked_field(schema, entry, value))


def _masked_field(schema: SettingsSchema, entry: Difference, value: Value) -> Value:
    """One of a difference's values with the secrets in it hidden.

    Its name is that of the field, as in a sidecar's variable, and of the setting that causes it.
    """
    name = entry.place.path[-1] if entry.place and entry.place.path else ""
    value = masked_value(name, value)
    return masked(schema, entry.cause.path, value) if entry.cause is not None else value


def plan_data(plan: Plan) -> dict[str, Value]:
    """A plan as data for JSON."""
    target = plan.workspace.target
    schema = plan.workspace.schema
    return {
        "release": target.name,
        "namespace": target.namespace,
        "context": target.context,
        "revision": plan.live.revision if plan.live else 0,
        "values": [change_data(schema, change) for change in plan.changes],
        "objects": [difference_data(schema, entry) for entry in plan.differences],
        "pods": [
            {"deployment": impact.deployment, "impact": impact.text, "grave": impact.grave}
            for impact in plan.impacts
        ],
    }


def change_data(schema: SettingsSchema, change: Change) -> dict[str, Value]:
    """A changed setting as data."""
    return {
        "key": dotted(change.path),
        "old": masked(schema, change.path, change.old),
        "new": masked(schema, change.path, change.new),
    }


def difference_data(schema: SettingsSchema, entry: Difference) -> dict[str, Value]:
    """A difference as data, with the setting that causes it and the setting's place."""
    live, wanted = (_masked_field(schema, entry, value) for value in (entry.live, entry.wanted))
    return {
        "object": entry.object,
        "field": entry.field,
        "live": live,
        "wanted": wanted,
        "restarts": entry.restarts,
        "extra": entry.extra,
        "by": entry.manager,
        **_cause_data(entry.cause),
    }


def _cause_data(because: Cause | None) -> dict[str, str]:
    if because is None:
        return {"key": "", "layer": "", "place": ""}
    origin = because.leaf.origin
    return {"key": dotted(because.path), "layer": origin.layer, "place": origin.place}


def next_steps(plan: Plan) -> str:
    """Useful commands after an upgrade, one per line, each with its purpose."""
    workspace = plan.workspace
    rows = [
        ("status", workspace.command("status")),
        ("dashboard", workspace.command("port-forward", "dashboard")),
        ("scheduler", workspace.command("port-forward", "scheduler")),
        ("logs", workspace.command("logs", "workers")),
    ]
    for manifest in plan.wanted:
        if manifest["kind"] in _AUTOSCALERS:
            scaler = f"{manifest['kind'].lower()} {object_name(manifest)}"
            rows.append(("autoscaler", f"{workspace.target.kubectl} get {scaler}"))
    rows.append(("remove", workspace.command("down")))
    width = max(len(name) for name, _ in rows)
    return "".join(f"{name:{width}}  {command}\n" for name, command in rows)
