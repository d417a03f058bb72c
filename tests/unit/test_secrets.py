"""Which values are secrets, and that no command prints one."""

from __future__ import annotations

import pytest

from mops.schema.fields import load_schema
from mops.schema.secrets import (
    MASK,
    hidden,
    masked,
    secret_pair,
    secret_value,
    secret_words,
    secrets_in,
    without_secrets,
)
from unit.secret_cases import HARMLESS, HEX40, LETTERS36, SECRETS, Case

SETTINGS = load_schema()
WORD = "correct-horse"


def variable(case: Case) -> tuple[str, ...]:
    return ("workers", "env", case.name)


def test_the_tables_are_long_enough() -> None:
    assert len({case.name for case in HARMLESS}) >= 60
    assert len({case.name for case in SECRETS}) >= 60


@pytest.mark.parametrize("case", HARMLESS, ids=lambda case: case.name)
def test_a_harmless_variable(case: Case) -> None:
    assert list(secrets_in(SETTINGS, variable(case), case.value)) == []


@pytest.mark.parametrize("case", SECRETS, ids=lambda case: case.name)
def test_a_secret_variable(case: Case) -> None:
    assert masked(SETTINGS, variable(case), case.value) == MASK


@pytest.mark.parametrize(
    "name",
    [
        "PASSWORD",
        "DB_PASSWORD",
        "PGPASSWORD",
        "API_KEY",
        "APIKEY",
        "GITHUB_TOKEN",
        "githubToken",
        "client_secret",
        "STORAGE_ACCOUNT_KEY",
        "SAS",
        "AZURE_SAS",
        "DB_PWD",
        "PRIVATE_KEY",
        "AWS_ACCESS_KEY_ID",
        "SSH_PASSPHRASE",
        "SMTP_PASS",
        "DBPASS",
        "REDIS_PASSWD",
        "FERNET_KEY",
        "DATA_ENCRYPTION_KEY",
        "WEBHOOK_SIGNING_KEY",
        "OAUTH_CLIENT_SECRET",
        "TOKEN_2",
    ],
)
def test_a_name_that_promises_a_secret(name: str) -> None:
    assert secret_pair(name, "hunter2")


@pytest.mark.parametrize(
    "name",
    [
        "LOG_LEVEL",
        "MODELOPS_EXECUTOR_TYPE",
        "PATH",
        "KEYBOARD",
        "SASKATOON",
        "AUTHOR",
        "MONKEY",
        "TOKEN_FILE",
        "PASSWORD_FILE",
        "SECRET_NAME",
        "TOKEN_TTL",
        "tlsSecret",
        "AUTH_ENABLED",
        "OMP_NUM_THREADS",
        "COMPASS",
        "BYPASS",
        "PASSTHROUGH",
        "TOKENIZERS_PARALLELISM",
    ],
)
def test_a_name_that_does_not(name: str) -> None:
    assert not secret_pair(name, "hunter2")


@pytest.mark.parametrize(
    "value",
    [
        ["plain", {"a": ["https://u:p@h"]}],
        {"a": "AccountKey=x"},
        [{"name": "DB_PASSWORD", "value": WORD}],
        ["--password", WORD],
        [f"--api-token={WORD}"],
        [f"exec app --db-password {WORD}"],
        {"clientSecret": WORD},
    ],
)
def test_a_value_that_contains_a_secret(value: object) -> None:
    assert secret_value(value)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "plain",
        "https://example.com/x?y=1",
        "http://user@host/",
        "image:1.2",
        "task-sk-1",
        "a: b@c",
        3,
        None,
        ["x"],
        {"a": 1},
        "-----BEGIN CERTIFICATE-----",
        ["--tls-key", "/certs/tls.key"],
        ["--token", "--verbose"],
        ["--max-tokens=4096"],
        {"secretName": "db"},
        {"secretKeyRef": {"name": "db", "key": "password"}},
        [{"name": "DB_PASSWORD", "valueFrom": {"secretKeyRef": {"name": "db", "key": "p"}}}],
        [{"name": "token", "secret": {"secretName": "db"}}],
        ["--password=$(DB_PASSWORD)"],
    ],
)
def test_a_value_that_contains_none(value: object) -> None:
    assert not secret_value(value)


@pytest.mark.parametrize(("path", "value", "wanted"), [
    (("workers", "env", "DB_PASSWORD"), "x", True),
    (("workers", "env", "DB_PASSWORD"), "", False),
    (("workers", "env", "DB_PASSWORD"), None, False),
    (("workers", "env", "DB_PASSWORD", "valueFrom", "secretKeyRef", "name"), "x", False),
    (("workers", "env", "AZURE_STORAGE_CONNECTION_STRING"), "x", True),
    (("workers", "env", "PLAIN"), "https://u:p@h", True),
    (("workers", "env", "PLAIN"), "x", False),
    (("workers", "podAnnotations", "token"), WORD, True),
    (("workers", "podAnnotations", "example.com/auth-secret"), "basic-auth", False),
    (("workers", "podAnnotations", "checksum/secret"), HEX40, False),
    (("workers", "podAnnotations", "a"), "https://u:p@h", True),
    (("workers", "podLabels", "example.com/api-key"), LETTERS36, True),
    (("workers", "extraArgs"), ["--x", "https://u:p@h"], True),
    (("tls", "secretName"), "dask-tls", False),
    (("workerGroups", "big", "env", "AZURE_STORAGE_CONNECTION_STRING"), "x", True),
])  # fmt: skip
def test_hidden(path: tuple[str, ...], value: object, *, wanted: bool) -> None:
    assert hidden(SETTINGS, path, value) is wanted


def test_only_the_secret_part_of_a_value_is_masked() -> None:
    sidecar = {"name": "proxy", "args": ["--token", WORD], "env": [{"name": "PWD2", "value": WORD}]}
    assert masked(SETTINGS, ("workers", "sidecars"), [sidecar]) == [
        {"name": "proxy", "args": ["--token", MASK], "env": [{"name": "PWD2", "value": MASK}]}
    ]


def test_a_message_without_secrets() -> None:
    text = f"https://me:{WORD}@example.com and --token {WORD} and hunter2"
    assert without_secrets(text, {"hunter2"}) == (
        f"https://me:{MASK}@example.com and --token {MASK} and {MASK}"
    )


def test_secrets_of_a_command_line() -> None:
    words = ["config", "set", "worker_env.DB_PASSWORD", "=", WORD, "--set", "a.API_KEY=hunter2"]
    assert secret_words(words) == {WORD, "hunter2"}


@pytest.mark.parametrize("part", ["a", "://", "-", "sk-", "a=", "$(", "1m", "/a", "--x ", '"a":'])
def test_long_values_take_linear_time(part: str) -> None:
    text = part * (100_000 // len(part))
    assert not secret_pair("LOG_LEVEL", text)
    secret_value(text)
    secret_pair("DB_PASSWORD", text)
