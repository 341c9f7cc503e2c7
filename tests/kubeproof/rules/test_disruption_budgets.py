"""PodDisruptionBudgets: a twin a rule, and how many replicas one keeps."""

import pytest

from kubeproof.verdict import Outcome
from tests.kubeproof.rules.twins import BUDGET, GONE, SHOP, Twin, edit, outcome, without

TWINS = {
    "static.disruption-budget": Twin(without("PodDisruptionBudget/microservice-1"), SHOP, ""),
    "static.budgets-select": Twin(
        edit("PodDisruptionBudget/microservice-1", "spec.selector.matchLabels.app", "items"),
        "PodDisruptionBudget/microservice-1",
        "spec.selector",
    ),
    "static.disruption": Twin(
        edit("PodDisruptionBudget/microservice-1", "spec.minAvailable", 2),
        "PodDisruptionBudget/microservice-1",
        "spec.minAvailable",
        untold=((edit("PodDisruptionBudget/microservice-1", "spec.minAvailable", GONE), "spec"),),
    ),
}


@pytest.mark.parametrize(
    ("field", "value", "expected"),
    [
        ("minAvailable", 1, Outcome.PASS),
        ("minAvailable", "50%", Outcome.PASS),
        ("minAvailable", "51%", Outcome.FAIL),
        ("minAvailable", "100%", Outcome.FAIL),
        ("maxUnavailable", 0, Outcome.FAIL),
        ("maxUnavailable", "0%", Outcome.FAIL),
        ("maxUnavailable", "10%", Outcome.PASS),
    ],
)
def test_a_budget_is_reckoned_of_the_fewest_replicas_rounded_up(field, value, expected):
    spec = {field: value, "selector": {"matchLabels": {"app": "microservice-1"}}}
    assert outcome("static.disruption", edit(BUDGET, "spec", spec)) is expected
