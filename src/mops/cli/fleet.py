"""`mops render --all`: the values of every workspace of a fleet."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from mops.cli import streams
from mops.gitops.fleet_batches import Run
from mops.gitops.fleet_render import BAD, STALE, UNREADABLE, Result
from mops.gitops.fleet_report import failures, report_lines, summary
from mops.gitops.fleet_run import render_fleet, worthwhile_jobs
from mops.gitops.fleet_tree import Tree, load_tree
from mops.model.problems import DIFFERENCE, ENVIRONMENT, INVALID, OK, UsageError

if TYPE_CHECKING:
    from mops.cli.render_options import RenderOptions

FOR_FLEETS = frozenset({"--all", "--root", "--strict", "--quiet", "-q", "--hermetic", "--check"})
_RENDERING = FOR_FLEETS | {"--jobs", "-j", "--keep-going", "--format"}
_EXIT_CODES = {UNREADABLE: ENVIRONMENT, BAD: INVALID, STALE: DIFFERENCE}
_BAR_WIDTH = 30


def render_all(options: RenderOptions) -> int:
    """Writes or compares the values of all workspaces; returns the exit code."""
    refuse_for_fleets(options.given, _RENDERING)
    if options.format != "values":
        raise UsageError("--all writes Helm values: remove --format")
    if options.jobs == 0:
        raise UsageError("--jobs: expected at least 1")
    tree = load_tree(root(options.root))
    return _report(options, tree, _results(options, tree))


def _results(options: RenderOptions, tree: Tree) -> list[Result]:
    """Renders the fleet, with a progress bar on the terminal."""
    count = len(tree.workspaces)
    progress = _ProgressBar(count, hidden=options.selection.quiet)
    try:
        return render_fleet(
            Run(tree, check=options.check, strict=options.selection.strict),
            min(options.jobs or worthwhile_jobs(count), count),
            keep_going=options.keep_going,
            progress=progress.show,
        )
    finally:
        progress.clear()


def _report(options: RenderOptions, tree: Tree, results: Sequence[Result]) -> int:
    if options.check:
        streams.out("".join(result.difference for result in results))
    for line in report_lines(tree, results, quiet=options.selection.quiet):
        streams.line(line)
    for failure in failures(results):
        streams.note(failure)
    streams.note(summary(results))
    states = {result.state for result in results}
    if STALE in states:
        where = "" if tree.root == "." else f" --root {tree.root}"
        streams.note(f"run `mops render --all{where}` and commit what it writes")
    return max(_EXIT_CODES.get(state, OK) for state in states)


def root(given: str) -> str:
    """The directory of --root, by default the working directory."""
    return os.path.normpath(given or ".")


def refuse_for_fleets(given: Sequence[str], allowed: Collection[str]) -> None:
    """Raises UsageError for options that --all would ignore."""
    wrong = [name for name in given if name not in allowed]
    if wrong:
        names = ", ".join(dict.fromkeys(wrong))
        raise UsageError(f"--all reads everything from the files of the fleet: remove {names}")


class _ProgressBar:
    """A bar on the terminal while workspaces are rendered."""

    def __init__(self, count: int, *, hidden: bool) -> None:
        self._count = count
        self._visible = not hidden and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self._filled = -1

    def show(self, done: int) -> None:
        filled = done * _BAR_WIDTH // self._count
        if self._visible and filled != self._filled:
            self._filled = filled
            bar = ("#" * filled).ljust(_BAR_WIDTH)
            print(f"\r[{bar}] {done}/{self._count}", end="", file=sys.stderr, flush=True)

    def clear(self) -> None:
        if self._visible:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
