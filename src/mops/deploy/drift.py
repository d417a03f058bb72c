"""Rendered manifests against live objects: what differs, which setting says otherwise, and what a change would restart. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from mops.config.resolve import Config
from mops.model.layer import Leaf, Path, dotted
from mops.model.quantities import memory_bytes, millicpu
from mops.schema.fields import SettingsSchema
from mops.schema.secrets import MASK, hidden, secret_name, secret_value

DEPLOYMENT = "Deployment"
COMPONENT, GROUP = "modelops.io/component", "modelops.io/worker-group"
SCHEDULER = "scheduler"

_MANIFEST = "x-manifest"
# What makes the items of a list distinct, where they are maps.
_KEYS = ("name", "mountPath", "containerPort", "port", "key")
# Writers of live objects that follow what the release says, or are asked by mops.
_OWN = frozenset({"helm", "mops", "before-first-apply", "kube-controller-manager"})
# What a rolling restart writes.
_RESTARTED = "kubectl.kubernetes.io/restartedAt"
# Tells where values came from; it is not one of them.
_PROVENANCE = ("metadata", "annotations", "mops.modelops.io/layers")
_TEMPLATE = ("spec", "template")
_REPLICAS = ("spec", "replicas")
_PARTS = ("container", "pod", "spec")
_LONGEST = 120

Manifest = Mapping[str, Any]


class Difference(NamedTuple):
    """One field of one object: what is there, and what is wanted; None where there is nothing.

    `place` is where in the object, ("container", …) for a Deployment's main container, ("pod", …) for its pods.
    `by` is who wrote the live field, where it was not helm. An upgrade leaves an `extra` field as it is.
    """

    object: str
    place: Path
    live: Any
    wanted: Any
    by: str = ""
    restarts: bool = False
    extra: bool = False

    @property
    def field(self) -> str:
        """The field for people: `--nworkers`, `env NAME`, `replicas`."""
        if self.place[:2] == ("container", "args"):
            return dotted(self.place[2:]) if len(self.place) > 2 else "args"
        if self.place[:2] == ("container", "env"):
            return " ".join(self.place[1:3])
        return dotted(self.place[1:] if self.place[:1] and self.place[0] in _PARTS else self.place)


class Reason(NamedTuple):
    """The setting that says what is wanted: its path and its winning leaf."""

    path: Path
    leaf: Leaf


class Impact(NamedTuple):
    """What a change does to a Deployment's pods. `grave` where running work is lost or put at risk."""

    deployment: str
    text: str
    grave: bool = False


def named(manifests: Iterable[Manifest]) -> dict[str, Manifest]:
    """Objects by `Kind/name`."""
    return {f"{entry['kind']}/{entry['metadata']['name']}": entry for entry in manifests}


def differences(
    wanted: Iterable[Manifest], live: Iterable[Manifest], *, gone: Iterable[Manifest] = ()
) -> list[Difference]:
    """All that differs, object by object. Fields that only the API server fills in are no difference.

    `gone` are the objects that an earlier revision had: what of them is live but not wanted any more is told.
    """
    here, there = named(live), named(wanted)
    found: list[Difference] = []
    for name, entry in there.items():
        if name in here:
            found += _compared(name, entry, here[name])
        else:
            found.append(Difference(name, (), None, "to be"))
    found += [
        Difference(name, (), "is", None)
        for name in named(gone)
        if name in here and name not in there
    ]
    return found


def _compared(name: str, wanted: Manifest, live: Manifest) -> Iterator[Difference]:
    main = _main(wanted)
    left, right = _tree(live), _tree(wanted)
    writers = _writers(live)
    is_deployment = wanted["kind"] == DEPLOYMENT

    def told(raw: Path, have: Any, want: Any, *, extra: bool = False) -> Difference:
        return Difference(
            name,
            _place(raw, main),
            have,
            want,
            _writer(writers, raw),
            is_deployment and raw[:2] == _TEMPLATE,
            extra,
        )

    for top in (
        "metadata",
        *(key for key in right if key not in ("metadata", "apiVersion", "kind", "status")),
    ):
        want = (
            {key: right["metadata"].get(key, {}) for key in ("labels", "annotations")}
            if top == "metadata"
            else right[top]
        )
        yield from (
            told(*found) for found in _walk((top,), left.get(top), want) if found[0] != _PROVENANCE
        )
    for raw in _foreign(writers, left, right):
        yield told(raw, _at(left, raw), None, extra=True)


