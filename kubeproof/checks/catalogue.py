"""
Every check by name: its law, its judge, its subjects; and the judgement of a whole run from its evidence.

The names are a contract: they stand in verdicts.json. What is declared and was not asked for, or has no subject
in this profile, is SKIPPED by name, so that a report never looks complete by leaving something out.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from conformance.declared.intent import Backup, Loss, Persist, Profile
from conformance.declared.routes import HTTP_ROUTE, INGRESS, hosts, read_rules
from conformance.declared.system import System
from conformance.verdicts.backups import judge_backup
from conformance.verdicts.deploy import judge_ready
from conformance.verdicts.evidence import Evidence, Line, Planned
from conformance.verdicts.faults import judge_fault
from conformance.verdicts.history import of_kind, unmet
from conformance.verdicts.journeys import judge_journey
from conformance.verdicts.names import judge_names
from conformance.verdicts.outage import judge_outage
from conformance.verdicts.persistence import judge_persistence
from conformance.verdicts.probes import judge_liveness, judge_readiness
from conformance.verdicts.reachability import judge_reachability
from conformance.verdicts.rollout import judge_in_time, judge_no_loss
from conformance.verdicts.routes import judge_gateway, judge_ingress
from conformance.verdicts.scaling import judge_scaling
from conformance.verdicts.static.rule import Rule, prove
from conformance.verdicts.static.rules import RULES
from conformance.verdicts.verdict import Fact, Outcome, Verdict, exit_status, unknown

Judge = Callable[[System, Profile, str, tuple[Line, ...]], Verdict]

LAWS: dict[str, str] = {
    "deploy.ready": "every workload becomes available within its progress deadline, with no restart",
    "dns.names": "each Service answers under its three names from inside the namespace",
    "api.journey": "each journey of the profile holds from inside the cluster",
    "probes.readiness-follows-database": "without its database a pod leaves the Service, and returns with it",
    "probes.liveness-ignores-database": "no container restarts because its database is away",
    "outage.answers": "without its database a pod is alive, says so at once, and serves again in time",
    "outage.frozen": "while its database hangs a pod does not hang, leaves, and is back in time",
    "outage.black-holed": "while packets to its database vanish a pod does not hang, and is back in time",
    "ingress.routes": "each host and path of an Ingress reaches its Service, and what no rule names is 404",
    "gateway.routes": "each host and path of an HTTPRoute reaches its Service, and what no rule names is 404",
    "isolation.reachability": "only the declared pairs can talk",
    "rollout.no-loss": "no request fails while pods are replaced, or no more than allowed, on new and kept connections",
    "rollout.in-time": "99 of 100 requests are answered in time while pods are replaced, on new and kept connections",
    "scaling.up": "under load the autoscaler adds replicas up to the target, one at a time",
    "persistence.pod-delete": "what was written is read again after the pod with the volume was replaced",
    "persistence.backup-restore": "what was written before a backup is read again when it is restored after a loss",
}

JUDGES: dict[str, Judge] = {
    "deploy.ready": judge_ready,
    "dns.names": judge_names,
    "api.journey": judge_journey,
    "probes.readiness-follows-database": judge_readiness,
    "probes.liveness-ignores-database": judge_liveness,
    "outage.answers": partial(judge_outage, Loss.REFUSED),
    "outage.frozen": partial(judge_fault, Loss.FROZEN),
    "outage.black-holed": partial(judge_fault, Loss.BLACK_HOLED),
    "ingress.routes": judge_ingress,
    "gateway.routes": judge_gateway,
    "isolation.reachability": judge_reachability,
    "rollout.no-loss": judge_no_loss,
    "rollout.in-time": judge_in_time,
    "scaling.up": judge_scaling,
    "persistence.pod-delete": judge_persistence,
    "persistence.backup-restore": judge_backup,
}

# How each loss of a database is asked for: the check, and the kind of its observation.
OUTAGES: dict[Loss, tuple[str, str]] = {
    Loss.REFUSED: ("outage.answers", "outage"),
    Loss.FROZEN: ("outage.frozen", "frozen"),
    Loss.BLACK_HOLED: ("outage.black-holed", "black-holed"),
}

# What is judged from manifests and profile alone, whatever became of the evidence.
STATIC: dict[str, Rule] = {rule.name: rule for rule in RULES}

# Checks whose FAIL no lost line could have undone: one failed request stays failed. The others look at a last
# state, and the last state may be what was lost.
LASTING = frozenset(
    {
        "api.journey",
        "probes.liveness-ignores-database",
        "rollout.no-loss",
        "persistence.pod-delete",
        "persistence.backup-restore",
    }
)


@dataclass(frozen=True)
class Judged:
    """A verdict with its check, subject and law; `seconds` is how long the observation took, None if unknown."""

    check: str
    subject: str
    law: str
    verdict: Verdict
    seconds: float | None


def declared_plan(system: System, profile: Profile) -> tuple[Planned, ...]:
    """All checks that manifests and profile give rise to, each with the observation it is judged from."""
    return tuple(_planned(system, profile))


def static_plan(profile: Profile) -> tuple[Planned, ...]:
    """All checks of manifests and profile alone; their observation is the empty text."""
    return tuple(Planned(name, profile.system, "") for name in STATIC)


def law_of(check: str) -> str:
    """The sentence of a check; empty for one that this version does not know."""
    return STATIC[check].law if check in STATIC else LAWS.get(check, "")


def _planned(system: System, profile: Profile) -> Iterator[Planned]:
    for workload in system.workloads:
        yield Planned("deploy.ready", workload.name, "deploy")
    for service in system.services:
        yield Planned("dns.names", service.name, "dns")
    # A read that only makes sense after its write is not a journey of its own.
    promises: tuple[Persist | Backup, ...] = (*profile.persists, *profile.backups)
    halves = {name for each in promises for name in (each.write, each.read)}
    for journey in profile.journeys:
        if journey.name not in halves:
            yield Planned("api.journey", journey.name, f"journey:{journey.name}")
    yield from _planned_routes(system, profile)
    yield Planned("isolation.reachability", profile.system, "reachability")
    for persist in profile.persists:
        yield Planned("persistence.pod-delete", persist.workload, f"restart:{persist.workload}")
    for backup in profile.backups:
        yield Planned("persistence.backup-restore", backup.workload, f"backup:{backup.workload}")
    for check in ("probes.readiness-follows-database", "probes.liveness-ignores-database"):
        for depend in profile.depends:
            yield Planned(check, depend.workload, f"outage:{depend.database}")
    for loss, (check, kind) in OUTAGES.items():
        for depend in profile.depends:
            if depend.outage(loss) is not None:
                yield Planned(check, depend.workload, f"{kind}:{depend.database}")
    for entry in profile.entries:
        yield Planned("rollout.no-loss", entry.workload, f"rollout:{entry.workload}")
        if profile.level(entry.workload) is not None:
            yield Planned("rollout.in-time", entry.workload, f"rollout:{entry.workload}")
    for scale in profile.scales:
        yield Planned("scaling.up", scale.workload, f"scaling:{scale.workload}")


def _planned_routes(system: System, profile: Profile) -> Iterator[Planned]:
    ingress, gateway = (hosts(read_rules(system.documents, kind)) for kind in (INGRESS, HTTP_ROUTE))
    entered = dict.fromkeys(entry.host for entry in profile.entries if entry.host)
    # An entry under a host that nobody routes is a promise all the same.
    for host in (*ingress, *(each for each in entered if each not in (*ingress, *gateway))):
        yield Planned("ingress.routes", host, "ingress")
    for host in gateway:
        yield Planned("gateway.routes", host, "gateway")


def judge_run(system: System, profile: Profile, evidence: Evidence) -> tuple[Judged, ...]:
    """
    Judge all that the run planned; a run whose plan was lost is judged by all that is declared.

    What is declared and not in the plan comes after, as SKIPPED.
    """
    declared = declared_plan(system, profile)
    asked = evidence.plan or declared
    judged = [_judged(each, judge_planned(system, profile, evidence, each), evidence) for each in asked]
    for each in declared:
        if each not in asked:
            judged.append(_judged(each, _skipped("was not asked for"), evidence))
    for check in JUDGES:
        if not any(each.check == check for each in (*asked, *declared)):
            nothing = Planned(check, profile.system, "")
            judged.append(_judged(nothing, _skipped("the profile and the manifests name no subject for it"), evidence))
    if not any(each.check in STATIC for each in asked):
        law = "what manifests and profile alone prove"
        judged.append(Judged("static", profile.system, law, _skipped("was not asked for"), None))
    return tuple(judged)


def judge_planned(system: System, profile: Profile, evidence: Evidence, planned: Planned) -> Verdict:
    """
    The verdict on one planned check.

    A PASS stands only on an observation that is whole, ended without an error, and saw no gap.
    """
    if planned.check in STATIC:
        return prove(STATIC[planned.check], system, profile).verdict
    judge = JUDGES.get(planned.check)
    if judge is None:
        return unknown(f"this version knows no check {planned.check!r}")
    lines = evidence.of(planned.observation)
    verdict = judge(system, profile, planned.subject, lines)
    lost = evidence.why_not_whole(planned.observation)
    if lost is not None:
        return _from_remnant(planned, verdict, f"{planned.observation}: {lost}")
    reason = _doubt(lines)
    if reason is None or verdict.outcome in (Outcome.FAIL, Outcome.SKIPPED):
        return verdict
    if verdict.outcome is Outcome.UNKNOWN:
        return replace(verdict, because=f"{reason}; {verdict.because}")
    return unknown(reason, *verdict.evidence)


def _from_remnant(planned: Planned, verdict: Verdict, reason: str) -> Verdict:
    """What may still be said when lines are missing: a FAIL that no lost line could undo, else UNKNOWN."""
    by_declaration = all(fact.line is None for fact in verdict.evidence)
    if verdict.outcome is Outcome.FAIL and (planned.check in LASTING or by_declaration):
        return replace(verdict, evidence=(*verdict.evidence, Fact(None, reason)))
    return unknown(reason, *verdict.evidence)


def _doubt(lines: tuple[Line, ...]) -> str | None:
    """Why a whole observation is not to be trusted with a PASS: an unmet need, an error at its end, or a gap."""
    need = unmet(lines)
    if need is not None:
        return need.because
    for end in of_kind(lines, "observe.end"):
        if end.get("error") is not None:
            return f"the observation broke off: {end.get('error')}"
    for gap in of_kind(lines, "gap"):
        return f"something was missed: {gap.get('says')}"
    return None


def _skipped(reason: str) -> Verdict:
    return Verdict(Outcome.SKIPPED, reason)


def _judged(planned: Planned, verdict: Verdict, evidence: Evidence) -> Judged:
    lines = evidence.of(planned.observation) if planned.observation else ()
    took = round(lines[-1].t - lines[0].t, 3) if lines else None
    return Judged(planned.check, planned.subject, law_of(planned.check), verdict, took)


__all__ = [
    "JUDGES",
    "LAWS",
    "STATIC",
    "Judged",
    "declared_plan",
    "exit_status",
    "judge_planned",
    "judge_run",
    "law_of",
    "static_plan",
]
