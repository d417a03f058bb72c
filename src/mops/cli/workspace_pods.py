"""`mops workspace logs`, `port-forward` and `restart`, which do not need helm."""

from __future__ import annotations

import contextlib

from mops.cli import streams
from mops.cli.progress import OUTPUT
from mops.cli.workspace import open_selected
from mops.cli.workspace_options import LogsOptions, PortForwardOptions, RestartOptions
from mops.model.problems import OK, UsageError

_PORTS = 65536


def port_forward(options: PortForwardOptions) -> int:
    """Forwards a port of this machine to the dashboard or the scheduler, until Ctrl-C."""
    from mops.deploy.forward import find_port, listen, serve

    if options.port is not None and options.port >= _PORTS:
        raise UsageError(f"--port: expected a number below {_PORTS}, found {options.port}")
    workspace = open_selected(options.selection, options.context, warn=False)
    client = workspace.client()
    remote = find_port(client, workspace.target, options.part)
    with listen(options.port, remote.port) as listener:
        local = f"localhost:{listener.getsockname()[1]}"
        is_dashboard = options.part == "dashboard"
        address = f"http://{local}/status" if is_dashboard else f"tcp://{local}"
        streams.note(f"{options.part} of {remote.pod}: {address} (press Ctrl-C to stop)")
        serve(client, remote, listener, OUTPUT.note)
    return OK


def logs(options: LogsOptions) -> int:
    """Prints the logs of the scheduler, the workers, or one pod."""
    if options.local:
        from mops.cli.workspace_local import logs_local

        return logs_local(options)
    from mops.deploy.logs import find_pods, follow_logs, read_logs

    workspace = open_selected(options.selection, options.context, warn=False)
    client, namespace = workspace.client(), workspace.target.namespace
    pods = find_pods(client, workspace.target, options.part)
    if not options.follow:
        for text in read_logs(client, namespace, pods, options.tail, previous=options.previous):
            streams.out(text)
        return OK
    with contextlib.suppress(KeyboardInterrupt):
        for line in follow_logs(client, namespace, pods, options.tail):
            streams.out(line)
    return OK


def restart(options: RestartOptions) -> int:
    """Replaces the pods of the scheduler, of the workers, or of both."""
    from mops.deploy.impact import LOST_BY_SCHEDULER
    from mops.deploy.restart import find_deployments, restart

    workspace = open_selected(options.selection, options.context, warn=False)
    client, target = workspace.client(), workspace.target
    names = find_deployments(client, target, options.part)
    if options.part != "workers":
        streams.note(LOST_BY_SCHEDULER)
    if not streams.confirmed(f"Restart {', '.join(names)}?", yes=options.yes):
        return OK
    for name in names:
        restart(client, target.namespace, name)
        streams.note(f"restarting {name}")
    return OK
