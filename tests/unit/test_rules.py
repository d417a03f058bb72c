"""Settings that do not fit together: what each rule refuses or warns of, and what is just right."""

from __future__ import annotations

import pytest

from mops.checks import registry
from mops.config.dialects import read
from mops.config.resolve import resolve
from mops.config.view import View
from mops.schema.fields import load_schema
from unit.effect_cases import RIGHT
from unit.kubernetes_cases import PASSED_ON
from unit.rule_cases import MISFITS

SCHEMA = load_schema()


def problems(*texts):
    files = [read(text, f"f{index}.yaml", SCHEMA) for index, text in enumerate(texts)]
    assert [problem for file in files for problem in file.problems] == []
    config = resolve([SCHEMA.defaults(), *(file.layer for file in files)], SCHEMA)
    return registry.check(config, SCHEMA)


def worker(text):
    return f"workers: {{{text}}}"


def memory(limit, processes):
    amounts = f"{{cpu: {processes}, memory: {limit}}}"
    return worker(f"processes: {processes}, resources: {{requests: {amounts}, limits: {amounts}}}")


@pytest.mark.parametrize("text", [
    "{}",
    "autoscaling: {minWorkers: 3, maxWorkers: 3}",
    worker("resources: {requests: {memory: 4.1G}, limits: {memory: 4Gi}}"),
    worker("resources: {limits: {cpu: ''}}"),
    worker("processes: 1, resources: {requests: {cpu: 500m}, limits: {cpu: 1}}"),
    memory("1280Mi", 4),
    worker("env: {DASK_DISTRIBUTED__WORKER__MEMORY__TARGET: 0.6,"
           " DASK_DISTRIBUTED__WORKER__MEMORY__SPILL: 0.7}"),
    worker("env: {DASK_DISTRIBUTED__WORKER__MEMORY__TARGET: False,"
           " DASK_DISTRIBUTED__WORKER__MEMORY__SPILL: 0.1}"),
    worker("env: {A: $$(X), B: $(A), C: $(POD_NAME)}"),
    worker("env: {A: $(X)}, envFrom: [{secretRef: {name: s}}]"),
    worker("volumes: [{name: a, emptyDir: {}}],"
           " volumeMounts: [{name: a, mountPath: /a}, {name: tmp, mountPath: /b}]"),
    worker("tolerations: [{operator: Exists}, {key: a, value: b},"
           " {key: a, operator: Exists, effect: NoExecute, tolerationSeconds: 3}]"),
    "podSecurityContext: {runAsUser: 0, runAsNonRoot: false}",
    "openshift: true\npodSecurityContext: {runAsUser: 0}",
    "ingress: {enabled: true, host: a.b, tlsSecret: s}",
    "httpRoute: {enabled: true, parentRefs: [{name: g}]}",
    worker("initContainers: [{name: a, image: x:1}], sidecars: [{name: b, image: x:1}]"),
    worker("workerPorts: 1024:2000, nannyPorts: 2001:65535"),
    "labels: {team: x, app.kubernetes.io/owner: y}",
])  # fmt: skip
def test_what_is_just_right(text):
    assert problems(text) == []


@pytest.mark.parametrize("text", RIGHT, ids=range(len(RIGHT)))
def test_what_resembles_a_setting_without_effect(text):
    assert problems(text.replace("«", "")) == []


@pytest.mark.parametrize(
    ("rule", "severity", "text", "message"),
    [*MISFITS, *PASSED_ON],
    ids=[f"{rule}-{index}" for index, (rule, *_) in enumerate([*MISFITS, *PASSED_ON])],
)
def test_what_does_not_fit(rule, severity, text, message):
    before, _, after = text.partition("«")
    line, column = before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1
    found = [
        (problem.check, problem.severity, problem.origin.place, problem.message)
        for problem in problems(before + after)
    ]
    assert found == [(rule, severity, f"f0.yaml:{line}:{column}", message)]


def places(*texts):
    return [(problem.origin.place, problem.message) for problem in problems(*texts)]


def test_the_problem_is_reported_at_the_highest_layer_involved():
    assert places("autoscaling: {minWorkers: 5}", "autoscaling: {maxWorkers: 4}") == [
        ("f1.yaml:1:27", "minWorkers 5 is more than maxWorkers 4")
    ]
    assert places("autoscaling: {maxWorkers: 4}", "autoscaling: {minWorkers: 5}") == [
        ("f1.yaml:1:27", "minWorkers 5 is more than maxWorkers 4")
    ]


def test_a_long_name_is_reported_where_its_group_is_added():
    release = f"workspace: {{release: {{name: {'a' * 53}}}}}"
    message = f"the name {'a' * 53}-workers-bbb has 65 characters; Kubernetes allows 63"
    assert places(release, "workerGroups: {bbb: {replicas: 1}}") == [("f1.yaml:1:32", message)]


def test_groups_are_checked_too():
    assert places("workerGroups: {big: {processes: 3}}") == [
        ("f0.yaml:1:33", "3 processes x 1 threads = 3 compete for 2 CPU")
    ]


def test_a_group_does_not_repeat_what_it_inherits():
    assert places("workers: {processes: 3}\nworkerGroups: {big: {replicas: 1}}") == [
        ("f0.yaml:1:22", "3 processes x 1 threads = 3 compete for 2 CPU")
    ]


def test_nothing_is_concluded_from_a_refused_value():
    file = read("autoscaling: {minWorkers: x, maxWorkers: 1}", "f", SCHEMA)
    assert [problem.message for problem in file.problems] == ["expected an integer, found x"]
    config = resolve([SCHEMA.defaults(), file.layer], SCHEMA)
    assert registry.check(config, SCHEMA, file.refused) == []
    assert len(registry.check(config, SCHEMA)) == 1


def test_no_rule_is_left_out_that_would_find_something():
    """The gates before rules that few configurations need are never closed in vain."""
    texts = [text for _, _, text, _ in MISFITS] + RIGHT
    rules = [rule for rule in registry.all_rules() if rule.find and rule.name != "idle-layer"]
    for text in texts:
        file = read(text.replace("«", ""), "f.yaml", SCHEMA)
        config = resolve([SCHEMA.defaults(), file.layer], SCHEMA)
        view = View(config, SCHEMA)
        expected = {rule.name for rule in rules if next(rule.find(view), None)}
        assert {problem.check for problem in registry.check(config, SCHEMA)} == expected, text
