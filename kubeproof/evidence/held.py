"""
Held connections of a pod as lines `held.end` tell of them: were requests under way when the last of them ended?

The probe's `hold` (kubeproof.probe.holding) says them; kubeproof.observe.rollout rolls once more where they were not,
and kubeproof.checks.rollout judges.
"""

from collections.abc import Iterable, Mapping
from typing import Any

ENOUGH = 0.8  # of the last second in which a request was under way: most moments for a signal are among them
LAST = 1.0  # seconds before the last end
NOT_KEPT = "not kept"  # the server closes each connection after its answer


def under_way(ends: Iterable[Mapping[str, Any]]) -> float:
    """The share of the last second before the last of a pod's ends in which a request was under way; 0 for no ends."""
    times = [
        (float(end["at"]), end["busy"])
        for end in ends
        if _is_number(end.get("at")) and isinstance(end.get("busy"), list)
    ]
    last = max((at for at, _ in times), default=0.0)
    spans = sorted((at - span[0], at - span[1]) for at, busy in times for span in busy if _is_span(span))
    covered, until = 0.0, last - LAST
    for sent, answered in spans:
        covered += max(0.0, min(answered, last) - max(sent, until))
        until = max(until, answered)
    return covered / LAST


def exercised(ends: Iterable[Mapping[str, Any]]) -> bool:
    """Whether requests were under way at a pod's end, or could not be: it keeps no connection."""
    found = list(ends)
    kept = [end for end in found if end.get("how") != NOT_KEPT]
    return bool(found) and (not kept or under_way(kept) >= ENOUGH)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_span(span: Any) -> bool:
    return isinstance(span, list) and len(span) == 2 and all(map(_is_number, span)) and span[0] >= span[1] >= 0
