"""The commands, as typer sees them: names, options, help."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Optional

import typer

from mops import __version__
from mops.cli import config as configs
from mops.cli import files, flags, show, streams
from mops.cli.gitops_commands import gitops
from mops.cli.options import keys, selection, takes
from mops.cli.render import render
from mops.cli.workspace_commands import register
from mops.model.problems import USAGE
from mops.schema.fields import load_schema

_SETTINGS: dict[str, Any] = {
    "no_args_is_help": True,
    "rich_markup_mode": None,
    "pretty_exceptions_enable": False,
    "context_settings": {"help_option_names": ["-h", "--help"]},
}

app = typer.Typer(name="mops", help="Layered configuration for Dask on Kubernetes.", **_SETTINGS)
workspace = typer.Typer(
    help="The workspace: its configuration and its life in a cluster.", **_SETTINGS
)
config = typer.Typer(help="Look at, check and explain the configuration.", **_SETTINGS)
chart = typer.Typer(help="The Helm chart that mops brings.", **_SETTINGS)
app.add_typer(workspace, name="workspace")
app.add_typer(config, name="config")
workspace.add_typer(config, name="config")
app.add_typer(chart, name="chart")
register(workspace)
app.add_typer(gitops, name="gitops")

_FORMAT = flags.Option(("--format",), "How to print it.", "text|json")


# typer brings its own click and exports only some of its errors.
_ClickError: Any = next(
    kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException"
)


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
def _root(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", is_eager=True)
    ] = False,
) -> None:
    if version:
        streams.out(f"mops {__version__}\n")
        raise typer.Exit


@app.command(
    "render",
    epilog="Examples: mops render > values.yaml | mops render --config workspace.yaml --profile debug --processes 2 -o values.yaml | mops render --check -o values.yaml",
)
@takes(*selection(), *flags.RENDER)
def _render(given: flags.Given) -> int:
    """Write the configuration as Helm values.

    Layers, lowest first: defaults, files, profiles, environment variables, --debug-mode, command line.
    """
    return render(given, load_schema())


@config.command("show", epilog="Examples: mops config show | mops config show --all --format json")
@takes(
    *selection(),
    flags.Option(("--format",), "How to print it.", "text|yaml|json"),
    flags.Option(("--all",), "Also the settings that are defaults.", switch=True),
)
def _show(given: flags.Given) -> int:
    """Print the active configuration: keys, values, origins, what they shadow, and what follows from them."""
    return show.show(given, load_schema())


@config.command(
    "validate",
    epilog="Examples: mops config validate | mops config validate envs/*.yaml --strict | mops config validate --config workspace.yaml --format json",
)
@takes(
    *selection(),
    _FORMAT,
    flags.Option(
        ("--list-checks",),
        "Read nothing: print the name of each check and what it warns of.",
        switch=True,
    ),
)
def _validate(
    files: Annotated[
        Optional[list[str]], typer.Argument(metavar="[FILE]...", help="Check each FILE by itself.")
    ] = None,
    *,
    given: flags.Given,
) -> int:
    """Check the configuration and report every problem at its place."""
    return configs.validate(given, load_schema(), files or [])


@config.command(
    "explain",
    epilog="Examples: mops config explain | mops config explain workers.processes | mops config explain worker_env --format json | mops config explain --graph svg > layers.svg",
)
@takes(
    *selection(),
    _FORMAT,
    flags.Option(("--graph",), "Draw the layers and what each contributed.", "mermaid|svg"),
)
def _explain(
    key: Annotated[
        Optional[str],
        typer.Argument(
            metavar="[KEY]",
            help="A setting or a section; without one, all that is not a default.",
            autocompletion=keys,
        ),
    ] = None,
    *,
    given: flags.Given,
) -> int:
    """Tell where values come from, and what they shadow."""
    return configs.explain(given, load_schema(), key)


_OUTPUT = flags.Option(("--output", "-o"), "Write to FILE.", "FILE")
_FORCE = flags.Option(("--force",), "Overwrite a file that exists.", switch=True)


@app.command(
    "init",
    epilog="Examples: mops init | mops init -o team.yaml | mops init --format workspace -o workspace.yaml",
)
@takes(_OUTPUT, _FORCE, flags.Option(("--format",), "Which kind of file.", "unified|workspace"))
def _init(given: flags.Given) -> int:
    """Write a small commented configuration to start from: ~/.modelops/modelops.yaml, or the FILE of -o."""
    from mops.cli.init import init

    return init(
        load_schema(),
        flags.one(given, "output"),
        flags.one(given, "format") or "unified",
        force=bool(given.get("force")),
    )


@app.command(
    "migrate",
    epilog="Examples: mops migrate | mops migrate --write | mops migrate workspace.yaml -o new.yaml | mops migrate --check --format json",
)
@takes(
    flags.Option(
        ("--check",), "Write nothing; exit with 1 where something would change.", switch=True
    ),
    flags.Option(
        ("--write",), "Change the files in place, and keep each old one as FILE.bak.", switch=True
    ),
    _OUTPUT,
    flags.Option(("--format",), "How to print the table.", "text|json"),
    flags.Option(
        ("--drop-defaults",),
        "Leave keys that only repeat what the older tool's init wrote to today's defaults.",
        switch=True,
    ),
    flags.Option(
        ("--intended",),
        "Carry over what the older tool ignored though it was plainly meant.",
        switch=True,
    ),
)
def _migrate(
    files: Annotated[
        Optional[list[str]],
        typer.Argument(
            metavar="[FILE]...", help="Files of the older tool; without any, those in ~/.modelops."
        ),
    ] = None,
    *,
    given: flags.Given,
) -> int:
    """Bring files of the older tool to today's form: the new file on stdout, and what became of every key on stderr."""
    from mops.cli import migrate

    switches = {
        name: bool(given.get(name)) for name in ("check", "write", "drop_defaults", "intended")
    }
    return migrate.run(
        load_schema(),
        files or [],
        flags.one(given, "output"),
        flags.one(given, "format") or "text",
        **switches,
    )


