"""`mops render --all`: every workspace of a tree, in several processes, all or nothing."""

from __future__ import annotations

import contextlib
import gc
import glob
import os
import signal
import sys
import tempfile
import threading
import traceback
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from mops.chart.values import values_text
from mops.checks.verdict import Verdict, judge
from mops.cli import flags, streams
from mops.config import sources
from mops.config.dialects import File
from mops.config.dialects import read as read_layer
from mops.gitops import fleet
from mops.gitops.fleet import Workspace
from mops.model import disk
from mops.model.problems import (
    DIFFERENCE,
    ENVIRONMENT,
    ERROR,
    INVALID,
    OK,
    EnvironmentFailure,
    InvalidConfig,
    Problem,
    UsageError,
)
from mops.report.difference import compared
from mops.report.problems import ordered, problem_line
from mops.report.text import printable
from mops.schema.fields import SettingsSchema, load_schema

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

# What may be said beside --all: the tree alone decides what is written.
_ALLOWED = frozenset(
    {"all", "root", "jobs", "check", "keep_going", "strict", "quiet", "hermetic", "format"}
)
# How many workspaces a process should have for its start to pay off, and are reported and written at a time.
_WORTHWHILE, _BATCH = 50, 32
_SPOOL = 1 << 20

UNCHANGED, WRITTEN, STALE, HELD, BAD, UNREADABLE = (
    "unchanged",
    "written",
    "stale",
    "not written",
    "invalid",
    "unreadable",
)


class Result(NamedTuple):
    """What came of one workspace: `state`, and what there is to say of it."""

    number: int
    state: str
    problems: tuple[Problem, ...] = ()
    difference: str = ""
    failure: str = ""


class Tree(NamedTuple):
    """A fleet's root, as given, and its workspaces."""

    root: str
    workspaces: tuple[Workspace, ...]

    def path(self, name: str) -> str:
        """The path of a file that is named from the root."""
        return name if self.root == "." else os.path.join(self.root, name)


def render_all(given: flags.Given, schema: SettingsSchema) -> int:
    """Writes, or compares, the values of all workspaces; the exit code."""
    wrong = [name for name, value in given.items() if value and name not in _ALLOWED]
    if wrong or (given.get("format") or ["values"]) != ["values"]:
        raise UsageError(
            f"--all writes what the files of the tree say: leave out {', '.join('--' + name.replace('_', '-') for name in wrong) or '--format'}"
        )
    check = bool(given.get("check"))
    tree = load_tree(_root(given))
    jobs = _jobs(given, len(tree.workspaces))
    share = Share(tree, range(len(tree.workspaces)), check=check, strict=bool(given.get("strict")))
    crew: Crew | Share = Crew(share, jobs) if jobs > 1 else share
    quiet = bool(given.get("quiet"))
    results: list[Result] = [Result(0, HELD)] * len(tree.workspaces)
    try:
        for result in _shown(crew.judge(schema), len(results), quiet=quiet):
            results[result.number] = result
        sound = not any(result.state in (BAD, UNREADABLE) for result in results)
        if not check and (sound or given.get("keep_going")):
            with _undisturbed():
                for result in crew.commit():
                    results[result.number] = results[result.number]._replace(
                        state=result.state, failure=result.failure
                    )
    finally:
        crew.close()
    return _report(tree, results, check=check, quiet=quiet)


def load_tree(root: str) -> Tree:
    """The fleet below `root`; InvalidConfig where its list or its places are wrong."""
    if not os.path.isdir(root):
        raise EnvironmentFailure(f"--root {root}: there is no such folder")
    prefix = "" if root == "." else root

    def found(pattern: str) -> list[str]:
        if os.path.isabs(pattern) or ".." in pattern.split("/"):
            return [pattern]
        return sorted(
            name.replace(os.sep, "/")
            for name in glob.glob(pattern, root_dir=root, recursive=True)
            if not os.path.isdir(os.path.join(root, name))
        )

    name = os.path.join(prefix, fleet.FILE)
    listed = os.path.lexists(name)
    workspaces, problems = (
        fleet.read(disk.read_file(name), name, found) if listed else fleet.convention(found)
    )
    if not workspaces and not listed:
        raise UsageError(
            f"there are no workspaces in {root}: neither {fleet.FILE} nor {fleet.WORKSPACES}"
        )
    tree = Tree(root, tuple(workspaces))
    problems = [*problems, *_outside(tree)]
    if problems:
        raise InvalidConfig(list(dict.fromkeys(problems)))
    return tree


