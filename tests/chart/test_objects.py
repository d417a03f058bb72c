"""What the objects are, and how they fit together."""

from __future__ import annotations

import json
import re

import pytest

from chart.manifests import CHART, CI_VALUES, NAMESPACE, group, render

EVERYTHING = {
    "labels": {"team": "on"},
    "annotations": {"note": "0x10"},
    "workerGroups": {"gpu": group()},
    "autoscaling": {"enabled": True},
    "monitoring": {"enabled": True},
    "ingress": {"enabled": True},
    "httpRoute": {"enabled": True, "parentRefs": [{"name": "gateway"}]},
    "networkPolicy": {"restrictEgress": True},
    "tls": {"secretName": "certificates"},
}
OBJECTS = sorted(render(EVERYTHING))
DEPLOYMENTS = ["dask-scheduler", "dask-workers", "dask-workers-gpu"]
PODS = [*DEPLOYMENTS, "dask-test"]
ALL = render(EVERYTHING)


KINDS = {
    kind
    for path in (CHART / "templates").rglob("*.yaml")
    for kind in re.findall(r"^kind: (\w+)$", path.read_text(), re.MULTILINE)
}


def test_everything_has_an_object_of_every_kind():
    """What is not in it, no test of this page looks at; KEDA replaces the autoscaler."""
    missing = KINDS - {kind for kind, _ in ALL} - {"ScaledObject"}
    assert not missing, f"turn {missing} on in EVERYTHING of tests/chart/test_objects.py"


def test_the_page_on_the_chart_lists_every_kind():
    page = (CHART.parent / "docs" / "chart.md").read_text()
    section = page.partition("\n## Objects\n")[2].partition("\n## ")[0]
    named = set(re.findall(r"\w+", " ".join(re.findall(r"^\| (.*?) \|", section, re.MULTILINE))))
    assert not KINDS - named, f"add {KINDS - named} to the table of objects in docs/chart.md"


def test_the_default_objects():
    assert sorted(render()) == [
        ("Deployment", "dask-scheduler"),
        ("Deployment", "dask-workers"),
        ("Job", "dask-test"),
        ("NetworkPolicy", "dask"),
        ("PodDisruptionBudget", "dask-scheduler"),
        ("PodDisruptionBudget", "dask-workers"),
        ("Service", "dask-scheduler"),
        ("ServiceAccount", "dask"),
    ]


@pytest.mark.parametrize("key", OBJECTS, ids="-".join)
def test_every_object_says_where_it_belongs(key):
    metadata = ALL[key]["metadata"]
    assert metadata["namespace"] == NAMESPACE
    labels = metadata["labels"]
    assert labels["app.kubernetes.io/name"] == "mops-dask"
    assert labels["app.kubernetes.io/instance"] == "dask"
    assert labels["app.kubernetes.io/part-of"] == "modelops"
    assert labels["app.kubernetes.io/managed-by"] == "Helm"
    assert labels["app.kubernetes.io/version"]
    assert labels["helm.sh/chart"].startswith("mops-dask-")
    assert labels["modelops.io/workspace"] == "dask"
    assert labels["team"] == "on"
    assert metadata["annotations"]["note"] == "0x10"


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_selectors_match_their_pods_and_never_change(name):
    selector = ALL["Deployment", name]["spec"]["selector"]["matchLabels"]
    assert selector.items() <= ALL.pod(name)["metadata"]["labels"].items()
    assert not {
        "team",
        "helm.sh/chart",
        "app.kubernetes.io/version",
        "modelops.io/workspace",
    } & set(selector)


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_pods_do_not_change_with_the_chart_or_the_workspaces_labels(name):
    labels = ALL.pod(name)["metadata"]["labels"]
    assert not {"helm.sh/chart", "app.kubernetes.io/version", "team"} & set(labels)
    assert "note" not in ALL.pod(name)["metadata"]["annotations"]


