"""A real Kubernetes control plane with simulated nodes, for the time of a test.

etcd, kube-apiserver, kube-controller-manager and kube-scheduler are the real
programs; kwok plays the nodes and what runs on them (see stages.yaml). All
listen on 127.0.0.1 only, on ports that were free, and keep their files in one
temporary folder. Nothing of it is left when the context manager exits::

    with ControlPlane(nodes=2) as plane:
        subprocess.run(["kubectl", "--kubeconfig", plane.kubeconfig, ...])
"""

from __future__ import annotations

import base64
import http.client
import json
import os
import shutil
import socket
import ssl
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from .binaries import BUILD_COMMAND, binaries_dir, missing_programs
from .pki import Authority, Credential, new_key, private_pem, public_pem, write_private
from .processes import Supervisor

if TYPE_CHECKING:
    from typing_extensions import Self

HOST = "127.0.0.1"
STAGES = Path(__file__).with_name("stages.yaml")
SERVICE_CIDR = "10.96.0.0/16"
POD_CIDR = "10.244.0.1/16"
SERVICE_ACCOUNT_ISSUER = "https://kubernetes.default.svc"

# What every simulated container "wrote"; `kubectl logs` shows it.
LOG_TEXT = "simulated container: started\n"

_PORTS = ("etcd", "etcd-peer", "apiserver", "controller-manager", "scheduler", "kwok")
# Clients before servers, so that none spends its last seconds on retries.
_STOP_ORDER = (
    ("kwok", "kube-scheduler", "kube-controller-manager"),
    ("kube-apiserver",),
    ("etcd",),
)
_STOP_GRACE = 3.0
_POLL_SECONDS = 0.05
_START_TRIES = 3


class ControlPlaneError(Exception):
    """The control plane did not start; the text has the ends of the logs."""


class PortTakenError(ControlPlaneError):
    """Another program took a port between our choice and our use of it."""


