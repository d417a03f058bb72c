"""Differences between rendered and live objects, and the settings that cause them."""

from __future__ import annotations

import copy
from typing import Any, get_args

import pytest

from mops.config.dialects import read
from mops.config.resolve import Config, resolve
from mops.deploy.causes import cause
from mops.deploy.changes import Change, changes
from mops.deploy.compare import differences
from mops.deploy.difference import CONTAINER, OBJECT, PRESENT, Difference, Part, Place
from mops.deploy.impact import Impact, handed_over, impacts
from mops.deploy.plan_text import field_value
from mops.model.layer import dotted
from mops.schema.fields import load_schema

SCHEMA = load_schema()

DEPLOYMENT: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {
        "name": "dask-workers",
        "labels": {"modelops.io/component": "worker", "modelops.io/worker-group": "default"},
        "annotations": {"a": "1"},
    },
    "spec": {
        "replicas": 2,
        "template": {
            "metadata": {"labels": {"team": "x"}},
            "spec": {
                "terminationGracePeriodSeconds": 180,
                "containers": [
                    {
                        "name": "worker",
                        "image": "w:1",
                        "command": ["dask", "worker"],
                        "args": [
                            "tcp://dask-scheduler:8786",
                            "--nworkers",
                            "4",
                            "--memory-limit",
                            "100",
                            "--no-dashboard",
                            "--name=x",
                        ],
                        "env": [
                            {"name": "LOG", "value": "INFO"},
                            {"name": "EMPTY", "value": ""},
                            {
                                "name": "POD_IP",
                                "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}},
                            },
                        ],
                        "resources": {"limits": {"cpu": "1000m", "memory": "4Gi"}},
                        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],
                    }
                ],
                "volumes": [{"name": "tmp", "emptyDir": {}}],
                "tolerations": [{"key": "a", "operator": "Exists"}],
            },
        },
    },
}


def pods(manifest: Any) -> Any:
    return manifest["spec"]["template"]["spec"]


def main(manifest: Any) -> Any:
    return pods(manifest)["containers"][0]


def changed(change: Any) -> dict[str, Any]:
    """The live Deployment, with the API server's defaults, after a change."""
    live = copy.deepcopy(DEPLOYMENT)
    live["metadata"] |= {"uid": "u", "resourceVersion": "1", "generation": 3}
    live["status"] = {"readyReplicas": 1}
    live["spec"] |= {"revisionHistoryLimit": 10, "progressDeadlineSeconds": 600}
    pods(live).update(dnsPolicy="ClusterFirst", restartPolicy="Always")
    main(live)["env"][1].pop("value")
    main(live)["env"][2]["valueFrom"]["fieldRef"]["apiVersion"] = "v1"
    main(live)["resources"]["limits"]["cpu"] = "1"
    change(live)
    return live


def found(change: Any) -> list[Difference]:
    return differences([DEPLOYMENT], [changed(change)])


def test_defaults_of_the_api_server_are_no_difference() -> None:
    assert found(lambda _: None) == []


CASES = [
    (lambda live: live["spec"].update(replicas=5), "replicas", 5, 2, False),
    (lambda live: main(live)["args"].__setitem__(2, "3"), "--nworkers", "3", "4", True),
    (
        lambda live: main(live)["args"].__setitem__(0, "tcp://other:1"),
        "[0]",
        "tcp://other:1",
        "tcp://dask-scheduler:8786",
        True,
    ),
    (lambda live: main(live)["args"].remove("--no-dashboard"), "--no-dashboard", None, "", True),
    (lambda live: main(live)["args"].append("--more"), "--more", "", None, True),
    (lambda live: main(live).update(image="w:2"), "image", "w:2", "w:1", True),
    (lambda live: main(live)["env"][0].update(value="DEBUG"), "env LOG", "DEBUG", "INFO", True),
    (lambda live: main(live)["env"].pop(0), "env LOG", None, "INFO", True),
    (lambda live: main(live)["env"].pop(1), "env EMPTY", None, "", True),
    (
        lambda live: main(live)["resources"]["limits"].update(memory="8Gi"),
        "resources.limits.memory",
        "8Gi",
        "4Gi",
        True,
    ),
    (
        lambda live: pods(live).update(terminationGracePeriodSeconds=30),
        "terminationGracePeriodSeconds",
        30,
        180,
        True,
    ),
    (
        lambda live: pods(live).pop("tolerations"),
        "tolerations",
        None,
        {"a": {"key": "a", "operator": "Exists"}},
        True,
    ),
    (
        lambda live: main(live)["command"].__setitem__(1, "spec"),
        "command.[1]",
        "spec",
        "worker",
        True,
    ),
    (lambda live: live["metadata"]["annotations"].update(a="2"), "annotations.a", "2", "1", False),
    (
        lambda live: live["spec"]["template"]["metadata"]["labels"].update(team="y"),
        "template.labels.team",
        "y",
        "x",
        True,
    ),
]


