"""`mops render --format manifests`: the objects that helm renders; also as an Argo CD plugin."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from mops.chart import helm, manifests
from mops.chart.values import values_text
from mops.cli.output import save
from mops.cli.run import valid_configuration
from mops.config import derived
from mops.gitops.plugin import plugin_run
from mops.model import bundle
from mops.model.problems import UsageError
from mops.schema.fields import load_schema

if TYPE_CHECKING:
    from mops.cli.render_options import RenderOptions

_KUBE_VERSION = re.compile(r"v?[0-9]+\.[0-9]+(\.[0-9]+)?([-+][-+.0-9A-Za-z]+)?")
_PLUGIN_OPTIONS = frozenset(
    {"--from-argocd-env", "--format", "--strict", "--quiet", "-q", "--hermetic"}
)


def render_manifests(options: RenderOptions) -> int:
    """Writes the manifests to stdout, to one file, or each to its own file in a directory."""
    if options.from_argocd_env:
        options = _from_plugin(options)
    if options.annotate:
        raise UsageError("--annotate requires --format values")
    if not _KUBE_VERSION.fullmatch(options.kube_version):
        raise UsageError(
            "--format manifests requires --kube-version, the cluster's version, as in 1.33: "
            "the default differs between versions of helm"
        )
    verdict = valid_configuration(options.selection, load_schema())
    release = str(verdict.config.value("release", "name"))
    namespace = derived.namespace(verdict.config)
    printed = helm.find(os.environ, offline=True).run(
        manifests.arguments(release, namespace, options.kube_version, "-", options.api_version),
        stdin=values_text(verdict.values),
        directory=bundle.chart(),
    )
    objects = manifests.objects(printed, namespace)
    texts = {manifests.file_name(entry): manifests.text(entry) for entry in objects}
    return save(texts, options.output, check=options.check)


def _from_plugin(options: RenderOptions) -> RenderOptions:
    """The options with the selection from the environment of an Argo CD plugin."""
    wrong = [name for name in options.given if name not in _PLUGIN_OPTIONS]
    if "--format" in options.given and options.format != "manifests":
        wrong.append("--format")
    if wrong:
        names = ", ".join(dict.fromkeys(wrong))
        raise UsageError(f"--from-argocd-env reads everything from the environment: remove {names}")
    run = plugin_run(os.environ)
    return options._replace(
        selection=options.selection._replace(request=run.request),
        kube_version=run.kube_version,
        api_version=run.api_versions,
    )
