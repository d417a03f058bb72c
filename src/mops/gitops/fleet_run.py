"""A run over a whole fleet: all workspaces are rendered, then all values files are written.

Several processes render. Nothing is written unless every workspace is valid, so the rendered
texts wait meanwhile: in temporary files, since together they may be larger than memory allows.
"""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

from mops.gitops.fleet_render import BAD, UNREADABLE, WRITTEN, Renderer, Result, State
from mops.gitops.fleet_tree import Tree
from mops.model import disk
from mops.model.problems import EnvironmentFailure
from mops.schema.fields import load_schema

# How many workspaces are rendered, and written, together.
_BATCH = 32
# Starting a process pays off if it renders at least so many workspaces.
_WORTHWHILE = 50


class Run(NamedTuple):
    """What to do with a fleet; each process gets a copy.

    `staging` is the directory for texts that wait to be written, "" where nothing will be.
    """

    tree: Tree
    check: bool = False
    strict: bool = False
    staging: str = ""


class Staged(NamedTuple):
    """Texts that wait in a temporary file, one after the other: (workspace's number, bytes)."""

    path: str
    sizes: tuple[tuple[int, int], ...]


class Batch(NamedTuple):
    """The results of consecutive workspaces."""

    numbers: range
    results: list[Result]
    staged: Staged


