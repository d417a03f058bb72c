"""Every setting of the chart, left alone and set: what it changes, that it changes something."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
import yaml

from chart.manifests import ABSENT, CHART, group, over, render

POD = "spec.template.spec"
SCHEDULER_MAIN, WORKER_MAIN = f"{POD}.containers.scheduler", f"{POD}.containers.worker"
WORKER_ARGS = f"{WORKER_MAIN}.args"
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
    """A setting, where its effect shows, and what is there while it is left alone and once set."""

    key: str
    value: Any
    kind: str
    name: str
    path: str
    off: Any
    on: Any
    given: dict[str, Any]


def knobs(target: tuple[str, str], rows: list[Any], given: dict[str, Any] | None = None):
    """The knobs of one object: a row is key, value, path, what is there before and after."""
    return [
        Knob(key, value, *target, path, off, on, given or {}) for key, value, path, off, on in rows
    ]


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
        ("resources.requests.cpu", "500m", f"{main}.resources.requests.cpu", amounts["cpu"],
         "500m"),
        ("resources.requests.memory", "1Gi", f"{main}.resources.requests.memory", amounts["memory"],
         "1Gi"),
        ("resources.limits.cpu", "", f"{main}.resources.limits.cpu", amounts["cpu"], ABSENT),
        ("resources.limits.memory", "8Gi", f"{main}.resources.limits.memory", amounts["memory"],
         "8Gi"),
        ("resources.limits", {"nvidia.com/gpu": "1"}, f"{main}.resources.limits", amounts,
         {**amounts, "nvidia.com/gpu": "1"}),
        ("gracePeriod", 600, f"{POD}.terminationGracePeriodSeconds",
         30 if component == "scheduler" else 180, 600),
        ("temporaryStorage", "10Gi", f"{POD}.volumes.tmp.emptyDir", {}, {"sizeLimit": "10Gi"}),
        ("env", {"A": "1e3"}, f"{main}.env.A", ABSENT, {"name": "A", "value": "1e3"}),
        ("env", {"A": {"valueFrom": SECRET}}, f"{main}.env.A", ABSENT,
         {"name": "A", "valueFrom": SECRET}),
        ("envFrom", [{"secretRef": {"name": "s"}}], f"{main}.envFrom", ABSENT,
         [{"secretRef": {"name": "s"}}]),
        ("nodeSelector", {"pool": "1"}, f"{POD}.nodeSelector", ABSENT, {"pool": "1"}),
        ("tolerations", [{"operator": "Exists"}], f"{POD}.tolerations", ABSENT,
         [{"operator": "Exists"}]),
        ("affinity", AFFINITY, f"{POD}.affinity", ABSENT, AFFINITY),
        ("topologySpreadConstraints", [SPREAD], f"{POD}.topologySpreadConstraints", ABSENT,
         [{**SPREAD, "labelSelector": {"matchLabels": own}}]),
        ("topologySpreadConstraints", [{**SPREAD, "labelSelector": {}}],
         f"{POD}.topologySpreadConstraints", ABSENT, [{**SPREAD, "labelSelector": {}}]),
        ("hostAliases", [{"ip": "10.0.0.1", "hostnames": ["a"]}], f"{POD}.hostAliases", ABSENT,
         [{"ip": "10.0.0.1", "hostnames": ["a"]}]),
        ("priorityClassName", "high", f"{POD}.priorityClassName", ABSENT, "high"),
        ("runtimeClassName", "gvisor", f"{POD}.runtimeClassName", ABSENT, "gvisor"),
        ("podLabels", {"team": "on"}, "spec.template.metadata.labels.team", ABSENT, "on"),
        ("podAnnotations", {"note": "010"}, "spec.template.metadata.annotations.note", ABSENT,
         "010"),
        ("volumes", [hold], f"{POD}.volumes.data", ABSENT, hold),
        ("volumeMounts", [{"name": "data", "mountPath": "/data"}], f"{main}.volumeMounts.data",
         ABSENT, {"name": "data", "mountPath": "/data"}),
        ("initContainers", [side], f"{POD}.initContainers", ABSENT,
         [{**side, "securityContext": HARDENED}]),
        ("sidecars", [side], f"{POD}.containers.side", ABSENT,
         {**side, "securityContext": HARDENED}),
        ("sidecars", [{**side, "securityContext": {"runAsUser": 1}}], f"{POD}.containers.side",
         ABSENT, {**side, "securityContext": {"runAsUser": 1}}),
        ("extraPodSpec", {"dnsPolicy": "None"}, f"{POD}.dnsPolicy", ABSENT, "None"),
        ("extraArgs", ["--preload", "a b"], f"{main}.args", None, ["--preload", "a b"]),
    ]  # fmt: skip
    return knobs(("Deployment", name), [(f"{role}.{key}", *row) for key, *row in table])


SCHEDULER_KNOBS = [
    *pod_knobs("scheduler", "dask-scheduler", "scheduler"),
    *knobs(SCHEDULER, [
        ("scheduler.port", 9000, f"{SCHEDULER_MAIN}.ports.tcp-comm.containerPort", 8786, 9000),
        ("scheduler.dashboardPort", 9001, f"{SCHEDULER_MAIN}.ports.http-dashboard.containerPort",
         8787, 9001),
        ("scheduler.idleTimeout", "12h", f"{SCHEDULER_MAIN}.args", None, ["--idle-timeout", "12h"]),
        ("scheduler.safeToEvict", True,
         "spec.template.metadata.annotations.cluster-autoscaler_kubernetes_io/safe-to-evict",
         "false", "true"),
        ("scheduler.safeToEvict", True,
         "spec.template.metadata.annotations.karpenter_sh/do-not-disrupt", "true", ABSENT),
    ]),
    *knobs(("Service", "dask-scheduler"), [
        ("scheduler.port", 9000, "spec.ports.tcp-comm.port", 8786, 9000),
        ("scheduler.dashboardPort", 9001, "spec.ports.http-dashboard.port", 8787, 9001),
        ("scheduler.serviceType", "NodePort", "spec.type", "ClusterIP", "NodePort"),
        ("scheduler.serviceAnnotations", {"a": "yes"}, "metadata.annotations.a", ABSENT, "yes"),
    ]),
]  # fmt: skip
WORKER = ("Deployment", "dask-workers")
WORKER_KNOBS = [
    *pod_knobs("workers", "dask-workers", "worker"),
    *knobs(WORKER, [
        ("workers.replicas", 0, "spec.replicas", 2, 0),
        ("workers.replicas", 7, "spec.replicas", 2, 7),
        ("workers.processes", 3, WORKER_ARGS, ["--nworkers", "2"], ["--nworkers", "3"]),
        ("workers.processes", 3, WORKER_ARGS, ["--memory-limit", "2013265920"],
         ["--memory-limit", "1342177280"]),
        ("workers.threads", 4, WORKER_ARGS, ["--nthreads", "1"], ["--nthreads", "4"]),
        ("workers.resources.limits.memory", "8Gi", WORKER_ARGS, ["--memory-limit", "2013265920"],
         ["--memory-limit", "4160749568"]),
        ("workers.memoryReserve", "1Gi", WORKER_ARGS, ["--memory-limit", "2013265920"],
         ["--memory-limit", "1610612736"]),
        ("workers.localDirectory", "/scratch", WORKER_ARGS, ["--local-directory", "/tmp/dask"],
         ["--local-directory", "/scratch"]),
        ("workers.workerPorts", "50000:50099", WORKER_ARGS, ["--worker-port", "40000:41023"],
         ["--worker-port", "50000:50099"]),
        ("workers.nannyPorts", "51000:51099", WORKER_ARGS, ["--nanny-port", "42000:43023"],
         ["--nanny-port", "51000:51099"]),
        ("workers.dashboardPort", 8888, WORKER_ARGS, ["--dashboard-address", ":8790"],
         ["--dashboard-address", ":8888"]),
        ("workers.dashboardPort", 8888, f"{WORKER_MAIN}.ports.http-metrics.containerPort", 8790,
         8888),
        ("workers.safeToEvict", False,
         "spec.template.metadata.annotations.cluster-autoscaler_kubernetes_io/safe-to-evict",
         "true", "false"),
        ("workers.safeToEvict", False,
         "spec.template.metadata.annotations.karpenter_sh/do-not-disrupt", ABSENT, "true"),
        ("workers.gracePeriod", 600, f"{WORKER_MAIN}.lifecycle.preStop.exec.command.5", "150",
         "570"),
    ]),
]  # fmt: skip
AUTOSCALED, KEDA = (
    {"autoscaling": {"enabled": True}},
    {"autoscaling": {"enabled": True, "type": "keda"}},
)
KEDA_HPA = "spec.advanced.horizontalPodAutoscalerConfig"
HPA, SCALED = ("HorizontalPodAutoscaler", "dask-workers"), ("ScaledObject", "dask-workers")
MONITORED = {"monitoring": {"enabled": True}}
INGRESS, ROUTE = (
    {"ingress": {"enabled": True}},
    {"httpRoute": {"enabled": True, "parentRefs": [{"name": "gateway"}]}},
)
EGRESS = {"networkPolicy": {"restrictEgress": True}}
OTHER_KNOBS = [
    *knobs(SCHEDULER, [
        ("name", "paris", "metadata.labels.modelops_io/workspace", "dask", "paris"),
        ("imagePullSecrets", [{"name": "pull"}], f"{POD}.imagePullSecrets", ABSENT,
         [{"name": "pull"}]),
        ("scheduler.replicas", 1, "spec.replicas", 1, 1),
        ("tls.secretName", "certificates", f"{SCHEDULER_MAIN}.args", None, ["--protocol", "tls"]),
    ]),
    *knobs(WORKER, [
        ("name", "paris", "spec.template.metadata.labels.modelops_io/workspace", "dask", "paris"),
        ("labels", {"team": "no"}, "metadata.labels.team", ABSENT, "no"),
        ("annotations", {"note": "0x10"}, "metadata.annotations.note", ABSENT, "0x10"),
        ("imagePullSecrets", [{"name": "pull"}], f"{POD}.imagePullSecrets", ABSENT,
         [{"name": "pull"}]),
        ("autoscaling.enabled", True, "spec.replicas", 2, ABSENT),
        ("tls.secretName", "certificates", f"{POD}.volumes.tls", ABSENT,
         {"name": "tls", "secret": {"secretName": "certificates"}}),
        ("tls.secretName", "certificates", f"{WORKER_MAIN}.args.0", "tcp://dask-scheduler:8786",
         "tls://dask-scheduler:8786"),
        ("serviceAccount.create", False, f"{POD}.serviceAccountName", "dask", "default"),
        ("serviceAccount.name", "robot", f"{POD}.serviceAccountName", "dask", "robot"),
        ("podSecurityContext.runAsNonRoot", False, f"{POD}.securityContext.runAsNonRoot", True,
         False),
        ("podSecurityContext.runAsUser", 2000000000, f"{POD}.securityContext.runAsUser", 10001,
         2000000000),
        ("podSecurityContext.runAsGroup", 0, f"{POD}.securityContext.runAsGroup", 10001, 0),
        ("podSecurityContext.fsGroup", 2000, f"{POD}.securityContext.fsGroup", 10001, 2000),
        ("podSecurityContext.supplementalGroups", [1000000, 5],
         f"{POD}.securityContext.supplementalGroups", ABSENT, [1000000, 5]),
        ("podSecurityContext.seccompProfile.type", "Unconfined",
         f"{POD}.securityContext.seccompProfile.type", "RuntimeDefault", "Unconfined"),
        ("containerSecurityContext.allowPrivilegeEscalation", True,
         f"{WORKER_MAIN}.securityContext.allowPrivilegeEscalation", False, True),
        ("containerSecurityContext.readOnlyRootFilesystem", False,
         f"{WORKER_MAIN}.securityContext.readOnlyRootFilesystem", True, False),
        ("containerSecurityContext.capabilities.drop", [],
         f"{WORKER_MAIN}.securityContext.capabilities", {"drop": ["ALL"]}, ABSENT),
        ("containerSecurityContext.capabilities.add", ["SYS_PTRACE"],
         f"{WORKER_MAIN}.securityContext.capabilities.add", ABSENT, ["SYS_PTRACE"]),
        ("openshift", True, f"{POD}.securityContext",
         {**NOT_ROOT, "runAsUser": 10001, "runAsGroup": 10001, "fsGroup": 10001}, NOT_ROOT),
    ]),
    *knobs(("Deployment", "dask-workers-gpu"), [
        ("workerGroups", {"gpu": group(replicas=3)}, "spec.replicas", ABSENT, 3),
    ]),
    *knobs(HPA, [
        ("autoscaling.enabled", True, "spec.scaleTargetRef.name", ABSENT, "dask-workers"),
    ]),
    *knobs(SCALED, [
        ("autoscaling.type", "keda", "spec.scaleTargetRef.name", ABSENT, "dask-workers"),
    ], AUTOSCALED),
    *knobs(HPA, [
        ("autoscaling.type", "keda", "kind", "HorizontalPodAutoscaler", ABSENT),
        ("autoscaling.minWorkers", 3, "spec.minReplicas", 2, 3),
        ("autoscaling.maxWorkers", 30, "spec.maxReplicas", 10, 30),
        ("autoscaling.targetCPU", 50, "spec.metrics.0.containerResource.target.averageUtilization",
         70, 50),
        ("autoscaling.scaleDownDelay", 0, "spec.behavior.scaleDown.stabilizationWindowSeconds", 300,
         0),
    ], AUTOSCALED),
    *knobs(SCALED, [
        ("autoscaling.minWorkers", 3, "spec.minReplicaCount", 2, 3),
        ("autoscaling.maxWorkers", 30, "spec.maxReplicaCount", 10, 30),
        ("autoscaling.scaleDownDelay", 60,
         f"{KEDA_HPA}.behavior.scaleDown.stabilizationWindowSeconds",
         300, 60),
        ("workers.processes", 4, "spec.triggers.0.metadata.targetValue", "2", "4"),
    ], KEDA),
    *knobs(("NetworkPolicy", "dask"), [
        ("networkPolicy.enabled", False, "kind", "NetworkPolicy", ABSENT),
        ("networkPolicy.clientLabels", {"run": "on"},
         "spec.ingress.1.from.1.podSelector.matchLabels.run", ABSENT, "on"),
        ("networkPolicy.restrictEgress", True, "spec.policyTypes", ["Ingress"],
         ["Ingress", "Egress"]),
    ]),
    *knobs(("NetworkPolicy", "dask-scheduler"), [
        ("networkPolicy.enabled", False, "kind", "NetworkPolicy", ABSENT),
    ], {"scheduler": {"serviceType": "NodePort"}}),
    *knobs(("NetworkPolicy", "dask"), [
        ("networkPolicy.extraIngress", [RULE], "spec.ingress.2", ABSENT, RULE),
    ]),
    *knobs(("NetworkPolicy", "dask"), [
        ("networkPolicy.extraEgress", [{"to": RULE["from"]}], "spec.egress.2", ABSENT,
         {"to": RULE["from"]}),
    ], EGRESS),
    *knobs(("PodDisruptionBudget", "dask-scheduler"), [
        ("podDisruptionBudget.enabled", False, "kind", "PodDisruptionBudget", ABSENT),
    ]),
    *knobs(("PodDisruptionBudget", "dask-workers"), [
        ("podDisruptionBudget.enabled", False, "kind", "PodDisruptionBudget", ABSENT),
        ("podDisruptionBudget.workersMaxUnavailable", 2, "spec.maxUnavailable", "25%", 2),
        ("podDisruptionBudget.workersMaxUnavailable", "50%", "spec.maxUnavailable", "25%", "50%"),
    ]),
    *knobs(("ServiceMonitor", "dask-scheduler"), [
        ("monitoring.enabled", True, "kind", ABSENT, "ServiceMonitor"),
    ]),
    *knobs(("PodMonitor", "dask-workers"), [
        ("monitoring.enabled", True, "kind", ABSENT, "PodMonitor"),
    ]),
    *knobs(("ServiceMonitor", "dask-scheduler"), [
        ("monitoring.interval", "5m", "spec.endpoints.0.interval", "30s", "5m"),
        ("monitoring.labels", {"release": "prom"}, "metadata.labels.release", ABSENT, "prom"),
    ], MONITORED),
    *knobs(("PodMonitor", "dask-workers"), [
        ("monitoring.interval", "5m", "spec.podMetricsEndpoints.0.interval", "30s", "5m"),
        ("monitoring.labels", {"release": "prom"}, "metadata.labels.release", ABSENT, "prom"),
    ], MONITORED),
    *knobs(("Ingress", "dask-scheduler"), [
        ("ingress.enabled", True, "kind", ABSENT, "Ingress"),
    ]),
    *knobs(("Ingress", "dask-scheduler"), [
        ("ingress.className", "nginx", "spec.ingressClassName", ABSENT, "nginx"),
        ("ingress.host", "dask.example.com", "spec.rules.0.host", ABSENT, "dask.example.com"),
        ("ingress.tlsSecret", "cert", "spec.tls", ABSENT, [{"secretName": "cert"}]),
        ("ingress.annotations", {"a": "on"}, "metadata.annotations.a", ABSENT, "on"),
    ], INGRESS),
    *knobs(("HTTPRoute", "dask-scheduler"), [
        ("httpRoute.enabled", True, "kind", ABSENT, "HTTPRoute"),
    ]),
    *knobs(("HTTPRoute", "dask-scheduler"), [
        ("httpRoute.parentRefs", [{"name": "other"}], "spec.parentRefs.0.name", "gateway", "other"),
        ("httpRoute.hostnames", ["dask.example.com"], "spec.hostnames", ABSENT,
         ["dask.example.com"]),
    ], ROUTE),
    *knobs(("ServiceAccount", "dask"), [
        ("serviceAccount.create", False, "kind", "ServiceAccount", ABSENT),
        ("serviceAccount.annotations", {"eks.amazonaws.com/role-arn": "arn:1"},
         "metadata.annotations", ABSENT, {"eks.amazonaws.com/role-arn": "arn:1"}),
    ]),
    *knobs(("ServiceAccount", "robot"), [
        ("serviceAccount.name", "robot", "kind", ABSENT, "ServiceAccount"),
    ]),
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
    missing = sorted(settings - {knob.key for knob in KNOBS})
    assert not missing, f"add a row to pod_knobs, WORKER_KNOBS or OTHER_KNOBS for {missing}"
    assert len(settings) >= 100


def test_no_setting_is_without_effect():
    """A setting that no template reads would pass every other test."""
    still = [
        knob.key
        for knob in KNOBS
        if knob.key != "scheduler.replicas"
        and render(knob.given).text == render(over(knob.given, nested(knob.key, knob.value))).text
    ]
    assert not still, f"no template reads {still}"
