"""Autoscalers on paper: who owns the number of replicas, how fast it moves at worst, and what holds it up for ever."""

from collections.abc import Iterator
from fractions import Fraction

from kubeproof.manifests.objects import Utilisation
from kubeproof.manifests.quantities import amount
from kubeproof.manifests.system import System
from kubeproof.manifests.workloads import Workload
from kubeproof.profile.intent import Profile
from kubeproof.rules.autoscaler_simulation import slowest_growth, worst_shrink
from kubeproof.rules.rule import Finding, Rule, Severity, broken, judged, titled, untold

NOTHING = "the manifests declare no autoscaler"
BEHAVIOUR = "spec.behavior"


def examine_owner(system: System, profile: Profile) -> Iterator[Finding]:
    """Every workload that an autoscaler targets."""
    del profile
    for autoscaler in system.autoscalers:
        workload = system.target_of(autoscaler)
        if workload:
            found = f"replicas: {workload.replicas}" if workload.says_replicas else "not said"
            fix = "remove it: each apply would throw away what the autoscaler decided"
            subject, wanted = titled(system, workload.kind, workload), f"not said: {autoscaler.name} decides"
            yield judged(not workload.says_replicas, subject, "spec.replicas", found, wanted, fix)


def examine_bounds(system: System, profile: Profile) -> Iterator[Finding]:
    """The bounds of every autoscaler."""
    del profile
    for autoscaler in system.autoscalers:
        subject = titled(system, "HorizontalPodAutoscaler", autoscaler)
        found = f"{autoscaler.minimum} to {autoscaler.maximum}"
        fix = "raise maxReplicas above minReplicas: as it is it can do nothing"
        yield judged(autoscaler.minimum < autoscaler.maximum, subject, "spec.maxReplicas", found, "room to grow", fix)


def examine_window(system: System, profile: Profile) -> Iterator[Finding]:
    """The way down of every autoscaler: its window beside its longest period."""
    del profile
    for autoscaler in system.autoscalers:
        longest = max(rule.period for rule in autoscaler.down.rules)
        yield judged(
            autoscaler.down.window >= longest or autoscaler.down.select == "Disabled",
            titled(system, "HorizontalPodAutoscaler", autoscaler),
            f"{BEHAVIOUR}.scaleDown.stabilizationWindowSeconds",
            f"{autoscaler.down.window:g} s",
            f"at least the longest period, {longest:g} s",
            "lengthen the window: what was added within a period may go in one step beside what the rule allows",
        )


def examine_shrink(system: System, profile: Profile) -> Iterator[Finding]:
    """The worst single step down of every autoscaler, just after growth, beside what the intent or its rules say."""
    for autoscaler in system.autoscalers:
        intended = profile.intended(autoscaler.target)
        down = intended.autoscaler.down if intended and intended.autoscaler else None
        rest, grown = (worst_shrink(autoscaler, just_grown=each) for each in (False, True))
        most = down.pods if down else rest.before - rest.after
        says = "the profile" if down else "its rules after a long rest"
        worst = max(rest, grown, key=lambda step: step.before - step.after)
        yield judged(
            worst.before - worst.after <= most,
            titled(system, "HorizontalPodAutoscaler", autoscaler),
            f"{BEHAVIOUR}.scaleDown",
            f"from {worst.before} to {worst.after} in one step at worst",
            f"at most {most} at once, as {says} {'say' if not down else 'says'}",
            "lengthen stabilizationWindowSeconds to the longest period, or allow fewer pods",
        )


def examine_growth(system: System, profile: Profile) -> Iterator[Finding]:
    """How long every autoscaler takes to its maximum, and to the target that the profile promises."""
    for autoscaler in system.autoscalers:
        subject = titled(system, "HorizontalPodAutoscaler", autoscaler)
        field, fix = f"{BEHAVIOUR}.scaleUp", "let it add more pods in a shorter period, or promise less in [[scales]]"
        whole = slowest_growth(autoscaler, autoscaler.maximum)
        found = f"{_seconds(whole)} from {autoscaler.minimum} to {autoscaler.maximum} at worst"
        yield judged(whole is not None, subject, field, found, "a maximum that is reached", fix)
        scale = profile.scale(autoscaler.target)
        if scale:
            took = slowest_growth(autoscaler, scale.target) if scale.target <= autoscaler.maximum else None
            found = f"{_seconds(took)} to {scale.target} at worst"
            ok = took is not None and took <= scale.within
            yield judged(ok, subject, field, found, f"within {scale.within:g} s", fix)