def worthwhile_jobs(workspaces: int) -> int:
    """How many processes to start for so many workspaces on this machine."""
    if hasattr(os, "sched_getaffinity"):
        cores = len(os.sched_getaffinity(0))
    else:
        cores = os.cpu_count() or 1
    return max(1, min(cores, workspaces // _WORTHWHILE))


def render_fleet(
    run: Run, jobs: int, *, keep_going: bool = False, progress: Callable[[int], None]
) -> list[Result]:
    """Renders all workspaces in `jobs` processes and writes what has changed; their results.

    If a workspace is invalid nothing is written; `keep_going` writes the others. `progress` is
    called with the number of workspaces rendered so far. An interrupt while files are written is
    raised when all are. Raises EnvironmentFailure if a process dies, or the temporary files fail.
    """
    with _staging_directory() if not run.check else contextlib.nullcontext("") as staging:
        run = run._replace(staging=staging)
        results: dict[int, Result] = {}
        staged: list[Staged] = []
        for batch in _rendered(run, jobs):
            results.update(zip(batch.numbers, batch.results, strict=True))
            staged.append(batch.staged)
            progress(len(results))
        sound = not any(result.state in (BAD, UNREADABLE) for result in results.values())
        if not run.check and (sound or keep_going):
            with _signals_deferred():
                _write(run.tree, staged, results, jobs)
    return [results[number] for number in range(len(results))]


@contextlib.contextmanager
def _staging_directory() -> Iterator[str]:
    """A temporary directory, which SIGTERM does not leave behind."""
    with _signals_handled((signal.SIGTERM,), _exit):
        try:
            directory = tempfile.TemporaryDirectory(prefix="mops-fleet-")
        except OSError as error:
            raise EnvironmentFailure(f"temporary directory: {error.strerror or error}") from None
        with directory as name:
            yield name


def _exit(number: int, _frame: object) -> None:
    raise SystemExit(128 + number)


def _rendered(run: Run, jobs: int) -> Iterator[Batch]:
    """All batches, in the order in which they are done."""
    count = len(run.tree.workspaces)
    batches = [range(start, min(start + _BATCH, count)) for start in range(0, count, _BATCH)]
    if jobs > 1:
        yield from _rendered_by_pool(run, jobs, batches)
        return
    renderer = _renderer(run)
    for numbers in batches:
        yield _render_batch(renderer, run, numbers)


def _renderer(run: Run) -> Renderer:
    return Renderer(run.tree, load_schema(), check=run.check, strict=run.strict)


def _render_batch(renderer: Renderer, run: Run, numbers: range) -> Batch:
    rendered = [renderer.render(number) for number in numbers]
    texts = [
        (number, one.text.encode("utf-8"))
        for number, one in zip(numbers, rendered, strict=True)
        if one.text
    ]
    path = os.path.join(run.staging, str(numbers.start))
    if texts:
        try:
            with open(path, "xb") as file:
                file.writelines(data for _, data in texts)
        except OSError as error:
            raise EnvironmentFailure(f"{path}: {error.strerror or error}") from None
    sizes = tuple((number, len(data)) for number, data in texts)
    return Batch(numbers, [one.result for one in rendered], Staged(path, sizes))


def _rendered_by_pool(run: Run, jobs: int, batches: Sequence[range]) -> Iterator[Batch]:
    from concurrent.futures import ProcessPoolExecutor, as_completed
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import get_context

    # Forking shares what is loaded, and is safe while there is one thread.
    fork = sys.platform == "linux" and threading.active_count() == 1
    context = get_context("fork" if fork else "spawn")
    pool = ProcessPoolExecutor(jobs, context, _start_worker, (run,))
    try:
        # Processes inherit the handlers, and ignore interrupts only once they have started.
        with _signals_deferred():
            gc.freeze()
            futures = [pool.submit(_render_in_worker, numbers) for numbers in batches]
            gc.unfreeze()
        for future in as_completed(futures):
            yield future.result()
    except BrokenProcessPool:
        raise EnvironmentFailure(
            "a process that renders was killed or crashed, and nothing is written; "
            "if memory is short, use fewer --jobs"
        ) from None
    finally:
        pool.shutdown(cancel_futures=True)


class _Worker(NamedTuple):
    """What a process of the pool keeps between batches."""

    run: Run
    renderer: Renderer


_worker: _Worker | None = None


def _start_worker(run: Run) -> None:
    global _worker  # noqa: PLW0603 - the only way from a pool's initializer to its tasks
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _worker = _Worker(run, _renderer(run))


def _end_with_parent() -> None:
    """Ends this process when its parent has died: the pool's queues would keep it waiting."""
    from multiprocessing import parent_process

    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _render_in_worker(numbers: range) -> Batch:
    if _worker is None:
        raise RuntimeError("the pool has not been initialized")
    return _render_batch(_worker.renderer, _worker.run, numbers)


def _write(tree: Tree, staged: Sequence[Staged], results: dict[int, Result], jobs: int) -> None:
    """Writes the staged texts and updates the results.

    Threads, since nearly all of this is waiting for the disk.
    """
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(jobs) as pool:
        written = list(pool.map(partial(_write_batch, tree), staged))
    for batch, failures in zip(staged, written, strict=True):
        for (number, _), failure in zip(batch.sizes, failures, strict=True):
            state: State = UNREADABLE if failure else WRITTEN
            results[number] = results[number]._replace(state=state, failure=failure)


def _write_batch(tree: Tree, batch: Staged) -> list[str]:
    """Writes the texts of a batch; for each the error message, "" if it is written."""
    if not batch.sizes:
        return []
    texts: list[tuple[str, str]] = []
    with open(batch.path, "rb") as file:
        for number, size in batch.sizes:
            path = tree.path(tree.workspaces[number].output)
            texts.append((str(file.read(size), "utf-8"), path))
    return disk.write_all(texts)


@contextlib.contextmanager
def _signals_deferred() -> Iterator[None]:
    """Delays SIGINT and SIGTERM to the end of the block, so that a tree is not half written.

    Raises KeyboardInterrupt or SystemExit there.
    """
    received: list[int] = []
    numbers = (signal.SIGINT, signal.SIGTERM)
    with _signals_handled(numbers, lambda number, _frame: received.append(number)):
        yield
    if received:
        if received[0] == signal.SIGINT:
            raise KeyboardInterrupt
        raise SystemExit(128 + received[0])


@contextlib.contextmanager
def _signals_handled(
    numbers: Sequence[signal.Signals], handler: Callable[[int, object], None]
) -> Iterator[None]:
    """Handles signals in the block, if this is the main thread: no other one gets signals."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, handler) for number in numbers}
    try:
        yield
    finally:
        for number, previous in before.items():
            signal.signal(number, previous)
