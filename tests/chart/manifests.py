"""The chart as helm renders it, read as Kubernetes reads it."""

from __future__ import annotations

import copy
import functools
import itertools
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

CHART = Path(__file__).resolve().parents[2] / "chart"
CI_VALUES = sorted(CHART.glob("ci/*.yaml"))
NAMESPACE = "modelops-dask-dev"
MARK = {"mopsValues": {"layers": ["base.yaml", "--set"], "schemaVersion": 1}}

# The fields of a group, complete, as mops emits them.
WORKERS = yaml.safe_load((CHART / "values.yaml").read_text())["workers"]

# A plain scalar that every YAML reader takes for the same string, integer or boolean.
_NUMBER = r"[-+]?(0[xob])?[.0-9][0-9_a-fA-F]*([.:][0-9_:]*)?([eE][-+]?[0-9]+)?"
_WORD = r"(?i:y|n|yes|no|on|off|true|false|null|~|[-+]?\.inf|\.nan|=|<<)"
_PLAIN = re.compile(
    rf"(0|-?[1-9][0-9]*|true|false)|(?!({_NUMBER}|{_WORD}|[0-9]{{4}}-[0-9]{{1,2}}-[0-9].*)\Z)\S.*"
)


ABSENT = "absent"


class Refused(Exception):
    """helm refused to render; the string is its message."""


class Manifests(dict):
    """(kind, name) -> object. `text` is what helm printed."""

    text: str

    def one(self, kind: str) -> Any:
        """The only object of a kind."""
        (found,) = self.kind(kind).values()
        return found

    def kind(self, kind: str) -> dict[str, Any]:
        return {name: manifest for (its, name), manifest in self.items() if its == kind}

    def pod(self, name: str = "dask-workers") -> Any:
        """The pod template of a Deployment or Job."""
        return next(
            self[kind, name]["spec"]["template"]
            for kind in ("Deployment", "Job")
            if (kind, name) in self
        )

    def container(self, name: str = "dask-workers") -> Any:
        """The main container of a Deployment or Job."""
        return self.pod(name)["spec"]["containers"][0]

    def env(self, name: str = "dask-workers") -> dict[str, Any]:
        """Name -> value or valueFrom of the main container."""
        return {
            entry["name"]: entry.get("value", entry.get("valueFrom"))
            for entry in self.container(name)["env"]
        }

    def policies(self, name: str) -> list[Any]:
        """The NetworkPolicies that select a pod."""
        labels = self.pod(name)["metadata"]["labels"]
        return [
            policy
            for policy in self.kind("NetworkPolicy").values()
            if policy["spec"]["podSelector"]["matchLabels"].items() <= labels.items()
        ]

    def at(self, kind: str, name: str, path: list[str]) -> Any:
        """What an object has at a path, else ABSENT; entries of lists go by name or number."""
        found: Any = self.get((kind, name), {})
        for step in path:
            if isinstance(found, list):
                found = (
                    dict(enumerate(found))
                    if step.isdigit()
                    else {entry["name"]: entry for entry in found}
                )
            found = (
                found.get(int(step) if step.isdigit() else step, ABSENT)
                if isinstance(found, dict)
                else ABSENT
            )
        return found

    def flags(self, name: str = "dask-workers") -> dict[str, str]:
        """The command line's flags that take a value."""
        args = self.container(name)["args"]
        return {flag: value for flag, value in itertools.pairwise(args) if flag.startswith("--")}


def helm() -> str:
    """The helm to use; skips where there is none, unless MOPS_REQUIRE_HELM=1."""
    found = (
        os.environ.get("MOPS_HELM")
        or shutil.which("helm")
        or shutil.which("helm", path=str(Path(os.sys.executable).parent))
    )
    if found is None:
        if os.environ.get("MOPS_REQUIRE_HELM") == "1":
            pytest.fail("MOPS_REQUIRE_HELM=1, but helm was not found")
        pytest.skip("helm is not installed", allow_module_level=True)
    return found


def group(**changes: Any) -> dict[str, Any]:
    """A complete worker group: the defaults with changes."""
    return over(WORKERS, changes)


def over(base: Any, changes: Any) -> Any:
    """`changes` over `base` as helm lays values over each other, nothing shared."""
    if not (isinstance(base, dict) and isinstance(changes, dict)):
        return copy.deepcopy(changes)
    return {
        **copy.deepcopy(base),
        **{key: over(base.get(key), value) for key, value in changes.items()},
    }


class _Quoted(yaml.SafeDumper):
    """Every string in double quotes, because YAML readers guess differently."""

    def ignore_aliases(self, _: Any) -> bool:
        return True


_Quoted.add_representer(
    str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"')
)


def dump(values: Any) -> str:
    """Values as a file for helm."""
    return yaml.dump(values, Dumper=_Quoted, width=1 << 20, sort_keys=False)


def render(
    values: Any = None,
    *args: str,
    release: str = "dask",
    namespace: str = NAMESPACE,
    chart: Path = CHART,
) -> Manifests:
    """What `helm template` gives for values over the chart's own; `Refused` where it fails.

    `values` is a mapping, to which the mark of rendered values is added, a file, or text.
    """
    if values is None or isinstance(values, dict):
        values = dump({**(values or {}), **MARK})
    return _render(str(values), args, release, namespace, chart)


@functools.cache
def _render(
    values: str, args: tuple[str, ...], release: str, namespace: str, chart: Path
) -> Manifests:
    file, text = (values, None) if values.endswith(".yaml") else ("-", values)
    command = [helm(), "template", release, str(chart), "-n", namespace, "-f", file, *args]
    done = subprocess.run(
        command, input=text, capture_output=True, text=True, encoding="utf-8", check=False
    )
    if done.returncode:
        raise Refused(done.stderr)
    return read(done.stdout)


def read(text: str) -> Manifests:
    """Rendered YAML, after a check that no two readers could take it differently."""
    manifests = Manifests()
    manifests.text = text
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        if isinstance(event, yaml.ScalarEvent) and event.style is None and not event.implicit[1]:
            assert _PLAIN.fullmatch(event.value), f"{event.value!r} is not quoted"
        assert not isinstance(event, yaml.AliasEvent)
    for document in yaml.load_all(text, Loader=_Strict):
        if document:
            key = document["kind"], document["metadata"]["name"]
            assert key not in manifests, f"{key} is rendered twice"
            manifests[key] = document
    return manifests


class _Strict(yaml.CSafeLoader):
    """Refuses a key that is there twice."""

    def construct_mapping(self, node: Any, **options: Any) -> Any:
        keys = [key.value for key, _ in node.value]
        assert len(keys) == len(set(keys)), f"{keys}: a key is there twice"
        return super().construct_mapping(node, **options)


_Strict.add_constructor(
    "tag:yaml.org,2002:map", lambda loader, node: loader.construct_mapping(node, deep=True)
)
