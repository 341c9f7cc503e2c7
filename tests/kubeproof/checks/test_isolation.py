"""isolation.reachability on histories: a matrix of who connected, its controls, the canary, and the pods."""

from dataclasses import replace

import pytest

from kubeproof.checks.isolation import REACHABILITY
from kubeproof.manifests.containers import Port
from kubeproof.profile.intent import AllowedPair
from kubeproof.verdict import Outcome
from tests.helpers.histories import (
    Change,
    History,
    Moment,
    assert_broken,
    assert_unknown,
    both,
    cases,
    changed,
    judging,
    only,
    plus,
    pod,
    without,
)
from tests.helpers.shop import LEDGER, PROFILE, SHOP, SYSTEM

# A workload's pods: the first of each tries all others.
PODS = {"shop": ["shop-a", "shop-b"], "ledger": ["ledger-0"]}


def reach(role: str, source: str, target: str, port: int, outcome: str, words: str = "", *, t: float = 10.0) -> Moment:
    """An attempt from pod to pod; of each the name is its uid, and it is named for what it is of."""
    ends = {"source": _whose(source), "source_pod": source, "source_uid": source}
    ends |= {"target": _whose(target), "target_pod": target, "target_uid": target}
    return (
        t,
        "reach",
        {
            "role": role,
            **ends,
            "port": port,
            "outcome": outcome,
            "says": words,
            "seconds": 3.0 if outcome == "timeout" else 0.012,
        },
    )


def _whose(name: str) -> str:
    return next((workload for workload, pods in PODS.items() if name in pods), name)


def around(t: float) -> History:
    """The controls of one moment: the canary, and every target by its own pod."""
    return [
        reach("canary", "stranger", "listener", 8080, "connected", t=t),
        reach("canary", "stranger", "walled", 8080, "timeout", t=t),
        reach("control", "walled", "walled", 8080, "connected", t=t),
        reach("control", "shop-a", "shop-a", 7000, "connected", t=t),
        reach("control", "shop-b", "shop-b", 7000, "connected", t=t),
        reach("control", "ledger-0", "ledger-0", 7001, "connected", t=t),
    ]


def reachability() -> History:
    return [
        pod(0, "shop-a", name="shop-a"),
        pod(0, "shop-b", name="shop-b"),
        pod(0, "ledger-0", "ledger", name="ledger-0"),
        *around(5),
        reach("control", "client", "shop-a", 7000, "refused", t=5),
        reach("cell", "shop-a", "shop-b", 7000, "timeout", "timed out"),
        reach("cell", "shop-a", "ledger-0", 7001, "connected"),
        reach("cell", "ledger-0", "shop-a", 7000, "timeout", "timed out"),
        reach("cell", "ledger-0", "shop-b", 7000, "timeout", "timed out"),
        reach("cell", "stranger", "shop-a", 7000, "timeout", "timed out"),
        reach("cell", "stranger", "shop-b", 7000, "timeout", "timed out"),
        reach("cell", "stranger", "ledger-0", 7001, "timeout", "timed out"),
        *around(15),
    ]


HISTORIES = {"reachability": reachability}
judged = judging(HISTORIES)


def moved(seconds: float, kind: str, **fields: object) -> Change:
    """The history with the lines of a kind that have these fields so much later."""
    return lambda history: [
        (t + seconds if k == kind and fields.items() <= data.items() else t, k, data) for t, k, data in history
    ]


def own(name: str) -> dict[str, object]:
    """What the controls of a pod by itself are known by."""
    return {"role": "control", "source_uid": name, "target_uid": name}


