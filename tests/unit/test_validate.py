"""Nodes against the schema: what is taken, and what is said of what is not."""

from __future__ import annotations

import pytest

from mops.config import dialects
from mops.model.layer import nest
from mops.schema.fields import load_schema
from mops.schema.reading import read_statements
from mops.schema.scalars import Mistyped, scalar
from mops.schema.statement import MOST_SEARCHES, Source, Statement
from mops.yamltext.nodes import Text, word
from mops.yamltext.reader import parse

SETTINGS = load_schema()
STRING, INTEGER, BOOLEAN, PERCENT = (
    {"type": "string"},
    {"type": "integer"},
    {"type": "boolean"},
    {"type": ["integer", "string"]},
)


@pytest.mark.parametrize(
    ("text", "quoted", "tree", "value"),
    [
        ("1.10", False, STRING, "1.10"),
        ("010", False, STRING, "010"),
        ("yes", False, STRING, "yes"),
        ("0.90", False, STRING, "0.90"),
        ("1e3", False, STRING, "1e3"),
        ("true", False, STRING, "true"),
        ("null", True, STRING, "null"),
        ("12:30:00", False, STRING, "12:30:00"),
        ("", True, STRING, ""),
        ("3", False, INTEGER, 3),
        ("0", False, INTEGER, 0),
        ("-3", False, INTEGER, -3),
        ("true", False, BOOLEAN, True),
        ("false", False, BOOLEAN, False),
        ("3", False, PERCENT, 3),
        ("3%", False, PERCENT, "3%"),
        ("3", True, PERCENT, "3"),
        ("3", False, {}, 3),
        ("3", True, {}, "3"),
        ("true", False, {}, True),
        ("text", False, {}, "text"),
        ("1.2.3", False, {}, "1.2.3"),
    ],
)
def test_scalar(text, quoted, tree, value):
    found = scalar(Text(text, quoted, 1, 1), tree)
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "quoted", "tree", "message", "hint"),
    [
        ("3", True, INTEGER, "expected an integer, found a quoted string", "remove the quotes"),
        (
            "true",
            True,
            BOOLEAN,
            "expected true or false, found a quoted string",
            "remove the quotes",
        ),
        ("010", False, INTEGER, "expected an integer, found 010", "write 10"),
        ("+3", False, INTEGER, "expected an integer, found +3", "write 3"),
        ("1_000", False, INTEGER, "expected an integer, found 1_000", "write 1000"),
        ("4.0", False, INTEGER, "expected an integer, found 4.0", "write 4"),
        ("0x4", False, INTEGER, "expected an integer, found 0x4", "use a decimal integer"),
        ("1e3", False, INTEGER, "expected an integer, found 1e3", "use a decimal integer"),
        ("1:30", False, INTEGER, "expected an integer, found 1:30", "use a decimal integer"),
        ("two", False, INTEGER, "expected an integer, found two", ""),
        ("", False, INTEGER, "expected an integer, found an empty value", ""),
        (
            "9" * 5000,
            False,
            INTEGER,
            "expected an integer, found a string",
            "an integer has at most 18 digits",
        ),
        ("3 # no", False, INTEGER, "expected an integer, found a string", "use a decimal integer"),
        ("-0", False, INTEGER, "expected an integer, found -0", "write 0"),
        (
            "9" * 30,
            False,
            INTEGER,
            f"expected an integer, found {'9' * 30}",
            "an integer has at most 18 digits",
        ),
        ("yes", False, BOOLEAN, "expected true or false, found yes", "write true"),
        ("OFF", False, BOOLEAN, "expected true or false, found OFF", "write false"),
        ("1", False, BOOLEAN, "expected true or false, found 1", "write true"),
        ("True", False, BOOLEAN, "expected true or false, found True", "write true"),
        ("maybe", False, BOOLEAN, "expected true or false, found maybe", ""),
        ("no", False, {}, "YAML readers disagree on what no is", 'write "no" for a string'),
        ("1e3", False, {}, "YAML readers disagree on what 1e3 is", 'write "1e3" for a string'),
        (
            "2024-01-01",
            False,
            {},
            "YAML readers disagree on what 2024-01-01 is",
            'write "2024-01-01" for a string',
        ),
        ("~", False, {}, "null is not allowed here", "remove it"),
        ("null", False, STRING, "null is not allowed here", "remove it"),
    ],
)
def test_scalar_of_another_type(text, quoted, tree, message, hint):
    with pytest.raises(Mistyped) as caught:
        scalar(Text(text, quoted, 1, 1), tree)
    assert (str(caught.value), caught.value.hint) == (message, hint)