_FILE = flags.Option(("--file", "-f"), "The file to edit, rather than the active one.", "FILE")
_IN_PROFILE = flags.Option(("--profile", "-p"), "Edit this profile of the file.", "NAME")


@config.command(
    "set",
    epilog="Examples: mops config set worker_processes 3 | mops config set worker_env.LOG debug --profile debug | mops config set threads 2 --file workspace.yaml",
)
@takes(_FILE, _IN_PROFILE)
def _set(
    key: Annotated[
        str,
        typer.Argument(
            metavar="KEY", help="A setting in any of its spellings.", autocompletion=keys
        ),
    ],
    value: Annotated[
        str, typer.Argument(metavar="VALUE", help="Its value; null forgets what lower layers say.")
    ],
    *,
    given: flags.Given,
) -> int:
    """Set one setting in its file, and leave every other byte of the file as it is."""
    from mops.cli import edit

    return edit.assign(
        load_schema(), key, value, flags.one(given, "file"), flags.one(given, "profile")
    )


@config.command(
    "unset", epilog="Example: mops config unset worker_processes worker_threads --profile debug"
)
@takes(_FILE, _IN_PROFILE)
def _unset(
    key: Annotated[
        list[str],
        typer.Argument(
            metavar="KEY...",
            help="Settings or sections, in any of their spellings.",
            autocompletion=keys,
        ),
    ],
    *,
    given: flags.Given,
) -> int:
    """Take settings out of their file, and leave every other byte of the file as it is."""
    from mops.cli import edit

    return edit.forget(load_schema(), key, flags.one(given, "file"), flags.one(given, "profile"))


@app.command("schema", epilog="Examples: mops schema | mops schema values > values.schema.json")
def _schema(
    which: Annotated[
        str,
        typer.Argument(
            metavar="[unified|workspace|values]",
            help="Which file the schema is for.",
            autocompletion=lambda: list(files.SCHEMAS),
        ),
    ] = "unified",
) -> int:
    """Print a JSON schema, for editors and for Helm."""
    return files.print_schema(which)


@chart.command(
    "path", epilog='Example: helm upgrade --install dask "$(mops chart path)" -f values.yaml'
)
def _chart_path() -> int:
    """Print the folder of the chart."""
    return files.chart_path()


@chart.command("export", epilog="Example: mops chart export charts/mops-dask")
def _chart_export(
    folder: Annotated[
        str, typer.Argument(metavar="DIR", help="A folder that does not exist yet, or is empty.")
    ],
) -> int:
    """Copy the chart to a folder, to commit it or to look at it."""
    return files.chart_export(folder)


@chart.command(
    "package",
    epilog='Example: helm push "$(mops chart package -o dist)" oci://registry.example.com/charts',
)
def _chart_package(
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="DIR", help="The folder of the archive.")
    ] = ".",
) -> int:
    """Write the chart as an archive, the same bytes everywhere, and print its path. Nothing is pushed."""
    return files.chart_package(output)


@app.command("generate", hidden=True)
def _generate(
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit with 1 where a file is stale.")
    ] = False,
) -> int:
    """Write the files that are made from the schema. For work on mops itself."""
    return files.generate(check=check)