def _walk(raw: Path, live: Any, wanted: Any) -> Iterator[tuple[Path, Any, Any]]:
    if isinstance(wanted, dict) and (isinstance(live, dict) or live is None):
        live = live or {}
        if wanted and not live and len(raw) > 1:
            yield raw, None, wanted
            return
        for key, value in wanted.items():
            yield from _walk((*raw, key), live.get(key), value)
        if raw[-1] == "args":
            yield from (
                ((*raw, key), value, None) for key, value in live.items() if key not in wanted
            )
    elif isinstance(wanted, list) and isinstance(live, list) and len(wanted) == len(live):
        yield from (
            ((*raw, f"[{index}]"), *pair)
            for index, pair in enumerate(zip(live, wanted, strict=True))
            if pair[0] != pair[1]
        )
    elif not _same(raw, live, wanted):
        yield raw, live, wanted


def _same(raw: Path, live: Any, wanted: Any) -> bool:
    if raw[-2:-1] in (("args",), ("env",)):
        # An empty text is something here.
        return bool(live == wanted)
    if live == wanted or (live in (None, [], {}, "") and wanted in (None, [], {}, "")):
        return True
    return ("resources" in raw or raw[-1] in ("sizeLimit", "divisor")) and _amount(live) == _amount(
        wanted
    ) is not None


def _amount(value: Any) -> int | None:
    """A quantity in thousandths; None where it is none."""
    text = str(value)
    try:
        return (
            millicpu(text)
            if text.endswith("m")
            else memory_bytes(text) * 1000
            if text[-1:].isalpha()
            else millicpu(text)
        )
    except (ValueError, KeyError):
        return None


def _tree(value: Any, name: str = "") -> Any:
    """A manifest with its lists as maps, by what makes their items distinct; lists of scalars stay."""
    if isinstance(value, Mapping):
        return {key: _tree(entry, key) for key, entry in value.items() if entry is not None}
    if not isinstance(value, list):
        return value
    if name == "args":
        return _arguments(value)
    if not value or not all(isinstance(item, dict) for item in value):
        return list(value)
    if name == "env":
        return {
            item["name"]: _tree({"valueFrom": item["valueFrom"]})
            if item.get("valueFrom")
            else item.get("value") or ""
            for item in value
        }
    key = next(
        (key for key in _KEYS if len({item.get(key) for item in value} - {None}) == len(value)), ""
    )
    return {str(item[key] if key else index): _tree(item) for index, item in enumerate(value)}


def _arguments(items: Sequence[Any]) -> dict[str, str]:
    """Arguments by flag; what belongs to no flag by its position, as [0]."""
    found: dict[str, str] = {}
    index = loose = 0
    while index < len(items):
        flag, equals, value = str(items[index]).partition("=")
        index += 1
        if not flag.startswith("--"):
            flag, value = f"[{loose}]", str(items[index - 1])
            loose += 1
        elif not equals and index < len(items) and not str(items[index]).startswith("--"):
            value = str(items[index])
            index += 1
        while flag in found:
            flag += "'"
        found[flag] = value
    return found


def _main(manifest: Manifest) -> str:
    """The name of the first container; "" where there are none."""
    pods = (
        manifest.get("spec", {}).get("template", {}).get("spec", {})
        if manifest["kind"] == DEPLOYMENT
        else {}
    )
    return str(pods["containers"][0]["name"]) if pods.get("containers") else ""


def _place(raw: Path, main: str) -> Path:
    for beginning, part in (
        ((*_TEMPLATE, "spec", "containers", main), ("container",)),
        ((*_TEMPLATE, "spec"), ("pod",)),
        ((*_TEMPLATE, "metadata"), ("template",)),
        (("metadata",), ()),
    ):
        if raw[: len(beginning)] == beginning:
            return (*part, *raw[len(beginning) :])
    return raw


def _writers(live: Manifest) -> dict[Path, str]:
    """Who besides helm and the controllers wrote which fields of a live object."""
    found: dict[Path, str] = {}
    for entry in live["metadata"].get("managedFields") or ():
        manager = str(entry.get("manager", ""))
        if manager not in _OWN and entry.get("subresource") != "status":
            by = " ".join(filter(None, (manager, str(entry.get("time") or ""))))
            found.update(dict.fromkeys(_owned(entry.get("fieldsV1") or {}, ()), by))
    return found