def _outside(tree: Tree) -> Iterator[Problem]:
    """The files that are not below the root, links followed."""
    home = os.path.realpath(tree.root).rstrip(os.sep) + os.sep
    # What is known to be inside, so that folders that many files are in are looked at once.
    known: dict[str, bool] = {"": True}

    def inside(name: str) -> bool:
        if name not in known:
            path = os.path.join(home, name)
            if os.path.isabs(name) or ".." in name.split("/"):
                known[name] = False
            elif os.path.islink(path):
                known[name] = os.path.realpath(path).startswith(home)
            else:
                known[name] = inside(name.rpartition("/")[0])
        return known[name]

    for workspace in tree.workspaces:
        for name in (*workspace.config, workspace.output):
            if not inside(name):
                yield Problem(
                    ERROR,
                    "",
                    f"{name} is outside of the root",
                    workspace.origin,
                    "all files of a fleet are below its root, links followed",
                )


class Share:
    """Some of a tree's workspaces: judged first, and written when that is asked for."""

    def __init__(self, tree: Tree, indexes: Sequence[int], *, check: bool, strict: bool) -> None:
        self.tree, self.indexes, self.check, self.strict = tree, indexes, check, strict
        self.spool: Any = None
        self.staged: list[tuple[int, int, int]] = []

    def judge(self, schema: SettingsSchema) -> Iterator[Result]:
        """The verdict on each workspace. Texts that are to be written wait in a file without a name."""
        known = self._shared(schema)
        self.spool = tempfile.SpooledTemporaryFile(max_size=_SPOOL)
        for index in self.indexes:
            yield self._one(index, schema, known)

    def commit(self) -> Iterator[Result]:
        """Writes what has changed."""
        for start in range(0, len(self.staged), _BATCH):
            batch = self.staged[start : start + _BATCH]
            named = [
                (self._text(offset, size), self.tree.path(self.tree.workspaces[index].output))
                for index, offset, size in batch
            ]
            for (index, _, _), failure in zip(batch, disk.write_all(named), strict=True):
                yield (
                    Result(index, UNREADABLE, failure=failure)
                    if failure
                    else Result(index, WRITTEN)
                )

    def close(self) -> None:
        """Forgets the texts."""
        if self.spool is not None:
            self.spool.close()

    def _text(self, offset: int, size: int) -> str:
        self.spool.seek(offset)
        return str(self.spool.read(size), "utf-8")

    def _shared(self, schema: SettingsSchema) -> Mapping[str, File]:
        """The files that several workspaces have below their own, read once. One that cannot be read fails in its workspaces."""
        known: dict[str, File] = {}
        for name in dict.fromkeys(
            name for index in self.indexes for name in self.tree.workspaces[index].config[:-1]
        ):
            path = self.tree.path(name)
            try:
                known[path] = read_layer(disk.read_file(path), path, schema)
            except EnvironmentFailure:
                continue
        return known

    def _one(self, index: int, schema: SettingsSchema, known: Mapping[str, File]) -> Result:
        workspace = self.tree.workspaces[index]
        try:
            verdict = outcome_of(self.tree, workspace, schema, known, strict=self.strict)
            problems = tuple(verdict.problems)
            if any(problem.severity == ERROR for problem in problems):
                return Result(index, BAD, problems)
            text = values_text(verdict.config, verdict.values, "values", annotate=False)
            path = self.tree.path(workspace.output)
            committed = disk.read_file(path) if os.path.lexists(path) else None
        except EnvironmentFailure as failure:
            return Result(index, UNREADABLE, failure=str(failure))
        data = text.encode("utf-8")
        if committed == data:
            return Result(index, UNCHANGED, problems)
        if self.check:
            return Result(index, STALE, problems, compared(text, committed or b"", path))
        self.staged.append((index, self.spool.tell(), len(data)))
        self.spool.write(data)
        return Result(index, HELD, problems)


