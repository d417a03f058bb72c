"""What each rule finds: every rule has a case here, and every case names its rule."""

from __future__ import annotations

import json
from typing import NamedTuple

from mops.checks.rule import ERROR, WARNING
from unit.effect_cases import ARGUMENTS, EFFECTS
from unit.kubernetes_cases import PASSED_ON

E, W = ERROR, WARNING


def variables(component: str, before: str = "workspace:\n", **env: str) -> str:
    """A file that sets environment variables of the scheduler or the workers."""
    lines = "".join(f"    {name}: {json.dumps(text)}\n" for name, text in env.items())
    return f"{before}  {component}_env:\n{lines}"


def with_image(tag: str, **env: str) -> str:
    """A file with variables of the workers and a tag of their image."""
    return variables("worker", f"workspace:\n  worker_image: ghcr.io/dask/dask:{tag}\n", **env)


# Settings that do not fit together: the rule, its severity, a file, and the message. « stands
# before the place that the problem is reported at.
MISFITS = [
    ("autoscaling-bounds", E, "autoscaling: {minWorkers: «11}",
     "minWorkers 11 is more than maxWorkers 10"),
    ("autoscaling-bounds", E, "autoscaling: {maxWorkers: «1}",
     "minWorkers 2 is more than maxWorkers 1"),
    ("requests-within-limits", E,
     "workers: {resources: {requests: {memory: «8Gi}}}",
     "the memory request 8Gi is more than the limit 4Gi"),
    ("requests-within-limits", E,
     "workers: {resources: {requests: {memory: «4.1G}, limits: {memory: 3900Mi}}}",
     "the memory request 4.1G is more than the limit 3900Mi"),
    ("requests-within-limits", E,
     "workers: {resources: {requests: {cpu: «2001m}}}",
     "the cpu request 2001m is more than the limit 2"),
    ("requests-within-limits", E,
     "scheduler: {resources: {requests: {memory: «3Gi}}}",
     "the memory request 3Gi is more than the limit 2Gi"),
    ("zero-limit", W,
     "scheduler: {resources: {requests: {cpu: 0}, limits: {cpu: «0}}}",
     "a cpu limit of 0 is no limit to Kubernetes"),
    ("zero-limit", W,
     "scheduler: {resources: {requests: {memory: 0}, limits: {memory: «0}}}",
     "a memory limit of 0 is no limit to Kubernetes"),
    ("zero-limit", E,
     "workers: {resources: {requests: {cpu: «0.0}}}\nautoscaling: {enabled: true}",
     "the autoscaler measures CPU in percent of the request, which is 0.0"),
    ("large-memory", E,
     "workers: {resources: {limits: {memory: «1025Ti}}}",
     "1025Ti is more than 1024Ti, the most that the chart can compute with"),
    ("large-memory", E,
     "workers: {memoryReserve: «2e15}",
     "2e15 is more than 1024Ti, the most that the chart can compute with"),
    ("small-memory", E,
     ("workers: {processes: 8, resources: {requests: {cpu: 8, memory: 512Mi}, limits: {cpu: 8, "
     "memory: «512Mi}}}"),
     "(512Mi - 256Mi reserve) / 8 processes leaves 32Mi for each process; Dask needs 64Mi"),
    ("small-memory", E,
     ("workers: {processes: 1, resources: {requests: {cpu: 1, memory: 200Mi}, limits: {cpu: 1, "
     "memory: «200Mi}}}"),
     "(200Mi - 256Mi reserve) / 1 processes leaves 0 bytes for each process; Dask needs 64Mi"),
    ("small-memory", W,
     ("workers: {processes: 2, resources: {requests: {cpu: 2, memory: 767Mi}, limits: {cpu: 2, "
     "memory: «767Mi}}}"),
     "(767Mi - 256Mi reserve) / 2 processes leaves only 255.5Mi for each process"),
    ("busy-cpu", W, "workers: {processes: «3}", "3 processes x 1 threads = 3 compete for 2 CPU"),
    ("busy-cpu", W, "workers: {threads: «2}", "2 processes x 2 threads = 4 compete for 2 CPU"),
    ("memory-thresholds", E,
     ("workers: {env: {DASK_DISTRIBUTED__WORKER__MEMORY__TARGET: «0.9, "
     "DASK_DISTRIBUTED__WORKER__MEMORY__SPILL: 0.8}}"),
     "the memory thresholds are out of order: target 0.9 is above spill 0.8"),
    ("memory-thresholds", W,
     "workers: {env: {DASK_DISTRIBUTED__WORKER__MEMORY__TARGET: «0.9}}",
     "the memory thresholds are out of order: target 0.9 is above spill 0.7 (Dask default)"),
    ("memory-thresholds", W,
     "workers: {env: {DASK_DISTRIBUTED__WORKER__MEMORY__TERMINATE: «0.5}}",
     "the memory thresholds are out of order: pause 0.8 (Dask default) is above terminate 0.5"),
    ("object-name", E,
     ("workspace: {release: {name: «aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa}, "
     "worker_groups: {bbb: {replicas: 1}}}"),
     ("the name aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-workers-bbb has 65 "
     "characters; Kubernetes allows 63")),
    ("scheduler-port", E, "scheduler: {port: «8787}", "port and dashboardPort are both 8787"),
    ("port-range", E,
     "workers: {workerPorts: «40010:40000}",
     "40010:40000 is not a range of at least two ports from 1024 to 65535"),
    ("port-range", E,
     "workers: {processes: 3, resources: {limits: {cpu: 3}}, workerPorts: «40000:40001}",
     "40000:40001 has 2 ports for 3 processes"),
    ("port-range", E,
     "workers: {workerPorts: «50000:70000}",
     "50000:70000 is not a range of at least two ports from 1024 to 65535"),
    ("port-range", E,
     "workers: {workerPorts: «40000:40000}",
     "40000:40000 is not a range of at least two ports from 1024 to 65535"),
    ("port-overlap", E, "workers: {nannyPorts: «41000:42000}",
     "workerPorts and nannyPorts overlap"),
    ("reserved-label", E,
     "labels: {app.kubernetes.io/name: «x}",
     "the chart sets the label app.kubernetes.io/name itself"),
    ("reserved-label", E,
     "workers: {podLabels: {modelops.io/component: «x}}",
     "the chart sets the label modelops.io/component itself"),
    ("reference-cycle", E,
     "workers: {env: {PATH: «/x:$(PATH)}}",
     "PATH refers to itself; Kubernetes does not know the image's own PATH"),
    ("reference-cycle", E,
     "workers: {env: {A: «x$(B), B: $(C), C: $(A)}}",
     "variables refer to each other: A -> B -> C -> A"),
    ("reference", W,
     "workers: {env: {A: «x$(NOPE)y}}",
     "$(NOPE) refers to no variable of this container and is left unchanged"),
    ("reserved-variable", E, "workers: {env: {POD_IP: «x}}", "the chart sets POD_IP itself"),
    ("reserved-variable", E,
     "workers: {env: {POD_IP: {valueFrom: {fieldRef: {fieldPath: «status.podIP}}}}}",
     "the chart sets POD_IP itself"),
    ("reserved-variable", E,
     "tls: {secretName: s}\nworkers: {env: {DASK_DISTRIBUTED__COMM__TLS__CA_FILE: «x}}",
     "the chart sets DASK_DISTRIBUTED__COMM__TLS__CA_FILE itself"),
    ("env-from", E,
     "workers: {envFrom: [«{secretRef: {name: s}, configMapRef: {name: c}}]}",
     "an entry needs either a secretRef or a configMapRef, found both"),
    ("env-from", E,
     "scheduler: {envFrom: [{configMapRef: {name: c}}, «{prefix: A_}]}",
     "an entry needs either a secretRef or a configMapRef, found neither"),
    ("root-user", E,
     "podSecurityContext: {runAsUser: «0}",
     "runAsUser 0 is root, which runAsNonRoot forbids"),
    ("http-route", E, "httpRoute: {enabled: «true}", "an HTTPRoute needs parentRefs"),
    ("ingress-port", W,
     "networkPolicy: {extraIngress: [{ports: [{port: 8787}, {port: «8788}]}]}",
     "no container of the scheduler or the workers listens on port 8788"),
    ("ingress-port", W,
     "networkPolicy: {extraIngress: [{ports: [{port: «8000, endPort: 8100}]}]}",
     "no container of the scheduler or the workers listens on port 8000-8100"),
    ("ingress-port", W,
     "networkPolicy: {extraIngress: [{ports: [{port: «http}]}]}",
     "no container of the scheduler or the workers listens on port http"),
    ("ingress-host", E, "ingress: {tlsSecret: «s}", "an Ingress with tlsSecret needs a host"),
    ("ingress-host", E, "ingress: {host: «10.0.0.1}",
     "an Ingress is for a host name, not for an IP address"),
    *ARGUMENTS,
    *EFFECTS,
]  # fmt: skip

