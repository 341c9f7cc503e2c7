"""ResourceQuotas: a twin, and the sums of what each has to admit."""

from copy import deepcopy
from dataclasses import replace

import pytest

from kubeproof.manifests.workloads import Strategy
from kubeproof.rules.quotas import pods_at_maximum
from kubeproof.verdict import Outcome
from tests.kubeproof.rules.twins import (
    DATABASE,
    DEPLOYMENT,
    MAIN,
    QUOTA,
    SCALED,
    SHOP,
    Twin,
    both,
    edit,
    found,
    outcome,
    proof,
    without,
)

TWINS = {
    "static.quota": Twin(
        edit("ResourceQuota/microservices", "spec.hard.pods", "14"),
        "ResourceQuota/microservices",
        "spec.hard.pods",
        untold=(
            (edit("ResourceQuota/microservices", "spec.scopes", ["BestEffort"]), "spec.scopes"),
            (edit("ResourceQuota/microservices", "spec.hard.pods", "many"), "spec.hard.pods"),
        ),
    ),
}


@pytest.mark.parametrize(("surge", "pods"), [(1, 6), ("25%", 7), (0, 5)])
def test_a_quota_has_to_admit_the_maximum_with_its_surge_rounded_up(surge, pods):
    workload = replace(DEPLOYMENT, strategy=Strategy(surge=surge))
    assert pods_at_maximum(replace(SCALED, workloads=(workload,)), workload) == pods


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


def test_how_many_nodes_a_daemon_runs_on_is_not_told():
    def daemon(documents, profile):
        made = deepcopy(found(documents, SHOP)) | {"kind": "DaemonSet"}
        made["metadata"]["name"] = "daemon"
        return [*documents, made], profile

    verdict = proof("static.quota", daemon).verdict
    assert verdict.outcome is Outcome.UNKNOWN
    too_little = both(daemon, edit("ResourceQuota/microservices", "spec.hard.pods", "3"))
    assert outcome("static.quota", too_little) is Outcome.FAIL
