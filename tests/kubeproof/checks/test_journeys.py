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
    marker,
    moved,
    plus,
    step,
    without,
)


def buy() -> History:
    walks = [moment for walk in range(3) for moment in walked(walk)]
    return [
        marker(0.5, "path settled", at="buy", settled=True, attempts=2, seconds=0.2, before="http://shop:80/: 503"),
        *walks,
    ]


def walked(walk: int) -> History:
    cup, t = {"id": 7 + walk, "name": "cup", "price": 1}, 1 + 4 * walk
    return [
        step(t, "buy", 0, "POST", 201, cup, walk=walk),
        step(t + 1, "buy", 1, "GET", 200, cup, walk=walk, url=f"http://shop:80/things/{7 + walk}"),
        step(t + 2, "buy", 2, "GET", 200, {"items": [{"id": 1, "name": "pot"}, cup]}, walk=walk),
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
    "second try": (JOURNEY, plus(step(0.9, "buy", 0, "POST", 500, None, walk=0)), "answered 500"),
    "a walk of its own": (JOURNEY, plus(step(0.9, "buy", 0, "POST", 500, None)), "answered 500"),
    "broken in the end": (JOURNEY, changed("step", {"walk": 2, "index": 1}, status=404), "answered 404, should be 200"),
    "wrong, and the thing is another": (
        JOURNEY,
        both(without("step", index=0), changed("step", {"walk": 0, "index": 1}, status=500)),
        "answered 500, should be 200",
    ),
}
MISSING = {
    "step missing": (JOURNEY, without("step", index=2), "3 GET /things was not seen"),
    "step not observed": (JOURNEY, changed("step", {"index": 1}, error=MISSED), MISSED),
    "saving step missing": (JOURNEY, without("step", index=0), "was not seen"),
    "another step": (JOURNEY, changed("step", {"index": 1}, method="PUT"), "the evidence has PUT"),
    "another thing": (
        JOURNEY,
        changed("step", {"walk": 1, "index": 1}, url="http://shop:80/things/7"),
        "every request was the one that profile and manifests say: the evidence has GET http://shop:80/things/7",
    ),
    "another Service": (JOURNEY, changed("step", {"index": 2}, url="http://ledger:80/things"), "has GET http://ledger"),
    "another port": (JOURNEY, changed("step", {"index": 2}, url="http://shop:7000/things"), "has GET http://shop:7000"),
    # Of a request that nobody declares an error says nothing of the system.
    "an error of another request": (
        JOURNEY,
        changed("step", {"index": 2}, url="http://shop:80/thing", status=404),
        "has GET http://shop:80/thing",
    ),
    "a step too many": (JOURNEY, plus(step(14, "buy", 3, "GET", 200, None, walk=2)), "the evidence has GET"),
    "not walked": (JOURNEY, without("step"), "'buy' was not walked"),
    "walked once": (JOURNEY, both(without("step", walk=1), without("step", walk=2)), "that were seen: 1"),
    "walks without numbers": (JOURNEY, changed("step", {"walk": 1}, walk=None), "that were seen: 2"),
    "out of order": (JOURNEY, moved(0.9, "step", walk=0, index=1), "not seen in their order"),
    "walks out of order": (JOURNEY, moved(0.9, "step", walk=1), "not seen in their order"),
    "never settled": (JOURNEY, changed("marker", {}, settled=False), "it was not answered: http://shop:80/: 503"),
    "settled afterwards": (JOURNEY, moved(2.5, "marker"), "nobody looked before"),
    "another way settled": (JOURNEY, changed("marker", {}, at="sell"), "nobody looked before"),
    "nobody looked": (JOURNEY, without("marker"), "the path answered before the first walk: nobody looked"),
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