def test_components_and_groups():
    labels = {name: ALL.pod(name)["metadata"]["labels"] for name in PODS}
    assert {name: found["modelops.io/component"] for name, found in labels.items()} == {
        "dask-scheduler": "scheduler",
        "dask-workers": "worker",
        "dask-workers-gpu": "worker",
        "dask-test": "test",
    }
    assert labels["dask-workers"]["modelops.io/worker-group"] == "default"
    assert labels["dask-workers-gpu"]["modelops.io/worker-group"] == "gpu"
    assert "modelops.io/worker-group" not in labels["dask-scheduler"]


def test_the_layers_are_on_the_deployments_and_restart_nothing():
    for name in DEPLOYMENTS:
        assert (
            ALL["Deployment", name]["metadata"]["annotations"]["mops.modelops.io/layers"]
            == "base.yaml < --set"
        )
        assert "mops.modelops.io/layers" not in json.dumps(ALL.pod(name))


def test_without_layers_there_is_no_annotation():
    manifests = render("mopsValues: {schemaVersion: 1}\n")
    assert "annotations" not in manifests["Deployment", "dask-workers"]["metadata"]


@pytest.mark.parametrize("name", ["y", "no", "on", "null", "e1", "true"])
def test_names_that_yaml_takes_for_something_else(name):
    manifests = render(
        {"name": name, "workerGroups": {name: group()}}, release=name, namespace=name
    )
    assert manifests["ServiceAccount", name]["metadata"]["namespace"] == name
    assert (
        manifests["Deployment", f"{name}-workers-{name}"]["spec"]["selector"]["matchLabels"][
            "modelops.io/worker-group"
        ]
        == name
    )


def test_a_numeric_namespace_stays_text():
    assert render(namespace="1234")["ServiceAccount", "dask"]["metadata"]["namespace"] == "1234"


@pytest.mark.parametrize("name", PODS)
def test_pods_are_hardened(name):
    spec = ALL.pod(name)["spec"]
    assert spec["automountServiceAccountToken"] is False
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["runAsUser"] >= 10000
    for container in spec["containers"]:
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert container["resources"]["limits"]["memory"]
        assert container["resources"]["requests"]["cpu"]


def test_openshift_chooses_the_ids():
    for name in DEPLOYMENTS:
        context = render({**EVERYTHING, "openshift": True}).pod(name)["spec"]["securityContext"]
        assert not {"runAsUser", "runAsGroup", "fsGroup"} & set(context)
        assert context["runAsNonRoot"] is True


def test_the_account_mounts_no_token_and_may_do_nothing():
    assert ALL.one("ServiceAccount")["automountServiceAccountToken"] is False
    assert not any("Role" in kind for kind, _ in ALL)


def test_the_account_without_one_of_our_own():
    manifests = render({"serviceAccount": {"create": False, "name": "robot"}})
    assert manifests.kind("ServiceAccount") == {}
    assert manifests.pod()["spec"]["serviceAccountName"] == "robot"


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_mounts_have_volumes(name):
    spec = ALL.pod(name)["spec"]
    assert (
        {mount["name"] for mount in spec["containers"][0]["volumeMounts"]}
        == {volume["name"] for volume in spec["volumes"]}
        == {"tmp", "tls"}
    )


def test_certificates_are_read_from_the_secret():
    env = ALL.env()
    assert env["DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION"] == "true"
    assert env["DASK_DISTRIBUTED__COMM__TLS__CA_FILE"] == "/etc/dask/tls/ca.crt"
    assert {"name": "tls", "mountPath": "/etc/dask/tls", "readOnly": True} in ALL.container()[
        "volumeMounts"
    ]


def test_workers_are_named_after_their_pod():
    assert ALL.flags()["--name"] == "$(POD_NAME)"


@pytest.mark.parametrize("grace", [60, 180, 3600])
def test_the_hook_ends_before_the_grace_period(grace):
    manifests = render({"workers": {"gracePeriod": grace}})
    *_, address, processes, seconds = manifests.container()["lifecycle"]["preStop"]["exec"][
        "command"
    ]
    assert (address, processes, int(seconds)) == ("tcp://dask-scheduler:8786", "2", grace - 30)
    assert manifests.pod()["spec"]["terminationGracePeriodSeconds"] == grace


