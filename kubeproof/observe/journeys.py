"""Journeys of the profile, walked from the client pod."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from kubeproof.observe.cluster import ExecFailed
from kubeproof.observe.deployed import Deployed, promised
from kubeproof.observe.waiting import NotInTime, pause, wait_until
from kubeproof.profile.intent import Entry
from kubeproof.profile.journeys import Journey, JourneyStep

# Seconds for a path to answer. A pod is Ready before every proxy sends to it, and each pod finds for itself that its
# connections died with an earlier database: what was refused before promises nothing.
SETTLED = 20.0
WALKS = 3  # one right answer may be chance where two pods stand behind a Service
APART = 1.0  # seconds between two walks: what held for a moment may not hold in the next

Answers = list[dict[str, Any]]


def observe_journey(on: Deployed, of: str, name: str) -> None:
    """
    Walk one journey several times, a `step` line for each step, once a harmless request on the same way is answered.

    What came before that is told by the marker 'path settled', and breaks no promise; what comes after it does.
    """
    journey = promised(on.profile.journey(name), f"journey {name}")
    reads, steps = list(_reads(on, journey)), _steps(on, journey)
    _settle(on, of, name, lambda: _tried(on, reads))
    for walk in range(WALKS):
        pause(APART if walk else 0.0)
        for line in _tried(on, steps):
            on.recorder.line(of, "step", journey=name, walk=walk, **line)


def walk_settled(on: Deployed, of: str, name: str, saved: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """
    Walk a journey until the path answers at all (no connection error, no 5xx), at most 20 s; record the last walk.

    Another walk after this one might meet the next pod that does not answer yet. Gives what the answers saved.
    """
    steps = _steps(on, promised(on.profile.journey(name), f"journey {name}"))
    lines = _settle(on, of, name, lambda: _ask(on, steps, saved or {}))
    for line in lines:
        on.recorder.line(of, "step", journey=name, **line)
    return dict(lines[-1]["saved"]) if lines else {}


def _settle(on: Deployed, of: str, name: str, ask: Callable[[], Answers]) -> Answers:
    """Ask until every answer is one, then mark how often and how long, and what was said before; the last answers."""
    began = time.monotonic()
    attempts: list[Answers] = []
    before: str | None = None

    def answers() -> bool:
        nonlocal before
        attempts.append(ask())
        refused = [line for line in attempts[-1] if (line["status"] or 599) >= 500]
        if refused:
            before = f"{refused[0]['url']}: {refused[0]['error'] or refused[0]['status']}"
        return not refused

    settled = False
    # A path that does not settle is judged by what it answers.
    with suppress(NotInTime):
        wait_until(answers, within=SETTLED, hoping=f"the path of journey {name!r} answers")
        settled = True
    took = round(time.monotonic() - began, 3)
    on.mark(of, "path settled", at=name, settled=settled, attempts=len(attempts), seconds=took, before=before)
    return attempts[-1]


def _reads(on: Deployed, journey: Journey) -> Iterator[dict[str, Any]]:
    """
    For each Service of a journey a GET that changes nothing and needs nothing.

    It is one of the journey's own where there is one, else the profile's entry, else the root.
    """
    asks: tuple[JourneyStep | Entry, ...] = (*journey.steps, *on.profile.entries)
    for service in dict.fromkeys(step.service for step in journey.steps):
        paths = [
            asked.path for asked in asks if (asked.service, asked.method) == (service, "GET") and "{" not in asked.path
        ]
        yield {"method": "GET", "url": on.url(service, (*paths, "/")[0]), "body": None}


def _steps(on: Deployed, journey: Journey) -> Answers:
    return [
        {"method": step.method, "url": on.url(step.service, step.path), "body": step.body, "save": dict(step.save)}
        for step in journey.steps
    ]


def _ask(on: Deployed, steps: Answers, saved: Mapping[str, Any]) -> Answers:
    return on.ask("journey", {"steps": steps, "saved": dict(saved)}, within=120)


def _tried(on: Deployed, steps: Answers) -> Answers:
    """The lines of the steps; of a probe that failed one line, which says so."""
    try:
        return _ask(on, steps, {})
    except ExecFailed as error:
        failed = {"status": None, "body": None, "error": f"not observed: {error}"}
        asked = {"index": 0, "method": steps[0]["method"], "url": steps[0]["url"]}
        return [{**asked, **failed, "saved": {}, "seconds": 0.0}]