def _owned(fields: Mapping[str, Any], raw: Path) -> Iterator[Path]:
    inner = [(key, value) for key, value in fields.items() if key[:2] in ("f:", "k:")]
    if not inner:
        yield raw
    for key, value in inner:
        name = key[2:]
        if key[:2] == "k:":
            name = str(next(iter(json.loads(name).values()), ""))
        yield from _owned(value, (*raw, name))


def _writer(writers: Mapping[Path, str], raw: Path) -> str:
    """Who wrote the field, or something in it or around it."""
    near = (
        by for path, by in writers.items() if path[: len(raw)] == raw or raw[: len(path)] == path
    )
    return next(near, "")


def _foreign(writers: Mapping[Path, str], live: Any, wanted: Any) -> Iterator[Path]:
    """The highest fields of the specification that others wrote beside what is wanted."""
    told: set[Path] = set()
    for raw in writers:
        if raw[:1] != ("spec",) or _RESTARTED in raw or raw == _REPLICAS:
            continue
        top = next(
            (raw[:size] for size in range(2, len(raw) + 1) if _at(wanted, raw[:size]) is None), None
        )
        if (
            top is not None
            and top not in told
            and "args" not in top
            and _at(live, top) not in (None, {}, [])
        ):
            told.add(top)
            yield top


def _at(tree: Any, raw: Path) -> Any:
    for part in raw:
        if not isinstance(tree, dict) or part not in tree:
            return None
        tree = tree[part]
    return tree


# Back to the configuration.


def section(manifest: Manifest, schema: SettingsSchema) -> Path:
    """Where the settings of an object's pods are."""
    labels = manifest["metadata"].get("labels") or {}
    target, source = next(iter(schema.inherits.items()))
    if labels.get(COMPONENT) == SCHEDULER:
        return (SCHEDULER,)
    group = labels.get(GROUP, "default")
    return source if group == "default" else (*target, group)


def reason(
    found: Difference,
    manifest: Manifest,
    config: Config,
    schema: SettingsSchema,
    deployed: Mapping[str, Any] | None = None,
) -> Reason | None:
    """The setting that makes a field what it is wanted to be; None where the chart alone does.

    Among several, one whose value is not what was `deployed` is the likeliest.
    """
    paths = _settings(found.place, section(manifest, schema), config, schema)
    leaves = [
        (path, config.stacks[path][-1])
        for path in paths
        if config.stacks[path][-1].value is not None
    ]
    if deployed is not None:
        leaves.sort(key=lambda entry: _at(deployed, entry[0]) == entry[1].value)
    return Reason(*leaves[0]) if leaves else None


def _settings(place: Path, pods: Path, config: Config, schema: SettingsSchema) -> list[Path]:
    """The settings with a value that a place comes from, the most specific first."""
    text = ".".join(place)
    sections = {(SCHEDULER,), *schema.inherits.values()}
    source = (SCHEDULER,) if pods == (SCHEDULER,) else next(iter(schema.inherits.values()))
    found: list[tuple[int, Path]] = []
    for path, markers in schema.marked(_MANIFEST):
        if path[:1] in sections and path[:1] != source:
            continue
        here = (*pods, *path[1:]) if path[:1] == source else path
        for marker in markers:
            if text == marker or text.startswith(f"{marker}."):
                rest = place[len(marker.split(".")) :] if "/" not in marker else ()
                found.append(
                    (len(marker.split(".")), _deepest((*here, *rest), len(here), config) or here)
                )
    if place[:1] and place[0] in _PARTS:
        named_so = _deepest((*pods, *place[1:]), len(pods) + 1, config)
        found += [(len(place), named_so)] if named_so else []
    whole = [
        entry
        for _, path in sorted(found, key=lambda entry: -entry[0])
        for entry in ([path] if path in config.stacks else _below(path, config))
    ]
    return list(dict.fromkeys(whole))


def _deepest(path: Path, least: int, config: Config) -> Path | None:
    """The longest beginning of a path that has settings."""
    return next(
        (
            path[:size]
            for size in range(len(path), least - 1, -1)
            if path[:size] in config.stacks or _below(path[:size], config)
        ),
        None,
    )


def _below(path: Path, config: Config) -> list[Path]:
    return [here for here in config.stacks if here[: len(path)] == path]


# Values.


