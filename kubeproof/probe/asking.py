"""
What pods and a database answer while the database is away: asked when it is due, however late the answers come.

Each line printed here becomes one of the evidence: kubeproof.observe.streams reads it, for kubeproof.observe.outage.
"""

import asyncio
import resource
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from http.client import HTTPException
from typing import Any

from .attempts import Target, greeted
from .exchange import REQUEST_TIMEOUT, printing, say, words
from .open_exchange import answered, written
from .schedule import Schedule, run_until_told

STOP_SEEN = 0.2  # seconds after which a stop is seen at the latest, while nothing is due
EPOCH = time.time() - time.monotonic()

Plan = Mapping[str, Any]


def clock() -> float:
    """Seconds since the epoch as they were known at the start: no correction of the machine's time moves them."""
    return EPOCH + time.monotonic()


def ask(plan: Plan) -> None:
    """
    Ask each target `rate` times a second on new connections, until told to stop or `seconds` are over.

    Open loop: what is due is sent, however many are in flight. Targets take turns within an interval: were they asked
    all at once, the probe would be what is slow. Each line has its times on one clock: when it was due, when it was
    sent, and how long it took from the time that it was due to the end of the answer.
    """
    _take_all_descriptors()
    with printing() as tell:
        asked = asyncio.run(_ask(plan, tell))
    say(kind="asked.end", asked=asked)


async def _ask(plan: Plan, tell: Callable[..., None]) -> int:
    """Send all that is due, wait for the last answers, and give the number of asks."""
    told = asyncio.Event()
    asyncio.get_running_loop().add_reader(sys.stdin.fileno(), told.set)
    asks = [Ask(target, tell) for target in plan["targets"]]
    # An ask is held here until it has ended: the loop itself keeps none alive.
    flying: set[asyncio.Task[None]] = set()
    asked = 0
    for next_ask, intended in _due(asks, plan["rate"], plan["seconds"]):
        while (wait := intended - clock()) > 0 and not told.is_set():
            await asyncio.sleep(min(wait, STOP_SEEN))
        if told.is_set():
            break
        flight = asyncio.create_task(next_ask.once(intended))
        flying.add(flight)
        flight.add_done_callback(flying.discard)
        asked += 1
    # A task that broke ends the agent without its end line: that is how a fault of ours shows.
    await asyncio.gather(*flying)
    return asked


def _due(asks: "Sequence[Ask]", rate: float, seconds: float) -> "Iterator[tuple[Ask, float]]":
    """Whom to ask when, in order: each target at the rate, all of them spread over an interval."""
    began = clock()
    for turn in range(int(rate * seconds)):
        for place, one in enumerate(asks):
            yield one, began + (turn + place / len(asks)) / rate


class Ask:
    """One target's request, written once, and what is said of each time that it is sent."""

    def __init__(self, target: Target, tell: Callable[..., None]) -> None:
        self._request = written(target["method"], target["url"], target["body"], target["headers"])
        fields = {name: value for name, value in target.items() if name not in ("method", "body", "headers")}
        self._tell = partial(tell, kind="asked", **fields)

    async def once(self, intended: float) -> None:
        """Send it now, although it was due at `intended`, and say what came of it."""
        sent = clock()
        status = error = None
        try:
            async with asyncio.timeout(REQUEST_TIMEOUT):
                status = await answered(self._request)
        except TimeoutError:
            error = words(TimeoutError("timed out"))
        except (OSError, HTTPException) as failure:
            error = words(failure)
        self._tell(intended=intended, sent=sent, seconds=round(clock() - intended, 4), status=status, error=error)


def _take_all_descriptors() -> None:
    """Open as many connections as this process may: who does not answer holds each for its whole time-out."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def greet(plan: Plan) -> None:
    """Greet each target `rate` times a second, one greeting after the other; in the end their number."""
    targets: Sequence[Target] = plan["targets"]
    schedules = [Schedule(plan["rate"], plan["seconds"]) for _ in targets]
    made: list[Target] = []

    def greeting(target: Target, schedule: Schedule) -> None:
        while schedule.take() is not None:
            made.append(greeted(target))
            say(kind="greeted", **made[-1])

    run_until_told([partial(greeting, *pair) for pair in zip(targets, schedules, strict=True)], schedules)
    say(kind="greeted.end", greeted=len(made))
