"""Writes schemas/dask-keys.json: the settings that Dask reads, in the versions that mops knows.

    python scripts/dask_keys.py PYTHON [PYTHON...]
        Each PYTHON has another version of dask and distributed, oldest first.
    python scripts/dask_keys.py --read
        Prints what the running interpreter's version reads, as JSON.

Only names, types and defaults are taken: from the defaults and schemas that the packages ship, the
table of deprecated names, and the names that the code looks up although no file lists them.
"""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parent.parent / "schemas" / "dask-keys.json"

_TIME = re.compile(r"[0-9.]+ ?(ns|us|ms|s|m|h|d|seconds?|minutes?|hours?)")
_BYTES = re.compile(r"[0-9.]+ ?([kMGTP]i?)?B")
_TIME_NAME = re.compile(r"(timeout|ttl|duration|stagger|interval)$")
# Sizes whose defaults do not look like one.
_SIZES = ("distributed.scheduler.bandwidth", "distributed.worker.memory.max-spill")
# Any other word ends the process (distributed/utils.py).
_EVENT_LOOP = "distributed.admin.event-loop"
_LIMITS = {"minimum": "min", "maximum": "max", "exclusiveMinimum": "above"}

# The process that runs each of distributed's modules; the first pattern that matches counts. A
# module without one runs in both: what it reads has no side.
_MODULES = (
    ("config.py", "none"),  # the deprecated names
    ("deploy/*", "cluster"),
    ("dashboard/*", "dashboard"),
    ("http/scheduler/*", "scheduler"),
    ("diagnostics/task_stream.py", "scheduler"),
    ("scheduler.py", "scheduler"),
    ("stealing.py", "scheduler"),
    ("active_memory_manager.py", "scheduler"),
    ("http/worker/*", "worker"),
    ("shuffle/_worker_plugin.py", "worker"),
    ("shuffle/_core.py", "worker"),
    ("nanny.py", "worker"),
    ("spill.py", "worker"),
    ("worker.py", "worker"),
    ("worker_memory.py", "worker"),
    ("worker_state_machine.py", "worker"),
)
# The scheduler only asks whether this one is off, to refuse tasks that fit on no worker.
_ASIDE = {("distributed.worker.memory.terminate", "scheduler.py")}
# distributed/core.py makes this name from that of the server's class.
_BLOCKED = re.compile(r"distributed\.(scheduler|worker)\.blocked-handlers")
_KEY = re.compile(r"distributed(\.[a-z0-9_-]+){2,}")


def installed() -> dict[str, Any]:
    """What the installed dask and distributed read."""
    import dask.config
    import distributed  # adds its own deprecated names to those of dask
    import yaml

    folders = [Path(module.__file__).parent for module in (dask, distributed)]
    files = {
        name: [
            yaml.safe_load((folder / f"{folder.name}{name}.yaml").read_text()) for folder in folders
        ]
        for name in ("", "-schema")
    }
    keys: dict[str, Any] = {}
    maps: set[str] = set()
    for schema in files["-schema"]:
        _declared(schema, (), keys, maps)
    for defaults in files[""]:
        _defaults(defaults, (), keys, maps)
    for key in _asked_for(folders):
        if not any(known == key or known.startswith(f"{key}.") for known in (*keys, *maps)):
            keys[key] = {}
    for section in ("", "distributed."):
        maps.add(f"{section}logging")
        keys[f"{section}logging-file-config"] = {"accept": [{"type": "string"}]}
    keys = {
        key: entry
        for key, entry in keys.items()
        if key not in maps and not any(key.startswith(f"{name}.") for name in maps)
    }
    for key, entry in keys.items():
        _measured(key, entry)
    return {
        "version": dask.__version__,
        "keys": keys,
        "maps": sorted(maps),
        "sides": _sides(folders[1], {*keys, *maps}),
        "aliases": dask.config.deprecations,
    }


