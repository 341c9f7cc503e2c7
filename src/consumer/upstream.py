"""The items service as seen from here: bounded attempts within one deadline, and never more load than it can bear."""

import time
from collections.abc import Callable
from dataclasses import replace

from consumer.breaker import Breaker
from consumer.call import Call, Ending, Reply, UpstreamFailed
from consumer.exchange import Exchange
from consumer.retry_budget import RetryBudget
from consumer.retrying import PATIENCE, Outcome, Patience, asked_for, pauses, wait, worth_repeating

MAX_REPLY = 8 * 1024 * 1024  # bytes: held in memory, one per worker; a whole page of the largest items is refused


class CallObserver:
    """Is told of every attempt, retry and refusal on the way to items; does nothing by default."""

    def attempted(self, ending: Ending) -> None:
        """One attempt ended."""

    def retried(self) -> None:
        """A call is about to be attempted again."""

    def out_of_budget(self) -> None:
        """A call would have been attempted again, and the retry budget had nothing left."""

    def held_back(self) -> None:
        """A call was refused by the open breaker."""


_NOBODY = CallObserver()


class Upstream:
    """Calls the items service at a URL. May be used from many threads: each has a connection of its own."""

    def __init__(
        self,
        url: str,
        patience: Patience = PATIENCE,
        *,
        breaker: Breaker | None = None,
        observer: CallObserver = _NOBODY,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self.url = url
        self.breaker = breaker or Breaker()
        self._patience = patience
        self._observer = observer
        self._stopping = stopping
        self._budget = RetryBudget()
        self._exchange = Exchange(url, largest=MAX_REPLY)

    def ask(self, call: Call) -> Reply:
        """Give the answer of the items service, whatever its status; raises UpstreamFailed when there is none."""
        deadline = time.monotonic() + self._patience.total
        self._budget.earn()
        if not self.breaker.admits():
            self._observer.held_back()
            after = self.breaker.retry_after
            raise UpstreamFailed(Ending.HELD_BACK, "items fails too often to be asked now", retry_after=after)
        outcome, unsure = self._attempt(call, deadline), False
        for pause in pauses(self._patience):
            unsure = unsure or (isinstance(outcome, UpstreamFailed) and outcome.unsure)
            if not worth_repeating(call, outcome, unsure=unsure):
                break
            if not self._may_repeat(asked_for(outcome) + pause, deadline):
                break
            outcome = self._attempt(call, deadline)
        if isinstance(outcome, UpstreamFailed):
            raise outcome
        return replace(outcome, after_unsure=True) if unsure else outcome

    def _may_repeat(self, pause: float, deadline: float) -> bool:
        """Wait for the next attempt's turn; False when it has none: told to stop, too late, no budget, breaker open."""
        if time.monotonic() + pause >= deadline:
            return False
        if not self._budget.spend():
            self._observer.out_of_budget()
            return False
        if not (wait(pause, self._stopping) and self.breaker.admits()):
            return False
        self._observer.retried()
        self._exchange.hang_up()
        return True

    def _attempt(self, call: Call, deadline: float) -> Outcome:
        """Ask once, and tell the breaker and the observer how it went."""
        within = min(self._patience.attempt, deadline - time.monotonic())
        ending = Ending.BROKEN
        try:
            reply = self._exchange.send(call, within=within, connect=self._patience.connect)
            ending = Ending.ANSWERED if reply.status < 500 else Ending.FAULT
            return reply
        except UpstreamFailed as failed:
            ending = failed.ending
            return failed
        finally:
            self.breaker.record(ending in (Ending.ANSWERED, Ending.TOO_LARGE))
            self._observer.attempted(ending)
