"""What the chart refuses to deploy."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from chart.manifests import CI_VALUES, MARK, Refused, dump, group, render
from chart.test_knobs import KNOBS, POD
from invoke import CHART, ROOT, template
from mops.checks.dask.arguments import MANAGED
from mops.schema.fields import load_schema

MESSAGE = "these values were not written by `mops render`"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# nothing but a comment\n",
        "null\n",
        "{}\n",
        "name: dask\n",
        "mopsValues: {}\n",
        "mopsValues: {layers: [a]}\n",
        dump({"workers": {"replicas": 3}, "mopsValues": {"layers": ["a"]}}),
        "name: dask\n---\n" + dump(MARK),
    ],
    ids=[
        "empty",
        "comment",
        "null",
        "empty map",
        "no mark",
        "empty mark",
        "no version",
        "cut off",
        "second document",
    ],
)
def test_values_that_mops_did_not_write(text):
    with pytest.raises(Refused, match=MESSAGE):
        render(text or "\n")


def test_the_message_says_what_to_do():
    with pytest.raises(Refused) as refused:
        render("{}\n")
    message = str(refused.value)
    assert "the file is empty or truncated (mopsValues.schemaVersion is missing)" in message
    assert "add -f ci/default-values.yaml" in message


def test_a_values_file_cut_off_anywhere_is_refused():
    """The mark comes last, so a shorter file lacks it or is no YAML."""
    text = dump({"workers": {"replicas": 3, "env": {"A": "1"}}, **MARK})
    for end in range(0, len(text) - 4, 9):
        with pytest.raises(Refused):
            render(text[:end] or "\n")


@pytest.mark.parametrize("version", [0, 2, "1", None, True])
def test_another_version_is_refused(version):
    with pytest.raises(Refused):
        render(dump({"mopsValues": {"layers": ["a"], "schemaVersion": version}}))


@pytest.mark.parametrize("path", CI_VALUES, ids=lambda path: path.name)
def test_the_examples_render(path):
    assert ("Deployment", "dask-workers") in render(path)


@pytest.mark.parametrize("name", ["1dask", "a.b", "9"])
def test_release_names_that_no_service_can_have(name):
    with pytest.raises(Refused, match=f"release name {name}: a Service's name starts with it"):
        render(release=name)


def umbrella(folder: Path, *aliases: str) -> Path:
    """A chart that depends on ours once for each alias; "" is none."""
    shutil.copytree(CHART, folder / "charts" / "mops-dask")
    entries = [
        {"name": "mops-dask", "version": "*", **({"alias": alias} if alias else {})}
        for alias in aliases
    ]
    chart = {"apiVersion": "v2", "name": "platform", "version": "0.1.0", "dependencies": entries}
    (folder / "Chart.yaml").write_text(json.dumps(chart), encoding="utf-8")
    values = {alias or "mops-dask": {**yaml_defaults(), **MARK} for alias in aliases}
    (folder / "values.yaml").write_text(json.dumps(values), encoding="utf-8")
    return folder


def yaml_defaults() -> dict[str, Any]:
    return yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))


def test_a_chart_around_it_may_depend_on_it_once(tmp_path):
    done = template(umbrella(tmp_path, ""))
    assert done.code == 0, done.err
    assert "name: dask-scheduler" in done.out


@pytest.mark.parametrize("aliases", [("alpha",), ("alpha", "beta"), ("", "beta")])
def test_an_alias_is_refused_because_names_come_from_the_release(aliases, tmp_path):
    done = template(umbrella(tmp_path, *aliases))
    assert done.code
    assert f"dependencies: alias {aliases[-1]}: " in done.err or "alias alpha: " in done.err
    assert "install each workspace as a release of its own" in done.err


def test_the_default_group_cannot_be_described_twice():
    with pytest.raises(Refused, match="default"):
        render({"workerGroups": {"default": group()}})


@pytest.mark.parametrize("name", ["Gpu", "1", "a_b", "-a", "a-", "a" * 52, ""])
def test_group_names_that_are_no_labels(name):
    with pytest.raises(Refused):
        render({"workerGroups": {name: group()}})


def test_a_group_must_be_complete():
    with pytest.raises(Refused, match="memoryReserve"):
        render(
            {
                "workerGroups": {
                    "gpu": {key: value for key, value in group().items() if key != "memoryReserve"}
                }
            }
        )


OWN_LABELS = [
    *(
        f"app.kubernetes.io/{label}"
        for label in ("name", "instance", "component", "part-of", "managed-by", "version")
    ),
    "helm.sh/chart",
    *(f"modelops.io/{label}" for label in ("workspace", "component", "worker-group", "release")),
]


@pytest.mark.parametrize("label", OWN_LABELS)
def test_the_charts_own_labels_cannot_be_set(label):
    for values in (
        {"labels": {label: "a"}},
        {"scheduler": {"podLabels": {label: "a"}}},
        {"workers": {"podLabels": {label: "a"}}},
        {"workerGroups": {"gpu": group(podLabels={label: "a"})}},
        {"monitoring": {"labels": {label: "a"}}},
    ):
        with pytest.raises(Refused, match=f"the chart sets the label {label} itself; remove it"):
            render(values)


OWN_FIELDS = {
    "affinity": {},
    "automountServiceAccountToken": True,
    "containers": [],
    "enableServiceLinks": True,
    "hostAliases": [],
    "hostIPC": True,
    "hostNetwork": True,
    "hostPID": True,
    "imagePullSecrets": [],
    "initContainers": [],
    "nodeSelector": {},
    "priorityClassName": "a",
    "restartPolicy": "Never",
    "runtimeClassName": "a",
    "securityContext": {},
    "serviceAccount": "a",
    "serviceAccountName": "a",
    "terminationGracePeriodSeconds": 1,
    "tolerations": [],
    "topologySpreadConstraints": [],
    "volumes": [],
}


@pytest.mark.parametrize("field", sorted(OWN_FIELDS))
def test_extra_pod_spec_cannot_replace_what_the_chart_manages(field):
    for key in ("scheduler", "workers"):
        with pytest.raises(Refused):
            render({key: {"extraPodSpec": {field: OWN_FIELDS[field]}}})


@pytest.mark.parametrize("field", sorted(OWN_FIELDS))
def test_the_chart_refuses_it_without_its_schema_too(field, without_schema):
    with pytest.raises(
        Refused, match=f"workers.extraPodSpec.{field}: the chart manages this field"
    ):
        without_schema({"workers": {"extraPodSpec": {field: OWN_FIELDS[field]}}})


def test_every_field_that_a_setting_writes_is_guarded():
    """A field that stands in extraPodSpec as well would be in the manifest twice."""
    knobs = [knob for knob in KNOBS if not knob.key.endswith(".extraPodSpec")]
    paths = [knob.path.removeprefix(f"{POD}.") for knob in knobs if knob.path.startswith(POD)]
    written = {path.split(".")[0] for path in paths}
    assert len(written) >= 14
    assert not written - set(OWN_FIELDS), "add it to OWN_FIELDS, and to extraPodSpec in the schema"


@pytest.mark.parametrize("section", ["scheduler", "workers"])
def test_mops_refuses_the_same_fields(section):
    names = load_schema().fields[section, "extraPodSpec"].schema["propertyNames"]
    assert set(names["not"]["enum"]) == set(OWN_FIELDS)


# The section of each command, and the arguments that mops knows to be managed by the chart.
SECTIONS = {"scheduler": "scheduler", "worker": "workers"}
ARGUMENTS = [(SECTIONS[command], name) for command, managed in MANAGED.items() for name in managed]


@pytest.mark.parametrize(("key", "name"), ARGUMENTS)
def test_extra_arguments_cannot_replace_the_charts_own(key, name, without_schema):
    for args in ([name, "1"], ["--preload", "a", f"{name}=1"]):
        with pytest.raises(Refused, match=f"{key}.extraArgs: the chart manages {name}"):
            without_schema({key: {"extraArgs": args}})


def test_the_chart_and_mops_know_the_same_arguments():
    text = (ROOT / "chart" / "templates" / "_guard.tpl").read_text()
    block = text.partition('define "mops.guard.arguments"')[2].partition("{{/*")[0]
    lists = re.findall(r'\$(both|scheduler|worker) :?= (?:printf )?"(?:%s\|)?([a-z|-]+)"', block)
    found: dict[str, set[str]] = {}
    for name, alternatives in lists:
        found.setdefault(name, set()).update(f"--{each}" for each in alternatives.split("|"))
    # What mops judges by its own rule: it depends on TLS.
    assert found["both"] - {"--protocol"} <= set(MANAGED["worker"])
    for command in SECTIONS:
        assert found[command] | found["both"] - {"--protocol"} == set(MANAGED[command])


@pytest.mark.parametrize("key", SECTIONS.values())
def test_the_protocol_is_managed_with_tls(key):
    arguments = {key: {"extraArgs": ["--protocol", "tcp"]}}
    with pytest.raises(Refused, match=f"{key}.extraArgs: the chart manages --protocol"):
        render({"tls": {"secretName": "certificates"}, **arguments})
    render(arguments)


def test_other_arguments_pass():
    args = ["--resources", "GPU=1", "--lifetime=1h", "--name-server", "a", "positional"]
    assert render({"workers": {"extraArgs": args}}).container()["args"][-6:] == args


def test_env_that_is_not_a_string_is_refused_without_the_schema_too(without_schema):
    with pytest.raises(Refused, match=r"workers\.env\.A: 1 is not a string; put it in quotes"):
        without_schema({"workers": {"env": {"A": 1}}})


@pytest.mark.parametrize(
    "values",
    [{"global": {"a": 1}}, {"global": {}}],
)
def test_a_parent_charts_globals_pass(values):
    assert render(values).text == render().text


def test_unknown_settings_are_refused():
    with pytest.raises(Refused, match="worker"):
        render({"worker": {}})
