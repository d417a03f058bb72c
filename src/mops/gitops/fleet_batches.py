"""Rendering a fleet in batches, by several processes; temporary files keep the texts."""

from __future__ import annotations

import gc
import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from mops.gitops import signals
from mops.gitops.fleet_render import Renderer, Result
from mops.gitops.fleet_tree import Tree
from mops.model.problems import EnvironmentFailure
from mops.schema.fields import load_schema

# The number of workspaces in a batch, which are rendered and written together.
_SIZE = 32


class Run(NamedTuple):
    """What to do with a fleet; each process gets a copy.

    `staging` is the directory for texts that will be written, "" if none will be.
    """

    tree: Tree
    check: bool = False
    strict: bool = False
    staging: str = ""


class Part(NamedTuple):
    """The size of a workspace's text, in bytes; the parts of a file follow one another."""

    number: int
    size: int


class Batch(NamedTuple):
    """The results of consecutive workspaces, and the file with the texts to write."""

    numbers: range
    results: list[Result]
    path: str
    parts: list[Part]


def rendered(run: Run, jobs: int) -> Iterator[Batch]:
    """All workspaces, in the order in which their batches finish.

    Raises EnvironmentFailure if a process dies, or if the temporary files cannot be written.
    """
    count = len(run.tree.workspaces)
    batches = [range(start, min(start + _SIZE, count)) for start in range(0, count, _SIZE)]
    if jobs > 1:
        return _rendered_by_processes(run, jobs, batches)
    return map(_BatchRenderer(run).render, batches)


class _BatchRenderer:
    """Renders batches in this process."""

    def __init__(self, run: Run) -> None:
        self._staging = run.staging
        self._renderer = Renderer(run.tree, load_schema(), check=run.check, strict=run.strict)

    def render(self, numbers: range) -> Batch:
        results: list[Result] = []
        parts: list[Part] = []
        texts: list[bytes] = []
        for number in numbers:
            result, text = self._renderer.render(number)
            results.append(result)
            if text:
                texts.append(text.encode("utf-8"))
                parts.append(Part(number, len(texts[-1])))
        path = os.path.join(self._staging, str(numbers.start))
        if texts:
            _stage(texts, path)
        return Batch(numbers, results, path, parts)


def _stage(texts: Sequence[bytes], path: str) -> None:
    try:
        with open(path, "xb") as file:
            file.writelines(texts)
    except OSError as error:
        raise EnvironmentFailure(f"{path}: {error.strerror or error}") from None


def staged_texts(batch: Batch) -> Iterator[tuple[int, str]]:
    """The texts of a batch, each with the number of its workspace."""
    if not batch.parts:
        return
    with open(batch.path, "rb") as file:
        for part in batch.parts:
            yield part.number, str(file.read(part.size), "utf-8")


def _rendered_by_processes(run: Run, jobs: int, batches: Sequence[range]) -> Iterator[Batch]:
    from concurrent.futures import ProcessPoolExecutor, as_completed
    from concurrent.futures.process import BrokenProcessPool
    from multiprocessing import get_context

    # Forking shares what is loaded, and is safe as long as there is only one thread.
    fork = sys.platform == "linux" and threading.active_count() == 1
    context = get_context("fork" if fork else "spawn")
    pool = ProcessPoolExecutor(jobs, context, _start_worker, (run,))
    try:
        # Until a process has started, it does not ignore interrupts.
        with signals.deferred():
            # Garbage collection would copy the memory that forked processes share.
            gc.freeze()
            futures = [pool.submit(_render_in_worker, numbers) for numbers in batches]
            gc.unfreeze()
        for future in as_completed(futures):
            yield future.result()
    except BrokenProcessPool:
        raise EnvironmentFailure(
            "a rendering process was killed or crashed; nothing was written "
            "(if memory is short, use fewer --jobs)"
        ) from None
    finally:
        pool.shutdown(cancel_futures=True)


_worker: _BatchRenderer | None = None


def _start_worker(run: Run) -> None:
    global _worker  # noqa: PLW0603 - the only way from a pool's initializer to its tasks
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _worker = _BatchRenderer(run)


def _end_with_parent() -> None:
    """Ends this process when its parent dies; otherwise it would wait for work forever."""
    from multiprocessing import parent_process

    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _render_in_worker(numbers: range) -> Batch:
    if _worker is None:
        raise RuntimeError("the process has not been initialized")
    return _worker.render(numbers)
