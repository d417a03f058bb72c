"""What the rules on arguments, and on settings without effect, find; in the form of rule_cases."""

from __future__ import annotations

import json

from mops.checks.rule import ERROR, WARNING

E, W = ERROR, WARNING


def arguments(pods: str, *items: str, before: str = "") -> str:
    """A file with further arguments of the scheduler or the workers.

    « at the start of an item marks its place; without any, the first is marked.
    """
    if not any(item.startswith("«") for item in items):
        items = (f"«{items[0]}", *items[1:])
    written = json.dumps(items, ensure_ascii=False).replace('"«', '«"')
    return f"{before}{pods}: {{extraArgs: {written}}}"


def variable(pods: str, name: str, value: str) -> str:
    """A file with one variable; « marks its value."""
    return f"{pods}: {{env: {{{name}: «{json.dumps(value)}}}}}"


_CUDA = "--rmm-pool-size is an option of dask cuda worker, not of dask worker"
_ONE_WORD = "is one argument; Dask has no option of that name"
_IDLE = (
    "an idle scheduler exits and stops its workers, and their Deployments start all of them"
    " again: nothing is freed, and what clients keep in memory is lost"
)
_RESTARTS = (
    "without a restart ends the process; Kubernetes restarts the container, each time after a"
    " longer delay (CrashLoopBackOff)"
)
_TLS = "tls: {secretName: certificates}\n"
_DURATION = "DASK_DISTRIBUTED__WORKER__LIFETIME__DURATION"
_COUNTS = "counts against the pod's memory limit, and not against that of Dask"
_ROOT = "is on the read-only root file system"

