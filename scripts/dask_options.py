"""Writes schemas/dask-options.json: the options of `dask scheduler`, `worker` and `cuda worker`.

    python scripts/dask_options.py PYTHON [PYTHON...]   each with its own versions, oldest first
    python scripts/dask_options.py --read               what the running interpreter has, as JSON

Options are read from the commands themselves. An interpreter without dask-cuda leaves that command
out. In the file an option has `takes` (how many words follow it; 0 for a switch), its `type`, the
`choices` of one that has any (`separated` if it takes several, with commas), `repeats` where it may
be given several times, `same` with its other names, and `in` where not every version that has the
command has the option.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

TARGET = Path(__file__).resolve().parents[1] / "schemas" / "dask-options.json"
Commands = dict[str, dict[str, dict[str, Any]]]


def installed() -> dict[str, Any]:
    """The versions and the options of the commands that this interpreter has."""
    from distributed.cli.dask_scheduler import main as scheduler
    from distributed.cli.dask_worker import main as worker

    import dask

    commands = {"scheduler": options(scheduler), "worker": options(worker)}
    versions = {"scheduler": dask.__version__, "worker": dask.__version__}
    try:
        import dask_cuda
        from dask_cuda.cli import worker as cuda_worker
    except ImportError:
        return {"versions": versions, "commands": commands}
    versions["cuda worker"] = dask_cuda.__version__
    commands["cuda worker"] = options(cuda_worker)
    return {"versions": versions, "commands": commands}


def options(command: Any) -> dict[str, dict[str, Any]]:
    """Name -> what there is to know of an option, for each of its names."""
    found: dict[str, dict[str, Any]] = {}
    for parameter in command.params:
        if parameter.param_type_name != "option":
            continue
        names = [*parameter.opts, *parameter.secondary_opts]
        takes = 0 if parameter.is_flag or parameter.count else parameter.nargs
        entry: dict[str, Any] = {"takes": takes}
        if takes:
            entry["type"] = parameter.type.name
            if hasattr(parameter.type, "choices"):
                entry["choices"] = list(parameter.type.choices)
            if "CommaSeparated" in type(parameter.type).__name__:
                entry["separated"] = True
        if parameter.multiple:
            entry["repeats"] = True
        for name in names:
            others = [other for other in names if other != name]
            found[name] = {**entry, **({"same": others} if others else {})}
    # `dask`, of which these are subcommands, has both names.
    found["--help"] = {"takes": 0, "same": ["-h"]}
    found["-h"] = {"takes": 0, "same": ["--help"]}
    return found


def merged(readings: list[dict[str, Any]]) -> dict[str, Any]:
    """The readings as one: each option's newest description, with the versions that have it."""
    versions: dict[str, list[str]] = {}
    commands: Commands = {}
    has: dict[tuple[str, str], list[str]] = {}
    for reading in readings:
        for command, found in reading["commands"].items():
            version = reading["versions"][command]
            if version in versions.setdefault(command, []):
                continue
            versions[command].append(version)
            commands.setdefault(command, {}).update(found)
            for name in found:
                has.setdefault((command, name), []).append(version)
    for command, found in commands.items():
        for name, entry in found.items():
            if has[command, name] != versions[command]:
                entry["in"] = has[command, name]
    return {"versions": versions, "commands": commands}


def text(data: dict[str, Any]) -> str:
    """The file: one option a line."""
    lines = ["{", f'"versions": {json.dumps(data["versions"])},', '"commands": {']
    names = list(data["commands"])
    for command in names:
        entries = sorted(data["commands"][command].items())
        body = ",\n".join(f'  "{name}": {json.dumps(entry)}' for name, entry in entries)
        end = "," if command != names[-1] else ""
        lines.append(f'"{command}": {{\n{body}\n}}{end}')
    return "\n".join([*lines, "}}"]) + "\n"


def main(args: list[str]) -> int:
    """Reads or writes; the exit code."""
    if args == ["--read"]:
        print(json.dumps(installed()))
        return 0
    if not args or args[0].startswith("-"):
        print(__doc__, file=sys.stderr)
        return 2
    command = [__file__, "--read"]
    readings = [
        json.loads(subprocess.run([python, *command], check=True, capture_output=True).stdout)
        for python in args
    ]
    TARGET.write_text(text(merged(readings)), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
