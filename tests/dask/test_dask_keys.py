"""What mops knows about Dask, compared with Dask itself."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from functools import lru_cache
from pathlib import Path

import pytest

from invoke import ROOT, script
from mops.checks.dask import literals
from mops.checks.dask import settings as dask
from mops.checks.environment import DASK_PREFIX

SCRIPT = ROOT / "scripts" / "dask_keys.py"
FACTS = ROOT / "schemas" / "dask-keys.json"

# Prints the values of the keys given on standard input, as a fresh interpreter sees them.
ASK = """
import json, sys, warnings
warnings.simplefilter("ignore")
import dask, distributed
found = {key: dask.config.get(key, "(absent)") for key in json.load(sys.stdin)}
print(json.dumps(found, default=str))
"""
CRASH = "crash"


@lru_cache(maxsize=1)
def installed() -> dict:
    """What the script reads from the installed Dask."""
    pytest.importorskip("distributed")
    return json.loads(
        subprocess.run(
            [sys.executable, SCRIPT, "--read"], check=True, capture_output=True, text=True
        ).stdout
    )


def ask_dask(keys: list[str], **env: str):
    """The values of keys in a Dask that starts with these variables; CRASH if it does not start."""
    kept = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}
    done = subprocess.run(
        [sys.executable, "-c", ASK],
        env={**kept, **env},
        input=json.dumps(keys),
        capture_output=True,
        text=True,
        check=False,
    )
    return json.loads(done.stdout) if done.returncode == 0 else CRASH


def sample(entry: dict):
    """A value that the facts accept and that is not the default, as the text of a variable."""
    values = {
        "integer": "7",
        "number": "0.5",
        "boolean": "True",
        "string": "'mops'",
        "time": "'7s'",
        "bytes": "'7MiB'",
        "array": "['mops']",
        "null": "None",
    }
    accept = entry.get("accept", [{"type": "string"}])[0]
    found = repr(accept["enum"][-1]) if "enum" in accept else values[accept["type"]]
    return found if ast.literal_eval(found) != entry.get("default") else repr(not entry["default"])


def test_the_script_and_the_file_agree_on_the_installed_version():
    file, here = json.loads(FACTS.read_text()), installed()
    version = here["version"]
    assert version in file["versions"]
    assert {
        key for key, entry in file["keys"].items() if version in entry.get("in", file["versions"])
    } == set(here["keys"])
    for key, entry in here["keys"].items():
        assert all(choice in file["keys"][key]["accept"] for choice in entry.get("accept", [])), key
        if "default" in entry and not isinstance(entry["default"], list):
            assert (
                file["keys"][key].get("defaults", {}).get(version, file["keys"][key].get("default"))
                == entry["default"]
            ), key
    assert set(here["maps"]) <= set(file["maps"])
    # A setting that another version reads on both sides has none in the file.
    assert file["sides"].items() <= {**file["sides"], **here["sides"]}.items()
    known = {*here["keys"], *here["maps"]}
    assert {key for key in file["sides"] if key in known} <= set(here["sides"])
    assert here["aliases"].items() <= file["aliases"].items()


def test_the_file_is_what_the_script_writes():
    dask_keys = script(SCRIPT)
    file = json.loads(FACTS.read_text())
    assert dask_keys.text(file) == FACTS.read_text()
    assert list(file["keys"]) == sorted(file["keys"])
    one = {
        "version": "1",
        "keys": {"a": {"default": 1, "accept": [{"type": "integer"}]}, "b": {}},
        "maps": ["m"],
        "sides": {"a": "worker", "b": "scheduler", "m": "worker"},
        "aliases": {"x": "a"},
    }
    two = {
        "version": "2",
        "keys": {"a": {"default": 2, "accept": [{"type": "number"}]}, "c": {"default": None}},
        "maps": [],
        "sides": {"c": "cluster"},
        "aliases": {"y": "a"},
    }
    assert dask_keys.merged([one, two]) == {
        "versions": ["1", "2"],
        "keys": {
            "a": {
                "accept": [{"type": "integer"}, {"type": "number"}],
                "defaults": {"1": 1, "2": 2},
            },
            "b": {"in": ["1"]},
            "c": {"default": None, "in": ["2"]},
        },
        "maps": ["m"],
        "sides": {"b": "scheduler", "c": "cluster", "m": "worker"},
        "aliases": {"x": "a", "y": "a"},
    }


@pytest.mark.parametrize(("key", "side"), [
    ("distributed.scheduler.work-stealing", "scheduler"),
    ("distributed.scheduler.worker-ttl", "scheduler"),
    ("distributed.scheduler.idle-timeout", "scheduler"),
    ("distributed.worker.memory.rebalance.measure", "scheduler"),
    ("distributed.worker.memory.target", "worker"),
    ("distributed.worker.memory.pause", "worker"),
    ("distributed.worker.resources", "worker"),
    ("distributed.nanny.pre-spawn-environ", "worker"),
    ("distributed.adaptive.minimum", "cluster"),
    ("distributed.scheduler.bandwidth", None),
    ("distributed.scheduler.default-data-size", None),
    ("distributed.scheduler.allowed-imports", None),
    ("distributed.scheduler.locks.lease-timeout", None),
    ("distributed.scheduler.dashboard.tls.cert", None),
    ("distributed.worker.profile.interval", None),
    ("distributed.comm.timeouts.connect", None),
])  # fmt: skip
def test_the_side_that_reads_a_setting(key, side):
    assert dask.facts().sides.get(key) == side


def test_a_side_needs_readers_on_that_side_only(tmp_path):
    """The script against modules that read one setting each way."""
    dask_keys = script(SCRIPT)
    reads = 'dask.config.get("distributed.{}.x")\n'
    for module, keys in {
        "scheduler.py": ("one", "both", "shown"),
        "worker.py": ("two", "both"),
        "dashboard/plots.py": ("two",),
        "core.py": ("shared",),
        "deploy/spec.py": ("three", "one"),
        "config.py": ("two",),
        "tests/test_it.py": ("one",),
    }.items():
        file = tmp_path / module
        file.parent.mkdir(exist_ok=True)
        file.write_text("".join(reads.format(key) for key in keys))
    keys = {f"distributed.{key}.x" for key in ("one", "two", "three", "both", "shared", "unread")}
    assert dask_keys._sides(tmp_path, keys) == {
        "distributed.one.x": "scheduler",
        "distributed.two.x": "worker",
        "distributed.three.x": "cluster",
    }


@pytest.mark.slow
def test_the_file_is_written_anew_from_every_version(tmp_path):
    file = json.loads(FACTS.read_text())
    pythons = []
    for version in file["versions"]:
        subprocess.run([sys.executable, "-m", "venv", tmp_path / version], check=True)
        pythons.append(tmp_path / version / "bin" / "python")
        done = subprocess.run(
            [
                pythons[-1],
                "-m",
                "pip",
                "install",
                "-q",
                f"dask=={version}",
                f"distributed=={version}",
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            pytest.skip(f"dask {version} cannot be installed here")
    copy = tmp_path / "scripts" / "dask_keys.py"
    copy.parent.mkdir()
    copy.write_text(SCRIPT.read_text())
    (tmp_path / "schemas").mkdir()
    subprocess.run([sys.executable, copy, *pythons], check=True)
    assert (tmp_path / "schemas" / "dask-keys.json").read_text() == FACTS.read_text()


@pytest.mark.dask
def test_what_is_called_effective_is():
    # A file that is not there, or a format that is none, stops the import.
    entries = {
        key: entry
        for key, entry in installed()["keys"].items()
        if not key.endswith(("logging-file-config", "log-format"))
    }
    values = {key: sample(dask.facts().keys[key]) for key in entries}
    assert all(
        dask.read(dask.name_of(key)).kind == "setting" and not literals.expected(key, text)
        for key, text in values.items()
    )
    found = ask_dask(list(values), **{dask.name_of(key): text for key, text in values.items()})
    assert found == {key: ast.literal_eval(text) for key, text in values.items()}


IGNORED = {
    "DASK_WORKER__MEMORY__TARGET": "0.9",
    "DASK_WORKER__MEMORY__SPILL": "0.9",
    "DASK_WORKER__MEMORY__PAUSE": "0.9",
    "DASK_SCHEDULER__PRELOAD": "nothing",
    "DASK_SCHEDULER__DASHBOARD__ENABLED": "true",
    "DASK__DISTRIBUTED__WORKER__MEMORY__TARGET": "0.9",
    "DASK_DISTRIBUTED_WORKER_MEMORY_PAUSE": "0.9",
    "DASK_DISTRIBUTED__WORKER_MEMORY__PAUSE": "0.9",
    "DASK_LOG_LEVEL": "debug",
    "DASK_PRELOAD": "nothing",
    "DASK_DISTRIBUTED__COMM": "5",
    "dask_distributed__worker__memory__target": "0.9",
    "Dask_DISTRIBUTED__WORKER__MEMORY__TARGET": "0.9",
}


@pytest.mark.dask
def test_what_is_called_ignored_is():
    prefixed = {name: text for name, text in IGNORED.items() if name.startswith(DASK_PREFIX)}
    assert {dask.read(name).kind for name in prefixed} == {"unknown", "section"}
    keys = [key for key in installed()["keys"] if key != "scheduler"]
    assert ask_dask(keys, **IGNORED) == ask_dask(keys)


@pytest.mark.dask
def test_what_is_called_a_deprecated_name_is_one_and_wins():
    names = {
        f"DASK_WORKER_MEMORY_{step}": f"0.{index}"
        for index, step in enumerate(("TARGET", "SPILL", "PAUSE", "TERMINATE"), 1)
    }
    keys = {name: dask.read(name).key for name in names}
    assert all(dask.read(name).deprecated for name in names)
    found = ask_dask(
        list(keys.values()), **names, **{dask.name_of(key): "0.5" for key in keys.values()}
    )
    assert found == {keys[name]: float(text) for name, text in names.items()}


@pytest.mark.dask
@pytest.mark.parametrize("env", [
    {"DASK_LOGGING__DISTRIBUTED": "info", "DASK_LOGGING__DISTRIBUTED__CLIENT": "info"},
    {"DASK_LOGGING__DISTRIBUTED__CLIENT": "info"},
    {"DASK_LOGGING__DISTRIBUTED": "loud"},
    {"DASK_X": "1", "DASK_X__Y": "2"},
    {"DASK_INTERNAL_INHERIT_CONFIG": "junk"},
], ids=str)  # fmt: skip
def test_what_is_said_to_stop_dask_does(env):
    assert ask_dask([], **env) == CRASH


# Texts that Dask's own parsers are asked about, with the key that they would be the value of.
MEASURES = {
    "distributed.comm.timeouts.connect": [
        "30s",
        "5 minutes",
        "1.5h",
        "500 ms",
        "1e-2 s",
        "7",
        "7.5",
        "s",
        "2 days",
        "soon",
        "-5s",
        "",
        "5 parsecs",
        "1 minute 30 s",
        "10µs",
        "3 Seconds",
    ],
    "distributed.comm.shard": [
        "64MiB",
        "1 GiB",
        "5kB",
        "10",
        "1e6",
        "MB",
        "3Ki",
        "2 g",
        "3.5 mib",
        "lots",
        "-5MB",
        "",
        "5 stones",
        "1MiB 2KiB",
        "7b",
    ],
}


@pytest.mark.dask
def test_times_and_sizes_are_judged_as_dask_judges_them():
    code = """
