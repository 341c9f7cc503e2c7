"""What the consumer counts about its calls to items."""

from functools import partial

from prometheus_client import CollectorRegistry, Counter, Gauge

from consumer.breaker import Breaker, State
from consumer.call import Ending
from consumer.upstream import CallObserver


class Measures(CallObserver):
    """Counters of what an Upstream tells, and its breaker's state, on a registry."""

    def __init__(self, registry: CollectorRegistry, breaker: Breaker) -> None:
        attempts = Counter(
            "upstream_attempts", "Attempts to ask items, by how they ended.", ["ending"], registry=registry
        )
        # All from the start: a series that appears with its first failure has no rate for it.
        self._attempts: dict[Ending, Counter] = {
            ending: attempts.labels(ending.value) for ending in Ending if ending is not Ending.HELD_BACK
        }
        self._retries = Counter(
            "upstream_retries", "Attempts that were not the first of their call.", registry=registry
        )
        self._refused = Counter(
            "upstream_retries_refused", "Retries that the retry budget had no room for.", registry=registry
        )
        self._held_back = Counter("upstream_calls_held_back", "Calls that the open breaker refused.", registry=registry)
        states = Gauge("upstream_breaker", "1 for the state that the breaker is in.", ["state"], registry=registry)
        for state in State:
            states.labels(state.value).set_function(partial(_is, breaker, state))

    def attempted(self, ending: Ending) -> None:
        """One attempt ended."""
        self._attempts[ending].inc()

    def retried(self) -> None:
        """A call is about to be attempted again."""
        self._retries.inc()

    def out_of_budget(self) -> None:
        """A call would have been attempted again, and the retry budget had nothing left."""
        self._refused.inc()

    def held_back(self) -> None:
        """A call was refused by the open breaker."""
        self._held_back.inc()


def _is(breaker: Breaker, state: State) -> float:
    return float(breaker.state is state)
