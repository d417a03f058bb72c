"""What `mops gitops` writes: accepted by the CRDs, the same from each generator, and linted."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from gitops import schemas
from gitops.trees import EXAMPLE, GIT, OCI, REPO, copy, objects, tree
from invoke import CHART, mops, printing_chart, template

INDEX = ("--chart", "https://charts.example.com")
PLACES = ("--project", "dask", "--with-project")
FORMS = [
    pytest.param(
        ("argocd", "--all", *REPO, *OCI, *PLACES), id="applications, chart from a registry"
    ),
    pytest.param(
        ("argocd", "--all", *REPO, *GIT, *PLACES, "--server", "https://10.0.0.1:6443"),
        id="applications, chart from git",
    ),
    pytest.param(
        (
            "argocd",
            "--all",
            *REPO,
            *INDEX,
            "--cluster",
            "west",
            "--manual",
            "--pod-security",
            "baseline",
        ),
        id="applications, chart from an index",
    ),
    pytest.param(
        ("applicationset", *REPO, *OCI, *PLACES), id="application set, chart from a registry"
    ),
    pytest.param(
        ("applicationset", *REPO, *GIT, "--revision", "v1", "--repo-path", "deploy/dask"),
        id="application set, chart from git",
    ),
    pytest.param(("flux", "--all", *OCI), id="flux, chart from a registry"),
    pytest.param(("flux", "--all", *GIT, "--source", "team"), id="flux, chart from git"),
]
CORE = {("v1", "ConfigMap"), ("v1", "Namespace")}


def written(*args: str, cwd: Path = EXAMPLE) -> list[dict[str, Any]]:
    done = mops("gitops", *args, cwd=cwd)
    assert done.code == 0, done.err
    return objects(done.out)


@pytest.mark.parametrize("args", FORMS)
def test_the_crds_accept_every_object(args: tuple[str, ...]) -> None:
    schemas.needed()
    found = written(*args)
    assert len(found) >= 1
    assert [
        schemas.errors(entry) for entry in found if (entry["apiVersion"], entry["kind"]) not in CORE
    ] == [[] for entry in found if (entry["apiVersion"], entry["kind"]) not in CORE]


def test_the_crds_as_used_here_do_refuse() -> None:
    schemas.needed()
    application = written("argocd", "--all", *REPO, *OCI)[0]
    application["spec"]["sources"][0]["helm"]["valuesFiles"] = ["x"]
    application["spec"]["destination"]["namespace"] = 3
    assert len(schemas.errors(application)) == 2


@pytest.mark.parametrize("args", FORMS)
def test_nothing_is_wrong_with_them(args: tuple[str, ...], tmp_path: Path) -> None:
    here = copy(tmp_path)
    assert mops("gitops", *args, "-o", "out/", cwd=here).code == 0
    files = sorted(map(str, (here / "out").iterdir()))
    done = mops("gitops", "lint", *files)
    assert (done.code, done.err) == (0, "")
    assert re.fullmatch(r"[0-9]+ objects?: no problems found\n", done.out)
    assert mops("gitops", *args, "-o", "out/", "--check", cwd=here).code == 0


def test_what_must_never_be_written() -> None:
    never = {
        "parameters",
        "fileParameters",
        "valuesObject",
        "ignoreMissingValueFiles",
        "skipSchemaValidation",
        "disableSchemaValidation",
    }

    def keys(node: Any) -> set[str]:
        if isinstance(node, dict):
            return set(node).union(*map(keys, node.values()))
        return set().union(*map(keys, node)) if isinstance(node, list) else set()

    for args in (form.values[0] for form in FORMS):
        for entry in written(*args):
            assert not keys(entry) & never
            assert "null" not in yaml.safe_dump(entry)


# Each element of the generator through helm, whose templates are those of Argo CD: Go's, with the
# same functions.
_ENGINE = """\
{{- range .Values.elements }}
---
{{ tpl $.Values.template . }}
---
{{ tpl $.Values.patch . }}
{{- end }}
"""


def test_an_application_set_makes_the_applications(tmp_path: Path) -> None:
    for place in (OCI, GIT):
        single = {
            entry["metadata"]["name"]: entry for entry in written("argocd", "--all", *REPO, *place)
        }
        found = written("applicationset", *REPO, *place)[0]["spec"]
        chart = printing_chart(tmp_path / place[1].replace("/", ""), _ENGINE)
        values = {
            "elements": found["generators"][0]["list"]["elements"],
            "template": yaml.safe_dump(found["template"]),
            "patch": found["templatePatch"],
        }
        done = template(chart, "-f", "-", stdin=yaml.safe_dump(values))
        assert done.code == 0, done.err
        documents = [document for document in yaml.safe_load_all(done.out) if document is not None]
        made = {}
        for application, patch in zip(documents[::2], documents[1::2], strict=True):
            application["spec"] |= patch.get("spec", {})
            made[application["metadata"]["name"]] = application
        assert set(made) == set(single) == {"dask-dev", "dask-prod"}
        for name, application in made.items():
            assert application["spec"] == single[name]["spec"]


def test_flux_carries_the_committed_values_byte_by_byte() -> None:
    found = written("flux", "--all", *OCI)
    maps = {
        entry["metadata"]["namespace"]: entry["data"]["values.yaml"]
        for entry in found
        if entry["kind"] == "ConfigMap"
    }
    assert maps == {
        f"modelops-dask-{name}": (EXAMPLE / f"envs/{name}/values.yaml").read_text()
        for name in ("dev", "prod")
    }


def test_the_project_allows_every_kind_of_the_chart() -> None:
    project = written("argocd", "--all", *REPO, *OCI, *PLACES)[0]
    allowed = {entry["kind"] for entry in project["spec"]["namespaceResourceWhitelist"]}
    texts = [path.read_text() for path in (CHART / "templates").glob("*.yaml")]
    created = {kind for text in texts for kind in re.findall(r"^kind: (\w+)$", text, re.MULTILINE)}
    assert allowed == created, (
        f"_KINDS in gitops/argocd.py: add {created - allowed}, remove {allowed - created}"
    )


def test_one_workspace_without_a_fleet(tmp_path: Path) -> None:
    (tmp_path / "w.yaml").write_text(
        "schema_version: 2\nsettings: {environment: dev}\nworkspace: {autoscaling_enabled: true}\n"
    )
    (application,) = written(
        "argocd",
        "--hermetic",
        "--quiet",
        "-c",
        "w.yaml",
        "--values-file",
        "dev.yaml",
        *REPO,
        *GIT,
        cwd=tmp_path,
    )
    assert application["metadata"]["name"] == "dask-dev"
    assert application["spec"]["source"]["helm"]["valueFiles"] == ["/dev.yaml"]
    assert len(application["spec"]["ignoreDifferences"]) == 1
    (named,) = written(
        "argocd",
        "--hermetic",
        "--quiet",
        "-c",
        "w.yaml",
        "--values-file",
        "dev.yaml",
        "--name",
        "mine",
        *REPO,
        *GIT,
        cwd=tmp_path,
    )
    assert named["metadata"]["name"] == "mine"


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        (("argocd", "--all", *OCI), 2, "--repo: expected the URL of the git repository"),
        (("argocd", "--all", *REPO), 2, "--chart: expected oci://HOST/PATH/NAME, the URL"),
        (("argocd", *REPO, *OCI), 2, "--values-file is missing"),
        (("argocd", "--all", *REPO, *OCI, "--config", "x"), 2, "remove --config\n"),
        (("argocd", "--all", *REPO, *OCI, "-p", "x", "--set=a=b"), 2, "remove -p, --set\n"),
        (("argocd", "--all", *REPO, *OCI, "--processes", "2"), 2, "remove --processes\n"),
        (("argocd", "--all", *REPO, *OCI, "--values-file", "x"), 2, "remove --values-file\n"),
        (("argocd", "--all", *REPO, *OCI, "--name", "x"), 2, "remove --name\n"),
        (("flux", "--all", *OCI, "--debug-mode"), 2, "remove --debug-mode\n"),
        (("flux", "--root", ".", *OCI), 2, "--root requires --all"),
        (
            ("argocd", "--all", *REPO, *OCI, "--chart-version", "9.9.9"),
            2,
            "this mops renders values for version",
        ),
        (
            ("argocd", "--all", *REPO, *OCI, "--pod-security", "lax"),
            2,
            "--pod-security: expected one of",
        ),
        (
            ("argocd", "--all", *REPO, *OCI, "--server", "https://x", "--cluster", "y"),
            3,
            "expected either server or name",
        ),
        (("argocd", "--all", *REPO, "--chart", "git://x"), 2, "expected oci://"),
        (
            ("flux", "--all", "--chart", "https://charts.example.com"),
            2,
            "for Flux the chart must be in an OCI registry or in the git repository",
        ),
        (("cmp", "other.yaml"), 2, "expected one of plugin.yaml, Dockerfile, found other.yaml"),
        (("argocd", "--all", *REPO, *OCI, "--check"), 2, "--check compares with the files of -o"),
    ],
)
def test_wrong_options_are_refused(args: tuple[str, ...], code: int, message: str) -> None:
    done = mops("gitops", *args, cwd=EXAMPLE)
    assert (done.code, done.out) == (code, "")
    assert message in done.err


def test_two_workspaces_are_not_one_release(tmp_path: Path) -> None:
    text = "schema_version: 2\nworkspace: {worker_threads: 1}\n"
    done = mops("gitops", "argocd", "--all", *REPO, *GIT, cwd=tree(tmp_path, a=text, b=text))
    assert done.code == 3
    assert done.err.splitlines()[0] == (
        "envs/b/values.yaml: release dask in namespace modelops-dask-dev is also used by "
        "envs/a/values.yaml (give one of them another namespace)"
    )


def test_an_invalid_fleet_writes_nothing(tmp_path: Path) -> None:
    here = tree(tmp_path, a="schema_version: 2\nworkspace: {nonsense: 1}\n")
    done = mops("gitops", "argocd", "--all", *REPO, *GIT, "-o", "out/", cwd=here)
    assert (done.code, done.out) == (3, "")
    assert not (here / "out").exists()


def test_lint_reports_the_place(tmp_path: Path) -> None:
    (tmp_path / "app.yaml").write_text("""\