BROKEN = {
    "undeclared pair talks": (
        REACHABILITY,
        changed("reach", {"role": "cell", "source": "stranger", "target": "ledger"}, outcome="connected"),
        "1 of 5 wrong, 0 unknown",
    ),
    "declared pair cannot talk": (
        REACHABILITY,
        changed("reach", {"role": "cell", "source": "shop", "target": "ledger"}, outcome="timeout", seconds=3.0),
        "1 of 5 wrong, 0 unknown",
    ),
    "declared, and its target does not even listen": (
        REACHABILITY,
        both(
            changed("reach", {"role": "cell", "source": "shop", "target": "ledger"}, outcome="refused"),
            changed("reach", own("ledger-0"), outcome="refused"),
            changed("reach", {"role": "cell", "source": "ledger"}, outcome="connected"),
        ),
        "2 of 5 wrong",
    ),
    "only the second pod can be reached": (
        REACHABILITY,
        changed("reach", {"role": "cell", "source": "stranger", "target_uid": "shop-b"}, outcome="connected"),
        "1 of 5 wrong, 0 unknown",
    ),
    "replicas talk to each other": (
        REACHABILITY,
        changed("reach", {"role": "cell", "source": "shop", "target": "shop"}, outcome="connected"),
        "1 of 5 wrong, 0 unknown",
    ),
    "talks once, and not later": (
        REACHABILITY,
        plus(reach("cell", "stranger", "ledger-0", 7001, "connected", t=9)),
        "1 of 5 wrong, 0 unknown",
    ),
    "talks, in a time without a canary": (
        REACHABILITY,
        changed("reach", {"role": "cell", "source": "ledger"}, outcome="connected"),
        "1 of 5 wrong",
    ),
}
CELLS = {"role": "cell"}
MISSING = {
    "no canary": (REACHABILITY, without("reach", role="canary"), "the canary did not try the walled pod"),
    "canary reaches nothing": (
        REACHABILITY,
        changed("reach", {"target": "listener"}, outcome="timeout"),
        "its listener not reached",
    ),
    "not enforced": (
        REACHABILITY,
        changed("reach", {"role": "canary", "target": "walled"}, outcome="connected"),
        "does not enforce NetworkPolicy",
    ),
    "not enforced, and a pair talks": (
        REACHABILITY,
        both(
            changed("reach", {"role": "canary", "target": "walled"}, outcome="connected"),
            changed("reach", {"role": "cell", "source": "stranger"}, outcome="connected"),
        ),
        "does not enforce NetworkPolicy",
    ),
    "no more enforced after a while": (
        REACHABILITY,
        plus(reach("canary", "stranger", "walled", 8080, "connected", t=12)),
        "does not enforce NetworkPolicy",
    ),
    "behind the wall nobody listens": (
        REACHABILITY,
        changed("reach", own("walled"), outcome="refused"),
        "not seen to listen",
    ),
    "behind the wall another pod listens": (
        REACHABILITY,
        changed("reach", own("walled"), source_uid="new", target_uid="new"),
        "not seen to listen",
    ),
    "another canary reached the listener": (
        REACHABILITY,
        changed("reach", {"target": "listener"}, source_uid="new"),
        "its listener not reached",
    ),
    "canaries five hours earlier": (
        REACHABILITY,
        both(moved(-18000, "reach", role="canary"), moved(-18000, "reach", **own("walled"))),
        "policies were enforced while each pair was tried",
    ),
    "enforced only after the pairs were tried": (
        REACHABILITY,
        lambda history: [
            (t, k, {**data, "outcome": "connected"} if data.get("target") == "walled" and t < 10 else data)
            for t, k, data in history
        ],
        "policies were enforced while each pair was tried",
    ),
    "need unmet": (
        REACHABILITY,
        plus((0.0, "need", {"need": "policies", "met": False, "says": "none"})),
        "needs policies: none",
    ),
    "cells missing": (REACHABILITY, without("reach", source="ledger", role="cell"), "0 of 5 wrong, 1 unknown"),
    "cells not observed": (
        REACHABILITY,
        changed("reach", {**CELLS, "source": "ledger"}, outcome="not-observed"),
        "0 of 5 wrong, 1 unknown",
    ),
    "blocked without a control": (REACHABILITY, without("reach", **own("shop-b")), "0 of 5 wrong, 3 unknown"),
    "blocked, and its control five hours earlier": (
        REACHABILITY,
        moved(-18000, "reach", **own("shop-b")),
        "0 of 5 wrong, 3 unknown",
    ),
    "blocked, and its control a minute and more later": (
        REACHABILITY,
        moved(70, "reach", **own("shop-b")),
        "0 of 5 wrong, 3 unknown",
    ),
    "blocked, and its control reached another pod": (
        REACHABILITY,
        changed("reach", own("shop-b"), source_uid="shop-c", target_uid="shop-c"),
        "0 of 5 wrong, 3 unknown",
    ),
    "blocked, and its control reached another port": (
        REACHABILITY,
        changed("reach", own("shop-b"), port=7009),
        "0 of 5 wrong, 3 unknown",
    ),
    "blocked, by nobody that is known": (
        REACHABILITY,
        changed("reach", {**CELLS, "target_uid": "shop-b"}, target_uid=None),
        "unknown",
    ),
    "a source that connects nowhere": (
        REACHABILITY,
        without("reach", **own("ledger-0")),
        "0 of 5 wrong, 1 unknown",
    ),
    "an attempt that gave up at once": (
        REACHABILITY,
        changed("reach", {"role": "cell", "source": "stranger"}, seconds=0.2),
        "unknown",
    ),
    "declared, its source connects nowhere": (
        REACHABILITY,
        both(
            changed("reach", {**CELLS, "source": "shop"}, outcome="timeout", seconds=3.0),
            changed("reach", {"role": "control", "source": "shop"}, outcome="timeout", seconds=3.0),
        ),
        "unknown",
    ),
    "a second Ready pod was never tried": (
        REACHABILITY,
        without("reach", role="cell", target_uid="shop-b", source="stranger"),
        "every Ready pod of a workload was tried as a target by everybody: stranger did not try shop-b",
    ),
    "replicas were not tried": (
        REACHABILITY,
        without("reach", role="cell", source="shop", target="shop"),
        "0 of 5 wrong, 1 unknown",
    ),
    "a pod came Ready meanwhile": (
        REACHABILITY,
        plus(pod(12, "shop-c", name="shop-c")),
        "did not try shop-c of shop",
    ),
    "no pod was watched": (REACHABILITY, without("pod"), "no Ready pod of shop was seen"),
    "tried pods of nobody": (
        REACHABILITY,
        changed("pod", {"workload": "ledger"}, workload=None),
        "no Ready pod of ledger was seen",
    ),
    "a pod on another node tried nothing": (
        REACHABILITY,
        changed("pod", {"uid": "shop-b"}, node="m"),
        "from every node that its pods run on: no Ready pod of shop on m tried anything",
    ),
    "a target was replaced between control and cell": (
        REACHABILITY,
        plus(pod(8, "shop-b", name="shop-b", deleted=True), pod(9, "shop-b", name="shop-b", deleted=True, gone=True)),
        "unknown",
    ),
    "a target was replaced, and somebody has its address": (
        REACHABILITY,
        both(
            plus(pod(8, "shop-b", name="shop-b", deleted=True, gone=True)),
            changed("reach", {**CELLS, "source": "stranger", "target_uid": "shop-b"}, outcome="connected"),
        ),
        "unknown",
    ),
    "declared, and its target was not Ready": (
        REACHABILITY,
        both(
            changed("reach", {**CELLS, "source": "shop", "target": "ledger"}, outcome="refused"),
            plus(pod(12, "ledger-0", "ledger", name="ledger-0", ready=False)),
        ),
        "unknown",
    ),
    "a pod went at the end": (
        REACHABILITY,
        plus(pod(20, "ledger-0", "ledger", name="ledger-0", gone=True, deleted=True)),
        "unknown",
    ),
    "a pod that was reached restarted": (
        REACHABILITY,
        both(
            only(
                pod(0, "shop-a", name="shop-a"),
                pod(0, "ledger-0", "ledger", name="ledger-0"),
                *around(5),
                reach("cell", "shop-a", "ledger-0", 7001, "connected"),
                reach("cell", "ledger-0", "shop-a", 7000, "timeout", "timed out"),
                reach("cell", "stranger", "shop-a", 7000, "timeout", "timed out"),
                reach("cell", "stranger", "ledger-0", 7001, "timeout", "timed out"),
            ),
            without("reach", role="cell", outcome="timeout"),
            plus(pod(11, "ledger-0", "ledger", name="ledger-0", restarts=1)),
        ),
        "the tried pods were the same throughout: ledger-0 went, restarted or was not Ready",
    ),
}
WRONG_AND_UNSEEN = both(
    changed("reach", {"role": "cell", "source": "stranger", "target": "ledger"}, outcome="connected"),
    without("reach", source="ledger", role="cell"),
)
WORST_WINS = {"a cell wrong, a cell missing": (REACHABILITY, WRONG_AND_UNSEEN)}


