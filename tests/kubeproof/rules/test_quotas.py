"""The sums behind the rules: pods in a rollout, shares of replicas, room in a quota, volumes that templates replace."""

from copy import deepcopy
from dataclasses import replace

import pytest

from kubeproof.manifests.containers import Container
from kubeproof.manifests.objects import Autoscaler
from kubeproof.manifests.system import System
from kubeproof.manifests.workloads import Strategy, Workload
from kubeproof.rules.catalogue import RULES
from kubeproof.rules.connections import pods_connected
from kubeproof.rules.quotas import pods_at_maximum
from kubeproof.rules.rule import prove
from kubeproof.verdict import Outcome
from tests.kubeproof.rules.twins import (
    DATABASE,
    GONE,
    MAIN,
    SCALER,
    SHOP,
    both,
    declared,
    edit,
    found,
    intended,
    without,
)

BY_NAME = {rule.name: rule for rule in RULES}
BUDGET = "PodDisruptionBudget/microservice-1"
QUOTA = "ResourceQuota/microservices"
MEMORY = "spec.metrics[1].resource"
ALWAYS = {"restartPolicy": "Always"}
PODS = {
    "type": "Pods",
    "pods": {"metric": {"name": "requests"}, "target": {"type": "AverageValue", "averageValue": "9"}},
}
DEPLOYMENT = Workload(
    "Deployment",
    "shop",
    (),
    (),
    3,
    (Container("shop", "shop:1"),),
    grace_seconds=60,
    strategy=Strategy(surge=1, unavailable=0),
)
SCALED = System("market", (DEPLOYMENT,), autoscalers=(Autoscaler("grow", "shop", 2, 5),))


def outcome(rule, *changes):
    return prove(BY_NAME[rule], *declared(both(*changes))).verdict.outcome


@pytest.mark.parametrize(
    ("changes", "pods"),
    [
        ({}, 10),  # without minReadySeconds all five may end at once
        ({"min_ready": 5}, 10),  # 5 + 1 + 5, and never more than old and new together
        ({"min_ready": 30}, 8),  # 5 + 1 + 2 that end within 60 s
        ({"min_ready": 60}, 7),
        ({"min_ready": 60, "strategy": Strategy(surge="40%", unavailable=0)}, 9),
        ({"strategy": Strategy("Recreate")}, 5),
        ({"kind": "StatefulSet"}, 5),
    ],
)
def test_pods_that_hold_connections_in_a_rollout(changes, pods):
    workload = replace(DEPLOYMENT, **changes)
    scaler = replace(SCALED.autoscalers[0], target_kind=workload.kind)
    assert pods_connected(replace(SCALED, autoscalers=(scaler,)), workload)[0] == pods


def test_without_an_autoscaler_the_replicas_count():
    assert pods_connected(System("market", (DEPLOYMENT,)), DEPLOYMENT)[0] == 6


def test_an_autoscaler_of_another_namespace_moves_nothing_here():
    assert pods_connected(SCALED, replace(DEPLOYMENT, namespace="other"))[0] == 6


@pytest.mark.parametrize(("surge", "pods"), [(1, 6), ("25%", 7), (0, 5)])
def test_a_quota_has_to_admit_the_maximum_with_its_surge_rounded_up(surge, pods):
    workload = replace(DEPLOYMENT, strategy=Strategy(surge=surge))
    assert pods_at_maximum(replace(SCALED, workloads=(workload,)), workload) == pods


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


@pytest.mark.parametrize("direction", ["scaleUp", "scaleDown"])
def test_a_direction_that_is_disabled_keeps_no_pace(direction):
    disabled = edit("HorizontalPodAutoscaler/microservice-1", f"spec.behavior.{direction}.selectPolicy", "Disabled")
    assert outcome("static.intent-autoscalers", disabled) is Outcome.FAIL


def test_a_quota_that_counts_what_no_container_says_admits_no_pod():
    asked = edit(QUOTA, 'spec.hard."limits.cpu"', "10")
    assert outcome("static.quota", asked) is Outcome.FAIL


@pytest.mark.parametrize(
    ("name", "hard", "expected"),
    [
        ("persistentvolumeclaims", "2", Outcome.PASS),
        ("persistentvolumeclaims", "1", Outcome.FAIL),
        ("requests.storage", "20Gi", Outcome.PASS),
        ("requests.storage", "19Gi", Outcome.FAIL),
    ],
)
def test_a_quota_of_storage_has_to_admit_every_claim(name, hard, expected):
    assert outcome("static.quota", edit(QUOTA, "spec.hard", {name: hard})) is expected


def test_a_volume_of_a_pod_s_own_is_a_claim_for_each_pod():
    """Two pods of an autoscaler's five with a surge of one: six claims of 1 Gi beside the 20 Gi that are there."""
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    scratch = {"name": "scratch", "ephemeral": {"volumeClaimTemplate": {"spec": spec}}}
    own = edit(SHOP, "spec.template.spec.volumes", [scratch])
    assert outcome("static.quota", own, edit(QUOTA, "spec.hard", {"requests.storage": "26Gi"})) is Outcome.PASS
    assert outcome("static.quota", own, edit(QUOTA, "spec.hard", {"requests.storage": "25Gi"})) is Outcome.FAIL


