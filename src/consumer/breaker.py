"""
A circuit breaker: a service that fails is left alone, and its callers are told so at once.

    closed ── half of at least 10 attempts in 10 s failed ──► open ── 5 s ──► half open, one attempt let through
       ▲                                                       ▲                        │
       └────────────────────── it succeeded ───────────────────┼── it failed ───────────┘
"""

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from consumer.window import Window


@dataclass(frozen=True)
class Rules:
    """When it opens and for how long; times are in seconds."""

    window: int = 10
    least: int = 10
    share: float = 0.5
    open_for: float = 5.0


class State(Enum):
    """What it does with an attempt: let it through, hold it back, or let one through to see."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half open"


class Breaker:
    """Say `admits()` before an attempt and, when it said yes, `record()` after. May be used from many threads."""

    def __init__(self, rules: Rules = Rules(), clock: Callable[[], float] = time.monotonic) -> None:
        self._rules = rules
        self._clock = clock
        self._lock = threading.Lock()
        self._window = Window(rules.window)
        self._opened: float | None = None
        self._probed: float | None = None  # when the attempt of the half-open state went out

    @property
    def state(self) -> State:
        """The state now."""
        opened = self._opened
        if opened is None:
            return State.CLOSED
        return State.OPEN if self._clock() < opened + self._rules.open_for else State.HALF_OPEN

    @property
    def retry_after(self) -> int:
        """Whole seconds after which an attempt may be let through; at least 1."""
        opened = self._opened
        left = 0.0 if opened is None else opened + self._rules.open_for - self._clock()
        return max(1, math.ceil(left))

    def admits(self) -> bool:
        """Tell whether an attempt may go out now."""
        if self._opened is None:  # nearly always: without the lock
            return True
        with self._lock:
            if self.state is not State.HALF_OPEN:
                return self.state is State.CLOSED
            now = self._clock()
            # An attempt that never came back must not keep all others out for ever.
            if self._probed is not None and now < self._probed + self._rules.open_for:
                return False
            self._probed = now
            return True

    def record(self, good: bool) -> None:
        """Count how an admitted attempt ended."""
        with self._lock:
            now = self._clock()
            if self._opened is None:
                self._window.add(good, now)
                if not good and self._too_many_failed(now):
                    self._open(now)
            elif self._probed is not None:
                if good:
                    self._close()
                else:
                    self._open(now)
            # Else it was admitted before the breaker opened, and tells nothing new (it is shorter than `open_for`).

    def shown(self) -> dict[str, Any]:
        """Give the state for people: it stands in the readiness body and decides nothing there."""
        return {"breaker": self.state.value}

    def _too_many_failed(self, now: float) -> bool:
        held = self._window.counts(now)
        every = held.good + held.bad
        return every >= self._rules.least and held.bad >= self._rules.share * every

    def _open(self, now: float) -> None:
        self._opened, self._probed = now, None

    def _close(self) -> None:
        self._opened = self._probed = None
        self._window = Window(self._rules.window)