@cases(BROKEN)
def test_a_broken_promise_is_a_fail_that_says_what_was_seen(check, change, reason):
    assert_broken(judged(check, change), reason)


@cases(MISSING)
def test_a_missing_part_is_unknown_and_says_which(check, change, reason):
    assert_unknown(judged(check, change), reason)


@cases(WORST_WINS)
def test_broken_and_missing_together_is_broken(check, change):
    assert_broken(judged(check, change))


def test_a_declared_pair_that_nothing_can_try_is_unknown():
    profile = replace(PROFILE, allowed=(*PROFILE.allowed, AllowedPair("shop", "elsewhere")))
    verdict = judged(REACHABILITY, profile=profile)
    assert verdict.outcome is Outcome.UNKNOWN
    assert "shop -> elsewhere" in verdict.report()


def test_replicas_may_talk_where_the_profile_says_so():
    profile = replace(PROFILE, allowed=(*PROFILE.allowed, AllowedPair("shop", "shop")))
    assert_broken(judged(REACHABILITY, profile=profile), "1 of 5 wrong")
    talking = changed("reach", {"role": "cell", "source": "shop", "target": "shop"}, outcome="connected")
    assert judged(REACHABILITY, talking, profile=profile).passed


def test_a_pod_without_another_of_its_workload_is_no_pair():
    alone = both(without("pod", uid="shop-b"), without("reach", target_uid="shop-b"))
    verdict = judged(REACHABILITY, alone)
    assert verdict.passed
    assert verdict.because == "4 pairs as declared"