def outcome_of(
    tree: Tree,
    workspace: Workspace,
    schema: SettingsSchema,
    known: Mapping[str, File],
    *,
    strict: bool,
) -> Verdict:
    """A workspace's resolved configuration; nothing but the files of the tree counts."""
    asked = sources.Request(
        config=tuple(map(tree.path, workspace.config)), profiles=workspace.profiles, hermetic=True
    )
    verdict = judge(sources.gather(asked, {}, schema, known), schema)
    return (
        verdict._replace(
            problems=[problem._replace(severity=ERROR) for problem in verdict.problems]
        )
        if strict
        else verdict
    )


def outcomes(
    tree: Tree, schema: SettingsSchema, *, strict: bool
) -> Iterator[tuple[Workspace, Verdict]]:
    """The workspaces with their configurations; InvalidConfig with all problems where one is invalid."""
    share = Share(tree, range(len(tree.workspaces)), check=True, strict=strict)
    known = share._shared(schema)
    found = [
        (workspace, outcome_of(tree, workspace, schema, known, strict=strict))
        for workspace in tree.workspaces
    ]
    problems = [problem for _, verdict in found for problem in verdict.problems]
    if any(problem.severity == ERROR for problem in problems):
        raise InvalidConfig(list(dict.fromkeys(problems)))
    yield from found


class Crew:
    """A share split among processes, which judge and write side by side."""

    def __init__(self, share: Share, jobs: int) -> None:
        # Forking shares what is loaded, and is safe while there is one thread; elsewhere each process starts anew.
        from multiprocessing import get_context

        fork = sys.platform == "linux" and threading.active_count() == 1
        context: Any = get_context("fork" if fork else "spawn")
        self.members: list[tuple[Any, Connection]] = []
        gc.freeze()
        for number in range(jobs):
            mine, theirs = context.Pipe()
            part = Share(
                share.tree, share.indexes[number::jobs], check=share.check, strict=share.strict
            )
            process = context.Process(
                target=_member,
                args=(part, theirs, [mine, *(pipe for _, pipe in self.members)] if fork else []),
                daemon=True,
            )
            process.start()
            theirs.close()
            self.members.append((process, mine))
        gc.unfreeze()

    def judge(self, _schema: SettingsSchema) -> Iterator[Result]:
        """The verdicts of all processes, as they come."""
        yield from self._gathered()

    def commit(self) -> Iterator[Result]:
        """Has every process write its share."""
        for _, pipe in self.members:
            pipe.send(True)
        yield from self._gathered()

    def close(self) -> None:
        """Ends the processes; those that were not told to write have written nothing."""
        for process, pipe in self.members:
            pipe.close()
            process.join(0.5)
            if process.is_alive():
                process.terminate()
                process.join()

    def _gathered(self) -> Iterator[Result]:
        from multiprocessing.connection import wait

        busy: dict[Any, Any] = {pipe: process for process, pipe in self.members}
        while busy:
            for pipe in wait(list(busy)):
                try:
                    batch: Any = pipe.recv()  # type: ignore[union-attr, call-arg]
                except EOFError:
                    process = busy[pipe]
                    process.join()
                    raise EnvironmentFailure(
                        f"a process that renders ended early (exit code {process.exitcode})"
                    ) from None
                if batch is None:
                    del busy[pipe]
                elif isinstance(batch, str):
                    raise RuntimeError(batch)
                else:
                    yield from batch