# The rule, its severity, a file, and the message. « stands before the reported place.
ARGUMENTS = [
    ("argument-unknown", E, arguments("workers", "--nprocs", "4"),
     "dask worker no longer has the option --nprocs"),
    ("argument-unknown", E, arguments("workers", "--bokeh-port=8789"),
     "dask worker no longer has the option --bokeh-port"),
    ("argument-unknown", E, arguments("workers", "--no-reconnect"),
     "dask worker no longer has the option --no-reconnect"),
    ("argument-unknown", E, arguments("scheduler", "--bokeh"),
     "dask scheduler no longer has the option --bokeh"),
    ("argument-unknown", E, arguments("scheduler", "--resources", "GPU=1"),
     "--resources is an option of dask worker, not of dask scheduler"),
    ("argument-unknown", E, arguments("scheduler", "--nprocs=2"),
     "--nprocs is an option of dask worker, not of dask scheduler"),
    ("argument-unknown", E, arguments("workers", "--jupyter"),
     "--jupyter is an option of dask scheduler, not of dask worker"),
    ("argument-unknown", E, arguments("workers", "--rmm-pool-size", "1GB"), _CUDA),
    ("argument-unknown", E, arguments("workers", "--lifetim=1h"),
     'dask worker has no option "--lifetim"'),
    ("argument-unknown", E, arguments("workers", "-v"), 'dask worker has no option "-v"'),
    # The module may have options of its own; this is hardly one of them.
    ("argument-unknown", W, arguments("workers", "--preload", "my.module", "«--resource", "GPU=1"),
     'dask worker has no option "--resource"'),
    ("argument-word", E, arguments("workers", "--resources GPU=1"),
     f'"--resources GPU=1" {_ONE_WORD}'),
    ("argument-word", E, arguments("scheduler", "--preload my.module"),
     f'"--preload my.module" {_ONE_WORD}'),
    ("argument-word", E, arguments("workers", "--nworkers 4"), f'"--nworkers 4" {_ONE_WORD}'),
    ("argument-word", E, arguments("workers", "--preload", "m", "«--resources GPU=1"),
     f'"--resources GPU=1" {_ONE_WORD}'),
    ("argument-word", E, arguments("workers", "GPU=1"),
     'unexpected argument "GPU=1": it belongs to no option'),
    ("argument-word", E, arguments("workers", "--", "«--lifetime-restart"),
     'unexpected argument "--lifetime-restart": it belongs to no option'),
    ("argument-word", E, arguments("scheduler", "--jupyter", "«true"),
     'unexpected argument "true": it belongs to no option'),
    ("argument-word", E, arguments("workers", "tcp://dask-scheduler:8786"),
     "dask worker takes one address, which the chart passes"),
    ("argument-word", E, arguments("workers", " --lifetime-restart"),
     '" --lifetime-restart" starts or ends with a space'),
    ("argument-value", E, arguments("workers", "--resources"), "--resources needs a value"),
    ("argument-value", E, arguments("scheduler", "--jupyter=1"), "--jupyter takes no value"),
    ("argument-value", E, arguments("workers", "--resources", "«GPU"),
     "--resources takes resources such as GPU=1 or 'GPU=1 MEM=10e9', found \"GPU\""),
    ("argument-value", E, arguments("workers", "--resources=GPU=one"),
     "--resources takes resources such as GPU=1 or 'GPU=1 MEM=10e9', found \"GPU=one\""),
    ("argument-value", E, arguments("workers", "--death-timeout", "«soon"),
     '--death-timeout takes a time such as 30s or 1h, found "soon"'),
    ("argument-value", E, arguments("workers", "--resources", "--lifetime-restart"),
     '--resources needs a value, and takes the next item for it: "--lifetime-restart"'),
    ("argument-value", W, arguments("workers", "--interface", "--lifetime-restart"),
     '--interface needs a value, and takes the next item for it: "--lifetime-restart"'),
    ("argument-managed", E, arguments("workers", "--nworkers", "4"),
     "the chart manages --nworkers"),
    ("argument-managed", E, arguments("scheduler", "--no-dashboard"),
     "the chart manages --no-dashboard"),
    ("argument-managed", E, arguments("scheduler", "--protocol", "tcp", before=_TLS),
     "the chart manages --protocol while tls.secretName is set"),
    ("argument-managed", E, arguments("workers", "--protocol=tls", before=_TLS),
     "the chart manages --protocol while tls.secretName is set"),
    ("argument-conflict", E, arguments("scheduler", "--dashboard-prefix", "/dask"),
     ("--dashboard-prefix: the probes, the ServiceMonitor and KEDA ask for /health and /metrics"
      " without a prefix, so the scheduler would be killed")),
    ("argument-conflict", E, arguments("workers", "--listen-address", "tcp://0.0.0.0:9000"),
     ("--listen-address: Dask does not start with this beside --worker-port, which the chart"
      " passes")),
    ("argument-conflict", E, arguments("workers", "--contact-address=tcp://10.0.0.1:9000"),
     ("--contact-address: Dask does not start with this without --listen-address, which"
      " --worker-port excludes")),
    ("argument-conflict", E, arguments("workers", "--protocol", "tls"),
     "with --protocol tls Dask does not start without certificates"),
    ("argument-conflict", E, arguments("scheduler", "--protocol", "ws"),
     "--protocol ws: the chart gives workers a tcp:// address of the scheduler"),
    ("argument-conflict", E, arguments("workers", "-h"), "with -h Dask prints its help and exits"),
    ("argument-conflict", E, arguments("scheduler", "--version"),
     "with --version Dask prints its version and exits"),
    ("argument-no-effect", W, arguments("workers", "--dashboard-prefix", "/dask"),
     "Dask accepts --dashboard-prefix and ignores it"),
    ("argument-no-effect", W, arguments("scheduler", "--show"),
     "Dask accepts --show and ignores it"),
    ("argument-no-effect", W, arguments("workers", "--scheduler-sni", "dask"),
     "--scheduler-sni has no effect without TLS"),
    ("argument-repeated", W, arguments("workers", "--resources", "A=1", "«--resources=B=1"),
     "--resources is given twice, and Dask takes the last one"),
    ("argument-repeated", W,
     arguments("workers", "--lifetime-restart", "--lifetime=1h", "«--no-lifetime-restart"),
     ("--no-lifetime-restart comes after --lifetime-restart, and Dask takes the last one")),
]  # fmt: skip

