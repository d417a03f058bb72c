"""Rules across settings: each with what it refuses, what it warns of, and what is just right."""

from __future__ import annotations

import pytest

from mops.checks import rules
from mops.config.dialects import read
from mops.config.resolve import resolve
from mops.schema.fields import load_schema

SETTINGS = load_schema()
FITS = "workers: {processes: 1, resources: {requests: {cpu: 2, memory: 4Gi}, limits: {cpu: 2, memory: 4Gi}}}"


def problems(*texts):
    files = [read(text, f"f{index}.yaml", SETTINGS) for index, text in enumerate(texts)]
    assert [problem for file in files for problem in file.problems] == []
    config = resolve([SETTINGS.defaults(), *(file.layer for file in files)], SETTINGS)
    return [
        (problem.severity, problem.origin.place, problem.message) for problem in rules.check(config)
    ]


def worker(text):
    return f"workers: {{{text}}}"


def memory(limit, processes, more=""):
    return f"workers: {{processes: {processes}, {more}resources: {{requests: {{cpu: 64, memory: {limit}}}, limits: {{cpu: 64, memory: {limit}}}}}}}"


@pytest.mark.parametrize("text", [
    "{}",
    "autoscaling: {minWorkers: 3, maxWorkers: 3}",
    worker("resources: {requests: {memory: 4.1G}, limits: {memory: 4Gi}}"),
    worker("resources: {limits: {cpu: ''}}"),
    worker("processes: 1, resources: {requests: {cpu: 500m}, limits: {cpu: 1}}"),
    memory("1280Mi", 4),
    worker("env: {DASK_DISTRIBUTED__WORKER__MEMORY__TARGET: 0.6, DASK_DISTRIBUTED__WORKER__MEMORY__SPILL: 0.7}"),
    worker("env: {DASK_DISTRIBUTED__WORKER__MEMORY__TARGET: False, DASK_DISTRIBUTED__WORKER__MEMORY__SPILL: 0.1}"),
    worker("env: {A: $$(X), B: $(A), C: $(POD_NAME)}"),
    worker("env: {A: $(X)}, envFrom: [{secretRef: {name: s}}]"),
    worker("volumes: [{name: a, emptyDir: {}}], volumeMounts: [{name: a, mountPath: /a}, {name: tmp, mountPath: /b}]"),
    worker("tolerations: [{operator: Exists}, {key: a, value: b}, {key: a, operator: Exists, effect: NoExecute, tolerationSeconds: 3}]"),
    "podSecurityContext: {runAsUser: 0, runAsNonRoot: false}",
    "openshift: true\npodSecurityContext: {runAsUser: 0}",
    "ingress: {enabled: true, host: a.b, tlsSecret: s}",
    "httpRoute: {enabled: true, parentRefs: [{name: g}]}",
    worker("initContainers: [{name: a, image: x}], sidecars: [{name: b, image: x}]"),
    worker("workerPorts: 1024:2000, nannyPorts: 2001:65535"),
    "labels: {team: x, app.kubernetes.io/owner: y}",
])  # fmt: skip
def test_what_is_just_right(text):
    assert problems(text) == []


E, W = "error", "warning"