def _member(share: Share, pipe: Connection, others: list[Connection]) -> None:
    """The life of a process of the crew: judge, wait for the word, write."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    for other in others:
        other.close()
    try:
        _send(pipe, share.judge(load_schema()))
        if pipe.recv():
            _send(pipe, share.commit())
    except (EOFError, BrokenPipeError, ConnectionResetError):
        pass
    except Exception:
        pipe.send(traceback.format_exc())
    finally:
        share.close()


def _send(pipe: Connection, results: Iterator[Result]) -> None:
    batch: list[Result] = []
    for result in results:
        batch.append(result)
        if len(batch) == _BATCH:
            pipe.send(batch)
            batch = []
    pipe.send(batch)
    pipe.send(None)


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Keeps an interrupt waiting: a tree is not left half written."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _frame: came.append(number))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if came:
        raise KeyboardInterrupt


def _root(given: flags.Given) -> str:
    return os.path.normpath(flags.one(given, "root") or ".")


def _jobs(given: flags.Given, workspaces: int) -> int:
    asked = (given.get("jobs") or [""])[-1]
    if asked and not (asked.isdecimal() and int(asked) > 0):
        raise UsageError(f"--jobs: expected a number of processes, found {printable(asked)}")
    if asked:
        return max(1, min(int(asked), workspaces))
    cores = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    return max(1, min(cores, workspaces // _WORTHWHILE))


def _shown(results: Iterator[Result], count: int, *, quiet: bool) -> Iterator[Result]:
    """The results, with a bar on the terminal while they come."""
    bar = not quiet and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
    width = 30
    shown = -1
    for done, result in enumerate(results, 1):
        filled = done * width // count
        if bar and filled != shown:
            shown = filled
            print(
                f"\r[{'#' * filled}{' ' * (width - filled)}] {done}/{count}",
                end="",
                file=sys.stderr,
                flush=True,
            )
        yield result
    if bar:
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def _report(tree: Tree, results: Sequence[Result], *, check: bool, quiet: bool) -> int:
    """Says what came of every workspace, then all problems; the exit code."""
    if check:
        streams.out("".join(result.difference for result in results))
    for workspace, result in zip(tree.workspaces, results, strict=True):
        if not quiet or result.state in (BAD, UNREADABLE, STALE):
            errors = sum(problem.severity == ERROR for problem in result.problems)
            streams.line(
                printable(
                    f"{tree.path(workspace.output)}: {result.state}"
                    + (f", {errors} error{'s' if errors > 1 else ''}" if errors else "")
                )
            )
    for text in _told(tree, results):
        streams.line(text)
    for failure in dict.fromkeys(result.failure for result in results if result.failure):
        streams.note(printable(failure))
    states = [result.state for result in results]
    count = len(states)
    counts = [
        f"{states.count(state)} {state}"
        for state in (WRITTEN, UNCHANGED, STALE, HELD, BAD, UNREADABLE)
        if state in states
    ]
    streams.note(f"{count} workspace{'s' if count != 1 else ''}: {', '.join(counts)}")
    if STALE in states:
        streams.note(
            "run `mops render --all`"
            + (f" --root {tree.root}" if tree.root != "." else "")
            + " and commit what it writes"
        )
    codes = {UNREADABLE: ENVIRONMENT, BAD: INVALID, STALE: DIFFERENCE}
    return max(codes.get(state, OK) for state in states)


def _told(tree: Tree, results: Sequence[Result]) -> Iterator[str]:
    """The problems, each once; those of a shared file with the workspaces that they are in."""
    told: dict[Problem, list[str]] = {}
    for workspace, result in zip(tree.workspaces, results, strict=True):
        for problem in result.problems:
            told.setdefault(problem, []).append(tree.path(workspace.config[-1]))
    for problem in ordered(told):
        names = told[problem]
        own = len(names) == 1 and problem.origin.place.startswith(f"{names[0]}:")
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        yield problem_line(problem) + ("" if own else printable(f" [in {names[0]}{more}]"))
