"""Prints pip constraints that pin every dependency of mops to the lowest version it allows.

python scripts/lowest.py > lowest.txt && pip install -c lowest.txt .
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10
    import tomli as tomllib

PROJECT = Path(__file__).resolve().parents[1] / "pyproject.toml"
REQUIREMENT = re.compile(r"([A-Za-z0-9_.-]+)\s*>=\s*([0-9][^,;\s]*)")


def lowest(project: dict[str, Any]) -> list[str]:
    """One `name==version` for each dependency. SystemExit where one has no lower bound."""
    found = []
    for requirement in project["dependencies"]:
        matched = REQUIREMENT.match(requirement)
        if matched is None:
            raise SystemExit(f"{requirement} has no lower bound")
        found.append(f"{matched[1]}=={matched[2]}")
    return found


if __name__ == "__main__":
    with PROJECT.open("rb") as file:
        print("\n".join(lowest(tomllib.load(file)["project"])))
