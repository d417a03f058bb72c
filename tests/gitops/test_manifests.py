"""`mops render --format manifests`, against what Argo CD renders from the committed values."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from gitops.trees import EXAMPLE, contents, copy, objects
from invoke import CHART, helm, mops
from invoke import objects as as_kubernetes_reads
from mops.chart import manifests

KUBE = ("--format", "manifests", "--kube-version", "1.33")
LAYERS = {
    name: ("--hermetic", "--quiet", "-c", "base.yaml", "-c", f"envs/{name}/mops.yaml")
    for name in ("dev", "prod")
}


def argo_cd(values: Path, namespace: str, *apis: str) -> str:
    """What Argo CD's repository server renders from a chart with a values file.

    Its arguments and its working directory are those in Argo CD's util/helm.
    """
    command = [helm(), "template", ".", "--name-template", "dask", "--namespace", namespace]
    command += ["--kube-version", "1.33", "--values", str(values)]
    for api in apis:
        command += ["--api-versions", api]
    command += ["--include-crds", "--skip-tests"]
    done = subprocess.run(command, cwd=CHART, capture_output=True, text=True, check=True)
    return done.stdout


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_it_is_what_argo_cd_makes_of_the_committed_values(name: str) -> None:
    namespace = f"modelops-dask-{name}"
    done = mops("render", *LAYERS[name], *KUBE, cwd=EXAMPLE)
    assert done.code == 0, done.err
    # Both are read by helm's own YAML reader, as the API server would read them.
    ours, theirs = as_kubernetes_reads(
        done.out, argo_cd(EXAMPLE / f"envs/{name}/values.yaml", namespace)
    )
    assert ours == theirs
    assert "Deployment/dask-workers" in ours
    assert {entry["metadata"]["namespace"] for entry in ours.values()} == {namespace}
    assert not any("helm.sh/hook" in str(entry) for entry in ours.values())


def test_apis_of_the_cluster_are_passed_on() -> None:
    keda = "keda.sh/v1alpha1/ScaledObject"
    done = mops(
        "render",
        *LAYERS["prod"],
        "--set",
        "autoscaling.type=keda",
        *KUBE,
        "--api-version",
        keda,
        "--api-version",
        "apps/v1",
        cwd=EXAMPLE,
    )
    assert done.code == 0, done.err
    assert "ScaledObject" in {entry["kind"] for entry in objects(done.out)}


def test_one_file_or_one_for_each_object(tmp_path: Path) -> None:
    here = copy(tmp_path)
    render = ("render", *LAYERS["dev"], *KUBE)
    printed = mops(*render, cwd=here).out
    assert mops(*render, "-o", "all.yaml", cwd=here).code == 0
    assert (here / "all.yaml").read_text() == printed
    assert mops(*render, "-o", "out/", cwd=here).code == 0
    files = contents(here / "out")
    assert set(files) == {manifests.file_name(entry) for entry in objects(printed)}
    assert sorted(map(str, (objects(data.decode())[0] for data in files.values()))) == sorted(
        map(str, objects(printed))
    )
    assert all(
        data.startswith(b"# Written by mops render") and b"argocd:skip" not in data
        for data in files.values()
    )
    for output in ("all.yaml", "out/", "out"):
        assert mops(*render, "-o", output, "--check", cwd=here).code == 0
    # The service account goes: its file is left over.
    changed = (*render, "--set", "serviceAccount.create=false", "-o", "out/")
    done = mops(*changed, "--check", cwd=here)
    assert done.code == 1
    assert "out/serviceaccount-dask.yaml is obsolete" in done.err
    assert contents(here / "out") == files
    assert mops(*changed, cwd=here).code == 0
    assert "serviceaccount-dask.yaml" not in contents(here / "out")


@pytest.mark.parametrize(
    ("args", "code", "message"),
    [
        (("--format", "manifests"), 2, "--format manifests requires --kube-version"),
        (
            ("--format", "manifests", "--kube-version", "new"),
            2,
            "--format manifests requires --kube-version",
        ),
        (("--kube-version", "1.33"), 2, "--kube-version requires --format manifests"),
        (
            ("--format", "values", "--api-version", "v1"),
            2,
            "--api-version requires --format manifests",
        ),
        ((*KUBE, "--annotate"), 2, "--annotate requires --format values"),
        ((*KUBE, "--check"), 2, "--check compares with the files of -o"),
        ((*KUBE, "--set", "workers.processes=0"), 3, "--set workers.processes"),
        (("--format", "manifests", "--kube-version", "1.20"), 4, "helm template failed"),
    ],
)
def test_what_is_refused_prints_nothing(args: tuple[str, ...], code: int, message: str) -> None:
    done = mops("render", "--hermetic", "--quiet", *args)
    assert (done.code, done.out) == (code, ""), done
    assert message in done.err


def test_no_helm_is_the_environments_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    done = mops("render", "--hermetic", "--quiet", *KUBE, env={"PATH": str(tmp_path)}, cwd=tmp_path)
    assert (done.code, done.out) == (4, "")
    assert done.err.startswith("mops: helm not found; install it or run: pip install")


# Another helm's way of writing the same objects: keys and documents in another order, other
# quotes, no comments.
_OTHER = """\
#!/usr/bin/env python3
import subprocess, sys, yaml
out = subprocess.run([{helm!r}, *sys.argv[1:]], stdin=sys.stdin, capture_output=True, text=True)
sys.stderr.write(out.stderr)
if sys.argv[1] == "version":
    print("v4.2.1")
elif out.returncode == 0:
    documents = [document for document in yaml.safe_load_all(out.stdout) if document]
    for document in reversed(documents):
        print("---")
        print(yaml.safe_dump(document, sort_keys=True, default_style="'"))
sys.exit(out.returncode)
"""


def test_another_helm_gives_the_same_bytes(tmp_path: Path) -> None:
    other = tmp_path / "helm"
    # Quoted scalars with a tag (!!int '3') are plain again before they are printed.
    other.write_text(_OTHER.format(helm=helm()).replace(', default_style="\'"', ""))
    other.chmod(0o755)
    render = ("render", *LAYERS["prod"], *KUBE)
    ours = mops(*render, cwd=EXAMPLE)
    theirs = mops(*render, cwd=EXAMPLE, env={"PATH": f"{tmp_path}:{os.environ['PATH']}"})
    assert theirs.code == 0, theirs.err
    assert theirs.out == ours.out


def test_a_helm_that_writes_nothing_is_a_failure(tmp_path: Path) -> None:
    other = tmp_path / "helm"
    other.write_text('#!/bin/sh\n[ "$1" = version ] && echo v3.17.3\nexit 0\n')
    other.chmod(0o755)
    done = mops(
        "render",
        *LAYERS["dev"],
        *KUBE,
        cwd=EXAMPLE,
        env={"PATH": f"{tmp_path}:{os.environ['PATH']}"},
    )
    assert (done.code, done.out, done.err) == (4, "", "mops: helm rendered no objects\n")