# A variable of the workers: the rule that warns, the name, the value, and part of what it says.
VARIABLES = [
    ("dask-ignored", "DASK_WORKER__MEMORY__TARGET", "0.65",
     ("DASK_DISTRIBUTED__WORKER__MEMORY__TARGET, which would change "
     "distributed.worker.memory.target from Dask's default 0.6 to 0.65")),
    ("dask-ignored", "DASK_WORKER__MEMORY__TARGET", "0.90",
     "which would put target 0.9 above spill 0.7 (Dask default): target would have no effect"),
    ("dask-ignored", "DASK_WORKER__MEMORY__SPILL", "0.7",
     ('DASK_DISTRIBUTED__WORKER__MEMORY__SPILL, which would change nothing: "0.7" is Dask\'s '
     "default")),
    ("dask-ignored", "DASK_WORKER__MEMORY__PAUSE", "0.98",
     ("which would put pause 0.98 above terminate 0.95 (Dask default): workers would be killed "
     "before they pause")),
    ("dask-ignored", "DASK_WORKER__MEMORY__PAUSE", "high",
     'but "high" is not a valid value for that: it takes a number above 0 and at most 1 or False'),
    ("dask-ignored", "DASK__DISTRIBUTED__WORKER__MEMORY__SPILL", "0.75",
     "DASK_DISTRIBUTED__WORKER__MEMORY__SPILL"),
    ("dask-ignored", "DASK_DISTRIBUTED_WORKER_MEMORY_PAUSE", "0.75",
     "DASK_DISTRIBUTED__WORKER__MEMORY__PAUSE"),
    ("dask-ignored", "DASK_DISTRIBUTED__WORKER_MEMORY__PAUSE", "0.75",
     "DASK_DISTRIBUTED__WORKER__MEMORY__PAUSE"),
    ("dask-ignored", "DASK_DISTRIBUTED__WORKER__MEMROY__PAUSE", "0.75",
     "DASK_DISTRIBUTED__WORKER__MEMORY__PAUSE"),
    ("dask-ignored", "DASK_PRELOAD", "my.module",
     'DASK_DISTRIBUTED__WORKER__PRELOAD, which would import "my.module" when the process starts'),
    ("dask-ignored", "DASK_LOG_LEVEL", "debug", "it has no such setting"),
    ("dask-ignored", "DASK_DISTRIBUTED__WORKER", "5",
     "distributed.worker is a section, not a setting"),
    ("dask-ignored", "DASK_DISTRIBUTED__NANNY__PRE_SPAWN_ENVIRON__OMP_NUM_THREADS", "4",
     "set OMP_NUM_THREADS itself"),
    ("dask-value", "DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT", "soon",
     'takes a time such as 30s, but Dask reads "soon" as a string'),
    ("dask-value", "DASK_DISTRIBUTED__SCHEDULER__WORK_STEALING", "yes", "write True"),
    ("dask-value", "DASK_DISTRIBUTED__WORKER__MEMORY__REBALANCE__SENDER_MIN", "30%", "write 0.3"),
    ("dask-value", "DASK_DISTRIBUTED__WORKER__MULTIPROCESSING_METHOD", "thread",
     "spawn or fork or forkserver"),
    ("dask-value", "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES", "-1",
     "an integer at least 0"),
    ("dask-value", "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_IMPORTS", "numpy", "write ['numpy']"),
    ("dask-value", "DASK_TEMPORARY_DIRECTORY", "12", "write '12' with its quotes"),
    ("dask-value", "DASK_DISTRIBUTED__WORKER__MEMORY__TARGET__X", "1",
     "distributed.worker.memory.target has no keys"),
    ("dask-value", "DASK_DISTRIBUTED__SCHEDULER__BANDWIDTH", "100 MBB", "a size such as 64MiB"),
    ("dask-value", "DASK_DISTRIBUTED__WORKER__MEMORY__MAX_SPILL", "ten", "a size such as 64MiB"),
    ("dask-value", "DASK_DISTRIBUTED__ADMIN__EVENT_LOOP", "uvlop", "tornado or asyncio or uvloop"),
    ("dask-value", "DASK_DISTRIBUTED__WORKER__RESOURCES", "GPU=1",
     "write {'GPU': 1}"),
    ("dask-value", "DASK_DISTRIBUTED__WORKER__RESOURCES", "{'GPU': 'one'}",
     "takes a number for GPU"),
    ("dask-value", "DASK_DISTRIBUTED__NANNY__PRE_SPAWN_ENVIRON", "OMP_NUM_THREADS=2",
     "a mapping such as {'a': 1}"),
    ("dask-value", "DASK_LOGGING", "debug", "a mapping such as {'a': 1}"),
    ("dask-value", "DASK_LOGGING", "{'distributed': 'loud'}",
     "this is not a log level, and Dask fails at import"),
    ("dask-value", "DASK_LOGGING__DISTRIBUTED", "loud",
     "this is not a log level, and Dask fails at import"),
    ("dask-value", "DASK_LOGGING__DISTRIBUTED__WORKER", "info", "a logger name with __ in it"),
    ("dask-side-effect", "DASK_SCHEDULER", "tcp://dask-scheduler:8786",
     "use DASK_SCHEDULER_ADDRESS"),
    ("dask-side-effect", "DASK_INTERNAL_INHERIT_CONFIG", "e30=", "remove it"),
    ("dask-side-effect", "DASK_CONFIG", "/etc/dask-team", "no volumeMount provides"),
    ("dask-deprecated", "DASK_WORKER_MEMORY_TARGET", "0.65",
     "write DASK_DISTRIBUTED__WORKER__MEMORY__TARGET"),
    ("memory-thresholds", "DASK_WORKER_MEMORY_TARGET", "0.75",
     "target 0.75 is above spill 0.7 (Dask default)"),
    ("dask-deprecated", "DASK_SHUFFLE", "tasks", "write DASK_DATAFRAME__SHUFFLE__METHOD"),
    ("dask-case", "dask_distributed__worker__memory__target", "0.5",
     "write DASK_DISTRIBUTED__WORKER__MEMORY__TARGET"),
    ("dask-case", "Dask_Worker__Memory__Target", "0.5",
     "write DASK_DISTRIBUTED__WORKER__MEMORY__TARGET"),
    ("modelops-unused", "MODELOPS_VALIDATE_DEPS", "true", "never uses it"),
    ("modelops-unused", "MODELOPS_COLD_DEBUG", "1", "nothing reads this variable"),
    ("modelops-unused", "MODELOPS_OVERRIDE_PROCESSES", "3", "for the shell that runs mops"),
    ("modelops-unknown", "MODELOPS_EXCUTOR_TYPE", "direct", "did you mean MODELOPS_EXECUTOR_TYPE?"),
    ("modelops-case", "modelops_executor_type", "direct", "write MODELOPS_EXECUTOR_TYPE"),
    ("modelops-no-effect", "REUSE", "1",
     "the executor isolated_warm (the runtime's default): only cold reads it"),
    ("secret", "API_TOKEN", "abc", "valueFrom.secretKeyRef"),
    ("secret", "INDEX", "https://user:hunter2@pypi.example.com", "looks like a password in a URL"),
    ("reference", "CACHE", "$HOME/cache", "Kubernetes expands $(HOME)"),
    ("reference", "CACHE", "${POD_NAME}/x", "${POD_NAME} is left unchanged: no shell expands it"),
    ("reference", "TOOLS", "/opt/bin:$PATH", "$(PATH) if PATH is one of these variables"),
]  # fmt: skip


