"""Worlds of a database that was lost: the outage that never was, what callers were told, who left and came back."""

from tests.forged.edits import at_the_end, cloned, counted, dropped, later, lines, of, rewritten, stays
from tests.forged.world import EITHER, FAIL, UNKNOWN, World
from tests.helpers.histories import History, both, endpoints, plus, pod
from tests.helpers.outages import asked, greeted

OUTAGE, FROZEN, BLACK_HOLED = "outage:ledger", "frozen:ledger", "black-holed:ledger"
AWAY, BACK = "database stopped", "database started"
ANSWERS, FOLLOWS, IGNORES = (
    "outage.answers",
    "probes.readiness-follows-database",
    "probes.liveness-ignores-database",
)
REFUSALS = lines("asked", since=AWAY, until=BACK, question="request", status=503)

NEVER_LEFT = both(stays("ledger"), plus(pod(33, "l", "ledger")))
IGNORES_SIGTERM = both(
    stays("ledger"),
    plus(
        pod(1.1, "l", "ledger", deleted=True),
        pod(29.5, "l", "ledger", deleted=True, gone=True, ready=False),
        pod(33, "m", "ledger"),
    ),
)
HEALED_AWAY = both(
    stays("ledger"),
    plus(
        pod(1.1, "l", "ledger", deleted=True),
        pod(3, "l", "ledger", deleted=True, gone=True, ready=False),
        pod(4, "m", "ledger"),
        pod(33, "m", "ledger"),
    ),
)


def evicted(history: History) -> History:
    """Both pods evicted when the database went, and others in their place once it was back."""
    for uid in "ab":
        history = dropped(lines("pod", since=AWAY, uid=uid))(history)
    went = [pod(8, uid, deleted=True, gone=True, ready=False) for uid in "ab"]
    back = endpoints(36.5, "shop-c", "shop-d")
    return plus(*went, pod(34, "c"), pod(35, "d"), back)(dropped(lines("endpoints", since=BACK))(history))


def hangs_among_many(history: History) -> History:
    """One of six pods lets all but one caller hang, each for so long that few can ask."""
    history = cloned("shop-a", "1", "2", "3", "4")(history)
    of_b = lines("asked", since=AWAY, until=BACK, question="request", pod="shop-b")(history)
    asks = [moment for moment in history if of_b(moment)]
    rest = [moment for moment in history if not of_b(moment)]
    slow = [asked(t, "request", "b", 503, 9.9, **_of(asks[0][2], "uid", "url")) for t in (12.0, 22.0)]
    return counted(plus(asks[-1], *slow)(rest))


def _of(fields: dict[str, object], *names: str) -> dict[str, object]:
    return {name: fields[name] for name in names if name in fields}


WORLDS = {
    **{
        f"{name}: {check}": World(check, of(OUTAGE, change), "not shown that", UNKNOWN)
        for check in (ANSWERS, FOLLOWS, IGNORES)
        for name, change in {
            "a database that never went": NEVER_LEFT,
            "a database that ignores SIGTERM until the window is over": IGNORES_SIGTERM,
            "a database that somebody brought back after three seconds": HEALED_AWAY,
        }.items()
    },
    **{
        f"without its database it answers {status}": World(
            ANSWERS, of(OUTAGE, rewritten(REFUSALS, status=status)), str(status), FAIL
        )
        for status in (200, 204, 301, 404)
    },
    "one of six pods lets callers hang": World(ANSWERS, of(OUTAGE, hangs_among_many), "shop-b"),
    "answers from before they were asked for": World(
        ANSWERS, of(OUTAGE, rewritten(REFUSALS, seconds=-0.2)), "", UNKNOWN
    ),
    "another pod of the same name answers": World(
        ANSWERS, of(OUTAGE, rewritten(lines("asked", since=AWAY, pod="shop-a"), uid="another")), "", UNKNOWN
    ),
    "pods replaced while the database was away: answers": World(ANSWERS, of(OUTAGE, evicted), "", EITHER),
    "evicted, which is not leaving": World(FOLLOWS, of(OUTAGE, evicted), "not shown that", UNKNOWN),
    "back a quarter of an hour later": World(
        FOLLOWS, of(OUTAGE, later(lines("endpoints", since=BACK, service="shop"), 900.0))
    ),
    "back, and away again in the end": World(FOLLOWS, of(OUTAGE, at_the_end(endpoints(1)))),
    "back, and one away again in the end": World(FOLLOWS, of(OUTAGE, at_the_end(endpoints(1, "shop-a")))),
    "a fault during which the database was replaced": World(
        "outage.frozen",
        of(
            FROZEN,
            plus(pod(10, "l", "ledger", deleted=True, gone=True, ready=False), pod(12, "m", "ledger")),
        ),
        "",
        UNKNOWN,
    ),
    "a fault that nobody felt between two greetings": World(
        "outage.frozen",
        of(FROZEN, dropped(lines("greeted", since="database away", until=BACK)), plus(greeted(3, "silent", 2.0))),
        "",
        UNKNOWN,
    ),
    "silence for no time": World(
        "outage.black-holed",
        of(BLACK_HOLED, rewritten(lines("greeted", since="database away", until=BACK), seconds=0.0)),
        "",
        UNKNOWN,
    ),
    "greetings to nobody's pod": World(
        "outage.frozen", of(FROZEN, rewritten(lines("greeted"), pod="ledger-unknown")), "", UNKNOWN
    ),
    "the endpoints of another Service": World(FOLLOWS, of(OUTAGE, rewritten(lines("endpoints"), service="shop-2"))),
}