@pytest.mark.parametrize(("change", "field", "live", "wanted", "restarts"), CASES)
def test_a_changed_field_is_found_once(
    change: Any, field: str, live: Any, wanted: Any, restarts: Any
) -> None:
    (one,) = found(change)
    assert (one.object, one.field, one.live, one.wanted, one.restarts, one.extra) == (
        "Deployment/dask-workers",
        field,
        live,
        wanted,
        restarts,
        False,
    )


def managed(manager: str, fields: dict[str, Any], **more: str) -> dict[str, Any]:
    return {
        "manager": manager,
        "operation": "Update",
        "time": "2026-01-01T00:00:00Z",
        "fieldsV1": fields,
        **more,
    }


EXTRA_ENV = {
    "f:spec": {
        "f:template": {
            "f:spec": {
                "f:containers": {
                    'k:{"name":"worker"}': {
                        "f:env": {'k:{"name":"NEW"}': {".": {}, "f:name": {}, "f:value": {}}}
                    }
                }
            }
        }
    }
}


def add_env(live: Any, manager: str) -> None:
    main(live)["env"].append({"name": "NEW", "value": "1"})
    live["metadata"]["managedFields"] = [managed(manager, EXTRA_ENV)]


def test_fields_that_other_managers_added_are_extra() -> None:
    (one,) = found(lambda live: add_env(live, "kubectl-set"))
    assert (one.field, one.live, one.wanted, one.extra, one.manager) == (
        "env NEW",
        "1",
        None,
        True,
        "kubectl-set 2026-01-01T00:00:00Z",
    )
    assert found(lambda live: add_env(live, "helm")) == []


def test_a_rolling_restart_is_no_difference() -> None:
    def restart(live: Any) -> None:
        live["spec"]["template"]["metadata"]["annotations"] = {
            "kubectl.kubernetes.io/restartedAt": "now"
        }
        fields = {
            "f:spec": {
                "f:template": {
                    "f:metadata": {
                        "f:annotations": {".": {}, "f:kubectl.kubernetes.io/restartedAt": {}}
                    }
                }
            }
        }
        live["metadata"]["managedFields"] = [managed("kubectl-rollout", fields)]

    assert found(restart) == []


def test_replicas_that_an_autoscaler_owns_are_no_difference() -> None:
    wanted = copy.deepcopy(DEPLOYMENT)
    del wanted["spec"]["replicas"]
    live = changed(
        lambda live: live["metadata"].update(
            managedFields=[managed("kubectl", {"f:spec": {"f:replicas": {}}}, subresource="scale")]
        )
    )
    assert differences([wanted], [live]) == []
    (trap,) = handed_over([wanted], [DEPLOYMENT])
    assert "drops to 1 replica once" in trap.text
    assert handed_over([DEPLOYMENT], [DEPLOYMENT]) == []
    assert handed_over([wanted], [wanted]) == []


def test_missing_and_obsolete_objects() -> None:
    other = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}}
    assert [(one.object, one.live, one.wanted) for one in differences([DEPLOYMENT], [])] == [
        ("Deployment/dask-workers", None, PRESENT)
    ]
    assert [
        (one.object, one.live, one.wanted) for one in differences([], [other], released=[other])
    ] == [("Service/s", PRESENT, None)]
    assert differences([], [other]) == []


IMPACTS = [
    (lambda live: live["spec"].update(replicas=5), ["scales from 5 to 2 pods"]),
    (
        lambda live: main(live).update(image="w:2"),
        ["pods restart, a quarter at a time; their tasks are computed again"],
    ),
    (
        lambda live: live["metadata"]["annotations"].update(a="2"),
        ["changes without restarting its pods"],
    ),
    (lambda live: add_env(live, "kubectl"), []),
]


@pytest.mark.parametrize(("change", "texts"), IMPACTS)
def test_the_impact_of_an_upgrade_on_the_pods(change: Any, texts: list[str]) -> None:
    live = changed(change)
    assert [
        impact.text for impact in impacts(differences([DEPLOYMENT], [live]), [DEPLOYMENT], [live])
    ] == texts


def test_a_restart_of_the_scheduler_is_grave() -> None:
    wanted, live = copy.deepcopy(DEPLOYMENT), changed(lambda live: main(live).update(image="w:2"))
    for entry in (wanted, live):
        entry["metadata"]["labels"]["modelops.io/component"] = "scheduler"
    (impact,) = impacts(differences([wanted], [live]), [wanted], [live])
    assert impact == Impact(
        "dask-workers", "scheduler restarts; running computations are lost", grave=True
    )


FILE = """\
workspace:
  worker_processes: 4
  worker_replicas: 2
  worker_env: {LOG: INFO, MY_TOKEN: hush}
  workers:
    grace_period: 200
    pod_labels: {team: x}
    resources: {limits: {memory: 4Gi}}
  scheduler: {port: 9000}
  worker_groups:
    big: {processes: 8}
"""


