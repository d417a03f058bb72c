"""Kubeconfigs, contexts, time limits, and the layers of values."""

from __future__ import annotations

from pathlib import Path

import pytest

from mops.deploy import release
from mops.deploy.kubeconfig import Kubeconfig, choose_context, read_kubeconfig
from mops.model.problems import EnvironmentFailure, UsageError

FIRST = """\
contexts: [{name: dev, context: {cluster: c1}}]
clusters: [{name: c1, cluster: {server: "https://one"}}]
"""
SECOND = """\
current-context: prod
contexts: [{name: prod, context: {cluster: c2}}, {name: dev, context: {cluster: c2}}]
clusters: [{name: c2, cluster: {server: "https://two"}}]
"""


def written(directory: Path, *texts: str) -> dict[str, str]:
    names = []
    for index, text in enumerate(texts):
        (directory / str(index)).write_text(text)
        names.append(str(directory / str(index)))
    return {"KUBECONFIG": ":".join(names)}


def test_several_files_are_merged_and_the_first_wins(tmp_path: Path) -> None:
    found = read_kubeconfig(written(tmp_path, FIRST, SECOND))
    assert found == Kubeconfig("prod", {"dev": "https://one", "prod": "https://two"})


def test_without_the_variable_the_home_directory_is_read(tmp_path: Path) -> None:
    (tmp_path / ".kube").mkdir()
    (tmp_path / ".kube" / "config").write_text(SECOND)
    assert read_kubeconfig({"HOME": str(tmp_path)}).current == "prod"
    assert read_kubeconfig({"HOME": "/nonexistent"}) == Kubeconfig("", {})


@pytest.mark.parametrize("text", ["- a", "contexts: 3", "contexts: [a]", "{", "contexts: [{}]"])
def test_an_invalid_kubeconfig_is_reported(tmp_path: Path, text: str) -> None:
    with pytest.raises(EnvironmentFailure, match="not a valid kubeconfig"):
        read_kubeconfig(written(tmp_path, text))


KUBECONFIG = Kubeconfig("dev", {"dev": "", "prod": ""})


@pytest.mark.parametrize(
    ("kubeconfig", "asked", "environ", "context"),
    [
        (KUBECONFIG, "", {}, "dev"),
        (KUBECONFIG, "prod", {"HELM_KUBECONTEXT": "dev"}, "prod"),
        (KUBECONFIG, "", {"HELM_KUBECONTEXT": "prod"}, "prod"),
        (Kubeconfig("", {}), "", {"KUBERNETES_SERVICE_HOST": "10.0.0.1"}, ""),
    ],
)
def test_the_context(
    kubeconfig: Kubeconfig, asked: str, environ: dict[str, str], context: str
) -> None:
    assert choose_context(kubeconfig, asked, environ) == context


@pytest.mark.parametrize(
    ("kubeconfig", "asked", "environ", "kind", "message"),
    [
        (
            KUBECONFIG,
            "other",
            {},
            UsageError,
            r"context other not found in the kubeconfig \(available: dev, prod\)",
        ),
        (Kubeconfig("", {}), "", {}, EnvironmentFailure, "no cluster is configured"),
        (
            KUBECONFIG,
            "",
            {"HELM_KUBEAPISERVER": "https://elsewhere"},
            UsageError,
            "HELM_KUBEAPISERVER overrides the kubeconfig context; unset it",
        ),
    ],
)
def test_no_context(
    kubeconfig: Kubeconfig,
    asked: str,
    environ: dict[str, str],
    kind: type[Exception],
    message: str,
) -> None:
    with pytest.raises(kind, match=message):
        choose_context(kubeconfig, asked, environ)


@pytest.mark.parametrize(("text", "wanted"), [("90", 90), ("90s", 90), ("10m", 600), ("1h", 3600)])
def test_time_limits(text: str, wanted: float) -> None:
    assert release.seconds(text) == wanted


@pytest.mark.parametrize("text", ["", "0", "-1", "1.5m", "5 m", "5d", "9999999s"])
def test_bad_time_limits(text: str) -> None:
    with pytest.raises(UsageError, match="--timeout: expected a time"):
        release.seconds(text)


def test_layers_of_values() -> None:
    assert release.layers({"mopsValues": {"layers": ["a", "b"]}}) == ["a", "b"]
    assert release.layers({}) == release.layers({"mopsValues": None}) == []
