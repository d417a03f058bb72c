"""Every command: its name, its options, its help, and the function that runs it.

The parser, the help texts and shell completion all read this table. A command's function takes one
record, a NamedTuple with a field for each option and argument; both are imported when it runs.
"""

from __future__ import annotations

from typing import NamedTuple

from mops.cli.options import QUIET, STRICT, Argument, Option, choice, in_panel

# The words that name a command or a group, such as ("config", "show").
Path = tuple[str, ...]


class Command(NamedTuple):
    """One command.

    `selects` commands read a configuration: they have the options that select its layers, and
    their record has a field `selection`. `record` is "" for a command without options.
    """

    path: Path
    summary: str
    examples: tuple[str, ...]
    module: str
    function: str
    record: str = ""
    options: tuple[Option, ...] = ()
    arguments: tuple[Argument, ...] = ()
    details: str = ""
    selects: bool = False
    hidden: bool = False


GROUPS: dict[Path, str] = {
    (): "Layered configuration for Dask on Kubernetes.",
    ("config",): "Show, check, explain and edit the configuration.",
    ("workspace",): "The workspace: its configuration and its deployment in a cluster.",
    ("chart",): "The bundled Helm chart.",
    ("gitops",): "Objects for Argo CD and Flux.",
}
# Groups that are also available in another group.
ALIASES: dict[Path, Path] = {("workspace", "config"): ("config",)}

_FORMAT = choice(("--format",), "Output format.", "text", "json")
_OUTPUT = Option(("--output", "-o"), "Write to FILE.", "FILE")
_PARTS = ("scheduler", "workers")

_RENDER = (
    choice(
        ("--format",),
        "What to write: Helm values, the same as JSON, or the manifests that helm renders.",
        "values",
        "json",
        "manifests",
    ),
    Option(("--annotate",), "Add the origin of each value as a comment."),
    Option(("--output", "-o"), "Write to FILE, completely or not at all.", "FILE"),
    Option(
        ("--check",),
        "Write nothing: compare with the file of -o and exit with 1 if it is stale.",
    ),
    *in_panel(
        "Fleets",
        Option(
            ("--all",),
            "Render every workspace of the tree, each values.yaml beside its configuration.",
        ),
        Option(
            ("--root",), "The tree: a directory with mops.fleet.yaml or envs/*/mops.yaml.", "DIR"
        ),
        Option(
            ("--jobs", "-j"),
            "Number of processes; by default one per core if that pays off.",
            "N",
            number=True,
        ),
        Option(("--keep-going",), "Write the valid workspaces even if others are invalid."),
    ),
    *in_panel(
        "Manifests",
        Option(("--kube-version",), "The cluster's version, for --format manifests.", "VERSION"),
        Option(
            ("--api-version",),
            "An API that the cluster serves, as in keda.sh/v1alpha1/ScaledObject; may be repeated.",
            "API",
            many=True,
        ),
        Option(
            ("--from-argocd-env",),
            "As an Argo CD plugin: read the selection from the environment and write manifests.",
        ),
    ),
)

