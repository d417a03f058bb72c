from __future__ import annotations

import os

import pytest

from invoke import mops
from mops.config.files import inactive_files
from mops.config.keys import canonical, key_path
from mops.config.sources import Request, gather
from mops.model.disk import read_file
from mops.model.layer import COMMAND_LINE, DEBUG, ENVIRONMENT
from mops.model.problems import EnvironmentFailure, UsageError
from mops.schema.fields import load_schema

SETTINGS = load_schema()
PROCESSES = ("workers", "processes")
EXECUTOR = ("workers", "env", "MODELOPS_EXECUTOR_TYPE")


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("a", ("a",)),
        ("a.b.c", ("a", "b", "c")),
        ('a."b.c".d', ("a", "b.c", "d")),
        ("a.'b.c'", ("a", "b.c")),
        (r"a.b\.c.d", ("a", "b.c", "d")),
        (r"a.b\"c", ("a", 'b"c')),
        ('"a"', ("a",)),
        ('a.b"."c', ("a", "b.c")),
        ("a.b c", ("a", "b c")),
    ],
)
def test_key_path(text, path):
    assert key_path(text, "--set") == path


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", '--set: "" is not a valid key: empty name'),
        ("a..b", "--set: a..b is not a valid key: empty name"),
        (".a", "--set: .a is not a valid key: empty name"),
        ("a.", "--set: a. is not a valid key: empty name"),
        ('a."b', '--set: a."b is not a valid key: unclosed quote'),
    ],
)
def test_key_path_refuses(text, message):
    with pytest.raises(UsageError) as caught:
        key_path(text, "--set")
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        (PROCESSES, [PROCESSES]),
        (("worker_processes",), [PROCESSES]),
        (("workspace", "worker_processes"), [PROCESSES]),
        (("workspace", "workers", "processes"), [PROCESSES]),
        (("spec", "workers", "processes"), [PROCESSES]),
        (("worker_env", "A"), [("workers", "env", "A")]),
        (
            ("worker_memory",),
            [
                ("workers", "resources", "requests", "memory"),
                ("workers", "resources", "limits", "memory"),
            ],
        ),
        (("autoscaling", "min_workers"), [("autoscaling", "minWorkers")]),
        (("workers", "nodeSelector", "a.b/c"), [("workers", "nodeSelector", "a.b/c")]),
        (("workers", "env"), [("workers", "env")]),
        (("workers",), [("workers",)]),
        (("worker_processes", "x"), []),
        (("workers", "proceses"), []),
        (("workers", "processes", "x"), []),
        (("workers", "tolerations", "0", "key"), []),
        (("mopsValues", "schemaVersion"), []),
    ],
)
def test_canonical(path, wanted):
    assert canonical(SETTINGS, path) == wanted


def test_the_order_of_the_layers(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.yaml").write_text(
        "workspace: {worker_processes: 1, profiles: {p: {worker_processes: 2}, q: "
        "{worker_processes: 9}}}"
    )
    (tmp_path / "b.yaml").write_text(
        "workspace: {worker_processes: 3, profiles: {p: {worker_processes: 4}}}"
    )
    request = Request(
        config=["a.yaml", "b.yaml"],
        profiles=["q", "p"],
        overrides=[("--processes", "6")],
        debug_mode=True,
    )
    found = gather(request, {"MODELOPS_OVERRIDE_PROCESSES": "5"}, SETTINGS)
    assert found.problems == ()
    assert [layer.name for layer in found.layers] == [
        "defaults",
        "a.yaml",
        "b.yaml",
        "profile q (a.yaml)",
        "profile p (a.yaml)",
        "profile p (b.yaml)",
        ENVIRONMENT,
        DEBUG,
        COMMAND_LINE,
    ]
    assert [layer.leaves[PROCESSES].value for layer in found.layers] == [2, 1, 3, 9, 2, 4, 5, 1, 6]


FILES = {
    "a.yaml": (
        "workspace: {profile: p, profiles: {p: {worker_processes: 1}, q: {worker_processes: 2}}}"
    ),
    "b.yaml": "workspace: {profile: q}",
}


