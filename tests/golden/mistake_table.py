"""Mistakes that people make, each with what they do after they have read the message.

`hint` is the part of the message that a person follows, `cure` what that comes to: another command
line, or another content of `file`. After the cure, the command must succeed.
"""

from __future__ import annotations

from typing import NamedTuple

F = "mops.yaml"
RENDER = "render -q -c mops.yaml"
# A mistake that only a person can repair, and why.
BY_HAND = "by hand: "


class Mistake(NamedTuple):
    """A mistake: its files, the command, the hint, and its cure.

    `cure` is a command line after `mops`, the new content of the file if it has a line break or a
    colon in it and `is_file`, or a reason that starts with BY_HAND.
    """

    name: str
    command: str
    hint: str
    cure: str
    file: str = ""
    is_file: bool = False
    code: int = 0


def typo(name: str, before: str, hint: str, after: str, command: str = RENDER) -> Mistake:
    """A mistake in the file, whose cure is another content."""
    return Mistake(name, command, hint, after, before, is_file=True)


def said(  # noqa: PLR0917 - a row of the table
    name: str, command: str, hint: str, cure: str, file: str = "", code: int = 0
) -> Mistake:
    """A mistake on the command line, whose cure is another command line."""
    return Mistake(name, command, hint, cure, file, code=code)


W = "apiVersion: modelops/v1\nkind: Workspace\n"
SMALL = "workspace: {worker_processes: 2}\n"
ENV = "workspace:\n  worker_env:\n"

