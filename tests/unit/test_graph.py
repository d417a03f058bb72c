from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from itertools import pairwise

import pytest

from invoke import mops

FILE = """\
workspace:
  worker_processes: 3
  worker_threads: 1
  worker_env:
    MODELOPS_EXECUTOR_TYPE: isolated_warm
    API_TOKEN: hunter2
    ODD: "<a href=\\"#x\\">&amp; 'y'; end"
    LONG: "0123456789012345678901234567890123456789"
  profiles:
    debug: {worker_processes: 1, worker_env: {MODELOPS_EXECUTOR_TYPE: direct}}
"""
GIVEN = (
    "--config",
    "a.yaml",
    "--profile",
    "debug",
    "--processes",
    "2",
    "--set",
    "workers.env.ODD=null",
)
NS = {"s": "http://www.w3.org/2000/svg"}


@pytest.fixture
def draw(tmp_path):
    (tmp_path / "a.yaml").write_text(FILE)

    def drawn(kind: str, *more: str, given: tuple[str, ...] = GIVEN) -> str:
        done = mops(
            "config",
            "explain",
            "--graph",
            kind,
            *given,
            *more,
            env={"MODELOPS_OVERRIDE_THREADS": "2"},
            cwd=tmp_path,
        )
        assert done.code == 0, done.err
        return done.out

    return drawn


def texts(picture: str, style: str) -> list[str]:
    return [
        node.text for node in ET.fromstring(picture).iterfind(f".//s:text[@class='{style}']", NS)
    ]


def test_the_svg_shows_layers_from_low_to_high_and_what_each_says(draw):
    picture = draw("svg")
    assert texts(picture, "title") == [
        "defaults",
        "a.yaml",
        "profile debug",
        "environment",
        "command line",
        "active",
        "setting",
    ]
    rows = [
        (row[0].text, row[1].text)
        for row in ET.fromstring(picture).iterfind(".//s:text", NS)
        if len(row)
    ]
    assert rows == [
        ("workers.", "processes"), ("workers.", "threads"),
        ("workers.env.", "API_TOKEN"), ("workers.env.", "LONG"), ("workers.env.", "ODD"),
        ("workers.env.", "MODELOPS_EXECUTOR_TYPE"),
    ]  # fmt: skip
    assert texts(picture, "lost") == [
        "2",
        "3",
        "1",
        "1",
        "1",
        "<a href=\"#x\">&amp; 'y'; end",
        "isolated_warm",
    ]
    # Each winner stands in its layer and among the active values.
    assert texts(picture, "won") == [
        "2",
        "2",
        "2",
        "2",
        "(hidden)",
        "(hidden)",
        "012345678901234567890123456...",
        "012345678901234567890123456...",
        "direct",
        "direct",
    ]
    assert {"line 2", "MODELOPS_OVERRIDE_THREADS", "--processes", "--set"} <= set(
        texts(picture, "small")
    )


def test_a_cleared_value_is_no_winner(draw):
    picture = draw("svg", "workers.env.ODD")
    assert texts(picture, "won") == []
    assert texts(picture, "dim") == ["null", "not set"]
    assert 'class="empty"' in picture


def test_nothing_in_the_svg_overlaps_or_runs_out_of_its_card(draw):
    root = ET.fromstring(draw("svg", "workers"))
    cards = sorted(
        (float(card.get("x")), float(card.get("x")) + float(card.get("width")))
        for card in root.iterfind(".//s:rect[@class='card']", NS)
    )
    assert all(left[1] < right[0] for left, right in pairwise(cards))
    assert cards[-1][1] <= float(root.get("width"))
    for node in root.iterfind(".//s:text", NS):
        start = float(node.get("x"))
        content = "".join(node.itertext())
        end = start + len(content) * 0.602 * (10.5 if node.get("class") == "small" else 13)
        inside = [card for card in cards if card[0] <= start < card[1]]
        limit = inside[0][1] if inside else cards[0][0]
        assert end <= limit, content


