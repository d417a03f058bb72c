"""The older tool's modelops.yaml and config.yaml."""

from __future__ import annotations

from typing import Any

from mops.edit.migrate import old, pods, values, variables
from mops.edit.migrate.draft import ADDED, CHANGED, DIFFERS, KEPT, MOVED, RENAMED, Draft, data
from mops.model.layer import Path
from mops.yamltext.writer import natural_scalar

_BASE = ("workspace",)
_ROLES = (
    ("scheduler", "scheduler_image", old.SCHEDULER_IMAGE),
    ("workers", "worker_image", old.WORKER_IMAGE),
)


def from_config(draft: Draft) -> None:
    """config.yaml to a unified file without a workspace, for it never had one."""
    draft.first("schema_version", 2, "the version of today's unified file")
    defaults = draft.pair("defaults")
    if defaults is not None and not values.nothing(draft, ("defaults",), defaults):
        draft.rewrite.rename(defaults, "settings")
        draft.note(
            RENAMED, ("defaults",), "the section's name in today's file", defaults, "settings"
        )
        environment = draft.pair("defaults", "environment")
        if environment is not None:
            values.nothing(draft, ("defaults", "environment"), environment)
    draft.want(("workspace",), {})
    draft.note(
        ADDED, ("workspace",), "the file deployed no workspace, so that there is none to carry over"
    )
    draft.settle()


def take_settings(draft: Draft, settings: Draft) -> None:
    """What an infrastructure file got from the config.yaml beside it."""
    for name, to in (("defaults", "settings"), ("pulumi", "pulumi")):
        found = settings.pair(name)
        section = data(found.value) if found else None
        section = (
            {key: value for key, value in section.items() if value is not None}
            if isinstance(section, dict)
            else None
        )
        if found is None or not section:
            continue
        for key, value in section.items():
            draft.want(
                (to, key), value if isinstance(value, (bool, int, dict, list)) else str(value)
            )
        settings.note(MOVED, (name,), f"now in the file that {draft.name} becomes", found, to)
    draft.settle()


def from_unified(draft: Draft) -> None:
    """modelops.yaml to today's."""
    _versions(draft)
    workspace = draft.value(*_BASE)
    workspace = workspace if isinstance(workspace, dict) else {}
    generation = old.generation(workspace)
    whole = draft.pair(*_BASE)
    if whole is not None and draft.map(*_BASE) is None:
        values.nothing(draft, _BASE, whole)
        draft.settle()
    section = draft.map(*_BASE)
    for pair in section.pairs if section else ():
        _key(draft, pair.key.text, generation)
    _missing(draft, workspace)
    _autoscaling(draft, workspace)
    pods.tolerations(draft, _BASE, None)
    pods.secrets_and_user(draft, _BASE)
    for role, key, default in _ROLES:
        pods.pull_policy(draft, _BASE, role, str(workspace.get(key) or default), (*_BASE, key))
    _memory(draft, workspace, generation)
    draft.makes_pods = True
    draft.settle()


def _versions(draft: Draft) -> None:
    generated = draft.pair("generated")
    if generated is not None:
        draft.drop(("generated",), generated, "the time at which a file was written is no setting")
    version = draft.pair("schema_version")
    if version is None:
        draft.first("schema_version", 2, "the version of today's file")
    elif draft.text[version.value.start : version.value.end] != "2":
        draft.rewrite.replace(version.value.start, version.value.end, "2")
        draft.note(
            CHANGED,
            ("schema_version",),
            "the older tool took any number here and read every file alike",
            version,
        )


