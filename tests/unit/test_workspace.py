"""A workspace in a cluster: which one, how it is named again, and what would change in it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mops.checks.verdict import judge
from mops.config.sources import Request, gather
from mops.deploy.history import _previous
from mops.deploy.plan import plan
from mops.deploy.plan_text import drift_line, next_steps, plan_data, plan_lines
from mops.deploy.release import Live, Revision
from mops.deploy.workspace import Workspace, as_deployed, has_settings, open_workspace, require_idle
from mops.model.problems import EnvironmentFailure, UsageError
from mops.schema.fields import load_schema

SCHEMA = load_schema()
KUBECONFIG = """\
current-context: dev
contexts: [{name: dev, context: {cluster: c}}, {name: prod, context: {cluster: c}}]
clusters: [{name: c, cluster: {server: "https://one"}}]
"""
CONFIG = """\
workspace:
  worker_replicas: 2
  release: {contexts: {prod: prod}}
"""


@pytest.fixture
def opened(tmp_path: Path) -> Any:
    """Opens the workspace that a request selects, with a context."""
    (tmp_path / "config").write_text(KUBECONFIG)
    (tmp_path / "f.yaml").write_text(CONFIG)

    def opening(context: str = "", **request: Any) -> Workspace:
        asked = Request(config=(str(tmp_path / "f.yaml"),), **request)
        verdict = judge(gather(asked, {}, SCHEMA), SCHEMA)
        environ = {"KUBECONFIG": str(tmp_path / "config")}
        return open_workspace(SCHEMA, verdict, asked, context, environ)

    return opening


def test_the_location_names_context_server_namespace_and_release(opened: Any) -> None:
    workspace = opened(overrides=[("--release-name", "mine")])
    assert workspace.location == (
        "context dev (https://one), namespace modelops-dask-dev, release mine"
    )
    assert workspace.target.kubectl == "kubectl --context dev -n modelops-dask-dev"


def test_commands_select_the_same_workspace_again(opened: Any) -> None:
    overrides = [("--processes", "2"), ("--namespace", "team a"), ("--env", "prod")]
    workspace = opened("prod", overrides=overrides, hermetic=True)
    (config,) = workspace.request.config
    assert workspace.command("logs", "workers") == (
        f"mops workspace logs workers --config {config} --env prod --namespace 'team a' "
        "--context prod --hermetic"
    )


def test_a_pinned_environment_refuses_other_contexts(opened: Any) -> None:
    message = r"environment prod is pinned to context prod \(.*f.yaml:3:30\), but .* is dev"
    with pytest.raises(UsageError, match=message):
        opened(overrides=[("--env", "prod")])
    assert opened("prod", overrides=[("--env", "prod")]).target.context == "prod"


def test_only_more_than_the_release_counts_as_a_configuration(opened: Any, tmp_path: Path) -> None:
    workspace = opened()
    assert has_settings(workspace)
    (tmp_path / "f.yaml").write_text("workspace:\n  release: {name: other}\n")
    assert not has_settings(opened())


DEPLOYMENT: dict[str, Any] = {
    "kind": "Deployment",
    "metadata": {
        "name": "dask-workers",
        "labels": {"modelops.io/component": "worker", "modelops.io/worker-group": "default"},
    },
    "spec": {
        "replicas": 2,
        "template": {
            "spec": {
                "containers": [{"name": "worker", "env": [{"name": "MY_TOKEN", "value": "x"}]}]
            }
        },
    },
}
SERVICE = {"kind": "Service", "metadata": {"name": "dask-scheduler"}, "spec": {}}


def live(status: str = "deployed", **objects: Any) -> Live:
    values = {"workers": {"replicas": 5}, "mopsValues": {"layers": ["defaults", "old.yaml"]}}
    return Live(3, status, "2026-01-01T00:00:00Z", "", values, [SERVICE], list(objects.values()))


def scaled(replicas: int, token: str) -> dict[str, Any]:
    container = {"name": "worker", "env": [{"name": "MY_TOKEN", "value": token}]}
    spec = {"replicas": replicas, "template": {"spec": {"containers": [container]}}}
    return {**DEPLOYMENT, "spec": spec}


def test_a_plan_in_lines(opened: Any) -> None:
    workspace = opened()
    made = plan(workspace, live(deployment=scaled(5, "hush"), service=SERVICE), [DEPLOYMENT])
    lines = plan_lines(made)
    (config,) = workspace.request.config
    assert f"  workers.replicas: 5 -> 2  <- {config}:2:20" in lines
    assert lines[lines.index("objects:") :] == [
        "objects:",
        "  Deployment/dask-workers: replicas 5 -> 2",
        "  Deployment/dask-workers: env MY_TOKEN (hidden) -> (hidden)",
        "  Service/dask-scheduler: will be deleted",
        "pods:",
        "  dask-workers: pods restart, a quarter at a time; their tasks are computed again",
        "  dask-workers: scales from 5 to 2 pods",
    ]
    assert not made.is_empty


def test_a_first_plan_counts_objects(opened: Any) -> None:
    lines = plan_lines(plan(opened(), None, [DEPLOYMENT, SERVICE]))
    assert lines == [
        "nothing is deployed; 2 objects will be created",
        "pods:",
        "  dask-workers: is created with 2 pods",
    ]


def test_drift_in_lines(opened: Any) -> None:
    workspace = opened()
    (config,) = workspace.request.config
    made = plan(workspace, live(deployment=scaled(5, "hush")), [DEPLOYMENT, SERVICE])
    assert [drift_line(workspace, entry) for entry in made.differences] == [
        f"Deployment/dask-workers: deployed replicas 5; config says 2, {config}:2:20",
        (
            "Deployment/dask-workers: deployed env MY_TOKEN (hidden); "
            "config says (hidden), from the chart"
        ),
        "Service/dask-scheduler: missing in the cluster",
    ]


def test_a_plan_as_data(opened: Any) -> None:
    workspace = opened()
    (config,) = workspace.request.config
    data = plan_data(plan(workspace, live(deployment=scaled(5, "x")), [DEPLOYMENT]))
    assert (data["release"], data["revision"]) == ("dask", 3)
    assert {"key": "workers.replicas", "old": 5, "new": 2} in data["values"]
    (one,) = data["objects"]
    assert one == {
        "object": "Deployment/dask-workers",
        "field": "replicas",
        "live": 5,
        "wanted": 2,
        "restarts": False,
        "extra": False,
        "by": "",
        "key": "workers.replicas",
        "layer": config,
        "place": f"{config}:2:20",
    }
    assert data["pods"] == [
        {"deployment": "dask-workers", "impact": "scales from 5 to 2 pods", "grave": True}
    ]


def test_next_steps_name_an_autoscaler_where_there_is_one(opened: Any) -> None:
    scaler = {"kind": "HorizontalPodAutoscaler", "metadata": {"name": "dask-workers"}, "spec": {}}
    with_scaler = next_steps(plan(opened(), None, [DEPLOYMENT, scaler]))
    command = "kubectl --context dev -n modelops-dask-dev get horizontalpodautoscaler dask-workers"
    assert f"autoscaler  {command}\n" in with_scaler
    assert "autoscaler" not in next_steps(plan(opened(), None, [DEPLOYMENT]))


def test_the_deployed_configuration_names_its_revision(opened: Any) -> None:
    former = as_deployed(opened(), live())
    leaf = former.config.leaf("workers", "replicas")
    assert (leaf.value, leaf.origin.place) == (5, "revision 3 (from old.yaml)")


@pytest.mark.parametrize(
    ("status", "remedy"), [("pending-install", "down"), ("pending-upgrade", "rollback")]
)
def test_a_release_that_another_helm_works_on_is_refused(
    opened: Any, status: str, remedy: str
) -> None:
    workspace = opened()
    command = f"run mops workspace {remedy} --config .* to recover"
    with pytest.raises(EnvironmentFailure, match=f"dask has been {status} since .*; .*{command}"):
        require_idle(workspace, live(status))
    require_idle(workspace, live("failed"))
    require_idle(workspace, None)


def revisions(*statuses: str) -> list[Revision]:
    return [Revision(number, status, "", "", "") for number, status in enumerate(statuses, 1)]


def test_the_previous_revision_is_the_last_that_was_deployed() -> None:
    deployed = live()._replace(revision=3)
    assert _previous(revisions("superseded", "failed", "deployed"), deployed) == 1
    failed = live("failed")._replace(revision=3)
    assert _previous(revisions("superseded", "deployed", "failed"), failed) == 2
    with pytest.raises(UsageError, match="no earlier revision"):
        _previous(revisions("failed", "failed", "deployed"), deployed)


@pytest.mark.parametrize("verb", ["up", "status", "diff", "down", "history"])
def test_a_command_loads_the_kubernetes_client_only_when_it_asks_the_api(
    verb: str, tmp_path: Path
) -> None:
    (tmp_path / "config").write_text(KUBECONFIG.replace("https://one", "https://127.0.0.1:1"))
    program = (
        "import sys; from mops.cli import main; "
        f"code = main(['workspace', '{verb}', '--release-name', 'x']); "
        "loaded = {'kubernetes', 'typer', 'jsonschema'} & set(sys.modules); "
        "sys.exit(f'{code} {sorted(loaded)}')"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"KUBECONFIG": str(tmp_path / "config"), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr.splitlines()[-1] == "4 []"
