"""Histories of a database that is away, whatever took it: what the pods did, what they answered, what it answered."""

from typing import Any

from tests.helpers.histories import History, Moment, changed, endpoints, marker, pod


def asked(t: float, question: str, name: str, status: int | None, seconds: float = 0.01, **fields: Any) -> Moment:
    known = {"question": question, "pod": f"shop-{name}", "url": "http://10.0.0.1/", "seconds": seconds}
    return t, "asked", {**known, "status": status, "error": None, **fields}


def answer(t: float, question: str, status: int | None, **fields: Any) -> Moment:
    """One more answer of pod a."""
    return asked(t, question, "a", status, **fields)


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


def outage() -> History:
    """A database scaled to nothing at 1 s and back at 30 s, and its callers asked all the while."""
    answers = asks()
    return sorted([*_outage(), *answers, (41.0, "asked.end", {"asked": len(answers)})], key=lambda moment: moment[0])


def _outage() -> History:
    return [
        endpoints(0, "shop-a", "shop-b"),
        pod(0, "a"),
        pod(0, "b"),
        marker(1, "database stopped"),
        pod(9, "a", ready=False),
        endpoints(9, "shop-b"),
        pod(12, "b", ready=False),
        endpoints(12),
        marker(30, "database started"),
        pod(33, "l", "ledger"),
        pod(35, "a"),
        endpoints(35, "shop-a"),
        pod(36, "b"),
        endpoints(36, "shop-a", "shop-b"),
    ]


def fault(outcome: str) -> History:
    """The outage of a database that is still there: its pod stays Ready, and greetings come to nothing."""
    there = [moment for moment in outage() if moment[2].get("workload") != "ledger"]
    greetings = [greeted(t + 0.9, outcome, 2.0) for t in range(3, 28, 3)]
    answered = [greeted(t, "answered") for t in (0.5, 30.6, 31.6, 40.0)]
    database = [pod(0, "l", "ledger"), marker(1.2, "database away"), *greetings, *answered]
    return sorted([*there, *database], key=lambda moment: moment[0])
