"""
What a warm start of the embedded cluster costs: seconds of `up`, and memory of the idle cluster.

Warm: programs and images are in the cache (a first, unmeasured start sees to it). A cluster of its own name is
started and stopped ROUNDS times to node Ready, once to the metrics API; the middle value counts, since the
machine does other things too. Memory is PSS, as shared pages belong to nobody alone, of all processes of the
cluster, pods included, SETTLE seconds after it is ready.
"""

import statistics
import time

from bench.processes import family, pss_megabytes
from bench.row import Figures, at_most, measured
from kubeproof import embedded as cluster
from kubeproof.embedded import processes
from kubeproof.embedded.folders import folders
from kubeproof.embedded.report import METRICS_READY, NODE_READY

NAME = "bench-start"
ROUNDS = 3
SETTLE = 30.0

# Promises, on two cores. Their peers are the prototype that the embedded cluster was designed from.
NODE_READY_SECONDS = 10.0
METRICS_SECONDS = 30.0
IDLE_MEGABYTES = 900.0


def measure(*, quick: bool = False) -> Figures:
    """Start and stop, and give the rows; leaves no cluster behind."""
    try:
        _up(NODE_READY)
        node = [_fresh(NODE_READY) for _ in range(1 if quick else ROUNDS)]
        metrics = _fresh(METRICS_READY)
        time.sleep(SETTLE)
        memory = pss_megabytes(family(processes.find(folders(NAME).plan)))
    finally:
        cluster.down(NAME, _say_nothing)
    rows = [
        at_most("up to node Ready", statistics.median(node), "s", NODE_READY_SECONDS, "prototype: 5.8 s"),
        measured("up to node Ready, slowest", max(node), "s"),
        at_most("up to metrics API", metrics, "s", METRICS_SECONDS, "prototype: 21.2 s"),
        at_most("idle memory (PSS)", memory, "MB", IDLE_MEGABYTES, "prototype: 630 MB"),
    ]
    return Figures(rows)


def _fresh(promise: str) -> float:
    cluster.down(NAME, _say_nothing)
    return _up(promise)


def _up(promise: str) -> float:
    began = time.monotonic()
    cluster.up(NAME, _say_nothing, wait_for=promise)
    return time.monotonic() - began


def _say_nothing(_: str) -> None:
    """Keep progress out of the table; a failure is an exception and is seen."""
