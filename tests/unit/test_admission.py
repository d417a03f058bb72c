"""Which setting is named as the reason for a Pod Security level, and where."""

from __future__ import annotations

from pathlib import Path

import pytest

from mops.checks.admission import admission
from mops.checks.verdict import judge
from mops.config.sources import Request, gather
from mops.schema.fields import load_schema

SCHEMA = load_schema()
SIDECAR = "workers: {sidecars: [{name: a, image: x:1, ports: [{containerPort: 1}, "


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("workers: {volumes: [{name: a, emptyDir: {}}, {name: b, hostPath: «{path: /b}}]}",
         "privileged"),
        (f"{SIDECAR}{{containerPort: 2, hostPort: «2}}]}}]}}", "privileged"),
        ("containerSecurityContext: {capabilities: {add: [NET_BIND_SERVICE, «CHOWN]}}", "baseline"),
    ],
)  # fmt: skip
def test_the_reason_is_reported_at_the_part(tmp_path: Path, text: str, level: str) -> None:
    before, _, after = text.partition("«")
    path = tmp_path / "f.yaml"
    path.write_text(before + after)
    verdict = judge(gather(Request(config=[str(path)], hermetic=True), {}, SCHEMA), SCHEMA)
    found = admission(verdict)
    assert found.level == level
    assert found.why is not None
    assert found.why.origin.place == f"{path}:1:{len(before) + 1}"
