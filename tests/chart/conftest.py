"""Every test here renders the chart with helm."""

import shutil

import pytest

from chart import manifests


def pytest_collection_modifyitems(items):
    for item in items:
        if "/tests/chart/" in item.path.as_posix():
            item.add_marker(pytest.mark.chart)


@pytest.fixture(scope="session")
def bare(tmp_path_factory):
    """The chart without its schema, as `--skip-schema-validation` leaves it."""
    copy = tmp_path_factory.mktemp("chart") / "mops-dask"
    shutil.copytree(manifests.CHART, copy)
    (copy / "values.schema.json").unlink()
    return copy


@pytest.fixture
def without_schema(bare):
    """Like `render`, but the schema does not look first."""
    return lambda values: manifests.render(values, chart=bare)
