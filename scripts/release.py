"""Cuts a release: `python scripts/release.py 1.2.3`.

Sets the version in its one place, src/mops/__init__.py; moves the "Unreleased" entries of the
changelog under it; writes the generated files, which carry it; and builds into dist/ the sdist, the
wheel and the chart's archive, and prints their digests. It commits and tags nothing, and prints the
commands that do.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VERSION_FILE = ROOT / "src" / "mops" / "__init__.py"
CHANGELOG = ROOT / "CHANGELOG.md"
DIST = ROOT / "dist"
FORM = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+((a|b|rc)[0-9]+)?")


def replaced(path: Path, pattern: str, text: str) -> None:
    """Replaces the one match of a pattern in a file. SystemExit where there is not exactly one."""
    changed, count = re.subn(pattern, text, path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    if count != 1:
        sys.exit(f"{path.relative_to(ROOT)}: expected one match of {pattern}, found {count}")
    path.write_text(changed, encoding="utf-8")


def cut_changelog(version: str, day: str) -> None:
    """Puts the unreleased entries under the version. SystemExit where there are none."""
    text = CHANGELOG.read_text(encoding="utf-8")
    _, _, rest = text.partition("## Unreleased\n")
    entries = rest.partition("\n## ")[0].strip()
    if not entries:
        sys.exit("CHANGELOG.md has nothing under Unreleased")
    heading = f"## Unreleased\n\n## {version} - {day}\n"
    CHANGELOG.write_text(text.replace("## Unreleased\n", heading, 1), encoding="utf-8")


def run(*command: str) -> None:
    """Runs a command in the checkout. CalledProcessError where it fails."""
    subprocess.run(command, cwd=ROOT, check=True)


def main() -> int:
    """Does it all."""
    if len(sys.argv) != 2 or not FORM.fullmatch(sys.argv[1]):  # noqa: PLR2004 - one argument
        sys.exit("usage: python scripts/release.py VERSION, as in 1.2.3 or 1.2.3rc1")
    version = sys.argv[1]
    day = dt.datetime.now(dt.timezone.utc).date().isoformat()
    cut_changelog(version, day)
    replaced(VERSION_FILE, r'^__version__ = ".*"$', f'__version__ = "{version}"')
    run(sys.executable, "-m", "mops", "generate")
    shutil.rmtree(DIST, ignore_errors=True)
    run(sys.executable, "-m", "build", "--outdir", str(DIST))
    run(sys.executable, "-m", "mops", "chart", "package", "-o", str(DIST))
    for path in sorted(DIST.iterdir()):
        print(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  dist/{path.name}")
    print(
        f"now: git commit -am 'Release {version}' && git tag v{version} && git push --follow-tags"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
