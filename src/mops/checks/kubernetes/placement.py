"""Where pods are placed: affinity, selectors, tolerations and spread constraints."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from mops.checks.kubernetes.formats import LABEL_VALUE, QUALIFIED_NAME, SUBDOMAIN
from mops.checks.kubernetes.metadata import labels
from mops.checks.kubernetes.node import Found, Node, RuleText
from mops.checks.rule import EITHER, WARNING
from mops.model.spelling import one_of
from mops.schema.keywords import shown

_SELECTOR, _AFFINITY = "selector", "affinity-term"
_TOLERATION, _SPREAD = "toleration", "topology-spread"
_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"
_SETS = ("In", "NotIn")
_COMPARISONS = ("Gt", "Lt")
# The only field that a node selector may select by.
_NAME_FIELD = "metadata.name"


def _label_selector(node: Node) -> Iterator[Found]:
    for each in node.children("matchLabels"):
        yield from labels(each)


def _requirement(node: Node) -> Iterator[Found]:
    """The values of an operator: some, none, or exactly one."""
    operator, values = node.get("operator", ""), node.get("values") or []
    if operator in _SETS and not values:
        yield node.wrong(_SELECTOR, f"the operator {operator} needs values")
    if operator in ("Exists", "DoesNotExist") and values:
        yield node.child("values").wrong(_SELECTOR, f"the operator {operator} takes no values")
    if operator in _COMPARISONS and len(values) != 1:
        message = f"the operator {operator} takes exactly one value, found {len(values)}"
        yield node.wrong(_SELECTOR, message)
    elif operator in _COMPARISONS and not _is_integer(values[0]):
        message = f"{operator} compares integers, so {shown(values[0])} matches no node"
        value = next(node.list_of("values"))
        yield value.wrong(_SELECTOR, message, "write an integer", severity=WARNING)


def _is_integer(text: str) -> bool:
    """Whether the scheduler takes a string for an integer, as strconv.ParseInt does."""
    return text.isascii() and text.removeprefix("-").removeprefix("+").isdigit()


def _term(node: Node) -> Iterator[Found]:
    for each in node.list_of("matchExpressions"):
        yield from _requirement(each)
        key = each.get("key", "")
        if key and not QUALIFIED_NAME.accepts(key):
            yield each.child("key").wrong(
                _SELECTOR, f"expected {QUALIFIED_NAME.expected}, found {shown(key)}"
            )
        # Kubernetes takes any value for a term that is only preferred.
        if _REQUIRED in node.path:
            for value in each.list_of("values"):
                if not LABEL_VALUE.accepts(value.value):
                    message = f"expected {LABEL_VALUE.expected}, found {shown(value.value)}"
                    yield value.wrong(_SELECTOR, message)
    for each in node.list_of("matchFields"):
        yield from _field(each)


def _field(node: Node) -> Iterator[Found]:
    operator, values = node.get("operator", ""), node.get("values") or ()
    if operator and operator not in _SETS:
        message = f"matchFields take the operator {one_of(_SETS)}, found {operator}"
        yield node.child("operator").wrong(_SELECTOR, message)
    elif operator and len(values) != 1:
        yield node.wrong(_SELECTOR, f"matchFields take exactly one value, found {len(values)}")
    key = node.get("key", "")
    if key and key != _NAME_FIELD:
        message = f"nodes have no field {key} to select by"
        yield node.child("key").wrong(_SELECTOR, message, f"write {_NAME_FIELD}")
    for value in node.list_of("values"):
        if not SUBDOMAIN.accepts(value.value):
            yield value.wrong(_SELECTOR, f"expected the name of a node, found {shown(value.value)}")


def _pod_term(node: Node) -> Iterator[Found]:
    yield from _label_keys(_AFFINITY, node)
    other = set(node.get("mismatchLabelKeys") or ())
    for key in node.list_of("matchLabelKeys"):
        if key.value in other:
            message = f"{key.value} is in matchLabelKeys and mismatchLabelKeys"
            yield key.wrong(_AFFINITY, message)


def _label_keys(rule_name: str, node: Node) -> Iterator[Found]:
    """Keys of labels beside a selector: they need one, and it must not name them itself."""
    for keys in node.children("matchLabelKeys", "mismatchLabelKeys"):
        if keys.value and "labelSelector" not in node.value:
            yield keys.wrong(rule_name, f"{keys.path[-1]} need a labelSelector")
    selector = node.get("labelSelector") or {}
    named = set(selector.get("matchLabels") or ())
    named |= {one.get("key") for one in selector.get("matchExpressions") or ()}
    for key in node.list_of("matchLabelKeys"):
        if key.value in named:
            message = f"{key.value} is in matchLabelKeys and in the labelSelector"
            yield key.wrong(rule_name, message)


def _toleration(node: Node) -> Iterator[Found]:
    exists = node.get("operator") == "Exists"
    if exists and node.get("value"):
        message = "a toleration with the operator Exists takes no value"
        yield node.wrong(_TOLERATION, message)
    if not exists and not node.get("key"):
        yield node.wrong(_TOLERATION, "a toleration without a key needs the operator Exists")
    if "tolerationSeconds" in node.value and node.get("effect") != "NoExecute":
        message = "tolerationSeconds requires the effect NoExecute"
        yield node.wrong(_TOLERATION, message)


def _spread(node: Node) -> Iterator[Found]:
    seen: set[Sequence[str]] = set()
    for constraint in node.items():
        key, action = constraint.get("topologyKey", ""), constraint.get("whenUnsatisfiable", "")
        if (key, action) in seen:
            message = f"two constraints have topologyKey {key} and whenUnsatisfiable {action}"
            yield constraint.child("topologyKey").wrong(_SPREAD, message)
        seen.add((key, action))


def _constraint(node: Node) -> Iterator[Found]:
    action = node.get("whenUnsatisfiable")
    if "minDomains" in node.value and action != "DoNotSchedule":
        message = f"minDomains needs whenUnsatisfiable: DoNotSchedule, found {action}"
        yield node.child("minDomains").wrong(_SPREAD, message)
    # Without a selector of its own, the constraint gets the chart's.
    if "labelSelector" in node.value:
        yield from _label_keys(_SPREAD, node)


VALIDATORS = {
    "LabelSelector": _label_selector,
    "LabelSelectorRequirement": _requirement,
    "NodeSelectorTerm": _term,
    "PodAffinityTerm": _pod_term,
    "Toleration": _toleration,
    "TopologySpreadConstraint": _constraint,
    "[TopologySpreadConstraint]": _spread,
}
RULES = (
    RuleText(_SELECTOR, "a selector whose operator, key and values do not fit together", EITHER),
    RuleText(_AFFINITY, "an affinity term with label keys that contradict its selector"),
    RuleText(_TOLERATION, "a toleration whose fields contradict each other"),
    RuleText(_SPREAD, "a spread constraint that is repeated or whose fields contradict each other"),
)
