"""What makes pods: a twin a rule, whom it selects, how its pods end, what keeps them apart."""

import pytest

from kubeproof.verdict import Outcome
from tests.kubeproof.rules.twins import GONE, POD, SHOP, Twin, both, edit, outcome, outcome_of, with_objects

HIGH = {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": "high"}, "value": 1}
ASKS_FOR_HIGH = edit(SHOP, f"{POD}.priorityClassName", "high")
TWINS = {
    "static.selectors": Twin(
        edit(SHOP, "spec.template.metadata.labels.app", "items"), SHOP, "spec.template.metadata.labels"
    ),
    "static.restart-policy": Twin(
        edit("CronJob/postgres-backup", "spec.jobTemplate.spec.template.spec.restartPolicy", GONE),
        "CronJob/postgres-backup",
        "spec.jobTemplate.spec.template.spec.restartPolicy",
    ),
    "static.spread": Twin(edit(SHOP, f"{POD}.topologySpreadConstraints", GONE), SHOP, POD),
    "static.priority-classes": Twin(
        ASKS_FOR_HIGH,
        SHOP,
        f"{POD}.priorityClassName",
        holds=both(ASKS_FOR_HIGH, with_objects(HIGH)),
    ),
}


def test_a_workload_that_selects_by_an_expression_is_matched_by_it():
    def selecting(operator):
        expression = {"key": "app", "operator": operator, "values": ["microservice-1"]}
        return edit(SHOP, "spec.selector", {"matchExpressions": [expression]})

    assert outcome("static.selectors", selecting("In")) is Outcome.PASS
    assert outcome("static.selectors", selecting("NotIn")) is Outcome.FAIL


@pytest.mark.parametrize(
    ("kind", "said", "fine"),
    [
        ("Job", {}, False),
        ("Job", {"restartPolicy": "Always"}, False),
        ("Job", {"restartPolicy": "Never"}, True),
        ("Deployment", {}, True),
        ("Deployment", {"restartPolicy": "Never"}, False),
    ],
)
def test_a_job_ends_and_all_else_is_restarted(kind: str, said: dict[str, str], fine: bool) -> None:
    spec = {"template": {"spec": {"containers": [{"name": "c", "image": "i:1"}], **said}}}
    document = {"apiVersion": "v1", "kind": kind, "metadata": {"name": "w"}, "spec": spec}
    assert outcome_of("static.restart-policy", document) is (Outcome.PASS if fine else Outcome.FAIL)


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        ({"labelSelector": {"matchLabels": {"app": "microservice-1"}}}, Outcome.PASS),
        ({"labelSelector": {"matchLabels": {"app": "other"}}}, Outcome.FAIL),
        ({}, Outcome.FAIL),
    ],
)
@pytest.mark.parametrize("weighted", [True, False])
def test_anti_affinity_keeps_apart_whom_it_selects(term, expected, weighted):
    term = {**term, "topologyKey": "kubernetes.io/hostname"}
    field = ("preferred" if weighted else "required") + "DuringSchedulingIgnoredDuringExecution"
    terms = [{"weight": 1, "podAffinityTerm": term}] if weighted else [term]
    changes = (
        edit(SHOP, "spec.template.spec.topologySpreadConstraints", GONE),
        edit(SHOP, "spec.template.spec.affinity", {"podAntiAffinity": {field: terms}}),
    )
    assert outcome("static.spread", *changes) is expected
