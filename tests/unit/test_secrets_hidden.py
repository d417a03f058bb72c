"""No command prints a secret: every command of the table is run, or named with the reason."""

from __future__ import annotations

from pathlib import Path

import pytest

from invoke import mops
from mops.cli.commands import COMMANDS
from mops.yamltext.writer import quote
from unit.secret_cases import SECRETS

WORD = "correct-horse-9"
SIDECAR = f"""\
      - name: proxy
        image: proxy:1.0
        args: ["--api-token", {WORD}, "--password={WORD}"]
        env: [{{name: DB_PASSWORD, value: {WORD}}}]
"""
# Each command with the words that follow it; {file} has all secrets, {stale} an older rendering.
RUNS: dict[tuple[str, ...], list[str]] = {
    ("config", "show"): [
        f"--config {{file}} --format {kind}{every}"
        for kind in ("text", "yaml", "json")
        for every in ("", " --all")
    ],
    ("config", "validate"): ["{file}", "--config {file} --format json", "{file} --strict"],
    ("config", "explain"): [
        "--config {file}",
        "--config {file} --format json",
        "--config {file} --graph svg",
        "--config {file} --graph mermaid",
        "worker_env --config {file}",
        "worker_env.DB_PASSWORD --config {file}",
        f"--config {{file}} --set workers.env.DB_PASSWORD={WORD}",
    ],
    ("config", "set"): [
        f"worker_env.DB_PASSWORD {WORD} --file {{file}}",
        f"worker_env.DB_PASSWORD = {WORD} --file {{file}}",
        f"worker_env.DB_PASSWORD={WORD} --file {{file}}",
    ],
    ("config", "unset"): ["worker_env.DB_PASSWORD --file {file}"],
    ("render",): [
        "--config {file} --check -o {stale}",
        f"--config {{file}} --set worker_env.DB_PASSWORD {WORD}",
        "--config {file} --strict",
    ],
    ("migrate",): ["{file} --check", "{file} --check --format json"],
}
LIVE = "needs a cluster; tests of plans, drift and history hold what it prints"
NO_VALUES = "prints no values"
ARTIFACT = "what it writes is the artifact"
NOT_RUN = {
    **dict.fromkeys(
        [path for path in COMMANDS if path[0] == "workspace"],
        LIVE,
    ),
    **dict.fromkeys([path for path in COMMANDS if path[0] == "chart"], NO_VALUES),
    **dict.fromkeys([path for path in COMMANDS if path[0] == "gitops"], ARTIFACT),
    ("init",): NO_VALUES,
    ("schema",): NO_VALUES,
    ("generate",): NO_VALUES,
}


def test_every_command_is_considered() -> None:
    assert set(RUNS).isdisjoint(NOT_RUN)
    assert {*RUNS, *NOT_RUN} == set(COMMANDS)


@pytest.mark.parametrize(
    ("command", "words"), [(command, words) for command, each in RUNS.items() for words in each]
)
def test_a_command_hides_secrets(command: tuple[str, ...], words: str, tmp_path: Path) -> None:
    file = tmp_path / "mops.yaml"
    variables = "".join(f"      {case.name}: {quote(case.value)}\n" for case in SECRETS)
    file.write_text(
        "workspace:\n  workers:\n"
        f"    env:\n{variables}"
        f"    podAnnotations: {{example.com/api-token: {WORD}}}\n"
        f"    extraArgs: ['--preload', 'https://me:{WORD}@example.com/x.py']\n"
        f"    sidecars:\n{SIDECAR}"
        f"    initContainers:\n{SIDECAR.replace('proxy', 'setup')}"
        f"  profiles:\n    other: {{worker_env: {{API_KEY: {WORD}}}}}\n"
        f"  workerGroups:\n    big: {{env: {{API_KEY: {WORD}}}}}\n"
    )
    stale = tmp_path / "values.yaml"
    stale.write_text(f'workers:\n  env:\n    DB_PASSWORD: "{WORD}-old"\n')
    done = mops(*command, *words.format(file=file, stale=stale).split(), cwd=tmp_path)
    printed = done.out + done.err
    if command[0] == "config" and "=" not in words and "--strict" not in words:
        assert done.code == 0, done.err
    hidden = {WORD, *(case.value for case in SECRETS)}
    assert [text for text in hidden if text in printed or quote(text)[1:-1] in printed] == []
