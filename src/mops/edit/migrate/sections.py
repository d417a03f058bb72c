"""The sections of a workspace of the older tool: scheduler, workers, autoscaling."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mops.edit.migrate import older_tool, pods, variables
from mops.edit.migrate.changes import DIFFERS, KEPT
from mops.edit.migrate.defaults import (
    add_defaults,
    is_autoscaled,
    take_tolerations,
    take_worker_count,
)
from mops.edit.migrate.draft import Draft
from mops.edit.migrate.older_yaml import data
from mops.edit.migrate.resources import migrate_resources
from mops.edit.migrate.scalars import drop_null, write_boolean, write_integer
from mops.model.layer import Path, Value
from mops.model.spelling import near, with_hint
from mops.yamltext.outline import Map, Pair, resolved

_KEYS: Mapping[str, tuple[str, ...]] = {
    "scheduler": ("image", "replicas", "resources", "nodeSelector", "env"),
    "workers": ("image", "replicas", "processes", "threads", "resources", "nodeSelector", "env"),
    "autoscaling": (
        "enabled",
        "min_workers",
        "max_workers",
        "target_cpu",
        "scale_down_delay",
        "type",
    ),
}
_INTEGERS = frozenset(
    {
        "replicas",
        "processes",
        "threads",
        "min_workers",
        "max_workers",
        "target_cpu",
        "scale_down_delay",
    }
)
_SECTIONS = (*_KEYS, "tolerations")
# Keys that move as a whole after all sections have been read.
_TAKEN_LATER = ("tolerations", "worker_count")
# Keys that lifting `spec` and `metadata` has already moved into the section.
_LIFTED = ("name", "release", "labels")
_SMOKE_TESTS = ("smoke_tests", "run_smoke_tests")
_SMOKE_TEST_WHY = "the chart's `helm test` replaces the smoke test"

IGNORED = "the older tool ignored it"
_BOUNDS = {"min_replicas": "min_workers", "max_replicas": "max_workers"}
_BOUND_WHY = (
    f"{IGNORED}; the bounds are autoscaling.min_workers and max_workers (--intended uses it as one)"
)
_WHY = {
    "imagePullSecrets": f"{IGNORED} and pulled without credentials (--intended keeps it)",
    **dict.fromkeys(_BOUNDS, _BOUND_WHY),
    **dict.fromkeys(_SMOKE_TESTS, _SMOKE_TEST_WHY),
}


def migrate_sections(draft: Draft, base: Path) -> None:
    """Brings the sections in the mapping at `base` to the current format."""
    spec = draft.map(*base)
    for pair in spec.pairs if spec is not None else ():
        _section(draft, base, pair)
    count = take_worker_count(draft, base)
    for name in _SMOKE_TESTS:
        found = draft.pair(name)
        if found is not None:
            draft.comment_out((name,), found, _SMOKE_TEST_WHY)
    given = take_tolerations(draft, base)
    add_defaults(draft, base, count, autoscaled=is_autoscaled(draft, base))
    pods.add_tolerations(draft, base, given)
    pods.add_secrets_and_user(draft, base)
    for role, default in (
        ("scheduler", older_tool.SCHEDULER_IMAGE),
        ("workers", older_tool.WORKER_IMAGE),
    ):
        _image(draft, base, role, default)
    _memory(draft, base)
    draft.makes_pods = True
    draft.apply()


def _section(draft: Draft, base: Path, pair: Pair) -> None:
    name = pair.key.text
    here = (*base, name)
    is_taken_later = name in _TAKEN_LATER or (base == ("workspace",) and name in _LIFTED)
    if drop_null(draft, here, pair) or is_taken_later:
        return
    if name in _KEYS:
        node = resolved(pair.value)
        for inner in node.pairs if isinstance(node, Map) else ():
            _key(draft, here, inner)
    elif draft.options.intended and name == "imagePullSecrets":
        draft.note(KEPT, here, f"{IGNORED}; it takes effect now", pair)
    else:
        draft.comment_out(here, pair, _why_ignored(name, _SECTIONS))


def _key(draft: Draft, section: Path, pair: Pair) -> None:
    """Migrates one key of the section scheduler, workers or autoscaling."""
    role, name = section[-1], pair.key.text
    here = (*section, name)
    if name not in _KEYS[role]:
        _ignored(draft, here, pair)
    elif drop_null(draft, here, pair):
        return
    elif (role, name) == ("scheduler", "replicas"):
        _scheduler_replicas(draft, here, pair)
    elif name in _INTEGERS:
        write_integer(draft, here, pair)
    elif name == "enabled":
        write_boolean(draft, here, pair)
    elif name == "type" and data(pair.value) != "hpa":
        draft.comment_out(here, pair, f"{IGNORED} and always created an HPA")
    elif name == "env":
        variables.clean(draft, here, pair, role)
    elif name == "resources":
        migrate_resources(draft, here, pair)


def _scheduler_replicas(draft: Draft, here: Path, pair: Pair) -> None:
    count = data(pair.value)
    if count in (1, "1"):
        write_integer(draft, here, pair)
    else:
        why = f"a workspace has one scheduler; {count} of them never shared their work"
        draft.comment_out(here, pair, why)


def _ignored(draft: Draft, here: Path, pair: Pair) -> None:
    """Turns a key that the older tool ignored into a comment; --intended carries over its value."""
    role, name = here[-2:]
    if (role, name) == ("autoscaling", "env"):
        _misplaced_env(draft, here, pair)
        return
    bound = (*here[:-2], "autoscaling", _BOUNDS.get(name, ""))
    is_bound = role == "workers" and name in _BOUNDS
    if draft.options.intended and is_bound and draft.pair(*bound) is None:
        draft.ensure(bound, data(pair.value))
        why = f"{IGNORED}; it is now a bound of the autoscaler"
        draft.comment_out(here, pair, why, f"autoscaling.{bound[-1]}")
    else:
        draft.comment_out(here, pair, _why_ignored(name, _KEYS[role]))


def _misplaced_env(draft: Draft, here: Path, pair: Pair) -> None:
    """Migrates variables that were indented under autoscaling instead of workers."""
    meant = (*here[:-2], "workers", "env")
    if not draft.options.intended or draft.pair(*meant) is not None:
        why = (
            f"it is indented under autoscaling, where {IGNORED} (did you mean workers.env?);"
            " its variables were never set (--intended sets them)"
        )
        draft.comment_out(here, pair, why)
        return
    env = dict(_readable_variables(data(pair.value)))
    if env:
        draft.ensure(meant, env)
    why = "it was indented under autoscaling and ignored; its variables are now in workers.env"
    draft.comment_out(here, pair, why, "workers.env")


def _readable_variables(entries: Value) -> Iterator[tuple[str, str]]:
    """Name and value of the variables that some program may read."""
    for entry in entries or []:
        if isinstance(entry, dict) and variables.why_ignored(str(entry.get("name"))) is None:
            yield str(entry["name"]), str(entry.get("value", ""))


def _why_ignored(name: str, known: tuple[str, ...]) -> str:
    return _WHY.get(name) or with_hint(IGNORED, near(name, known))


def _image(draft: Draft, base: Path, role: str, default: str) -> None:
    keys = (*base, role, "image")
    image = draft.value(*keys)
    if image is None:
        why = (
            "no image is set, which the older tool's last release rejected;"
            f" the current default is {default}"
        )
        draft.note(DIFFERS, keys, why)
    pods.add_pull_policy(draft, (*base, role), str(image or default), keys)


def _memory(draft: Draft, base: Path) -> None:
    """Records how the older tool computed the memory limit of a Dask process."""
    resources = (*base, "workers", "resources")
    limits = draft.value(*resources, "limits")
    given = limits.get("memory") if isinstance(limits, dict) else None
    meant = draft.value(*resources, "memory") if draft.options.intended else None
    processes = draft.value(*base, "workers", "processes")
    if processes is None:
        processes = older_tool.COMPONENT["workers", "processes"]
    pods.remember_memory(
        draft,
        (*resources, "limits", "memory"),
        limit_from=str(given or older_tool.ASSUMED_MEMORY),
        pod=str(given or meant or older_tool.POD_MEMORY),
        processes=processes,
    )