@pytest.mark.parametrize(("request_", "environ", "selected"), [
    (Request(config=["a.yaml"]), {}, ["p"]),
    (Request(config=["a.yaml", "b.yaml"]), {}, ["q"]),
    (Request(config=["a.yaml"]), {"MODELOPS_PROFILE": "q"}, ["q"]),
    (Request(config=["a.yaml"]), {"MODELOPS_PROFILE": "q, p"}, ["q", "p"]),
    (Request(config=["a.yaml"]), {"MODELOPS_PROFILE": ""}, ["p"]),
    (Request(config=["a.yaml"], profiles=["p"]), {"MODELOPS_PROFILE": "q"}, ["p"]),
    (Request(config=["a.yaml"], hermetic=True), {"MODELOPS_PROFILE": "q"}, ["p"]),
    (Request(config=["a.yaml"], profiles=["q", "q"]), {}, ["q"]),
])  # fmt: skip
def test_which_profile_is_selected(request_, environ, selected, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, text in FILES.items():
        (tmp_path / name).write_text(text)
    found = gather(request_, environ, SETTINGS)
    assert [layer.name for layer in found.layers if layer.name.startswith("profile")] == [
        f"profile {name} (a.yaml)" for name in selected
    ]


@pytest.mark.parametrize(("request_", "environ", "names"), [
    (Request(), {}, []),
    (Request(), {"HOME": "home"}, ["home/.modelops/modelops.yaml"]),
    (Request(), {"HOME": "home", "MODELOPS_CONFIG": "a.yaml"}, ["a.yaml"]),
    (Request(), {"HOME": "nowhere"}, []),
    (Request(), {"HOME": "home", "MODELOPS_CONFIG": ""}, ["home/.modelops/modelops.yaml"]),
    (Request(config=["b.yaml"]), {"HOME": "home", "MODELOPS_CONFIG": "a.yaml"}, ["b.yaml"]),
    (Request(hermetic=True), {"HOME": "home", "MODELOPS_CONFIG": "a.yaml"}, []),
    (Request(config=["b.yaml"], hermetic=True), {"HOME": "home"}, ["b.yaml"]),
])  # fmt: skip
def test_which_files_are_read(request_, environ, names, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "home" / ".modelops").mkdir(parents=True)
    for name in ("home/.modelops/modelops.yaml", "a.yaml", "b.yaml"):
        (tmp_path / name).write_text("workspace: {worker_processes: 3}")
    assert [file.layer.name for file in gather(request_, environ, SETTINGS).files] == names


@pytest.mark.parametrize(
    ("name", "text", "paths", "value"),
    [
        ("MODELOPS_OVERRIDE_PROCESSES", "3", [PROCESSES], 3),
        ("MODELOPS_OVERRIDE_EXECUTOR_TYPE", "direct", [EXECUTOR], "direct"),
        (
            "MODELOPS_OVERRIDE_WORKER_MEMORY",
            "6Gi",
            [
                ("workers", "resources", "requests", "memory"),
                ("workers", "resources", "limits", "memory"),
            ],
            "6Gi",
        ),
        ("MODELOPS_OVERRIDE_AUTOSCALING", "true", [("autoscaling", "enabled")], True),
        (
            "MODELOPS_OVERRIDE_WORKERS_PRIORITY_CLASS_NAME",
            "null",
            [("workers", "priorityClassName")],
            "null",
        ),
        ("MODELOPS_OVERRIDE_PDB", "", [], None),
    ],
)
def test_override_variables(name, text, paths, value):
    found = gather(Request(), {name: text}, SETTINGS)
    layers = [layer for layer in found.layers if layer.name == ENVIRONMENT]
    assert {
        path: leaf.value for layer in layers for path, leaf in layer.leaves.items()
    } == dict.fromkeys(map(tuple, paths), value)
    assert bool(found.problems) is (paths == [])


@pytest.mark.parametrize(
    ("sets", "leaves"),
    [
        ([("--set", "workers.env.A=b=c")], {("workers", "env", "A"): "b=c"}),
        ([("--set", "workers.env.A=")], {("workers", "env", "A"): ""}),
        ([("--set", "workers.env.A=null")], {("workers", "env", "A"): None}),
        ([("--set-string", "workers.env.A=null")], {("workers", "env", "A"): "null"}),
        ([("--set", "workers.env.A=1.10")], {("workers", "env", "A"): "1.10"}),
        ([("--set", "workers.image=a/b:1.10")], {("workers", "image"): "a/b:1.10"}),
        (
            [("--set", "worker_memory=6Gi")],
            {("workers", "resources", part, "memory"): "6Gi" for part in ("requests", "limits")},
        ),
        (
            [("--set", 'workers.nodeSelector."kubernetes.io/arch"=arm64')],
            {("workers", "nodeSelector", "kubernetes.io/arch"): "arm64"},
        ),
        (
            [("--set", r"workers.nodeSelector.kubernetes\.io/arch=arm64")],
            {("workers", "nodeSelector", "kubernetes.io/arch"): "arm64"},
        ),
        (
            [("--set", "workers.tolerations=[{key: a, operator: Exists}]")],
            {("workers", "tolerations"): [{"key": "a", "operator": "Exists"}]},
        ),
        (
            [("--set", "workers.env={A: 1, B: yes}")],
            {("workers", "env", "A"): "1", ("workers", "env", "B"): "yes"},
        ),
        ([("--set", "workers.env=null")], {("workers", "env"): None}),
        (
            [("--set", "autoscaling.enabled=true"), ("--set", "workers.processes=3")],
            {("autoscaling", "enabled"): True, PROCESSES: 3},
        ),
        (
            [("--set", "podDisruptionBudget.workersMaxUnavailable=2")],
            {("podDisruptionBudget", "workersMaxUnavailable"): 2},
        ),
        ([("--set", "global.a.b=1")], {("global", "a", "b"): 1}),
        ([("--set-string", "global.a.b=1")], {("global", "a", "b"): "1"}),
        (
            [("--set", "workers.extraPodSpec.os.name=linux")],
            {("workers", "extraPodSpec", "os", "name"): "linux"},
        ),
    ],
)
def test_set(sets, leaves):
    found = gather(Request(sets=sets), {}, SETTINGS)
    assert found.problems == ()
    assert {path: leaf.value for path, leaf in found.layers[-1].leaves.items()} == leaves


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing", "missing: file not found"),
        ("folder", "folder is a directory"),
        ("pipe", "pipe: nothing has opened this named pipe for writing within 5 s"),
        ("/dev/zero", "/dev/zero is not a regular file"),
        ("loop", "loop: too many symbolic links"),
        ("x" * 300, f"{'x' * 300}: file name too long"),
        ("a\0b", "a\0b: invalid file name"),
        ("", '"": file not found'),
    ],
    ids=["missing", "folder", "pipe", "device", "loop", "long", "null byte", "empty name"],
)
def test_what_cannot_be_read(name, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    os.mkdir("folder")
    os.symlink("loop", "loop")
    with pytest.raises(EnvironmentFailure) as caught:
        read_file(name)
    assert str(caught.value) == message


def test_a_file_without_permission(tmp_path):
    name = tmp_path / "f.yaml"
    name.write_text("workspace: {}")
    name.chmod(0)
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o711)
    before = os.geteuid()
    os.seteuid(65534) if before == 0 else None
    try:
        with pytest.raises(EnvironmentFailure, match="permission denied"):
            read_file(str(name))
    finally:
        os.seteuid(before)


@pytest.mark.parametrize(
    ("config", "warned"),
    [
        ([], ["workspace.yaml", "examples/workspace.yaml", "modelops.yaml"]),
        (["workspace.yaml"], ["examples/workspace.yaml", "modelops.yaml"]),
        (["./modelops.yaml"], ["workspace.yaml", "examples/workspace.yaml"]),
    ],
)
def test_inactive_files(config, warned, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "examples").mkdir()
    for name in ("workspace.yaml", "examples/workspace.yaml", "modelops.yaml"):
        (tmp_path / name).write_text("workspace: {worker_processes: 3}")
    assert inactive_files(config) == warned


def test_standard_input_is_a_file_called_dash(tmp_path):
    done = mops(
        "config",
        "explain",
        "workers.processes",
        "-q",
        "-c",
        "-",
        cwd=tmp_path,
        stdin=b"workspace:\n  worker_processes: 2\n",
    )
    assert (done.code, done.out.splitlines()[0]) == (
        0,
        "workers.processes = 2  <- -:2:21 (workspace.worker_processes)",
    )