_EDITED_FILE = (
    Option(("--file", "-f"), "The file to edit; by default the active one.", "FILE"),
    Option(("--profile", "-p"), "Edit this profile of the file.", "NAME"),
)
_CONFIG = (
    Command(
        ("config", "show"),
        "Print the active configuration: settings, values, origins, overridden values, and "
        "derived facts.",
        ("mops config show", "mops config show --all --format json"),
        "mops.cli.config",
        "show",
        "ShowOptions",
        (
            choice(("--format",), "Output format.", "text", "yaml", "json"),
            Option(("--all",), "Include settings that have their default."),
        ),
        selects=True,
    ),
    Command(
        ("config", "validate"),
        "Check the configuration and report every problem at its place.",
        (
            "mops config validate",
            "mops config validate envs/*.yaml --strict",
            "mops config validate --config workspace.yaml --format json",
            "mops config validate envs/*.yaml --list-ignored",
        ),
        "mops.cli.config",
        "validate",
        "ValidateOptions",
        (
            choice(
                ("--format",),
                "Output format; github annotates pull requests, sarif is for code scanning.",
                "text",
                "json",
                "github",
                "sarif",
            ),
            Option(
                ("--list-checks",), "Print the name of each check and what it finds; read no files."
            ),
            Option(
                ("--list-ignored",), "Print each comment that ignores a warning, and its reason."
            ),
        ),
        (Argument("files", "[FILE]...", "Check each FILE by itself.", many=True),),
        selects=True,
    ),
    Command(
        ("config", "explain"),
        "Explain where values come from and what they override.",
        (
            "mops config explain",
            "mops config explain workers.processes",
            "mops config explain worker_env --format json",
            "mops config explain --graph svg > layers.svg",
        ),
        "mops.cli.config",
        "explain",
        "ExplainOptions",
        (
            _FORMAT,
            choice(("--graph",), "Draw the layers and what each contributes.", "mermaid", "svg"),
        ),
        (Argument("key", "[KEY]", "A setting or a section; by default all that layers set."),),
        selects=True,
    ),
    Command(
        ("config", "set"),
        "Set one setting in its file and leave all other bytes of the file unchanged.",
        (
            "mops config set worker_processes 3",
            "mops config set worker_env.LOG debug --profile debug",
            "mops config set workers.threads 2 --file workspace.yaml",
        ),
        "mops.cli.edit",
        "set_setting",
        "SetOptions",
        _EDITED_FILE,
        (
            Argument("key", "KEY", "A setting in any of its spellings.", required=True),
            Argument(
                "value", "VALUE", "Its value; null clears values from lower layers.", required=True
            ),
        ),
    ),
    Command(
        ("config", "unset"),
        "Remove settings from their file and leave all other bytes of the file unchanged.",
        ("mops config unset worker_processes worker_threads --profile debug",),
        "mops.cli.edit",
        "unset_settings",
        "UnsetOptions",
        _EDITED_FILE,
        (
            Argument(
                "keys",
                "KEY...",
                "Settings or sections, in any of their spellings.",
                required=True,
                many=True,
            ),
        ),
    ),
)

_FILES = (
    Command(
        ("render",),
        "Write the configuration as Helm values.",
        (
            "mops render > values.yaml",
            "mops render --config workspace.yaml --profile debug --processes 2 -o values.yaml",
            "mops render --check -o values.yaml",
        ),
        "mops.cli.render",
        "render",
        "RenderOptions",
        _RENDER,
        details="Layers, lowest first: defaults, files, profiles, environment variables, "
        "--debug-mode, command line.",
        selects=True,
    ),
    Command(
        ("init",),
        "Write a small commented configuration to start from: ~/.modelops/modelops.yaml, or the "
        "FILE of -o.",
        (
            "mops init",
            "mops init -o team.yaml",
            "mops init --format workspace -o workspace.yaml",
        ),
        "mops.cli.init",
        "init",
        "InitOptions",
        (
            _OUTPUT,
            Option(("--force",), "Overwrite an existing file."),
            choice(("--format",), "Which kind of file.", "unified", "workspace"),
        ),
    ),
    Command(
        ("migrate",),
        "Convert files of the older tool to the current format: print the new file on stdout, and "
        "what became of every key on stderr.",
        (
            "mops migrate",
            "mops migrate --write",
            "mops migrate workspace.yaml -o new.yaml",
            "mops migrate --check --format json",
        ),
        "mops.cli.migrate",
        "migrate_files",
        "MigrateOptions",
        (
            Option(("--check",), "Write nothing; exit with 1 if something would change."),
            Option(("--write",), "Change the files in place; keep each old one as FILE.bak."),
            _OUTPUT,
            choice(("--format",), "Format of the table.", "text", "json"),
            Option(
                ("--drop-defaults",),
                "Remove keys that only repeat what the older tool's init wrote, so that the "
                "current defaults apply.",
            ),
            Option(
                ("--intended",),
                "Carry over what the older tool ignored although it was clearly intended.",
            ),
        ),
        (
            Argument(
                "files",
                "[FILE]...",
                "Files of the older tool; by default those in ~/.modelops.",
                many=True,
            ),
        ),
    ),
    Command(
        ("schema",),
        "Print a JSON Schema, for editors or for Helm.",
        ("mops schema", "mops schema values > values.schema.json"),
        "mops.cli.bundled",
        "print_schema",
        "SchemaOptions",
        arguments=(
            Argument(
                "kind",
                "[unified|workspace|values]",
                "Which file the schema is for.",
                choices=("unified", "workspace", "values"),
            ),
        ),
    ),
    Command(
        ("generate",),
        "Write the files that are generated from the schema. For developers of mops.",
        ("mops generate --check",),
        "mops.cli.bundled",
        "generate",
        "GenerateOptions",
        (Option(("--check",), "Write nothing; exit with 1 if a file is stale."),),
        hidden=True,
    ),
)

