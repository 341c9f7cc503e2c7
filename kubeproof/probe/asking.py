"""
What pods and a database answer while the database is away: asked when it is due, however late the answers come.

Each line printed here becomes one of the evidence: kubeproof.observe.streams reads it, for kubeproof.observe.outage.
"""

import time
from collections.abc import Mapping
from functools import partial
from typing import Any

from .attempts import Target, greeted
from .exchange import exchange, say
from .schedule import Schedule, run_until_told

SENDERS = 8  # threads of each target

Plan = Mapping[str, Any]


def ask(plan: Plan) -> None:
    """Ask each target `rate` times a second on new connections; `seconds` of an answer count from its intended time."""
    schedules = [Schedule(plan["rate"], plan["seconds"]) for _ in plan["targets"]]
    asked: list[float] = []

    def asking(target: Plan, schedule: Schedule) -> None:
        fields = {name: value for name, value in target.items() if name not in ("method", "body", "headers")}
        while (intended := schedule.take()) is not None:
            headers = {**target["headers"], "Connection": "close"}
            status, _, error = exchange(target["method"], target["url"], target["body"], headers)
            took = round(time.time() - intended, 4)
            asked.append(intended)
            say(kind="asked", **fields, seconds=took, status=status, error=error)

    pairs = zip(plan["targets"], schedules, strict=True)
    run_until_told([partial(asking, *pair) for pair in pairs for _ in range(SENDERS)], schedules)
    say(kind="asked.end", asked=len(asked))


def greet(plan: Plan) -> None:
    """Greet each target `rate` times a second, one greeting after the other."""
    schedules = [Schedule(plan["rate"], plan["seconds"]) for _ in plan["targets"]]

    def greeting(target: Target, schedule: Schedule) -> None:
        while schedule.take() is not None:
            say(kind="greeted", **greeted(target))

    pairs = zip(plan["targets"], schedules, strict=True)
    run_until_told([partial(greeting, *pair) for pair in pairs], schedules)
