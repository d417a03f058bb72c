"""Build the programs of a Kubernetes control plane, once, into a cache folder.

Run as ``python tests/cluster/binaries.py``. In: the versions in ``go.mod``
beside this file and a Go toolchain. Out: the folder on the last line of
standard output. Needs only the standard library, so that it runs before
anything is installed.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MODULE = Path(__file__).resolve().parent

# Program name -> Go package. The names are those that setup-envtest uses.
PROGRAMS = {
    "etcd": "go.etcd.io/etcd/server/v3",
    "kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver",
    "kube-controller-manager": "k8s.io/kubernetes/cmd/kube-controller-manager",
    "kube-scheduler": "k8s.io/kubernetes/cmd/kube-scheduler",
    "kubectl": "k8s.io/kubernetes/cmd/kubectl",
    "kwok": "sigs.k8s.io/kwok/cmd/kwok",
    "judge": "./judge",
}

BUILD_COMMAND = "python tests/cluster/binaries.py"

_STAMP = ".built-from"


class BuildError(Exception):
    """The programs could not be built; the text says why and what to do."""


def module_version(module: str) -> str:
    """Return the version ("v1.2.3") that go.mod requires of ``module``."""
    text = (MODULE / "go.mod").read_text(encoding="utf-8")
    found = re.search(rf"^\s*{re.escape(module)} (v\S+)", text, re.MULTILINE)
    if found is None:
        raise BuildError(f"{MODULE / 'go.mod'} requires no {module}")
    return found.group(1)


def binaries_dir() -> Path:
    """Return the folder that holds, or will hold, the programs."""
    chosen = os.environ.get("KUBEBUILDER_ASSETS")
    if chosen:
        return Path(chosen)
    version = module_version("k8s.io/kubernetes")
    return Path.home() / ".cache" / "mops-tests" / f"k8s-{version}"


def missing_programs(folder: Path) -> list[str]:
    """Return the names of the programs that ``folder`` lacks."""
    return [name for name in PROGRAMS if not os.access(folder / name, os.X_OK)]


def link_flags() -> str:
    """Return the linker flags that make each program report its true version.

    Built from a module instead of a release checkout, a Kubernetes program
    would call itself v0.0.0-master, and clients decide by that version.
    """
    kubernetes = module_version("k8s.io/kubernetes")
    major, minor = kubernetes.removeprefix("v").split(".")[:2]
    flags = ["-s", "-w"]
    for package in ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version"):
        flags += ["-X", f"{package}.gitVersion={kubernetes}"]
        flags += ["-X", f"{package}.gitMajor={major}"]
        flags += ["-X", f"{package}.gitMinor={minor}"]
    kwok = module_version("sigs.k8s.io/kwok").removeprefix("v")
    flags += ["-X", f"sigs.k8s.io/kwok/pkg/consts.Version={kwok}"]
    return " ".join(flags)


def source_digest() -> str:
    """Return a digest of all that decides what the build makes."""
    digest = hashlib.sha256(link_flags().encode())
    digest.update(repr(sorted(PROGRAMS.items())).encode())
    for name in ("go.mod", "go.sum", "judge/main.go"):
        digest.update((MODULE / name).read_bytes())
    return digest.hexdigest()


def is_current(folder: Path) -> bool:
    """Tell whether ``folder`` needs no build.

    A folder without our stamp was filled by somebody else, who chose what is
    in it: then it is enough that nothing is missing.
    """
    if missing_programs(folder):
        return False
    stamp = folder / _STAMP
    return not stamp.exists() or stamp.read_text(encoding="utf-8") == source_digest()


def run_go_build(out: Path) -> None:
    """Compile all programs into the folder ``out``; raise BuildError on failure."""
    go = shutil.which("go")
    if go is None:
        raise BuildError(
            "go not found; install Go 1.26 or newer, or set KUBEBUILDER_ASSETS "
            f"to a directory that has {', '.join(PROGRAMS)}"
        )
    command = [go, "build", "-trimpath", "-buildvcs=false", "-mod=readonly"]
    # A go.work file in some parent folder must not take part.
    env = {**os.environ, "CGO_ENABLED": "0", "GOWORK": "off"}
    command += ["-ldflags", link_flags(), "-o", f"{out}{os.sep}", *PROGRAMS.values()]
    # The compiler's words go to stderr: stdout is for the folder's name.
    done = subprocess.run(command, cwd=MODULE, env=env, stdout=sys.stderr, check=False)
    if done.returncode != 0:
        raise BuildError(f"`go build` in {MODULE} failed (exit code {done.returncode})")


def built_name(package: str) -> str:
    """Return the file name that `go build` gives to the program in ``package``."""
    # A major-version suffix is no part of the name: .../server/v3 -> server.
    return re.sub(r"/v\d+$", "", package).rsplit("/", 1)[-1]


@contextmanager
def exclusive(folder: Path) -> Iterator[None]:
    """Hold ``folder`` so that two builds at the same time do the work once."""
    with (folder / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def build(folder: Path) -> None:
    """Fill ``folder`` with the programs, each appearing whole or not at all."""
    # In the same folder, since a rename is atomic only within a file system.
    with tempfile.TemporaryDirectory(prefix=".build-", dir=folder) as name:
        out = Path(name)
        run_go_build(out)
        for program, package in PROGRAMS.items():
            (out / built_name(package)).replace(folder / program)
        stamp = out / _STAMP
        stamp.write_text(source_digest(), encoding="utf-8")
        # Last: a build cut off before here is found out of date and repeated.
        stamp.replace(folder / _STAMP)


def ensure_binaries() -> Path:
    """Return the folder with all programs in it, building them if needed."""
    folder = binaries_dir()
    if is_current(folder):
        return folder
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with exclusive(folder):
            if not is_current(folder):
                print(
                    f"building {', '.join(PROGRAMS)} into {folder} (some minutes)",
                    file=sys.stderr,
                )
                build(folder)
    except OSError as error:
        raise BuildError(f"cannot write the programs to {folder}: {error}") from error
    return folder


def main() -> int:
    """Build if needed, print the folder, return the exit code."""
    try:
        folder = ensure_binaries()
    except BuildError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    print(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
