"""Standalone workspaces, and the one inside an infrastructure file: what the older tool's component made of them."""

from __future__ import annotations

from typing import Any

from mops.edit.migrate import old, pods, values, variables
from mops.edit.migrate.draft import ADDED, CHANGED, DIFFERS, KEPT, MOVED, RENAMED, Draft, data
from mops.model.layer import Path
from mops.model.spelling import near
from mops.schema.keywords import violations
from mops.yamltext.outline import Map, Pair, plain

_KEYS = {
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
_SECTIONS = ("scheduler", "workers", "autoscaling", "tolerations")
_SMOKE = ("smoke_tests", "run_smoke_tests")
_LIFTED = ("name", "release", "labels")
_IGNORED = "the older tool ignored it"
_WHY = {
    "imagePullSecrets": "the older tool ignored it and pulled without (--intended keeps it)",
    "min_replicas": "the older tool ignored it; the bounds are autoscaling.min_workers and max_workers (--intended takes it for one)",
    "max_replicas": "the older tool ignored it; the bounds are autoscaling.min_workers and max_workers (--intended takes it for one)",
}


def from_workspace(draft: Draft) -> None:
    """A standalone workspace to today's."""
    _header(draft)
    _metadata(draft, ("metadata",))
    draft.settle()
    _spec(draft, ("spec",))


def from_infrastructure(draft: Draft) -> None:
    """An infrastructure file to today's unified file."""
    version = draft.pair("schemaVersion")
    if version is not None:
        draft.rewrite.rename(version, "schema_version")
        draft.rewrite.put(version, 2)
        draft.note(
            RENAMED,
            ("schemaVersion",),
            "the version of today's unified file",
            version,
            "schema_version: 2",
        )
    elif draft.pair("schema_version") is None:
        draft.first("schema_version", 2, "the version of today's unified file")
    for name in ("continueOnError", "dependsOn"):
        found = draft.pair(name)
        if found is not None:
            draft.comment(
                (name,),
                found,
                "it steered the older tool's deployment; mops deploys nothing but the workspace",
            )
    if draft.map("workspace") is None:
        draft.want(("workspace",), {})
        draft.note(
            ADDED,
            ("workspace",),
            "the file deployed no workspace, so that there is none to carry over",
        )
        draft.settle()
        return
    for name in ("apiVersion", "api_version", "kind"):
        found = draft.pair("workspace", name)
        if found is not None:
            draft.drop(("workspace", name), found, "the section says it")
    _metadata(draft, ("workspace", "metadata"))
    _namespace(draft)
    draft.settle()
    for name, to in (("metadata", "workspace"), ("spec", "workspace")):
        found = draft.pair("workspace", name)
        if found is not None and isinstance(found.value, Map) and found.value.pairs:
            _lift(draft, name, found, to)
            draft.lifted = draft.lifted or name == "spec"
    draft.settle()
    _spec(draft, ("workspace",))


def _lift(draft: Draft, name: str, pair: Pair, to: str) -> None:
    holder = draft.map("workspace")
    if holder is not None:
        draft.rewrite.lift(holder, pair)
    draft.note(
        MOVED, ("workspace", name), "today's unified file has these keys one level up", pair, to
    )


def _namespace(draft: Draft) -> None:
    """The namespace, which belongs to the release today."""
    pair = draft.pair("workspace", "metadata", "namespace")
    if pair is not None and not draft.rewrite.leaves(pair):
        draft.rewrite.rename(pair, "release")
        draft.rewrite.replace(
            pair.value.start,
            pair.value.end,
            f"{{namespace: {draft.text[pair.value.start : pair.value.end]}}}",
        )
        draft.note(
            MOVED,
            ("workspace", "metadata", "namespace"),
            "the namespace of the release",
            pair,
            "workspace.release.namespace",
        )


def _header(draft: Draft) -> None:
    """The keys apiVersion and kind, which the older tool hardly looked at."""
    version = draft.pair("apiVersion") or draft.pair("api_version")
    if version is None:
        draft.first("apiVersion", "modelops/v1", "today's reader needs it")
    elif version.key.text == "api_version":
        draft.rewrite.rename(version, "apiVersion")
        draft.note(RENAMED, ("api_version",), "today's spelling", version, "apiVersion")
    if version is not None and data(version.value) != "modelops/v1":
        draft.rewrite.put(version, "modelops/v1")
        draft.note(CHANGED, (version.key.text,), "the older tool took any text here", version)
    if draft.pair("kind") is None:
        draft.first("kind", "Workspace", "today's reader needs it")


def _metadata(draft: Draft, names: Path) -> None:
    name = draft.pair(*names, "name")
    if name is not None:
        text = str(data(name.value))
        wrong = list(violations(draft.schema.at(("name",)) or {}, text))
        if wrong:
            draft.comment(
                (*names, "name"),
                name,
                f"no valid name ({wrong[0].message}), and it never reached Kubernetes",
            )
        else:
            draft.note(
                DIFFERS,
                (*names, "name"),
                f"it never reached Kubernetes; now the label modelops.io/workspace says {text} (it always said dask)",
                name,
            )
    labels = draft.pair(*names, "labels")
    if labels is not None and not values.nothing(draft, (*names, "labels"), labels):
        draft.note(
            DIFFERS,
            (*names, "labels"),
            "the older tool ignored them; now every object has them",
            labels,
        )
    namespace = draft.pair(*names, "namespace")
    if namespace is not None:
        values.nothing(draft, (*names, "namespace"), namespace)
    for pair in draft.map(*names).pairs if draft.map(*names) else ():  # type: ignore[union-attr]
        if pair.key.text not in ("name", "labels", "namespace"):
            draft.comment((*names, pair.key.text), pair, _IGNORED)


def _spec(draft: Draft, base: Path) -> None:
    """The sections of a workspace; `base` is where they are."""
    spec = draft.map(*base)
    if spec is not None:
        for pair in spec.pairs:
            _section(draft, base, pair)
    count = _count(draft, base)
    given = _tolerations(draft, base)
    autoscaled = _autoscaling(draft, base)
    _defaults(draft, base, count, autoscaled=autoscaled)
    pods.tolerations(draft, base, given)
    pods.secrets_and_user(draft, base)
    for role, default in (("scheduler", old.SCHEDULER_IMAGE), ("workers", old.WORKER_IMAGE)):
        image = draft.value(*base, role, "image")
        if image is None:
            draft.note(
                DIFFERS,
                (*base, role, "image"),
                f"no image is named, which the older tool's last release refused; today's default is {default}",
            )
        pods.pull_policy(draft, base, role, str(image or default), (*base, role, "image"))
    _memory(draft, base)
    draft.makes_pods = True
    draft.settle()


def _section(draft: Draft, base: Path, pair: Pair) -> None:
    name = pair.key.text
    here = (*base, name)
    if values.nothing(draft, here, pair):
        return
    if name in _SMOKE:
        draft.comment(here, pair, "the chart's `helm test` does what the smoke test did")
    elif (
        name == "worker_count" or name in _SECTIONS or (base == ("workspace",) and name in _LIFTED)
    ):
        inner = plain(pair.value)
        if name in _KEYS and isinstance(inner, Map):
            for sub in inner.pairs:
                _key(draft, here, sub)
    elif draft.intended and name == "imagePullSecrets":
        draft.note(
            KEPT, here, "the older tool ignored it; it was plainly meant and counts now", pair
        )
    else:
        draft.comment(here, pair, _why(name, _SECTIONS))


def _key(draft: Draft, section: Path, pair: Pair) -> None:
    role, name = section[-1], pair.key.text
    here = (*section, name)
    if name not in _KEYS[role]:
        _ignored(draft, here, pair)
    elif values.nothing(draft, here, pair):
        return
    elif name == "replicas" and role == "scheduler" and data(pair.value) not in (1, "1"):
        draft.comment(
            here,
            pair,
            f"a workspace has one scheduler; {data(pair.value)} of them never shared their work",
        )
    elif name in (
        "replicas",
        "processes",
        "threads",
        "min_workers",
        "max_workers",
        "target_cpu",
        "scale_down_delay",
    ):
        values.whole(draft, here, pair)
    elif name == "enabled":
        values.truth(draft, here, pair)
    elif name == "type" and data(pair.value) != "hpa":
        draft.comment(here, pair, "the older tool ignored it and always made an hpa")
    elif name == "env":
        variables.clean(draft, here, pair, (role,))
    elif name == "resources":
        _resources(draft, here, pair)


def _why(name: str, known: tuple[str, ...]) -> str:
    hint = near(name, known)
    return _WHY.get(name) or _IGNORED + (f" ({hint})" if hint else "")


def _ignored(draft: Draft, here: Path, pair: Pair) -> None:
    """A key in vain: as a comment, or where that is wanted and plain to see, as it was meant."""
    role, name = here[-2:]
    bounds = {"min_replicas": "min_workers", "max_replicas": "max_workers"}
    if role == "autoscaling" and name == "env":
        base = here[:-2]
        if draft.intended and draft.pair(*base, "workers", "env") is None:
            entries = [
                entry
                for entry in data(pair.value) or []
                if isinstance(entry, dict) and variables.dead(str(entry.get("name"))) is None
            ]
            if entries:
                draft.want(
                    (*base, "workers", "env"),
                    {str(entry["name"]): str(entry.get("value", "")) for entry in entries},
                )
            draft.comment(
                here,
                pair,
                "it was indented below autoscaling and ignored; what was meant is now in workers.env",
                "workers.env",
            )
        else:
            draft.comment(
                here,
                pair,
                "it was indented below autoscaling, where the older tool ignored it; did you mean workers.env? Its variables were never set (--intended sets them)",
            )
    elif (
        draft.intended
        and role == "workers"
        and name in bounds
        and draft.pair(*here[:-2], "autoscaling", bounds[name]) is None
    ):
        draft.want((*here[:-2], "autoscaling", bounds[name]), data(pair.value))
        draft.comment(
            here,
            pair,
            "the older tool ignored it; what was meant is now a bound of the autoscaler",
            f"autoscaling.{bounds[name]}",
        )
    else:
        draft.comment(here, pair, _why(name, _KEYS[role]))


def _resources(draft: Draft, here: Path, pair: Pair) -> None:
    node = plain(pair.value)
    if not isinstance(node, Map):
        return
    flat = {
        part.key.text: part for part in node.pairs if part.key.text not in ("requests", "limits")
    }
    meant = {
        name: str(data(part.value)) for name, part in flat.items() if name in ("cpu", "memory")
    }
    if draft.intended and meant and len(flat) == len(node.pairs):
        draft.rewrite.put(pair, {"requests": meant, "limits": meant})
        draft.note(
            CHANGED,
            here,
            "the older tool ignored cpu and memory here; what was meant is now request and limit",
            pair,
        )
        return
    default = "2Gi and 1 CPU" if here[-2] == "scheduler" else "4Gi and 2 CPU"
    for name, part in flat.items():
        draft.comment(
            (*here, name),
            part,
            f"the older tool ignored it: only requests and limits counted, so that the pod got {default} (--intended makes it request and limit)",
        )
    for kind, other in (("requests", "limits"), ("limits", "requests")):
        _amounts(draft, here, node, kind, other)


def _amounts(draft: Draft, here: Path, node: Map, kind: str, other: str) -> None:
    """What requests or limits leave out, which the older tool did not fill in."""
    pair = node.pair(kind)
    if pair is None or values.nothing(draft, (*here, kind), pair):
        return
    given = data(pair.value)
    if not isinstance(given, dict):
        return
    beside = node.pair(other)
    twin = (
        data(beside.value)
        if beside is not None
        else {
            "memory": "2Gi" if here[-2] == "scheduler" else "4Gi",
            "cpu": "1" if here[-2] == "scheduler" else "2",
        }
    )
    for name in ("memory", "cpu"):
        if name in given:
            continue
        spelled = (*here, kind, name)
        fallback = draft.schema.at((here[-2], "resources", kind, name)) or {}
        if kind == "limits" and name == "cpu":
            draft.want(spelled, "")
            draft.note(ADDED, spelled, "no limit was written and none was set; empty means none")
        elif kind == "requests" and isinstance(twin, dict) and name in twin:
            draft.want(spelled, str(twin[name]))
            draft.note(
                ADDED, spelled, "without a request Kubernetes takes the limit, which is now written"
            )
        else:
            draft.note(
                DIFFERS, spelled, f"none was set; now the default {fallback.get('default')} is"
            )


def _count(draft: Draft, base: Path) -> Any:
    """The number of workers that stood outside of their section."""
    found = None
    for names in (
        ("worker_count",),
        (*base, "worker_count"),
        *(((*base[:1], "worker_count"),) if len(base) > 1 else ()),
    ):
        pair = draft.pair(*names)
        if pair is not None and not draft.rewrite.leaves(pair):
            if draft.pair(*base, "workers", "replicas") is None:
                found = data(pair.value)
                draft.rewrite.remove(pair)
                draft.note(
                    MOVED,
                    names,
                    "the number of worker pods",
                    pair,
                    ".".join((*base, "workers", "replicas")),
                )
            else:
                draft.comment(names, pair, "workers.replicas counted")
    for name in _SMOKE:
        pair = draft.pair(name)
        if pair is not None:
            draft.comment((name,), pair, "the chart's `helm test` does what the smoke test did")
    return found


def _tolerations(draft: Draft, base: Path) -> list[Any] | None:
    pair = draft.pair(*base, "tolerations")
    if pair is None or draft.rewrite.leaves(pair):
        return None
    given = data(pair.value)
    if not isinstance(given, list):
        return None
    draft.rewrite.remove(pair)
    spelled = ".".join
    draft.note(
        MOVED,
        (*base, "tolerations"),
        "each pod has its own now",
        pair,
        f"{spelled((*base, 'scheduler', 'tolerations'))}, {spelled((*base, 'workers', 'tolerations'))}",
    )
    return [
        {
            name: value if isinstance(value, (bool, int)) else str(value)
            for name, value in entry.items()
        }
        for entry in given
        if isinstance(entry, dict)
    ]


def _autoscaling(draft: Draft, base: Path) -> bool:
    """Whether an autoscaler owned the number of workers."""
    enabled = draft.value(*base, "autoscaling", "enabled")
    return enabled is None or str(enabled).lower() not in ("false", "no", "off", "0")


def _defaults(draft: Draft, base: Path, count: Any, *, autoscaled: bool) -> None:
    """The older defaults, written out where today's are others."""
    today = {path: field.schema.get("default") for path, field in draft.schema.fields.items()}
    camel = {
        "min_workers": "minWorkers",
        "max_workers": "maxWorkers",
        "target_cpu": "targetCPU",
        "scale_down_delay": "scaleDownDelay",
    }
    for (role, name), value in old.COMPONENT.items():
        if draft.pair(*base, role, name) is not None and not _gone(draft, *base, role, name):
            continue
        bound = role == "autoscaling" and name != "enabled"
        if (
            value == today[role, camel.get(name, name)]
            or (bound and not autoscaled)
            or draft.drop_defaults
        ):
            continue
        draft.want((*base, role, name), value)
        draft.note(
            ADDED,
            (*base, role, name),
            f"the older tool's default was {_word(value)}, today's is {_word(today[role, camel.get(name, name)])}",
        )
    replicas = draft.pair(*base, "workers", "replicas")
    if count is not None:
        draft.want((*base, "workers", "replicas"), count)
    elif replicas is None and not autoscaled and not draft.drop_defaults:
        draft.want((*base, "workers", "replicas"), old.COMPONENT_REPLICAS)
        draft.note(
            ADDED,
            (*base, "workers", "replicas"),
            f"the older tool's default was {old.COMPONENT_REPLICAS}, today's is {today['workers', 'replicas']}",
        )
    if autoscaled and replicas is not None:
        draft.note(
            KEPT,
            (*base, "workers", "replicas"),
            "it has no effect while the autoscaler is on, as before",
            replicas,
        )


def _gone(draft: Draft, *names: str) -> bool:
    found = draft.pair(*names)
    return found is not None and draft.rewrite.leaves(found)


def _memory(draft: Draft, base: Path) -> None:
    limits = draft.value(*base, "workers", "resources", "limits")
    given = limits.get("memory") if isinstance(limits, dict) else None
    meant = draft.value(*base, "workers", "resources", "memory") if draft.intended else None
    pod = str(given or meant or old.POD_MEMORY)
    processes = draft.value(*base, "workers", "processes")
    if processes is None:
        processes = old.COMPONENT["workers", "processes"]
    pods.memory(
        draft,
        (*base, "workers", "resources", "limits", "memory"),
        str(given or old.ASSUMED_MEMORY),
        pod,
        processes,
    )


def _word(value: Any) -> str:
    return {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)