MISTAKES = [
    # Those that were found in use.
    typo("a flat key", "workspace: {worker_proceses: 2}\n", "worker_processes?", SMALL),
    typo("the section", "workspaces: {worker_processes: 2}\n", "did you mean workspace?", SMALL),
    typo(
        "a nested key",
        W + "spec: {workers: {resources: {limit: {memory: 4Gi}}}}\n",
        "did you mean limits?",
        W + "spec: {workers: {resources: {limits: {memory: 8Gi}}}}\n",
    ),
    typo(
        "a key of a Secret reference",
        ENV + "    A: {valueFrom: {secretKeyReff: {name: s, key: k}}}\n",
        "did you mean secretKeyRef?",
        ENV + "    A: {valueFrom: {secretKeyRef: {name: s, key: k}}}\n",
    ),
    typo(
        "the name of a variable",
        ENV + "    MODELOPS_EXECUTER_TYPE: direct\n",
        "did you mean MODELOPS_EXECUTOR_TYPE?",
        ENV + "    MODELOPS_EXECUTOR_TYPE: direct\n",
    ),
    typo("a quoted number", 'workspace: {worker_processes: "2"}\n', "remove the quotes", SMALL),
    typo(
        "yes for true",
        "workspace: {autoscaling_enabled: yes}\n",
        "write true",
        "workspace: {autoscaling_enabled: true}\n",
    ),
    typo("no indentation", "workspace:\nworker_processes: 2\n", "indent the settings", SMALL),
    typo(
        "a tab",
        "workspace:\n\tworker_processes: 2\n",
        "use spaces",
        "workspace:\n  worker_processes: 2\n",
    ),
    typo(
        "a key twice",
        "workspace:\n  worker_threads: 1\n  worker_threads: 1\n",
        "first defined at line 2",
        "workspace:\n  worker_threads: 1\n",
    ),
    typo(
        "entries of env as NAME: value",
        ENV + "    - A: b\n",
        "an entry with name and either value or valueFrom",
        ENV + "    - {name: A, value: b}\n",
    ),
    typo(
        "an entry of env without its dash",
        ENV + "    name: A\n    value: b\n",
        "write A: VALUE",
        ENV + "    A: b\n",
    ),
    said(
        "the name of a profile",
        RENDER + " -p debgu",
        "did you mean debug?",
        RENDER + " -p debug",
        "workspace: {profiles: {debug: {worker_threads: 1}}}\n",
    ),
    said("a flag", RENDER + " --thread 1", "--threads", RENDER + " --threads 1", SMALL),
    said("a flag without its value", "render --threads", "mops render --help", "render --help"),
    said(
        "helm: a part of a list",
        "render -q --set workers.tolerations[0].key=a --set workers.tolerations[0].operator=Exists",
        "--set 'workers.tolerations=[{key: a, operator: Exists}]'",
        "render -q --set 'workers.tolerations=[{key: a, operator: Exists}]'",
    ),
    said(
        "helm: a list in braces",
        "render -q --set 'workers.extraArgs={--death-timeout,60}'",
        "--set 'workers.extraArgs=[--death-timeout,60]'",
        "render -q --set 'workers.extraArgs=[--death-timeout,60]'",
    ),
    said(
        "helm: several settings in one --set",
        "render -q --set workers.threads=1,workers.processes=2",
        "--set workers.threads=1 --set workers.processes=2",
        "render -q --set workers.threads=1 --set workers.processes=2",
    ),
    said(
        "--set without =",
        "render -q --set workers.threads",
        "is not KEY=VALUE",
        "render -q --set workers.threads=1",
    ),
    said(
        "--set-json",
        """render -q --set-json 'workers={"threads":1}'""",
        """--set 'workers={"threads":1}'""",
        """render -q --set 'workers={"threads":1}'""",
    ),
    typo(
        "a flat key in a workspace file",
        W + "spec: {worker_processes: 2}\n",
        "did you mean spec.workers.processes?",
        W + "spec: {workers: {processes: 2}}\n",
    ),
    typo(
        "settings at the top of a workspace file",
        W + "workers: {processes: 2}\n",
        "did you mean spec.workers?",
        W + "spec: {workers: {processes: 2}}\n",
    ),
    typo(
        "another apiVersion",
        "apiVersion: modelops/v2\nkind: Workspace\n",
        "expected modelops/v1",
        W,
    ),
    typo("a list at the top", "- workspace: {}\n", "expected a mapping of settings", SMALL),
    typo("two documents", SMALL + "---\n" + SMALL, "one document", SMALL),
    typo("TOML", "[workspace]\nworker_processes = 2\n", "write KEY: VALUE", SMALL),
    said(
        "a URL",
        "render -q -c https://example.com/mops.yaml",
        "--config -",
        BY_HAND + "needs a network",
        code=4,
    ),
    said("a missing file", "render -q -c mop.yaml", "file not found", RENDER, SMALL),
    typo(
        "the values of dask/dask",
        "worker: {replicas: 3, threads_per_worker: 1}\njupyter: {enabled: false}\n",
        "worker.replicas is workers.replicas",
        "workers: {replicas: 3, threads: 1}\n",
    ),
    *(
        said(
            f"mops {verb}",
            f"{verb} --help",
            f"mops {group} {verb} --help",
            f"{group} {verb} --help",
        )
        for group, verb in [
            ("workspace", "up"),
            ("workspace", "status"),
            ("config", "explain"),
        ]
    ),
    said(
        "mops validate FILE", f"validate {F}", f"config validate {F}", f"config validate {F}", SMALL
    ),
    said("mops render FILE", f"render -q {F}", f"--config {F}", f"render -q --config {F}", SMALL),
    said("mops render -f", f"render -q -f {F}", f"--config {F}", f"render -q --config {F}", SMALL),
    said(
        "config set KEY=VALUE",
        f"config set worker_threads=1 --file {F}",
        "mops config set worker_threads 1",
        f"config set worker_threads 1 --file {F}",
        SMALL,
    ),
    typo(
        "a memory limit of Dask as a variable",
        ENV + "    DASK_DISTRIBUTED__WORKER__MEMORY__LIMIT: 4e9\n",
        "set workspace.worker_memory",
        "workspace: {worker_memory: 8Gi}\n",
    ),
    typo(
        "the threads of Dask as a variable",
        ENV + "    DASK_DISTRIBUTED__WORKER__NTHREADS: 1\n",
        "set workspace.worker_threads",
        "workspace: {worker_threads: 1}\n",
    ),
    said(
        "options before the command", f"-c {F} render -q", f"mops render -c {F} -q", RENDER, SMALL
    ),
    typo(
        "settings appended at the indentation of profiles",
        W + "spec:\n  profiles:\n    debug: {}\n    env:\n      - {name: A, value: b}\n",
        "did you mean spec.workers.env?",
        W
        + "spec:\n  workers:\n    env:\n      - {name: A, value: b}\n  profiles:\n    debug: {}\n",
    ),
    # More of the same kinds.
    typo("an INI file", "worker_processes = 2\n", "write KEY: VALUE", SMALL),
    typo(
        "a file .env",
        "A=b\n",
        "write NAME: VALUE below workspace.worker_env",
        ENV + "    A: b\n",
    ),
    typo(
        "JSON5",
        '{\n // two\n "workspace": {}}\n',
        "start comments with #",
        '{\n "workspace": {}}\n',
    ),
    typo("a Deployment", "apiVersion: apps/v1\nkind: Deployment\n", "the kind Workspace", W),
    typo(
        "an Application of Argo CD",
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\n",
        "mops gitops argocd",
        W,
    ),
    typo("a Chart.yaml", "apiVersion: v2\nname: a\nversion: 1.0.0\n", "mops init -o FILE", W),
    typo(
        "the values of another chart",
        "replicaCount: 2\nimage: {repository: a}\n",
        "mops init -o FILE",
        "workers: {replicas: 2}\n",
    ),
    typo(
        "a flag as a key",
        "workspace: {executor_type: direct}\n",
        "did you mean workspace.worker_env.MODELOPS_EXECUTOR_TYPE?",
        "workspace: {worker_env: {MODELOPS_EXECUTOR_TYPE: direct}}\n",
    ),
    typo(
        "a variable as a key",
        W + "spec: {MODELOPS_EXECUTOR_TYPE: direct}\n",
        "did you mean spec.workers.env.MODELOPS_EXECUTOR_TYPE?",
        W + "spec: {workers: {env: {MODELOPS_EXECUTOR_TYPE: direct}}}\n",
    ),
    typo(
        "a reference without valueFrom",
        ENV + "    A: {secretKeyRef: {name: s, key: k}}\n",
        "write valueFrom: {secretKeyRef: …}",
        ENV + "    A: {valueFrom: {secretKeyRef: {name: s, key: k}}}\n",
    ),
    typo(
        "a field of the pod that is a setting",
        "workspace: {workers: {extraPodSpec: {priorityClassName: high}}}\n",
        "did you mean workspace.workers.priorityClassName?",
        "workspace: {workers: {priorityClassName: high}}\n",
    ),
    typo(
        "a field of the pod that is none",
        "workspace: {workers: {extraPodSpec: {hostNetwork: true}}}\n",
        "remove it",
        "workspace: {workers: {extraPodSpec: {}}}\n",
    ),
    typo(
        "a wrong flat key in a profile",
        "workspace: {profiles: {debug: {worker_thread: 1}}}\n",
        "worker_threads?",
        "workspace: {profiles: {debug: {worker_threads: 1}}}\n",
    ),
    typo(
        "an argument of Dask that the chart passes",
        W + 'spec: {workers: {extraArgs: [--nthreads, "1"]}}\n',
        "set spec.workers.threads",
        W + "spec: {workers: {threads: 1}}\n",
    ),
    typo(
        "profiles with a comma",
        "workspace: {profile: 'a,b', profiles: {a: {}, b: {}}}\n",
        "write a list: [a, b]",
        "workspace: {profile: [a, b], profiles: {a: {}, b: {}}}\n",
    ),
    said(
        "--profile with a comma",
        RENDER + " -p a,b",
        "--profile a --profile b",
        RENDER + " --profile a --profile b",
        "workspace: {profiles: {a: {}, b: {}}}\n",
    ),
    said(
        "an ambiguous key", "config explain image", "workers.image", "config explain workers.image"
    ),
    said(
        "an ambiguous key of --set",
        "render -q --set memory=8Gi",
        "worker_memory",
        "render -q --set worker_memory=8Gi",
    ),
    said(
        "a variable without its section",
        "render -q --set LOG=a",
        "workers.env.LOG",
        "render -q --set workers.env.LOG=a",
    ),
    said("--values", f"render -q --values {F}", f"--config {F}", RENDER, SMALL),
    said(
        "--set-literal",
        "render -q --set-literal workers.env.A=1",
        "--set-string workers.env.A=1",
        "render -q --set-string workers.env.A=1",
    ),
    said("--worker-threads", "render -q --worker-threads 1", "--threads", "render -q --threads 1"),
    said(
        "a setting as a flag",
        "render -q --local-directory /tmp/a",
        "--set workers.localDirectory=/tmp/a",
        "render -q --set workers.localDirectory=/tmp/a",
    ),
    said("-o json", "config show -q -o json", "--format json", "config show -q --format json"),
    said("mops help COMMAND", "help render", "mops render --help", "render --help"),
    said("mops version", "version", "mops --version", "--version"),
    said("mops deploy", "deploy --help", "mops workspace up --help", "workspace up --help"),
    said("mops template", "template --help", "mops render --format", "render --help"),
    said(
        "braces that the shell expands",
        "render -q --set workers.extraArgs=--death-timeout workers.extraArgs=60",
        "--set 'workers.extraArgs=[--death-timeout, 60]'",
        "render -q --set 'workers.extraArgs=[--death-timeout, 60]'",
    ),
    said(
        "KEY=VALUE without --set",
        "render -q workers.threads=1",
        "--set workers.threads=1",
        "render -q --set workers.threads=1",
    ),
    said(
        "--set-secret of a setting that is no variable",
        "render -q --set-secret workers.threads=s/k",
        "NAME=SECRET/KEY",
        "render -q --set-secret A=s/k",
    ),
    said(
        "--set-secret without the Secret's key",
        "render -q --set-secret A=s",
        "write A=SECRET/KEY",
        "render -q --set-secret A=s/k",
    ),
    said(
        "config set with several pairs",
        f"config set worker_threads=1 worker_replicas=2 --file {F}",
        "mops config set worker_threads 1",
        f"config set worker_threads 1 --file {F}",
        SMALL,
    ),
]
