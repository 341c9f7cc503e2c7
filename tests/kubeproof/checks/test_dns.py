"""dns.names on histories: three names of a Service, each with exactly its addresses, for all who look them up."""

from dataclasses import replace

import pytest

from kubeproof.checks.dns import NAMES
from kubeproof.manifests.objects import Service, ServicePort
from kubeproof.verdict import Outcome
from tests.helpers.histories import (
    MISSED,
    Change,
    History,
    Moment,
    assert_broken,
    assert_unknown,
    both,
    cases,
    changed,
    judging,
    plus,
    pod,
    without,
)
from tests.helpers.shop import PROFILE, SYSTEM

ASKED = ("shop", "shop.run-1", "shop.run-1.svc.cluster.local")


def name(t: float, asked: str, *addresses: str, source: str = "client", error: str | None = None) -> Moment:
    by = {"source": source, "source_pod": f"{source}-a", "source_uid": f"{source}-a"}
    by |= {"service": asked.partition(".")[0], "expected": ["10.1.0.1"], "after": ["10.1.0.1"]}
    return t, "name", {"asked": asked, **by, "addresses": list(addresses), "error": error}


def dns() -> History:
    names = [asked.replace("shop", service.name, 1) for service in SYSTEM.services for asked in ASKED]
    seen = [name(t, asked, "10.1.0.1", source=source) for t, source in ((1, "client"), (2, "shop")) for asked in names]
    return [pod(0, "shop-a", name="shop-a"), *seen]


HISTORIES = {"dns": dns}
judged = judging(HISTORIES)


def moved(asked: str, **fields: object) -> Change:
    """The client's answer to that name came while the addresses moved."""
    return changed("name", {"asked": asked, "source": "client"}, after=["10.1.0.2"], **fields)


UNDER_POLICY = "looked up from a pod under the system's own egress policy"
BROKEN = {
    "no such name": (NAMES, changed("name", {"asked": "shop.run-1"}, error="NXDOMAIN"), "NXDOMAIN"),
    "wrong address": (NAMES, changed("name", {"asked": "shop"}, addresses=["10.9.9.9"]), "10.9.9.9"),
    "one address too many": (NAMES, changed("name", {"asked": "shop"}, addresses=["10.1.0.1", "10.9.9.9"]), "10.9.9.9"),
    "no answer under the system's own policies": (
        NAMES,
        changed("name", {"source": "shop"}, addresses=[], error="Temporary failure in name resolution"),
        "from shop: Temporary failure",
    ),
    "another address for a pod of the system": (
        NAMES,
        changed("name", {"source": "shop", "asked": "shop"}, addresses=["10.9.9.9"]),
        "shop from shop answers 10.9.9.9",
    ),
    "wrong once, then right": (NAMES, plus(name(0.5, "shop", "10.9.9.9")), "10.9.9.9"),
    "right once, then wrong": (NAMES, plus(name(3, "shop", "10.9.9.9")), "10.9.9.9"),
}
MISSING = {
    "one name not asked": (NAMES, without("name", asked="shop.run-1"), "NAME.NAMESPACE"),
    "name not observed": (NAMES, changed("name", {"asked": "shop"}, error=MISSED), MISSED),
    "nothing expected": (NAMES, changed("name", {}, expected=[], after=[], addresses=[]), "no answer can be right"),
    "asked by the client alone": (NAMES, without("name", source="shop"), f"{UNDER_POLICY}: no pod of shop asked"),
    "asked for one name by the system's pod": (
        NAMES,
        without("name", source="shop", asked="shop.run-1"),
        f"{UNDER_POLICY}: no pod of shop asked for shop as NAME.NAMESPACE",
    ),
    "asked in the system's name by the client": (
        NAMES,
        changed("name", {"source": "shop"}, source_uid="client-a"),
        UNDER_POLICY,
    ),
    "asked by a pod of nobody": (NAMES, changed("pod", {}, workload=None), UNDER_POLICY),
    "no pod was watched": (NAMES, without("pod"), UNDER_POLICY),
    "not asked by the client": (NAMES, without("name", source="client"), "was not asked for as"),
    "not observed in the system's pod": (NAMES, changed("name", {"source": "shop"}, error=MISSED), MISSED),
    "its addresses moved": (NAMES, moved("shop"), "the addresses of shop moved each time"),
    "its addresses moved, and the answer was another": (
        NAMES,
        moved("shop", addresses=["10.1.0.2"]),
        "the addresses of shop moved each time",
    ),
    "nothing is said of the addresses afterwards": (NAMES, changed("name", {}, after=None), "moved each time"),
    "asked in another namespace": (
        NAMES,
        changed("name", {"asked": "shop.run-1"}, asked="shop.run-2"),
        "in several namespaces: run-1, run-2",
    ),
}
WORST_WINS = {
    "one name wrong, one not asked": (
        NAMES,
        both(without("name", asked="shop"), changed("name", {"asked": "shop.run-1"}, addresses=[])),
    ),
}


@cases(BROKEN)
def test_a_broken_promise_is_a_fail_that_says_what_was_seen(check, change, reason):
    assert_broken(judged(check, change), reason)


@cases(MISSING)
def test_a_missing_part_is_unknown_and_says_which(check, change, reason):
    assert_unknown(judged(check, change), reason)


@cases(WORST_WINS)
def test_broken_and_missing_together_is_broken(check, change):
    assert_broken(judged(check, change))


def test_what_was_asked_while_addresses_moved_does_not_count_once_they_stand_still():
    again = plus(name(40, "shop", "10.1.0.1"))
    assert judged(NAMES, both(moved("shop", addresses=["10.1.0.2"]), again)).passed


def test_in_any_domain():
    there = changed("name", {"asked": ASKED[2]}, asked="shop.run-1.svc.shop.example")
    assert judged(NAMES, there).passed


def test_where_nobody_calls_anybody_nobody_has_to_look_up_a_name():
    verdict = judged(NAMES, without("name", source="shop"), profile=replace(PROFILE, allowed=()))
    assert verdict.passed
    assert "none looks up a name" in verdict.premises[0].verdict.report()


@pytest.mark.parametrize("history", [without("name"), both()], ids=["not asked for", "asked for"])
def test_an_external_name_is_skipped_by_name(history):
    elsewhere = Service("shop", (), (ServicePort(None, 80, 80),), kind="ExternalName")
    verdict = judged(NAMES, history, system=replace(SYSTEM, services=(elsewhere,)))
    assert verdict.outcome is Outcome.SKIPPED
    assert "shop is an ExternalName" in verdict.because
