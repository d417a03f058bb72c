"""Every setting of the chart, left alone and set: what it changes, and that there is no setting without an effect."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
import yaml

from chart.manifests import ABSENT, CHART, group, over, render

POD = "spec.template.spec"
SCHEDULER = ("Deployment", "dask-scheduler")
IMAGE = "ghcr.io/institutefordiseasemodeling/modelops-dask-{}:latest"
SECRET = {"secretKeyRef": {"name": "storage", "key": "connection"}}
SPREAD = {"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "ScheduleAnyway"}
SELECTOR = {"app.kubernetes.io/name": "mops-dask", "app.kubernetes.io/instance": "dask"}
AFFINITY = {
    "nodeAffinity": {
        "requiredDuringSchedulingIgnoredDuringExecution": {
            "nodeSelectorTerms": [
                {"matchExpressions": [{"key": "arch", "operator": "In", "values": ["amd64"]}]}
            ]
        }
    }
}
HARDENED = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}
NOT_ROOT = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
RULE = {"from": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}


class Knob(NamedTuple):
    """A setting, where its effect is, and what is there while it is left alone and when it is set."""

    key: str
    value: Any
    kind: str
    name: str
    path: str
    off: Any
    on: Any
    given: dict[str, Any] = {}


def pod_knobs(role: str, name: str, component: str) -> list[Knob]:
    """What scheduler and workers have in common."""
    main = f"{POD}.containers.{component}"
    own = {**SELECTOR, "app.kubernetes.io/component": component} | (
        {"modelops.io/worker-group": "default"} if component == "worker" else {}
    )
    image = IMAGE.format(component)
    amounts = (
        {"cpu": "1", "memory": "2Gi"} if component == "scheduler" else {"cpu": "2", "memory": "4Gi"}
    )
    hold = {"name": "data", "emptyDir": {}}
    side = {"name": "side", "image": "busybox:1"}
    table = [
        ("image", "quay.io/a/b:1.10", f"{main}.image", image, "quay.io/a/b:1.10"),
        ("imagePullPolicy", "Never", f"{main}.imagePullPolicy", "Always", "Never"),
        (
            "resources.requests.cpu",
            "500m",
            f"{main}.resources.requests.cpu",
            amounts["cpu"],
            "500m",
        ),
        (
            "resources.requests.memory",
            "1Gi",
            f"{main}.resources.requests.memory",
            amounts["memory"],
            "1Gi",
        ),
        ("resources.limits.cpu", "", f"{main}.resources.limits.cpu", amounts["cpu"], ABSENT),
        (
            "resources.limits.memory",
            "8Gi",
            f"{main}.resources.limits.memory",
            amounts["memory"],
            "8Gi",
        ),
        (
            "resources.limits",
            {"nvidia.com/gpu": "1"},
            f"{main}.resources.limits",
            amounts,
            {**amounts, "nvidia.com/gpu": "1"},
        ),
        (
            "gracePeriod",
            600,
            f"{POD}.terminationGracePeriodSeconds",
            30 if component == "scheduler" else 180,
            600,
        ),
        ("temporaryStorage", "10Gi", f"{POD}.volumes.tmp.emptyDir", {}, {"sizeLimit": "10Gi"}),
        ("env", {"A": "1e3"}, f"{main}.env.A", ABSENT, {"name": "A", "value": "1e3"}),
        (
            "env",
            {"A": {"valueFrom": SECRET}},
            f"{main}.env.A",
            ABSENT,
            {"name": "A", "valueFrom": SECRET},
        ),
        (
            "envFrom",
            [{"secretRef": {"name": "s"}}],
            f"{main}.envFrom",
            ABSENT,
            [{"secretRef": {"name": "s"}}],
        ),
        ("nodeSelector", {"pool": "1"}, f"{POD}.nodeSelector", ABSENT, {"pool": "1"}),
        (
            "tolerations",
            [{"operator": "Exists"}],
            f"{POD}.tolerations",
            ABSENT,
            [{"operator": "Exists"}],
        ),
        ("affinity", AFFINITY, f"{POD}.affinity", ABSENT, AFFINITY),
        (
            "topologySpreadConstraints",
            [SPREAD],
            f"{POD}.topologySpreadConstraints",
            ABSENT,
            [{**SPREAD, "labelSelector": {"matchLabels": own}}],
        ),
        (
            "topologySpreadConstraints",
            [{**SPREAD, "labelSelector": {}}],
            f"{POD}.topologySpreadConstraints",
            ABSENT,
            [{**SPREAD, "labelSelector": {}}],
        ),
        ("priorityClassName", "high", f"{POD}.priorityClassName", ABSENT, "high"),
        ("runtimeClassName", "gvisor", f"{POD}.runtimeClassName", ABSENT, "gvisor"),
        ("podLabels", {"team": "on"}, "spec.template.metadata.labels.team", ABSENT, "on"),
        (
            "podAnnotations",
            {"note": "010"},
            "spec.template.metadata.annotations.note",
            ABSENT,
            "010",
        ),
        ("volumes", [hold], f"{POD}.volumes.data", ABSENT, hold),
        (
            "volumeMounts",
            [{"name": "data", "mountPath": "/data"}],
            f"{main}.volumeMounts.data",
            ABSENT,
            {"name": "data", "mountPath": "/data"},
        ),
        (
            "initContainers",
            [side],
            f"{POD}.initContainers",
            ABSENT,
            [{**side, "securityContext": HARDENED}],
        ),
        (
            "sidecars",
            [side],
            f"{POD}.containers.side",
            ABSENT,
            {**side, "securityContext": HARDENED},
        ),
        (
            "sidecars",
            [{**side, "securityContext": {"runAsUser": 1}}],
            f"{POD}.containers.side",
            ABSENT,
            {**side, "securityContext": {"runAsUser": 1}},
        ),
        ("extraPodSpec", {"dnsPolicy": "None"}, f"{POD}.dnsPolicy", ABSENT, "None"),
        ("extraArgs", ["--preload", "a b"], f"{main}.args", None, ["--preload", "a b"]),
    ]
    return [
        Knob(f"{role}.{key}", value, "Deployment", name, path, off, on)
        for key, value, path, off, on in table
    ]


SCHEDULER_KNOBS = [
    *pod_knobs("scheduler", "dask-scheduler", "scheduler"),
    Knob(
        "scheduler.port",
        9000,
        *SCHEDULER,
        f"{POD}.containers.scheduler.ports.tcp-comm.containerPort",
        8786,
        9000,
    ),
    Knob(
        "scheduler.port", 9000, "Service", "dask-scheduler", "spec.ports.tcp-comm.port", 8786, 9000
    ),
    Knob(
        "scheduler.dashboardPort",
        9001,
        *SCHEDULER,
        f"{POD}.containers.scheduler.ports.http-dashboard.containerPort",
        8787,
        9001,
    ),
    Knob(
        "scheduler.dashboardPort",
        9001,
        "Service",
        "dask-scheduler",
        "spec.ports.http-dashboard.port",
        8787,
        9001,
    ),
    Knob(
        "scheduler.serviceType",
        "NodePort",
        "Service",
        "dask-scheduler",
        "spec.type",
        "ClusterIP",
        "NodePort",
    ),
    Knob(
        "scheduler.serviceAnnotations",
        {"a": "yes"},
        "Service",
        "dask-scheduler",
        "metadata.annotations.a",
        ABSENT,
        "yes",
    ),
    Knob(
        "scheduler.idleTimeout",
        "12h",
        *SCHEDULER,
        f"{POD}.containers.scheduler.args",
        None,
        ["--idle-timeout", "12h"],
    ),
    Knob(
        "scheduler.safeToEvict",
        True,
        *SCHEDULER,
        "spec.template.metadata.annotations.cluster-autoscaler_kubernetes_io/safe-to-evict",
        "false",
        "true",
    ),
    Knob(
        "scheduler.safeToEvict",
        True,
        *SCHEDULER,
        "spec.template.metadata.annotations.karpenter_sh/do-not-disrupt",
        "true",
        ABSENT,
    ),
]
WORKER = ("Deployment", "dask-workers")
WORKER_KNOBS = [
    *pod_knobs("workers", "dask-workers", "worker"),
    Knob("workers.replicas", 0, *WORKER, "spec.replicas", 2, 0),
    Knob("workers.replicas", 7, *WORKER, "spec.replicas", 2, 7),
    Knob(
        "workers.processes",
        3,
        *WORKER,
        f"{POD}.containers.worker.args",
        ["--nworkers", "2"],
        ["--nworkers", "3"],
    ),
    Knob(
        "workers.processes",
        3,
        *WORKER,
        f"{POD}.containers.worker.args",
        ["--memory-limit", "2013265920"],
        ["--memory-limit", "1342177280"],
    ),
    Knob(
        "workers.threads",
        4,
        *WORKER,
        f"{POD}.containers.worker.args",
        ["--nthreads", "1"],
        ["--nthreads", "4"],
    ),
    Knob(
        "workers.resources.limits.memory",
        "8Gi",
        *WORKER,
        f"{POD}.containers.worker.args",
        ["--memory-limit", "2013265920"],
        ["--memory-limit", "4160749568"],
    ),
    Knob(
        "workers.memoryReserve",
        "1Gi",
        *WORKER,
        f"{POD}.containers.worker.args",
        ["--memory-limit", "2013265920"],
        ["--memory-limit", "1610612736"],
    ),
    Knob(
        "workers.localDirectory",
        "/scratch",
        *WORKER,
        f"{POD}.containers.worker.args",
        ["--local-directory", "/tmp/dask"],
        ["--local-directory", "/scratch"],
    ),
    Knob(
        "workers.workerPorts",
        "50000:50099",
        *WORKER,
        f"{POD}.containers.worker.args",
        ["--worker-port", "40000:41023"],
        ["--worker-port", "50000:50099"],
    ),
    Knob(
        "workers.nannyPorts",
        "51000:51099",
        *WORKER,
        f"{POD}.containers.worker.args",
        ["--nanny-port", "42000:43023"],
        ["--nanny-port", "51000:51099"],
    ),
    Knob(
        "workers.dashboardPort",
        8888,
        *WORKER,
        f"{POD}.containers.worker.args",
        ["--dashboard-address", ":8790"],
        ["--dashboard-address", ":8888"],
    ),
    Knob(
        "workers.dashboardPort",
        8888,
        *WORKER,
        f"{POD}.containers.worker.ports.http-metrics.containerPort",
        8790,
        8888,
    ),
    Knob(
        "workers.safeToEvict",
        False,
        *WORKER,
        "spec.template.metadata.annotations.cluster-autoscaler_kubernetes_io/safe-to-evict",
        "true",
        "false",
    ),
    Knob(
        "workers.safeToEvict",
        False,
        *WORKER,
        "spec.template.metadata.annotations.karpenter_sh/do-not-disrupt",
        ABSENT,
        "true",
    ),
    Knob(
        "workers.gracePeriod",
        600,
        *WORKER,
        f"{POD}.containers.worker.lifecycle.preStop.exec.command.5",
        "150",
        "570",
    ),
]
AUTOSCALED, KEDA = (
    {"autoscaling": {"enabled": True}},
    {"autoscaling": {"enabled": True, "type": "keda"}},
)
HPA, SCALED = ("HorizontalPodAutoscaler", "dask-workers"), ("ScaledObject", "dask-workers")
MONITORED = {"monitoring": {"enabled": True}}
INGRESS, ROUTE = (
    {"ingress": {"enabled": True}},
    {"httpRoute": {"enabled": True, "parentRefs": [{"name": "gateway"}]}},
)
EGRESS = {"networkPolicy": {"restrictEgress": True}}
OTHER_KNOBS = [
    Knob("name", "paris", *SCHEDULER, "metadata.labels.modelops_io/workspace", "dask", "paris"),
    Knob("name", "paris", *WORKER, "spec.template.metadata.labels.modelops_io/workspace", "dask", "paris"),
    Knob("labels", {"team": "no"}, *WORKER, "metadata.labels.team", ABSENT, "no"),
    Knob("annotations", {"note": "0x10"}, *WORKER, "metadata.annotations.note", ABSENT, "0x10"),
    Knob("imagePullSecrets", [{"name": "pull"}], *WORKER, f"{POD}.imagePullSecrets", ABSENT, [{"name": "pull"}]),
    Knob("imagePullSecrets", [{"name": "pull"}], *SCHEDULER, f"{POD}.imagePullSecrets", ABSENT, [{"name": "pull"}]),
    Knob("scheduler.replicas", 1, *SCHEDULER, "spec.replicas", 1, 1),
    Knob("workerGroups", {"gpu": group(replicas=3)}, "Deployment", "dask-workers-gpu", "spec.replicas", ABSENT, 3),
    Knob("autoscaling.enabled", True, *WORKER, "spec.replicas", 2, ABSENT),
    Knob("autoscaling.enabled", True, *HPA, "spec.scaleTargetRef.name", ABSENT, "dask-workers"),
    Knob("autoscaling.type", "keda", *SCALED, "spec.scaleTargetRef.name", ABSENT, "dask-workers", AUTOSCALED),
    Knob("autoscaling.type", "keda", *HPA, "kind", "HorizontalPodAutoscaler", ABSENT, AUTOSCALED),
    Knob("autoscaling.minWorkers", 3, *HPA, "spec.minReplicas", 2, 3, AUTOSCALED),
    Knob("autoscaling.maxWorkers", 30, *HPA, "spec.maxReplicas", 10, 30, AUTOSCALED),
    Knob("autoscaling.minWorkers", 3, *SCALED, "spec.minReplicaCount", 2, 3, KEDA),
    Knob("autoscaling.maxWorkers", 30, *SCALED, "spec.maxReplicaCount", 10, 30, KEDA),
    Knob("autoscaling.targetCPU", 50, *HPA, "spec.metrics.0.containerResource.target.averageUtilization", 70, 50, AUTOSCALED),
    Knob("autoscaling.scaleDownDelay", 0, *HPA, "spec.behavior.scaleDown.stabilizationWindowSeconds", 300, 0, AUTOSCALED),
    Knob("autoscaling.scaleDownDelay", 60, *SCALED, "spec.advanced.horizontalPodAutoscalerConfig.behavior.scaleDown.stabilizationWindowSeconds", 300, 60, KEDA),
    Knob("workers.processes", 4, *SCALED, "spec.triggers.0.metadata.targetValue", "2", "4", KEDA),
    Knob("networkPolicy.enabled", False, "NetworkPolicy", "dask", "kind", "NetworkPolicy", ABSENT),
    Knob("networkPolicy.enabled", False, "NetworkPolicy", "dask-scheduler", "kind", "NetworkPolicy", ABSENT, {"networkPolicy": {"extraIngress": [RULE]}}),
    Knob("networkPolicy.clientLabels", {"run": "on"}, "NetworkPolicy", "dask", "spec.ingress.1.from.1.podSelector.matchLabels.run", ABSENT, "on"),
    Knob("networkPolicy.extraIngress", [RULE], "NetworkPolicy", "dask-scheduler", "spec.ingress.0", ABSENT, RULE),
    Knob("networkPolicy.restrictEgress", True, "NetworkPolicy", "dask", "spec.policyTypes", ["Ingress"], ["Ingress", "Egress"]),
    Knob("networkPolicy.extraEgress", [{"to": RULE["from"]}], "NetworkPolicy", "dask", "spec.egress.2", ABSENT, {"to": RULE["from"]}, EGRESS),
    Knob("podDisruptionBudget.enabled", False, "PodDisruptionBudget", "dask-scheduler", "kind", "PodDisruptionBudget", ABSENT),
    Knob("podDisruptionBudget.enabled", False, "PodDisruptionBudget", "dask-workers", "kind", "PodDisruptionBudget", ABSENT),
    Knob("podDisruptionBudget.workersMaxUnavailable", 2, "PodDisruptionBudget", "dask-workers", "spec.maxUnavailable", "25%", 2),
    Knob("podDisruptionBudget.workersMaxUnavailable", "50%", "PodDisruptionBudget", "dask-workers", "spec.maxUnavailable", "25%", "50%"),
    Knob("monitoring.enabled", True, "ServiceMonitor", "dask-scheduler", "kind", ABSENT, "ServiceMonitor"),
    Knob("monitoring.enabled", True, "PodMonitor", "dask-workers", "kind", ABSENT, "PodMonitor"),
    Knob("monitoring.interval", "5m", "ServiceMonitor", "dask-scheduler", "spec.endpoints.0.interval", "30s", "5m", MONITORED),
    Knob("monitoring.interval", "5m", "PodMonitor", "dask-workers", "spec.podMetricsEndpoints.0.interval", "30s", "5m", MONITORED),
    Knob("monitoring.labels", {"release": "prom"}, "ServiceMonitor", "dask-scheduler", "metadata.labels.release", ABSENT, "prom", MONITORED),
    Knob("monitoring.labels", {"release": "prom"}, "PodMonitor", "dask-workers", "metadata.labels.release", ABSENT, "prom", MONITORED),
    Knob("ingress.enabled", True, "Ingress", "dask-scheduler", "kind", ABSENT, "Ingress"),
    Knob("ingress.className", "nginx", "Ingress", "dask-scheduler", "spec.ingressClassName", ABSENT, "nginx", INGRESS),
    Knob("ingress.host", "dask.example.com", "Ingress", "dask-scheduler", "spec.rules.0.host", ABSENT, "dask.example.com", INGRESS),
    Knob("ingress.tlsSecret", "cert", "Ingress", "dask-scheduler", "spec.tls", ABSENT, [{"secretName": "cert"}], INGRESS),
    Knob("ingress.annotations", {"a": "on"}, "Ingress", "dask-scheduler", "metadata.annotations.a", ABSENT, "on", INGRESS),
    Knob("httpRoute.enabled", True, "HTTPRoute", "dask-scheduler", "kind", ABSENT, "HTTPRoute"),
    Knob("httpRoute.parentRefs", [{"name": "other"}], "HTTPRoute", "dask-scheduler", "spec.parentRefs.0.name", "gateway", "other", ROUTE),
    Knob("httpRoute.hostnames", ["dask.example.com"], "HTTPRoute", "dask-scheduler", "spec.hostnames", ABSENT, ["dask.example.com"], ROUTE),
    Knob("tls.secretName", "certificates", *WORKER, f"{POD}.volumes.tls", ABSENT, {"name": "tls", "secret": {"secretName": "certificates"}}),
    Knob("tls.secretName", "certificates", *WORKER, f"{POD}.containers.worker.args.0", "tcp://dask-scheduler:8786", "tls://dask-scheduler:8786"),
    Knob("tls.secretName", "certificates", *SCHEDULER, f"{POD}.containers.scheduler.args", None, ["--protocol", "tls"]),
    Knob("serviceAccount.create", False, "ServiceAccount", "dask", "kind", "ServiceAccount", ABSENT),
    Knob("serviceAccount.create", False, *WORKER, f"{POD}.serviceAccountName", "dask", "default"),
    Knob("serviceAccount.name", "robot", *WORKER, f"{POD}.serviceAccountName", "dask", "robot"),
    Knob("serviceAccount.name", "robot", "ServiceAccount", "robot", "kind", ABSENT, "ServiceAccount"),
    Knob("serviceAccount.annotations", {"eks.amazonaws.com/role-arn": "arn:1"}, "ServiceAccount", "dask", "metadata.annotations", ABSENT, {"eks.amazonaws.com/role-arn": "arn:1"}),
    Knob("podSecurityContext.runAsNonRoot", False, *WORKER, f"{POD}.securityContext.runAsNonRoot", True, False),
    Knob("podSecurityContext.runAsUser", 2000000000, *WORKER, f"{POD}.securityContext.runAsUser", 10001, 2000000000),
    Knob("podSecurityContext.runAsGroup", 0, *WORKER, f"{POD}.securityContext.runAsGroup", 10001, 0),
    Knob("podSecurityContext.fsGroup", 2000, *WORKER, f"{POD}.securityContext.fsGroup", 10001, 2000),
    Knob("podSecurityContext.supplementalGroups", [1000000, 5], *WORKER, f"{POD}.securityContext.supplementalGroups", ABSENT, [1000000, 5]),
    Knob("podSecurityContext.seccompProfile.type", "Unconfined", *WORKER, f"{POD}.securityContext.seccompProfile.type", "RuntimeDefault", "Unconfined"),
    Knob("containerSecurityContext.allowPrivilegeEscalation", True, *WORKER, f"{POD}.containers.worker.securityContext.allowPrivilegeEscalation", False, True),
    Knob("containerSecurityContext.readOnlyRootFilesystem", False, *WORKER, f"{POD}.containers.worker.securityContext.readOnlyRootFilesystem", True, False),
    Knob("containerSecurityContext.capabilities.drop", [], *WORKER, f"{POD}.containers.worker.securityContext.capabilities", {"drop": ["ALL"]}, ABSENT),
    Knob("containerSecurityContext.capabilities.add", ["SYS_PTRACE"], *WORKER, f"{POD}.containers.worker.securityContext.capabilities.add", ABSENT, ["SYS_PTRACE"]),
    Knob("openshift", True, *WORKER, f"{POD}.securityContext", {**NOT_ROOT, "runAsUser": 10001, "runAsGroup": 10001, "fsGroup": 10001}, NOT_ROOT),
]  # fmt: skip
KNOBS = [*SCHEDULER_KNOBS, *WORKER_KNOBS, *OTHER_KNOBS]


def nested(key: str, value: Any) -> dict[str, Any]:
    for step in reversed(key.split(".")):
        value = {step: value}
    return value


def seen(manifests, knob: Knob, name: str, expected: Any) -> Any:
    """What is at the knob's place; of the arguments, those from the expected flag on."""
    if not knob.path.endswith(".args"):
        steps = [step.replace("_", ".") for step in knob.path.split(".")]
        return manifests.at(knob.kind, name, steps)
    args = manifests.at(knob.kind, name, knob.path.split("."))
    flag = (expected or knob.on)[0]
    return args[args.index(flag) : args.index(flag) + 2] if flag in args else None