import json, sys
from dask.config import interpret_value
from dask.utils import parse_bytes, parse_timedelta
def works(parse, text):
    try:
        parse(interpret_value(text))
    except Exception:
        return False
    return True
times, sizes = json.load(sys.stdin)
works_as_time = [works(parse_timedelta, text) for text in times]
works_as_size = [works(parse_bytes, text) for text in sizes]
print(json.dumps([works_as_time, works_as_size]))
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        input=json.dumps(list(MEASURES.values())),
        capture_output=True,
        text=True,
        check=True,
    )
    ours = [[not literals.expected(key, text) for text in texts] for key, texts in MEASURES.items()]
    theirs = json.loads(done.stdout)
    differ = [
        (text, mine, real)
        for texts, row, reals in zip(MEASURES.values(), ours, theirs, strict=True)
        for text, mine, real in zip(texts, row, reals, strict=True)
        if mine != real
    ]
    # Dask takes a negative number for a size, and no text for one byte: hardly what anybody means.
    assert [entry for entry in differ if entry[0] and not entry[0].startswith("-")] == []


# Texts whose reading is easy to get wrong, and what Dask makes of them.
READ = [
    "0.90", "1e6", "010", "0", "00", "0.", ".5", "1_000", "-5", "1.10", "12345678901234567890",
    "0x10", "1j", "inf", "nan", "true", "TRUE", "None", "null", "NONE", "no", "yes", "on", "",
    " 5", "5 ", "'a'", "b'a'", "u'a'", "['a']", "{'a': 1}", "{1}", "()", "(1)", "1,2", "a, b",
    "a.b", "a-b", "a:b", "/a/b", "_", "30s", "30 s", "5m", "5h", "1e5s", "5 minutes", "10MB",
    "64MiB", "5kB", "80%", "'\\d'", "f'a'", "...", "1 + 1", "not True", "a" * 200,
]  # fmt: skip


