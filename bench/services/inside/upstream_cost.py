"""
Print the processor time in microseconds of one call of items, for each way to make it: `upstream_cost.py URL CALLS`.

The ways: the consumer's own, with its deadline, retries, budget and breaker; `requests.get`; a requests.Session that is
kept. Each makes CALLS calls, in batches that take turns; the middle batch counts.
"""

import json
import statistics
import sys
import time
from collections.abc import Callable

import requests

from consumer.call import Call
from consumer.upstream import Upstream

BATCHES = 5


def main(url: str, calls: int) -> dict[str, float]:
    """Give the microseconds of each way by its name."""
    upstream, session = Upstream(url), requests.Session()
    ways: dict[str, Callable[[], int]] = {
        "consumer": lambda: upstream.ask(Call("GET", "/items/1", "a-request")).status,
        "requests.get": lambda: requests.get(f"{url}/items/1", timeout=5).status_code,
        "Session.get": lambda: session.get(f"{url}/items/1", timeout=5).status_code,
    }
    took: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(BATCHES):
        for name, ask in ways.items():
            took[name].append(_batch(name, ask, calls // BATCHES))
    return {name: statistics.median(batches) for name, batches in took.items()}


def _batch(name: str, ask: Callable[[], int], calls: int) -> float:
    if (status := ask()) != 200:
        raise SystemExit(f"{name} was answered {status}: that is not what is to be measured")
    began = time.process_time()
    for _ in range(calls):
        ask()
    return (time.process_time() - began) / calls * 1e6


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], int(sys.argv[2]))))
