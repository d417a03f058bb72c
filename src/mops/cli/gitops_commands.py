"""`mops gitops` as typer sees it."""

from __future__ import annotations

from typing import Annotated

import typer

from mops.cli import flags
from mops.cli.options import selection, takes
from mops.schema.fields import load_schema

Option = flags.Option

_ALL = (
    Option(
        ("--all",), "Every workspace of the fleet, instead of one.", switch=True, panel="Fleets"
    ),
    Option(
        ("--root",),
        "The fleet: a folder with mops.fleet.yaml or envs/*/mops.yaml.",
        "DIR",
        panel="Fleets",
    ),
)
_OUTPUT = (
    Option(
        ("--output", "-o"), "Write to FILE, or to a file for each object into DIR/.", "FILE|DIR/"
    ),
    Option(
        ("--check",),
        "Write nothing: compare with what -o names and exit with 1 where it is stale.",
        switch=True,
    ),
)
_CHART = (
    Option(
        ("--chart",),
        "The chart: oci://HOST/PATH/NAME, the URL of a Helm repository, or its path in the git repository.",
        "PLACE",
        panel="Delivery",
    ),
    Option(
        ("--chart-version",),
        "The chart's version, which must be the one that this mops renders values for.",
        "VERSION",
        panel="Delivery",
    ),
    Option(
        ("--pod-security",),
        "The Pod Security level of the namespaces.",
        "restricted|baseline|privileged",
        panel="Delivery",
    ),
)
_ARGO = (
    Option(("--repo",), "The git repository that holds the values.", "URL", panel="Delivery"),
    Option(("--revision",), "Its branch, tag or commit; main.", "NAME", panel="Delivery"),
    Option(
        ("--repo-path",),
        "The folder in the repository that the values files are named from.",
        "PATH",
        panel="Delivery",
    ),
    *_CHART,
    Option(("--project",), "The AppProject; default.", "NAME", panel="Delivery"),
    Option(
        ("--with-project",),
        "Write the AppProject too, which allows what the workspaces need and no more.",
        switch=True,
        panel="Delivery",
    ),
    Option(
        ("--server",),
        "The URL of the cluster's API; that in which Argo CD runs.",
        "URL",
        panel="Delivery",
    ),
    Option(
        ("--cluster",),
        "The cluster by its name in Argo CD, instead of --server.",
        "NAME",
        panel="Delivery",
    ),
    Option(("--argocd-namespace",), "The namespace of Argo CD; argocd.", "NAME", panel="Delivery"),
    Option(("--manual",), "Leave syncing to people.", switch=True, panel="Delivery"),
)
_NAME = Option(("--name",), "The object's name.", "NAME", panel="Delivery")
_VALUES = Option(
    ("--values-file",),
    "The values file of the one workspace, named from the repository's root or --repo-path.",
    "FILE",
    panel="Delivery",
)
_SOURCE = Option(
    ("--source",),
    "The GitRepository in flux-system that has a chart from git; flux-system.",
    "NAME",
    panel="Delivery",
)
_FLEET = tuple(option for option in flags.SELECTION if option.dest in ("strict", "quiet"))

gitops = typer.Typer(
    name="gitops", help="Objects for Argo CD and Flux.", no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)  # fmt: skip

_EXAMPLE = "--repo https://git.example.com/team/dask.git --chart charts/mops-dask"


@gitops.command(
    "argocd",
    epilog=f"Example: mops gitops argocd --all {_EXAMPLE} --project dask --with-project -o argocd/",
)
@takes(*selection(), *_ALL, *_ARGO, _VALUES, _NAME, *_OUTPUT)
def _argocd(given: flags.Given) -> int:
    """Write an Argo CD Application for each workspace."""
    from mops.cli.gitops import argocd

    return argocd(given, load_schema())


@gitops.command(
    "applicationset",
    epilog=f"Example: mops gitops applicationset {_EXAMPLE} --project dask -o argocd/",
)
@takes(*_FLEET, *_ALL, *_ARGO, _NAME, *_OUTPUT)
def _application_set(given: flags.Given) -> int:
    """Write one Argo CD ApplicationSet over the fleet."""
    from mops.cli.gitops import application_set

    return application_set(given, load_schema())


@gitops.command(
    "flux",
    epilog="Example: mops gitops flux --all --chart oci://registry.example.com/charts/mops-dask -o flux/",
)
@takes(*selection(), *_ALL, *_CHART, _SOURCE, _NAME, *_OUTPUT)
def _flux(given: flags.Given) -> int:
    """Write what Flux needs for each workspace: namespace, values, chart and release."""
    from mops.cli.gitops import flux

    return flux(given, load_schema())


@gitops.command("lint", epilog="Example: mops gitops lint argocd/*.yaml")
def _lint(
    files: Annotated[
        list[str], typer.Argument(metavar="FILE...", help="Files with objects for Argo CD or Flux.")
    ],
) -> int:
    """Check objects for what their CRDs accept and the controllers refuse, or misunderstand."""
    from mops.cli.gitops import lint

    return lint(files)


@gitops.command(
    "cmp",
    epilog="Examples: mops gitops cmp | mops gitops cmp Dockerfile | mops gitops cmp -o sidecar/",
)
@takes(*_OUTPUT)
def _cmp(
    which: Annotated[
        str,
        typer.Argument(metavar="[plugin.yaml|Dockerfile]", help="Which file; -o DIR/ writes both."),
    ] = "plugin.yaml",
    *,
    given: flags.Given,
) -> int:
    """Write the configuration of an Argo CD plugin that runs mops, and the Dockerfile of its sidecar."""
    from mops.cli.gitops import plugin

    return plugin(which, given)
