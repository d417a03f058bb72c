"""Environment variables: exact, each once, references in order."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chart.manifests import Refused, group, render
from mops.config.variables import Variables

HOSTILE = [
    "", " ", "  a  ", "a\nb", "a\n", "\n", "\ta", "a\r\nb", "'", '"', "\\", "\\n",
    "a: b", "- a", "# a", "a #b", "&a", "*a", "!a", "|", ">", "%a", "@a", "`a`", "{a}", "[a]",
    "{{ .Values }}", "{}", "[]", "?", ":", "-",
    "y", "Y", "n", "N", "yes", "No", "on", "OFF", "true", "False", "null", "Null", "~", "none",
    "None",
    "0", "00", "08", "010", "0o17", "0x1F", "0b11", "1_000", "1e3", "1E3", "1e+3", "12e03", ".5",
    "5.", "1.0", "1.10", "0.90", "+1", "-0", "1000000", "12345678901234567890",
    "1.7976931348623157e309",
    ".inf", "-.INF", ".nan", "1:30", "190:20:30", "2024-01-02", "2024-01-02T03:04:05Z", "=", "<<",
    "---", "...",
    "\x85", "\xa0",
    "\u2028", "\ufeff", "é", "日本", "😀", "\ud7ff", "\x01", "\x1b[0m", "a,b", "a=b",
    "http://u:p@h/?q=1&b=2", '{"a": [1, "b"]}', "$", "$a", "$ (a)", "$$", "(a)", "%(a)s", "${A}",
    "a" * 5000,
]  # fmt: skip


def test_hostile_text_arrives_as_it_was():
    env = {f"V{number:03}": text for number, text in enumerate(HOSTILE)}
    manifests = render(
        {
            "workers": {"env": env},
            "scheduler": {"env": env},
            "workerGroups": {"gpu": group(env=env)},
        }
    )
    for name in ("dask-workers", "dask-scheduler", "dask-workers-gpu"):
        found = manifests.env(name)
        assert {key: found[key] for key in env} == env
    assert len(env) >= 100


@pytest.mark.parametrize("character", ["\x00", "\x7f", "\x80", "\x84", "\x86", "\x9f", "\ufffe"])
def test_characters_that_helm_cannot_carry_are_refused(character):
    with pytest.raises(Refused):
        render({"workers": {"env": {"A": f"a{character}b"}}})


@pytest.mark.parametrize(
    "name",
    [
        "y",
        "Y",
        "n",
        "NO",
        "on",
        "true",
        "null",
        "None",
        "_",
        "a.b",
        "a-b",
        "A1",
        "e3",
        ".inf",
        ".5",
        "-",
        "..",
        "1e3"[1:],
        "a" * 253,
    ],
)
def test_hostile_names_arrive_as_they_were(name):
    assert render({"workers": {"env": {name: "1"}}}).env()[name] == "1"


@pytest.mark.parametrize("name", ["", "1A", "A B", "A=B", "é", "a" * 254, "$(A)"])
def test_illegal_names_are_refused(name):
    with pytest.raises(Refused):
        render({"workers": {"env": {name: "1"}}})


def test_names_are_sorted_after_the_charts_own():
    names = [
        entry["name"]
        for entry in render({"workers": {"env": {"Z": "1", "A": "2", "b": "3"}}}).container()["env"]
    ]
    assert names == ["POD_NAME", "POD_IP", "HOME", "TMPDIR", "A", "Z", "b"]


def test_the_order_in_the_file_does_not_matter():
    assert (
        render({"workers": {"env": {"A": "1", "B": "2"}}}).text
        == render({"workers": {"env": {"B": "2", "A": "1"}}}).text
    )


@pytest.mark.parametrize("name", ["dask-scheduler", "dask-workers", "dask-test"])
def test_home_and_temporary_files_are_writable(name):
    env = render().env(name)
    assert (env["HOME"], env["TMPDIR"]) == ("/tmp", "/tmp")
    assert {"name": "tmp", "mountPath": "/tmp"} in render().container(name)["volumeMounts"]


def test_the_pods_own_name_and_address():
    env = render().env()
    assert env["POD_NAME"] == {"fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.name"}}
    assert env["POD_IP"] == {"fieldRef": {"apiVersion": "v1", "fieldPath": "status.podIP"}}


TLS = {"tls": {"secretName": "certificates"}}
TLS_NAMES = {
    "DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION",
    "DASK_DISTRIBUTED__COMM__TLS__CA_FILE",
} | {
    f"DASK_DISTRIBUTED__COMM__TLS__{role}__{part}"
    for role in ("CLIENT", "SCHEDULER", "WORKER")
    for part in ("CERT", "KEY")
}


@pytest.mark.parametrize("name", ["POD_NAME", "POD_IP"])
@pytest.mark.parametrize("key", ["scheduler", "workers"])
def test_what_the_chart_needs_cannot_be_replaced(key, name):
    with pytest.raises(Refused, match=f"{key}.env.{name}: the chart sets this variable itself"):
        render({key: {"env": {name: "a"}}})


@pytest.mark.parametrize("name", sorted(TLS_NAMES))
def test_tls_variables_are_the_charts_while_tls_is_on(name):
    assert name in render(TLS).env()
    assert name not in render().env()
    assert render({"workers": {"env": {name: "a"}}}).env()[name] == "a"
    with pytest.raises(Refused, match="the chart sets this variable itself"):
        render({**TLS, "workers": {"env": {name: "a"}}})


SOURCES = [
    {"secretKeyRef": {"name": "a", "key": "b"}},
    {"secretKeyRef": {"name": "a", "key": "b", "optional": True}},
    {"configMapKeyRef": {"name": "a", "key": "b.c"}},
    {"fieldRef": {"fieldPath": "spec.nodeName"}},
    {"resourceFieldRef": {"resource": "limits.memory"}},
    {
        "resourceFieldRef": {
            "resource": "limits.memory",
            "containerName": "worker",
            "divisor": "1Mi",
        }
    },
]


@pytest.mark.parametrize(
    "source", SOURCES, ids=lambda source: "-".join(next(iter(source.values())))
)
def test_values_from_elsewhere(source):
    assert render({"workers": {"env": {"A": {"valueFrom": source}}}}).env()["A"] == source


@pytest.mark.parametrize(
    "source",
    [
        {},
        {"secretKeyRef": {"name": "a"}},
        {"secretKeyRef": {"key": "a"}},
        {"secretRef": {"name": "a"}},
        {**SOURCES[0], **SOURCES[2]},
    ],
)
def test_half_a_source_is_refused(source):
    with pytest.raises(Refused):
        render({"workers": {"env": {"A": {"valueFrom": source}}}})


def test_a_group_has_an_environment_of_its_own():
    manifests = render(
        {"workers": {"env": {"A": "1"}}, "workerGroups": {"gpu": group(env={"B": "2"})}}
    )
    assert ("A" in manifests.env("dask-workers-gpu"), manifests.env("dask-workers-gpu")["B"]) == (
        False,
        "2",
    )
    assert ("A" in manifests.env("dask-scheduler"), "B" in manifests.env()) == (False, False)


BEFORE = [
    {"A": "1", "B": "$(A)"},
    {"A": "$(POD_NAME)"},
    {"A": "$(POD_IP):1"},
    {"A": "$(HOME)/a"},
    {"A": "$(TMPDIR)"},
    {"A": "1", "B": "$(A)$(A)-$(HOME)"},
    {"A": "$$(B)", "B": "1"},
    {"A": "$$(UNKNOWN)"},
    {"A": "$$$$(UNKNOWN)"},
    {"A": {"valueFrom": SOURCES[0]}, "B": "$(A)"},
    {"A": "$(B"},
    {"A": "$B $ (B) ()"},
]  # fmt: skip
LATER = [
    ({"A": "$(B)", "B": "1"}, "BA"),
    ({"A": "$$$(B)", "B": "1"}, "BA"),
    ({"A": "a $(HOME) $(B)", "B": {"valueFrom": SOURCES[0]}}, "BA"),
    ({"A": "$(C)$(B)", "B": "$(C)", "C": "1", "D": "$(A)"}, "CBAD"),
    ({"A": "$(D)", "B": "1", "C": "1", "D": "1"}, "DABC"),
    ({"A": "$$(B)", "B": "1"}, "AB"),
]  # fmt: skip
CYCLES = [
    {"A": "$(A)"},
    {"A": "$(B)", "B": "x$(A)"},
    {"A": "$(B)", "B": "$(C)", "C": "$(B)"},
    {"PATH": "/opt/bin:$(PATH)"},
]  # fmt: skip
UNKNOWN = ["$(UNKNOWN)", "$$$(UNKNOWN)", "$( B )", "$()", "$(date)"]


@pytest.mark.parametrize("env", BEFORE, ids=str)
def test_references_to_earlier_names(env):
    found = render({"workers": {"env": env}}).env()
    assert all(found[name] == value for name, value in env.items() if isinstance(value, str))


@pytest.mark.parametrize(("env", "order"), LATER, ids=str)
@pytest.mark.parametrize("key", ["workers", "scheduler"])
def test_a_variable_comes_after_those_that_it_refers_to(env, order, key):
    container = render({key: {"env": env}}).container(
        "dask-scheduler" if key == "scheduler" else "dask-workers"
    )
    assert "".join(entry["name"] for entry in container["env"] if len(entry["name"]) == 1) == order


@settings(max_examples=40, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from("ABCDEFGH"),
        st.lists(
            st.sampled_from(["$(A)", "$(C)", "$(E)", "$(H)", "$$(B)", "$(Z)", "x"]), max_size=4
        ),
        min_size=1,
    )
)
def test_the_chart_and_mops_order_variables_alike(parts):
    env = {name: "".join(values) for name, values in parts.items()}
    variables = Variables(env, env)
    values = {"workers": {"env": env}}
    if variables.cycles:
        with pytest.raises(Refused, match="it refers to itself"):
            render(values)
    else:
        names = [entry["name"] for entry in render(values).container()["env"]]
        assert [name for name in names if name in env] == variables.order


@pytest.mark.parametrize("env", CYCLES, ids=str)
@pytest.mark.parametrize("key", ["workers", "scheduler"])
def test_variables_that_refer_to_themselves(env, key):
    with pytest.raises(Refused, match="it refers to itself through"):
        render({key: {"env": env}})


@pytest.mark.parametrize("value", UNKNOWN)
def test_references_to_names_of_elsewhere_stay_text(value):
    """Kubernetes leaves them too, unless an envFrom brings the name; otherwise mops warns."""
    assert render({"workers": {"env": {"A": value, "B": "1"}}}).env()["A"] == value


ENV_FROM = [
    [{"secretRef": {"name": "a"}}],
    [{"configMapRef": {"name": "a", "optional": True}}],
    [{"prefix": "P_", "secretRef": {"name": "a"}}, {"configMapRef": {"name": "b"}}],
]


@pytest.mark.parametrize("sources", ENV_FROM)
def test_env_from_keeps_its_order(sources):
    assert render({"workers": {"envFrom": sources}}).container()["envFrom"] == sources


def test_no_secret_is_rendered():
    assert render().kind("Secret") == {}
    assert render().kind("ConfigMap") == {}
