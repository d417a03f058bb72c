"""A run over a whole fleet: first all workspaces are rendered, then all values files are written.

Nothing is written unless every workspace is valid. Meanwhile the rendered texts are in temporary
files, because those of a large fleet would fill the memory.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

from mops.gitops import signals
from mops.gitops.fleet_batches import Batch, Run, rendered, staged_texts
from mops.gitops.fleet_render import BAD, UNREADABLE, WRITTEN, Result
from mops.gitops.fleet_tree import Tree
from mops.model import disk
from mops.model.problems import EnvironmentFailure

# The number of workspaces for which starting another process pays off.
_WORTHWHILE = 50


def worthwhile_jobs(workspaces: int) -> int:
    """The number of processes to start for so many workspaces on this machine."""
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    return max(1, min(cores, workspaces // _WORTHWHILE))


def render_fleet(
    run: Run, jobs: int, *, keep_going: bool = False, progress: Callable[[int], None]
) -> list[Result]:
    """Renders all workspaces in `jobs` processes and writes changed files; returns the results.

    If a workspace is invalid, nothing is written; `keep_going` writes the others. `progress` is
    called with the number of workspaces rendered so far. An interrupt while files are written is
    raised after the last file, so that no tree is half written. Raises EnvironmentFailure if a
    process dies, or if the temporary files cannot be written.
    """
    if run.check:
        return _results(_reported(rendered(run, jobs), progress))
    with _staging_directory() as staging:
        run = run._replace(staging=staging)
        batches = list(_reported(rendered(run, jobs), progress))
        results = _results(batches)
        if keep_going or all(result.state not in (BAD, UNREADABLE) for result in results):
            with signals.deferred():
                for number, failure in _written(run.tree, batches, jobs):
                    results[number] = _after_writing(results[number], failure)
        return results


def _after_writing(result: Result, failure: str) -> Result:
    if failure:
        return result._replace(state=UNREADABLE, failure=failure)
    return result._replace(state=WRITTEN)


def _reported(batches: Iterator[Batch], progress: Callable[[int], None]) -> Iterator[Batch]:
    done = 0
    for batch in batches:
        done += len(batch.results)
        progress(done)
        yield batch


def _results(batches: Iterable[Batch]) -> list[Result]:
    """The results in the order of the workspaces."""
    found: list[Result] = []
    for batch in sorted(batches, key=lambda batch: batch.numbers.start):
        found += batch.results
    return found


@contextlib.contextmanager
def _staging_directory() -> Iterator[str]:
    """A temporary directory that is removed even on SIGTERM."""
    with signals.termination_raised():
        try:
            directory = tempfile.TemporaryDirectory(prefix="mops-fleet-")
        except OSError as error:
            raise EnvironmentFailure(f"temporary directory: {error.strerror or error}") from None
        with directory as name:
            yield name


def _written(tree: Tree, batches: Sequence[Batch], jobs: int) -> Iterator[tuple[int, str]]:
    """Writes the texts; yields the number of each workspace, and the error message or "".

    Uses threads, because nearly all of the time is spent waiting for the disk.
    """
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(jobs) as pool:
        for written in pool.map(partial(_write, tree), batches):
            yield from written


def _write(tree: Tree, batch: Batch) -> list[tuple[int, str]]:
    numbers: list[int] = []
    texts: list[tuple[str, str]] = []
    for number, text in staged_texts(batch):
        numbers.append(number)
        texts.append((text, tree.path(tree.workspaces[number].output)))
    return list(zip(numbers, disk.write_all(texts), strict=True))