def _seconds(value: float | None) -> str:
    return "never" if value is None else f"{value:g} s"


def examine_memory(system: System, profile: Profile) -> Iterator[Finding]:
    """Every memory target beside what a pod uses without load."""
    for autoscaler in system.autoscalers:
        workload = system.target_of(autoscaler)
        for metric in autoscaler.metrics:
            if workload and metric.resource == "memory":
                yield _memory(system, profile, titled(system, "HorizontalPodAutoscaler", autoscaler), metric, workload)


def _memory(system: System, profile: Profile, subject: str, metric: Utilisation, workload: Workload) -> Finding:
    containers, field = metric.measured(workload), "spec.metrics"
    requests = [amount(system.asked(workload, each, "requests", "memory") or "") for each in containers]
    known = [each for each in requests if each is not None]
    if not containers or len(known) < len(requests):
        fix = "request memory, or give a default in a LimitRange"
        return broken(subject, field, "no memory request", "a request to be a percentage of", fix, ("LimitRange",))
    target = sum(known, Fraction()) * metric.percent / 100
    found = f"{metric.percent} % of the request, {_mebi(target)}"
    intended = profile.intended(workload.name)
    idle = amount(intended.idle_memory) if intended and intended.idle_memory else None
    if idle is None:
        fix = "tell idle_memory in the profile's [[workloads]]"
        return untold(subject, field, found, "more than a pod uses without load", fix)
    if target <= idle and len(containers) < len(workload.lasting):
        wanted, fix = f"what {metric.container} uses of {_mebi(idle)} without load", "measure the whole pod"
        return untold(subject, field, found, f"more than {wanted}", fix)
    fix = "raise the target or the request: otherwise every pod counts as busy and the maximum is held for ever"
    return judged(target > idle, subject, field, found, f"more than {_mebi(idle)}, used without load", fix)


def _mebi(value: Fraction) -> str:
    return f"{float(value) / 2**20:.0f} Mi"


RULES = (
    Rule(
        name="static.replicas-owner",
        law="where an autoscaler decides, the manifest does not say how many replicas there are",
        source="kubernetes.io, Horizontal Pod Autoscaling, Migrating Deployments and StatefulSets",
        examine=examine_owner,
        nothing=NOTHING,
    ),
    Rule(
        name="static.autoscaler-bounds",
        law="every autoscaler has room to grow",
        source="kubernetes.io, Horizontal Pod Autoscaling",
        examine=examine_bounds,
        nothing=NOTHING,
        severity=Severity.WARNING,
    ),
    Rule(
        name="static.scale-down-window",
        law="the stabilisation window of the way down is at least as long as its longest period",
        source="kubernetes/kubernetes#109058: additions within the period raise what may be removed",
        examine=examine_window,
        nothing=NOTHING,
    ),
    Rule(
        name="static.scale-down-step",
        law="no single step down, even just after growth, takes more pods than was meant",
        source="kubernetes/kubernetes, pkg/controller/podautoscaler/horizontal.go, in virtual time",
        examine=examine_shrink,
        nothing=NOTHING,
    ),
    Rule(
        name="static.scale-up-time",
        law="the maximum is reached, and the promised target within the promised time, at worst",
        source="kubernetes/kubernetes, pkg/controller/podautoscaler/horizontal.go, in virtual time",
        examine=examine_growth,
        nothing=NOTHING,
    ),
    Rule(
        name="static.memory-target",
        law="a memory target lies above what a pod uses without load",
        source="measured: a target below the baseline holds the maximum for ever",
        examine=examine_memory,
        nothing="no autoscaler of the manifests measures memory",
    ),
)