# two objects
kind: Namespace
apiVersion: v1
metadata: {name: a}
---
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: dask
spec:
  project: dask
  destination: {server: https://kubernetes.default.svc, name: west, namespace: dask}
  sources:
    - repoURL: registry.example.com/charts
      chart: mops-dask
      targetRevision: 1.4.2
      helm:
        valuesFiles: [x]
        valueFiles:
          - $vals/values.yaml
    - {repoURL: https://git.example.com/x.git, targetRevision: main, ref: values}
""")
    done = mops("gitops", "lint", "app.yaml", cwd=tmp_path)
    assert (done.code, done.out) == (3, "")
    field, file, destination, summary = done.err.splitlines()
    assert field == (
        "app.yaml:18:9: spec.sources.0.helm.valuesFiles: unknown field (did you mean valueFiles?)"
    )
    assert file == (
        "app.yaml:20:13: spec.sources.0.helm.valueFiles.0: no source has the ref vals "
        "(did you mean values?)"
    )
    assert destination == (
        "app.yaml:12:3: spec.destination: expected either server or name "
        "(Argo CD rejects both and neither)"
    )
    assert summary == "mops: invalid configuration: 3 errors"


def test_files_of_workspaces_that_are_gone_are_removed_and_no_others(tmp_path: Path) -> None:
    here = copy(tmp_path)
    args = ("gitops", "argocd", "--all", *REPO, *GIT, "-o", "out")
    (here / "out").mkdir()
    (here / "out/mine.yaml").write_text("kind: Mine\n")
    assert mops(*args, cwd=here).code == 0
    (here / "envs/dev/mops.yaml").unlink()
    done = mops(*args, "--check", cwd=here)
    assert done.code == 1
    assert "out/dask-dev.yaml is obsolete" in done.err
    assert (here / "out/dask-dev.yaml").exists()
    assert mops(*args, cwd=here).code == 0
    assert sorted(path.name for path in (here / "out").iterdir()) == ["dask-prod.yaml", "mine.yaml"]