_CHART = (
    Command(
        ("chart", "path"),
        "Print the chart's directory.",
        ('helm upgrade --install dask "$(mops chart path)" -f values.yaml',),
        "mops.cli.bundled",
        "chart_path",
    ),
    Command(
        ("chart", "export"),
        "Copy the chart to a directory, to commit or read it.",
        ("mops chart export charts/mops-dask",),
        "mops.cli.bundled",
        "chart_export",
        "ExportOptions",
        arguments=(
            Argument(
                "directory",
                "DIR",
                "A directory that does not exist yet, or is empty.",
                required=True,
            ),
        ),
    ),
    Command(
        ("chart", "package"),
        "Write the chart as an archive, with the same bytes on every machine, and print its path. "
        "Nothing is pushed.",
        ('helm push "$(mops chart package -o dist)" oci://registry.example.com/charts',),
        "mops.cli.bundled",
        "chart_package",
        "PackageOptions",
        (Option(("--output", "-o"), "The directory of the archive.", "DIR"),),
    ),
)

_CONTEXT = Option(
    ("--context",), "The kubeconfig context; by default the current one.", "NAME", panel="Cluster"
)
_TIMEOUT = Option(
    ("--timeout",), "How long the pods may take to become ready (10m).", "TIME", panel="Cluster"
)
_YES = Option(("--yes", "-y"), "Do not ask for confirmation.")
_LOCAL = Option(
    ("--local",), "The workspace that runs on this machine instead of one in a cluster."
)

