"""Rollouts: a twin a rule, time to end that is known or not, and pods that go too soon."""

from copy import deepcopy

from kubeproof.verdict import Outcome
from tests.kubeproof.rules.twins import (
    CONSUMER,
    MAIN,
    POD,
    SHOP,
    Twin,
    both,
    declared,
    edit,
    found,
    intended,
    outcome,
    proof,
)

DRAIN = '[[drains]]\nworkload = "microservice-1"\nlinger = 5\nin_flight = 25\n'
SLEEP = f"{MAIN}.lifecycle.preStop"

TWINS = {
    "static.no-loss": Twin(
        edit(SHOP, "spec.strategy.rollingUpdate.maxUnavailable", "25%"),
        SHOP,
        "spec.strategy.rollingUpdate.maxUnavailable",
        untold=((edit(SHOP, "spec.strategy.rollingUpdate.maxUnavailable", "none"), "spec.strategy"),),
    ),
    "static.grace": Twin(
        edit(SHOP, f"{POD}.terminationGracePeriodSeconds", 50),
        SHOP,
        f"{POD}.termination",
        untold=(
            (intended(DRAIN, ""), f"{POD}.terminationGracePeriodSeconds"),
            (intended("linger = 5", 'linger = { env = "LINGER" }'), f"{POD}.terminationGracePeriodSeconds"),
            (
                edit(SHOP, SLEEP, {"exec": {"command": ["sh", "-c", "nginx -s quit"]}}),
                f"{POD}.terminationGracePeriodSeconds",
            ),
        ),
    ),
    "static.progress-deadline": Twin(edit(SHOP, "spec.progressDeadlineSeconds", 20), SHOP, "spec.progressDeadline"),
}


def test_a_percentage_of_the_most_replicas_takes_one_though_of_the_fewest_it_takes_none():
    take = edit(SHOP, "spec.strategy.rollingUpdate.maxUnavailable", "20%")
    assert outcome("static.no-loss", take) is Outcome.FAIL


def test_a_break_outweighs_what_is_not_told():
    change = both(intended(DRAIN, ""), edit(CONSUMER, f"{POD}.terminationGracePeriodSeconds", 5))
    assert outcome("static.grace", change) is Outcome.FAIL


def test_a_number_in_the_manifests_is_read_from_there():
    def longer(documents, profile):
        found(documents, "ConfigMap/microservice-1")["data"]["LINGER"] = "30"
        return documents, profile

    change = both(intended("linger = 5", 'linger = { env = "LINGER" }'), longer)
    verdict = proof("static.grace", change).verdict
    assert verdict.outcome is Outcome.FAIL
    assert "linger 30" in verdict.because


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
