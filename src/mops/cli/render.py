"""`mops render`: the configuration as Helm values."""

from __future__ import annotations

import os

from mops.chart.values import values_text
from mops.cli import flags, run, streams
from mops.model import disk
from mops.model.disk import read_file
from mops.model.problems import DIFFERENCE, OK, UsageError
from mops.report.difference import compared
from mops.report.text import printable
from mops.schema.fields import SettingsSchema

FORMATS = ("values", "json", "manifests")


def render(given: flags.Given, schema: SettingsSchema) -> int:
    """Writes the values to stdout or to the file of -o, or compares; the exit code."""
    if given.get("all"):
        from mops.cli.fleet import render_all

        return render_all(given, schema)
    kind = flags.one(given, "format") or "values"
    output = flags.one(given, "output")
    alone = next((name for name in ("root", "jobs", "keep_going") if given.get(name)), "")
    if alone:
        raise UsageError(f"--{alone.replace('_', '-')} goes with --all")
    if kind == "manifests" or given.get("from_argocd_env"):
        from mops.cli.manifests import render_manifests

        return render_manifests(given, schema)
    alone = next((name for name in ("kube_version", "api_version") if given.get(name)), "")
    if alone:
        raise UsageError(f"--{alone.replace('_', '-')} goes with --format manifests")
    if kind not in FORMATS:
        raise UsageError(f"--format: expected one of {', '.join(FORMATS)}, found {printable(kind)}")
    if given.get("check") and not output:
        raise UsageError("--check compares with the file of -o: name one")
    if given.get("annotate") and kind == "json":
        raise UsageError("--annotate writes comments, which JSON has none of")
    verdict = run.configuration(given, schema)
    run.settle(verdict, given)
    text = values_text(verdict.config, verdict.values, kind, annotate=bool(given.get("annotate")))
    if not output or output == "-":
        streams.out(text)
        return OK
    for layer in verdict.config.layers:
        if (
            os.path.exists(layer.name)
            and os.path.exists(output)
            and os.path.samefile(layer.name, output)
        ):
            raise UsageError(f"-o {output}: this file is one of the layers")
    if given.get("check"):
        return _compare(text, output)
    disk.write(text, output)
    return OK


def _compare(text: str, output: str) -> int:
    """Compares with the file; prints the difference."""
    committed = read_file(output) if os.path.lexists(output) else b""
    if committed == text.encode("utf-8"):
        return OK
    streams.out(compared(text, committed, output))
    streams.note(f"{output} is stale: run the same command without --check")
    return DIFFERENCE
