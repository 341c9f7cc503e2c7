"""
config.change-rolls: a changed ConfigMap or Secret reaches the pods that read it, by pods that are made anew.

A container reads its variables once, and most programs their files. Where pods stay, the change waits for the next
restart, whenever that is, and half of the replicas may run with the one and half with the other.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from kubeproof.checks.check import Check, Judge, Phase, Premise, Subject
from kubeproof.checks.rollout_premises import revisions_differ
from kubeproof.evidence.lives import Life, lives
from kubeproof.evidence.questions import Lines, fact, marker, number, of_kind, seconds, texts, watched_until
from kubeproof.evidence.reading import Line
from kubeproof.manifests.system import System
from kubeproof.manifests.workloads import Workload
from kubeproof.profile.intent import Profile
from kubeproof.verdict import Verdict, failed, passed, unknown

BEGUN = 30.0  # seconds from the change until the first old pod must be on its way out or the first new one there


@dataclass(frozen=True)
class Change:
    """
    A change of configuration and one workload that reads it.

    `touched` is what it reads of what was changed. `old` are its pods that were Ready when that was done, `new` those
    that are there in the end and were not there then, `others` those that came and left.
    """

    workload: Workload
    touched: tuple[str, ...]
    changed: Line
    over: Line
    old: tuple[Life, ...]
    new: tuple[Life, ...]
    others: tuple[Life, ...]
    lines: Lines


def _change(system: System, subject: str, lines: Lines) -> Change | str:
    """The change as this workload saw it, or why there is none to speak of."""
    workload = system.workload(subject)
    if workload is None:
        return f"the manifests have no workload {subject}"
    changed, over = marker(lines, "configuration changed"), marker(lines, "change over")
    if changed is None or over is None:
        return "no markers say when the configuration was changed, and how long was waited"
    read = {f"{config.kind}/{config.name}" for config in system.configs_of(workload)}
    touched = tuple(sorted(read & set(texts(changed, "objects"))))
    if not touched:
        return f"nothing that {subject} reads was changed"
    pods = [life for life in lives(lines, subject) if life.deleted > changed.t]
    old = tuple(life for life in pods if life.is_ready(changed.t))
    if not old:
        return f"no pod of {subject} was seen ready before the change"
    since = [life for life in pods if life not in old]
    new = tuple(life for life in since if life.deleted > watched_until(lines))
    return Change(workload, touched, changed, over, old, new, tuple(life for life in since if life not in new), lines)


def judge_change(system: System, profile: Profile, subject: str, lines: Lines) -> Verdict:
    """Judge whether every pod of a workload that was there before the change was replaced after it."""
    del profile
    change = _change(system, subject, lines)
    if isinstance(change, str):
        return unknown(change)
    what, stayed = " and ".join(change.touched), _stayed(change)
    if stayed:
        facts = [fact(life.lines[-1], f"{life.name} was there before the change, and stayed") for life in stayed]
        return failed(_still(change, stayed), *facts)
    last = max(change.old, key=lambda life: life.deleted)
    took = seconds(last.deleted - change.changed.t)
    count = len(change.old)
    message = f"{count} pod{'s' * (count > 1)} sent away within {took} of a change of {what}"
    return passed(message, fact(last.lines[-1], f"{last.name} was the last of them to go"))


def _of(judge: Callable[[Change], Verdict]) -> Judge:
    def judged(system: System, _: Profile, subject: str, lines: Lines) -> Verdict:
        change = _change(system, subject, lines)
        return unknown(change) if isinstance(change, str) else judge(change)

    return judged


def read_by_pods(change: Change) -> Verdict:
    """A container that takes single keys of an object reads the same as before when a key was added."""
    whole = {f"{taken.kind}/{taken.name}" for taken in change.workload.references if taken.key is None}
    differing = [name for name in change.touched if name in whole]
    if not differing:
        return unknown(f"{change.workload.name} reads single keys of {' and '.join(change.touched)}, and one was added")
    message = f"{change.workload.name} reads all of {' and '.join(differing)}, which has a key more"
    return passed(message, fact(change.changed, message))


def as_planned(change: Change) -> Verdict:
    """The pods that were Ready before the change are those that the marker says, and none of them left before."""
    planned = set(texts(change.changed, "uids"))
    mine = [life for life in lives(change.lines, change.workload.name) if life.began <= change.changed.t]
    for life in mine:
        if life not in change.old or life.uid not in planned:
            because = f"{life.name} was not a Ready pod when the configuration was changed, or came just before"
            return unknown(because, fact(life.lines[0], because))
    names = ", ".join(life.name for life in change.old)
    return passed(names, fact(change.changed, f"{names} ran from the beginning until the change"))


def long_enough(change: Change) -> Verdict:
    """Who stayed was given the time to go."""
    waited, stayed = change.over.t - change.changed.t, _stayed(change)
    if stayed and waited < BEGUN:
        return unknown(_still(change, stayed), fact(change.over, _still(change, stayed)))
    message = f"watched for {seconds(waited)} after the change"
    return passed(message, fact(change.over, message))


def _stayed(change: Change) -> list[Life]:
    return [life for life in change.old if life.deleted > watched_until(change.lines)]


def _still(change: Change, stayed: list[Life]) -> str:
    what, waited = " and ".join(change.touched), seconds(change.over.t - change.changed.t)
    return f"{len(stayed)} of {len(change.old)} pods still run as before {what} changed, {waited} later"


def complete(change: Change) -> Verdict:
    """As many new pods as are desired are Ready in the end, and no pod of before is left."""
    end = watched_until(change.lines)
    ready = [life for life in change.new if life.is_ready(end)]
    sizes = of_kind(change.lines, "workload", name=change.workload.name)
    desired = number(sizes[-1], "desired") if sizes else None
    for life in (*change.others, *(old for old in change.old if old.gone > end)):
        because = f"{life.name} " + ("came and left" if life in change.others else "was not seen going")
        return unknown(because, fact(life.lines[-1], because))
    message = f"{len(ready)} of {len(change.new)} new pods are Ready in the end"
    if desired is None or not len(ready) == len(change.new) == desired:
        return unknown(f"{message}, {'nobody said how many' if desired is None else f'{desired:.0f}'} are desired")
    return passed(message, fact(ready[-1].lines[-1], message))


def another_template(change: Change) -> Verdict:
    """No new pod is of a revision that an old one had."""
    return revisions_differ(change.old, change.new)


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
    premises=(
        Premise("what was changed is something that its pods read", _of(read_by_pods), of_failure=True),
        Premise("its pods were the same from the beginning until the change", _of(as_planned)),
        Premise("they were watched for long enough", _of(long_enough), of_failure=True),
        Premise("as many new pods as are desired were Ready in the end", _of(complete)),
        Premise("the new pods were of another template than the old ones", _of(another_template)),
    ),
)
