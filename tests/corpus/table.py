"""The corpus: complete valid files, each with one change, and the outcome.

A change is (old text, new text). In the new text, « marks the place that the message must name
and is not part of the file; without it, that is where the change begins.

    accept(name, base, old, new, where, value)   the pod gets `value` at `where`
    refuse(name, base, old, new, message)        mops exits with 3 and reports exactly this message,
                                                 which includes key and hint
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

UNIFIED = """\
schema_version: 2
settings:
  environment: dev
workspace:
  scheduler_image: registry.example.com/team/scheduler:1.0
  scheduler_memory: 2Gi
  scheduler_cpu: 1
  worker_image: registry.example.com/team/worker:1.0
  worker_replicas: 2
  worker_processes: 2
  worker_threads: 1
  worker_memory: 4Gi
  worker_cpu: 2
  worker_env:
    MODELOPS_EXECUTOR_TYPE: isolated_warm
    FLAG: plain
  scheduler_env:
    SCHEDULER_FLAG: plain
  autoscaling_enabled: false
  autoscaling_min_workers: 2
  autoscaling_max_workers: 10
  autoscaling_target_cpu: 70
  profiles:
    debug:
      worker_threads: 1
      worker_env:
        PROFILE_FLAG: plain
  profile: debug
"""

WORKSPACE = """\
apiVersion: modelops/v1
kind: Workspace
metadata:
  name: dev
  namespace: modelops-dask-dev
  labels:
    team: epi
spec:
  scheduler:
    image: registry.example.com/team/scheduler:1.0
    resources:
      requests: {memory: 2Gi, cpu: 1}
      limits: {memory: 2Gi, cpu: 1}
  workers:
    replicas: 2
    processes: 2
    threads: 1
    image: registry.example.com/team/worker:1.0
    resources:
      requests: {memory: 4Gi, cpu: 2}
      limits: {memory: 4Gi, cpu: 2}
    env:
      - name: MODELOPS_EXECUTOR_TYPE
        value: isolated_warm
      - name: FLAG
        value: plain
    nodeSelector:
      disk: ssd
    tolerations:
      - {key: role, operator: Equal, value: cpu, effect: NoSchedule}
    podAnnotations:
      note: plain
    affinity:
      nodeAffinity: {}
    extraArgs: [--lifetime, 1h]
"""

VALUES = """\
name: "dev"
labels:
  team: "epi"
scheduler:
  image: "registry.example.com/team/scheduler:1.0"
workers:
  replicas: 2
  processes: 2
  threads: 1
  image: "registry.example.com/team/worker:1.0"
  env:
    FLAG: "plain"
    TOKEN_REF:
      valueFrom:
        secretKeyRef:
          name: "credentials"
          key: "token"
  safeToEvict: true
workerGroups:
  big:
    replicas: 1
autoscaling:
  enabled: false
podDisruptionBudget:
  workersMaxUnavailable: "25%"
mopsValues:
  layers:
    - "modelops.yaml"
  schemaVersion: 1