# « stands before the place that the problem names.
@pytest.mark.parametrize(("text", "severity", "message"), [
    ("autoscaling: {minWorkers: «11}", E, "minWorkers 11 is more than maxWorkers 10"),
    ("autoscaling: {maxWorkers: «1}", E, "minWorkers 2 is more than maxWorkers 1"),
    ("workers: {resources: {requests: {memory: «8Gi}}}", E, "the memory request 8Gi is more than the limit 4Gi"),
    ("workers: {resources: {requests: {memory: «4.1G}, limits: {memory: 3900Mi}}}", E, "the memory request 4.1G is more than the limit 3900Mi"),
    ("workers: {resources: {requests: {cpu: «2001m}}}", E, "the cpu request 2001m is more than the limit 2"),
    ("scheduler: {resources: {requests: {memory: «3Gi}}}", E, "the memory request 3Gi is more than the limit 2Gi"),
    ("workers: {resources: {limits: {memory: «1025Ti}}}", E, "1025Ti is more than 1024Ti, and the chart computes with 64 bits"),
    ("workers: {memoryReserve: «2e15}", E, "2e15 is more than 1024Ti, and the chart computes with 64 bits"),
    ("workers: {processes: 8, resources: {requests: {cpu: 64, memory: 512Mi}, limits: {cpu: 64, memory: «512Mi}}}", E, "(512Mi - 256Mi reserve) / 8 processes leaves 32Mi for each process; Dask needs 64Mi"),
    ("workers: {processes: 1, resources: {requests: {cpu: 64, memory: 200Mi}, limits: {cpu: 64, memory: «200Mi}}}", E, "(200Mi - 256Mi reserve) / 1 processes leaves 0 bytes for each process; Dask needs 64Mi"),
    ("workers: {processes: 2, resources: {requests: {cpu: 64, memory: 767Mi}, limits: {cpu: 64, memory: «767Mi}}}", W, "(767Mi - 256Mi reserve) / 2 processes leaves only 255.5Mi for each process"),
    ("workers: {processes: «3}", W, "3 processes x 1 threads = 3 compete for 2 CPU"),
    ("workers: {threads: «2}", W, "2 processes x 2 threads = 4 compete for 2 CPU"),
    ("workers: {env: {DASK_DISTRIBUTED__WORKER__MEMORY__TARGET: «0.9, DASK_DISTRIBUTED__WORKER__MEMORY__SPILL: 0.8}}", E, "the memory thresholds are out of order: target 0.9 is above spill 0.8"),
    ("workers: {env: {DASK_DISTRIBUTED__WORKER__MEMORY__TARGET: «0.9}}", W, "the memory thresholds are out of order: target 0.9 is above spill 0.7 (Dask default)"),
    ("workers: {env: {DASK_DISTRIBUTED__WORKER__MEMORY__TERMINATE: «0.5}}", W, "the memory thresholds are out of order: pause 0.8 (Dask default) is above terminate 0.5"),
    ("workspace: {release: {name: «aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa}, worker_groups: {bbb: {replicas: 1}}}", E, "the name aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-workers-bbb has 65 characters; Kubernetes allows 63"),
    ("scheduler: {port: «8787}", E, "port and dashboardPort are both 8787"),
    ("workers: {workerPorts: «40010:40000}", E, "40010:40000 is not a range of at least two ports from 1024 to 65535"),
    ("workers: {processes: 3, resources: {limits: {cpu: 3}}, workerPorts: «40000:40001}", E, "40000:40001 holds 2 ports for 3 processes"),
    ("workers: {workerPorts: «50000:70000}", E, "50000:70000 is not a range of at least two ports from 1024 to 65535"),
    ("workers: {workerPorts: «40000:40000}", E, "40000:40000 is not a range of at least two ports from 1024 to 65535"),
    ("workers: {nannyPorts: «41000:42000}", E, "workerPorts and nannyPorts overlap"),
    ("labels: {app.kubernetes.io/name: «x}", E, "the label app.kubernetes.io/name is the chart's own"),
    ("workers: {podLabels: {modelops.io/component: «x}}", E, "the label modelops.io/component is the chart's own"),
    ("workers: {env: {A: «$(B), B: 1}}", E, "$(B) is used before it is set: variables are set in the order of their names"),
    ("workers: {env: {A: «$(A)}}", E, "$(A) is used before it is set: variables are set in the order of their names"),
    ("workers: {env: {A: «x$(NOPE)y}}", W, "$(NOPE) names no variable of this container and stays text"),
    ("workers: {env: {POD_IP: «x}}", E, "the chart sets POD_IP itself"),
    ("tls: {secretName: s}\nworkers: {env: {DASK_DISTRIBUTED__COMM__TLS__CA_FILE: «x}}", E, "the chart sets DASK_DISTRIBUTED__COMM__TLS__CA_FILE itself"),
    ("workers: {envFrom: «[{secretRef: {name: s}, configMapRef: {name: c}}]}", E, "an entry takes from a secretRef or from a configMapRef, not from both"),
    ("scheduler: {envFrom: «[{prefix: A_}]}", E, "an entry takes from a secretRef or from a configMapRef, not from neither"),
    ("workers: {volumes: «[{name: a}, {name: a}]}", E, "the volume a is there twice"),
    ("workers: {volumes: «[{name: tmp}]}", E, "the volume name tmp is the chart's own"),
    ("workers: {volumeMounts: «[{name: a, mountPath: /a}]}", E, "there is no volume a"),
    ("workers: {volumeMounts: «[{name: tmp, mountPath: /tmp}]}", E, "/tmp is mounted twice"),
    ("workers: {sidecars: «[{name: worker, image: x}]}", E, "two containers are called worker"),
    ("podSecurityContext: {runAsUser: «0}", E, "runAsUser 0 is root, which runAsNonRoot refuses"),
    ("httpRoute: {enabled: «true}", E, "an HTTPRoute needs parentRefs"),
    ("ingress: {tlsSecret: «s}", E, "an Ingress with tlsSecret needs a host"),
    ("workers: {tolerations: «[{key: a, operator: Exists, value: b}]}", E, "a toleration with the operator Exists takes no value"),
    ("workers: {tolerations: «[{operator: Equal, value: b}]}", E, "a toleration without a key needs the operator Exists"),
    ("workers: {tolerations: «[{key: a, operator: Exists, tolerationSeconds: 3}]}", E, "tolerationSeconds goes with the effect NoExecute"),
])  # fmt: skip
def test_what_does_not_fit(text, severity, message):
    before, _, after = text.partition("«")
    place = f"f0.yaml:{before.count(chr(10)) + 1}:{len(before.rpartition(chr(10))[2]) + 1}"
    assert problems(before + after) == [(severity, place, message)]


def test_the_problem_stands_at_the_highest_layer_involved():
    assert problems("autoscaling: {minWorkers: 5}", "autoscaling: {maxWorkers: 4}") == [
        ("error", "f1.yaml:1:27", "minWorkers 5 is more than maxWorkers 4")
    ]
    assert problems("autoscaling: {maxWorkers: 4}", "autoscaling: {minWorkers: 5}") == [
        ("error", "f1.yaml:1:27", "minWorkers 5 is more than maxWorkers 4")
    ]


def test_groups_are_judged_too():
    found = problems("workerGroups: {big: {processes: 3}}")
    assert found == [("warning", "f0.yaml:1:33", "3 processes x 1 threads = 3 compete for 2 CPU")]


def test_nothing_is_concluded_from_what_was_refused():
    file = read("autoscaling: {minWorkers: x, maxWorkers: 1}", "f", SETTINGS)
    assert [problem.message for problem in file.problems] == ["expected an integer, found x"]
    config = resolve([SETTINGS.defaults(), file.layer], SETTINGS)
    assert rules.check(config, file.refused) == []
    assert len(rules.check(config)) == 1
