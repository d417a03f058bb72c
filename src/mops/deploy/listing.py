"""All workspaces of a cluster."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from mops.chart import helm
from mops.deploy.release import all_releases
from mops.report.table import Column, table

_CHART = re.compile(r"mops-dask-v?[0-9].*")
_HEADINGS = ("RELEASE", "NAMESPACE", "REVISION", "STATUS", "UPDATED", "CHART")


class Listed(NamedTuple):
    """A workspace as helm lists it, all fields as text."""

    name: str
    namespace: str
    revision: str
    status: str
    updated: str
    chart: str


def list_workspaces(environ: Mapping[str, str], context: str) -> list[Listed]:
    """The releases of the chart in all namespaces of the cluster that a context names."""
    releases = all_releases(helm.find(environ), context)
    return [
        Listed(
            name=release["name"],
            namespace=release["namespace"],
            revision=str(release["revision"]),
            status=release["status"],
            updated=release["updated"],
            chart=release["chart"],
        )
        for release in releases
        if _CHART.fullmatch(release.get("chart", ""))
    ]


def listing_text(found: Sequence[Listed]) -> str:
    """The workspaces as a table."""
    rows = [entry._replace(updated=entry.updated[:19]) for entry in found]
    return table(tuple(map(Column, _HEADINGS)), rows, None)