EFFECTS = [
    ("dask-other-side", W,
     variable("workers", "DASK_DISTRIBUTED__SCHEDULER__WORK_STEALING", "False"),
     "workers do not read distributed.scheduler.work-stealing: only the scheduler does"),
    ("dask-other-side", W,
     variable("workers", "DASK_DISTRIBUTED__SCHEDULER__DEFAULT_TASK_DURATIONS__inc", "1s"),
     "workers do not read distributed.scheduler.default-task-durations: only the scheduler does"),
    ("dask-other-side", W,
     variable("workers", "DASK_DISTRIBUTED__WORKER__MEMORY__REBALANCE__MEASURE", "managed"),
     "workers do not read distributed.worker.memory.rebalance.measure: only the scheduler does"),
    ("dask-other-side", W,
     variable("scheduler", "DASK_DISTRIBUTED__WORKER__MEMORY__TARGET", "0.5"),
     "the scheduler makes no use of distributed.worker.memory.target: only workers do"),
    ("dask-other-side", W, variable("scheduler", "DASK_DISTRIBUTED__ADAPTIVE__MAXIMUM", "9"),
     "only Python's own cluster objects read distributed.adaptive.maximum, and no pod runs one"),
    ("dask-overridden", W, variable("workers", "DASK_TEMPORARY_DIRECTORY", "/tmp/elsewhere"),
     "this has no effect on workers: the chart passes --local-directory"),
    ("dask-overridden", W, variable("workers", "DASK_DISTRIBUTED__NANNY__PRELOAD", "my.module"),
     "this has no effect: `dask worker` takes it only as an argument"),
    ("dask-overridden", W,
     ("workers: {extraArgs: [--resources, A=1], "
      "env: {DASK_DISTRIBUTED__WORKER__RESOURCES: «\"{'B': 1}\"}}"),
     ("DASK_DISTRIBUTED__WORKER__RESOURCES has no effect: the argument --resources takes"
      " precedence")),
    ("dask-overridden", W,
     "scheduler: {env: {DASK_DISTRIBUTED__SCHEDULER__PRELOAD: «b}, extraArgs: [--preload, a]}",
     ("DASK_DISTRIBUTED__SCHEDULER__PRELOAD has no effect: the argument --preload takes"
      " precedence")),
    ("dask-lower-case", W, variable("workers", "DASK_DISTRIBUTED__WORKER__RESOURCES__GPU", "1"),
     ("Dask reads the name in lower case: workers have the resource gpu, and tasks that ask for"
      " GPU wait forever")),
    ("dask-lower-case", W,
     variable("scheduler", "DASK_DISTRIBUTED__SCHEDULER__DEFAULT_TASK_DURATIONS__FitModel", "1s"),
     "Dask reads the name in lower case, as fitmodel"),
    ("dask-probe", E, variable("scheduler", "DASK_DISTRIBUTED__SCHEDULER__HTTP__ROUTES", "[]"),
     ("without distributed.http.health nothing serves /health, which the probes ask: the"
      " scheduler is killed")),
    ("dask-probe", E,
     variable("workers", "DASK_DISTRIBUTED__WORKER__HTTP__ROUTES", "['distributed.http.statics']"),
     ("without distributed.http.health nothing serves /health, which the probes ask: the pod is"
      " never ready")),
    ("dask-probe", W,
     ("monitoring: {enabled: true}\nworkers: {env: {DASK_DISTRIBUTED__WORKER__HTTP__ROUTES: "
      "«\"['distributed.http.health']\"}}"),
     "without distributed.http.worker.prometheus nothing serves /metrics, which Prometheus asks"),
    ("dask-probe", W,
     ("autoscaling: {enabled: true, type: keda}\nscheduler: {env: "
      "{DASK_DISTRIBUTED__SCHEDULER__HTTP__ROUTES: «\"['distributed.http.health']\"}}"),
     "without distributed.http.scheduler.prometheus nothing serves /metrics, which KEDA asks"),
    ("dask-probe", E,
     variable("workers", "DASK_DISTRIBUTED__SCHEDULER__DASHBOARD__TLS__CERT", "/tls/tls.crt"),
     ("with a certificate the port serves https alone, and the probes ask with http: the pod is"
      " never ready")),
    ("dask-encryption", E,
     variable("workers", "DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION", "True"),
     "Dask does not start: it requires encryption, and the addresses are tcp://"),
    ("dask-encryption", E, variable("scheduler", "DASK_DISTRIBUTED__COMM__DEFAULT_SCHEME", "tls"),
     "the scheduler would listen on tls://, and the chart's workers connect with tcp://"),
    ("dask-encryption", W,
     variable("workers", "DASK_DISTRIBUTED__COMM__TLS__CA_FILE", "/tls/ca.crt"),
     "this has no effect without tls.secretName: the addresses are tcp://"),
    ("worker-lifetime", W,
     variable("workers", "DASK_DISTRIBUTED__WORKER__LIFETIME__STAGGER", "5 minutes"),
     "this has no effect without a lifetime"),
    ("worker-lifetime", W, arguments("workers", "--pid-file=/tmp/pid", "«--lifetime-restart"),
     "this has no effect without a lifetime"),
    ("worker-lifetime", W, variable("workers", _DURATION, "8h"), f"{_DURATION} {_RESTARTS}"),
    ("worker-lifetime", W, arguments("workers", "--lifetime", "10m"), f"--lifetime {_RESTARTS}"),
    ("worker-lifetime", W,
     arguments("workers", "--lifetime", "10m", "--no-lifetime-restart"),
     f"--lifetime {_RESTARTS}"),
    ("idle-timeout", W, "scheduler: {idleTimeout: «30m}", _IDLE),
    ("idle-timeout", W,
     variable("scheduler", "DASK_DISTRIBUTED__SCHEDULER__IDLE_TIMEOUT", "10 minutes"), _IDLE),
    ("missing-unit", W,
     "workers: {resources: {requests: {cpu: «500}, limits: {cpu: ''}}}",
     "500 is 500 CPUs, for 2 threads"),
    ("missing-unit", E, "scheduler: {resources: {requests: {memory: «2048}}}",
     "2048 is 2048 bytes"),
    ("missing-unit", W, "workers: {memoryReserve: «512}", "512 is 512 bytes"),
    ("missing-unit", W, "scheduler: {temporaryStorage: «10}", "10 is 10 bytes"),
    ("idle-cpu", W, "workers: {resources: {requests: {cpu: «16}, limits: {cpu: 16}}}",
     "2 processes x 1 threads use 2 of 16 CPUs"),
    ("idle-cpu", W,
     ("workers: {env: {OMP_NUM_THREADS: 3}, resources: {requests: {cpu: «16}, "
      "limits: {cpu: 16}}}"),
     "2 processes x 1 threads use 6 of 16 CPUs"),
    ("busy-threads", W, variable("workers", "OMP_NUM_THREADS", "4"),
     "2 Dask threads with OMP_NUM_THREADS 4 are 8 threads, which compete for 2 CPU"),
    ("shared-gpu", W, "workers: {resources: {limits: {nvidia.com/gpu: «1}}}",
     "all 2 processes of a pod use its first GPU and share its memory"),
    ("read-only-directory", E, "workers: {localDirectory: «/scratch}",
     f"workers do not start: /scratch {_ROOT}"),
    ("read-only-directory", E, variable("workers", "MODELOPS_BUNDLES_CACHE_DIR", "/opt/bundles"),
     f"the worker runtime cannot write bundles: /opt/bundles {_ROOT}"),
    ("read-only-directory", E, variable("scheduler", "DASK_TEMPORARY_DIRECTORY", "/tmpx"),
     f"Dask does not start: /tmpx {_ROOT}"),
    ("read-only-directory", W, variable("workers", "HOME", "/home/dask"),
     f"caches and settings cannot be written: /home/dask {_ROOT}"),
    ("read-only-directory", E, arguments("scheduler", "--scheduler-file", "/data/scheduler.json"),
     f"Dask does not start with --scheduler-file: /data {_ROOT}"),
    ("read-only-directory", W, arguments("workers", "--pid-file", "worker.pid"),
     f"Dask does not start with --pid-file: the image's working directory {_ROOT}"),
    ("read-only-directory", E, variable("workers", "MODELOPS_PROVENANCE_DIR", "/data/$(POD_NAME)"),
     f"the worker runtime cannot write provenance: /data/$(POD_NAME) {_ROOT}"),
    ("read-only-directory", E, variable("workers", "MODELOPS_VENVS_DIR", "/tmp/../opt"),
     f"the worker runtime cannot write virtual environments: /tmp/../opt {_ROOT}"),
    ("read-only-directory", E,
     ("workers: {localDirectory: «/etc/a/b, volumes: [{name: a, configMap: {name: a}}], "
      "volumeMounts: [{name: a, mountPath: /etc/a}]}"),
     f"workers do not start: /etc/a/b {_ROOT}"),
    ("read-only-directory", E,
     ("workers: {localDirectory: «/a/b, volumes: [{name: a, emptyDir: {}}], "
      "volumeMounts: [{name: a, mountPath: /a}, {name: a, mountPath: /a/b, readOnly: true}]}"),
     f"workers do not start: /a/b {_ROOT}"),
    ("memory-volume", W,
     ("workers: {volumes: [«{name: shm, emptyDir: {medium: Memory}}], "
      "volumeMounts: [{name: shm, mountPath: /dev/shm}]}"),
     f"the volume shm is in memory without a sizeLimit: it {_COUNTS}"),
    ("memory-volume", W,
     ("workers: {volumes: [«{name: shm, emptyDir: {medium: Memory, sizeLimit: 1Gi}}], "
      "volumeMounts: [{name: shm, mountPath: /dev/shm}]}"),
     f"volumes in memory hold up to 1Gi, which {_COUNTS}"),
    ("entrypoint-packages", W, variable("workers", "EXTRA_PIP_PACKAGES", "s3fs"),
     ("nothing is installed: the image's entrypoint would do that, and the chart runs"
      " `dask worker` in its place")),
    ("entrypoint-packages", W, variable("scheduler", "EXTRA_APT_PACKAGES", "libgomp1"),
     ("nothing is installed: the image's entrypoint would do that, and the chart runs"
      " `dask scheduler` in its place")),
    ("allocator", W, variable("workers", "MALLOC_TRIM_THRESHOLD", "65536"),
     "glibc does not read this: its variable ends with an underscore"),
    ("allocator", W, variable("workers", "MALLOC_TRIM_THRESHOLD_", "64KiB"),
     "glibc reads a number of bytes here"),
    ("list-entry", W, "workspace: {worker_env: {name: «OMP_NUM_THREADS, value: 1}}",
     "this sets two variables called name and value, instead of one"),
]  # fmt: skip