SCRIPTS = {
    "retire": ALL.container()["lifecycle"]["preStop"]["exec"]["command"],
    "test": ALL.container("dask-test")["command"],
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_the_scripts_arrive_in_the_pods(name):
    python, flag, script, *_ = SCRIPTS[name]
    assert (python, flag) == ("python", "-c")
    assert script == (CHART / "scripts" / f"{name}.py3").read_text()
    compile(script, name, "exec")
    assert "$(" not in script, "Kubernetes would take it for a variable"


def test_every_script_of_the_chart_runs_in_a_pod():
    assert {path.stem for path in CHART.glob("scripts/*")} == set(SCRIPTS)


def test_what_kills_a_worker_does_not_ask_a_busy_process():
    container = ALL.container()
    assert (
        container["livenessProbe"]["tcpSocket"]
        == container["startupProbe"]["tcpSocket"]
        == {"port": "http-metrics"}
    )
    assert container["readinessProbe"]["httpGet"] == {"path": "/health", "port": "http-metrics"}
    assert (
        container["readinessProbe"]["periodSeconds"]
        * container["readinessProbe"]["failureThreshold"]
        >= 300
    )


def test_a_busy_scheduler_is_given_time():
    probe = ALL.container("dask-scheduler")["livenessProbe"]
    assert probe["httpGet"] == {"path": "/health", "port": "http-dashboard"}
    assert probe["periodSeconds"] * probe["failureThreshold"] >= 300
    assert probe["timeoutSeconds"] >= 10


def test_workers_are_replaced_a_few_at_a_time():
    assert ALL["Deployment", "dask-workers"]["spec"]["strategy"] == {
        "type": "RollingUpdate",
        "rollingUpdate": {"maxUnavailable": "25%", "maxSurge": "25%"},
    }


def test_the_autoscaler_goes_down_slowly():
    behavior = ALL.one("HorizontalPodAutoscaler")["spec"]["behavior"]
    assert behavior == {
        "scaleDown": {
            "stabilizationWindowSeconds": 300,
            "policies": [{"type": "Percent", "value": 25, "periodSeconds": 60}],
        }
    }


def test_the_autoscaler_does_not_count_sidecars():
    (metric,) = ALL.one("HorizontalPodAutoscaler")["spec"]["metrics"]
    assert metric["containerResource"]["container"] == ALL.container()["name"]


def test_keda_asks_the_scheduler():
    manifests = render({"autoscaling": {"enabled": True, "type": "keda"}})
    scaled = manifests.one("ScaledObject")["spec"]
    assert scaled["triggers"] == [
        {
            "type": "metrics-api",
            "metadata": {
                "url": f"http://dask-scheduler.{NAMESPACE}.svc:8787/metrics",
                "format": "prometheus",
                "valueLocation": "dask_scheduler_desired_workers",
                "targetValue": "2",
            },
        }
    ]
    assert scaled["advanced"]["horizontalPodAutoscalerConfig"]["name"] == "dask-workers"
    keda = {
        "namespaceSelector": {},
        "podSelector": {"matchLabels": {"app.kubernetes.io/name": "keda-operator"}},
    }
    assert {"from": [keda], "ports": [{"port": 8787, "protocol": "TCP"}]} in manifests[
        "NetworkPolicy", "dask-scheduler"
    ]["spec"]["ingress"]


def admits(policy, labels, port):
    """Whether a policy lets a pod of this namespace with these labels connect to a port."""
    for rule in policy["spec"].get("ingress", []):
        peers = [
            peer.get("podSelector", {}).get("matchLabels", {})
            for peer in rule.get("from", [{}])
            if "ipBlock" not in peer
        ]
        ports = [
            range(entry["port"], entry.get("endPort", entry["port"]) + 1)
            for entry in rule.get("ports", [])
        ]
        if any(peer.items() <= labels.items() for peer in peers) and (
            not ports or any(port in span for span in ports)
        ):
            return True
    return False


WAYS = [
    ("dask-workers", "dask-scheduler", 8786, True),
    ("dask-workers-gpu", "dask-scheduler", 8786, True),
    ("dask-test", "dask-scheduler", 8786, True),
    ("dask-workers", "dask-workers", 40000, True),
    ("dask-workers", "dask-workers", 41023, True),
    ("dask-workers", "dask-workers", 41024, False),
    ("dask-workers-gpu", "dask-workers", 40000, True),
    ("dask-workers", "dask-workers-gpu", 42000, True),
    ("dask-scheduler", "dask-workers", 40001, True),
    ("dask-scheduler", "dask-workers", 43023, True),
    ("dask-workers", "dask-test", 80, False),
    ({"modelops.io/dask-client": "true"}, "dask-scheduler", 8786, True),
    ({"modelops.io/dask-client": "true"}, "dask-scheduler", 8787, True),
    ({"modelops.io/dask-client": "true"}, "dask-scheduler", 22, False),
    ({"modelops.io/dask-client": "true"}, "dask-workers", 40000, False),
    ({"app": "stranger"}, "dask-scheduler", 8786, False),
    ({"app": "stranger"}, "dask-scheduler", 8787, False),
    ({"app": "stranger"}, "dask-workers", 40000, False),
    ({"app.kubernetes.io/name": "prometheus"}, "dask-scheduler", 8787, False),
]


@pytest.mark.parametrize(("source", "target", "port", "open_"), WAYS)
def test_who_may_connect(source, target, port, open_):
    manifests = render({"workerGroups": {"gpu": group()}})
    labels = manifests.pod(source)["metadata"]["labels"] if isinstance(source, str) else source
    assert any(admits(policy, labels, port) for policy in manifests.policies(target)) is open_


def test_nobody_else_connects_without_client_labels():
    policy = render(
        "networkPolicy: {clientLabels: {modelops.io/dask-client: null}}\n"
        "mopsValues: {schemaVersion: 1}\n"
    ).one("NetworkPolicy")
    assert all(len(rule["from"]) == 1 for rule in policy["spec"]["ingress"])
    assert not admits(policy, {"modelops.io/dask-client": "true"}, 8786)


@pytest.mark.parametrize(
    ("values", "ports"),
    [
        ({"ingress": {"enabled": True}}, {8787}),
        ({"httpRoute": {"enabled": True, "parentRefs": [{"name": "a"}]}}, {8787}),
        ({"scheduler": {"serviceType": "LoadBalancer"}}, {8786, 8787}),
        ({"scheduler": {"serviceType": "NodePort"}}, {8786, 8787}),
    ],
    ids=["ingress", "route", "balancer", "node port"],
)
def test_what_is_exposed_on_purpose_can_be_reached(values, ports):
    rules = render(values)["NetworkPolicy", "dask-scheduler"]["spec"]["ingress"]
    assert {
        entry["port"] for rule in rules if "from" not in rule for entry in rule["ports"]
    } == ports


def test_prometheus_reaches_what_it_monitors():
    manifests = render({"monitoring": {"enabled": True}})
    for name, port in (("dask-scheduler", 8787), ("dask-workers", 8790)):
        assert any(
            admits(policy, {"app.kubernetes.io/name": "prometheus"}, port)
            for policy in manifests.policies(name)
        )


@pytest.mark.parametrize(("openshift", "ports"), [(False, {53}), (True, {53, 5353})])
def test_the_way_out_leads_to_names_and_each_other(openshift, ports):
    manifests = render(
        {
            "networkPolicy": {"restrictEgress": True},
            "openshift": openshift,
            "ingress": {"enabled": True},
        }
    )
    for name in ("dask-scheduler", "dask-workers", "dask-test"):
        (egress,) = [
            policy["spec"]["egress"]
            for policy in manifests.policies(name)
            if "Egress" in policy["spec"]["policyTypes"]
        ]
        dns, peers = egress
        assert {entry["port"] for entry in dns["ports"]} == ports
        assert {entry["protocol"] for entry in dns["ports"]} == {"UDP", "TCP"}
        assert peers == {
            "to": [
                {
                    "podSelector": {
                        "matchLabels": {
                            "app.kubernetes.io/name": "mops-dask",
                            "app.kubernetes.io/instance": "dask",
                        }
                    }
                }
            ]
        }


def test_the_way_out_is_open_otherwise():
    assert all("egress" not in policy["spec"] for policy in render().kind("NetworkPolicy").values())


def test_monitors_find_their_ports_and_objects():
    monitor, pods = ALL.one("ServiceMonitor")["spec"], ALL.one("PodMonitor")["spec"]
    service = ALL.one("Service")
    assert monitor["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    assert monitor["endpoints"][0]["port"] in {port["name"] for port in service["spec"]["ports"]}
    for name in ("dask-workers", "dask-workers-gpu"):
        assert (
            pods["selector"]["matchLabels"].items() <= ALL.pod(name)["metadata"]["labels"].items()
        )
        assert pods["podMetricsEndpoints"][0]["port"] in {
            port["name"] for port in ALL.container(name)["ports"]
        }
    assert pods["podTargetLabels"] == ["modelops.io/worker-group"]


def test_the_dashboard_behind_an_ingress_and_a_route():
    (rule,) = ALL.one("Ingress")["spec"]["rules"]
    assert rule["http"]["paths"][0]["backend"] == {
        "service": {"name": "dask-scheduler", "port": {"name": "http-dashboard"}}
    }
    assert ALL.one("HTTPRoute")["spec"]["rules"][0]["backendRefs"] == [
        {"name": "dask-scheduler", "port": 8787}
    ]
    with_host = render(
        {"ingress": {"enabled": True, "host": "a.example.com", "tlsSecret": "cert"}}
    ).one("Ingress")["spec"]
    assert with_host["tls"] == [{"secretName": "cert", "hosts": ["a.example.com"]}]


def test_helm_test_runs_where_workers_run():
    values = {
        "workers": {
            "image": "a:1",
            "nodeSelector": {"pool": "dask"},
            "tolerations": [{"operator": "Exists"}],
        }
    }
    manifests = render(values)
    spec = manifests.pod("dask-test")["spec"]
    assert (spec["nodeSelector"], spec["tolerations"], spec["containers"][0]["image"]) == (
        {"pool": "dask"},
        [{"operator": "Exists"}],
        "a:1",
    )
    assert manifests.one("Job")["metadata"]["annotations"]["helm.sh/hook"] == "test"
    assert manifests.one("Job")["spec"]["backoffLimit"] == 0
    assert spec["restartPolicy"] == "Never"


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ({}, "4"),
        ({"workers": {"replicas": 0}}, "0"),
        (
            {
                "workers": {"replicas": 3, "processes": 1},
                "workerGroups": {"gpu": group(replicas=2, processes=5)},
            },
            "13",
        ),
        (
            {
                "autoscaling": {"enabled": True, "minWorkers": 3},
                "workers": {"replicas": 0, "processes": 4},
                "workerGroups": {"gpu": group(replicas=1, processes=1)},
            },
            "13",
        ),
    ],
)
def test_helm_test_waits_for_the_workers_that_come(values, wanted):
    assert render(values).container("dask-test")["command"][4] == wanted


