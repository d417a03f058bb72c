from __future__ import annotations

import pytest

from mops.schema.fields import load_schema
from mops.schema.secrets import hidden, secret_name, secret_value

SETTINGS = load_schema()


@pytest.mark.parametrize(
    "name",
    [
        "PASSWORD",
        "DB_PASSWORD",
        "PGPASSWORD",
        "API_KEY",
        "APIKEY",
        "AZURE_STORAGE_CONNECTION_STRING",
        "AWS_SECRET_ACCESS_KEY",
        "GITHUB_TOKEN",
        "client_secret",
        "STORAGE_ACCOUNT_KEY",
        "SAS",
        "AZURE_SAS",
        "DB_PWD",
        "BASIC_AUTH",
        "PRIVATE_KEY",
        "AWS_ACCESS_KEY_ID",
        "GOOGLE_APPLICATION_CREDENTIALS",
        "SSH_PASSPHRASE",
    ],
)
def test_a_name_that_promises_a_secret(name):
    assert secret_name(name)


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
    ],
)
def test_a_name_that_does_not(name):
    assert not secret_name(name)


@pytest.mark.parametrize(
    "value",
    [
        "https://user:hunter2@example.com/x",
        "postgres://app:pa55@db/x",
        "DefaultEndpointsProtocol=https;AccountName=a;AccountKey=abc==",
        "https://a.blob/x?sv=1&sig=abc",
        "AKIAABCDEFGHIJKLMNOP",
        "-----BEGIN RSA PRIVATE KEY-----\nMII",
        "-----BEGIN PRIVATE KEY-----",
        "ghp_" + "a" * 36,
        "github_pat_11A",
        "glpat-abc",
        "xoxb-1",
        "eyJhbGciOiJIUzI1.eyJzdWIiOiIxMjM0.x",
        "sk-" + "a" * 24,
        ["plain", {"a": ["https://u:p@h"]}],
        {"a": "AccountKey=x"},
    ],
)
def test_a_value_that_is_a_credential(value):
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
    ],
)
def test_a_value_that_is_not(value):
    assert not secret_value(value)


@pytest.mark.parametrize(("path", "value", "wanted"), [
    (("workers", "env", "DB_PASSWORD"), "x", True),
    (("workers", "env", "DB_PASSWORD"), "", False),
    (("workers", "env", "DB_PASSWORD"), None, False),
    (("workers", "env", "DB_PASSWORD", "valueFrom", "secretKeyRef", "name"), "x", False),
    (("workers", "env", "AZURE_STORAGE_CONNECTION_STRING"), "x", True),
    (("workers", "env", "PLAIN"), "https://u:p@h", True),
    (("workers", "env", "PLAIN"), "x", False),
    (("workers", "podAnnotations", "token"), "x", False),
    (("workers", "podAnnotations", "a"), "https://u:p@h", True),
    (("workers", "extraArgs"), ["--x", "https://u:p@h"], True),
    (("workerGroups", "big", "env", "AZURE_STORAGE_CONNECTION_STRING"), "x", True),
])  # fmt: skip
def test_hidden(path, value, wanted):
    assert hidden(SETTINGS, path, value) is wanted
