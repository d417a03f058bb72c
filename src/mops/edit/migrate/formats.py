"""Which file of which tool a document is, told by its keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mops.model.layer import Origin
from mops.model.problems import ERROR, InvalidConfig, Problem
from mops.schema.fields import snake
from mops.yamltext.outline import Map, Pair, Seq, resolved

if TYPE_CHECKING:
    from mops.edit.migrate.draft import Draft

CONFIG = "config.yaml"
INFRASTRUCTURE = "infrastructure.yaml (schemaVersion 1)"
OLD_UNIFIED = "modelops.yaml (schema_version 2)"
OLD_WORKSPACE = "standalone workspace (kind: Workspace)"
TODAY, TODAY_UNIFIED, TODAY_VALUES = "today's workspace", "today's unified", "today's values"

# What the older tool never read though its papers show it, and what is no workspace configuration.
_REFUSED_KINDS = {
    "Infrastructure": "the older tool read such a file as an empty one and deployed nothing of it",
    "Runtime": "no version of the older tool ever read this kind",
}
_CONFIG_KEYS = frozenset({"pulumi", "defaults"})
_ADJACENT: tuple[tuple[frozenset[str], frozenset[str], str], ...] = (
    (
        frozenset({"environment", "registry", "storage", "timestamp"}),
        frozenset({"environment"}),
        "this is a bundle environment, which the older tool wrote for itself and which holds credentials",
    ),
    (
        frozenset({"version", "images", "profiles", "registry", "tags"}),
        frozenset({"images"}),
        "this is a list of images, not a workspace",
    ),
    (
        frozenset({"database", "optuna", "postgres"}),
        frozenset(),
        "this configures another service, not a workspace",
    ),
)
# Keys that init of the older tool always wrote and that hardly anybody writes by hand.
_WRITTEN_OUT = frozenset(
    {"scheduler_image", "worker_image", "worker_replicas", "worker_processes", "worker_threads"}
)
# Names that people wrote in vain, since they are Kubernetes' own: no proof of today's form.
_BORROWED = frozenset({
    "tolerations", "affinity", "envFrom", "imagePullPolicy", "imagePullSecrets", "volumes", "volumeMounts", "podLabels", "podAnnotations", "priorityClassName",
    "topologySpreadConstraints", "serviceAccount", "labels", "annotations", "initContainers", "sidecars", "name", "containerSecurityContext", "runtimeClassName",
})  # fmt: skip
_OLD_SECTIONS = frozenset({"scheduler", "workers", "autoscaling"})
_OLD_KEYS = frozenset(
    {"image", "replicas", "processes", "threads", "resources", "nodeSelector", "env"}
)


def detect(draft: Draft) -> str:
    """The format of a document. Raises InvalidConfig for what cannot be migrated."""
    root = draft.rewrite.root
    if not isinstance(root, Map):
        raise _refused(draft, "this is no configuration: expected a map of settings")
    keys = {pair.key.text for pair in root.pairs}
    if keys & {"apiVersion", "api_version", "kind", "spec", "metadata"}:
        return _workspace(draft)
    if "schemaVersion" in keys or _nested_spec(draft):
        return _infrastructure(draft)
    if keys & {"schema_version", "settings", "workspace"}:
        return OLD_UNIFIED if _old_unified(draft) else TODAY_UNIFIED
    if keys <= _CONFIG_KEYS:
        return CONFIG
    for allowed, needed, reason in _ADJACENT:
        if keys <= allowed and keys >= needed:
            raise _refused(draft, reason)
    if keys & set(draft.schema.tree["properties"]) and "mopsValues" in keys:
        return TODAY_VALUES
    raise _refused(draft, "no version of the older tool read such a file as a workspace")


def _workspace(draft: Draft) -> str:
    kind = draft.value("kind")
    if kind in _REFUSED_KINDS:
        raise _refused(draft, f"kind {kind}: {_REFUSED_KINDS[kind]}", draft.pair("kind"))
    if kind not in (None, "Workspace"):
        raise _refused(draft, f"kind {kind} is not a workspace", draft.pair("kind"))
    spec = draft.map("spec")
    return TODAY if spec is not None and _is_todays(draft, spec) else OLD_WORKSPACE


def _infrastructure(draft: Draft) -> str:
    version = draft.value("schemaVersion")
    if version not in (None, 1):
        raise _refused(
            draft,
            f"schemaVersion {version}: the older tool read 1 alone",
            draft.pair("schemaVersion"),
        )
    return INFRASTRUCTURE


def _nested_spec(draft: Draft) -> bool:
    """Whether the workspace section is a standalone workspace in itself."""
    workspace = draft.map("workspace")
    return workspace is not None and bool(
        {"spec", "kind", "metadata"} & {pair.key.text for pair in workspace.pairs}
    )


def _old_unified(draft: Draft) -> bool:
    workspace = draft.map("workspace")
    keys = {pair.key.text for pair in workspace.pairs} if workspace else set()
    if workspace is not None and (
        not workspace.pairs
        or _is_todays(draft, workspace)
        or keys & _OLD_SECTIONS
        or _maps_env(workspace)
    ):
        return False
    named = (
        draft.pair("settings", "username")
        or draft.pair("settings", "provider")
        or draft.pair("generated")
    )
    return bool(named) or "scheduler_replicas" in keys or keys >= _WRITTEN_OUT


def _is_todays(draft: Draft, section: Map) -> bool:
    """Whether a section holds what only today's form has."""
    known = {name for sub in draft.schema.tree["properties"] for name in (sub, snake(sub))} | {
        "profiles",
        "profile",
    }
    for pair in section.pairs:
        name, inner = pair.key.text, resolved(pair.value)
        if name in known and name not in _OLD_SECTIONS | _BORROWED:
            return True
        if name in ("scheduler", "workers") and isinstance(inner, Map):
            declared = set(draft.schema.tree["properties"][name]["properties"])
            own = {part.key.text for part in inner.pairs}
            if own & (declared - _OLD_KEYS - _BORROWED) or _maps_env(inner):
                return True
        if (
            name == "autoscaling"
            and isinstance(inner, Map)
            and {part.key.text for part in inner.pairs}
            & {"minWorkers", "maxWorkers", "targetCPU", "scaleDownDelay"}
        ):
            return True
    return False


def _maps_env(section: Map) -> bool:
    return any(
        pair.key.text in ("env", "worker_env", "scheduler_env")
        and isinstance(resolved(pair.value), Map)
        for pair in section.pairs
    ) and not any(
        isinstance(resolved(pair.value), Seq)
        for pair in section.pairs
        if pair.key.text.endswith("env")
    )


def _refused(draft: Draft, message: str, at: Pair | None = None) -> InvalidConfig:
    place = draft.place(at.value.start if at else 0)
    return InvalidConfig(
        [Problem(ERROR, "", message, Origin(draft.name, place), "it is left as it is")]
    )
