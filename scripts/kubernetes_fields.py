"""Writes schemas/kubernetes-fields.json: the fields of the Kubernetes types that settings pass on.

    python scripts/kubernetes_fields.py [--check]

Names, types and required fields come from the OpenAPI documents that kubernetes-validate ships, for
every version from the oldest that the chart supports to the newest. The values of enumerations,
which those documents lack, come from the source of the Kubernetes version that
tests/cluster/go.mod names; Go downloads it.

One line a type: field -> its type. A type is `string`, `boolean`, `int32`, `int64`, `number`,
`quantity`, `int-or-string`, `time`, `any`, the name of a type of this file, `[T]` for a list or
`{T}` for a mapping with values of T; `string=A|B` is an enumeration. A `!` behind it means that the
field is required. `since` has the first version of a field that the oldest version lacks, `until`
the last version of a field that the newest version lacks.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import kubernetes_validate

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "schemas" / "kubernetes-fields.json"
DOCUMENTS = Path(kubernetes_validate.__file__).parent / "kubernetes-json-schema"
OLDEST = (1, 27)
ROOTS = (
    "io.k8s.api.core.v1.PodSpec",
    "io.k8s.api.apps.v1.DeploymentStrategy",
    "io.k8s.api.networking.v1.NetworkPolicyIngressRule",
    "io.k8s.api.networking.v1.NetworkPolicyEgressRule",
)
# Types whose values are not the objects that their definitions describe.
SCALARS = {
    "Quantity": "quantity",
    "IntOrString": "int-or-string",
    "Time": "time",
    "MicroTime": "time",
    "FieldsV1": "any",
}
Definitions = Mapping[str, Mapping[str, Any]]


def versions() -> list[tuple[int, int]]:
    """The versions that there are documents of, from the oldest supported one."""
    names = (path.name for path in DOCUMENTS.glob("v*-local-strict"))
    found = (re.match(r"v(\d+)\.(\d+)\.", name) for name in names)
    numbers = sorted((int(match[1]), int(match[2])) for match in found if match)
    return [version for version in numbers if version >= OLDEST]


def definitions(version: tuple[int, int]) -> Definitions:
    """The definitions of a version."""
    folder = DOCUMENTS / f"v{version[0]}.{version[1]}.0-local-strict"
    document = json.loads((folder / "_definitions.json").read_text(encoding="utf-8"))
    found: Definitions = document.get("$defs") or document["definitions"]
    return found


def short(name: str) -> str:
    """The last part of a definition's name."""
    return name.rsplit(".", 1)[1]


def referred(node: Mapping[str, Any]) -> str:
    """The definition that a node refers to; "" for none."""
    reference = node.get("$ref", "")
    return str(reference).rsplit("/", 1)[-1]


def type_of(node: Mapping[str, Any]) -> str:
    """The type of a field in the notation of the file."""
    target = referred(node)
    if target:
        return SCALARS.get(short(target), short(target))
    names = node.get("type")
    kinds = {names} if isinstance(names, str) else set(names or ()) - {"null"}
    if kinds == {"array"}:
        return f"[{type_of(node['items'])}]"
    if kinds == {"object"}:
        values = node.get("additionalProperties")
        return f"{{{type_of(values)}}}" if isinstance(values, dict) else "any"
    if kinds == {"integer"}:
        return str(node.get("format", "int64"))
    if kinds == {"string", "integer"}:
        return "int-or-string"
    return kinds.pop() if len(kinds) == 1 else "any"


def reachable(known: Definitions) -> Iterator[str]:
    """The definitions that the roots are made of."""
    seen: set[str] = set()
    waiting = [name for name in reversed(ROOTS) if name in known]
    while waiting:
        name = waiting.pop()
        if name in seen or short(name) in SCALARS:
            continue
        seen.add(name)
        yield name
        text = json.dumps(known[name])
        names = re.findall(r'"\$ref": "[^"]*/([^"/]+)"', text)
        waiting += [other for other in names if other in known]


def fields(known: Definitions) -> dict[str, dict[str, str]]:
    """Type -> field -> type of the field; a `!` behind the latter where the field is required."""
    found: dict[str, dict[str, str]] = {}
    for name in reachable(known):
        required = known[name].get("required", ())
        found[short(name)] = {
            field: type_of(node) + ("!" if field in required else "")
            for field, node in known[name].get("properties", {}).items()
        }
    return found


def enumerations() -> dict[tuple[str, str], list[str]]:
    """The values of the enumerated fields of core, apps, networking and meta types."""
    folder = subprocess.run(
        ["go", "list", "-m", "-f", "{{.Dir}}", "k8s.io/kubernetes"],  # noqa: S607 - the go on PATH
        cwd=ROOT / "tests" / "cluster",
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    source = Path(folder) / "pkg" / "generated" / "openapi" / "zz_generated.openapi.go"
    found: dict[tuple[str, str], list[str]] = {}
    kind = field = ""
    for line in source.read_text(encoding="utf-8").splitlines():
        function = re.match(r"func schema_\w+?_(?:core|apps|networking|meta)_v1_(\w+)\(ref", line)
        if line.startswith("func "):
            kind = function[1] if function else ""
        property_name = re.match(r'\t{5}"(\w+)": \{$', line)
        field = property_name[1] if property_name else field
        values = re.match(r"\s+Enum:\s+\[\]interface\{\}\{(.*)\},$", line)
        if values and kind:
            found[kind, field] = re.findall(r'"([^"]*)"', values[1])
    return found


def number(version: tuple[int, int]) -> str:
    """A version as text."""
    return f"{version[0]}.{version[1]}"


def document() -> str:
    """The text of the file."""
    every = {version: fields(definitions(version)) for version in versions()}
    oldest, newest = min(every), max(every)
    types: dict[str, dict[str, str]] = {}
    for kinds in every.values():
        for kind, entries in kinds.items():
            types.setdefault(kind, {}).update(entries)
    since: dict[str, str] = {}
    until: dict[str, str] = {}
    for kind, entries in types.items():
        for field in entries:
            has = [version for version in every if field in every[version].get(kind, {})]
            # A type that is new, or gone, as a whole is reported where a field refers to it.
            first = min(version for version in every if kind in every[version])
            if has[0] != first:
                since[f"{kind}.{field}"] = number(has[0])
            if has[-1] != newest and kind in every[newest]:
                until[f"{kind}.{field}"] = number(has[-1])
    for (kind, field), values in enumerations().items():
        if field in types.get(kind, {}):
            types[kind][field] = types[kind][field].replace("string", f"string={'|'.join(values)}")
    head = {"oldest": number(oldest), "newest": number(newest)}
    lines = [f'"{kind}": {json.dumps(types[kind], sort_keys=True)}' for kind in sorted(types)]
    return (
        "{"
        + "".join(f'"{key}": "{value}",\n' for key, value in head.items())
        + f'"since": {json.dumps(since, sort_keys=True)},\n'
        + f'"until": {json.dumps(until, sort_keys=True)},\n'
        + '"types": {\n'
        + ",\n".join(lines)
        + "\n}}\n"
    )


def main() -> int:
    """Writes or checks the file."""
    text = document()
    if "--check" in sys.argv[1:]:
        return int(TARGET.read_text(encoding="utf-8") != text)
    TARGET.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
