"""The same tree gives the same bytes on machines that differ in all that should not matter."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from gitops.trees import EXAMPLE, GIT, REPO, as_nobody, contents, only_root
from invoke import ROOT, helm

# What is written into the tree, by each command that writes.
COMMANDS = [
    ["render", "--all"],
    [
        "render",
        "--hermetic",
        "-c",
        "base.yaml",
        "-c",
        "envs/prod/mops.yaml",
        "--format",
        "manifests",
        "--kube-version",
        "1.33",
        "-o",
        "prod.yaml",
    ],
    [
        "gitops",
        "argocd",
        "--all",
        *REPO,
        *GIT,
        "--project",
        "dask",
        "--with-project",
        "-o",
        "argocd/",
    ],
    ["gitops", "applicationset", *REPO, *GIT, "-o", "set.yaml"],
    [
        "gitops",
        "flux",
        "--all",
        "--chart",
        "oci://registry.example.com/charts/mops-dask",
        "-o",
        "flux/",
    ],
    ["gitops", "cmp", "-o", "sidecar/"],
    ["chart", "package", "-o", "dist"],
]
POISON = "workspace: {worker_processes: 13}\n"


def machine(folder: Path, mode: int, *, git: bool) -> Path:
    """The tree without its generated files, in a directory of this machine."""
    here = folder / "tree"
    shutil.copytree(EXAMPLE, here, ignore=shutil.ignore_patterns("values.yaml"))
    for path in here.rglob("*"):
        if path.is_file():
            path.chmod(mode)
    if git:
        subprocess.run(["git", "init", "--quiet", str(here)], check=True)
    home = folder / "home" / ".modelops"
    home.mkdir(parents=True)
    (home / "modelops.yaml").write_text(POISON)
    return here


def test_paths_home_locale_zone_modes_and_git_do_not_count(tmp_path: Path) -> None:
    one = machine(tmp_path / "a", 0o600, git=True)
    other = machine(tmp_path / "another place/with spaces/und Ümläute", 0o644, git=False)
    base = {"PATH": f"{Path(helm()).parent}:/usr/bin:/bin", "PYTHONPATH": str(ROOT / "src")}
    worlds = [
        (
            one,
            {
                **base,
                "HOME": str(one.parent / "home"),
                "LANG": "C.UTF-8",
                "TZ": "UTC",
                "PYTHONHASHSEED": "1",
                "USER": "me",
            },
        ),
        (
            other,
            {
                **base,
                "LANG": "tr_TR.ISO-8859-9",
                "LC_ALL": "C",
                "TZ": "Asia/Kathmandu",
                "PYTHONHASHSEED": "4242",
                "PYTHONUTF8": "0",
                "COLUMNS": "20",
                "CI": "true",
                "HELM_DEBUG": "true",
                "HELM_NAMESPACE": "x",
                "KUBECONFIG": "/nonexistent",
                "MODELOPS_OVERRIDE_PROCESSES": "7",
                "MODELOPS_PROFILE": "none",
                "MODELOPS_CONFIG": str(other.parent / "home/.modelops/modelops.yaml"),
            },
        ),
    ]
    # The second machine has no network at all, where this user may take it away.
    cut = ["unshare", "--net"]
    offline = (
        cut
        if shutil.which("unshare")
        and subprocess.run([*cut, "true"], capture_output=True, check=False).returncode == 0
        else []
    )
    for (here, env), start in zip(worlds, ([], offline), strict=True):
        for command in COMMANDS:
            done = subprocess.run(
                [*start, sys.executable, "-m", "mops", *command],
                cwd=here,
                env=env,
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, (command, done.stderr)
        shutil.rmtree(here / ".git", ignore_errors=True)
    ours, theirs = contents(one), contents(other)
    assert len(ours) > 12
    assert ours == theirs
    assert all(str(tmp_path).encode() not in data for name, data in ours.items())


@only_root
def test_a_user_without_an_entry_and_without_a_home(tmp_path: Path) -> None:
    here = machine(tmp_path, 0o644, git=False)
    env = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT / "src")}
    done = as_nobody(
        here, env, "render", "--hermetic", "-c", "base.yaml", "-c", "envs/dev/mops.yaml"
    )
    assert done.stdout == (EXAMPLE / "envs/dev/values.yaml").read_bytes(), done.stderr
