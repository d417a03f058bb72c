"""`mops render`: the configuration as Helm values."""

from __future__ import annotations

import os

from mops.chart.values import FORMATS, annotated_text
from mops.checks.verdict import Verdict
from mops.cli import streams
from mops.cli.render_options import RenderOptions
from mops.cli.run import valid_configuration
from mops.model import disk
from mops.model.problems import DIFFERENCE, OK, UsageError
from mops.report.difference import compared
from mops.schema.fields import load_schema


def render(options: RenderOptions) -> int:
    """Writes the values to stdout or a file, or compares them; returns the exit code."""
    if options.all:
        from mops.cli.fleet import render_all

        return render_all(options)
    _refuse(options, "--root", "--jobs", "-j", "--keep-going", needs="--all")
    if options.format == "manifests" or options.from_argocd_env:
        from mops.cli.manifests import render_manifests

        return render_manifests(options)
    _refuse(options, "--kube-version", "--api-version", needs="--format manifests")
    if options.check and not options.output:
        raise UsageError("--check compares with the file of -o: add -o FILE")
    if options.annotate and options.format != "values":
        raise UsageError("--annotate requires --format values")
    verdict = valid_configuration(options.selection, load_schema())
    text = _text(verdict, options)
    if options.output in ("", "-"):
        streams.out(text)
        return OK
    _keep_layers(verdict, options.output)
    if options.check:
        return _compare(text, options.output)
    disk.write(text, options.output)
    return OK


def _text(verdict: Verdict, options: RenderOptions) -> str:
    if options.annotate:
        return annotated_text(verdict.values, verdict.config)
    return FORMATS[options.format](verdict.values)


def _refuse(options: RenderOptions, *names: str, needs: str) -> None:
    for name in options.given:
        if name in names:
            raise UsageError(f"{name} requires {needs}")


def _keep_layers(verdict: Verdict, output: str) -> None:
    """Raises UsageError if the output would overwrite a layer."""
    if not os.path.exists(output):
        return
    for layer in verdict.config.layers:
        if os.path.exists(layer.name) and os.path.samefile(layer.name, output):
            raise UsageError(f"-o {output}: this file is one of the layers")


def _compare(text: str, output: str) -> int:
    """Compares the values with the file and prints the difference."""
    committed = disk.read_file(output) if os.path.lexists(output) else b""
    if committed == text.encode("utf-8"):
        return OK
    streams.out(compared(text, committed, output))
    streams.note(f"{output} is stale: run the same command without --check")
    return DIFFERENCE
