"""Histories of a database that is away, whatever took it: what the pods did, what they answered, what it answered."""

from typing import Any

from tests.helpers.histories import Change, History, Moment, changed, endpoints, marker, pod

SENDER = 1000.0  # the clock of the pod that asks is so much ahead of the run's
IPS = {"a": "10.0.0.1", "b": "10.0.0.2", "c": "10.0.0.3"}


def asked(t: float, question: str, name: str, status: int | None, seconds: float = 0.01, **fields: Any) -> Moment:
    known = {"question": question, "pod": f"shop-{name}", "uid": name, "url": f"http://{IPS[name]}:7000/"}
    due = {"intended": t - seconds + SENDER, "sent": t - seconds + SENDER, "seconds": seconds}
    return t, "asked", {**known, **due, "status": status, "error": None, **fields}


def answer(t: float, question: str, status: int | None, **fields: Any) -> Moment:
    """One more answer of pod a."""
    return asked(t, question, "a", status, **fields)


def slowed(seconds: float, since: float = 0.0, until: float = 100.0, **fields: Any) -> Change:
    """The history in which the asks with these fields took so long until they were answered."""

    def slow(moment: Moment) -> Moment:
        t, kind, data = moment
        if kind != "asked" or not since <= t <= until or not fields.items() <= data.items():
            return moment
        due = t - seconds + SENDER
        return t, kind, {**data, "intended": due, "sent": due, "seconds": seconds}

    return lambda history: [slow(moment) for moment in history]


def counted(history: History) -> History:
    """The history whose end counts the asks that are in it."""
    count = sum(1 for moment in history if moment[1] == "asked")
    return changed("asked.end", {}, asked=count)(history)


def cut_short(history: History) -> History:
    """The history with a database that came back after 14 s."""
    return [(15.0 if data.get("says") == "database started" else t, kind, data) for t, kind, data in history]


def asks() -> History:
    """Both questions to both pods, every 0.4 s: alive throughout, serving until 1 s and again from 35.4 s on."""
    times = [tick * 0.4 + 0.2 for tick in range(100)]
    return [
        asked(t, question, name, 503 if question == "request" and 1 < t < 35.2 else 200)
        for t in times
        for question in ("liveness", "request")
        for name in ("a", "b")
    ]


def greeted(t: float, outcome: str, seconds: float = 0.01, **fields: Any) -> Moment:
    known = {"pod": "ledger-l", "host": "10.0.0.9", "port": 7001, "outcome": outcome, "says": "", "seconds": seconds}
    return t, "greeted", {**known, **fields}


def event(t: float, uid: str, reason: str, says: str, **fields: Any) -> Moment:
    return t, "event", {"reason": reason, "object": f"Pod/shop-{uid}", "uid": uid, "says": says, "count": 1, **fields}


def ledger_endpoints(t: float, *ready: str, **fields: Any) -> Moment:
    return t, "endpoints", {"service": "ledger", "ready": [*ready], "serving": [*ready], "terminating": [], **fields}


def outage() -> History:
    """A database scaled to nothing at 1 s, gone at 2 s and back at 33 s, and its callers asked all the while."""
    answers = asks()
    return sorted([*_outage(), *answers, (41.0, "asked.end", {"asked": len(answers)})], key=lambda moment: moment[0])


def _outage() -> History:
    return [
        endpoints(0, "shop-a", "shop-b"),
        ledger_endpoints(0, "ledger-k"),
        shop(0, "a"),
        shop(0, "b"),
        pod(0, "k", "ledger"),
        marker(1, "database stopped", at="ledger", uids=["k"]),
        pod(1.2, "k", "ledger", ready=False, deleted=True),
        ledger_endpoints(1.3),
        pod(1.8, "k", "ledger", ready=False, deleted=True, gone=True),
        marker(2, "database away", at="ledger"),
        event(8, "a", "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503"),
        event(8.5, "b", "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503"),
        shop(9, "a", ready=False),
        endpoints(9, "shop-b"),
        shop(12, "b", ready=False),
        endpoints(12),
        marker(30, "database started", at="ledger"),
        pod(33, "l", "ledger"),
        ledger_endpoints(33.1, "ledger-l"),
        shop(35, "a"),
        endpoints(35, "shop-a"),
        shop(36, "b"),
        endpoints(36, "shop-a", "shop-b"),
    ]


def shop(t: float, uid: str, **fields: Any) -> Moment:
    """A pod of the shop, at its own address."""
    return pod(t, uid, **{"ip": IPS[uid], **fields})


def fault(outcome: str) -> History:
    """The outage of a database that is still there: its pod stays Ready, and greetings come to nothing."""
    ledger = {"workload": "ledger", "service": "ledger", "says": "database away"}
    there = [moment for moment in outage() if all(moment[2].get(name) != value for name, value in ledger.items())]
    there = changed("marker", {"says": "database stopped"}, uids=["l"])(there)
    greetings = [greeted(t + 0.9, outcome, 2.0) for t in range(3, 28, 3)]
    answered = [greeted(t, "answered") for t in (0.5, 30.6, 31.6, 40.0)]
    database = [pod(0, "l", "ledger", ip="10.0.0.9"), marker(1.2, "database away", at="ledger"), *greetings, *answered]
    return sorted([*there, *database], key=lambda moment: moment[0])
