"""
Budget algebra over one pod: the time it has to end, the time its probes take, time-outs that must nest.

Numbers that no manifest holds come from the profile, or from variables of the workload that the profile names.
"""

from collections.abc import Iterator
from itertools import pairwise
from math import ceil
from textwrap import shorten

from kubeproof.manifests.system import System
from kubeproof.manifests.workloads import Workload
from kubeproof.profile.intent import Profile
from kubeproof.profile.numbers import Drain, Timeout
from kubeproof.profile.tables import Amount
from kubeproof.rules.rule import Finding, Rule, Severity, broken, judged, titled, untold

# Seconds between the end of the last request and the kill: closing connections, writing the last log line.
SPARE = 10


def resolved(system: System, workload: str, amount: Amount) -> float | None:
    """The number an Amount stands for; None when its variable is not in the manifests or is no number."""
    if amount.variable is None:
        return amount.value
    found = next((each for each in system.running if each.name == workload), None)
    for container in found.containers if found else ():
        text = system.environment(found, container).get(amount.variable) if found else None
        if text is not None:
            try:
                return float(text)
            except ValueError:
                return None
    return None


def examine_grace(system: System, profile: Profile) -> Iterator[Finding]:
    """Every workload that sleeps before it is signalled, or whose drain the profile describes."""
    drains = {each.workload: each for each in profile.drains}
    for workload in system.workloads:
        hooks = [each.pre_stop for each in workload.containers if each.pre_stop]
        drain = drains.get(workload.name) if workload == system.workload(workload.name) else None
        if not hooks and drain is None:
            continue
        subject, field = titled(system, workload.kind, workload), workload.path("terminationGracePeriodSeconds")
        grace, sleeps = workload.grace_seconds, [each.seconds for each in hooks]
        known = [each for each in sleeps if each is not None]
        slept = max(known, default=0.0)
        if len(known) < len(sleeps):
            wanted = "a preStop whose time is known"
            found = f"{grace:g} s, preStop {shorten(hooks[sleeps.index(None)].says, 60)}"
            yield untold(subject, field, found, wanted, "use the sleep action, if it is one")
            continue
        yield _grace(system, workload, drain, subject, field, slept)


def _grace(system: System, workload: Workload, drain: Drain | None, subject: str, field: str, slept: float) -> Finding:
    grace = workload.grace_seconds
    linger = resolved(system, workload.name, drain.linger) if drain else None
    in_flight = resolved(system, workload.name, drain.in_flight) if drain else None
    if linger is not None and in_flight is not None:
        least = slept + linger + in_flight + SPARE
        sum_of = f"preStop {slept:g} + linger {linger:g} + in flight {in_flight:g} + {SPARE}"
        fix = f"set it to {ceil(least)}: past it the kernel ends what is still answered"
        return judged(grace >= least, subject, field, f"{grace:g} s", f"at least {least:g} s ({sum_of})", fix)
    if grace < slept + SPARE:
        wanted = f"at least {slept + SPARE:g} s (preStop {slept:g} + {SPARE})"
        return broken(subject, field, f"{grace:g} s", wanted, "raise it: the sleep alone takes it up")
    wanted = f"preStop {slept:g} + linger + in flight + {SPARE}"
    return untold(subject, field, f"{grace:g} s", wanted, "tell linger and in_flight in the profile's [[drains]]")


def examine_probes(system: System, profile: Profile) -> Iterator[Finding]:
    """Every probe's time-out beside its period."""
    del profile
    for workload in system.running:
        for container in workload.all_containers:
            for probe in container.probes:
                field = workload.path(f"{container.place}.{probe.kind}Probe.timeoutSeconds")
                fix = "shorten the time-out or lengthen the period: one probe may not outlast its turn"
                found, wanted = f"{probe.timeout:g} s", f"less than its period of {probe.period:g} s"
                ok = probe.timeout < probe.period
                yield judged(ok, titled(system, workload.kind, workload), field, found, wanted, fix)


def examine_detection(system: System, profile: Profile) -> Iterator[Finding]:
    """How long readiness takes to see a lost database, beside what the profile promises."""
    for dependency in profile.dependencies:
        workload = system.workload(dependency.workload)
        if workload is None:
            continue
        subject, probes = titled(system, workload.kind, workload), workload.probes("readiness")
        wanted = f"at most {dependency.within:g} s after {dependency.database} is lost"
        if not probes:
            fix = "give it a readiness probe: without one it never leaves its Service"
            yield broken(subject, workload.path("containers"), "no readiness probe", wanted, fix)
        for probe in probes:
            # The loss may come just after a probe; the last of the failures is known when its time-out is over.
            worst = probe.period * probe.failure_threshold + probe.timeout
            sum_of = f"{probe.failure_threshold} x period {probe.period:g} + time-out {probe.timeout:g}"
            field = workload.path("containers[].readinessProbe")
            fix = "probe more often, or believe fewer failures, or promise less in [[dependencies]]"
            yield judged(worst <= dependency.within, subject, field, f"{worst:g} s at worst ({sum_of})", wanted, fix)


def examine_chains(system: System, profile: Profile) -> Iterator[Finding]:
    """Every two neighbours of every chain of time-outs."""
    for chain in profile.chains:
        for inner, outer in pairwise(chain.order):
            first, second = (resolved(system, each.workload, each.seconds) for each in (inner, outer))
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


def examine_levels(system: System, profile: Profile) -> Iterator[Finding]:
    """Every service level beside the time-outs that would cut it off and the probe that brings a pod back."""
    for level in profile.levels:
        for chain in profile.chains:
            own = [each for each in chain.order if each.workload == level.workload]
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


RULES = (
    Rule(
        name="static.grace",
        law="a pod has time to end: grace is at least preStop + linger + requests in flight + 10 s",
        source="kubernetes.io, Pod Lifecycle: the grace period includes the preStop hook",
        examine=examine_grace,
        nothing="no pod has a preStop hook and the profile describes no drain",
    ),
    Rule(
        name="static.probe-timeout",
        law="a probe gives up before the next one is due",
        source="kubernetes/kubernetes, pkg/kubelet/prober/worker.go: one probe at a time, ticks meanwhile are dropped",
        examine=examine_probes,
        nothing="no container has a probe",
        severity=Severity.WARNING,
    ),
    Rule(
        name="static.detection",
        law="readiness sees a lost database within the time the profile promises",
        source="the profile's [[dependencies]]",
        examine=examine_detection,
        nothing="the profile names no database that a workload depends on",
    ),
    Rule(
        name="static.timeouts",
        law="each time-out ends before the one around it: statement, socket, attempt, total, caller",
        source="the profile's [[timeouts]]",
        examine=examine_chains,
        nothing="the profile describes no time-outs",
    ),
    Rule(
        name="static.levels",
        law="a promised service level lies within the time-outs and probes that decide it",
        source="the profile's [[levels]]",
        examine=examine_levels,
        nothing="the profile promises no service level",
    ),
)