class Found(NamedTuple):
    """What a rule says of a file, in part."""

    rule: str
    words: str = ""


_IMAGES = "ghcr.io/institutefordiseasemodeling/modelops-dask"
_SPILL = "DASK_DISTRIBUTED__WORKER__MEMORY__SPILL"
_VALUE_FROM = "{valueFrom: {configMapKeyRef: {name: a, key: b}}}"

# A whole file, and everything that the rules find in it.
FILES: list[tuple[str, list[Found]]] = [
    ("workspace:\n  worker_processes: 1  # mops: ignore[busy-cpu] it was 8\n",
     [Found("stale-ignore", "remove the comment")]),
    ("workspace:\n  # mops: ignore[busy-cpu] why not\n  worker_threads: 8\n  worker_cpu: 1\n",
     [Found("busy-cpu"), Found("stale-ignore", "it is reported at")]),
    ("workspace:\n  worker_threads: 8  # mops: ignore[busy-cpu]\n  worker_cpu: 2\n",
     [Found("busy-cpu"), Found("invalid-ignore", "no reason")]),
    (variables("worker", DASK_WORKER__MEMORY__SPILL="0.8", **{_SPILL: "0.75"}),
     [Found("dask-ignored", "which is set too and takes effect")]),
    (variables("worker", DASK_WORKER_MEMORY_SPILL="0.8", **{_SPILL: "0.75"}),
     [Found("dask-deprecated", f"wins over {_SPILL}, which is set too")]),
    (variables("worker", DASK_LOGGING="info", DASK_LOGGING__DISTRIBUTED="info"),
     [Found("dask-conflict", "DASK_LOGGING sets a value where DASK_LOGGING__DISTRIBUTED needs"),
      Found("dask-value", "logging takes a mapping such as {'a': 1}")]),
    (variables("worker", DASK_MINE__A__B="1", DASK_mine__A="1"),
     [Found("dask-conflict", "DASK_mine__A sets a value where DASK_MINE__A__B needs a section")]),
    (variables("worker", DASK_X__Y="{'a': 1}", DASK_X__Y__B="2"), []),
    (f"workspace:\n  worker_env:\n    DASK_X__Y: {_VALUE_FROM}\n    DASK_X__Y__B: 1\n",
     [Found("dask-conflict", "DASK_X__Y sets a value where DASK_X__Y__B needs a section")]),
    (variables("worker", DASK_ARRAY__CHUNK_SIZE="1MB", DASK_array__chunk_size="2MB"),
     [Found("dask-conflict", "are the same setting to Dask, and DASK_array__chunk_size wins")]),
    (variables("worker", MODELOPS_EXECUTOR_TYPE="cold", MODELOPS_EXECUTOR="direct"),
     [Found("modelops-executor", "no effect because MODELOPS_EXECUTOR_TYPE is set too")]),
    (variables("worker", MODELOPS_EXECUTOR_TYPE="cold", REUSE="yes"),
     [Found("modelops-false", 'reads "yes" as false')]),
    (variables("worker", MODELOPS_EXECUTOR_TYPE="direct", MODELOPS_FORCE_FRESH_VENV="true"),
     [Found("modelops-no-effect", "the executor direct: only isolated_warm reads it")]),
    (f"workspace:\n  worker_env:\n    MODELOPS_EXECUTOR_TYPE: {_VALUE_FROM}\n    REUSE: 1\n", []),
    (variables("scheduler", MODELOPS_EXECUTOR_TYPE="direct"),
     [Found("modelops-no-effect", "the scheduler, which runs no simulations")]),
    (f"workspace:\n  worker_env:\n    DASK_WORKER__MEMORY__SPILL: {_VALUE_FROM}\n",
     [Found("dask-ignored")]),
    ((f"workspace:\n  worker_image: {_IMAGES}-worker\n"
     f"  scheduler_image: {_IMAGES}-scheduler:main\n"),
     [Found("image-tag", "no tag, which means latest,"), Found("image-tag", "the tag main"),
      Found("image-versions", "the worker image latest")]),
    (f"workspace:\n  worker_image: {_IMAGES}-worker:1.2.0\n",
     [Found("image-versions", "the tag latest and the worker image 1.2.0")]),
    ((f"workspace:\n  worker_image: {_IMAGES}-worker:1.2.0\n"
     f"  scheduler_image: {_IMAGES}-scheduler:1.2.0\n"), []),
    ((f"workspace:\n  worker_image: {_IMAGES}-worker@sha256:{'a' * 64}\n"
     f"  scheduler_image: {_IMAGES}-scheduler:latest@sha256:{'b' * 64}\n"), []),
    (("workspace:\n  worker_image: registry.example.com:5000/team/model:3\n"
     "  scheduler_image: ghcr.io/dask/dask:2024.10.0\n"), []),
    ("workspace:\n  workers:\n    sidecars: [{name: a, image: busybox}]\n",
     [Found("image-tag", "busybox has no tag")]),
    ("workspace:\n  worker_replicas: 4\n  autoscaling_enabled: true\n",
     [Found("replicas-owned", "4 replicas have no effect: autoscaling is on and keeps 2 to 10")]),
    ("workspace:\n  worker_replicas: 4\n", []),
    (("workspace:\n  workers:\n"
     "    extraArgs: [--interface, $(POD_NAME), --host, $(NOWHERE)]\n"),
     [Found("reference", "$(NOWHERE) refers to no variable")]),
    (("workspace:\n  workers:\n"
     "    extraArgs: [$(NOWHERE)]\n    envFrom: [{secretRef: {name: a}}]\n"), []),
    (("workspace:\n  workers:\n    volumes: [{name: a, emptyDir: {}}]\n"
     "    volumeMounts: [{name: a, mountPath: /a, subPathExpr: $(NODE)}]\n"),
     [Found("reference", "$(NODE)")]),
    ("workspace:\n  workers:\n    podAnnotations: {a/b: https://me:hunter2@example.com}\n",
     [Found("secret", "looks like a password in a URL")]),
    (with_image("2026.8.0", DASK_DISTRIBUTED__COMM__UCX__TCP="True"),
     [Found("dask-version", "known in 2024.10.0 only")]),
    (with_image("2024.8.0-py3.11", DASK_OPTIMIZATION__TUNE__ACTIVE="True"),
     [Found("dask-version", "known in 2026.8.0 only")]),
    (with_image("2025.3.0", DASK_OPTIMIZATION__TUNE__ACTIVE="True"), []),
    ("workspace:\n  worker_processes: 2\n  worker_env: {}\n", []),
    (variables("worker", "workspace:\n  workerGroups: {big: {replicas: 1}}\n", DASK_LOG_LEVEL="x"),
     [Found("dask-ignored")]),
]  # fmt: skip

