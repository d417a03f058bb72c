"""What the checks claim of settings that stop Dask or change nothing, seen in real processes.

MOPS_DASK_PYTHONS may name further interpreters with other versions of Dask, separated by `:`.
The processes of a version start together, and each test looks at some of them.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from http.client import HTTPException
from pathlib import Path

import pytest

OTHERS = filter(None, os.environ.get("MOPS_DASK_PYTHONS", "").split(":"))
PYTHONS = [sys.executable, *OTHERS]
EVERY_VERSION = {"params": PYTHONS, "ids": range(len(PYTHONS)), "scope": "module"}
# No user can write here, root neither.
NOWHERE = "/proc/nowhere"
DISTRIBUTED = "DASK_DISTRIBUTED__"
PATIENCE = 60
# What the workers say about themselves, by name.
ASK = """
import json, sys
from distributed import Client
with Client(sys.argv[1], timeout=60) as client:
    env = client.run(lambda: dict(__import__("os").environ))
    print(json.dumps({
        worker["name"]: {**worker, "env": env.get(address, {})}
        for address, worker in client.sync(client.scheduler.identity)["workers"].items()
    }, default=str))
"""


def ask(port: int, path: str, scheme: str = "http") -> int:
    """The status of an HTTP answer; 0 if there is none."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    url = f"{scheme}://127.0.0.1:{port}{path}"
    try:
        with urllib.request.urlopen(
            url, timeout=10, context=context if scheme == "https" else None
        ) as found:
            return found.status
    except urllib.error.HTTPError as error:
        return error.code
    except (OSError, HTTPException):
        return 0


