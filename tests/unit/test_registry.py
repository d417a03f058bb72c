"""The registry of rules: each is named, explained, listed and tried; and all of them scale."""

from __future__ import annotations

import cProfile
import json
import pstats
import re
from collections import Counter

import pytest

from invoke import ROOT, mops
from mops.checks import registry
from mops.checks.rule import EITHER, ERROR, WARNING
from mops.checks.similar import MOST_SEARCHES
from mops.config.resolve import resolve
from mops.model.layer import Layer, Leaf, Origin
from mops.schema.fields import load_schema
from unit.kubernetes_cases import PASSED_ON
from unit.rule_cases import MISFITS, covered

RULES = registry.all_rules()
NAMES = [rule.name for rule in RULES]
SCHEMA = load_schema()


@pytest.mark.parametrize("rule", RULES, ids=NAMES)
def test_a_rule_has_a_name_a_severity_and_a_line(rule):
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", rule.name)
    assert rule.severity in (ERROR, WARNING, EITHER)
    assert 10 < len(rule.line) <= 90
    assert not rule.line.endswith(".")


def test_names_are_unique():
    assert [name for name, count in Counter(NAMES).items() if count > 1] == []


def test_every_rule_has_a_section_in_the_docs_in_this_order():
    page = (ROOT / "docs" / "checks.md").read_text()
    assert re.findall(r"^### (\S+)$", page, re.MULTILINE) == NAMES


def test_the_page_on_errors_has_every_rule_that_finds_errors():
    page = (ROOT / "docs" / "errors.md").read_text()
    linked = re.findall(r"^\| .* \| \[([a-z-]+)\]\(checks\.md#([a-z-]+)\) \|$", page, re.MULTILINE)
    assert all(name == anchor for name, anchor in linked)
    errors = [rule.name for rule in RULES if rule.severity != WARNING]
    assert list(dict.fromkeys(name for name, _ in linked)) == errors


def test_every_rule_is_listed():
    lines = mops("config", "validate", "--list-checks").out.splitlines()
    rows = [tuple(re.split(r"  +", line)) for line in lines]
    assert rows == [
        ("CHECK", "SEVERITY", "FINDS"),
        *((rule.name, rule.severity, rule.line) for rule in RULES),
    ]
    as_json = mops("config", "validate", "--list-checks", "--format", "json").out
    assert json.loads(as_json) == {rule.name: rule.line for rule in RULES}


def test_every_rule_has_a_case_that_triggers_it():
    assert covered() == set(NAMES)


def test_findings_have_the_severity_of_their_rule():
    severities = {rule.name: rule.severity for rule in RULES}
    found: dict[str, set[str]] = {}
    for rule, severity, *_ in (*MISFITS, *PASSED_ON):
        found.setdefault(rule, set()).add(severity)
    for rule, seen in found.items():
        allowed = {ERROR, WARNING} if severities[rule] == EITHER else {severities[rule]}
        assert seen == allowed, rule


def config(env):
    leaves = {
        ("workers", "env", name): Leaf(text, Origin("f", f"f:{line}:1"))
        for line, (name, text) in enumerate(env.items(), 1)
    }
    return resolve([SCHEMA.defaults(), Layer("f", leaves)], SCHEMA)


def unknown(number):
    """Variables that no rule likes: without a setting, misspelled, and below one another."""
    return {
        **{f"DASK_WORKER__NOTHING_{index:05}": "1" for index in range(number)},
        **{f"DASK_LOGGING__LOGGER{index:05}": "loud" for index in range(number)},
        **{f"DASK_A__B{index:05}": "$(X)" for index in range(number)},
        **{f"MODELOPS_NOTHING_{index:05}": "x" for index in range(number)},
        "DASK_A": "1",
    }


def calls(number):
    """The number of calls, of Python's own functions too, that the rules take."""
    resolved = config(unknown(number))
    profile = cProfile.Profile()
    profile.runcall(registry.check, resolved, SCHEMA, files=True)
    return pstats.Stats(profile).total_calls


def test_the_work_grows_with_the_number_of_variables():
    few, many = calls(200), calls(400)
    # All searches for similar names happen in both, so the growth is less than twofold.
    assert few < many < 2 * few


def test_thousands_of_wrong_names_are_all_reported():
    problems = registry.check(config(unknown(1250)), SCHEMA)
    found = Counter(problem.check for problem in problems)
    assert found["dask-ignored"] >= 1250
    assert found["dask-conflict"] == 1250
    assert found["dask-value"] == 1250


def test_the_number_of_suggestions_is_bounded():
    wrong = {f"DASK_DISTRIBUTED__WORKER__MEMROY{index:03}__PAUSE": "1" for index in range(100)}
    problems = registry.check(config(wrong), SCHEMA)
    ignored = [problem for problem in problems if problem.check == "dask-ignored"]
    assert len(ignored) == 100
    assert sum("Dask reads" in problem.hint for problem in ignored) == MOST_SEARCHES
