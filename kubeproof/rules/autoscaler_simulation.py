"""
How fast an autoscaler can grow and shrink, from its rules alone: its controller in virtual time.

Modelled is the limit on change: rules, periods, windows, and what was added or removed within a period. Not modelled
are metrics: the wish is the maximum or the minimum at once. Source: kubernetes/kubernetes,
pkg/controller/podautoscaler/horizontal.go, with #109058: additions within the period raise what may be removed.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

from kubeproof.manifests.objects import Autoscaler, ScalingRules

# Seconds between two looks of the controller.
SYNC = 15.0
# From the load's begin to the first step, as upstream's tests allow it: metrics 75, the controller 15, the act 10.
# Source: kubernetes/kubernetes, test/e2e/autoscaling/horizontal_pod_autoscaling_behavior.go.
REACTION = 100.0
# A controller that has not moved in so many looks never will.
LONGEST = 24 * 3600.0


@dataclass(frozen=True)
class Resize:
    """A change of size at a time in seconds."""

    at: float
    before: int
    after: int


def slowest_growth(autoscaler: Autoscaler, goal: int) -> float | None:
    """Seconds from the load's begin until `goal` replicas are asked for, at worst; None when never."""
    size, at, resizes = autoscaler.minimum, REACTION + autoscaler.up.window, list[Resize]()
    while size < goal:
        # At worst a look comes just before a period is over, and what it forbids waits for the next.
        limit = min(_up(autoscaler.up, size, resizes, at - SYNC), autoscaler.maximum)
        if limit > size:
            resizes.append(Resize(at, size, limit))
            size = limit
            continue
        at += SYNC
        if at > LONGEST:
            return None
    return at


def worst_shrink(autoscaler: Autoscaler, *, just_grown: bool) -> Resize:
    """The largest single step down to the minimum: from a long rest at any size, or just after growing to it."""
    resizes = [
        resize
        for top in range(autoscaler.minimum + 1, autoscaler.maximum + 1)
        for resize in _shrinking(autoscaler, _fast_growth(autoscaler, top) if just_grown else [], top)
    ]
    still = Resize(0.0, autoscaler.minimum, autoscaler.minimum)
    return max(resizes, key=lambda resize: resize.before - resize.after, default=still)


def _fast_growth(autoscaler: Autoscaler, top: int) -> list[Resize]:
    size, at, resizes = autoscaler.minimum, 0.0, list[Resize]()
    while size < top and at < LONGEST:
        limit = min(_up(autoscaler.up, size, resizes, at), top)
        if limit > size:
            resizes.append(Resize(at, size, limit))
            size = limit
        at += SYNC
    return resizes


def _shrinking(autoscaler: Autoscaler, past: list[Resize], size: int) -> Iterator[Resize]:
    """The steps down from `size` when the load ends with the last step up."""
    begin = past[-1].at if past else 0.0
    if past and past[-1].after < size:
        return  # it cannot grow that far
    resizes, at = list(past), begin + autoscaler.down.window
    if at == begin:
        at += SYNC
    end = at + LONGEST
    while size > autoscaler.minimum and at < end:
        limit = max(_down(autoscaler.down, size, resizes, at), autoscaler.minimum)
        if limit < size:
            resizes.append(Resize(at, size, limit))
            yield resizes[-1]
            size = limit
        elif autoscaler.down.select == "Disabled":
            return
        at += SYNC


def _period_start(size: int, resizes: list[Resize], at: float, period: float) -> int:
    """The size a period ago, as the controller reckons: without what was added, with what was removed since."""
    changed = sum(resize.after - resize.before for resize in resizes if resize.at > at - period)
    return size - changed


def _up(rules: ScalingRules, size: int, resizes: list[Resize], at: float) -> int:
    if rules.select == "Disabled":
        return size
    limits = []
    for rule in rules.rules:
        start = _period_start(size, resizes, at, rule.period)
        limits.append(start + rule.value if rule.kind == "Pods" else math.ceil(start * (1 + rule.value / 100)))
    return (max if rules.select == "Max" else min)(limits)


def _down(rules: ScalingRules, size: int, resizes: list[Resize], at: float) -> int:
    if rules.select == "Disabled":
        return size
    limits = []
    for rule in rules.rules:
        start = _period_start(size, resizes, at, rule.period)
        limits.append(start - rule.value if rule.kind == "Pods" else int(start * (1 - rule.value / 100)))
    # For a way down the greatest change is the smallest size.
    return (min if rules.select == "Max" else max)(limits)
