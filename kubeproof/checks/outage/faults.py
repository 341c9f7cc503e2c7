"""
outage.frozen, outage.black-holed: a workload bears a fault of its database as it bears any loss of it.

The evidence is that of an outage, and greetings: all the while somebody called the database from a pod that may talk to
it, and waited for any word. So is seen that the fault was there, that it was this one, and that it was gone after.
"""

from functools import partial
from typing import Any

from kubeproof.checks.check import Check, Phase, Premise
from kubeproof.checks.outage.answers import asking, bearers_of, judge_outage, told
from kubeproof.checks.outage.probes import judge_readiness, restarted_without_it
from kubeproof.checks.outage.window import LATE, Window, no_window, window
from kubeproof.evidence.questions import Lines, about, began, fact, number, of_kind, restarts, seconds
from kubeproof.evidence.reading import NODE
from kubeproof.manifests.system import System
from kubeproof.profile.intent import Loss, Profile
from kubeproof.verdict import Outcome, Verdict, merge, passed, unknown

GREETED = {Loss.FROZEN: "silent", Loss.BLACK_HOLED: "timeout"}  # what becomes of a greeting to a database lost so
_READS = ("need", "marker", "pod", "endpoints", "event", "workload", "asked", "asked.end", "greeted")
UNSEEN = 5.0  # seconds without a greeting in which the database may have been back
PATIENT = 1.0  # seconds that a greeting must have waited: a server that is there answers within milliseconds


def judge_fault(loss: Loss, system: System, profile: Profile, subject: str, lines: Lines) -> Verdict:
    """Judge how one workload bore a fault of its database: as an outage, and by the laws about its probes."""
    for line in of_kind(lines, "need", need=NODE, met=False):
        return Verdict(Outcome.SKIPPED, str(line.get("says")), (fact(line, "nothing was done"),))
    return told(
        [
            judge_outage(loss, system, profile, subject, lines),
            _no_restart(subject, lines),
            judge_readiness(loss, system, profile, subject, lines),
        ]
    )


def _there(loss: Loss, _: System, __: Profile, ___: str, lines: Lines) -> Verdict:
    """Whether the database was lost in this way and in no other, for the whole window: else nothing had to be borne."""
    found, database = window(lines), about(lines)
    if found is None or found.started is None:
        return no_window(loss)
    for line in of_kind(lines, "pod", workload=database):
        if line.t > found.stopped.t and (line.get("deleted") is True or line.get("gone") is True):
            return unknown(f"{line.get('name')} was deleted meanwhile", fact(line, "deleted"))
    for line in restarts(of_kind(lines, "pod", workload=database), found.stopped.t):
        return unknown(f"{line.get('name')} restarted: it was not only {loss.value}", fact(line, "restarted"))
    greeted = of_kind(lines, "greeted")
    if not greeted:
        return unknown(f"{database} was never greeted")
    called = {(str(line.get("pod")), line.get("host")) for line in greeted}
    before = {line.get("uid"): line for line in of_kind(lines, "pod", workload=database) if line.t <= found.stopped.t}
    there = {(str(line.get("name")), line.get("ip")) for line in before.values() if line.get("gone") is not True}
    if called != there:
        return unknown(f"of {database} {_named(there)} was there before, and {_named(called)} was greeted")
    pods = sorted(name for name, _ in there)
    return merge(_greeted(loss, pod, of_kind(greeted, "greeted", pod=pod), found) for pod in pods)


def _named(pods: set[tuple[str, Any]]) -> str:
    return ", ".join(f"{name} at {ip}" for name, ip in sorted(pods, key=str)) or "nobody"


def _greeted(loss: Loss, pod: str, greeted: Lines, found: Window) -> Verdict:
    stopped, away = found.stopped, found.away
    answered = [line for line in greeted if line.get("outcome") == "answered"]
    if not any(line.t <= stopped.t for line in answered):
        return unknown(f"{pod} did not answer a greeting before it was {loss.value} either")
    during = [line for line in greeted if away.t + LATE < began(line) and line.t <= found.end]
    for line in during:
        if line.get("outcome") != GREETED[loss]:
            message = f"{pod} was to be {loss.value}, and a greeting was {line.get('outcome')}: {line.get('says')}"
            return unknown(message, fact(line, message))
        if (waited := number(line, "seconds") or 0.0) < PATIENT:
            return unknown(f"a greeting of {pod} gave up after {seconds(waited)}", fact(line, "gave up"))
    ends, begins = [away.t, *(line.t for line in during)], [*map(began, during), found.end]
    unseen = max(begin - end for end, begin in zip(ends, begins, strict=True))
    if not during or unseen > UNSEEN:
        return unknown(f"{pod} was not greeted for {seconds(unseen)} while it was to be {loss.value}")
    if not any(line.t > found.end for line in answered):
        return unknown(f"{pod} did not answer a greeting after it was {loss.value}")
    return passed("there", fact(during[0], f"{pod} {loss.value}: {len(during)} greetings, none answered"))


def _no_restart(subject: str, lines: Lines) -> Verdict:
    found, pods = window(lines), of_kind(lines, "pod", workload=subject)
    if found is None or not pods:
        return unknown(f"no pod of {subject} was seen while its database was away")
    restarted = restarted_without_it(subject, found, lines)
    return restarted or passed("no restart", fact(pods[-1], "no restart"))


def _premises(loss: Loss) -> tuple[Premise, ...]:
    lost = Premise(f"the database was {loss.value} from start to end", partial(_there, loss), of_failure=True)
    return (lost, *asking(loss))


FROZEN = Check(
    name="outage.frozen",
    law="while its database hangs a pod does not hang, leaves, and is back in time",
    needs="the embedded cluster: the node below the database",
    phase=Phase.TAKE_A_DEPENDENCY,
    subjects=bearers_of(Loss.FROZEN, "frozen"),
    observer="outage.observe_frozen",
    reads=_READS,
    judge=partial(judge_fault, Loss.FROZEN),
    premises=_premises(Loss.FROZEN),
)
BLACK_HOLED = Check(
    name="outage.black-holed",
    law="while packets to its database vanish a pod does not hang, and is back in time",
    needs="the embedded cluster: the node below the database",
    phase=Phase.TAKE_A_DEPENDENCY,
    subjects=bearers_of(Loss.BLACK_HOLED, "black-holed"),
    observer="outage.observe_black_holed",
    reads=_READS,
    judge=partial(judge_fault, Loss.BLACK_HOLED),
    premises=_premises(Loss.BLACK_HOLED),
)
