"""Worlds in which a pod restarted, was killed or vanished, and no deed of ours had planned that."""

from tests.forged.edits import lines, of, rewritten
from tests.forged.world import FAIL, UNKNOWN, World
from tests.helpers.histories import Change, Moment, plus, pod

UNDISTURBED = "system.undisturbed"
# A moment of each observation at which nobody planned to disturb the shop.
QUIET = {
    "dns": 0.9,
    "reachability": 0.9,
    "journey:buy": 2.0,
    "ingress": 0.9,
    "backup:ledger": 5.0,
    "restart:ledger": 1.5,
    "scaling:shop": 40.0,
}
# And of those in which ours disturb it, one at which they do not: or not in this way.
BUSY = {"outage:ledger": 20.0, "frozen:ledger": 20.0, "rollout:shop": 1.5, "config": 0.5}


def became(t: float, **fields: object) -> Change:
    """A pod of the shop that was well at first, and later is as these fields say."""
    return plus(pod(0, "a"), pod(t, "a", **fields))


def event(t: float, reason: str, words: str, **fields: object) -> Moment:
    return t, "event", {"reason": reason, "object": "Pod/shop-a", "uid": "a", "says": words, "count": 1, **fields}


def told(reason: str, words: str, **fields: object) -> Change:
    """A pod of the shop that is well as its own lines say, and of which an event says something else."""
    return plus(pod(0, "a"), event(40, reason, words, **fields))


UNDER_LOAD = {
    "killed by the kubelet, and no restart was seen yet": told(
        "Killing", "Container shop failed liveness probe, will be restarted"
    ),
    "failed its liveness probe sixty-one times": told(
        "Unhealthy", "Liveness probe failed: context deadline exceeded", count=61
    ),
    "a crash loop as events tell it": told("BackOff", "Back-off restarting failed container shop in pod shop-a"),
    "out of memory, and counted by nobody": became(40, ended=["OOMKilled"]),
    "evicted by its node": became(40, phase="Failed", ready=False),
}

WORLDS = {
    **{
        f"fifty restarts while nobody looked: {observation}": World(
            UNDISTURBED, of(observation, became(t, restarts=50)), "restarted 50 times", FAIL
        )
        for observation, t in {**QUIET, **BUSY}.items()
    },
    **{
        f"a pod vanished while nobody looked: {observation}": World(
            UNDISTURBED, of(observation, became(t, deleted=True, gone=True, ready=False)), "vanished", FAIL
        )
        for observation, t in QUIET.items()
    },
    **{
        f"under load: {name}": World(UNDISTURBED, of("scaling:shop", change), "", FAIL)
        for name, change in UNDER_LOAD.items()
    },
    "the database restarts during a rollout of who needs it": World(
        UNDISTURBED,
        of("rollout:shop", plus(pod(0, "l", "ledger"), pod(9, "l", "ledger", restarts=2))),
        "ledger-l",
        FAIL,
    ),
    "restarts that nobody counted": World(UNDISTURBED, of("scaling:shop", became(40, restarts=None)), "", UNKNOWN),
    "our deed was about another pod": World(
        UNDISTURBED, of("rollout:shop", rewritten(lines("marker", says="rollout started"), uids=["x", "y"])), "", FAIL
    ),
}