def _key(draft: Draft, name: str, generation: old.Generation) -> None:
    """One flat key of the workspace section."""
    names = (*_BASE, name)
    pair = draft.pair(*names)
    if (
        pair is None
        or (name not in old.UNIFIED and name not in old.ENVS)
        or values.nothing(draft, names, pair)
    ):
        return
    value = data(pair.value)
    if (
        name in generation.written
        and old.same(generation.written[name], value)
        and _defaulted(draft, names, pair, generation)
    ):
        return
    if name == "scheduler_replicas" and str(value) != "1":
        draft.comment(
            names,
            pair,
            f"`workspace up` ignored it, and a workspace has one scheduler; {value} of them never shared their work",
        )
    elif name in old.INTEGERS:
        values.whole(draft, names, pair)
    elif name in old.BOOLEANS:
        values.truth(draft, names, pair)
    elif name in old.ENVS:
        role = "workers" if name == "worker_env" else "scheduler"
        if isinstance(value, list) and value:
            same = name == "worker_env" and old.same(value, old.DASK_DEFAULTS)
            why = (
                "these are Dask's own defaults, so that they change nothing"
                if same
                else "`workspace up` ignored it and `infra up` set it; now it is always set"
            )
            draft.note(DIFFERS, names, why, pair)
        variables.clean(draft, names, pair, (role,))


def _defaulted(draft: Draft, names: Path, pair: Any, generation: old.Generation) -> bool:
    """Whether a key that only repeats what init wrote goes away; otherwise it is offered to."""
    today = _today(draft, names[-1])
    if today is None or (names[-1] == "scheduler_replicas" and not draft.drop_defaults):
        return False
    now = f"today's default is {natural_scalar(today) if not isinstance(today, dict) else 'empty'}"
    differs = not old.same(today, data(pair.value)) and not (today == {} and data(pair.value) == [])
    if draft.drop_defaults:
        draft.drop(
            names,
            pair,
            f"it repeated what init wrote ({generation.name}); {now}"
            + (", which changes the pods" if differs else ""),
        )
        return True
    if differs:
        draft.note(
            KEPT,
            names,
            f"init wrote this value ({generation.name}), perhaps nobody chose it; {now} (--drop-defaults leaves it to that)",
            pair,
        )
    return False


def _today(draft: Draft, name: str) -> Any:
    paths = draft.schema.flat.get(name)
    return draft.schema.fields[paths[0]].schema.get("default") if paths else None


def _missing(draft: Draft, workspace: dict[str, Any]) -> None:
    """The older defaults of what the file leaves out, where today's are others."""
    for name, value in old.UNIFIED.items():
        if name in workspace or old.same(value, _today(draft, name)) or draft.drop_defaults:
            continue
        draft.want((*_BASE, name), value)
        draft.note(
            ADDED,
            (*_BASE, name),
            f"the older tool's default was {natural_scalar(value)}, today's is {natural_scalar(_today(draft, name))}",
        )


def _autoscaling(draft: Draft, workspace: dict[str, Any]) -> None:
    enabled = str(workspace.get("autoscaling_enabled", True)).lower() not in (
        "false",
        "no",
        "off",
        "0",
    )
    given = [
        name
        for name in (
            "autoscaling_enabled",
            "autoscaling_min_workers",
            "autoscaling_max_workers",
            "autoscaling_target_cpu",
        )
        if name in workspace
    ]
    if given:
        why = "`infra up` ignored these keys and scaled from 2 to 20 workers at 70% CPU; `workspace up` heeded them, and so does mops"
        draft.note(DIFFERS, (*_BASE, "autoscaling_*"), why, draft.pair(*_BASE, given[0]))
    replicas = draft.pair(*_BASE, "worker_replicas")
    if enabled and replicas is not None and not draft.rewrite.removes(replicas):
        draft.note(
            KEPT,
            (*_BASE, "worker_replicas"),
            "it has no effect while the autoscaler is on, as before",
            replicas,
        )


def _memory(draft: Draft, workspace: dict[str, Any], generation: old.Generation) -> None:
    memory, processes = (
        workspace.get(name, old.UNIFIED[name]) for name in ("worker_memory", "worker_processes")
    )
    pods.memory(draft, (*_BASE, "worker_memory"), str(memory), str(memory), processes)
    if "worker_memory" not in generation.written and "worker_memory" not in workspace:
        why = f"the release of this file's day gave every worker pod {old.POD_MEMORY} and 2 CPU; the last release gave 24Gi and 6 CPU, which is carried over"
        draft.note(DIFFERS, (*_BASE, "worker_memory"), why)
