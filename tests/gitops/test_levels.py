"""The namespaces that are written admit the pods that are deployed to them."""

from __future__ import annotations

from pathlib import Path

from gitops.trees import OCI, REPO, objects, tree
from invoke import mops

NFS = """\
  workers:
    volumes:
    - name: data
      nfs: {server: nfs.example.com, path: /data}
"""
HOST = """\
  workers:
    volumes:
    - name: cvmfs
      hostPath: {path: /cvmfs}
"""
PLAIN = "  workers: {processes: 2}\n"


def text(release: str, namespace: str, body: str) -> str:
    """The file of a workspace; `body` is what it says of the pods."""
    named = f"  release: {{name: {release}, namespace: {namespace}}}\n"
    return f"schema_version: 2\nworkspace:\n{named}{body}"


def levels(stream: str) -> dict[str, set[str]]:
    """The levels by namespace in Applications, or in the Namespaces of Flux."""
    found: dict[str, set[str]] = {}
    for entry in objects(stream):
        if entry["kind"] == "Application":
            namespace = entry["spec"]["destination"]["namespace"]
            labels = entry["spec"]["syncPolicy"]["managedNamespaceMetadata"]["labels"]
        elif entry["kind"] == "Namespace":
            namespace = entry["metadata"]["name"]
            labels = entry["metadata"]["labels"]
        else:
            continue
        found.setdefault(namespace, set()).update(labels.values())
    return found


def test_a_namespace_admits_the_pods_of_all_its_workspaces(tmp_path: Path) -> None:
    tree(
        tmp_path,
        plain=text("plain", "quiet", PLAIN),
        nfs=text("nfs", "shared", NFS),
        host=text("host", "shared", HOST),
        other=text("other", "shared", PLAIN),
    )
    done = mops("gitops", "argocd", *REPO, "--all", *OCI, cwd=tmp_path)
    assert done.code == 0, done.err
    assert levels(done.out) == {"quiet": {"restricted"}, "shared": {"privileged"}}
    assert done.err.splitlines() == [
        (
            "mops: namespace shared gets the Pod Security level privileged: "
            "envs/host/mops.yaml:7:17: workspace.workers.volumes.[0].hostPath: "
            "volume cvmfs is of the type "
            "hostPath, which needs the Pod Security level privileged"
        )
    ]


def test_flux_gets_the_level_of_each_namespace(tmp_path: Path) -> None:
    tree(tmp_path, plain=text("plain", "quiet", PLAIN), nfs=text("nfs", "data", NFS))
    done = mops("gitops", "flux", "--all", *OCI, cwd=tmp_path)
    assert levels(done.out) == {"quiet": {"restricted"}, "data": {"baseline"}}


def test_an_application_set_has_the_level_in_its_elements_only_where_they_differ(
    tmp_path: Path,
) -> None:
    tree(tmp_path, plain=text("plain", "a", PLAIN), nfs=text("nfs", "b", NFS))
    [found] = objects(mops("gitops", "applicationset", *REPO, *OCI, cwd=tmp_path).out)
    elements = found["spec"]["generators"][0]["list"]["elements"]
    assert {entry["namespace"]: entry["level"] for entry in elements} == {
        "a": "restricted",
        "b": "baseline",
    }
    labels = found["spec"]["template"]["spec"]["syncPolicy"]["managedNamespaceMetadata"]["labels"]
    assert set(labels.values()) == {"{{.level}}"}
    same = tmp_path / "same"
    tree(same, one=text("one", "a", NFS), two=text("two", "b", NFS))
    [found] = objects(mops("gitops", "applicationset", *REPO, *OCI, cwd=same).out)
    labels = found["spec"]["template"]["spec"]["syncPolicy"]["managedNamespaceMetadata"]["labels"]
    assert set(labels.values()) == {"baseline"}
    assert "level" not in found["spec"]["generators"][0]["list"]["elements"][0]


def test_a_level_that_refuses_the_pods_is_an_error_and_a_wider_one_is_used(
    tmp_path: Path,
) -> None:
    tree(tmp_path, nfs=text("nfs", "data", NFS))
    command = ("gitops", "flux", "--all", *OCI, "--pod-security")
    refused = mops(*command, "restricted", cwd=tmp_path)
    assert (refused.code, refused.out) == (3, "")
    assert "envs/nfs/mops.yaml:7:12: workspace.workers.volumes.[0].nfs" in refused.err
    assert "(use --pod-security baseline, or omit the option)" in refused.err
    wider = mops(*command, "privileged", cwd=tmp_path)
    assert (wider.code, wider.err) == (0, "")
    assert levels(wider.out) == {"data": {"privileged"}}