_WORKSPACE = (
    Command(
        ("workspace", "up"),
        "Deploy the configuration: show what changes, ask, run helm, and wait for the pods.",
        (
            "mops workspace up",
            "mops workspace up --debug-mode --local",
            "mops workspace up --config workspace.yaml --profile production --context prod --yes",
        ),
        "mops.cli.workspace",
        "up",
        "UpOptions",
        (
            _CONTEXT,
            _TIMEOUT,
            _YES,
            Option(
                ("--dry-run",),
                "Show what would change, let the cluster check it, and change nothing.",
            ),
            Option(
                ("--local",), "Run the scheduler and the workers on this machine, until Ctrl-C."
            ),
        ),
        selects=True,
    ),
    Command(
        ("workspace", "status"),
        "Show what is deployed, and where it differs from the configuration.",
        (
            "mops workspace status",
            "mops workspace status --show-config",
            "mops workspace status --exit-code --format json",
        ),
        "mops.cli.workspace",
        "status",
        "StatusOptions",
        (
            _CONTEXT,
            _FORMAT,
            _LOCAL,
            Option(
                ("--show-config",), "Also show the deployed configuration next to the active one."
            ),
            Option(("--exit-code",), "Exit with 1 if the cluster differs from the configuration."),
            Option(("--watch", "-w"), "Refresh every two seconds, until Ctrl-C."),
        ),
        selects=True,
    ),
    Command(
        ("workspace", "diff"),
        "Show what `up` would change, and which pods that restarts. Exits with 1 if there is a "
        "difference.",
        (
            "mops workspace diff",
            "mops workspace diff --config workspace.yaml --format json",
        ),
        "mops.cli.workspace",
        "diff",
        "DiffOptions",
        (_CONTEXT, _FORMAT),
        selects=True,
    ),
    Command(
        ("workspace", "down"),
        "Remove the workspace. The namespace stays, unless --delete-namespace is given.",
        ("mops workspace down", "mops workspace down --yes --delete-namespace"),
        "mops.cli.workspace",
        "down",
        "DownOptions",
        (
            _CONTEXT,
            _TIMEOUT,
            _YES,
            _LOCAL,
            Option(("--delete-namespace",), "Also delete the namespace and everything in it."),
        ),
        selects=True,
    ),
    Command(
        ("workspace", "list"),
        "List all workspaces in the cluster.",
        ("mops workspace list", "mops workspace list --context prod --format json"),
        "mops.cli.workspace",
        "list_workspaces",
        "ListOptions",
        (_CONTEXT, _FORMAT),
    ),
    Command(
        ("workspace", "port-forward"),
        "Reach the dashboard or the scheduler through a local port, until Ctrl-C.",
        (
            "mops workspace port-forward",
            "mops workspace port-forward scheduler --port 8786",
        ),
        "mops.cli.workspace_pods",
        "port_forward",
        "PortForwardOptions",
        (
            _CONTEXT,
            Option(
                ("--port",),
                "The local port; by default the same port, or a free one.",
                "PORT",
                number=True,
            ),
        ),
        (
            Argument(
                "part",
                "[dashboard|scheduler]",
                "What to reach.",
                choices=("dashboard", "scheduler"),
            ),
        ),
        selects=True,
    ),
    Command(
        ("workspace", "logs"),
        "Print the last lines of the logs.",
        (
            "mops workspace logs",
            "mops workspace logs workers --follow",
            "mops workspace logs scheduler --previous",
        ),
        "mops.cli.workspace_pods",
        "logs",
        "LogsOptions",
        (
            _CONTEXT,
            _LOCAL,
            Option(("--follow", "-f"), "Follow the logs until Ctrl-C."),
            Option(("--tail",), "Number of lines per log (100).", "N", number=True),
            Option(("--previous",), "Logs of the previous containers, for example after a crash."),
        ),
        (Argument("part", "[scheduler|workers|POD]", "Whose logs; by default all."),),
        selects=True,
    ),
    Command(
        ("workspace", "restart"),
        "Restart the pods, those of workers a quarter at a time, for example after a push to the "
        "same image tag.",
        ("mops workspace restart workers", "mops workspace restart --yes"),
        "mops.cli.workspace_pods",
        "restart",
        "RestartOptions",
        (_CONTEXT, _YES),
        (
            Argument(
                "part",
                "[scheduler|workers]",
                "What to restart; by default both.",
                choices=_PARTS,
            ),
        ),
        selects=True,
    ),
    Command(
        ("workspace", "history"),
        "List the revisions, with the layers of each and what it changed.",
        ("mops workspace history", "mops workspace history --format json"),
        "mops.cli.workspace",
        "history",
        "HistoryOptions",
        (_CONTEXT, _FORMAT),
        selects=True,
    ),
    Command(
        ("workspace", "rollback"),
        "Roll back to an earlier revision and its configuration.",
        ("mops workspace rollback", "mops workspace rollback 3 --yes"),
        "mops.cli.workspace",
        "rollback",
        "RollbackOptions",
        (_CONTEXT, _TIMEOUT, _YES),
        (
            Argument(
                "revision", "[REVISION]", "The revision; by default the previous one.", number=True
            ),
        ),
        selects=True,
    ),
)

