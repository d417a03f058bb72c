"""Recognizing the format of a file by its keys."""

from __future__ import annotations

from typing import NamedTuple

from mops.edit.migrate.older_yaml import data
from mops.model.layer import Origin
from mops.model.problems import ERROR, InvalidConfig, Problem
from mops.schema.fields import SettingsSchema, snake
from mops.yamltext.offsets import position
from mops.yamltext.outline import Map, Pair, Seq, Span, resolved


class Format(NamedTuple):
    """A file format.

    The older tool read files with a `precedence` together with the others in their directory; the
    lowest one took effect.
    """

    name: str
    is_current: bool = False
    precedence: int | None = None


CURRENT_UNIFIED = Format("current unified file", is_current=True, precedence=0)
CURRENT_WORKSPACE = Format("current workspace", is_current=True)
CURRENT_VALUES = Format("current values", is_current=True)
OLD_UNIFIED = Format("modelops.yaml (schema_version 2)", precedence=1)
INFRASTRUCTURE = Format("infrastructure.yaml (schemaVersion 1)", precedence=2)
CONFIG = Format("config.yaml", precedence=3)
OLD_WORKSPACE = Format("standalone workspace (kind: Workspace)")

# Kinds that the older tool never read, although its documentation shows them.
_REFUSED_KINDS = {
    "Infrastructure": "the older tool read such a file as empty and deployed nothing from it",
    "Runtime": "no version of the older tool ever read this kind",
}
_CONFIG_KEYS = frozenset({"pulumi", "defaults"})


class _OtherFile(NamedTuple):
    """A file found beside workspaces that is not one: the keys that it may and must have."""

    allowed: frozenset[str]
    required: frozenset[str]
    message: str


_OTHER_FILES = (
    _OtherFile(
        frozenset({"environment", "registry", "storage", "timestamp"}),
        frozenset({"environment"}),
        "this is a bundle environment, which the older tool wrote for its own use"
        " and which contains credentials",
    ),
    _OtherFile(
        frozenset({"version", "images", "profiles", "registry", "tags"}),
        frozenset({"images"}),
        "this is a list of images, not a workspace",
    ),
    _OtherFile(
        frozenset({"database", "optuna", "postgres"}),
        frozenset(),
        "this configures another service, not a workspace",
    ),
)
# Keys that the older tool's `init` always wrote, all of which people rarely write themselves.
_WRITTEN_BY_INIT = frozenset(
    {"scheduler_image", "worker_image", "worker_replicas", "worker_processes", "worker_threads"}
)
# Kubernetes' own names. People wrote them although the older tool ignored them, so they do not
# indicate the current format.
_KUBERNETES_NAMES = frozenset({
    "affinity", "annotations", "containerSecurityContext", "envFrom", "imagePullPolicy",
    "imagePullSecrets", "initContainers", "labels", "name", "podAnnotations", "podLabels",
    "priorityClassName", "runtimeClassName", "serviceAccount", "sidecars", "tolerations",
    "topologySpreadConstraints", "volumeMounts", "volumes",
})  # fmt: skip
_OLD_SECTIONS = frozenset({"scheduler", "workers", "autoscaling"})
_OLD_KEYS = frozenset(
    {"image", "replicas", "processes", "threads", "resources", "nodeSelector", "env"}
)
_CURRENT_AUTOSCALING = frozenset({"minWorkers", "maxWorkers", "targetCPU", "scaleDownDelay"})


def detect(root: Span | None, name: str, text: str, schema: SettingsSchema) -> Format:
    """The format of a document. Raises InvalidConfig for one that cannot be migrated."""
    if not isinstance(root, Map):
        raise _refused(name, text, "not a configuration: expected a mapping of settings")
    return _Detector(root, name, text, schema).format()


