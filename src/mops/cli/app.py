"""The commands, as typer sees them: names, options, help."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Optional

import typer

from mops import __version__, flags, schema
from mops.cli import config as configs
from mops.cli import files, streams
from mops.cli.options import keys, selection, takes
from mops.cli.render import render
from mops.errors import USAGE

_SETTINGS: dict[str, Any] = {"no_args_is_help": True, "rich_markup_mode": None, "pretty_exceptions_enable": False, "context_settings": {"help_option_names": ["-h", "--help"]}}

app = typer.Typer(name="mops", help="Layered configuration for Dask on Kubernetes.", **_SETTINGS)
workspace = typer.Typer(help="The workspace: its configuration and its life in a cluster.", **_SETTINGS)
config = typer.Typer(help="Look at, check and explain the configuration.", **_SETTINGS)
chart = typer.Typer(help="The Helm chart that mops brings.", **_SETTINGS)
app.add_typer(workspace, name="workspace")
app.add_typer(config, name="config")
workspace.add_typer(config, name="config")
app.add_typer(chart, name="chart")

_FORMAT = flags.Option(("--format",), "How to print it.", "text|json")


# typer brings its own click and exports only some of its errors.
_ClickError: Any = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")


def run(args: Sequence[str]) -> int:
    """Parses and runs; the exit code. Mistakes on the command line exit with 2."""
    command = typer.main.get_command(app)
    try:
        result = command.main(args=list(args), prog_name="mops", standalone_mode=False)
    except typer.Abort:
        raise KeyboardInterrupt from None
    except typer.Exit as done:
        return done.exit_code
    except _ClickError as error:
        message = error.format_message()
        if type(error).__name__ == "NoArgsIsHelpError":
            streams.line(message)
            return USAGE
        streams.note(message.rstrip("."))
        context = getattr(error, "ctx", None)
        streams.note(f"try `{context.command_path if context else 'mops'} --help`")
        return USAGE
    return result if isinstance(result, int) else 0


@app.callback(invoke_without_command=True)
def _root(version: Annotated[bool, typer.Option("--version", help="Print the version and exit.", is_eager=True)] = False) -> None:
    if version:
        streams.out(f"mops {__version__}\n")
        raise typer.Exit


@app.command("render", epilog="Examples: mops render > values.yaml | mops render --config workspace.yaml --profile debug --processes 2 -o values.yaml | mops render --check -o values.yaml")
@takes(*selection(), *flags.RENDER)
def _render(given: flags.Given) -> int:
    """Write the configuration as Helm values.

    Layers, lowest first: defaults, files, profiles, environment variables, --debug-mode, command line.
    """
    return render(given, schema.load())


@config.command("show", epilog="Examples: mops config show | mops config show --all --format json")
@takes(*selection(), _FORMAT, flags.Option(("--all",), "Also the settings that are defaults.", switch=True))
def _show(given: flags.Given) -> int:
    """Print the active configuration: keys, values, origins, and what they shadow."""
    return configs.show(given, schema.load())


@config.command("validate", epilog="Examples: mops config validate | mops config validate envs/*.yaml --strict | mops config validate --config workspace.yaml --format json")
@takes(*selection(), _FORMAT)
def _validate(files: Annotated[Optional[list[str]], typer.Argument(metavar="[FILE]...", help="Check each FILE by itself.")] = None, *, given: flags.Given) -> int:
    """Check the configuration and report every problem at its place."""
    return configs.validate(given, schema.load(), files or [])


@config.command("explain", epilog="Examples: mops config explain | mops config explain workers.processes | mops config explain worker_env --format json")
@takes(*selection(), _FORMAT)
def _explain(
    key: Annotated[Optional[str], typer.Argument(metavar="[KEY]", help="A setting or a section; without one, all that is not a default.", autocompletion=keys)] = None, *, given: flags.Given
) -> int:
    """Tell where values come from, and what they shadow."""
    return configs.explain(given, schema.load(), key)


@app.command("schema", epilog="Examples: mops schema | mops schema values > values.schema.json")
def _schema(which: Annotated[str, typer.Argument(metavar="[unified|workspace|values]", help="Which file the schema is for.", autocompletion=lambda: list(files.SCHEMAS))] = "unified") -> int:
    """Print a JSON schema, for editors and for Helm."""
    return files.print_schema(which)


@chart.command("path", epilog='Example: helm upgrade --install dask "$(mops chart path)" -f values.yaml')
def _chart_path() -> int:
    """Print the folder of the chart."""
    return files.chart_path()


@chart.command("export", epilog="Example: mops chart export charts/mops-dask")
def _chart_export(folder: Annotated[str, typer.Argument(metavar="DIR", help="A folder that does not exist yet, or is empty.")]) -> int:
    """Copy the chart to a folder, to commit it or to look at it."""
    return files.chart_export(folder)


@app.command("generate", hidden=True)
def _generate(check: Annotated[bool, typer.Option("--check", help="Write nothing; exit with 1 where a file is stale.")] = False) -> int:
    """Write the files that are made from the schema. For work on mops itself."""
    return files.generate(check=check)