def test_mermaid_draws_a_box_for_each_layer_and_an_arrow_for_each_loser(draw):
    assert draw("mermaid", "workers.processes") == (
        "flowchart LR\n"
        "  classDef active fill:#0b7a75,stroke:#0b7a75,color:#ffffff\n"
        "  classDef overridden fill:#8b98a522,stroke:#8b98a5,color:#7b8794,stroke-dasharray:4 3\n"
        '  subgraph layer0["1. defaults (schema)"]\n'
        '    s0l0["workers.processes = 2"]\n'
        "  end\n"
        '  subgraph layer1["2. a.yaml (file)"]\n'
        '    s0l1["workers.processes = 3"]\n'
        "  end\n"
        '  subgraph layer2["3. profile debug (a.yaml)"]\n'
        '    s0l2["workers.processes = 1"]\n'
        "  end\n"
        '  subgraph layer3["4. command line (flags)"]\n'
        '    s0l3["workers.processes = 2"]\n'
        "  end\n"
        "  layer0 ~~~ layer1\n"
        "  layer1 ~~~ layer2\n"
        "  layer2 ~~~ layer3\n"
        "  s0l0 -.-> s0l1\n"
        "  s0l1 -.-> s0l2\n"
        "  s0l2 -.-> s0l3\n"
        "  style layer0 fill:#8b98a511,stroke:#8b98a5\n"
        "  style layer1 fill:#8b98a511,stroke:#8b98a5\n"
        "  style layer2 fill:#8b98a511,stroke:#8b98a5\n"
        "  style layer3 fill:#8b98a511,stroke:#8b98a5\n"
        "  class s0l3 active\n"
        "  class s0l0,s0l1,s0l2 overridden\n"
    )


def test_no_character_of_a_value_reaches_mermaid_as_syntax(draw):
    labels = re.findall(r'^    s.*\["(.*)"\]$', draw("mermaid", "workers.env.ODD"), re.MULTILINE)
    assert "workers.env.ODD = #60;a href=#34;#35;x#34;#62;#38;amp#59; #39;y#39;#59; end" in labels
    assert "workers.env.ODD is cleared" in labels
    assert all(re.fullmatch(r"(?:[\w .,:/=+#;-])*", label) for label in labels)


@pytest.mark.parametrize("kind", ["svg", "mermaid"])
def test_a_picture_is_the_same_each_time_and_tells_no_secret(draw, kind):
    assert draw(kind) == draw(kind)
    assert "hunter2" not in draw(kind)
    assert "(hidden)" in draw("svg")


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("svg", ">every setting has its default<"),
        ("mermaid", 'nothing["every setting has its default"]'),
    ],
)
def test_defaults_alone_are_a_picture_too(tmp_path, kind, words):
    done = mops("config", "explain", "--graph", kind, cwd=tmp_path)
    assert (done.code, words in done.out) == (0, True)
    if kind == "svg":
        ET.fromstring(done.out)


def test_a_group_shows_what_counts_of_one_layer_that_says_it_twice(tmp_path):
    (tmp_path / "a.yaml").write_text(
        "workspace:\n  worker_replicas: 3\n  workerGroups: {big: {replicas: 1}}\n"
    )
    done = mops(
        "config",
        "explain",
        "workerGroups.big.replicas",
        "--graph",
        "mermaid",
        "--config",
        "a.yaml",
        cwd=tmp_path,
    )
    assert [line.strip() for line in done.out.splitlines() if "replicas" in line] == [
        's0l0["workerGroups.big.replicas = 2"]',
        's0l1["workerGroups.big.replicas = 1"]',
    ]


@pytest.mark.parametrize(("args", "message"), [
    (("--graph", "png"), "--graph: expected one of mermaid, svg, found png"),
    (("--graph", "svg", "--graph", "svg"), "--graph is given twice"),
    (("--graph", "svg", "--format", "json"), "--graph and --format json exclude each other"),
])  # fmt: skip
def test_what_cannot_be_drawn(tmp_path, args, message):
    done = mops("config", "explain", *args, cwd=tmp_path)
    assert (done.code, done.out) == (2, "")
    assert done.err.splitlines()[0] == f"mops: {message}"
