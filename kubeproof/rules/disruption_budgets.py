"""PodDisruptionBudgets: one for whoever has several replicas, that selects them, and lets a node be drained."""

from collections.abc import Iterator

from kubeproof.manifests.objects import Budget
from kubeproof.manifests.quantities import share
from kubeproof.manifests.system import System
from kubeproof.manifests.workloads import Workload
from kubeproof.profile.intent import Profile
from kubeproof.rules.questions import NO_REPLICAS, fewest, selects, served
from kubeproof.rules.rule import PODS, Finding, Rule, Severity, judged, titled, untold


def examine_disruption_budget(system: System, profile: Profile) -> Iterator[Finding]:
    """Every workload of several replicas behind a Service."""
    del profile
    for subject, workload in served(system):
        least = fewest(system, workload)
        if least < 2:
            continue
        budgets = [budget.name for budget in system.budgets if _protects(budget, workload)]
        found = ", ".join(budgets) or f"none, with {least} replicas or more"
        fix = "declare one: without it a node's drain may evict all of them at once"
        yield judged(bool(budgets), subject, "", found, "a PodDisruptionBudget", fix, ("PodDisruptionBudget",))


DISRUPTION_BUDGET = Rule(
    name="static.disruption-budget",
    law="every workload of several replicas behind a Service has a PodDisruptionBudget",
    source="kubernetes.io, Disruptions",
    examine=examine_disruption_budget,
    nothing=NO_REPLICAS,
    severity=Severity.WARNING,
)


def examine_budgets_select(system: System, profile: Profile) -> Iterator[Finding]:
    """Every PodDisruptionBudget and the pods it protects."""
    del profile
    for budget in system.budgets:
        chosen = [workload for workload in system.running if _protects(budget, workload)]
        found = f"selects {', '.join(workload.name for workload in chosen) or 'no pod of the manifests'}"
        fix = "select labels that pods have"
        subject = titled(system, "PodDisruptionBudget", budget)
        yield judged(bool(chosen), subject, "spec.selector", found, f"pods with {budget.selector}", fix, PODS)


def _protects(budget: Budget, workload: Workload) -> bool:
    return budget.namespace == workload.namespace and selects(budget.selector, workload)


BUDGETS_SELECT = Rule(
    name="static.budgets-select",
    law="every PodDisruptionBudget protects pods",
    source="kubernetes.io, Specifying a Disruption Budget",
    examine=examine_budgets_select,
    nothing="the manifests declare no PodDisruptionBudget",
    severity=Severity.WARNING,
)


def examine_disruption(system: System, profile: Profile) -> Iterator[Finding]:
    """Every PodDisruptionBudget beside the fewest replicas of what it protects."""
    del profile
    for budget in system.budgets:
        chosen = [workload for workload in system.running if _protects(budget, workload)]
        if chosen:
            yield _evictable(system, budget, chosen)


def _evictable(system: System, budget: Budget, chosen: list[Workload]) -> Finding:
    subject = titled(system, "PodDisruptionBudget", budget)
    least = sum(fewest(system, workload) for workload in chosen)
    names = ", ".join(workload.name for workload in chosen)
    wanted = f"room for one eviction of {least} replicas of {names}"
    fix = "ask for fewer, or run more replicas: as it is no node with these pods can be drained"
    lacks = ("HorizontalPodAutoscaler", *PODS)
    if budget.unavailable is not None:
        free = share(budget.unavailable, least, up=True)
        ok = None if free is None else free >= 1
        return judged(ok, subject, "spec.maxUnavailable", budget.unavailable, wanted, fix, lacks)
    if budget.minimum is None:
        return untold(subject, "spec", "neither minAvailable nor maxUnavailable", wanted, "set one of them")
    kept = share(budget.minimum, least, up=True)
    ok = None if kept is None else kept < least
    return judged(ok, subject, "spec.minAvailable", budget.minimum, wanted, fix, lacks)


DISRUPTION = Rule(
    name="static.disruption",
    law="every PodDisruptionBudget lets at least one pod be evicted",
    source="kubernetes.io, Specifying a Disruption Budget",
    examine=examine_disruption,
    nothing="the manifests declare no PodDisruptionBudget that protects pods",
)