class Process:
    """A process of Dask, with the port of its HTTP server."""

    def __init__(self, command: list[str], folder: Path, port: int, env: dict[str, str]) -> None:
        self.port = port
        self.log = folder / f"{port}.log"
        kept = {"PATH": os.environ["PATH"], "HOME": str(folder), "TMPDIR": str(folder)}
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command,
                env={**kept, **env},
                cwd=folder,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def answers(self, *paths: str, scheme: str = "http") -> list[int]:
        """The status of each path, once the server answers."""
        deadline = time.monotonic() + PATIENCE
        while not ask(self.port, "/", scheme) and time.monotonic() < deadline:
            assert self.process.poll() is None, self.log.read_text()
            time.sleep(0.1)
        return [ask(self.port, path, scheme) for path in paths]

    def ends(self) -> int:
        """The exit code."""
        return self.process.wait(PATIENCE)

    def runs(self) -> bool:
        return self.process.poll() is None

    def kill(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


class Side:
    """The schedulers, or the workers, of one version of Dask."""

    def __init__(self, python: str, folder: Path, take_ports) -> None:
        self.python, self.folder, self.take_ports = python, folder, take_ports
        self.found: dict[str, Process] = {}
        (folder / "one.py").write_text("print('preloads one', flush=True)\n")
        (folder / "two.py").write_text("print('preloads two', flush=True)\n")
        request = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"]
        files = ["-keyout", str(folder / "tls.key"), "-out", str(folder / "tls.crt")]
        subprocess.run([*request, "-subj", "/CN=dask", *files], check=True, capture_output=True)

    def path(self, name: str) -> str:
        return str(self.folder / name)

    def scheduler(self, name: str, *args: str, **env: str) -> int:
        """Starts a scheduler; its port."""
        port = self.take_ports(2)
        places = ["--port", str(port), "--dashboard-address", f":{port + 1}"]
        command = [self.python, "-m", "dask", "scheduler", *places, *args]
        self.found[name] = Process(command, self.folder, port + 1, env)
        return port

    def worker(self, scheduler: int, name: str, *args: str, **env: str) -> None:
        """Starts a worker with the chart's arguments."""
        port = self.take_ports(5)
        options = {
            "--name": name,
            "--nworkers": "1",
            "--nthreads": "1",
            "--memory-limit": "300000000",
            "--worker-port": f"{port + 1}:{port + 2}",
            "--nanny-port": f"{port + 3}:{port + 4}",
            "--dashboard-address": f":{port}",
            "--local-directory": self.path("spill"),
        }
        words = [word for option in options.items() for word in option]
        command = [self.python, "-m", "dask", "worker", f"tcp://127.0.0.1:{scheduler}", *words]
        self.found[name] = Process(
            [*command, "--no-dashboard", *args], self.folder, port, {"OMP_NUM_THREADS": "2", **env}
        )

    def __getitem__(self, name: str) -> Process:
        return self.found[name]

    def close(self) -> None:
        for process in self.found.values():
            process.kill()


@pytest.fixture(**EVERY_VERSION)
def schedulers(request, tmp_path_factory, take_ports):
    folder = tmp_path_factory.mktemp("schedulers")
    with contextlib.closing(Side(request.param, folder, take_ports)) as side:
        routes = f"{DISTRIBUTED}SCHEDULER__HTTP__ROUTES"
        tls = f"{DISTRIBUTED}SCHEDULER__DASHBOARD__TLS__"
        idle = f"{DISTRIBUTED}SCHEDULER__IDLE_TIMEOUT"
        start = side.scheduler
        start("as it is")
        start("no routes", **{routes: "[]"})
        start("health only", **{routes: "['distributed.http.health']"})
        start("prefix", "--dashboard-prefix", "/dask")
        start("https", **{f"{tls}CERT": side.path("tls.crt"), f"{tls}KEY": side.path("tls.key")})
        start("idle", "--idle-timeout", "1s")
        start("idle by variable", **{idle: "1s"})
        start("idle later", "--idle-timeout", "1h", **{idle: "1s"})
        start("encryption", **{f"{DISTRIBUTED}COMM__REQUIRE_ENCRYPTION": "true"})
        start("scheme", **{f"{DISTRIBUTED}COMM__DEFAULT_SCHEME": "tls"})
        start("protocol", "--protocol", "tls")
        start("scratch", DASK_TEMPORARY_DIRECTORY=NOWHERE)
        start("file", "--scheduler-file", f"{NOWHERE}/scheduler.json")
        start("pid", "--pid-file", f"{NOWHERE}/pid")
        start("help", "-h")
        start("version", "--version")
        preload = {f"{DISTRIBUTED}SCHEDULER__PRELOAD": side.path("two.py")}
        start("preload", "--preload", side.path("one.py"), **preload)
        yield side


@pytest.mark.slow
@pytest.mark.parametrize(("name", "paths", "answers"), [
    ("as it is", ("/health", "/metrics"), [200, 200]),
    ("no routes", ("/health", "/metrics"), [404, 404]),
    ("health only", ("/health", "/metrics"), [200, 404]),
    ("prefix", ("/health", "/metrics", "/dask/health"), [404, 404, 200]),
])  # fmt: skip
def test_what_the_probes_and_monitors_get(schedulers, name, paths, answers):
    assert schedulers[name].answers(*paths) == answers


@pytest.mark.slow
def test_a_certificate_ends_http(schedulers):
    assert schedulers["https"].answers("/health", scheme="https") == [200]
    assert ask(schedulers["https"].port, "/health") == 0


@pytest.mark.slow
@pytest.mark.parametrize("name", ["encryption", "scheme", "protocol", "scratch", "file", "pid"])
def test_a_scheduler_that_does_not_start(schedulers, name):
    assert schedulers[name].ends() == 1


@pytest.mark.slow
@pytest.mark.parametrize("name", ["idle", "idle by variable", "help", "version"])
def test_a_scheduler_that_ends_in_order(schedulers, name):
    assert schedulers[name].ends() == 0


@pytest.mark.slow
def test_arguments_take_precedence_over_variables(schedulers):
    assert schedulers["idle"].ends() == 0
    schedulers["idle later"].answers("/health")
    time.sleep(2)
    assert schedulers["idle later"].runs()
    schedulers["preload"].answers("/health")
    said = schedulers["preload"].log.read_text()
    assert "preloads one" in said
    assert "preloads two" not in said


@pytest.fixture(**EVERY_VERSION)
def workers(request, tmp_path_factory, take_ports):
    folder = tmp_path_factory.mktemp("workers")
    with contextlib.closing(Side(request.param, folder, take_ports)) as side:
        main = side.scheduler("scheduler")
        other = side.scheduler("websocket", "--protocol", "ws")
        for name in ("scheduler", "websocket"):
            side[name].answers("/health")
        worker = f"{DISTRIBUTED}WORKER__"
        tls = f"{DISTRIBUTED}SCHEDULER__DASHBOARD__TLS__"

        def start(name: str, *args: str, **env: str) -> None:
            side.worker(main, name, *args, **env)

        side.worker(other, "other protocol", "--death-timeout", "10")
        start("lifetime", "--lifetime", "1s")
        start("lifetime by variable", **{f"{worker}LIFETIME__DURATION": "1s"})
        start("lifetime with restart", "--lifetime", "1s", "--lifetime-restart")
        start("as it is", MALLOC_TRIM_THRESHOLD="1")
        start("no routes", **{f"{worker}HTTP__ROUTES": "[]"})
        start("prefix", "--dashboard-prefix", "/dask")
        start("https", **{f"{tls}CERT": side.path("tls.crt"), f"{tls}KEY": side.path("tls.key")})
        start("capitals", **{f"{worker}RESOURCES__GPU": "1"})
        start("mapping", **{f"{worker}RESOURCES": "{'GPU': 1}"})
        start("argument", "--resources", "GPU=1", **{f"{worker}RESOURCES": "{'B': 1}"})
        start("twice", "--resources", "A=1", "--resources=B=1", "--scheduler-sni", "nobody")
        start("temporary", DASK_TEMPORARY_DIRECTORY=side.path("elsewhere"))
        start("nanny by variable", **{f"{DISTRIBUTED}NANNY__PRELOAD": side.path("one.py")})
        start("nanny by argument", "--preload-nanny", side.path("one.py"))
        preload = {f"{worker}PRELOAD": side.path("two.py")}
        start("preload by variable", **preload)
        start("preload by argument", "--preload", side.path("one.py"), **preload)
        start("restart only", "--lifetime-restart", "--lifetime-stagger", "1s")
        start("certificate", **{f"{DISTRIBUTED}COMM__TLS__CA_FILE": side.path("tls.crt")})
        start("encryption", **{f"{DISTRIBUTED}COMM__REQUIRE_ENCRYPTION": "true"})
        start("protocol", "--protocol", "tls")
        start("listen", "--listen-address", "tcp://127.0.0.1:9999")
        start("contact", "--contact-address", "tcp://127.0.0.1:9999")
        start("directory", "--local-directory", NOWHERE)
        start("resources", "--resources", "GPU")
        start("amount", "--resources", "GPU=one")
        start("time", "--lifetime", "soon")
        start("death", "--death-timeout", "soon")
        yield side


@pytest.fixture(scope="module")
def said(workers):
    """What the workers that run say of themselves, by name."""
    names = (
        "as it is", "no routes", "capitals", "mapping", "argument", "twice", "temporary",
        "nanny by variable", "nanny by argument", "preload by variable", "preload by argument",
        "restart only", "certificate",
    )  # fmt: skip
    for name in names:
        workers[name].answers("/")
    address = workers["capitals"].process.args[4]
    deadline = time.monotonic() + PATIENCE
    found: dict = {}
    while not set(names) <= set(found) and time.monotonic() < deadline:
        done = subprocess.run(
            [workers.python, "-c", ASK, address], capture_output=True, text=True, check=True
        )
        found = json.loads(done.stdout)
    assert set(names) <= set(found)
    return found


@pytest.mark.slow
@pytest.mark.parametrize(("name", "paths", "answers"), [
    ("as it is", ("/health", "/metrics"), [200, 200]),
    ("no routes", ("/health", "/metrics"), [404, 404]),
    ("prefix", ("/health", "/dask/health"), [200, 404]),
])  # fmt: skip
def test_what_the_probes_and_monitors_get_of_workers(workers, name, paths, answers):
    assert workers[name].answers(*paths) == answers


@pytest.mark.slow
def test_a_certificate_for_the_scheduler_ends_http_of_workers(workers):
    assert workers["https"].answers("/health", scheme="https") == [200]
    assert ask(workers["https"].port, "/health") == 0


@pytest.mark.slow
@pytest.mark.parametrize("name", [
    "encryption", "protocol", "listen", "contact", "directory", "resources", "amount", "time",
    "death", "other protocol",
])  # fmt: skip
def test_a_worker_that_does_not_start(workers, name):
    assert workers[name].ends() == 1


@pytest.mark.slow
def test_a_lifetime_without_restart_ends_the_process(workers):
    assert workers["lifetime"].ends() == 0
    assert workers["lifetime by variable"].ends() == 0
    assert workers["lifetime with restart"].runs()


@pytest.mark.slow
@pytest.mark.parametrize("python", PYTHONS, ids=range(len(PYTHONS)))
def test_an_idle_scheduler_takes_its_workers_along(python, tmp_path, take_ports):
    with contextlib.closing(Side(python, tmp_path, take_ports)) as side:
        port = side.scheduler("scheduler", "--idle-timeout", "15s")
        side.worker(port, "worker")
        side["worker"].answers("/health")
        assert side["scheduler"].ends() == 0
        assert side["worker"].ends() == 0


@pytest.mark.slow
def test_names_of_resources(said):
    resources = {name: worker["resources"] for name, worker in said.items()}
    assert resources["capitals"] == {"gpu": 1}
    assert resources["mapping"] == {"GPU": 1}
    assert resources["argument"] == {"GPU": 1}
    assert resources["twice"] == {"B": 1}


@pytest.mark.slow
def test_settings_that_change_nothing(workers, said):
    # They have connected in the clear, and live on.
    for name in ("restart only", "certificate"):
        assert said[name]["nanny"].startswith("tcp://")
        assert workers[name].runs()


@pytest.mark.slow
def test_the_directory_of_the_argument_is_used(workers, said):
    assert said["temporary"]["local_directory"].startswith(workers.path("spill"))
    assert not Path(workers.path("elsewhere")).exists()


@pytest.mark.slow
def test_what_is_preloaded(workers, said):
    assert said
    texts = {name: workers[name].log.read_text() for name in said}
    assert "preloads" not in texts["nanny by variable"]
    assert "preloads one" in texts["nanny by argument"]
    assert "preloads two" in texts["preload by variable"]
    assert "preloads one" in texts["preload by argument"]
    assert "preloads two" not in texts["preload by argument"]


@pytest.mark.slow
def test_the_variables_of_libraries(said):
    env = said["as it is"]["env"]
    # The nanny's own value stays, whatever the name without an underscore says.
    assert env["MALLOC_TRIM_THRESHOLD_"] == "65536"
    # The container's value wins over the 1 that the nanny sets for the others.
    assert [env[name] for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS")] == ["2", "1"]