class Change(NamedTuple):
    """A setting whose value was deployed otherwise."""

    path: Path
    old: Any
    new: Any


def changes(old: Mapping[str, Any], new: Mapping[str, Any], *, ignored: str = "") -> list[Change]:
    """The values that differ, by path; None where one has none. What is below the key `ignored` does not count."""
    left, right = dict(_flat(old, ())), dict(_flat(new, ()))
    paths = dict.fromkeys([*right, *left])
    return [
        Change(path, left.get(path), right.get(path))
        for path in paths
        if left.get(path) != right.get(path) and path[:1] != (ignored,)
    ]


def _flat(value: Mapping[str, Any], path: Path) -> Iterator[tuple[Path, Any]]:
    for key, entry in value.items():
        if isinstance(entry, Mapping) and entry:
            yield from _flat(entry, (*path, key))
        elif entry not in ({}, None):
            # Helm hands large integers back as fractions.
            yield (
                (*path, key),
                int(entry) if isinstance(entry, float) and entry.is_integer() else entry,
            )


# Consequences.


def impacts(
    found: Iterable[Difference], wanted: Iterable[Manifest], live: Iterable[Manifest]
) -> list[Impact]:
    """What bringing the differences to the cluster does to each Deployment's pods."""
    here, there = named(live), named(wanted)
    result: list[Impact] = []
    for name in dict.fromkeys(
        entry.object
        for entry in found
        if entry.object.startswith(f"{DEPLOYMENT}/") and not entry.extra
    ):
        mine = [entry for entry in found if entry.object == name and not entry.extra]
        result += _impact(name.partition("/")[2], mine, there.get(name), here.get(name))
    return result


def _impact(
    name: str, mine: Sequence[Difference], wanted: Manifest | None, live: Manifest | None
) -> Iterator[Impact]:
    manifest = wanted or live or {}
    lone = (manifest["metadata"].get("labels") or {}).get(COMPONENT) == SCHEDULER
    if live is None:
        yield Impact(name, f"is created with {_pods(manifest.get('spec', {}).get('replicas', 1))}")
    elif wanted is None:
        yield Impact(name, "is deleted with its pods", grave=True)
    else:
        replicas = next((entry for entry in mine if entry.place == _REPLICAS), None)
        if any(entry.restarts for entry in mine):
            lost = (
                "scheduler restarts, running computations are lost"
                if lone
                else "its pods restart, a quarter at a time; what they compute is computed again"
            )
            yield Impact(name, lost, grave=True)
        if replicas is not None:
            have, want = int(replicas.live or 0), int(replicas.wanted)
            yield Impact(name, f"goes from {have} to {_pods(want)}", grave=want < have)
        if not mine or not (replicas or any(entry.restarts for entry in mine)):
            yield Impact(name, "is changed without touching its pods")


def handed_over(wanted: Iterable[Manifest], released: Iterable[Manifest]) -> list[Impact]:
    """Deployments whose number of pods the release wrote and an autoscaler is to own: helm then lets it fall to 1 once."""
    before = named(released)
    return [
        Impact(
            entry["metadata"]["name"],
            "replicas drops to 1 once, when the autoscaler takes over the number of pods; it then raises it to its least",
            grave=True,
        )
        for name, entry in named(wanted).items()
        if entry["kind"] == DEPLOYMENT
        and "replicas" not in entry["spec"]
        and int(before.get(name, {}).get("spec", {}).get("replicas", 1)) > 1
    ]


def _pods(number: Any) -> str:
    return f"{number} pod{'s' if number != 1 else ''}"


# Text.


def secret(
    schema: SettingsSchema, found: Difference, value: Any, because: Reason | None = None
) -> bool:
    """Whether a field's value must not be printed."""
    named_so = (
        found.place[:2] == ("container", "env")
        and secret_name(found.place[2])
        and isinstance(value, str)
        and value != ""
    )
    return (
        named_so
        or secret_value(value)
        or (because is not None and hidden(schema, because.path, value))
    )


def shown(
    schema: SettingsSchema, found: Difference, value: Any, because: Reason | None = None
) -> str:
    """A field's value on one line, hidden where it is a secret."""
    if secret(schema, found, value, because):
        return MASK
    if value is None:
        return "nothing"
    text = (
        value
        if isinstance(value, str) and value and value.isprintable()
        else json.dumps(value, ensure_ascii=False)
    )
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "..."
