"""Settings by any spelling, references to Secrets on the command line, and layers from pipes."""

from __future__ import annotations

import os
import re
import shlex
import threading

import pytest

from invoke import ROOT, mops
from mops.cli.commands import COMMANDS
from mops.config.keys import find_setting
from mops.model.problems import UsageError
from mops.schema.fields import load_schema

SCHEMA = load_schema()


@pytest.mark.parametrize(
    ("key", "found"),
    [
        ("executor_type", "workers.env.MODELOPS_EXECUTOR_TYPE"),
        ("--executor-type", "workers.env.MODELOPS_EXECUTOR_TYPE"),
        ("executor", "workers.env.MODELOPS_EXECUTOR_TYPE"),
        ("MODELOPS_OVERRIDE_EXECUTOR_TYPE", "workers.env.MODELOPS_EXECUTOR_TYPE"),
        ("MODELOPS_EXECUTOR_TYPE", "workers.env.MODELOPS_EXECUTOR_TYPE"),
        ("worker-env.X", "workers.env.X"),
        ("threads", "workers.threads"),
        ("workerThreads", "workers.threads"),
        ("worker-threads", "workers.threads"),
        ("spec.workers.threads", "workers.threads"),
        ("workspace.worker_threads", "workers.threads"),
        ("metadata.namespace", "release.namespace"),
        ("worker-groups.gpu.threads", "workerGroups.gpu.threads"),
        ("target_cpu", "autoscaling.targetCPU"),
    ],
)
def test_a_spelling_finds_its_setting(key, found):
    assert [".".join(path) for path in find_setting(SCHEMA, key)] == [found]


def test_a_key_that_means_several_settings_names_them():
    with pytest.raises(UsageError) as caught:
        find_setting(SCHEMA, "image")
    assert str(caught.value) == ("ambiguous setting image (write workers.image or scheduler.image)")


REFERENCE = '    secretKeyRef:\n          key: "k"\n          name: "s"\n'


@pytest.mark.parametrize(
    ("args", "times"),
    [
        (("--set", "workers.env.X={valueFrom: {secretKeyRef: {name: s, key: k}}}"), 1),
        (("--set-string", "workers.env.X={valueFrom: {secretKeyRef: {name: s, key: k}}}"), 0),
        (("--set-secret", "X=s/k"), 2),
        (("--set-secret", "workers.env.X=s/k"), 1),
        (("--set-secret", "worker_env.X=s/k"), 1),
        (("--set-secret", "MODELOPS_BUNDLE_REGISTRY=s/k"), 1),
    ],
)
def test_a_reference_on_the_command_line(args, times, tmp_path):
    done = mops("render", "-q", *args, cwd=tmp_path)
    assert (done.code, done.err, done.out.count(REFERENCE)) == (0, "", times)


def test_config_set_takes_a_reference(tmp_path):
    file = tmp_path / "a.yaml"
    file.write_text("workspace: {}\n")
    text = "{valueFrom: {secretKeyRef: {name: s, key: k}}}"
    assert mops("config", "set", "--file", str(file), "worker_env.X", text).code == 0
    assert text in file.read_text()


def test_a_named_pipe_is_a_layer(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_text, args=("workspace: {worker_threads: 1}\n",))
    writer.start()
    done = mops("render", "-q", "-c", str(pipe), cwd=tmp_path)
    writer.join()
    assert (done.code, done.err) == (0, "")


def test_a_descriptor_is_a_layer_with_the_same_label_everywhere():
    reading, writing = os.pipe()
    os.write(writing, b"workspace: {worker_threads: 1}\n")
    os.close(writing)
    done = mops("render", "-q", "-c", f"/dev/fd/{reading}")
    os.close(reading)
    assert done.code == 0
    assert '- "pipe"' in done.out


def test_a_file_selects_several_profiles(tmp_path):
    (tmp_path / "a.yaml").write_text(
        "workspace:\n  profile: [a, b]\n  profiles:\n"
        "    a: {worker_replicas: 7}\n    b: {worker_env: {A: b}}\n"
    )
    done = mops("render", "-q", "-c", "a.yaml", cwd=tmp_path)
    assert (done.code, "replicas: 7" in done.out, '"A": "b"' in done.out) == (0, True, True)


EXAMPLES = sorted(
    example
    for command in COMMANDS.values()
    for example in command.examples
    if example.startswith("mops ") and command.path[0] not in ("workspace", "gitops", "generate")
)


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_examples_of_the_help_run(example, tmp_path):
    """Those on a cluster or a repository are left out: they need one."""
    home = tmp_path / "home" / ".modelops"
    home.mkdir(parents=True)
    text = (
        "schema_version: 2\nworkspace:\n  worker_processes: 2\n  worker_threads: 1\n"
        "  profiles:\n    debug: {worker_processes: 1, worker_threads: 1}\n"
    )
    if not example.startswith("mops init"):
        (home / "modelops.yaml").write_text(text)
        (tmp_path / "workspace.yaml").write_text((ROOT / "examples/workspace.yaml").read_text())
    (tmp_path / "envs").mkdir()
    (tmp_path / "envs" / "a.yaml").write_text(text)
    env = {"HOME": str(tmp_path / "home")}
    if "--check -o" in example:
        mops("render", "-q", "-o", "values.yaml", cwd=tmp_path, env=env)
    words = shlex.split(re.sub(r" > \S+", "", example).replace("envs/*.yaml", "envs/a.yaml"))
    done = mops(*words[1:], cwd=tmp_path, env=env)
    assert done.code in ((0, 1) if "--check" in example else (0,)), done.err


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (
            ("--set", "workers.extraArgs[0]=a"),
            (
                "mops: --set: workers.extraArgs[0] is a part of a list, and a list is set as a "
                "whole (write --set 'workers.extraArgs=[a]')\n"
            ),
        ),
        (
            ("--set-secret", "workers.threads=s/k"),
            (
                "mops: --set-secret: workers.threads is not an environment variable "
                "(write NAME=SECRET/KEY, or workers.env.NAME=SECRET/KEY)\n"
            ),
        ),
    ],
)
def test_refusals_of_the_command_line(args, message):
    done = mops("render", "-q", *args)
    assert (done.code, done.out, done.err) == (2, "", message)
