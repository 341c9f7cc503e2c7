"""Journeys of the profile, walked from the client pod."""

import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from kubeproof.observe.cluster import ExecFailed
from kubeproof.observe.deployed import Deployed, promised
from kubeproof.observe.waiting import NotInTime, wait_until


def walk_settled(on: Deployed, of: str, name: str, saved: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """
    Walk a journey until the path answers at all (no connection error, no 5xx), at most 20 s; record the last walk.

    What was refused before promises nothing: a pod is Ready before every proxy sends to it, and each pod finds for
    itself that its connections died with an earlier database. Another walk after this one might meet the next such
    pod. Gives what the answers saved.
    """
    began = time.monotonic()
    attempts: list[list[dict[str, Any]]] = []

    def answers() -> bool:
        attempts.append(_ask(on, name, saved or {}))
        return all((line["status"] or 599) < 500 for line in attempts[-1])

    # A path that does not settle is judged by what it answers.
    with suppress(NotInTime):
        wait_until(answers, within=20, hoping=f"the path of journey {name!r} answers")
    on.mark(of, "path settled", attempts=len(attempts), seconds=round(time.monotonic() - began, 3))
    for line in attempts[-1]:
        on.recorder.line(of, "step", journey=name, **line)
    return dict(attempts[-1][-1]["saved"]) if attempts[-1] else {}


def observe_journey(on: Deployed, of: str, name: str) -> None:
    """Walk one journey, a `step` line each."""
    steps = _steps(on, name)
    try:
        lines = _ask(on, name, {})
    except ExecFailed as error:
        on.recorder.line(
            of,
            "step",
            journey=name,
            index=0,
            method=steps[0]["method"],
            url=steps[0]["url"],
            status=None,
            body=None,
            error=f"not observed: {error}",
            saved={},
            seconds=0.0,
        )
        return
    for line in lines:
        on.recorder.line(of, "step", journey=name, **line)


def _steps(on: Deployed, name: str) -> list[dict[str, Any]]:
    journey = promised(on.profile.journey(name), f"journey {name}")
    return [
        {"method": step.method, "url": on.url(step.service, step.path), "body": step.body, "save": dict(step.save)}
        for step in journey.steps
    ]


def _ask(on: Deployed, name: str, saved: Mapping[str, Any]) -> list[Any]:
    return on.ask("journey", {"steps": _steps(on, name), "saved": dict(saved)}, within=120)