def config() -> Config:
    file = read(FILE.encode(), "f.yaml", SCHEMA)
    assert not file.problems
    return resolve([SCHEMA.defaults(), file.layer], SCHEMA)


def labelled(component: str, group: str = "default") -> dict[str, Any]:
    return {
        "kind": "Deployment",
        "metadata": {
            "name": "d",
            "labels": {"modelops.io/component": component, "modelops.io/worker-group": group},
        },
    }


REASONS = [
    ("container.args.--nworkers", labelled("worker"), "workers.processes", "f.yaml:2:21"),
    (
        "container.args.--nworkers",
        labelled("worker", "big"),
        "workerGroups.big.processes",
        "f.yaml:11:22",
    ),
    ("container.args.--nthreads", labelled("worker"), "workers.threads", "default"),
    ("spec.replicas", labelled("worker"), "workers.replicas", "f.yaml:3:20"),
    ("spec.replicas", labelled("worker", "big"), "workerGroups.big.replicas", "f.yaml:3:20"),
    ("container.env.LOG", labelled("worker"), "workers.env.LOG", "f.yaml:4:21"),
    (
        "container.resources.limits.memory",
        labelled("worker"),
        "workers.resources.limits.memory",
        "f.yaml:8:34",
    ),
    ("pod.terminationGracePeriodSeconds", labelled("worker"), "workers.gracePeriod", "f.yaml:6:19"),
    ("template.labels.team", labelled("worker"), "workers.podLabels.team", "f.yaml:7:24"),
    ("container.args.--port", labelled("scheduler"), "scheduler.port", "f.yaml:9:21"),
    (
        "pod.securityContext.runAsUser",
        labelled("scheduler"),
        "podSecurityContext.runAsUser",
        "default",
    ),
]


def at(marker: str) -> Place:
    """The place that a marker of the schema names; none of its keys contains a dot."""
    part, *path = marker.split(".")
    parts: tuple[Part, ...] = get_args(Part)
    if part in parts:
        return Place(parts[parts.index(part)], tuple(path))
    return Place(OBJECT, (part, *path))


@pytest.mark.parametrize(("place", "manifest", "key", "origin"), REASONS)
def test_the_setting_that_causes_a_difference(
    place: str, manifest: dict[str, Any], key: str, origin: str
) -> None:
    because = cause(at(place), manifest, config(), SCHEMA)
    assert because is not None
    assert (dotted(because.path), because.leaf.origin.place) == (key, origin)


def test_of_several_settings_the_changed_one_is_the_cause() -> None:
    place = Place(CONTAINER, ("args", "--memory-limit"))
    for key, deployed in (
        ("workers.processes", {"processes": 3, "resources": {"limits": {"memory": "4Gi"}}}),
        ("workers.resources.limits.memory", {"processes": 4}),
    ):
        because = cause(
            place,
            labelled("worker"),
            config(),
            SCHEMA,
            {"workers": {"memoryReserve": "256Mi", **deployed}},
        )
        assert because is not None
        assert dotted(because.path) == key


def test_a_field_that_only_the_chart_sets_has_no_cause() -> None:
    place = Place(CONTAINER, ("livenessProbe", "periodSeconds"))
    assert cause(place, labelled("worker"), config(), SCHEMA) is None


def test_secrets_are_hidden() -> None:
    for path, value in (
        (("env", "MY_TOKEN"), "hush"),
        (("env", "URL"), "https://u:pw@h/"),
        (("args", "--x"), "AccountKey=abc"),
    ):
        one = Difference("Deployment/d", Place(CONTAINER, path), value, None)
        assert field_value(SCHEMA, one, value) == "(hidden)"
    plain = Difference("Deployment/d", Place(CONTAINER, ("env", "LOG")), None, None)
    assert field_value(SCHEMA, plain, "INFO") == "INFO"


def test_changes_of_values() -> None:
    old = {"a": {"b": 1, "c": [1], "d": {}}, "big": 3000000.0, "mopsValues": {"layers": ["x"]}}
    new = {"a": {"b": 2, "c": [1], "e": "n"}, "big": 3000000, "mopsValues": {"layers": ["y"]}}
    assert changes(old, new) == [
        Change(("a", "b"), 1, 2),
        Change(("a", "e"), None, "n"),
    ]


def test_every_marker_begins_with_a_part_of_an_object() -> None:
    """The schema names places in this form; whether the chart writes there, the live tests show."""
    markers = [marker for _, entry in SCHEMA.marked("x-manifest") for marker in entry]
    assert len(markers) > 30
    assert {marker.split(".")[0] for marker in markers} <= {
        "container",
        "pod",
        "spec",
        "template",
        "labels",
        "annotations",
    }
