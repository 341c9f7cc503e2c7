"""What must have been so for the matrix of isolation to mean anything: the canary, who was tried, from where."""

from collections.abc import Collection

from kubeproof.checks.reach_attempts import BOUND, FAILED, Attempts, near, source_of, target_of
from kubeproof.evidence.questions import Lines, fact, of_kind
from kubeproof.evidence.reading import Line
from kubeproof.manifests.system import System
from kubeproof.profile.intent import Profile
from kubeproof.verdict import Fact, Verdict, passed, unknown

STRANGER = "stranger"


def sources(system: System) -> tuple[str, ...]:
    """Who tries: every workload, and a pod of another namespace."""
    return (*(workload.name for workload in system.workloads), STRANGER)


def targets(system: System) -> dict[str, tuple[int, ...]]:
    """Whom they try: every workload with a port for it."""
    return {workload.name: workload.tcp_ports for workload in system.workloads if workload.tcp_ports}


def enforced(system: System, profile: Profile, subject: str, lines: Lines) -> Verdict:
    """The canary was kept from a pod whose policy admits nobody, one that listened, and from nothing else."""
    del system, profile, subject
    walled, listener = (of_kind(lines, "reach", role="canary", target=target) for target in ("walled", "listener"))
    kept_out = _kept_out(lines)
    through = [line for line in walled if line.get("outcome") == "connected"]
    if through and (not kept_out or through[-1].t > kept_out[0].t):
        return unknown(
            "this cluster does not enforce NetworkPolicy",
            fact(through[-1], "the canary connected to a pod whose policy admits nobody"),
        )
    if not any(line.get("outcome") in FAILED for line in walled):
        return unknown("the canary did not try the walled pod")
    if not kept_out:
        return unknown("the canary's walled pod was not seen to listen, or its listener not reached, about then")
    first = kept_out[0]
    reached = next(line for line in listener if _reached_by(line, first))
    return passed(
        "the canary was kept out",
        fact(first, f"the canary did not reach the walled pod: {first.get('outcome')}"),
        fact(reached, "and reached its listener"),
    )


def _kept_out(lines: Lines) -> tuple[Line, ...]:
    """The canary's failed attempts on the walled pod, which listened, while it reached its listener."""
    attempts = Attempts(lines)
    listener = of_kind(lines, "reach", role="canary", target="listener")
    return tuple(
        line
        for line in of_kind(lines, "reach", role="canary", target="walled")
        if line.get("outcome") in FAILED
        and attempts.listened(line)
        and any(_reached_by(other, line) for other in listener)
    )


def _reached_by(listener: Line, walled: Line) -> bool:
    """Whether the listener was reached from the pod that tried the walled one, about then."""
    source = source_of(listener)
    return (
        listener.get("outcome") == "connected"
        and source is not None
        and source == source_of(walled)
        and near(listener, walled)
    )


def enforced_meanwhile(system: System, profile: Profile, subject: str, lines: Lines) -> Verdict:
    """No attempt came before the canary was first kept out, and to each there was such a canary about then."""
    del system, profile, subject
    kept_out, cells = _kept_out(lines), Attempts(lines).cells
    if not kept_out or not cells:
        return unknown("nothing was tried" if kept_out else "the canary was not kept out")
    for cell in cells:
        if cell.t < kept_out[0].t or not any(near(cell, canary) for canary in kept_out):
            pair = f"{cell.get('source')} -> {cell.get('target')}"
            return unknown(f"{pair} was tried with no canary kept out within {BOUND:.0f} s", fact(cell, pair))
    return passed(
        f"{len(kept_out)} canaries", *(fact(canary, "the canary did not reach the walled pod") for canary in kept_out)
    )


def every_target(system: System, profile: Profile, subject: str, lines: Lines) -> Verdict:
    """Each Ready pod was connected to, or not, from a pod of everybody, other than itself, at each port."""
    del profile, subject
    attempts = Attempts(lines)
    facts: list[Fact] = []
    for target, ports in targets(system).items():
        ready = attempts.ready_pods(target)
        if not ready:
            return unknown(f"no Ready pod of {target} was seen")
        for uid, pod in ready.items():
            for source in sources(system):
                tried = [attempt for port in ports for attempt in attempts.of_pair(source, target, port)]
                at_it = {attempt.get("port") for attempt in tried if target_of(attempt) == uid}
                if at_it != set(ports) and not (source == target and _is_alone(uid, ready, tried)):
                    return unknown(f"{source} did not try {pod.get('name')} of {target}", fact(pod, "was Ready"))
            facts.append(fact(pod, f"{pod.get('name')} of {target} was tried"))
    if not facts:
        return unknown("no workload has a TCP port")
    return passed(f"{len(facts)} pods were tried", *facts)


def _is_alone(uid: str, ready: Collection[str], tried: list[Line]) -> bool:
    """Whether no other replica was there to try this one: the only one, or the one that tried the others."""
    return set(ready) == {uid} or {source_of(attempt) for attempt in tried} == {uid}


def every_node(system: System, profile: Profile, subject: str, lines: Lines) -> Verdict:
    """Policies are enforced by each node for its own pods: one pod of a workload tried on each node that has some."""
    del profile, subject
    attempts = Attempts(lines)
    tried_from = {source_of(attempt) for attempt in attempts.cells}
    facts: list[Fact] = []
    for workload in system.workloads:
        ready = attempts.ready_pods(workload.name)
        by = {uid: pod for uid, pod in ready.items() if uid in tried_from}
        missing = {pod.get("node") for pod in ready.values()} - {pod.get("node") for pod in by.values()}
        if not by or missing:
            where = f" on {', '.join(sorted(map(str, missing)))}" if missing else ""
            return unknown(f"no Ready pod of {workload.name}{where} tried anything")
        facts += [fact(pod, f"{pod.get('name')} of {workload.name} tried on {pod.get('node')}") for pod in by.values()]
    if not facts:
        return unknown("there is no workload")
    return passed(f"{len(facts)} pods tried", *facts)


def same_pods(system: System, profile: Profile, subject: str, lines: Lines) -> Verdict:
    """No pod that was tried, or tried, went, restarted or was not Ready for a while."""
    del system, profile, subject
    attempts = Attempts(lines)
    tried = {uid for attempt in attempts.cells for uid in (source_of(attempt), target_of(attempt))}
    for uid, line in attempts.changed_pods.items():
        if uid in tried:
            return unknown(f"{line.get('name')} went, restarted or was not Ready", fact(line, "changed"))
    pods = [line for line in of_kind(lines, "pod") if line.get("uid") in tried]
    if not pods:
        return unknown("no line of a tried pod was seen")
    return passed("none changed", *(fact(line, f"{line.get('name')} stayed") for line in pods))