@pytest.mark.dask
def test_values_are_read_as_dask_reads_them():
    code = """
import json, sys
from dask.config import interpret_value
print(json.dumps([repr(interpret_value(text)) for text in json.load(sys.stdin)]))
"""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        input=json.dumps(READ),
        capture_output=True,
        text=True,
        check=True,
    )
    assert [repr(literals.interpret(text)) for text in READ] == json.loads(done.stdout)


@pytest.mark.parametrize("text", ["{[]: 1}", "(" * 300, "[" * 5000, "1" * 20_000], ids=len)
def test_what_dask_fails_on_is_text(text):
    assert literals.interpret(text) == text


def test_every_default_is_accepted():
    for key, entry in dask.facts().keys.items():
        defaults = (
            [entry["default"]] if "default" in entry else list(entry.get("defaults", {}).values())
        )
        # Infinity has no literal.
        assert all(
            default == "inf" or not literals.expected(key, repr(default)) for default in defaults
        ), key


def test_the_facts_name_only_the_supported_versions():
    facts = dask.facts()
    assert facts.versions == ("2024.10.0", "2026.8.0")
    assert all(
        set(entry.get("in", facts.versions)) <= set(facts.versions) for entry in facts.keys.values()
    )
    assert Path(FACTS).stat().st_size < 40_000