LAYERED = """\
workspace:
  worker_processes: 1
  worker_env: {MODELOPS_EXECUTOR_TYPE: isolated_warm, MODELOPS_MAX_WARM_PROCESSES: 16}
  profiles:
    same: {worker_processes: 1}
    warm: {worker_env: {MODELOPS_EXECUTOR_TYPE: direct, MODELOPS_RPC_TIMEOUT_SECONDS: 60}}
    defaults: {worker_threads: 1}
    other: {worker_processes: 4, worker_cpu: 4}
"""
_REPEATS = "it repeats what lower layers say"

# What is selected on top of LAYERED; the rules that warn, with their place and part of the message.
LAYERS = [
    ({}, []),
    # The file's settings are for the executor that the file chooses.
    ({"debug_mode": True}, []),
    ({"profiles": ("warm",)}, [("modelops-no-effect", "layer.yaml:6:87", "direct")]),
    ({"profiles": ("same",)}, [("idle-layer", "layer.yaml:5:30", _REPEATS)]),
    ({"profiles": ("defaults",)}, [("idle-layer", "layer.yaml:7:32", _REPEATS)]),
    ({"profiles": ("other", "same"), "overrides": (("--processes", "3"),)},
     [("idle-layer", "layer.yaml:5:30", "higher layers override everything in it")]),
    ({"profiles": ("other",), "overrides": (("--processes", "4"), ("--worker-cpu", "4"))},
     [("idle-layer", "--processes", _REPEATS)]),
    ({"overrides": (("--replicas", "2"),)}, [("idle-layer", "--replicas", _REPEATS)]),
    ({"overrides": (("--replicas", "5"), ("--autoscaling", "true"))},
     [("replicas-owned", "--replicas", "5 replicas")]),
]  # fmt: skip


def covered() -> set[str]:
    """The rules that some case is about."""
    names = {rule for rule, *_ in (*MISFITS, *PASSED_ON, *VARIABLES)}
    names |= {found.rule for _, expected in FILES for found in expected}
    return names | {rule for _, expected in LAYERS for rule, *_ in expected}