def ids(knob: Knob) -> str:
    return f"{knob.key}->{knob.kind}.{knob.path.rsplit('.', 1)[-1]}"


@pytest.mark.parametrize("knob", KNOBS, ids=ids)
def test_left_alone(knob):
    assert seen(render(knob.given), knob, knob.name, knob.off) == knob.off


@pytest.mark.parametrize("knob", KNOBS, ids=ids)
def test_set(knob):
    assert (
        seen(render(over(knob.given, nested(knob.key, knob.value))), knob, knob.name, knob.on)
        == knob.on
    )


@pytest.mark.parametrize("knob", WORKER_KNOBS, ids=ids)
def test_set_for_a_group_alone(knob):
    key = knob.key.removeprefix("workers.")
    manifests = render({"workerGroups": {"gpu": over(group(), nested(key, knob.value))}})
    on = knob.on
    if key == "topologySpreadConstraints" and on[0]["labelSelector"]:
        on = over(on[0], {"labelSelector": {"matchLabels": {"modelops.io/worker-group": "gpu"}}})
        on = [on]
    assert seen(manifests, knob, "dask-workers-gpu", on) == on
    assert seen(manifests, knob, "dask-workers", knob.off) == knob.off


def leaves(values: Any, path: tuple[str, ...] = ()):
    if isinstance(values, dict) and values and path[-1:] != ("clientLabels",):
        for key, value in values.items():
            yield from leaves(value, (*path, key))
    else:
        yield ".".join(path)


def test_every_setting_of_the_chart_is_in_the_tables():
    settings = set(leaves(yaml.safe_load((CHART / "values.yaml").read_text())))
    assert settings - {knob.key for knob in KNOBS} == set()
    assert len(settings) >= 100


def test_no_setting_is_without_effect():
    """A setting that no template reads would pass every other test."""
    still = [
        knob.key
        for knob in KNOBS
        if knob.key != "scheduler.replicas"
        and render(knob.given).text == render(over(knob.given, nested(knob.key, knob.value))).text
    ]
    assert still == []