_FLEET = in_panel(
    "Fleets",
    Option(("--all",), "Every workspace of the fleet, instead of one."),
    Option(("--root",), "The fleet: a directory with mops.fleet.yaml or envs/*/mops.yaml.", "DIR"),
)
_SAVE = (
    Option(("--output", "-o"), "Write to FILE, or one file per object into DIR/.", "FILE|DIR/"),
    Option(("--check",), "Write nothing: compare with the files of -o and exit with 1 if stale."),
)
_BUNDLED_CHART = in_panel(
    "Delivery",
    Option(
        ("--chart",),
        "The chart: oci://HOST/PATH/NAME, the URL of a Helm repository, or its path in the git "
        "repository.",
        "PLACE",
    ),
    Option(
        ("--chart-version",),
        "The chart's version, which must be the one that this mops renders values for.",
        "VERSION",
    ),
    choice(
        ("--pod-security",),
        "The Pod Security level of the namespaces; by default the strictest that admits the pods.",
        "restricted",
        "baseline",
        "privileged",
    ),
)
_ARGOCD = (
    *in_panel(
        "Delivery",
        Option(("--repo",), "The git repository with the values.", "URL"),
        Option(("--revision",), "Its branch, tag or commit (main).", "NAME"),
        Option(
            ("--repo-path",),
            "The directory in the repository that the paths of values files are relative to.",
            "PATH",
        ),
    ),
    *_BUNDLED_CHART,
    *in_panel(
        "Delivery",
        Option(("--project",), "The AppProject (default).", "NAME"),
        Option(
            ("--with-project",),
            "Also write the AppProject, which allows only what the workspaces need.",
        ),
        Option(
            ("--server",),
            "The URL of the cluster's API; by default the cluster that Argo CD runs in.",
            "URL",
        ),
        Option(("--cluster",), "The cluster by its name in Argo CD, instead of --server.", "NAME"),
        Option(("--argocd-namespace",), "The namespace of Argo CD (argocd).", "NAME"),
        Option(("--manual",), "Do not sync automatically."),
    ),
)
_NAME = Option(("--name",), "The object's name.", "NAME", panel="Delivery")
_VALUES_FILE = Option(
    ("--values-file",),
    "The workspace's values file, relative to the repository's root or --repo-path.",
    "FILE",
    panel="Delivery",
)
_SOURCE = Option(
    ("--source",),
    "The GitRepository in flux-system for a chart from git (flux-system).",
    "NAME",
    panel="Delivery",
)
_DELIVERY_EXAMPLE = "--repo https://git.example.com/team/dask.git --chart charts/mops-dask"

_GITOPS = (
    Command(
        ("gitops", "argocd"),
        "Write an Argo CD Application for each workspace.",
        (f"mops gitops argocd --all {_DELIVERY_EXAMPLE} --project dask --with-project -o argocd/",),
        "mops.cli.gitops",
        "argocd",
        "DeliveryOptions",
        (*_FLEET, *_ARGOCD, _VALUES_FILE, _NAME, *_SAVE),
        selects=True,
    ),
    Command(
        ("gitops", "applicationset"),
        "Write one Argo CD ApplicationSet for the fleet.",
        (f"mops gitops applicationset {_DELIVERY_EXAMPLE} --project dask -o argocd/",),
        "mops.cli.gitops",
        "application_set",
        "DeliveryOptions",
        (STRICT, QUIET, *_FLEET, *_ARGOCD, _NAME, *_SAVE),
    ),
    Command(
        ("gitops", "flux"),
        "Write the objects that Flux needs for each workspace: namespace, values, chart, release.",
        ("mops gitops flux --all --chart oci://registry.example.com/charts/mops-dask -o flux/",),
        "mops.cli.gitops",
        "flux",
        "DeliveryOptions",
        (*_FLEET, *_BUNDLED_CHART, _SOURCE, _NAME, *_SAVE),
        selects=True,
    ),
    Command(
        ("gitops", "lint"),
        "Check objects for mistakes that their CRDs accept but Argo CD or Flux reject or misread.",
        ("mops gitops lint argocd/*.yaml",),
        "mops.cli.gitops",
        "lint",
        "LintOptions",
        arguments=(
            Argument(
                "files",
                "FILE...",
                "Files with objects for Argo CD or Flux.",
                required=True,
                many=True,
            ),
        ),
    ),
    Command(
        ("gitops", "cmp"),
        "Write the configuration of an Argo CD plugin that runs mops, and the Dockerfile of its "
        "sidecar.",
        ("mops gitops cmp", "mops gitops cmp Dockerfile", "mops gitops cmp -o sidecar/"),
        "mops.cli.gitops",
        "plugin",
        "PluginOptions",
        _SAVE,
        (
            Argument(
                "file",
                "[plugin.yaml|Dockerfile]",
                "Which file; -o DIR/ writes both.",
                choices=("plugin.yaml", "Dockerfile"),
            ),
        ),
    ),
)

COMMANDS = {
    command.path: command for command in (*_FILES, *_CONFIG, *_WORKSPACE, *_CHART, *_GITOPS)
}
