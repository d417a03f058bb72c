"""Helm's output in one form, whatever the helm."""

from __future__ import annotations

import pytest
import yaml

from mops.chart import manifests
from mops.model.problems import EnvironmentFailure

ONE = """\
---
# Source: mops-dask/templates/a.yaml
apiVersion: apps/v1
kind: Deployment
metadata:
  name: b
  namespace: "own"
spec:
  replicas: 3
  paused: false
  empty: {}
  nothing: null
  none:
  list: [1, "1", [true], {b: 2, a: "x"}]
  script: |
    ---
    text
  folded: >-
    one
    two
---
# Source: mops-dask/templates/b.yaml

---
kind: ServiceAccount
apiVersion: v1
metadata: {name: a}
"""


def test_keys_are_sorted_nulls_dropped_and_the_namespace_is_written() -> None:
    account, deployment = manifests.objects(ONE, "ns")
    assert account == {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"name": "a", "namespace": "ns"},
    }
    assert deployment == {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "b", "namespace": "own"},
        "spec": {
            "empty": {},
            "folded": "one two",
            "list": [1, "1", [True], {"a": "x", "b": 2}],
            "paused": False,
            "replicas": 3,
            "script": "---\ntext\n",
        },
    }
    assert list(deployment["spec"]) == sorted(deployment["spec"])


def test_order_comments_and_quotes_of_the_input_leave_no_trace() -> None:
    other = """\
apiVersion: "v1"
kind: 'ServiceAccount'
metadata:
  name: a
---
spec:
  {script: "---\\ntext\\n", folded: one two, paused: false, replicas: 3,
   list: [1, '1', [true], {a: x, b: 2}], empty: {}}
metadata: {namespace: own, name: b}
kind: Deployment
apiVersion: apps/v1
"""
    assert list(map(manifests.text, manifests.objects(other, "ns"))) == list(
        map(manifests.text, manifests.objects(ONE, "ns"))
    )


def test_the_text_is_read_back_as_it_was() -> None:
    objects = manifests.objects(ONE, "ns")
    assert list(yaml.safe_load_all(manifests.stream(map(manifests.text, objects)))) == objects


@pytest.mark.parametrize("text", ["", "---\n", "# nothing\n---\n# Source: a\n\n---\n"])
def test_no_objects_are_a_failure(text: str) -> None:
    with pytest.raises(EnvironmentFailure, match="helm rendered no objects"):
        manifests.objects(text, "ns")


NO_OBJECT = "not a Kubernetes object (apiVersion, kind or metadata.name is missing)"
BEFORE = "apiVersion: v1\nkind: A\nmetadata: {name: a}\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: b\n", f"helm's output:1:1: {NO_OBJECT}"),
        ("- a\n", f"helm's output:1:1: {NO_OBJECT}"),
        (
            f"{BEFORE}---\n{BEFORE}x: 1e3\n",
            "helm's output:8:4: YAML readers disagree on what 1e3 is",
        ),
        (f"{BEFORE}x: yes\n", "helm's output:4:4: YAML readers disagree on what yes is"),
        (f"{BEFORE}kind: B\n", "helm's output:4:1: duplicate key"),
        (
            f"{BEFORE}x: [\n",
            (
                "helm's output:5:1: invalid YAML: while parsing a flow node: "
                "did not find expected node content"
            ),
        ),
    ],
)
def test_what_no_reader_should_guess_is_refused(text: str, message: str) -> None:
    with pytest.raises(EnvironmentFailure) as failure:
        manifests.objects(text, "ns")
    assert str(failure.value) == message


def test_the_arguments_are_those_of_argo_cd() -> None:
    arguments = manifests.arguments("dask", "ns", "1.33", "/v.yaml", ["apps/v1", "v1"])
    assert " ".join(arguments) == (
        "template . --name-template dask --namespace ns --kube-version 1.33 --values /v.yaml "
        "--api-versions apps/v1 --api-versions v1 --include-crds --skip-tests"
    )