@pytest.mark.parametrize(("asked", "expected"), [("500m", Outcome.PASS), ("0.6", Outcome.FAIL)])
def test_what_is_asked_for_is_no_more_than_the_limit(asked, expected):
    assert outcome("static.requests", edit(SHOP, f"{MAIN}.resources.requests.cpu", asked)) is expected


def test_a_claim_of_no_known_size_is_not_nothing():
    sizeless = edit(DATABASE, "spec.volumeClaimTemplates[0].spec.resources.requests.storage", "much")
    assert outcome("static.quota", sizeless, edit(QUOTA, "spec.hard", {"requests.storage": "40Gi"})) is Outcome.UNKNOWN


@pytest.mark.parametrize(
    ("name", "hard", "expected"),
    [
        ("services", "3", Outcome.PASS),
        ("services", "2", Outcome.FAIL),
        ("services.loadbalancers", "0", Outcome.FAIL),
        ("services.nodeports", "1", Outcome.PASS),
        ("services.nodeports", "0", Outcome.FAIL),
        ("count/secrets", "1", Outcome.UNKNOWN),
    ],
)
def test_a_quota_of_services_has_to_admit_them_and_what_is_not_reckoned_is_told(name, hard, expected):
    balanced = edit("Service/microservice-1", "spec.type", "LoadBalancer")
    assert outcome("static.quota", balanced, edit(QUOTA, "spec.hard", {name: hard})) is expected


def test_a_limit_range_says_what_a_container_leaves_out():
    nothing = edit(SHOP, f"{MAIN}.resources", {})
    assert outcome("static.quota", nothing) is Outcome.PASS
    assert outcome("static.quota", nothing, without("LimitRange/microservices")) is Outcome.FAIL


def test_a_percentage_of_a_request_is_of_what_the_limit_range_gives():
    """100 Mi of the LimitRange at 80 % are above 38 Mi, at 35 % they are not; a sidecar asks for as much again."""
    nothing = edit(SHOP, f"{MAIN}.resources", {})
    memory = edit("LimitRange/microservices", "spec.limits[0].defaultRequest.memory", "100Mi")
    tight = edit(SCALER, f"{MEMORY}.target.averageUtilization", 35)
    assert outcome("static.memory-target", nothing, memory) is Outcome.PASS
    assert outcome("static.memory-target", nothing, memory, tight) is Outcome.FAIL
    sidecar = edit(SHOP, "spec.template.spec.initContainers", [{"name": "proxy", "image": "p:1", **ALWAYS}])
    assert outcome("static.memory-target", nothing, memory, tight, sidecar) is Outcome.PASS
    assert outcome("static.memory-target", nothing, without("LimitRange/microservices")) is Outcome.FAIL


def test_a_metric_of_one_container_asks_nothing_of_the_others():
    """The sidecar requests nothing; what of the idle memory is the container's own nobody tells."""
    sidecar = edit(SHOP, "spec.template.spec.initContainers", [{"name": "proxy", "image": "p:1", **ALWAYS}])

    def of(container):
        measured = {"name": "memory", "container": container, "target": {"averageUtilization": 25}}
        return edit(SCALER, "spec.metrics[1]", {"type": "ContainerResource", "containerResource": measured})

    changes = (sidecar, without("LimitRange/microservices"), edit(SCALER, "spec.metrics[0]", PODS))
    assert outcome("static.autoscaler-target", *changes) is Outcome.FAIL
    assert outcome("static.autoscaler-target", *changes, of("microservice-1")) is Outcome.PASS
    assert outcome("static.autoscaler-target", *changes, of("gone")) is Outcome.FAIL
    assert outcome("static.memory-target", *changes, of("microservice-1")) is Outcome.UNKNOWN


def test_connections_are_summed_by_database():
    """7 x 10 pods of the one, and as many of the other, are more than 100."""
    more = '[[connections]]\nworkload = "microservice-2"\ndatabase = "{}"\nper_pod = 7\nmost = 100\n\n[[levels]]'
    assert outcome("static.connections", intended("[[levels]]", more.format("postgres"))) is Outcome.FAIL
    assert outcome("static.connections", intended("[[levels]]", more.format("postgres-backup"))) is Outcome.PASS


def test_a_percentage_of_the_most_replicas_takes_one_though_of_the_fewest_it_takes_none():
    take = edit(SHOP, "spec.strategy.rollingUpdate.maxUnavailable", "20%")
    assert outcome("static.no-loss", take) is Outcome.FAIL


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


def test_a_claim_template_takes_the_place_of_a_volume_of_its_name():
    named = edit(
        DATABASE,
        "spec.template.spec.volumes",
        [
            {"name": "data", "persistentVolumeClaim": {"claimName": "data"}},
            {"name": "socket", "emptyDir": {}},
            {"name": "tmp", "emptyDir": {}},
        ],
    )
    assert outcome("static.volumes", named) is Outcome.PASS


def test_what_the_profile_says_of_a_name_is_of_the_workload_in_the_system_s_namespace():
    def beside(documents, profile):
        made = deepcopy(found(documents, SHOP))
        made["metadata"]["namespace"] = "other"
        made["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] = 30
        # The first that says gives the system its namespace.
        place = documents.index(found(documents, SHOP)) + 1
        return [*documents[:place], made, *documents[place:]], profile

    # 15 s of sleep and 10 to spare: enough without the drain that the profile describes of ours.
    assert outcome("static.grace", beside) is Outcome.UNKNOWN
    system, _ = declared(beside)
    assert system.workload("microservice-1").namespace == "microservices"
