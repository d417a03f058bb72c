"""The options of `mops render`, in a module that other commands can import."""

from __future__ import annotations

from typing import NamedTuple

from mops.cli.parse import Selection


class RenderOptions(NamedTuple):
    """The options of `mops render`. `given` are the options as typed."""

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
