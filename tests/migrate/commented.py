"""Generated configuration files full of comments, in many styles, for tests of what edits change.

Each line is made with a mark whether a migration may touch it; every comment is one of its kind.
"""

from __future__ import annotations

from random import Random
from typing import NamedTuple

ORG = "ghcr.io/institutefordiseasemodeling/modelops-dask"


class Written(NamedTuple):
    """A file's text, its lines that must stay byte for byte, and its comments, in their order."""

    text: str
    fixed: list[str]
    comments: list[str]


class _Author:
    """Writes lines with comments and blank lines between them."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.lines: list[tuple[str, bool]] = []
        self.comments: list[str] = []

    def comment(self) -> str:
        words = (
            "why",
            "# twice",
            "naïve: “quoted”",
            "key: value",
            "- item",
            "'",
            '"',
            "{",
            "a#b",
            "日本語",
            "%",
        )
        text = f"# c{len(self.comments)} {self.random.choice(words)}".rstrip()
        self.comments.append(text)
        return text

    def between(self, depth: int, *, fixed: bool = True) -> None:
        """Perhaps a comment line or an empty one."""
        if self.random.random() < 0.3:
            self.lines.append(
                (" " * self.random.choice((depth, depth, depth + 2, 0)) + self.comment(), True)
            )
        if self.random.random() < 0.15:
            self.lines.append(("", fixed))

    def line(self, text: str, *, fixed: bool = True, tail: bool = True) -> None:
        """A line, perhaps with a comment behind it."""
        depth = len(text) - len(text.lstrip())
        self.between(depth, fixed=fixed)
        if tail and self.random.random() < 0.35:
            text += " " * self.random.randint(1, 4) + self.comment()
        self.lines.append((text, fixed))

    def written(self, *, ends: bool) -> Written:
        newline = self.random.choice(("\n", "\n", "\r\n"))
        text = newline.join(line for line, _ in self.lines) + (newline if ends else "")
        if self.random.random() < 0.1:
            text = "\ufeff" + text
        return Written(text, [line for line, fixed in self.lines if fixed], self.comments)


def quoted(random: Random, text: str) -> str:
    return random.choice((text, f'"{text}"', f"'{text}'"))


def sections(author: _Author) -> None:
    """Sections of other tools, which nothing may touch."""
    random = author.random
    if random.random() < 0.7:
        author.line("cluster:")
        author.line("  provider: azure")
        author.line("  aks: {name: x, pools: [1, 2]}")
        author.line("  note: |", tail=False)
        author.lines.append(("    text # no comment", True))
        author.lines.append(("", True))
    if random.random() < 0.5:
        author.line("pulumi: &p {backend_url: null}")
        author.line("storage: *p")


def env(author: _Author, depth: int, key: str, *, flow: bool) -> None:
    """A list of variables, some of which Dask never read."""
    random, margin = author.random, " " * depth
    entries = [
        ("MODELOPS_EXECUTOR_TYPE", "cold", True),
        ("DASK_WORKER__MEMORY__TARGET", "0.9", False),
        ("A_B", random.choice(("1", "x y", "no")), True),
    ]
    random.shuffle(entries)
    if flow:
        inside = ", ".join(
            f"{{name: {name}, value: {quoted(random, value)}}}" for name, value, _ in entries
        )
        author.line(f"{margin}{key}: [{inside}]", fixed=False)
        return
    author.line(f"{margin}{key}:")
    dash = margin + random.choice(("", "  "))
    for name, value, fixed in entries:
        first, second = (f"name: {name}", f"value: {quoted(random, value)}")
        if random.random() < 0.2:
            first, second = second, first
        author.line(f"{dash}- {first}", fixed=fixed)
        author.line(f"{dash}  {second}", fixed=fixed)


def old_unified(random: Random) -> Written:
    """modelops.yaml as an older init wrote it and people changed it."""
    author = _Author(random)
    author.line("schema_version: 2")
    if random.random() < 0.5:
        author.line("generated: '2025-12-08T09:15:42'", fixed=False)
    author.line("settings:")
    author.line("  environment: dev")
    author.line("  username: jdoe")
    before = random.random() < 0.5
    if before:
        sections(author)
    author.line("workspace:")
    body = [
        f"worker_processes: {random.randint(1, 4)}",
        "worker_threads: 1",
        f"worker_memory: {quoted(random, '12Gi')}",
        f"worker_cpu: {quoted(random, '3.5')}",
        f"worker_image: {ORG}-worker:v1",
        "scheduler_replicas: 1",
        "autoscaling_enabled: true",
        "autoscaling_max_workers: 8",
    ]
    random.shuffle(body)
    for line in body[: random.randint(3, len(body))]:
        author.line(f"  {line}")
    if random.random() < 0.4:
        author.line("  worker_proceses: 9", fixed=False)
    if random.random() < 0.6:
        env(author, 2, "worker_env", flow=random.random() < 0.3)
    if not before:
        sections(author)
    author.between(0)
    return author.written(ends=random.random() < 0.8)


def old_workspace(random: Random) -> Written:
    """A standalone workspace of the older tool."""
    author = _Author(random)
    author.line("apiVersion: modelops/v1")
    author.line("kind: Workspace")
    author.line(f"metadata: {{name: {quoted(random, 'mine')}}}")
    author.line("spec:")
    parts = ["scheduler", "workers", "tolerations", "autoscaling"]
    random.shuffle(parts)
    for part in parts[: random.randint(2, 4)]:
        if part == "scheduler":
            author.line("  scheduler:")
            author.line(f"    image: {ORG}-scheduler:latest")
            author.line("    nodeSelector: {pool: cpu}")
        elif part == "workers":
            author.line("  workers:")
            author.line(f"    image: {quoted(random, f'{ORG}-worker:latest')}")
            author.line("    resources:")
            for kind in ("requests", "limits"):
                author.line(f"      {kind}: {{cpu: {quoted(random, '4')}, memory: 16Gi}}")
            author.line("    processes: 2")
            if random.random() < 0.4:
                author.line("    max_replicas: 20", fixed=False)
            if random.random() < 0.6:
                env(author, 4, "env", flow=random.random() < 0.3)
        elif part == "tolerations":
            author.line("  tolerations:", fixed=False)
            author.line("    - key: a", fixed=False)
            author.line("      operator: Exists", fixed=False)
        else:
            author.line("  autoscaling:")
            author.line("    min_workers: 2")
            author.line("    max_workers: 12")
            if random.random() < 0.4:
                author.line("    env:", fixed=False)
                author.line("      - {name: X, value: y}", fixed=False)
    author.between(0)
    return author.written(ends=random.random() < 0.8)


def today(random: Random) -> Written:
    """A unified file of today, in mixed styles."""
    author = _Author(random)
    author.line("schema_version: 2")
    before = random.random() < 0.5
    if before:
        sections(author)
    author.line("workspace:")
    parts = ["flat", "env", "workers", "profiles"]
    random.shuffle(parts)
    for part in parts[: random.randint(2, 4)]:
        if part == "flat":
            author.line(f"  worker_processes: {random.randint(1, 4)}")
            author.line(f"  worker_cpu: {quoted(random, '3.5')}")
        elif part == "env" and random.random() < 0.5:
            author.line("  worker_env:")
            author.line(f"    A_B: {quoted(random, 'x')}")
            author.line(f"    LOG: {quoted(random, 'y')}")
        elif part == "env":
            author.line("  worker_env:")
            for name in ("A_B", "LOG"):
                author.line(f"  - name: {name}")
                author.line(f"    value: {quoted(random, 'x')}")
        elif part == "workers":
            author.line("  workers:")
            author.line(f"    threads: {random.randint(1, 4)}")
            author.line(
                "    nodeSelector: {pool: cpu}"
                if random.random() < 0.5
                else "    node_selector: {}"
            )
            author.line("    tolerations:")
            author.line("      - {key: a, operator: Exists}")
        else:
            author.line("  profiles:")
            author.line("    debug:")
            author.line("      worker_processes: 1")
            author.line("    slow: {worker_threads: 2}")
    if not before:
        sections(author)
    author.between(0)
    return author.written(ends=random.random() < 0.8)