def _sides(folder: Path, keys: set[str]) -> dict[str, str]:
    """The side that alone reads a setting: scheduler, worker, or cluster for Python's own clusters.

    What the scheduler reads only to draw its dashboard is the workers'.
    """
    readers: dict[str, set[str]] = {}
    for module, file in _modules(folder):
        process = next((side for glob, side in _MODULES if fnmatch(module, glob)), "both")
        for key in keys.intersection(_names_in(file)):
            if process != "none" and (key, module) not in _ASIDE:
                readers.setdefault(key, set()).add(process)
    sides = {key: _side(found) for key, found in readers.items()}
    sides |= {key: found[1] for key in keys if (found := _BLOCKED.fullmatch(key))}
    return {key: side for key, side in sorted(sides.items()) if side}


def _modules(folder: Path) -> Iterator[tuple[str, Path]]:
    """The modules of a package, by their paths inside it, without its tests."""
    for file in sorted(folder.rglob("*.py")):
        if "tests" not in file.parts and not file.name.startswith("utils_test"):
            yield file.relative_to(folder).as_posix(), file


def _names_in(file: Path) -> set[str]:
    """The strings in a module that look like settings of distributed."""
    nodes = ast.walk(ast.parse(file.read_text()))
    texts = [str(node.value) for node in nodes if isinstance(node, ast.Constant)]
    return {text.replace("_", "-") for text in texts if _KEY.fullmatch(text)}


def _side(readers: set[str]) -> str:
    """The only side among the processes that read a setting; "" if there is none."""
    for side in ("worker", "scheduler", "cluster"):
        also = {"worker": {"dashboard"}, "scheduler": {"dashboard", "cluster"}}.get(side, set())
        if side in readers and readers <= {side, *also}:
            return side
    return "scheduler" if readers == {"dashboard"} else ""


def _declared(node: Any, path: tuple[str, ...], keys: dict[str, Any], maps: set[str]) -> None:
    """The settings that a schema declares. A map without declared entries holds the user's own."""
    for name, sub in node["properties"].items():
        here = (*path, str(name).strip())
        if sub.get("properties"):
            _declared(sub, here, keys, maps)
        elif sub.get("type") == "object":
            maps.add(".".join(here))
        else:
            keys[".".join(here)] = {"accept": list(_alternatives(sub))}


def _alternatives(node: Any) -> Iterator[dict[str, Any]]:
    """What a schema accepts, one type or list of words at a time."""
    for branch in node.get("oneOf") or node.get("anyOf") or [node]:
        if "enum" in branch:
            yield {"enum": branch["enum"]}
        names = branch.get("type", [])
        for name in [names] if isinstance(names, str) else names:
            limits = {
                short: branch[long]
                for long, short in _LIMITS.items()
                if long in branch and name in ("integer", "number")
            }
            yield {"type": name, **limits}


def _defaults(node: Any, path: tuple[str, ...], keys: dict[str, Any], maps: set[str]) -> None:
    """Adds the settings that have a default to `keys`, and free mappings to `maps`.

    A mapping is free if it is empty, or if it has a name that no variable can spell.
    """
    for name, value in node.items():
        here = (*path, name)
        key = ".".join(here)
        if isinstance(value, dict) and (
            not value or any(entry != entry.lower() for entry in value)
        ):
            maps.add(key)
        elif isinstance(value, dict):
            _defaults(value, here, keys, maps)
        else:
            keys.setdefault(key, {})["default"] = str(value) if value == float("inf") else value


def _asked_for(folders: list[Path]) -> Iterator[str]:
    """The names that the code looks up in the configuration."""
    for folder in folders:
        for file in sorted(folder.rglob("*.py")):
            if "tests" in file.parts or file.name == "utils_test.py":
                continue
            for node in ast.walk(ast.parse(file.read_text())):
                if (
                    isinstance(node, ast.Call)
                    and ast.unparse(node.func) in ("dask.config.get", "config.get")
                    and node.args
                    and isinstance(node.args[0], ast.Constant)
                ):
                    yield str(node.args[0].value).replace("_", "-")


