"""The older tool's defaults, and keys that were outside their sections."""

from __future__ import annotations

from mops.edit.migrate import older_tool
from mops.edit.migrate.changes import ADDED, KEPT, MOVED
from mops.edit.migrate.draft import Draft
from mops.model.layer import Path, Value, dotted
from mops.yamltext.writer import natural_scalar

_CAMEL_CASE = {
    "min_workers": "minWorkers",
    "max_workers": "maxWorkers",
    "target_cpu": "targetCPU",
    "scale_down_delay": "scaleDownDelay",
}
AUTOSCALED_WHY = "it has no effect while the autoscaler is enabled, as before"


def is_false(value: Value) -> bool:
    """Whether the older tool read a value of `enabled` as false."""
    return str(value).lower() in ("false", "no", "off", "0")


def is_autoscaled(draft: Draft, base: Path) -> bool:
    """Whether an autoscaler set the number of workers."""
    enabled = draft.value(*base, "autoscaling", "enabled")
    return enabled is None or not is_false(enabled)


def take_worker_count(draft: Draft, base: Path) -> Value:
    """Removes `worker_count`, which was outside the workers section; returns its value or None."""
    count = None
    replicas = (*base, "workers", "replicas")
    for keys in (("worker_count",), (*base, "worker_count")):
        pair = draft.pair(*keys)
        if pair is None or draft.rewrite.removes(pair):
            continue
        if draft.pair(*replicas) is None:
            count = draft.value(*keys)
            draft.rewrite.remove(pair)
            draft.note(MOVED, keys, "the number of worker pods", pair, dotted(replicas))
        else:
            draft.comment_out(keys, pair, "workers.replicas took precedence")
    return count


def take_tolerations(draft: Draft, base: Path) -> list[Value] | None:
    """Removes the tolerations that all pods shared, and returns them; None if there were none."""
    keys = (*base, "tolerations")
    pair, given = draft.pair(*keys), draft.value(*keys)
    if pair is None or draft.rewrite.removes(pair) or not isinstance(given, list):
        return None
    draft.rewrite.remove(pair)
    to = ", ".join(dotted((*base, role, "tolerations")) for role in ("scheduler", "workers"))
    draft.note(MOVED, keys, "scheduler and workers have their own now", pair, to)
    return [_toleration(entry) for entry in given if isinstance(entry, dict)]


def _toleration(entry: dict[str, Value]) -> dict[str, Value]:
    return {
        key: value if isinstance(value, (bool, int)) else str(value) for key, value in entry.items()
    }


def add_defaults(draft: Draft, base: Path, count: Value, *, autoscaled: bool) -> None:
    """Writes out the older defaults that differ from the current ones.

    `count` is the number of workers that was outside their section, if any.
    """
    for (role, name), value in older_tool.COMPONENT.items():
        is_used = autoscaled or role != "autoscaling" or name == "enabled"
        if is_used and not draft.options.drop_defaults:
            _add_default(draft, (*base, role, name), value)
    _add_replicas(draft, (*base, "workers", "replicas"), count, autoscaled=autoscaled)


def _add_replicas(draft: Draft, keys: Path, count: Value, *, autoscaled: bool) -> None:
    written = draft.pair(*keys)
    if count is not None:
        draft.ensure(keys, count)
    elif written is None and not autoscaled and not draft.options.drop_defaults:
        _add_default(draft, keys, older_tool.COMPONENT_REPLICAS)
    if autoscaled and written is not None:
        draft.note(KEPT, keys, AUTOSCALED_WHY, written)


def _add_default(draft: Draft, keys: Path, value: Value) -> None:
    """Writes out an older default, unless it is the current one or the key exists."""
    role, name = keys[-2:]
    current = draft.schema.fields[role, _CAMEL_CASE.get(name, name)].schema.get("default")
    written = draft.pair(*keys)
    is_there = written is not None and not draft.rewrite.removes(written)
    if is_there or value == current:
        return
    draft.ensure(keys, value)
    draft.note(ADDED, keys, default_why(value, current))


def default_why(older: Value, current: Value) -> str:
    """Why an older default is written out."""
    return (
        f"the older tool's default was {natural_scalar(older)},"
        f" the current default is {natural_scalar(current)}"
    )
