"""The older tool's modelops.yaml."""

from __future__ import annotations

from typing import NamedTuple

from mops.edit.migrate import older_tool, pods, variables
from mops.edit.migrate.changes import ADDED, CHANGED, DIFFERS, KEPT
from mops.edit.migrate.defaults import AUTOSCALED_WHY, default_why, is_false
from mops.edit.migrate.draft import Draft
from mops.edit.migrate.generations import DASK_DEFAULTS, Generation, closest_generation, same
from mops.edit.migrate.older_yaml import data
from mops.edit.migrate.scalars import drop_null, write_boolean, write_integer
from mops.model.layer import Path, Value
from mops.yamltext.outline import Pair
from mops.yamltext.writer import natural_scalar

_BASE = ("workspace",)
_AUTOSCALING = (
    "autoscaling_enabled",
    "autoscaling_min_workers",
    "autoscaling_max_workers",
    "autoscaling_target_cpu",
)


class _Pods(NamedTuple):
    """A current section of pods, and the old key of its image."""

    section: str
    image: str


_PODS = (_Pods("scheduler", "scheduler_image"), _Pods("workers", "worker_image"))


def migrate_unified(draft: Draft) -> None:
    """Brings a unified file to the current format."""
    _versions(draft)
    given = draft.value(*_BASE)
    workspace: dict[str, Value] = given if isinstance(given, dict) else {}
    generation = closest_generation(workspace)
    pair = draft.pair(*_BASE)
    if pair is not None and draft.map(*_BASE) is None:
        drop_null(draft, _BASE, pair)
        draft.apply()
    section = draft.map(*_BASE)
    for inner in section.pairs if section is not None else ():
        _key(draft, inner.key.text, generation)
    _add_defaults(draft, workspace)
    _autoscaling(draft, workspace)
    pods.add_tolerations(draft, _BASE, None)
    pods.add_secrets_and_user(draft, _BASE)
    for role, key in _PODS:
        image = str(workspace.get(key) or older_tool.UNIFIED[key])
        pods.add_pull_policy(draft, (*_BASE, role), image, (*_BASE, key))
    _memory(draft, workspace, generation)
    draft.makes_pods = True
    draft.apply()


def _versions(draft: Draft) -> None:
    generated = draft.pair("generated")
    if generated is not None:
        why = "the time when the file was written is not a setting"
        draft.drop(("generated",), generated, why)
    version = draft.pair("schema_version")
    if version is None:
        draft.prepend("schema_version", 2, "the version of the current format")
        return
    start, end = version.value.start, version.value.end
    if draft.text[start:end] != "2":
        draft.rewrite.replace(start, end, "2")
        why = "the older tool accepted any number here and read every file alike"
        draft.note(CHANGED, ("schema_version",), why, version)


def _key(draft: Draft, name: str, generation: Generation) -> None:
    """Migrates one flat key of the workspace section."""
    keys = (*_BASE, name)
    pair = draft.pair(*keys)
    is_known = name in older_tool.UNIFIED or name in older_tool.ENVS
    if pair is None or not is_known or drop_null(draft, keys, pair):
        return
    if _is_defaulted(draft, keys, pair, generation):
        return
    if name == "scheduler_replicas":
        _scheduler_replicas(draft, keys, pair)
    elif name in older_tool.INTEGERS:
        write_integer(draft, keys, pair)
    elif name in older_tool.BOOLEANS:
        write_boolean(draft, keys, pair)
    elif name in older_tool.ENVS:
        _env(draft, keys, pair)


