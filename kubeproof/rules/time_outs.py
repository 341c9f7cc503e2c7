"""Time-outs that nest, and service levels that lie within them; numbers that no manifest holds are the profile's."""

from collections.abc import Iterator
from itertools import pairwise

from kubeproof.manifests.system import System
from kubeproof.profile.intent import Profile
from kubeproof.profile.numbers import Timeout
from kubeproof.rules.questions import resolved
from kubeproof.rules.rule import Finding, Rule, judged, untold


def examine_timeouts(system: System, profile: Profile) -> Iterator[Finding]:
    """Every two neighbours of every chain of time-outs."""
    for chain in profile.chains:
        for inner, outer in pairwise(chain.order):
            first, second = (resolved(system, timeout.workload, timeout.seconds) for timeout in (inner, outer))
            field = f"{chain.name}: {inner.name}"
            wanted = f"less than {_called(outer)}" + (f" of {second:g} s" if second is not None else "")
            if first is None or second is None:
                lost = inner if first is None else outer
                found = f"{lost.seconds} of {lost.workload} is not among the manifests, or no number"
                yield untold(
                    inner.workload, field, found, wanted, "set the variable, or give the number in [[timeouts]]"
                )
                continue
            fix = "let the inner one give up first: otherwise its answer comes to nobody"
            yield judged(first < second, inner.workload, field, f"{first:g} s", wanted, fix)


def _called(timeout: Timeout) -> str:
    return f"{timeout.name} ({timeout.workload})"


TIMEOUTS = Rule(
    name="static.timeouts",
    law="each time-out ends before the one around it: statement, socket, attempt, total, caller",
    source="the profile's [[timeouts]]",
    examine=examine_timeouts,
    nothing="the profile describes no time-outs",
)


def examine_levels(system: System, profile: Profile) -> Iterator[Finding]:
    """Every service level beside the time-outs that would cut it off and the probe that brings a pod back."""
    for level in profile.levels:
        for chain in profile.chains:
            own = [timeout for timeout in chain.order if timeout.workload == level.workload]
            last = resolved(system, level.workload, own[-1].seconds) if own else None
            if last is not None:
                wanted = f"less than {own[-1].name} of {last:g} s"
                fix = "promise what the time-out allows: later than that there is no answer"
                yield judged(level.p99 < last, level.workload, f"{chain.name}: p99", f"{level.p99:g} s", wanted, fix)
        workload = system.workload(level.workload)
        for probe in workload.probes("readiness") if workload else ():
            back = probe.period + probe.timeout
            found, wanted = (
                f"{back:g} s (period {probe.period:g} + time-out {probe.timeout:g})",
                f"{level.recovery:g} s",
            )
            fix = "probe more often, or promise a later recovery"
            yield judged(back <= level.recovery, level.workload, "recovery", found, f"at most {wanted}", fix)


LEVELS = Rule(
    name="static.levels",
    law="a promised service level lies within the time-outs and probes that decide it",
    source="the profile's [[levels]]",
    examine=examine_levels,
    nothing="the profile promises no service level",
)
