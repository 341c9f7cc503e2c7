"""Connections to a database: a twin, and how many pods hold some in a rollout."""

from dataclasses import replace

import pytest

from kubeproof.manifests.system import System
from kubeproof.manifests.workloads import Strategy
from kubeproof.rules.connections import pods_connected
from kubeproof.verdict import Outcome
from tests.kubeproof.rules.twins import DEPLOYMENT, SCALED, Twin, intended, outcome

TWINS = {
    "static.connections": Twin(
        intended("most = 100", "most = 60"),
        "postgres",
        "connections",
        untold=((intended("per_pod = 7", 'per_pod = { env = "POOL" }'), "connections"),),
    ),
}


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


def test_connections_are_summed_by_database():
    """7 x 10 pods of the one, and as many of the other, are more than 100."""
    more = '[[connections]]\nworkload = "microservice-2"\ndatabase = "{}"\nper_pod = 7\nmost = 100\n\n[[levels]]'
    assert outcome("static.connections", intended("[[levels]]", more.format("postgres"))) is Outcome.FAIL
    assert outcome("static.connections", intended("[[levels]]", more.format("postgres-backup"))) is Outcome.PASS
