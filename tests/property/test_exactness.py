"""Strings arrive in the pod as written, in every place and on every route."""

from __future__ import annotations

import random

import pytest

from drawing import HOSTILE
from invoke import container, environment, manifests, mops, objects
from mops.yamltext.writer import quote

LARGE = "".join(random.Random(1).choices('abc xyz\n"\\{}$#:', k=65_536))
STRANGE = [text for text in HOSTILE if text != "\u202e"] + [
    "\u202e",
    LARGE,
    "'" * 50,
    '"' * 50,
    "\\" * 50,
    "\n" * 50,
    " " * 50,
    '{{ template "x" . }}',
    "\ud7ff\ue000\ufffd",
    "\U0010ffff",
]


def through(tmp_path, text: str):
    """The objects that helm makes of a file's content."""
    (tmp_path / "modelops.yaml").write_text(text, encoding="utf-8")
    done = mops("render", "-q", "-c", "modelops.yaml", cwd=tmp_path)
    assert done.code == 0, done.err
    (found,) = objects(manifests(done.out))
    return found


def hexadecimal(count: int) -> list[str]:
    """Random 7-digit hexadecimal strings, as short commit hashes are."""
    chance = random.Random(count)
    return [f"{chance.getrandbits(28):07x}" for _ in range(count)]


# Names of variables do not begin with a digit, so not every hexadecimal string is one.
def test_hexadecimal_names(tmp_path):
    names = sorted(
        {text for text in hexadecimal(8_000) if text[0].isalpha()}
        | {
            "y",
            "n",
            "Y",
            "N",
            "yes",
            "no",
            "on",
            "off",
            "true",
            "false",
            "null",
            "e1",
            "_1",
            ".inf",
            "-a",
            "a.b",
        }
    )
    lines = [f"    {quote(name)}: x\n" for name in names]
    found = environment(through(tmp_path, "workspace:\n  worker_env:\n" + "".join(lines)))
    assert [name for name in found if found[name] == "x"] == names


LABELS = [
    "1e3",
    "1530e65",
    "08",
    "0o17",
    "010",
    "1.30",
    "y",
    "no",
    "true",
    "null",
    "0x1F",
    "1",
    "12e5678",
    "2024-01-01",
    "",
]


def test_labels_annotations_arguments_and_tags(tmp_path):
    texts = [*LABELS, *(text for text in hexadecimal(1000))]
    keys = [f"k{index:04}" for index in range(len(texts))] + [
        "y",
        "n",
        "1e3",
        "08",
        "null",
        "true",
        "1530e65",
    ]
    wanted = dict(zip(keys, [*texts, *["x"] * 7], strict=True))
    maps = "{" + ", ".join(f"{quote(key)}: {quote(text)}" for key, text in wanted.items()) + "}"
    found = through(
        tmp_path,
        (
            f"workspace:\n  worker_image: a/b:1530e65\n  workers:\n    podLabels: {maps}\n"
            f"    podAnnotations: {maps}\n    nodeSelector: {maps}\n"
            # The words are those of a module with a command line of its own.
            f"    extraArgs: [--preload, a, {', '.join(map(quote, filter(None, texts)))}]\n"
        ),
    )
    pod = found["Deployment/dask-workers"]["spec"]["template"]
    for told in (
        pod["metadata"]["labels"],
        pod["metadata"]["annotations"],
        pod["spec"]["nodeSelector"],
    ):
        assert {key: told[key] for key in wanted} == wanted
    main = container(found)
    assert main["image"] == "a/b:1530e65"
    assert main["args"][-len(texts) + 1 :] == list(filter(None, texts))


# Every way in which a value can be given, besides a file's own settings.
ROUTES = {
    "a list": lambda text: (
        f"workspace:\n  worker_env:\n    - name: FLAG\n      value: {quote(text)}\n",
        [],
        {},
    ),
    "a profile": lambda text: (
        f"workspace:\n  profiles:\n    p:\n      worker_env: {{FLAG: {quote(text)}}}\n",
        ["-p", "p"],
        {},
    ),
    "a workspace": lambda text: (
        (
            "apiVersion: modelops/v1\nkind: Workspace\nspec:\n  workers:\n"
            f"    env: {{FLAG: {quote(text)}}}\n"
        ),
        [],
        {},
    ),
    "rendered values": lambda text: (f"workers:\n  env:\n    FLAG: {quote(text)}\n", [], {}),
    "--set": lambda text: (
        "workspace: {worker_threads: 1}\n",
        ["--set", f"workers.env.FLAG={text}"],
        {},
    ),
    "--set-string": lambda text: (
        "workspace: {worker_threads: 1}\n",
        ["--set-string", f"workers.env.FLAG={text}"],
        {},
    ),
    "the scheduler": lambda text: (
        f"workspace:\n  scheduler_env: {{FLAG: {quote(text)}}}\n",
        [],
        {},
    ),
    "a group": lambda text: (
        f"workspace:\n  worker_groups:\n    big:\n      env: {{FLAG: {quote(text)}}}\n",
        [],
        {},
    ),
}


@pytest.mark.parametrize("route", ROUTES)
def test_hostile_values_on_every_route(route, tmp_path):
    """Values are compared as mops writes them; helm keeps these, as the tests above show."""
    import yaml

    for text in STRANGE:
        content, args, environ = ROUTES[route](text)
        (tmp_path / "f.yaml").write_text(content, encoding="utf-8")
        done = mops("render", "-q", "-c", "f.yaml", *args, cwd=tmp_path, env=environ)
        assert done.code == 0, (text, done.err)
        found = yaml.load(done.out, Loader=yaml.CSafeLoader)
        section = {
            "the scheduler": found["scheduler"],
            "a group": found["workerGroups"].get("big"),
        }.get(route) or found["workers"]
        wanted = {} if route == "--set" and text == "null" else {"FLAG": text}
        assert section["env"] == wanted


def test_an_override_variable(tmp_path):
    for text in ("10", "1e3", "null", "yes", "08"):
        done = mops(
            "render",
            "-q",
            "--format",
            "json",
            cwd=tmp_path,
            env={"MODELOPS_OVERRIDE_WORKERS_PRIORITY_CLASS_NAME": text},
        )
        assert f'"priorityClassName": "{text}"' in done.out