"""

BASES = {"unified": UNIFIED, "workspace": WORKSPACE, "values": VALUES}


class Case(NamedTuple):
    """One file with content `data`. For a refusal `where` is "", `place` the line and column."""

    family: str
    name: str
    data: bytes
    where: str = ""
    value: Any = None
    place: str = ""
    message: str = ""

    @property
    def id(self) -> str:
        return f"{self.family}: {self.name}"


CASES: list[Case] = []
_FAMILY = [""]


def family(name: str) -> None:
    """What follows belongs to this family."""
    _FAMILY[0] = name


def _changed(base: str, old: str, new: str) -> tuple[str, str]:
    text = BASES[base]
    assert text.count(old) == 1, f"{old!r} is not once in the {base} file"
    before, after = text.split(old)
    mark = new.find("«")
    lead = before + (new[:mark] if mark >= 0 else "")
    return before + new.replace(
        "«", ""
    ) + after, f"{lead.count(chr(10)) + 1}:{len(lead.rpartition(chr(10))[2]) + 1}"


def accept(name: str, base: str, old: str, new: str, where: str, value: Any) -> None:
    """A file that is right, and what the pod gets."""
    CASES.append(Case(_FAMILY[0], name, _changed(base, old, new)[0].encode(), where, value))


def refuse(name: str, base: str, old: str, new: str, message: str) -> None:
    """A file that is refused with one message."""
    text, place = _changed(base, old, new)
    CASES.append(Case(_FAMILY[0], name, text.encode(), "", None, place, message))


def raw_accept(name: str, data: bytes, where: str, value: Any) -> None:
    CASES.append(Case(_FAMILY[0], name, data, where, value))


def raw_refuse(name: str, data: bytes, place: str, message: str) -> None:
    CASES.append(Case(_FAMILY[0], name, data, "", None, place, message))


def env(texts: Iterable[tuple[str, str]]) -> None:
    """Values of a variable as they are written, and as the pod gets them."""
    for written, value in texts:
        accept(
            f"env {written[:40]!r}",
            "unified",
            "FLAG: plain\n  scheduler",
            f"FLAG: {written}\n  scheduler",
            "env FLAG",
            value,
        )


REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
FLAG, KEY = "FLAG: plain\n  scheduler", "workspace.worker_env.FLAG"
END = "\n  scheduler"


def flag(written: str) -> str:
    return f"FLAG: {written}{END}"


# --- scalars: text where text is wanted, whatever a YAML reader would guess
family("scalars")
env(
    (text, text)
    for text in (
        "yes",
        "no",
        "on",
        "off",
        "y",
        "n",
        "Y",
        "N",
        "true",
        "False",
        "NO",
        "0",
        "1",
        "-1",
        "+1",
        "010",
        "08",
        "09",
        "0o17",
        "0O7",
        "0b1",
        "0x1F",
        "1_000",
        "1e3",
        "1E3",
        "1.e3",
        ".5e1",
        "+.5",
        "1.30",
        "12e5678",
        "1530e65",
        "12:30:00",
        "1:30",
        "190:20:30",
        "2024-01-01",
        "2024-01-01T10:00:00Z",
        ".inf",
        "-.INF",
        ".nan",
        "9007199254740993",
        "123456789012345678901234567890",
        "=",
        "<<",
        "10%",
        "5m",
        "3.14.15",
        "a:b",
        "a#b",
        "x{{ .Values.x }}",
        "a b",
        "--flag",
        "é",
        "日本語",
        "😀",
        "$$(NOT_A_REFERENCE)",
        "C:\\Users",
    )
)
env(
    (
        ('"null"', "null"),
        ("'~'", "~"),
        ('""', ""),
        ('" a "', " a "),
        ("'it''s'", "it's"),
        (r'"a\"b\\c"', 'a"b\\c'),
        (r'"a\nb"', "a\nb"),
        (r'"\n"', "\n"),
        (r'"a\n\n"', "a\n\n"),
        (r'"\t"', "\t"),
        (r'"\r\n"', "\r\n"),
        (r'"\x85"', "\x85"),
        (r'"\u2028"', "\u2028"),
        (r'"\xa0x\xa0"', "\xa0x\xa0"),
        (r'"\ufeff"', "\ufeff"),
        (r'"\U0001F600"', "😀"),
        (r'"\e[31m"', "\x1b[31m"),
        (r'"\x01"', "\x01"),
        ('"{{ fail \\"x\\" }}"', '{{ fail "x" }}'),
        ('"{{"', "{{"),
        ("'%'", "%"),
        ("'@x'", "@x"),
        ("'`x`'", "`x`"),
        ("'# no comment'", "# no comment"),
        ('"- a"', "- a"),
        ("'{\"a\": [1, null]}'", '{"a": [1, null]}'),
        ("|\n      line 1\n        line 2\n", "line 1\n  line 2\n"),
        (">-\n      folded\n      text", "folded text"),
        ("|-\n      ---\n      kind: Secret", "---\nkind: Secret"),
        ("!!str 12:30", "12:30"),
        ("plain  # a comment", "plain"),
        ("   3", "3"),
        ('"$(POD_NAME)"', "$(POD_NAME)"),
        ("'${HOME}'", "${HOME}"),
        ('"%d%s"', "%d%s"),
        ("'" + "x" * 65536 + "'", "x" * 65536),
        ("'&a'", "&a"),
        ("'*a'", "*a"),
        ("'!x'", "!x"),
        ("'[a'", "[a"),
        ("'a,b'", "a,b"),
        ("'|'", "|"),
        ("'>'", ">"),
        ("'?'", "?"),
        ("':'", ":"),
        ("'\"'", '"'),
    )
)
accept("a block list's value", "workspace", "value: plain", "value: 1.10", "env FLAG", "1.10")
accept("an annotation is text", "workspace", "note: plain", "note: 1e3", "annotation note", "1e3")
accept("a label is text", "workspace", "disk: ssd", "disk: 1e3", "nodeSelector disk", "1e3")
accept("a label true", "workspace", "disk: ssd", "disk: true", "nodeSelector disk", "true")
accept(
    "a name of digits",
    "workspace",
    "  name: dev",
    "  name: 123",
    "label modelops.io/workspace",
    "123",
)
accept(
    "a name 1e3", "workspace", "  name: dev", "  name: 1e3", "label modelops.io/workspace", "1e3"
)
accept(
    "a tag 1.10",
    "unified",
    "team/worker:1.0",
    "team/worker:1.10",
    "image",
    "registry.example.com/team/worker:1.10",
)
accept(
    "a tag 1e3",
    "unified",
    "team/worker:1.0",
    "team/worker:1e3",
    "image",
    "registry.example.com/team/worker:1e3",
)
accept("an integer", "unified", "worker_processes: 2", "worker_processes: 1", "arg --nworkers", "1")
accept(
    "a large integer", "unified", "worker_replicas: 2", "worker_replicas: 10000", "replicas", 10000
)
accept("none", "unified", "worker_replicas: 2", "worker_replicas: 0", "replicas", 0)
accept(
    "a number with a comment",
    "unified",
    "worker_processes: 2",
    "worker_processes: 1 # one",
    "arg --nworkers",
    "1",
)
accept(
    "an argument is text",
    "workspace",
    "[--lifetime, 1h]",
    "[--interface, 0x10]",
    "arg --interface",
    "0x10",
)
for written, hint in (
    ("010", "write 10"),
    ("0x4", "use a decimal integer"),
    ("4.0", "write 4"),
    ("1_0", "write 10"),
    ("1:30", "use a decimal integer"),
    ("1e1", "use a decimal integer"),
    ("+4", "write 4"),
    ("-0", "write 0"),
    ("two", ""),
    ("true", ""),
    (".5", "use a decimal integer"),
):
    refuse(
        f"processes {written}",
        "unified",
        "worker_processes: 2",
        f"worker_processes: «{written}",
        f"workspace.worker_processes: expected an integer, found {written}"
        + (f" ({hint})" if hint else ""),
    )
refuse(
    "a quoted integer",
    "unified",
    "worker_processes: 2",
    'worker_processes: «"2"',
    "workspace.worker_processes: expected an integer, found a quoted string (remove the quotes)",
)
refuse(
    "a text block as an integer",
    "unified",
    "worker_processes: 2",
    "worker_processes: «|\n    2",
    "workspace.worker_processes: expected an integer, found a quoted string (remove the quotes)",
)
refuse(
    "an integer that is too long",
    "unified",
    "worker_replicas: 2",
    "worker_replicas: «12345678901234567890",
    (
        "workspace.worker_replicas: expected an integer, found 12345678901234567890 (an integer "
        "has at most 18 digits)"
    ),
)
refuse(
    "two words",
    "unified",
    "worker_processes: 2",
    "worker_processes: «2 3",
    "workspace.worker_processes: expected an integer, found a string (use a decimal integer)",
)
refuse(
    "no value",
    "unified",
    "worker_processes: 2",
    "worker_processes:«",
    (
        "workspace.worker_processes: this key has no value (use null to clear values from lower "
        "layers, or remove the key)"
    ),
)
refuse(
    "no text",
    "unified",
    FLAG,
    f"FLAG:«{END}",
    (
        f'{KEY}: this key has no value (use null to clear values from lower layers, "" for an '
        "empty string, or remove the key)"
    ),
)
refuse(
    "negative",
    "unified",
    "worker_replicas: 2",
    "worker_replicas: «-1",
    "workspace.worker_replicas: expected 0 to 10000, found -1",
)
refuse(
    "too many",
    "unified",
    "worker_processes: 2",
    "worker_processes: «1025",
    "workspace.worker_processes: expected 1 to 1024, found 1025",
)
refuse(
    "none of what must be",
    "unified",
    "worker_threads: 1\n  worker_memory",
    "worker_threads: «0\n  worker_memory",
    "workspace.worker_threads: expected 1 to 1024, found 0",
)
for written, hint in (
    ("yes", "write true"),
    ("on", "write true"),
    ("True", "write true"),
    ("1", "write true"),
    ("y", "write true"),
    ("FALSE", "write false"),
    ("n", "write false"),
    ("maybe", ""),
):
    refuse(
        f"a truth value {written}",
        "unified",
        "autoscaling_enabled: false",
        f"autoscaling_enabled: «{written}",
        f"workspace.autoscaling_enabled: expected true or false, found {written}"
        + (f" ({hint})" if hint else ""),
    )
refuse(
    "a quoted truth value",
    "unified",
    "autoscaling_enabled: false",
    'autoscaling_enabled: «"false"',
    (
        "workspace.autoscaling_enabled: expected true or false, found a quoted string (remove "
        "the quotes)"
    ),
)
for written in ("yes", "1e3", "010", "2024-01-01", ".inf", "0o17"):
    refuse(
        f"a guess inside Kubernetes' own fields {written}",
        "workspace",
        "nodeAffinity: {}",
        f"nodeAffinity: {{{REQUIRED}: {{nodeSelectorTerms: [{{matchFields: [{{key: «{written}, "
        "operator: Exists}]}]}}",
        (
            f"spec.workers.affinity.nodeAffinity.{REQUIRED}.nodeSelectorTerms.[0].matchFields."
            f"[0].key: YAML readers disagree on what {written} is "
            f'(write "{written}" for a string)'
        ),
    )
accept(
    "text inside Kubernetes' own fields",
    "workspace",
    "nodeAffinity: {}",
    (
        "nodeAffinity: {preferredDuringSchedulingIgnoredDuringExecution: [{weight: 3, preference: "
        '{matchExpressions: [{key: disk, operator: In, values: ["yes", "3", "true", text]}]}}]}'
    ),
    "affinity nodeAffinity",
    {
        "preferredDuringSchedulingIgnoredDuringExecution": [
            {
                "weight": 3,
                "preference": {
                    "matchExpressions": [
                        {"key": "disk", "operator": "In", "values": ["yes", "3", "true", "text"]}
                    ]
                },
            }
        ]
    },
)

# --- structure
family("structure")
refuse(
    "a key twice",
    "unified",
    "worker_cpu: 2",
    "worker_cpu: 2\n  «worker_threads: 2",
    "worker_threads: duplicate key (first defined at line 11, column 3)",
)
refuse(
    "a section twice",
    "workspace",
    "    nodeSelector:",
    "    «image: x:1\n    nodeSelector:",
    "image: duplicate key (first defined at line 18, column 5)",
)
refuse(
    "a variable twice in a map",
    "unified",
    FLAG,
    f"FLAG: plain\n    «FLAG: other{END}",
    "FLAG: duplicate key (first defined at line 16, column 5)",
)
refuse(
    "a variable twice in a list",
    "workspace",
    "value: plain",
    "value: plain\n      - name: «FLAG\n        value: other",
    "spec.workers.env.[2].name: duplicate name FLAG (first defined at line 25, column 15)",
)
refuse(
    "a key twice in flow style",
    "workspace",
    "requests: {memory: 4Gi, cpu: 2}",
    "requests: {memory: 4Gi, «memory: 8Gi, cpu: 2}",
    "memory: duplicate key (first defined at line 20, column 18)",
)
refuse(
    "a setting flat and nested",
    "unified",
    "  autoscaling_enabled",
    "  workers: {processes: «2}\n  autoscaling_enabled",
    (
        "workspace.workers.processes: workers.processes is set twice (also set by "
        "workspace.worker_processes at unified.yaml:10:21)"
    ),
)
refuse(
    "a setting in two spellings",
    "workspace",
    "    extraArgs",
    "    node_selector: {disk: «hdd}\n    extraArgs",
    (
        "spec.workers.node_selector.disk: workers.nodeSelector.disk is set twice (also set by "
        "spec.workers.nodeSelector.disk at workspace.yaml:28:13)"
    ),
)
refuse(
    "two documents",
    "unified",
    "workspace:\n",
    "«---\nworkspace:\n",
    "a second document starts here (a file must contain one document)",
)
refuse(
    "a document after the end",
    "values",
    "  schemaVersion: 1\n",
    "  schemaVersion: 1\n...\n«---\nkind: Secret\n",
    "a second document starts here (a file must contain one document)",
)
for key in ("on", "1", "1.5", "null", "~", "yes", "n", "2024-01-01", "0x1"):
    refuse(
        f"a key {key}",
        "unified",
        FLAG,
        f"FLAG: plain\n    «{key}: x{END}",
        f'some YAML readers do not read the key {key} as a string (write "{key}")',
    )
accept(
    "a quoted key that some reader misreads",
    "unified",
    FLAG,
    f'FLAG: plain\n    "n": x{END}',
    "env n",
    "x",
)
accept("a quoted key Y", "unified", FLAG, f'FLAG: plain\n    "Y": x{END}', "env Y", "x")
refuse(
    "a list as a key",
    "unified",
    FLAG,
    f"FLAG: plain\n    ? «[a]\n    : x{END}",
    "a key must be a string, not a list or mapping",
)
refuse(
    "a map as a key",
    "unified",
    FLAG,
    f"FLAG: plain\n    ? «{{a: b}}\n    : x{END}",
    "a key must be a string, not a list or mapping",
)
refuse(
    "a tab",
    "unified",
    "  worker_threads: 1\n  worker_memory",
    "«\tworker_threads: 1\n  worker_memory",
    "YAML does not allow tabs for indentation (use spaces)",
)
refuse(
    "an indent that fits nothing",
    "unified",
    "  worker_cpu: 2",
    " «worker_cpu: 2",
    (
        "invalid YAML: while parsing a block mapping: did not find expected key (check the "
        "indentation, and brackets and quotes before it)"
    ),
)
refuse(
    "text that holds a colon",
    "unified",
    FLAG,
    f"FLAG: a«: b{END}",
    (
        "invalid YAML: mapping values are not allowed in this context (check the indentation, or "
        'quote the value if it contains ": ")'
    ),
)
refuse(
    "text that begins with a percent sign",
    "unified",
    FLAG,
    f"FLAG: «%d{END}",
    (
        "invalid YAML: while scanning for the next token: found character that cannot start any "
        "token (quote values that start with %, @ or `)"
    ),
)
refuse(
    "a lone dash",
    "unified",
    FLAG,
    f"FLAG: «-{END}",
    (
        "invalid YAML: block sequence entries are not allowed in this context (start the list on "
        "a new line)"
    ),
)
refuse(
    "text that begins with an at sign",
    "unified",
    FLAG,
    f"FLAG: «@x{END}",
    (
        "invalid YAML: while scanning for the next token: found character that cannot start any "
        "token (quote values that start with %, @ or `)"
    ),
)
refuse(
    "an open bracket",
    "workspace",
    "extraArgs: [--lifetime, 1h]\n",
    "extraArgs: [--lifetime, 1h\n«",
    (
        "invalid YAML: while parsing a flow sequence: did not find expected ',' or ']' (the "
        "bracket that opens at line 35, column 16 is not closed, or a comma is missing)"
    ),
)
refuse(
    "a tag",
    "unified",
    "worker_processes: 2",
    "worker_processes: «!!int 2",
    (
        "YAML tags are not supported (remove the tag: the schema determines the type, and quotes "
        "mean a string)"
    ),
)
refuse(
    "a tag of another tool",
    "unified",
    FLAG,
    f"FLAG: «!vault secret{END}",
    (
        "YAML tags are not supported (remove the tag: the schema determines the type, and quotes "
        "mean a string)"
    ),
)
refuse(
    "an alias without its anchor",
    "unified",
    FLAG,
    f"FLAG: «*nowhere{END}",
    "alias *nowhere has no anchor",
)
refuse(
    "an alias inside its anchor",
    "workspace",
    "nodeAffinity: {}",
    "nodeAffinity: &a {x: «*a}",
    "alias *a refers to a node that contains it",
)
refuse(
    "a merge key of text",
    "workspace",
    "disk: ssd",
    "disk: ssd\n      «<<: text",
    "a merge key takes a mapping or a list of mappings",
)
accept(
    "an alias",
    "unified",
    "FLAG: plain\n  scheduler_env:\n    SCHEDULER_FLAG: plain",
    "FLAG: &x shared\n  scheduler_env:\n    SCHEDULER_FLAG: *x",
    "scheduler env SCHEDULER_FLAG",
    "shared",
)
accept(
    "a merge key",
    "unified",
    "  scheduler_env:\n    SCHEDULER_FLAG: plain",
    "  scheduler_env:\n    <<: {MERGED: x}\n    SCHEDULER_FLAG: plain",
    "scheduler env MERGED",
    "x",
)
accept(
    "a merge key does not override",
    "unified",
    "  scheduler_env:\n    SCHEDULER_FLAG: plain",
    "  scheduler_env:\n    <<: {SCHEDULER_FLAG: x}\n    SCHEDULER_FLAG: plain",
    "scheduler env SCHEDULER_FLAG",
    "plain",
)
accept(
    "env as a list",
    "unified",
    "  worker_env:\n    MODELOPS_EXECUTOR_TYPE: isolated_warm\n    FLAG: plain",
    "  worker_env:\n    - {name: FLAG, value: 010}",
    "env FLAG",
    "010",
)
accept(
    "env as a map",
    "workspace",
    "      - name: FLAG\n        value: plain",
    "      - {name: FLAG, value: no}",
    "env FLAG",
    "no",
)
accept(
    "no variables",
    "unified",
    "  scheduler_env:\n    SCHEDULER_FLAG: plain",
    "  scheduler_env: {}",
    "env FLAG",
    "plain",
)
accept("null forgets", "values", 'FLAG: "plain"', "FLAG: null", "env FLAG", "absent")
accept(
    "null in a group forgets what the workers say",
    "values",
    "    replicas: 1\n",
    "    replicas: 1\n    env: {FLAG: null}\n",
    "group big env FLAG",
    "absent",
)
accept(
    "a group takes what the workers say",
    "values",
    "    replicas: 1\n",
    "    replicas: 3\n",
    "group big env FLAG",
    "plain",
)
accept(
    "an empty group is one",
    "values",
    "    replicas: 1\n",
    "    {}\n",
    "group big env FLAG",
    "plain",
)
accept(
    "snake_case",
    "workspace",
    "    nodeSelector:",
    "    priority_class_name: high\n    nodeSelector:",
    "spec priorityClassName",
    "high",
)
accept(
    "sections of other tools",
    "unified",
    "workspace:\n",
    "cluster: {anything: [yes, 010]}\nworkspace:\n",
    "env FLAG",
    "plain",
)
accept(
    "comments and blank lines",
    "unified",
    "workspace:\n",
    "# comment\n\n   # more\nworkspace:\n",
    "env FLAG",
    "plain",
)
accept(
    "an explicit document",
    "unified",
    "schema_version: 2\n",
    "---\nschema_version: 2\n",
    "env FLAG",
    "plain",
)
accept(
    "a YAML version",
    "unified",
    "schema_version: 2\n",
    "%YAML 1.2\n---\nschema_version: 2\n",
    "env FLAG",
    "plain",
)
accept(
    "a quoted setting's key",
    "unified",
    "worker_threads: 1\n  worker_memory",
    '"worker_threads": 1\n  worker_memory',
    "arg --nthreads",
    "1",
)
refuse(
    "a list of settings",
    "unified",
    "  profile: debug\n",
    "  profile: debug\n  tls: «[a]\n",
    "workspace.tls: expected a mapping, found a list",
)
refuse(
    "text for a section",
    "workspace",
    "    nodeSelector:\n      disk: ssd",
    "    nodeSelector: «ssd",
    "spec.workers.nodeSelector: expected a mapping, found a scalar",
)
refuse(
    "a map for a list",
    "workspace",
    "extraArgs: [--lifetime, 1h]",
    "extraArgs: «{lifetime: 1h}",
    "spec.workers.extraArgs: expected a list, found a mapping",
)
refuse(
    "text for a list",
    "workspace",
    "extraArgs: [--lifetime, 1h]",
    "extraArgs: «--lifetime",
    "spec.workers.extraArgs: expected a list, found a string",
)
refuse(
    "null in a list",
    "workspace",
    "extraArgs: [--lifetime, 1h]",
    "extraArgs: [--lifetime, «null]",
    "spec.workers.extraArgs.[1]: null is not allowed here (remove it)",
)
refuse(
    "a map for text",
    "unified",
    "worker_image: registry.example.com/team/worker:1.0",
    "worker_image: «{name: x}",
    "workspace.worker_image: expected a string, found a mapping",
)
refuse(
    "a list for a variable",
    "unified",
    FLAG,
    f"FLAG: «[a]{END}",
    f"{KEY}: expected a string or a mapping, found a list",
)
refuse(
    "an entry without a name",
    "workspace",
    "      - name: FLAG\n        value: plain",
    "      - «value: plain",
    (
        "spec.workers.env.[1]: expected an entry with name and either value or valueFrom, found "
        "a mapping"
    ),
)
refuse(
    "an entry without a value",
    "workspace",
    "      - name: FLAG\n        value: plain",
    "      - «name: FLAG",
    "spec.workers.env.FLAG: expected either value or valueFrom, found neither",
)
refuse(
    "text for an entry",
    "workspace",
    "      - name: FLAG\n        value: plain",
    "      - «FLAG=plain",
    (
        "spec.workers.env.[1]: expected an entry with name and either value or valueFrom, found "
        "a scalar"
    ),
)
refuse(
    "nothing below workspace",
    "unified",
    "workspace:\n",
    "workspace:«\ncluster:\n",
    "workspace: this key has no value (remove the key, or indent the settings below it)",
)
refuse(
    "valueFrom of nothing",
    "values",
    (
        '      valueFrom:\n        secretKeyRef:\n          name: "credentials"\n'
        '          key: "token"'
    ),
    "      valueFrom: «{}",
    (
        "workers.env.TOKEN_REF.valueFrom: expected exactly one of secretKeyRef, configMapKeyRef, "
        "fieldRef or resourceFieldRef, found 0 keys"
    ),
)
refuse(
    "a reference without its key",
    "values",
    '        secretKeyRef:\n          name: "credentials"\n          key: "token"',
    '        secretKeyRef: «{name: "credentials"}',
    "workers.env.TOKEN_REF.valueFrom.secretKeyRef: key is missing",
)
accept(
    "a reference",
    "values",
    '"token"',
    '"other.key"',
    "env TOKEN_REF",
    {"secretKeyRef": {"name": "credentials", "key": "other.key"}},
)
accept(
    "an optional reference",
    "values",
    '          key: "token"',
    '          key: "token"\n          optional: true',
    "env TOKEN_REF",
    {"secretKeyRef": {"name": "credentials", "key": "token", "optional": True}},
)
refuse(
    "null of what needs a value",
    "unified",
    "worker_processes: 2",
    "worker_processes: «null",
    (
        "workspace.worker_processes: workers.processes needs a value, but null clears the value of "
        "every lower layer (write a value, or remove the null)"
    ),
)
raw_refuse("an empty file", b"", "1:1", "the file is empty")
raw_refuse("only comments", b"# nothing\n", "1:1", "the file is empty")
raw_refuse("a list", b"- a\n", "1:1", "expected a mapping of settings, found a list")
raw_refuse("text", b"hello\n", "1:1", "expected a mapping of settings, found a scalar")

# --- unknown keys, in every dialect
family("unknown keys")
refuse(
    "a typo",
    "unified",
    "worker_processes: 2",
    "«worker_proceses: 2",
    "workspace.worker_proceses: unknown setting (did you mean worker_processes?)",
)
refuse(
    "another case",
    "unified",
    "worker_processes: 2",
    "«Worker_Processes: 2",
    "workspace.Worker_Processes: unknown setting (did you mean workspace.worker_processes?)",
)
refuse(
    "a no-break space",
    "unified",
    "worker_processes: 2",
    "«worker_processes\u00a0: 2",
    "workspace.worker_processes\\xa0: unknown setting (did you mean worker_processes?)",
)
refuse(
    "a look-alike letter",
    "unified",
    "worker_processes: 2",
    "«worker_prоcesses: 2",
    "workspace.worker_prоcesses: unknown setting (did you mean worker_processes?)",
)
refuse(
    "a typo at the top",
    "unified",
    "settings:",
    "«setings:",
    "setings: unknown setting (did you mean settings?)",
)
refuse(
    "a typo in settings",
    "unified",
    "environment: dev",
    "«enviroment: dev",
    "settings.enviroment: unknown setting (did you mean environment?)",
)
refuse(
    "a typo in a profile that is not selected",
    "unified",
    "  profiles:\n",
    "  profiles:\n    other: {«worker_thread: 1}\n",
    "workspace.profiles.other.worker_thread: unknown setting (did you mean worker_threads?)",
)
refuse(
    "a typo in metadata",
    "workspace",
    "  namespace:",
    "  «namespase:",
    "metadata.namespase: unknown setting (did you mean namespace?)",
)
refuse(
    "a typo in a section",
    "workspace",
    "    threads: 1",
    "    «threds: 1",
    "spec.workers.threds: unknown setting (did you mean threads?)",
)
refuse(
    "a typo of a section",
    "workspace",
    "  scheduler:\n",
    "  «schedular:\n",
    "spec.schedular: unknown setting (did you mean scheduler?)",
)
refuse(
    "a typo in a list",
    "workspace",
    "operator: Equal",
    "«opertor: Equal",
    "spec.workers.tolerations.[0].opertor: unknown setting (did you mean operator?)",
)
refuse(
    "a typo in an entry",
    "workspace",
    "        value: plain",
    "        «valeu: plain",
    "spec.workers.env.FLAG.valeu: unknown setting (did you mean value?)",
)
refuse("a status", "workspace", "spec:\n", "«status: {}\nspec:\n", "status: unknown setting")
refuse(
    "a flat key in the other shape",
    "workspace",
    "    threads: 1",
    "    threads: 1\n    «worker_threads: 1",
    "spec.workers.worker_threads: unknown setting (did you mean spec.workers.threads?)",
)
refuse(
    "a nested key in the flat shape",
    "unified",
    "  worker_cpu: 2",
    "  «threads: 2",
    "workspace.threads: unknown setting (did you mean workspace.worker_threads?)",
)
refuse(
    "snake_case in values",
    "values",
    "  safeToEvict: true",
    "  «safe_to_evict: true",
    "workers.safe_to_evict: unknown setting (did you mean workers.safeToEvict?)",
)
refuse(
    "a typo in a group",
    "values",
    "    replicas: 1",
    "    «replica: 1",
    "workerGroups.big.replica: unknown setting (did you mean replicas?)",
)
refuse(
    "an old version",
    "unified",
    "schema_version: 2",
    "schema_version: «1",
    "schema_version: expected schema_version 2 (`mops migrate` converts older files)",
)
refuse(
    "another kind", "workspace", "kind: Workspace", "kind: «Deployment", "kind: expected Workspace"
)
refuse(
    "another version",
    "workspace",
    "modelops/v1",
    "«modelops/v2",
    "apiVersion: expected modelops/v1",
)

# --- quantities
family("quantities")
for written in (
    "512Mi",
    "4Gi",
    "4096Mi",
    "4.5Gi",
    "4G",
    "4500M",
    "4294967296",
    "5e9",
    "1.5e10",
    "1Ti",
    "4194304Ki",
):
    accept(
        f"memory {written}",
        "unified",
        "worker_memory: 4Gi",
        f"worker_memory: {written}",
        "limit memory",
        written,
    )
for written in ("2", "2.5", "2500m", "2000m", "16", "99", '"2"'):
    accept(
        f"cpu {written}",
        "unified",
        "worker_cpu: 2",
        f"worker_cpu: {written}",
        "limit cpu",
        written.strip('"'),
    )
accept(
    "a request below its limit",
    "workspace",
    "requests: {memory: 4Gi, cpu: 2}",
    "requests: {memory: 3900Mi, cpu: 1500m}",
    "request memory",
    "3900Mi",
)
accept(
    "requests by value",
    "workspace",
    "requests: {memory: 4Gi, cpu: 2}",
    "requests: {memory: 4.1G, cpu: 2}",
    "request memory",
    "4.1G",
)
accept(
    "no cpu limit",
    "workspace",
    "limits: {memory: 4Gi, cpu: 2}",
    'limits: {memory: 4Gi, cpu: ""}',
    "limit cpu",
    "absent",
)
accept(
    "a GPU",
    "workspace",
    "limits: {memory: 4Gi, cpu: 2}",
    "limits: {memory: 4Gi, cpu: 2, nvidia.com/gpu: 1}",
    "limit nvidia.com/gpu",
    "1",
)


def found(message: str, written: str, hint: str) -> str:
    """What mops says about an amount: the text that it found, and what to write if that is near."""
    text = written.strip('"')
    return f'{message}, found "{text}"' + (f" ({hint})" if hint else "")


MEMORY = "workspace.worker_memory: expected a Kubernetes memory quantity such as 512Mi, 4Gi or 12G"
for written, hint in (
    ("4 Gi", "write 4Gi"),
    ("4gi", "write 4Gi"),
    ("4GB", "write 4G or 4Gi"),
    ("4K", "write 4k"),
    ("-4Gi", ""),
    ("1e3Gi", ""),
    ("Gi", ""),
    ("500m", "write 500M or 500Mi"),
    ("4Gib", "write 4Gi"),
    ("4,5Gi", "write 4.5Gi"),
    ("4Gi2", ""),
    ("1e400", ""),
    ("99999999999999999999Gi", ""),
    ("0x10", ""),
    ("four", "write 4Gi"),
    ("4mi", "write 4Mi"),
    ("1Ei", ""),
    ("4Ğ", ""),
    ('""', ""),
):
    message = found(MEMORY, written, hint)
    refuse(
        f"memory {written}", "unified", "worker_memory: 4Gi", f"worker_memory: «{written}", message
    )
CPU = "workspace.worker_cpu: expected a Kubernetes CPU quantity such as 2, 0.5 or 500m"
for written, hint in (
    ("500M", "write 500m"),
    ("-1", ""),
    ("2 cores", "write 2"),
    ("1e3", ""),
    ("0m", ""),
    ("2.5555555555555555555", ""),
    ("two", "write 2"),
    ("2,5", "write 2.5"),
    ("1k", "write 1000"),
    ("0x2", ""),
    ("100000", ""),
):
    message = found(CPU, written, hint)
    refuse(f"cpu {written}", "unified", "worker_cpu: 2", f"worker_cpu: «{written}", message)
refuse(
    "a request above its limit",
    "workspace",
    "requests: {memory: 4Gi, cpu: 2}",
    "requests: {memory: «4100Mi, cpu: 2}",
    "spec.workers.resources.requests.memory: "
    "the memory request 4100Mi is more than the limit 4Gi [requests-within-limits]",
)
refuse(
    "a cpu request above its limit",
    "workspace",
    "requests: {memory: 4Gi, cpu: 2}",
    "requests: {memory: 4Gi, cpu: «2001m}",
    "spec.workers.resources.requests.cpu: "
    "the cpu request 2001m is more than the limit 2 [requests-within-limits]",
)
refuse(
    "memory for nobody",
    "unified",
    "worker_memory: 4Gi",
    "worker_memory: «0",
    "workspace.worker_memory: "
    "(0 - 256Mi reserve) / 2 processes leaves 0 bytes for each process; Dask needs 64Mi "
    "(raise the memory limit or lower the processes) [small-memory]",
)
refuse(
    "memory for too many",
    "unified",
    "worker_memory: 4Gi",
    "worker_memory: «300Mi",
    "workspace.worker_memory: "
    "(300Mi - 256Mi reserve) / 2 processes leaves 22Mi for each process; Dask needs 64Mi "
    "(raise the memory limit or lower the processes) [small-memory]",
)
refuse(
    "an unknown resource",
    "workspace",
    "limits: {memory: 4Gi, cpu: 2}",
    "limits: {memory: 4Gi, cpu: 2, «gpu: 1}",
    "spec.workers.resources.limits.gpu: unknown setting (did you mean cpu?)",
)
for written, message in (
    ("0", "expected 1 to 100, found 0"),
    ("101", "expected 1 to 100, found 101"),
    ("70%", "expected an integer, found a string (use a decimal integer)"),
    ("0.7", "expected an integer, found 0.7 (use a decimal integer)"),
):
    refuse(
        f"a target of {written}",
        "unified",
        "autoscaling_target_cpu: 70",
        f"autoscaling_target_cpu: «{written}",
        f"workspace.autoscaling_target_cpu: {message}",
    )
refuse(
    "bounds that cross",
    "unified",
    "autoscaling_min_workers: 2",
    "autoscaling_min_workers: «11",
    "workspace.autoscaling_min_workers: "
    "minWorkers 11 is more than maxWorkers 10 [autoscaling-bounds]",
)
refuse(
    "no workers at least",
    "unified",
    "autoscaling_min_workers: 2",
    "autoscaling_min_workers: «0",
    "workspace.autoscaling_min_workers: expected 1 to 10000, found 0",
)
for written, value in (('"1%"', "1%"), ('"100%"', "100%"), ("1", 1), ("50%", "50%")):
    accept(f"a budget of {written}", "values", '"25%"', written, "budget", value)
BUDGET = (
    "podDisruptionBudget.workersMaxUnavailable: expected a positive integer or a "
    "percentage from 1% to 100%"
)
for written in ('"101%"', '"0%"', '"25"', "25.0", '"half"'):
    message = found(BUDGET, written, "write 25%" if written == '"25"' else "")
    refuse(f"a budget of {written}", "values", '"25%"', f"«{written}", message)

# --- names and labels
family("names")
for written in ("dev", "a", "a-b", "0", "x" * 63, "dev-2"):
    accept(
        f"the name {written[:20]}",
        "workspace",
        "  name: dev",
        f"  name: {written}",
        "label modelops.io/workspace",
        written,
    )
NAME = (
    'metadata.name: expected a DNS-1123 label (lowercase letters, digits and "-", at most 63, '
    "starting and ending with a letter or digit)"
)
for written in (
    "Dev",
    "dev_ws",
    "-dev",
    "dev-",
    "dev.ws",
    "../x",
    "dev ws",
    "dév",
    '"dev\\n"',
    '""',
    "a/b",
):
    refuse(f"the name {written}", "workspace", "  name: dev", f"  name: «{written}", NAME)
refuse(
    "a name of 64 characters",
    "workspace",
    "  name: dev",
    f"  name: «{'x' * 64}",
    "metadata.name: expected at most 63 characters, found 64",
)
refuse(
    "a namespace with dots",
    "workspace",
    "namespace: modelops-dask-dev",
    "namespace: «a.b",
    "metadata.namespace: expected a namespace (a DNS-1123 label of at most 63 characters)",
)
refuse(
    "an environment that is a path",
    "unified",
    "environment: dev",
    "environment: «../prod",
    (
        'settings.environment: expected an environment name (lowercase letters, digits and "-", '
        "at most 47, starting with a letter)"
    ),
)
for written in ("epi", "Epi_1.2", "1", "x" * 63, '""', "true", "1e3", "1.30"):
    accept(
        f"the label {written[:20]}",
        "workspace",
        "    team: epi",
        f"    team: {written}",
        "label team",
        written.strip('"'),
    )
LABEL = (
    'metadata.labels.team: expected a Kubernetes label value (at most 63 letters, digits, "-", '
    '"_" and ".", starting and ending with a letter or digit)'
)
for written in ("-x", "x-", "a/b", "a b", "é", '"a\\n"', "a:b", '" "'):
    refuse(f"the label {written}", "workspace", "    team: epi", f"    team: «{written}", LABEL)
refuse(
    "a label of 64 characters",
    "workspace",
    "    team: epi",
    f"    team: «{'x' * 64}",
    "metadata.labels.team: expected at most 63 characters, found 64",
)
for key in ("example.com/team", "a", "A_b.c-d", "a.b/C"):
    accept(
        f"the label key {key}", "workspace", "    team: epi", f"    {key}: x", f"label {key}", "x"
    )
LABEL_KEY = 'invalid name: expected a Kubernetes label key such as "team" or "example.com/team"'
for key in ("-a", "a b", "/a", "a/", "a/b/c", "é", "x" * 64):
    refuse(
        f"the label key {key[:20]}",
        "workspace",
        "    team: epi",
        f"    «{key}: x",
        f"metadata.labels.{key}: {LABEL_KEY}",
    )
refuse(
    "a label of the chart's own",
    "workspace",
    "    team: epi",
    "    app.kubernetes.io/name: «x",
    'metadata.labels."app.kubernetes.io/name": '
    "the chart sets the label app.kubernetes.io/name itself [reserved-label]",
)
for name in ("big", "a", "gpu-2", "x" * 30):
    accept(
        f"the group {name}", "values", "  big:\n", f"  {name}:\n", f"group {name} env FLAG", "plain"
    )
GROUP = (
    'invalid name: expected a group name (lowercase letters, digits and "-", at most 30, '
    "starting with a letter)"
)
for name in ("Big", "2big", "big_", "x" * 31, "a.b"):
    spelled = f'"{name}"' if "." in name else name
    refuse(
        f"the group {name}",
        "values",
        "  big:\n",
        f"  «{name}:\n",
        f"workerGroups.{spelled}: {GROUP}",
    )

refuse(
    "the group default",
    "values",
    "  big:\n",
    "  «default:\n",
    (
        'workerGroups.default: invalid name: "default" is not allowed here (this is the name of '
        "the group that workers configures)"
    ),
)

# --- images
family("images")
for written in (
    "worker",
    "worker:1.0",
    "team/worker:1.0",
    "ghcr.io/team/worker",
    "localhost:5000/worker:1.0",
    "registry.example.com:443/a/b/c:v1.2.3-rc.1",
    "a/b@sha256:" + "0" * 64,
    "a/b:1.0@sha256:" + "f" * 64,
    "a__b/c-d.e:x_Y.z",
    "10.0.0.1:5000/x:1",
    "x:" + "a" * 128,
):
    accept(
        f"the image {written}",
        "unified",
        "worker_image: registry.example.com/team/worker:1.0",
        f"worker_image: {written}",
        "image",
        written,
    )
IMAGE = (
    "workspace.worker_image: expected an image reference such as ghcr.io/org/name:1.2.3 or "
    "ghcr.io/org/name@sha256:<64 hexadecimal digits>"
)
for written in (
    "a b",
    '":"',
    "Team/worker:1.0",
    "https://ghcr.io/a/b:1",
    "a@sha256:abc",
    '"a:"',
    "a/",
    "/a",
    "a//b",
    '"a\\n command: x"',
    '"{{ .Values.x }}"',
    "a:b:c",
    "a@",
    "-a",
    "a:-x",
    "x:" + "a" * 129,
    "a;b",
    "$(IMAGE)",
    "user:password@host/a",
    '""',
    "a\tb",
    "é",
):
    refuse(
        f"the image {written}",
        "unified",
        "worker_image: registry.example.com/team/worker:1.0",
        f"worker_image: «{written}",
        IMAGE,
    )
refuse(
    "a pull policy in another case",
    "workspace",
    "    threads: 1",
    "    imagePullPolicy: «always\n    threads: 1",
    (
        "spec.workers.imagePullPolicy: expected one of Always, IfNotPresent, Never, found "
        '"always" (did you mean Always?)'
    ),
)
accept(
    "a pull policy",
    "workspace",
    "    threads: 1",
    "    imagePullPolicy: Never\n    threads: 1",
    "container imagePullPolicy",
    "Never",
)

# --- names and values of environment variables
family("environment")
for name in ("A", "_A", "a.b", "A-B", "A_1", "Y", "x" * 253):
    accept(
        f"the variable {name[:20]}",
        "unified",
        FLAG,
        f'FLAG: plain\n    "{name}": x{END}',
        f"env {name}",
        "x",
    )
VARIABLE = (
    'invalid name: expected an environment variable name (letters, digits, "-", "_" and ".", not '
    "starting with a digit)"
)
for name in ("9A", "A=B", "A B", "é", '"{{x}}"', '"$(A)"', "A/B", '""', "A,B"):
    shown = name.strip('"') if name != '""' else name
    refuse(
        f"the variable {name}",
        "unified",
        FLAG,
        f"FLAG: plain\n    «{name}: x{END}",
        f"workspace.worker_env.{shown}: {VARIABLE}",
    )
for written in (r'"A\n"', r'"\x85"', r'"\e[31m"', r'"\u2028"'):
    refuse(
        f"the variable {written}",
        "unified",
        FLAG,
        f"FLAG: plain\n    «{written}: x{END}",
        "a key must not contain control characters or line breaks (remove them)",
    )
for written in ("isolated_warm", "direct", "cold"):
    accept(
        f"the executor {written}",
        "unified",
        "MODELOPS_EXECUTOR_TYPE: isolated_warm",
        f"MODELOPS_EXECUTOR_TYPE: {written}",
        "env MODELOPS_EXECUTOR_TYPE",
        written,
    )
for written, hint in (
    ("Direct", " (did you mean direct?)"),
    ("isolated-warm", " (did you mean isolated_warm?)"),
    ("fast", ""),
):
    refuse(
        f"the executor {written}",
        "unified",
        "MODELOPS_EXECUTOR_TYPE: isolated_warm",
        f"MODELOPS_EXECUTOR_TYPE: «{written}",
        (
            "workspace.worker_env.MODELOPS_EXECUTOR_TYPE: expected one of isolated_warm, "
            f'direct, cold, found "{written}"{hint}'
        ),
    )
for written in ("true", "false"):
    accept(
        f"a switch {written}",
        "unified",
        FLAG,
        f"FLAG: plain\n    MODELOPS_FORCE_FRESH_VENV: {written}{END}",
        "env MODELOPS_FORCE_FRESH_VENV",
        written,
    )
for written in ("yes", "1", "True"):
    hint = " (did you mean true?)" if written == "True" else ""
    refuse(
        f"a switch {written}",
        "unified",
        FLAG,
        f"FLAG: plain\n    MODELOPS_FORCE_FRESH_VENV: «{written}{END}",
        (
            "workspace.worker_env.MODELOPS_FORCE_FRESH_VENV: expected one of true, false, found "
            f'"{written}"{hint}'
        ),
    )
FRACTION = "expected a fraction of the memory limit such as 0.8 (above 0, at most 1), or False"
for written in ("0.9", ".7", "1", "1.0", "False", "0.60"):
    accept(
        f"a fraction {written}",
        "unified",
        FLAG,
        f"FLAG: plain\n    DASK_DISTRIBUTED__WORKER__MEMORY__TERMINATE: {written}{END}",
        "env DASK_DISTRIBUTED__WORKER__MEMORY__TERMINATE",
        written,
    )
for written in ("0", "90", "90%", "1.1", "-0.5", "high"):
    refuse(
        f"a fraction {written}",
        "unified",
        FLAG,
        f"FLAG: plain\n    DASK_DISTRIBUTED__WORKER__MEMORY__TERMINATE: «{written}{END}",
        f"workspace.worker_env.DASK_DISTRIBUTED__WORKER__MEMORY__TERMINATE: {FRACTION}",
    )
refuse(
    "a path",
    "unified",
    FLAG,
    f"FLAG: plain\n    MODELOPS_BUNDLES_DIR: «bundles{END}",
    "workspace.worker_env.MODELOPS_BUNDLES_DIR: expected an absolute path",
)
refuse(
    "a log level",
    "unified",
    FLAG,
    f"FLAG: plain\n    MODELOPS_LOG_LEVEL: «verbose{END}",
    (
        "workspace.worker_env.MODELOPS_LOG_LEVEL: expected one of DEBUG, INFO, WARNING, ERROR, "
        'CRITICAL, found "verbose"'
    ),
)
refuse(
    "thresholds out of order",
    "unified",
    FLAG,
    (
        "FLAG: plain\n    DASK_DISTRIBUTED__WORKER__MEMORY__TARGET: «0.9\n"
        f"    DASK_DISTRIBUTED__WORKER__MEMORY__SPILL: 0.8{END}"
    ),
    (
        "workspace.worker_env.DASK_DISTRIBUTED__WORKER__MEMORY__TARGET: the memory thresholds "
        "are out of order: target 0.9 is above spill 0.8 (target <= spill <= pause <= terminate) "
        "[memory-thresholds]"
    ),
)
TEXT = (
    f"{KEY}: expected a string without NUL and the control characters U+007F to U+009F, which "
    "Helm does not support"
)
for written in (r'"a\0b"', r'"\x7f"', r'"\x80"', r'"\x9b31m"'):
    refuse(f"the value {written}", "unified", FLAG, f"FLAG: «{written}{END}", TEXT)
refuse(
    "a value of more than 128 KiB",
    "unified",
    FLAG,
    f"FLAG: «{'x' * 131073}{END}",
    f"{KEY}: expected at most 131072 characters, found 131073",
)
refuse(
    "a reference to itself",
    "unified",
    FLAG,
    f"FLAG: «a$(FLAG){END}",
    (
        f"{KEY}: FLAG refers to itself; Kubernetes does not know the image's own FLAG "
        "(write the whole value, or $$ for a literal $) [reference-cycle]"
    ),
)
accept(
    "a reference to a variable that sorts later",
    "unified",
    FLAG,
    f"FLAG: plain\n    ALIAS: $(FLAG){END}",
    "env ALIAS",
    "$(FLAG)",
)
accept(
    "a reference to an earlier variable",
    "unified",
    FLAG,
    f"FLAG: plain\n    OTHER: $(FLAG)/x{END}",
    "env OTHER",
    "$(FLAG)/x",
)
refuse(
    "a variable of the chart's own",
    "unified",
    FLAG,
    f"FLAG: plain\n    POD_IP: «x{END}",
    "workspace.worker_env.POD_IP: the chart sets POD_IP itself [reserved-variable]",
)

# --- injection: what would end a string in a template, a document, a shell
family("injection")
env(
    (f"'{text}'", text)
    for text in (
        'x"\\ninjected: true',
        "}} {{ .Release.Name }}",
        "{{- range $k := .Values }}",
        "---",
        "...",
        "!!python/object:os.system",
        "&anchor",
        "*alias",
        "$(rm -rf /)",
        "`id`",
        "a; rm -rf /",
        "<script>",
        "%{x}",
        "\\x00",
        "\\u0000",
        "a\\",
        "x: [",
        "- - -",
        "{}",
        "[]",
        "@{x}",
    )
)
accept(
    "a Secret in a value",
    "unified",
    FLAG,
    f'FLAG: "x\\n---\\napiVersion: v1\\nkind: Secret\\nmetadata: {{name: stolen}}\\n"{END}',
    "env FLAG",
    "x\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: stolen}\n",
)
accept(
    "an annotation with a document",
    "workspace",
    "note: plain",
    'note: "x\\n---\\nkind: Secret\\n"',
    "annotation note",
    "x\n---\nkind: Secret\n",
)
accept(
    "an annotation with a template",
    "workspace",
    "note: plain",
    "note: '{{ .Files.Get \"x\" }}'",
    "annotation note",
    '{{ .Files.Get "x" }}',
)
accept(
    "an argument with a space",
    "workspace",
    "[--lifetime, 1h]",
    "[--lifetime, 1h, --interface, 'eth0; id']",
    "arg --interface",
    "eth0; id",
)
refuse(
    "a second process count",
    "workspace",
    "extraArgs: [--lifetime, 1h]",
    "extraArgs: [«--nworkers=9]",
    (
        "spec.workers.extraArgs.[0]: the chart manages --nworkers (set spec.workers.processes) "
        "[argument-managed]"
    ),
)
refuse(
    "a host path by the back door",
    "workspace",
    "    threads: 1",
    "    threads: 1\n    extraPodSpec: {«hostNetwork: true}",
    (
        "spec.workers.extraPodSpec.hostNetwork: the chart decides this field: pods on the network "
        "of the node would compete for its ports, and no NetworkPolicy would protect them "
        "(remove it)"
    ),
)
refuse(
    "an argument in a path",
    "workspace",
    "    threads: 1",
    "    threads: 1\n    localDirectory: «/tmp x",
    "spec.workers.localDirectory: expected an absolute path without spaces",
)
refuse(
    "the chart's mark",
    "unified",
    "  worker_cpu: 2",
    "  «mopsValues: {schemaVersion: 1}\n  worker_cpu: 2",
    "workspace.mopsValues: unknown setting",
)

# --- profiles
family("profiles")
accept(
    "a profile's value",
    "unified",
    "PROFILE_FLAG: plain",
    "PROFILE_FLAG: 1e3",
    "env PROFILE_FLAG",
    "1e3",
)
accept(
    "a profile over the file",
    "unified",
    "        PROFILE_FLAG: plain",
    "        FLAG: other",
    "env FLAG",
    "other",
)
accept(
    "a profile's null",
    "unified",
    "        PROFILE_FLAG: plain",
    "        FLAG: null",
    "env FLAG",
    "absent",
)
accept(
    "an empty profile",
    "unified",
    "  profiles:\n",
    "  profiles:\n    none: {}\n",
    "env FLAG",
    "plain",
)
accept(
    "a profile with a nested section",
    "unified",
    "      worker_threads: 1\n      worker_env",
    "      workers: {threads: 1, env: {NESTED: no}}\n      worker_env",
    "env NESTED",
    "no",
)
accept(
    "a profile called 1",
    "unified",
    "    debug:\n",
    '    "1": {}\n    debug:\n',
    "env PROFILE_FLAG",
    "plain",
)
refuse(
    "a profile that is not there",
    "unified",
    "profile: debug",
    "profile: «debgu",
    "workspace.profile: unknown profile debgu (did you mean debug?)",
)
refuse(
    "no profile",
    "unified",
    "profile: debug",
    "profile:«",
    "workspace.profile: expected the name of a profile, or a list of names",
)
refuse(
    "a list with a list of profiles",
    "unified",
    "profile: debug",
    "profile: [«[debug]]",
    "workspace.profile: expected the name of a profile, or a list of names",
)
refuse(
    "profiles as a list",
    "unified",
    (
        "  profiles:\n    debug:\n      worker_threads: 1\n      worker_env:\n"
        "        PROFILE_FLAG: plain\n  profile: debug\n"
    ),
    "  profiles: «[debug]\n",
    "workspace.profiles: expected a mapping of profiles by name",
)
refuse(
    "a profile of text",
    "unified",
    "  profiles:\n",
    "  profiles:\n    other: «text\n",
    "workspace.profiles.other: expected a mapping of settings",
)
refuse(
    "a profile that is a path",
    "unified",
    "  profiles:\n",
    "  profiles:\n    «../etc: {}\n",
    (
        'workspace.profiles."../etc": invalid name: expected a profile name (letters, digits, '
        '"-", "_" and ".")'
    ),
)
refuse(
    "a profile whose value is wrong",
    "unified",
    "      worker_threads: 1\n      worker_env",
    "      worker_threads: «one\n      worker_env",
    "workspace.profiles.debug.worker_threads: expected an integer, found one",
)
refuse(
    "a profile that crosses the file's bounds",
    "unified",
    "      worker_threads: 1\n      worker_env",
    "      autoscaling_min_workers: «20\n      worker_env",
    "workspace.profiles.debug.autoscaling_min_workers: "
    "minWorkers 20 is more than maxWorkers 10 [autoscaling-bounds]",
)

# --- encoding
family("encoding")
raw_accept("a byte order mark", b"\xef\xbb\xbf" + UNIFIED.encode(), "env FLAG", "plain")
raw_accept("CRLF", UNIFIED.replace("\n", "\r\n").encode(), "env FLAG", "plain")
raw_accept("CR", UNIFIED.replace("\n", "\r").encode(), "env FLAG", "plain")
raw_accept("no last newline", UNIFIED.rstrip("\n").encode(), "env FLAG", "plain")
raw_accept(
    "CRLF in a text block",
    UNIFIED.replace(FLAG, f"FLAG: |\n      a\n      b{END}").replace("\n", "\r\n").encode(),
    "env FLAG",
    "a\nb\n",
)
raw_accept(
    "raw letters of all kinds",
    UNIFIED.replace(FLAG, f"FLAG: éß日本語😀\u200d{END}").encode(),
    "env FLAG",
    "éß日本語😀\u200d",
)
raw_refuse(
    "UTF-16", UNIFIED.encode("utf-16"), "1:1", "the file is UTF-16, not UTF-8 (save it as UTF-8)"
)
raw_refuse(
    "UTF-16 BE",
    b"\xfe\xff" + UNIFIED.encode("utf-16-be"),
    "1:1",
    "the file is UTF-16, not UTF-8 (save it as UTF-8)",
)
LATIN = UNIFIED.replace(FLAG, f"FLAG: café{END}").encode("latin-1")
raw_refuse(
    "Latin-1", LATIN, "16:14", f"byte {LATIN.index(0xE9) + 1} is not UTF-8 (save the file as UTF-8)"
)
raw_refuse(
    "gzip",
    b"\x1f\x8b\x08\x00\x00\x00\x00\x00",
    "1:2",
    "byte 2 is not UTF-8 (save the file as UTF-8)",
)
raw_refuse(
    "a cut letter",
    UNIFIED.encode() + b"# \xc3",
    f"{UNIFIED.count(chr(10)) + 1}:3",
    f"byte {len(UNIFIED) + 3} is not UTF-8 (save the file as UTF-8)",
)
raw_refuse(
    "an overlong letter",
    b"workspace: {worker_env: {A: \xc0\xaf}}\n",
    "1:29",
    "byte 29 is not UTF-8 (save the file as UTF-8)",
)
raw_refuse(
    "a surrogate",
    b"workspace: {worker_env: {A: \xed\xa0\x80}}\n",
    "1:29",
    "byte 29 is not UTF-8 (save the file as UTF-8)",
)
CONTROL = r'is not allowed in YAML text (use an escape in double quotes, such as "\x1b")'
raw_refuse("NUL", UNIFIED.replace(FLAG, f"FLAG: a\0b{END}").encode(), "16:12", f"U+0000 {CONTROL}")
raw_refuse(
    "ESC", UNIFIED.replace(FLAG, f"FLAG: a\x1bb{END}").encode(), "16:12", f"U+001B {CONTROL}"
)
raw_refuse(
    "DEL", UNIFIED.replace(FLAG, f"FLAG: a\x7fb{END}").encode(), "16:12", f"U+007F {CONTROL}"
)
raw_refuse(
    "a control character in a comment",
    UNIFIED.replace("settings:\n", "# \x07\nsettings:\n").encode(),
    "2:3",
    f"U+0007 {CONTROL}",
)

# --- exhaustion
family("exhaustion")
LAUGHS = "a0: &a0 [x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 9)
)
raw_refuse("billion laughs", LAUGHS.encode(), "5:35", "aliases expand to more than 10000 nodes")
raw_refuse(
    "a merge bomb",
    (
        "a0: &a0 {k: v}\n"
        + "".join(f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}\n" for n in range(1, 12))
    ).encode(),
    "5:25",
    "aliases expand to more than 10000 nodes",
)
raw_refuse("deep flow", b"a: " + b"[" * 5000, "1:67", "nested more than 64 levels deep")
raw_refuse(
    "deep blocks",
    "".join(f"{' ' * n}a:\n" for n in range(500)).encode(),
    "65:65",
    "nested more than 64 levels deep",
)
raw_refuse(
    "a large file",
    UNIFIED.encode() + b"# filler\n" * 120_000,
    "1:1",
    "the file is larger than 1024 KiB",
)
raw_refuse("many nodes", b"a: [" + b"x," * 300_000 + b"]", "1:499995", "more than 250000 nodes")
raw_accept(
    "a file that is just small enough",
    UNIFIED.encode() + b"#" * ((1 << 20) - len(UNIFIED.encode())),
    "env FLAG",
    "plain",
)
raw_accept(
    "many variables",
    UNIFIED.replace(
        FLAG, "FLAG: plain\n" + "".join(f"    V{n:04}: x{n}\n" for n in range(2000)) + END[1:]
    ).encode(),
    "env V1999",
    "x1999",
)
for word in ("x", "$(", "$(a", "eyJ-", "://a:", "a@", "-----BEGIN "):
    long = (word * 131072)[:131072]
    accept(f"a long text of {word}", "unified", FLAG, f'FLAG: "{long}"{END}', "env FLAG", long)
raw_accept(
    "deep but bounded",
    f"{WORKSPACE}  global: {'{a: ' * 50}x{'}' * 50}\n".encode(),
    "env FLAG",
    "plain",
)

# --- secrets: no value of theirs in any message
family("secrets")
refuse(
    "a credential in a refused image",
    "unified",
    "worker_image: registry.example.com/team/worker:1.0",
    "worker_image: «https://me:hunter2@host/x",
    IMAGE,
)
refuse(
    "a credential as a number",
    "unified",
    "worker_processes: 2",
    "worker_processes: «https://me:hunter2@host",
    "workspace.worker_processes: expected an integer, found a string",
)
refuse(
    "a credential as a truth value",
    "unified",
    "autoscaling_enabled: false",
    "autoscaling_enabled: «me:hunter2@host",
    "workspace.autoscaling_enabled: expected true or false, found a string",
)
refuse(
    "a credential as a choice",
    "unified",
    "MODELOPS_EXECUTOR_TYPE: isolated_warm",
    "MODELOPS_EXECUTOR_TYPE: «https://me:hunter2@host",
    (
        "workspace.worker_env.MODELOPS_EXECUTOR_TYPE: expected one of isolated_warm, direct, "
        "cold, found a string"
    ),
)
refuse(
    "a long token as a choice",
    "unified",
    "MODELOPS_EXECUTOR_TYPE: isolated_warm",
    f"MODELOPS_EXECUTOR_TYPE: «{'hunter2' * 8}",
    (
        "workspace.worker_env.MODELOPS_EXECUTOR_TYPE: expected one of isolated_warm, direct, "
        "cold, found a string"
    ),
)