def free_ports(count: int) -> list[int]:
    """Return ``count`` different loopback ports that nobody uses now."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind((HOST, 0))
        return [int(each.getsockname()[1]) for each in sockets]
    finally:
        for each in sockets:
            each.close()


def kubeconfig_text(server: str, authority: bytes, credential: Credential) -> str:
    """Return a self-contained kubeconfig (JSON, which is YAML too)."""

    def b64(data: bytes) -> str:
        return base64.b64encode(data).decode()

    cluster = {"server": server, "certificate-authority-data": b64(authority)}
    user = {
        "client-certificate-data": b64(credential.certificate),
        "client-key-data": b64(credential.key),
    }
    context = {"cluster": "mops-test", "user": "mops-test", "namespace": "default"}
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "mops-test",
        "clusters": [{"name": "mops-test", "cluster": cluster}],
        "users": [{"name": "mops-test", "user": user}],
        "contexts": [{"name": "mops-test", "context": context}],
    }
    return json.dumps(config, indent=2) + "\n"


def node_manifest(name: str, cpu: str, memory: str, version: str) -> dict[str, Any]:
    """Return the Node object of a simulated node that has not reported yet."""
    resources = {"cpu": cpu, "memory": memory, "pods": "110"}
    resources["ephemeral-storage"] = "100Gi"
    labels = {
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        "node.kubernetes.io/instance-type": "simulated",
    }
    info = dict.fromkeys(
        ("bootID", "kernelVersion", "machineID", "osImage", "systemUUID"), "simulated"
    )
    info |= {"architecture": "amd64", "operatingSystem": "linux"}
    info |= {"containerRuntimeVersion": "simulated://0", "kubeletVersion": version}
    info |= {"kubeProxyVersion": version}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": labels},
        "status": {
            "allocatable": resources,
            "capacity": resources,
            "nodeInfo": info,
        },
    }


def node_is_usable(node: dict[str, Any]) -> bool:
    """Tell whether pods can be scheduled on ``node`` (an object from the API)."""
    conditions = node["status"].get("conditions", [])
    ready = any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)
    return ready and not node["spec"].get("taints")


class _Api:
    """The few HTTPS requests needed before anybody can use the cluster."""

    def __init__(self, authority: Path, credential: tuple[Path, Path]) -> None:
        """Trust ``authority`` and show ``credential`` (certificate, key)."""
        self._tls = ssl.create_default_context(cafile=str(authority))
        self._tls.load_cert_chain(*map(str, credential))

    def request(self, port: int, method: str, path: str, body: object = None) -> tuple[int, bytes]:
        """Return (status, body) of a request; status 0 if nobody answered."""
        connection = http.client.HTTPSConnection(HOST, port, timeout=10, context=self._tls)
        headers = {"Content-Type": "application/json"}
        data = None if body is None else json.dumps(body)
        try:
            connection.request(method, path, body=data, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            return 0, b""
        finally:
            connection.close()

    def ok(self, port: int, path: str) -> bool:
        """Tell whether a GET of ``path`` succeeds."""
        return self.request(port, "GET", path)[0] == http.HTTPStatus.OK


class ControlPlane:
    """Starts the programs on entry and stops them on exit.

    After the start: ``kubeconfig`` is the path of an administrator's
    kubeconfig, ``version`` the server's version ("v1.2.3"), ``logs`` the
    folder with the programs' logs. Start it in the main process, not in a
    forked worker that ends early.
    """

    def __init__(
        self,
        binaries: Path | None = None,
        *,
        nodes: int = 2,
        cpu: str = "8",
        memory: str = "32Gi",
        timeout: float = 90.0,
    ) -> None:
        """Take the folder of programs, and number and size of the nodes.

        ``timeout`` is the longest time, in seconds, that a start may take.
        """
        self.binaries = binaries or binaries_dir()
        self.nodes = [f"node-{number}" for number in range(nodes)]
        self._size = (cpu, memory)
        self._timeout = timeout
        self._supervisor: Supervisor | None = None
        self._folder: Path | None = None
        self._deadline = 0.0
        self.version = ""

    def __enter__(self) -> Self:
        """Start everything; return when pods can be scheduled."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop everything, whatever happened inside."""
        self.stop()

    def start(self) -> None:
        """Start everything and wait until it can be used."""
        missing = missing_programs(self.binaries)
        if missing:
            raise ControlPlaneError(
                f"{self.binaries} lacks {', '.join(missing)}; build with: {BUILD_COMMAND}"
            )
        for _ in range(_START_TRIES - 1):
            if self._started(retry=True):
                return
        self._started(retry=False)

    def _started(self, *, retry: bool) -> bool:
        """Start everything; False if a port was taken and ``retry`` allows it.

        Any other failure, Ctrl-C among them, is raised with all stopped again.
        """
        try:
            self._start_once()
        except PortTakenError:
            self.stop()
            if not retry:
                raise
            return False
        except BaseException:
            self.stop()
            raise
        return True

    def stop(self) -> None:
        """Stop everything and remove the files; harmless when not running."""
        if self._supervisor is not None:
            self._supervisor.stop(_STOP_ORDER, _STOP_GRACE)
            self._supervisor = None
        if self._folder is not None:
            # The reaper did this already, unless there is none.
            shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def folder(self) -> Path:
        """The folder with all files of the last start."""
        assert self._folder is not None, "not started"
        return self._folder

    def pids(self) -> list[int]:
        """Return the ids of all processes of this control plane."""
        return [] if self._supervisor is None else self._supervisor.pids()

    def kubeconfig_for(self, user: str, groups: Sequence[str] = ()) -> Path:
        """Return a new kubeconfig for ``user`` in ``groups``.

        Such a user may do only what RBAC objects allow.
        """
        return self._write_kubeconfig(user, self._authority.client(user, groups))

    def _start_once(self) -> None:
        """Start everything on newly chosen ports."""
        self._deadline = time.monotonic() + self._timeout
        self._folder = Path(tempfile.mkdtemp(prefix="mops-cluster-"))
        self.logs = self._log_folder()
        self._supervisor = Supervisor(self.folder, self.logs)
        self._ports = dict(zip(_PORTS, free_ports(len(_PORTS)), strict=True))
        self._write_files()
        self._run("etcd", self._etcd_flags())
        self._run("kube-apiserver", self._apiserver_flags())
        self._wait("the API server", lambda: self._ready("apiserver"))
        self._run("kube-controller-manager", self._controller_manager_flags())
        self._run("kube-scheduler", self._scheduler_flags())
        self._run("kwok", self._kwok_flags())
        self._read_version()
        self._create_nodes()
        self._wait("the nodes", self._nodes_usable)
        self._wait("the controllers", self._controllers_work)
        self._wait("the scheduler", lambda: self._ready("scheduler"))

    def _log_folder(self) -> Path:
        """Return the folder for logs: in $MOPS_TEST_LOG_DIR, or one that goes away."""
        kept = os.environ.get("MOPS_TEST_LOG_DIR")
        folder = Path(kept) / self.folder.name if kept else self.folder / "logs"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    # Files

    def _write_files(self) -> None:
        """Write certificates, keys and kubeconfigs into the folder."""
        self._authority = Authority("mops-test-ca")
        self._ca = self.folder / "ca.crt"
        self._ca.write_bytes(self._authority.certificate)
        hosts = ["localhost", "kubernetes", "kubernetes.default.svc"]
        # The API server also vouches for the first service address.
        serving = self._authority.server(hosts, [HOST, "10.96.0.1"])
        self._serving = serving.write(self.folder, "serving")
        admin = self._authority.client("admin", ["system:masters"])
        self._admin = admin.write(self.folder, "admin")
        self.kubeconfig = self._write_kubeconfig("admin", admin)
        account_key = new_key()
        write_private(self._path("accounts.key"), private_pem(account_key))
        self._path("accounts.pub").write_bytes(public_pem(account_key))
        self._write_container_log()
        self._api = _Api(self._ca, self._admin)

    def _write_container_log(self) -> None:
        """Write what `kubectl logs` shows, and tell kwok of it and of forwarded ports."""
        text = self._path("container.log")
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S.000000000Z", time.gmtime())
        text.write_text(f"{stamp} stdout F {LOG_TEXT}", encoding="utf-8")
        logs = {
            "apiVersion": "kwok.x-k8s.io/v1alpha1",
            "kind": "ClusterLogs",
            "metadata": {"name": "all"},
            "spec": {"logs": [{"logsFile": str(text), "follow": False}]},
        }
        # Whatever is sent to a forwarded port comes back.
        forwards = {
            "apiVersion": "kwok.x-k8s.io/v1alpha1",
            "kind": "ClusterPortForward",
            "metadata": {"name": "all"},
            "spec": {"forwards": [{"command": ["cat"]}]},
        }
        text = "\n---\n".join(map(json.dumps, (logs, forwards)))
        self._path("kwok-logs.yaml").write_text(text, encoding="utf-8")

    def _path(self, name: str) -> Path:
        """Return the path of the file ``name`` in the folder."""
        return self.folder / name

    def _url(self) -> str:
        """Return the address of the API server."""
        return f"https://{HOST}:{self._ports['apiserver']}"

    def _write_kubeconfig(self, name: str, credential: Credential) -> Path:
        """Write a kubeconfig with ``credential``; return its path."""
        path = self._path(f"{name.replace(':', '-').replace('/', '-')}.kubeconfig")
        text = kubeconfig_text(self._url(), self._authority.certificate, credential)
        write_private(path, text.encode())
        return path

    # Flags

    def _etcd_flags(self) -> list[str]:
        """Return the flags of etcd: one member, nothing safe from a power cut."""
        client = f"http://{HOST}:{self._ports['etcd']}"
        peer = f"http://{HOST}:{self._ports['etcd-peer']}"
        return [
            f"--data-dir={self._path('etcd')}",
            f"--listen-client-urls={client}",
            f"--advertise-client-urls={client}",
            f"--listen-peer-urls={peer}",
            f"--initial-advertise-peer-urls={peer}",
            f"--initial-cluster=default={peer}",
            "--unsafe-no-fsync",
        ]

    def _serving_flags(self, port: str) -> list[str]:
        """Return the flags for HTTPS on loopback, alike in all of Kubernetes."""
        certificate, key = self._serving
        return [
            f"--bind-address={HOST}",
            f"--secure-port={self._ports[port]}",
            f"--tls-cert-file={certificate}",
            f"--tls-private-key-file={key}",
        ]

    def _apiserver_flags(self) -> list[str]:
        """Return the flags of kube-apiserver: RBAC, default admission plugins."""
        certificate, key = self._admin
        return [
            *self._serving_flags("apiserver"),
            f"--etcd-servers=http://{HOST}:{self._ports['etcd']}",
            f"--client-ca-file={self._ca}",
            "--authorization-mode=Node,RBAC",
            "--allow-privileged=true",
            f"--service-cluster-ip-range={SERVICE_CIDR}",
            f"--service-account-issuer={SERVICE_ACCOUNT_ISSUER}",
            f"--service-account-key-file={self._path('accounts.pub')}",
            f"--service-account-signing-key-file={self._path('accounts.key')}",
            f"--kubelet-certificate-authority={self._ca}",
            f"--kubelet-client-certificate={certificate}",
            f"--kubelet-client-key={key}",
            # The simulated nodes have names that no name server knows.
            "--kubelet-preferred-address-types=InternalIP",
            # Endpoints may not be loopback addresses, so publish none.
            "--endpoint-reconciler-type=none",
        ]

    def _component_flags(self, user: str, port: str) -> list[str]:
        """Return the flags that controller manager and scheduler share."""
        config = self.kubeconfig_for(user)
        return [
            *self._serving_flags(port),
            f"--kubeconfig={config}",
            "--authentication-skip-lookup=true",
            # The default limits spread the first requests over some seconds.
            "--kube-api-qps=1000",
            "--kube-api-burst=2000",
            "--leader-elect=false",
        ]

    def _controller_manager_flags(self) -> list[str]:
        """Return the flags of kube-controller-manager."""
        return [
            *self._component_flags("system:kube-controller-manager", "controller-manager"),
            f"--root-ca-file={self._ca}",
            f"--service-account-private-key-file={self._path('accounts.key')}",
            "--use-service-account-credentials=true",
            # The default is a folder of the system, which it would create.
            f"--flex-volume-plugin-dir={self._path('flex')}",
        ]

    def _scheduler_flags(self) -> list[str]:
        """Return the flags of kube-scheduler."""
        return self._component_flags("system:kube-scheduler", "scheduler")

    def _kwok_flags(self) -> list[str]:
        """Return the flags of kwok: it plays every node."""
        certificate, key = self._serving
        port = self._ports["kwok"]
        return [
            f"--kubeconfig={self.kubeconfig}",
            f"--config={STAGES}",
            f"--config={self._path('kwok-logs.yaml')}",
            "--manage-all-nodes=true",
            # Without a renewed lease a node counts as lost after 40 s, and its pods as not ready.
            "--node-lease-duration-seconds=40",
            f"--cidr={POD_CIDR}",
            f"--node-ip={HOST}",
            f"--node-port={port}",
            f"--server-address={HOST}:{port}",
            f"--tls-cert-file={certificate}",
            f"--tls-private-key-file={key}",
        ]

    # Start and wait

    def _run(self, program: str, flags: Sequence[str]) -> None:
        """Start one of the programs in the background."""
        assert self._supervisor is not None
        self._supervisor.start(program, [str(self.binaries / program), *flags])

    def _wait(self, what: str, done: Callable[[], bool]) -> None:
        """Wait until ``done`` holds; raise with the logs when it never will."""
        while not done():
            self._check_running(what)
            if time.monotonic() > self._deadline:
                raise ControlPlaneError(
                    f"gave up after {self._timeout:.0f} s, waiting for {what}\n" + self._log_tails()
                )
            time.sleep(_POLL_SECONDS)

    def _check_running(self, what: str) -> None:
        """Raise if a program ended while we were waiting for ``what``."""
        assert self._supervisor is not None
        ended = self._supervisor.ended()
        if not ended:
            return
        names = ", ".join(f"{d.name} (code {d.process.returncode})" for d in ended)
        message = f"ended while waiting for {what}: {names}\n{self._log_tails()}"
        if any("address already in use" in daemon.log_tail() for daemon in ended):
            raise PortTakenError(message)
        raise ControlPlaneError(message)

    def _log_tails(self) -> str:
        """Return the ends of all logs."""
        assert self._supervisor is not None
        return "\n".join(
            f"--- {daemon.name}\n{daemon.log_tail()}" for daemon in self._supervisor.daemons
        )

    def _ready(self, port: str) -> bool:
        """Tell whether the server on ``port`` calls itself ready."""
        return self._api.ok(self._ports[port], "/readyz")

    def _get(self, path: str) -> Any:
        """Return the parsed answer of the API server, None if it refused."""
        status, body = self._api.request(self._ports["apiserver"], "GET", path)
        return json.loads(body) if status == http.HTTPStatus.OK else None

    def _read_version(self) -> None:
        """Ask the API server for its version."""
        answer = self._get("/version")
        if answer is None:
            raise ControlPlaneError("the API server does not tell its version")
        self.version = str(answer["gitVersion"])

    def _create_nodes(self) -> None:
        """Register the simulated nodes."""
        for name in self.nodes:
            node = node_manifest(name, *self._size, self.version)
            status, body = self._api.request(
                self._ports["apiserver"], "POST", "/api/v1/nodes", node
            )
            if status != http.HTTPStatus.CREATED:
                raise ControlPlaneError(f"node {name} refused: {body.decode()}")

    def _nodes_usable(self) -> bool:
        """Tell whether pods can be scheduled on all nodes."""
        answer = self._get("/api/v1/nodes")
        return answer is not None and all(map(node_is_usable, answer["items"]))

    def _controllers_work(self) -> bool:
        """Tell whether pods can be created in the default namespace.

        Without its service account, which a controller makes, they are refused.
        """
        path = "/api/v1/namespaces/default/serviceaccounts/default"
        return self._get(path) is not None