def test_helm_test_knows_the_literal_environment_of_every_group():
    secret = {"valueFrom": {"secretKeyRef": {"name": "a", "key": "b"}}}
    manifests = render(
        {
            "workers": {"env": {"A": '<1>&"', "B": "$(A)", "C": secret}},
            "workerGroups": {"gpu": group(env={"D": "2"})},
        }
    )
    assert json.loads(manifests.container("dask-test")["command"][5]) == {
        "dask-workers": {"A": '<1>&"'},
        "dask-workers-gpu": {"D": "2"},
    }


@pytest.mark.parametrize("path", CI_VALUES, ids=lambda path: path.name)
def test_ports_are_named_within_fifteen_characters_and_have_a_protocol(path):
    manifests = render(path)
    ports = [
        port for name in manifests.kind("Deployment") for port in manifests.container(name)["ports"]
    ] + manifests.one("Service")["spec"]["ports"]
    assert all(
        re.fullmatch(r"[a-z-]{1,15}", port["name"]) and port["protocol"] == "TCP" for port in ports
    )


@pytest.mark.parametrize("path", CI_VALUES, ids=lambda path: path.name)
def test_the_output_is_tidy(path):
    text = render(path).text
    assert not re.search(r"[ \t]$", text, re.MULTILINE)
    assert "\t" not in text
    assert "null" not in text
    assert "%!" not in text