# What resembles these and is right: files without a finding.
RIGHT = [
    arguments("workers", "--resources", "GPU=1 MEM=10e9", "--lifetime=1 hour"),
    arguments("workers", "--resources=GPU=1,MEM=2", "--death-timeout", "60"),
    arguments("workers", "--preload", "a", "--preload=b", "--preload-nanny", "c"),
    arguments("workers", "--preload", "my_module", "--my-own-option", "3", "word"),
    arguments("workers", "--pid-file=/tmp/a b.pid", "--interface", "eth0"),
    arguments("workers", "--lifetime", "5m", "--lifetime-restart", "--lifetime-stagger=10 s"),
    arguments("workers", "--protocol", "tcp"),
    arguments("workers", "--resources", "$(RESOURCES)", before="")
    .replace("]}", "], env: {RESOURCES: GPU=1}}"),
    arguments("scheduler", "--preload", "/opt/hook.py"),
    arguments("scheduler", "--use-xheaders", "nope").replace("--use-xheaders", "--interface"),
    arguments("scheduler", "--jupyter", "--scheduler-file", "/tmp/scheduler.json"),
    # The names of schedulers that workers read too, and of workers that the scheduler reads.
    variable("workers", "DASK_DISTRIBUTED__SCHEDULER__BANDWIDTH", "100MB"),
    variable("workers", "DASK_DISTRIBUTED__SCHEDULER__DEFAULT_DATA_SIZE", "1kiB"),
    variable("workers", "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_IMPORTS", "['dask', 'mine']"),
    variable("workers", "DASK_DISTRIBUTED__SCHEDULER__LOCKS__LEASE_TIMEOUT", "30s"),
    variable("scheduler", "DASK_DISTRIBUTED__WORKER__MEMORY__REBALANCE__MEASURE", "managed"),
    variable("scheduler", "DASK_DISTRIBUTED__WORKER__PROFILE__INTERVAL", "20ms"),
    # Both sides share their variables.
    ("workers: {env: {DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL: 10m}}\n"
     "scheduler: {env: {DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL: 10m}}"),
    variable("workers", "DASK_DISTRIBUTED__WORKER__RESOURCES", "{'GPU': 1}"),
    variable("workers", "DASK_DISTRIBUTED__WORKER__RESOURCES__aggregation", "1"),
    variable("workers", "DASK_DISTRIBUTED__WORKER__PRELOAD", "my.module"),
    variable("workers", "DASK_TEMPORARY_DIRECTORY", "/tmp/dask"),
    variable("workers", "DASK_DISTRIBUTED__WORKER__HTTP__ROUTES", "['distributed.http.health']"),
    variable("scheduler", "DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION", "False"),
    f"workers: {{env: {{{_DURATION}: 10m, DASK_DISTRIBUTED__WORKER__LIFETIME__RESTART: 'True'}}}}",
    variable("scheduler", "DASK_DISTRIBUTED__SCHEDULER__IDLE_TIMEOUT", "None"),
    # Amounts.
    "workers: {resources: {requests: {cpu: 500m}, limits: {cpu: 4}}}",
    ("workers: {processes: 64, threads: 2, resources: {requests: {cpu: 128, memory: 64Gi}, "
     "limits: {cpu: 128, memory: 64Gi}}}"),
    "scheduler: {resources: {requests: {memory: 1073741824}}}",
    "workers: {memoryReserve: 0}",
    # CPUs: half of them are used; libraries or simulations use them; they come with a GPU.
    "workers: {processes: 2, threads: 2, resources: {requests: {cpu: 8}, limits: {cpu: 8}}}",
    ("workers: {env: {OPENBLAS_NUM_THREADS: 8}, resources: {requests: {cpu: 16}, "
     "limits: {cpu: 16}}}"),
    ("workers: {env: {MODELOPS_MAX_WARM_PROCESSES: 8}, resources: {requests: {cpu: 16}, "
     "limits: {cpu: 16}}}"),
    ("workers: {env: {OMP_NUM_THREADS: {valueFrom: {configMapKeyRef: {name: a, key: b}}}}, "
     "resources: {requests: {cpu: 16}, limits: {cpu: 16}}}"),
    ("workers: {processes: 1, resources: {requests: {cpu: 16}, limits: {cpu: 16, "
     "nvidia.com/gpu: 1}}}"),
    variable("workers", "OMP_NUM_THREADS", "1"),
    # Directories below /tmp or a volume, or with a root file system that can be written.
    ("workers: {localDirectory: /scratch/dask/, volumes: [{name: s, emptyDir: {}}], "
     "volumeMounts: [{name: s, mountPath: /scratch, subPath: a}]}"),
    "containerSecurityContext: {readOnlyRootFilesystem: false}\nworkers: {localDirectory: /a}",
    variable("workers", "MODELOPS_VENVS_DIR", "/tmp/a/../venvs"),
    variable("workers", "MODELOPS_PROVENANCE_DIR", "$(HOME)/provenance"),
    variable("workers", "MODELOPS_PROVENANCE_DIR", "$(TMPDIR)/$(POD_NAME)"),
    ("workers: {envFrom: [{configMapRef: {name: a}}], env: {MODELOPS_PROVENANCE_DIR: $(A_MAP)/a}}"),
    variable("workers", "MODELOPS_VENVS_DIR", "/dev/shm/venvs"),
    "workers: {env: {MODELOPS_EXECUTOR_TYPE: cold, REUSE: true, VENVS_DIR: /tmp/venvs}}",
    variable("workers", "MODELOPS_BUNDLES_DIR", "/opt/bundles"),
    ("workers: {volumes: [{name: shm, emptyDir: {medium: Memory, sizeLimit: 256Mi}}], "
     "volumeMounts: [{name: shm, mountPath: /dev/shm}]}"),
    variable("workers", "MALLOC_TRIM_THRESHOLD_", "0"),
    variable("workers", "MALLOC_ARENA_MAX", "2"),
    "workers: {env: {name: x, VALUE: y}}",
]  # fmt: skip
