"""The CRDs of Argo CD and Flux as strict JSON schemas.

An unknown field is an error, as it is to the API server with strict validation.
"""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft7Validator

from invoke import ROOT

FOLDER = Path(os.environ.get("MOPS_CRDS", ROOT.parent / "shared" / "crds"))


def needed() -> None:
    """Skips where the CRDs are missing."""
    if not FOLDER.is_dir():
        pytest.skip("the CRDs of Argo CD and Flux are missing: name their directory in MOPS_CRDS")


@lru_cache(maxsize=1)
def validators() -> dict[tuple[str, str], Draft7Validator]:
    """The validators by apiVersion and kind."""
    found = {}
    for path in sorted(FOLDER.glob("*.yaml")):
        for document in yaml.load_all(path.read_text(), yaml.CSafeLoader):
            spec = document["spec"] if document else {"versions": []}
            for version in spec["versions"]:
                schema = _strict(version["schema"]["openAPIV3Schema"])
                schema["properties"]["metadata"] = {"type": "object", "required": ["name"]}
                found[f"{spec['group']}/{version['name']}", spec["names"]["kind"]] = (
                    Draft7Validator(schema)
                )
    return found


def errors(entry: dict[str, Any]) -> list[str]:
    """What the CRD refuses in an object."""
    validator = validators()[entry["apiVersion"], entry["kind"]]
    return [
        f"{'/'.join(map(str, error.absolute_path))}: {error.message}"
        for error in validator.iter_errors(entry)
    ]


def _strict(node: Any) -> Any:
    if isinstance(node, list):
        return [_strict(entry) for entry in node]
    if not isinstance(node, dict):
        return node
    found = {
        key: _strict(value)
        for key, value in node.items()
        if key not in ("description", "default", "format")
    }
    if isinstance(node.get("properties"), dict):
        found["properties"] = {name: _strict(value) for name, value in node["properties"].items()}
        if not node.get("x-kubernetes-preserve-unknown-fields"):
            found.setdefault("additionalProperties", False)
    if node.get("x-kubernetes-int-or-string"):
        found["type"] = ["integer", "string"]
        found.pop("anyOf", None)
    if node.get("nullable"):
        found["type"] = [found["type"], "null"]
    return found
