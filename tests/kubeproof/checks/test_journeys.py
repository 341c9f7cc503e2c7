"""api.journey on histories: each step answers as the profile says, by what was answered and what was saved."""

from kubeproof.checks.journeys import JOURNEY
from tests.helpers.histories import (
    MISSED,
    TRANSPORT,
    History,
    assert_broken,
    assert_unknown,
    both,
    cases,
    changed,
    judging,
    plus,
    step,
    without,
)


def buy() -> History:
    cup = {"id": 7, "name": "cup", "price": 1}
    return [
        step(1, "buy", 0, "POST", 201, cup),
        step(2, "buy", 1, "GET", 200, cup),
        step(3, "buy", 2, "GET", 200, {"items": [{"id": 1, "name": "pot"}, cup]}),
    ]


HISTORIES = {"journey:buy": buy}
judged = judging(HISTORIES)

BROKEN = {
    "wrong status": (JOURNEY, changed("step", {"index": 1}, status=500), "answered 500, should be 200"),
    "transport": (JOURNEY, changed("step", {"index": 1}, error=TRANSPORT, status=None), TRANSPORT),
    "wrong content": (JOURNEY, changed("step", {"index": 1}, body={"id": 7, "name": "pot"}), "contain"),
    "id as a text": (JOURNEY, changed("step", {"index": 1}, body={"id": "7", "name": "cup"}), "contain"),
    "not listed": (JOURNEY, changed("step", {"index": 2}, body={"items": []}), "none of the 0"),
    "no list": (JOURNEY, changed("step", {"index": 2}, body="oops"), "lists no items"),
    "nothing to save": (JOURNEY, changed("step", {"index": 0}, body={"name": "cup"}), "no 'id'"),
    "second try": (JOURNEY, plus(step(0.5, "buy", 0, "POST", 500, None)), "answered 500"),
}
MISSING = {
    "step missing": (JOURNEY, without("step", index=2), "3 GET /things was not seen"),
    "step not observed": (JOURNEY, changed("step", {"index": 1}, error=MISSED), MISSED),
    "saving step missing": (JOURNEY, without("step", index=0), "was not seen"),
    "another step": (JOURNEY, changed("step", {"index": 1}, method="PUT"), "has PUT there"),
}
WORST_WINS = {
    "a step wrong, the next missing": (
        JOURNEY,
        both(without("step", index=2), changed("step", {"index": 1}, status=500)),
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
