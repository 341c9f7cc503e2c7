"""One background thread that asks a dependency for a sign of life, so that no probe ever has to."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

INTERVAL = 1.0  # seconds between two checks
FAILURES = 2  # in a row: one lost packet is not an outage
STALE = 5.0  # seconds: a check that does not come back (a resolver that hangs) says the same as one that failed

_log = logging.getLogger("checker")


@dataclass(frozen=True)
class CheckState:
    """What the last checks said. `seen` is False until the first success ever."""

    seen: bool
    ok: bool
    age: float  # seconds since the last finished check
    latency: float  # seconds it took
    reason: str  # why it failed; empty when it succeeded
    failing_for: float = 0.0  # seconds since the last success; 0 while ok


class Check(Protocol):
    """Anything that can tell its state without waiting."""

    def state(self) -> CheckState:
        """Give the state now."""


class BackgroundCheck:
    """Runs `attempt` every second in a thread of its own; an attempt fails by raising one of `errors`."""

    def __init__(
        self,
        attempt: Callable[[], None],
        *,
        errors: tuple[type[Exception], ...],
        interval: float = INTERVAL,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._attempt = attempt
        self._errors = errors
        self._interval = interval
        self._clock = clock
        self._seen = False
        self._failures = 0
        self._last = (clock(), 0.0, "not checked yet")  # finished at, seconds it took, reason
        self._succeeded = clock()  # when a check last did; until then, when this began
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="checker", daemon=True)

    def start(self) -> None:
        """Begin to check; returns at once."""
        self._thread.start()

    def stop(self, within: float = 3.0) -> None:
        """Ask the thread to end and wait for it, at most `within` seconds."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(within)

    def check_now(self) -> None:
        """Make one attempt and remember how it went."""
        began = self._clock()
        reason = self._failure()
        now = self._clock()
        if reason:
            self._failures += 1
            if self._failures == FAILURES:
                _log.warning("check failed %d times: %s", FAILURES, reason)
        else:
            if not self._seen or self._failures >= FAILURES:
                _log.info("check succeeded")
            self._seen, self._failures, self._succeeded = True, 0, now
        self._last = (now, now - began, reason)

    def state(self) -> CheckState:
        """Give the state now; never waits for an attempt."""
        finished, took, reason = self._last
        age = self._clock() - finished
        if age > STALE and not reason:
            reason = f"no check came back for {age:.0f} s"
        ok = self._seen and self._failures < FAILURES and age <= STALE
        failing_for = 0.0 if ok else self._clock() - self._succeeded
        return CheckState(seen=self._seen, ok=ok, age=age, latency=took, reason=reason, failing_for=failing_for)

    def _failure(self) -> str:
        """Make the attempt; give what went wrong, or nothing."""
        try:
            self._attempt()
        except self._errors as error:
            return str(error) or type(error).__name__
        except Exception as error:  # noqa: BLE001 - a thread that ends of it would leave the pod out of service for ever
            _log.exception("check broke")
            return f"the check itself broke: {type(error).__name__}"
        return ""

    def _run(self) -> None:
        while not self._stop.is_set():
            self.check_now()
            self._stop.wait(self._interval)