class _Detector:
    """Determines the format of one document."""

    def __init__(self, root: Map, name: str, text: str, schema: SettingsSchema) -> None:
        self.root = root
        self.name = name
        self.text = text
        self.schema = schema

    def format(self) -> Format:
        keys = _keys(self.root)
        if keys & {"apiVersion", "api_version", "kind", "spec", "metadata"}:
            return self._workspace()
        if "schemaVersion" in keys or self._has_nested_workspace():
            return self._infrastructure()
        if keys & {"schema_version", "settings", "workspace"}:
            return OLD_UNIFIED if self._is_old_unified() else CURRENT_UNIFIED
        if keys <= _CONFIG_KEYS:
            return CONFIG
        if "mopsValues" in keys and keys & set(self.schema.tree["properties"]):
            return CURRENT_VALUES
        raise self._refused(_why_refused(keys))

    def _workspace(self) -> Format:
        pair = self.root.pair("kind")
        kind = data(pair.value) if pair is not None else None
        if str(kind) in _REFUSED_KINDS:
            raise self._refused(f"kind {kind}: {_REFUSED_KINDS[str(kind)]}", pair)
        if kind not in (None, "Workspace"):
            raise self._refused(f"kind {kind} is not a workspace", pair)
        spec = _mapping(self.root, "spec")
        return CURRENT_WORKSPACE if spec and self._is_current(spec) else OLD_WORKSPACE

    def _infrastructure(self) -> Format:
        pair = self.root.pair("schemaVersion")
        version = data(pair.value) if pair is not None else None
        if version not in (None, 1):
            message = f"schemaVersion {version} is not supported: the older tool read only 1"
            raise self._refused(message, pair)
        return INFRASTRUCTURE

    def _has_nested_workspace(self) -> bool:
        """Whether the workspace section contains a standalone workspace."""
        workspace = _mapping(self.root, "workspace")
        return workspace is not None and bool(_keys(workspace) & {"spec", "kind", "metadata"})

    def _is_old_unified(self) -> bool:
        workspace = _mapping(self.root, "workspace")
        keys = _keys(workspace) if workspace is not None else set()
        if workspace is not None and not self._may_be_old(workspace):
            return False
        settings = _mapping(self.root, "settings")
        names = _keys(settings) if settings is not None else set()
        if names & {"username", "provider"} or self.root.pair("generated"):
            return True
        return "scheduler_replicas" in keys or keys >= _WRITTEN_BY_INIT

    def _may_be_old(self, workspace: Map) -> bool:
        """Whether nothing in the workspace section of a unified file is in the current format."""
        keys = _keys(workspace)
        if not keys or keys & _OLD_SECTIONS:
            return False
        return not self._is_current(workspace) and not _maps_env(workspace)

    def _is_current(self, section: Map) -> bool:
        """Whether a section has keys that only the current format has."""
        known = {"profiles", "profile"}
        for name in self.schema.tree["properties"]:
            known |= {name, snake(name)}
        if _keys(section) & (known - _OLD_SECTIONS - _KUBERNETES_NAMES):
            return True
        for name in ("scheduler", "workers"):
            pods = _mapping(section, name)
            if pods is not None and self._are_current_pods(name, pods):
                return True
        autoscaling = _mapping(section, "autoscaling")
        return autoscaling is not None and bool(_keys(autoscaling) & _CURRENT_AUTOSCALING)

    def _are_current_pods(self, name: str, pods: Map) -> bool:
        declared = set(self.schema.tree["properties"][name]["properties"])
        return bool(_keys(pods) & (declared - _OLD_KEYS - _KUBERNETES_NAMES)) or _maps_env(pods)

    def _refused(self, message: str, at: Pair | None = None) -> InvalidConfig:
        return _refused(self.name, self.text, message, at)


def _why_refused(keys: set[str]) -> str:
    for other in _OTHER_FILES:
        if other.required <= keys <= other.allowed:
            return other.message
    return "no version of the older tool read such a file as a workspace"


def _keys(node: Map) -> set[str]:
    return {pair.key.text for pair in node.pairs}


def _mapping(node: Map, key: str) -> Map | None:
    """The mapping at a key; None if there is none."""
    pair = node.pair(key)
    found = resolved(pair.value) if pair is not None else None
    return found if isinstance(found, Map) else None


def _maps_env(section: Map) -> bool:
    """Whether variables are written as mappings, and never as lists."""
    kinds = {type(resolved(pair.value)) for pair in section.pairs if pair.key.text in _ENVS}
    return Map in kinds and Seq not in kinds


_ENVS = ("env", "worker_env", "scheduler_env")


def _refused(name: str, text: str, message: str, at: Pair | None = None) -> InvalidConfig:
    line, col = position(text, at.value.start if at is not None else 0)
    origin = Origin(name, f"{name}:{line}:{col}")
    return InvalidConfig([Problem(ERROR, "", message, origin, "file left unchanged")])
