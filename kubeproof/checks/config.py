"""
config.change-rolls: a changed ConfigMap or Secret reaches the pods that read it, by pods that are made anew.

A container reads its variables once, and most programs their files. Where pods stay, the change waits for the next
restart, whenever that is, and half of the replicas may run with the one and half with the other.
"""

from collections.abc import Iterator

from kubeproof.checks.check import Check, Phase, Subject
from kubeproof.evidence.questions import Lines, fact, marker, number, of_kind, seconds, texts
from kubeproof.evidence.reading import Line
from kubeproof.manifests.system import System
from kubeproof.profile.intent import Profile
from kubeproof.verdict import Verdict, failed, passed, unknown

BEGUN = 30.0  # seconds from the change until the first old pod must be on its way out or the first new one there


def judge_change(system: System, profile: Profile, subject: str, lines: Lines) -> Verdict:
    """Judge whether every pod of a workload that was there before the change was replaced after it."""
    del profile
    workload = system.workload(subject)
    if workload is None:
        return unknown(f"the manifests have no workload {subject}")
    changed, over = marker(lines, "configuration changed"), marker(lines, "change over")
    if changed is None or over is None:
        return unknown("no markers say when the configuration was changed, and how long was waited")
    read = {f"{config.kind}/{config.name}" for config in system.configs_of(workload)}
    touched = sorted(read & set(texts(changed, "objects")))
    if not touched:
        return unknown(f"nothing that {subject} reads was changed")
    pods = of_kind(lines, "pod", workload=subject)
    old = {line.get("uid"): line for line in pods if line.t <= changed.t and line.get("ready") is True}
    if not old:
        return unknown(f"no pod of {subject} was seen ready before the change")
    return _replaced(subject, " and ".join(touched), old, (changed, over), lines)


def _replaced(subject: str, what: str, old: dict[object, Line], window: tuple[Line, Line], lines: Lines) -> Verdict:
    """The verdict on one workload: who of the `old` pods stayed, and who came, after `what` changed."""
    changed, over = window
    after = [line for line in of_kind(lines, "pod", workload=subject) if line.t > changed.t]
    left = {line.get("uid") for line in after if line.get("deleted") is True or line.get("gone") is True}
    new = {line.get("uid"): line for line in after if line.get("uid") not in old and line.get("ready") is True}
    stayed = [line for uid, line in old.items() if uid not in left]
    if stayed:
        waited = over.t - changed.t
        because = f"{len(stayed)} of {len(old)} pods still run as before {what} changed, {seconds(waited)} later"
        facts = [fact(line, f"{line.get('name')} was there before the change, and stayed") for line in stayed]
        return failed(because, *facts) if waited >= BEGUN else unknown(because, *facts)
    wanted = _desired(subject, lines) or len(old)
    if len(new) < wanted:
        because = f"{len(new)} of {wanted:.0f} pods were seen ready after {what} changed"
        return unknown(because, fact(over, because))
    last = max(new.values(), key=lambda line: line.t)
    took = f"{len(old)} pod{'s' * (len(old) > 1)} replaced within {seconds(last.t - changed.t)} of a change of {what}"
    return passed(took, fact(last, f"{last.get('name')} is the last of {len(new)} new pods"))


def _desired(subject: str, lines: Lines) -> float | None:
    samples = of_kind(lines, "workload", name=subject)
    return number(samples[-1], "desired") if samples else None


def _readers(system: System, _: Profile) -> Iterator[Subject]:
    for workload in system.workloads:
        if system.configs_of(workload):
            yield Subject(workload.name, "config")


CHANGE_ROLLS = Check(
    name="config.change-rolls",
    law="when a ConfigMap or Secret that a workload reads changes, applying the manifests again replaces its pods",
    needs="room for one more pod of each workload",
    phase=Phase.REPLACE_ALL_PODS,
    subjects=_readers,
    observer="config.observe_change",
    reads=("marker", "pod", "workload"),
    judge=judge_change,
)