def read(text: str, **settings):
    root, problems = parse(text, "f", "f")
    assert problems == []
    return read_statements(SETTINGS, [Statement(Source("f", "f", **settings), ((),), root)])


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        (
            "workers: {processes: 3, image_pull_policy: Never}",
            {"workers": {"processes": 3, "imagePullPolicy": "Never"}},
        ),
        (
            (
                "workers: {env: [{name: A, value: 1.10}, {name: B, valueFrom: {fieldRef: "
                "{fieldPath: x}}}]}"
            ),
            {
                "workers": {
                    "env": {"A": "1.10", "B": {"valueFrom": {"fieldRef": {"fieldPath": "x"}}}}
                }
            },
        ),
        ("workers: {env: {A: {value: x}}}", {"workers": {"env": {"A": "x"}}}),
        (
            "workers: {env: {A: {value_from: {secret_key_ref: {name: s, key: k}}}}}",
            {"workers": {"env": {"A": {"valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}}}},
        ),
        ("workers: {processes: null, env: ~}", {"workers": {"processes": None, "env": None}}),
        (
            (
                "{workers: {tolerations: [{key: a, operator: Exists}]}, global: {site: "
                "{x: [1, true, text]}}}"
            ),
            {
                "workers": {"tolerations": [{"key": "a", "operator": "Exists"}]},
                "global": {"site": {"x": [1, True, "text"]}},
            },
        ),
        (
            "podDisruptionBudget: {workersMaxUnavailable: 2}",
            {"podDisruptionBudget": {"workersMaxUnavailable": 2}},
        ),
        (
            "podDisruptionBudget: {workersMaxUnavailable: 20%}",
            {"podDisruptionBudget": {"workersMaxUnavailable": "20%"}},
        ),
        ("workers: {affinity: {}}", {"workers": {"affinity": {}}}),
        ("workers: {env: {}}", {}),
    ],
)
def test_walk(text, tree):
    reading = read(text)
    assert reading.problems == []
    assert nest((path, leaf.value) for path, leaf in reading.leaves.get("f", {}).items()) == tree


@pytest.mark.parametrize(
    ("text", "place", "key", "message"),
    [
        ("workers: 3", "f:1:10", "workers", "expected a mapping, found a scalar"),
        ("workers: [3]", "f:1:10", "workers", "expected a mapping, found a list"),
        (
            "workers: {env: 3}",
            "f:1:16",
            "workers.env",
            "expected a mapping or a list of named entries, found a scalar",
        ),
        (
            "workers: {processes: [3]}",
            "f:1:22",
            "workers.processes",
            "expected an integer, found a list",
        ),
        (
            "workers: {processes: {a: 3}}",
            "f:1:22",
            "workers.processes",
            "expected an integer, found a mapping",
        ),
        ("workers: {processes: }", "f:1:22", "workers.processes", "this key has no value"),
        (
            "workers: {tolerations: {key: a}}",
            "f:1:24",
            "workers.tolerations",
            "expected a list, found a mapping",
        ),
        (
            "workers: {tolerations: [x]}",
            "f:1:25",
            "workers.tolerations.[0]",
            "expected a mapping, found a string",
        ),
        (
            "workers: {tolerations: [{key: a, opertor: Exists}]}",
            "f:1:34",
            "workers.tolerations.[0].opertor",
            "unknown setting",
        ),
        (
            "workers: {tolerations: [{tolerationSeconds: x}]}",
            "f:1:45",
            "workers.tolerations.[0].tolerationSeconds",
            "expected an integer, found x",
        ),
        (
            "workers: {tolerations: [null]}",
            "f:1:25",
            "workers.tolerations.[0]",
            "null is not allowed here",
        ),
        (
            "workers: {env: [3]}",
            "f:1:17",
            "workers.env.[0]",
            "expected an entry with name and either value or valueFrom, found a scalar",
        ),
        (
            "workers: {env: [{value: 3}]}",
            "f:1:17",
            "workers.env.[0]",
            "expected an entry with name and either value or valueFrom, found a mapping",
        ),
        (
            "workers: {env: [{name: [a], value: 3}]}",
            "f:1:17",
            "workers.env.[0]",
            "name must be a string",
        ),
        (
            "workers: {env: [{name: A}]}",
            "f:1:17",
            "workers.env.A",
            "expected either value or valueFrom, found neither",
        ),
        (
            "workers: {env: [{name: A, value: 1, valueFrom: {}}]}",
            "f:1:17",
            "workers.env.A",
            "expected either value or valueFrom, found both",
        ),
        (
            "workers: {env: [{name: A, valeu: 1}]}",
            "f:1:27",
            "workers.env.A.valeu",
            "unknown setting",
        ),
        (
            "workers: {env: [{name: A, value: 1}, {name: A, value: 2}]}",
            "f:1:45",
            "workers.env.[1].name",
            "duplicate name A",
        ),
        (
            "workers: {env: [{name: 9A, value: 1}]}",
            "f:1:24",
            "workers.env.9A",
            "invalid name: expected an environment variable name",
        ),
        (
            "workers: {env: {A=B: 1}}",
            "f:1:17",
            "workers.env.A=B",
            "invalid name: expected an environment variable name",
        ),
        (
            "workers: {env: {A: [1]}}",
            "f:1:20",
            "workers.env.A",
            "expected a string or a mapping, found a list",
        ),
        (
            "workers: {env: {A: {valueFrom: {}}}}",
            "f:1:32",
            "workers.env.A.valueFrom",
            "expected exactly one of secretKeyRef",
        ),
        (
            "workers: {env: {A: {valueFrom: {secretKeyRef: {name: s}}}}}",
            "f:1:47",
            "workers.env.A.valueFrom.secretKeyRef",
            "key is missing",
        ),
        (
            "workers: {env: {A: {secretKeyRef: {name: s}}}}",
            "f:1:21",
            "workers.env.A.secretKeyRef",
            "valueFrom is missing around this",
        ),
        (
            "workers: {imagePullPolicy: Never, image_pull_policy: Never}",
            "f:1:54",
            "workers.image_pull_policy",
            "workers.imagePullPolicy is set twice",
        ),
        (
            "workers: {nodeSelector: {-a: b}}",
            "f:1:26",
            "workers.nodeSelector.-a",
            "invalid name: expected a Kubernetes label key",
        ),
        (
            "workers: {nodeSelector: {a: -b}}",
            "f:1:29",
            "workers.nodeSelector.a",
            "expected a Kubernetes label value",
        ),
        (
            "global: {a: yes}",
            "f:1:13",
            "global.a",
            "YAML readers disagree on what yes is",
        ),
        (
            "workers: {affinity: {a: yes}}",
            "f:1:22",
            "workers.affinity.a",
            "Affinity has no field a",
        ),
        (
            "workers: {affinity: {nodeAffinity: {requiredDuringScheduling: {}}}}",
            "f:1:37",
            "workers.affinity.nodeAffinity.requiredDuringScheduling",
            "NodeAffinity has no field requiredDuringScheduling",
        ),
        (
            "workers: {volumes: [{name: a, emptyDir: }]}",
            "f:1:41",
            "workers.volumes.[0].emptyDir",
            "this key has no value",
        ),
        (
            "workers: {volumes: [{name: a, emptyDir: {}}, {name: b, emptyDir: {medum: Memory}}]}",
            "f:1:67",
            "workers.volumes.[1].emptyDir.medum",
            "EmptyDirVolumeSource has no field medum",
        ),
        (
            "workers: {extraPodSpec: {dnsPolicy: none}}",
            "f:1:37",
            "workers.extraPodSpec.dnsPolicy",
            'expected one of ClusterFirst, ClusterFirstWithHostNet, Default, None, found "none"',
        ),
        (
            "workers: {extraPodSpec: {hostname: yes}}",
            "f:1:36",
            "workers.extraPodSpec.hostname",
            "YAML readers disagree on what yes is",
        ),
        (
            "workers: {extraPodSpec: {overhead: {cpu: 8 Gi}}}",
            "f:1:42",
            "workers.extraPodSpec.overhead.cpu",
            "expected a Kubernetes quantity such as 500m, 2 or 4Gi",
        ),
    ],
)
def test_walk_refuses(text, place, key, message):
    problem = read(text).problems[0]
    assert (problem.origin.place, problem.key, problem.message[: len(message)]) == (
        place,
        key,
        message,
    )


def test_what_is_refused_is_no_leaf_and_is_known_as_refused():
    reading = read("workers: {processes: 0, threads: 1}")
    assert set(reading.leaves["f"]) == {("workers", "threads")}
    assert reading.refused["f"] == {("workers", "processes")}


def test_values_have_no_snake_case():
    reading = read("workers: {image_pull_policy: Never}", snake_case=False)
    assert [(problem.message, problem.hint) for problem in reading.problems] == [
        ("unknown setting", "did you mean workers.imagePullPolicy?")
    ]


def test_a_statement_about_several_settings_reports_a_problem_once():
    """Requests take no empty CPU, limits do; both are one flat key."""
    paths = tuple(SETTINGS.flat["worker_cpu"])
    source = Source("environment", "A_VARIABLE", in_file=False)
    reading = read_statements(SETTINGS, [Statement(source, paths, word("x", quoted=True))])
    assert [problem.message for problem in reading.problems] == [
        'expected a Kubernetes CPU quantity such as 2, 0.5 or 500m, found "x"'
    ]
    assert reading.refused == {"environment": set(paths)}
    assert reading.problems[0].origin == ("environment", "A_VARIABLE", "")


def test_leaves_belong_to_the_layer_of_their_source():
    processes = ("workers", "processes")
    statements = [
        Statement(Source(layer, layer, in_file=False), (processes,), word(text))
        for layer, text in (("low", "1"), ("high", "2"))
    ]
    reading = read_statements(SETTINGS, statements)
    assert reading.problems == []
    assert reading.layer("low", "low").leaves[processes].value == 1
    assert reading.layer("high", "high").leaves[processes].value == 2
    assert reading.layer("other", "other").leaves == {}


@pytest.mark.parametrize(("verbatim", "problem"), [(True, "null is not allowed here"), (False, "")])
def test_only_a_verbatim_scalar_takes_null_for_a_word(verbatim, problem):
    statement = Statement(Source("l", "p"), (("workers", "processes"),), word("null"), (), verbatim)
    assert [found.message for found in read_statements(SETTINGS, [statement]).problems] == (
        [problem] if problem else []
    )


def test_suggestions_are_bounded_and_thousands_of_unknown_keys_are_all_reported():
    lines = "".join(f"  worker_procesess{number}: 1\n" for number in range(1000))
    problems = dialects.read(f"workspace:\n{lines}", "f.yaml", load_schema()).problems
    assert len(problems) == 1000
    assert sum(bool(problem.hint) for problem in problems) == MOST_SEARCHES
