"""Rollouts: pods that go once others serve, time for each to end, and a deadline that a slow start meets."""

from collections.abc import Iterator
from math import ceil
from textwrap import shorten

from kubeproof.manifests.containers import Probe
from kubeproof.manifests.quantities import share
from kubeproof.manifests.system import System
from kubeproof.manifests.workloads import Workload
from kubeproof.profile.intent import Profile
from kubeproof.profile.numbers import Drain
from kubeproof.rules.questions import most, resolved
from kubeproof.rules.rule import Finding, Rule, broken, judged, titled, untold


def examine_no_loss(system: System, profile: Profile) -> Iterator[Finding]:
    """Every workload at which traffic enters: it may lose no pod before the next one serves, and each must say so."""
    for name in dict.fromkeys(entry.workload for entry in profile.entries):
        workload = system.workload(name)
        if workload is None:
            continue
        # A percentage rounds down: it may be nothing of the fewest pods and one of the most.
        subject, top = titled(system, workload.kind, workload), most(system, workload)
        kind = workload.strategy.kind
        yield judged(
            kind == "RollingUpdate",
            subject,
            "spec.strategy.type",
            kind,
            "RollingUpdate",
            "replace pods one by one: Recreate ends all before the first new one starts",
        )
        if kind == "RollingUpdate":
            gone = share(workload.strategy.unavailable, top, up=False)
            found = f"{workload.strategy.unavailable}" + (f", {gone} of {top}" if gone is not None else "")
            fix = "set maxUnavailable: 0, so that each successor serves before a pod goes"
            ok = None if gone is None else gone == 0
            yield judged(ok, subject, "spec.strategy.rollingUpdate.maxUnavailable", found, "0", fix)
        field = workload.path("containers")
        ready = bool(workload.probes("readiness"))
        found, fix = "there" if ready else "no readiness probe", "give it one: without it a pod counts as ready at once"
        yield judged(ready, subject, field, found, "a readiness probe", fix)
        slept = any(container.pre_stop for container in workload.containers)
        found, fix = "there" if slept else "no preStop hook", "sleep before the signal, while endpoints forget the pod"
        yield judged(slept, subject, field, found, "a preStop hook", fix)


NO_LOSS = Rule(
    name="static.no-loss",
    law="where traffic enters, each pod serves until its successor does",
    source="kubernetes.io, Deployments, Rolling Update; Container Lifecycle Hooks",
    examine=examine_no_loss,
    nothing="the profile names no entry",
)


# Seconds between the end of the last request and the kill: closing connections, writing the last log line.
SPARE = 10


def examine_grace(system: System, profile: Profile) -> Iterator[Finding]:
    """Every workload that sleeps before it is signalled, or whose drain the profile describes."""
    drains = {drain.workload: drain for drain in profile.drains}
    for workload in system.workloads:
        hooks = [container.pre_stop for container in workload.containers if container.pre_stop]
        drain = drains.get(workload.name) if workload == system.workload(workload.name) else None
        if not hooks and drain is None:
            continue
        subject, field = titled(system, workload.kind, workload), workload.path("terminationGracePeriodSeconds")
        grace, sleeps = workload.grace_seconds, [hook.seconds for hook in hooks]
        known = [seconds for seconds in sleeps if seconds is not None]
        slept = max(known, default=0.0)
        if len(known) < len(sleeps):
            wanted = "a preStop whose time is known"
            found = f"{grace:g} s, preStop {shorten(hooks[sleeps.index(None)].action, 60)}"
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


GRACE = Rule(
    name="static.grace",
    law="a pod has time to end: grace is at least preStop + linger + requests in flight + 10 s",
    source="kubernetes.io, Pod Lifecycle: the grace period includes the preStop hook",
    examine=examine_grace,
    nothing="no pod has a preStop hook and the profile describes no drain",
)


def examine_progress_deadline(system: System, profile: Profile) -> Iterator[Finding]:
    """Every rollout's deadline beside the time one pod may take to be available."""
    del profile
    for workload in system.workloads:
        if workload.kind != "Deployment":
            continue
        starts = [_patience(probe) for probe in workload.probes("startup")]
        needed = max(starts, default=0.0) + workload.min_ready
        subject, field = titled(system, "Deployment", workload), "spec.progressDeadlineSeconds"
        wanted = f"more than {needed:g} s: what the startup probe and minReadySeconds may take"
        fix = "raise the deadline: a pod that is slow and allowed to be would count as failed"
        found = f"{workload.progress_deadline:g} s"
        yield judged(workload.progress_deadline > needed, subject, field, found, wanted, fix)


def _patience(startup: Probe) -> float:
    return startup.initial_delay + startup.period * startup.failure_threshold


PROGRESS_DEADLINE = Rule(
    name="static.progress-deadline",
    law="a rollout's deadline is longer than one pod may take to become available",
    source="kubernetes.io, Deployments, Progress Deadline Seconds",
    examine=examine_progress_deadline,
    nothing="the manifests declare no Deployment",
)
