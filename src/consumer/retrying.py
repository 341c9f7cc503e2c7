"""Which call may be tried again, and the pause before it: the only module that knows backoff."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import backoff

from consumer.call import Call, Ending, Reply, UpstreamFailed

TRANSIENT = frozenset({429, 502, 503, 504})
TURN = 0.05  # seconds: how long a pause goes on after the process was told to stop

Outcome = Reply | UpstreamFailed


@dataclass(frozen=True)
class Patience:
    """Bounds of one call, in seconds where they are times: `attempt` is for a whole one, `total` for the call."""

    connect: float = 1.0
    attempt: float = 2.0
    total: float = 6.0
    attempts: int = 3
    first_pause: float = 0.1
    longest_pause: float = 1.0


PATIENCE = Patience()
"""What the service runs with."""


def worth_repeating(call: Call, outcome: Outcome, *, unsure: bool) -> bool:
    """Tell whether asking again could mend this and can do no harm; `unsure`: an attempt may have been carried out."""
    if isinstance(outcome, UpstreamFailed):
        if outcome.ending is Ending.TOO_LARGE:
            return False
        return call.repeatable or not outcome.unsure
    if outcome.status == 409 and call.method == "POST":
        return unsure  # our own earlier attempt is still at it: its answer will be there
    return outcome.status in TRANSIENT and call.repeatable


def pauses(patience: Patience) -> Iterator[float]:
    """Give the seconds before each further attempt; full jitter: what failed together must not come back together."""
    # Not its decorators: they sleep through a drain, and read the time before an attempt, never after.
    bounds = backoff.expo(factor=patience.first_pause, max_value=patience.longest_pause)
    next(bounds)
    for _ in range(patience.attempts - 1):
        yield float(backoff.full_jitter(next(bounds)))


def asked_for(outcome: Outcome) -> int:
    """Give the seconds of Retry-After; 0 when there is none (its form with a date is for crawlers)."""
    said = outcome.headers.get("retry-after", "") if isinstance(outcome, Reply) else ""
    return int(said) if said.isascii() and said.isdigit() and len(said) < 10 else 0


def wait(seconds: float, stopping: Callable[[], bool]) -> bool:
    """Let time pass; False, and soon, when the process is told to stop."""
    end = time.monotonic() + seconds
    while not stopping():
        left = end - time.monotonic()
        if left <= 0:
            return True
        time.sleep(min(left, TURN))
    return False