def with_ports(*ports):
    """The histories' system with these ports of the ledger."""
    [container] = LEDGER.containers
    return replace(SYSTEM, workloads=(SHOP, replace(LEDGER, containers=(replace(container, ports=ports),))))


@pytest.mark.parametrize(
    ("ports", "why"),
    [
        ((), "StatefulSet/ledger has no TCP port"),
        ((Port("ask", 7001, "UDP"),), "StatefulSet/ledger listens on UDP 7001"),
    ],
    ids=["no port", "no TCP port"],
)
def test_who_cannot_be_connected_to_is_named_and_unknown_where_the_profile_says_something_of_it(ports, why):
    system = with_ports(*ports)
    assert_unknown(judged(REACHABILITY, system=system), "0 of 3 wrong, 1 unknown")
    nobody = judged(REACHABILITY, system=system, profile=replace(PROFILE, allowed=()))
    assert nobody.passed
    assert why in nobody.because
    assert f"not verified: {why}" in nobody.report()


def test_the_matrix_shows_wrong_cells_in_brackets_and_unseen_ones_as_questions():
    matrix = judged(REACHABILITY, WRONG_AND_UNSEEN).evidence[0]
    assert matrix.message.splitlines() == [
        "           shop    ledger",
        "shop         X        .",
        "ledger       ?        -",
        "stranger     X       [.]",
    ]
