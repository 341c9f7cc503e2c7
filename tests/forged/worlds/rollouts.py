"""Worlds of replaced pods: who answered meanwhile, what was in flight, how long it took, what was replaced at all."""

from itertools import count

from tests.forged.edits import counted, dropped, lines, of, rewritten
from tests.forged.world import EITHER, FAIL, UNKNOWN, World
from tests.helpers.histories import Change, History, Moment, both, changed, plus, pod

ROLLOUT, CONFIG = "rollout:shop", "config"
LOSS, IN_TIME, ROLLS = "rollout.no-loss", "rollout.in-time", "config.change-rolls"
STARTED, DONE = "rollout started", "rollout done"


def dense(history: History) -> History:
    """The history with five times as many requests, evenly between those that are there."""

    def shifted(moment: Moment, by: float) -> Moment:
        t, kind, data = moment
        return t + by, kind, {**data, "intended": data["intended"] + by, "sent": data["sent"] + by}

    found = [shifted(moment, 0.1 * i) for moment in history if moment[1] == "request" for i in range(1, 5)]
    return counted(plus(*found)(history))


def slow(connection: str, how_many: int) -> Change:
    """So many requests of a rollout that took ten seconds."""

    def change(history: History) -> History:
        meant, place = lines("request", since=STARTED, connection=connection)(history), count()
        return [
            (t, kind, {**data, "seconds": 9.9})
            if meant((t, kind, data)) and next(place) < how_many
            else (t, kind, data)
            for t, kind, data in history
        ]

    return change


WHO_ANSWERED = {
    "a rollout answered by a pod that nobody knows": rewritten(lines("request"), pod="shop-unknown"),
    "one answer of a pod that nobody knows": changed("request", {"intended": 1014.0}, pod="shop-unknown"),
    "a rollout answered by an old pod after it was gone": rewritten(lines("request", since=DONE), pod="shop-a"),
    "a rollout answered by an old pod alone": rewritten(lines("request"), pod="shop-a"),
    "a rollout answered by the new pods alone": rewritten(lines("request"), pod="shop-c"),
    "a new pod answers before it was there": rewritten(lines("request", until=STARTED), pod="shop-d"),
    "a pod of another workload answers": rewritten(lines("request", since=DONE), pod="ledger-l"),
}
WHAT_WAS_REPLACED = {
    "two old pods and one new": dropped(lines("pod", uid="d")),
    "an old pod that stays beside the new ones": dropped(lines("pod", uid="b", deleted=True)),
    "pods that were deleted by hand": rewritten(lines("pod"), revision="r1"),
    "a new pod that is gone in the end": both(
        lambda history: [*history, pod(max(t for t, *_ in history), "d", deleted=True, gone=True, ready=False)]
    ),
    "a pod that nobody asked for beside the new ones": plus(pod(20, "e")),
}

WORLDS = {
    **{name: World(LOSS, of(ROLLOUT, change), "", EITHER) for name, change in WHO_ANSWERED.items()},
    **{name: World(LOSS, of(ROLLOUT, change), "", EITHER) for name, change in WHAT_WAS_REPLACED.items()},
    "nothing was in flight when a pod ended": World(
        LOSS, of(ROLLOUT, dropped(lines("request", connection="held")), counted), "", UNKNOWN
    ),
    "a request that was held was cut": World(
        LOSS,
        of(ROLLOUT, rewritten(lines("request", connection="held"), status=None, error="ConnectionResetError: reset")),
        "",
        FAIL,
    ),
    "the sender's own resolver failed": World(
        LOSS,
        of(ROLLOUT, changed("request", {"intended": 1014.0}, status=None, error="not observed: gaierror: -3")),
        "not observed",
        UNKNOWN,
    ),
    "five of six hundred take ten seconds": World(
        IN_TIME, of(ROLLOUT, dense, slow("new", 2), slow("reused", 3)), "", EITHER
    ),
    "answers from before they were asked for": World(
        IN_TIME, of(ROLLOUT, rewritten(lines("request", since=STARTED), seconds=-0.2)), "", UNKNOWN
    ),
    "a sender that was late by a second each time": World(
        LOSS, of(ROLLOUT, rewritten(lines("request"), sent=lambda sent: sent + 0.99)), "", UNKNOWN
    ),
    "sent all at once, and written down with other times": World(
        LOSS, of(ROLLOUT, rewritten(lines("request"), sent=1000.0)), "", UNKNOWN
    ),
    "pods replaced by ones of the same configuration": World(
        ROLLS, of(CONFIG, rewritten(lines("pod"), revision="r1")), "", EITHER
    ),
    "one pod of two knows the change": World(ROLLS, of(CONFIG, dropped(lines("pod", uid="d"))), "", EITHER),
    "replaced, and gone in the end": World(
        ROLLS,
        of(CONFIG, plus(*(pod(39, uid, deleted=True, gone=True, ready=False) for uid in "cd"))),
        "",
        EITHER,
    ),
    "a change of what another workload reads": World(
        ROLLS,
        of(CONFIG, rewritten(lines("marker", says="configuration changed"), objects=["ConfigMap/other"])),
        "",
        EITHER,
    ),
}