def _is_defaulted(draft: Draft, keys: Path, pair: Pair, generation: Generation) -> bool:
    """With --drop-defaults, removes a key that only repeats what `init` wrote; returns whether.

    Without the option, the table suggests it.
    """
    name, drop = keys[-1], draft.options.drop_defaults
    value, written = data(pair.value), generation.written
    if name not in written or not same(written[name], value):
        return False
    current = _current_default(draft, name)
    if current is None or (name == "scheduler_replicas" and not drop):
        return False
    shown = "empty" if isinstance(current, dict) else natural_scalar(current)
    differs = not _is_same_default(value, current)
    if drop:
        effect = ", which changes the pods" if differs else ""
        why = (
            f"it repeated what init wrote ({generation.name});"
            f" the current default is {shown}{effect}"
        )
        draft.drop(keys, pair, why)
    elif differs:
        why = (
            f"init wrote this value ({generation.name}), so perhaps nobody chose it;"
            f" the current default is {shown} (--drop-defaults uses that)"
        )
        draft.note(KEPT, keys, why, pair)
    return drop


def _is_same_default(value: Value, current: Value) -> bool:
    """Whether a value is the current default; variables were a list and are now a mapping."""
    return same(current, value) or (current == {} and value == [])


def _scheduler_replicas(draft: Draft, keys: Path, pair: Pair) -> None:
    value = data(pair.value)
    if str(value) == "1":
        write_integer(draft, keys, pair)
        return
    why = (
        "`workspace up` ignored it, and a workspace has one scheduler;"
        f" {value} of them never shared their work"
    )
    draft.comment_out(keys, pair, why)


def _env(draft: Draft, keys: Path, pair: Pair) -> None:
    value = data(pair.value)
    if isinstance(value, list) and value:
        why = "`workspace up` ignored it and `infra up` set it; now it is always set"
        if keys[-1] == "worker_env" and same(value, DASK_DEFAULTS):
            why = "these are Dask's own defaults, so they change nothing"
        draft.note(DIFFERS, keys, why, pair)
    variables.clean(draft, keys, pair, older_tool.ENVS[keys[-1]])


def _current_default(draft: Draft, name: str) -> Value:
    """The current default of a flat key; None if it has none."""
    paths = draft.schema.flat.get(name)
    return draft.schema.fields[paths[0]].schema.get("default") if paths else None


def _add_defaults(draft: Draft, workspace: dict[str, Value]) -> None:
    """Writes out older defaults of settings that the file omits, if the current ones differ."""
    if draft.options.drop_defaults:
        return
    for name, value in older_tool.UNIFIED.items():
        current = _current_default(draft, name)
        if name not in workspace and not same(value, current):
            draft.ensure((*_BASE, name), value)
            draft.note(ADDED, (*_BASE, name), default_why(value, current))


def _autoscaling(draft: Draft, workspace: dict[str, Value]) -> None:
    written = [name for name in _AUTOSCALING if name in workspace]
    if written:
        why = (
            "`infra up` ignored these keys and scaled from 2 to 20 workers at 70% CPU;"
            " `workspace up` applied them, and so does mops"
        )
        at = draft.pair(*_BASE, written[0])
        draft.note(DIFFERS, (*_BASE, "autoscaling_*"), why, at)
    replicas = draft.pair(*_BASE, "worker_replicas")
    enabled = not is_false(workspace.get("autoscaling_enabled", True))
    if enabled and replicas is not None and not draft.rewrite.removes(replicas):
        draft.note(KEPT, (*_BASE, "worker_replicas"), AUTOSCALED_WHY, replicas)


def _memory(draft: Draft, workspace: dict[str, Value], generation: Generation) -> None:
    key = (*_BASE, "worker_memory")
    memory = str(workspace.get("worker_memory", older_tool.UNIFIED["worker_memory"]))
    processes = workspace.get("worker_processes", older_tool.UNIFIED["worker_processes"])
    pods.remember_memory(draft, key, limit_from=memory, pod=memory, processes=processes)
    if "worker_memory" not in generation.written and "worker_memory" not in workspace:
        why = (
            "the release that wrote this file gave every worker pod"
            f" {older_tool.POD_MEMORY} and 2 CPU; the last release gave 24Gi and 6 CPU,"
            " which is carried over"
        )
        draft.note(DIFFERS, key, why)
