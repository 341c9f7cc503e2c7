"""dns.names on histories: three names of a Service, each with exactly its addresses."""

from kubeproof.checks.dns import NAMES
from tests.helpers.histories import (
    MISSED,
    History,
    Moment,
    assert_broken,
    assert_unknown,
    both,
    cases,
    changed,
    judging,
    without,
)


def name(t: float, asked: str, *addresses: str, error: str | None = None) -> Moment:
    fields = {"service": "shop", "asked": asked, "source": "client", "addresses": list(addresses)}
    return t, "name", {**fields, "expected": ["10.1.0.1"], "error": error}


def dns() -> History:
    names = ("shop", "shop.run-1", "shop.run-1.svc.cluster.local")
    return [name(1, asked, "10.1.0.1") for asked in names]


HISTORIES = {"dns": dns}
judged = judging(HISTORIES)

BROKEN = {
    "no such name": (NAMES, changed("name", {"asked": "shop.run-1"}, error="NXDOMAIN"), "NXDOMAIN"),
    "wrong address": (NAMES, changed("name", {"asked": "shop"}, addresses=["10.9.9.9"]), "10.9.9.9"),
    "one address too many": (NAMES, changed("name", {"asked": "shop"}, addresses=["10.1.0.1", "10.9.9.9"]), "10.9.9.9"),
}
MISSING = {
    "one name not asked": (NAMES, without("name", asked="shop.run-1"), "NAME.NAMESPACE"),
    "name not observed": (NAMES, changed("name", {"asked": "shop"}, error=MISSED), MISSED),
    "nothing expected": (NAMES, changed("name", {}, expected=[], addresses=[]), "no answer can be right"),
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