def _measured(key: str, entry: dict[str, Any]) -> None:
    """Corrects what the schemas accept.

    Times and sizes are strings in the schemas, but Dask reads numbers as well; and for a list of
    modules to preload it takes a single name.
    """
    accept, default = entry.get("accept", []), entry.get("default")
    texts = [one for one in accept if one.get("type") == "string"]
    kind = ""
    if isinstance(default, str) and _TIME.fullmatch(default):
        kind = "time"
    elif isinstance(default, str) and _BYTES.fullmatch(default):
        kind = "bytes"
    elif default is None and _TIME_NAME.search(key):
        kind = "time"
    elif key in _SIZES:
        kind = "bytes"
    if texts and kind:
        entry["accept"] = [
            {"type": kind},
            *(one for one in accept if one.get("type") not in ("string", "integer", "number")),
        ]
    if key == _EVENT_LOOP:
        entry["accept"] = [{"enum": ["tornado", "asyncio", "uvloop"]}]
    if key.endswith(".preload"):
        entry["accept"] = [*accept, {"type": "string"}]


def merged(found: list[dict[str, Any]]) -> dict[str, Any]:
    """The readings, oldest first, as one.

    An entry has `in` if some versions lack it, and each version's default if they differ.
    """
    versions = [one["version"] for one in found]
    keys: dict[str, Any] = {}
    for key in sorted({key for one in found for key in one["keys"]}):
        having = {one["version"]: one["keys"][key] for one in found if key in one["keys"]}
        accept = [choice for entry in having.values() for choice in entry.get("accept", [])]
        defaults = {
            version: entry["default"] for version, entry in having.items() if "default" in entry
        }
        entry = (
            {
                "accept": [
                    choice for index, choice in enumerate(accept) if choice not in accept[:index]
                ]
            }
            if accept
            else {}
        )
        kept = {
            version: value for version, value in defaults.items() if not isinstance(value, list)
        }
        if kept:
            values = list(kept.values())
            entry |= (
                {"default": values[-1]}
                if all(value == values[0] for value in values)
                else {"defaults": kept}
            )
        if len(having) < len(versions):
            entry["in"] = list(having)
        keys[key] = entry
    aliases: dict[str, Any] = {}
    for one in found:
        aliases |= one["aliases"]
    return {
        "versions": versions,
        "keys": keys,
        "maps": sorted({name for one in found for name in one["maps"]}),
        "sides": _merged_sides(found),
        "aliases": dict(sorted(aliases.items())),
    }


def _merged_sides(found: list[dict[str, Any]]) -> dict[str, str]:
    """The sides on which all versions that have a setting agree."""
    sides: dict[str, set[str]] = {}
    for one in found:
        for key in (*one["keys"], *one["maps"]):
            sides.setdefault(key, set()).add(one["sides"].get(key, ""))
    return {
        key: next(iter(agreed))
        for key, agreed in sorted(sides.items())
        if len(agreed - {""}) == 1 and "" not in agreed
    }


def text(facts: dict[str, Any]) -> str:
    """The facts as JSON, a line for each key."""
    blocks = []
    for name, value in facts.items():
        if isinstance(value, dict):
            lines = ",\n".join(
                f"  {json.dumps(key)}: {json.dumps(entry)}" for key, entry in value.items()
            )
            blocks.append(f"{json.dumps(name)}: {{\n{lines}\n}}")
        else:
            blocks.append(f"{json.dumps(name)}: {json.dumps(value)}")
    return "{\n" + ",\n".join(blocks) + "\n}\n"


def main(args: list[str]) -> int:
    """Reads or writes; the exit code."""
    if args == ["--read"]:
        print(json.dumps(installed()))
        return 0
    if not args or args[0].startswith("-"):
        print(__doc__, file=sys.stderr)
        return 2
    found = [
        json.loads(
            subprocess.run(
                [python, __file__, "--read"], check=True, capture_output=True, text=True
            ).stdout
        )
        for python in args
    ]
    TARGET.write_text(text(merged(found)), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
