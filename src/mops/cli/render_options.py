"""What `mops render` is asked for."""

from __future__ import annotations

from typing import NamedTuple

from mops.cli.parse import Selection


class RenderOptions(NamedTuple):
    """What `mops render` is asked for. `given` are the options as they were typed."""

    selection: Selection
    given: tuple[str, ...] = ()
    format: str = "values"
    annotate: bool = False
    output: str = ""
    check: bool = False
    all: bool = False
    root: str = ""
    jobs: int | None = None
    keep_going: bool = False
    kube_version: str = ""
    api_version: tuple[str, ...] = ()
    from_argocd_env: bool = False
