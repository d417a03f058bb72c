"""Fixtures for tests that need a Kubernetes API server.

``cluster`` is, in this order:

1. with MOPS_TEST_EXISTING_CLUSTER=1, the cluster that $KUBECONFIG names;
2. a control plane started from the programs in $KUBEBUILDER_ASSETS, or else
   from those that ``python tests/cluster/binaries.py`` built;
3. nothing: the tests are skipped, or fail with MOPS_REQUIRE_CLUSTER=1.

MOPS_TEST_LOG_DIR names a folder in which to keep the programs' logs.
"""

from __future__ import annotations

import json
import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from .binaries import BUILD_COMMAND, binaries_dir, missing_programs
from .client import Cluster
from .controlplane import ControlPlane

_HERE = Path(__file__).parent


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, so that --strict-markers accepts it."""
    config.addinivalue_line("markers", "cluster: needs a Kubernetes API server")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark all tests in this folder; first, so that ``-m`` sees the marks."""
    for item in items:
        if item.path.is_relative_to(_HERE):
            item.add_marker(pytest.mark.cluster)


def _unavailable(reason: str) -> None:
    """Skip, or fail where a run without a cluster would prove too little."""
    if os.environ.get("MOPS_REQUIRE_CLUSTER") == "1":
        pytest.fail(f"MOPS_REQUIRE_CLUSTER=1, but {reason}", pytrace=False)
    pytest.skip(reason)


def _existing_cluster() -> Cluster:
    """Return the cluster that the user pointed us at."""
    kubeconfig = Path(os.environ.get("KUBECONFIG", ""))
    if not kubeconfig.is_file():
        pytest.fail(
            "MOPS_TEST_EXISTING_CLUSTER=1 needs KUBECONFIG to name one file",
            pytrace=False,
        )
    built = binaries_dir() / "kubectl"
    program = shutil.which("kubectl") or str(built)
    asked = Cluster(kubeconfig, "", kubectl_program=program)
    answer = asked.kubectl("version", "-o", "json", check=True).stdout
    version = str(json.loads(answer)["serverVersion"]["gitVersion"])
    return Cluster(kubeconfig, version, kubectl_program=program)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Cluster]:
    """A cluster for the whole run; keep to namespaces of your own in it."""
    if os.environ.get("MOPS_TEST_EXISTING_CLUSTER") == "1":
        yield _existing_cluster()
        return
    folder = binaries_dir()
    missing = missing_programs(folder)
    if missing:
        _unavailable(f"{folder} lacks {', '.join(missing)}; run: {BUILD_COMMAND}")
    with ControlPlane(folder) as plane:
        yield Cluster(
            plane.kubeconfig,
            plane.version,
            plane,
            str(folder / "kubectl"),
            # Keep kubectl's discovery cache out of the user's home.
            {"KUBECACHEDIR": str(plane.folder / "kubectl-cache")},
        )


@pytest.fixture
def simulated(cluster: Cluster) -> Cluster:
    """The cluster, for tests that need what only simulated nodes do."""
    if cluster.plane is None:
        pytest.skip("an existing cluster has no simulated nodes")
    return cluster


@pytest.fixture
def namespace(cluster: Cluster) -> Iterator[str]:
    """The name of a new namespace, deleted after the test."""
    name = f"mops-test-{uuid.uuid4().hex[:8]}"
    cluster.kubectl("create", "namespace", name, check=True)
    # Pods are refused until a controller has made the service account.
    cluster.kubectl(
        *("wait", "--for=create", "serviceaccount/default"),
        *("-n", name, "--timeout=30s"),
        check=True,
    )
    yield name
    cluster.kubectl("delete", "namespace", name, "--wait=false", check=True)
