"""Worlds in which an autoscaler grew, and not because of the load, or not as promised."""

from tests.forged.edits import later, lines, of, rewritten
from tests.forged.world import EITHER, FAIL, UNKNOWN, World
from tests.helpers.histories import History, both, plus, sample

LOAD, SCALER = lines("load"), lines("autoscaler")
ENDED = lines("marker", says="load ended")


def shrunk(history: History) -> History:
    """Back to two replicas before the load was over."""
    _, kind, last = [moment for moment in history if moment[1] == "autoscaler"][-1]
    return plus((85.0, kind, {**last, "desired": 2, "current": 2}), sample(86, "shop", 2, 2))(history)


GROWN = {
    "all requests but one failed": (rewritten(LOAD, requests=3000, failures=2999), EITHER),
    "half of the requests failed": (rewritten(LOAD, failures=lambda _: 200, requests=lambda _: 400), EITHER),
    "the load came an hour after the growth": (both(later(LOAD, 3600.0), later(ENDED, 3600.0)), UNKNOWN),
    "one request, and growth by memory": (
        both(rewritten(LOAD, requests=1, failures=0, rps=0.0), rewritten(SCALER, cpu=5, memory=95)),
        UNKNOWN,
    ),
    "growth by memory under the whole load": (rewritten(SCALER, cpu=5, memory=95), UNKNOWN),
    "growth that no metric asked for": (rewritten(SCALER, cpu=None, memory=None), UNKNOWN),
    "metrics that never changed": (rewritten(SCALER, cpu=10), UNKNOWN),
    "two steps within a second": (later(lines("autoscaler", desired=4), -60.5), FAIL),
    "a trickle of load": (rewritten(LOAD, requests=lambda n: n // 100, failures=0, rps=0.5), UNKNOWN),
    "a load of two users": (rewritten(LOAD, users=2), UNKNOWN),
    "the autoscaler of somebody else": (rewritten(SCALER, name="ledger", target="ledger"), EITHER),
    "replicas that were wanted and never there": (rewritten(lines("workload"), ready=2, available=2), EITHER),
    "shrunk again under the load": (shrunk, EITHER),
    "nobody saw metrics": (rewritten(lines("need"), need="something-else"), UNKNOWN),
}

WORLDS = {name: World("scaling.up", of("scaling:shop", change), "", how) for name, (change, how) in GROWN.items()}
