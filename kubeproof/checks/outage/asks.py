"""
What each pod of a workload was asked while its database was away, as values, and whether that was asking enough.

`liveness` is asked as the kubelet asks it, `request` as the profile's entry says, at each pod's own address. Times are
the sender's, set onto the run's clock by the line that arrived fastest. What the probe sent late, or could not send, or
may have heard late, was not observed: it says nothing of the pod.
"""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import inf

from kubeproof.checks.outage.window import Window, no_window, window
from kubeproof.evidence.questions import Lines, fact, not_observed, number, of_kind, seconds
from kubeproof.evidence.reading import Line
from kubeproof.manifests.system import System
from kubeproof.manifests.workloads import Workload
from kubeproof.profile.intent import Entry, Loss, Profile
from kubeproof.verdict import Verdict, passed, unknown

QUESTIONS = ("liveness", "request")
SENT_LATE = 0.05  # seconds that the probe may be late by: half of the tightest promise that is judged by its asks
UNSEEN = 0.05  # the share of one pod's asks that may go unobserved: more, and the slow ones may be among them
GAP = 2.0  # seconds without an ask: longer, and a pod that hung may have hidden in it
ENOUGH = 100  # asks: with fewer, the 99th of 100 was not seen


@dataclass(frozen=True)
class Ask:
    """One ask: `at` is when it was due on the run's clock, `took` from then to the end of the answer, or for ever."""

    line: Line
    at: float
    end: float
    question: str
    pod: str
    status: float | None
    took: float
    observed: bool

    @property
    def heard(self) -> bool:
        """Whether it says anything: an answer does, however late the probe was, and silence where it was in time."""
        return self.observed or self.status is not None

    @property
    def succeeded(self) -> bool:
        """Whether the kubelet would have called the answer a success."""
        return self.status is not None and 200 <= self.status < 400


def read_asks(subject: str, lines: Lines) -> tuple[Ask, ...]:
    """The asks of a workload's pods in the order in which they were due; a line without its times is left out."""
    timed = [(line, *times) for line in of_kind(lines, "asked") if (times := _times(line)) is not None]
    offset = min((line.t - intended - took for line, intended, _, took in timed), default=0.0)
    stalls = _Stalls((intended, sent) for _, intended, sent, _ in timed)
    names, uids = _known(subject, lines)
    asks = []
    for line, intended, _, took in timed:
        if line.get("pod") not in names and line.get("uid") not in uids:
            continue  # of another workload that depends on the same database
        status = number(line, "status")
        observed = not not_observed(line.get("error")) and not stalls.touch(intended, intended + took)
        at, end = intended + offset, intended + offset + took
        answered = inf if status is None else took
        asks.append(Ask(line, at, end, str(line.get("question")), str(line.get("pod")), status, answered, observed))
    return tuple(sorted(asks, key=lambda ask: ask.at))


def _times(line: Line) -> tuple[float, float, float] | None:
    """When it was due, when it was sent, and the seconds from the first to its end; None when they cannot be."""
    intended, sent, took = (number(line, name) for name in ("intended", "sent", "seconds"))
    if intended is None or sent is None or took is None or not intended - 0.001 <= sent <= intended + took + 0.001:
        return None
    return intended, sent, took


def _known(subject: str, lines: Lines) -> tuple[set[object], set[object]]:
    pods = of_kind(lines, "pod", workload=subject)
    return {line.get("name") for line in pods}, {line.get("uid") for line in pods}


class _Stalls:
    """When the probe was held up: from the time that something was due until it was sent, where that was late."""

    def __init__(self, sendings: Iterable[tuple[float, float]]) -> None:
        late = sorted((intended, sent) for intended, sent in sendings if sent - intended > SENT_LATE)
        self._begins: list[float] = []
        self._ends: list[float] = []
        for begin, end in late:
            if self._ends and begin <= self._ends[-1]:
                self._ends[-1] = max(end, self._ends[-1])
            else:
                self._begins.append(begin)
                self._ends.append(end)

    def touch(self, intended: float, ended: float) -> bool:
        """Whether an ask was due in one, or ended in one, or just after it: its answer may have lain there."""
        return self._in(intended, 0.0) or self._in(ended, SENT_LATE)

    def _in(self, moment: float, after: float) -> bool:
        place = bisect_right(self._begins, moment) - 1
        return place >= 0 and moment <= self._ends[place] + after


def during(found: Window, asks: Iterable[Ask], question: str) -> tuple[Ask, ...]:
    """The asks of one question between the deed and its end, observed or not."""
    return tuple(ask for ask in asks if ask.question == question and found.stopped.t < ask.at <= found.end)


def by_pod(asks: Iterable[Ask]) -> dict[str, tuple[Ask, ...]]:
    """The asks of each pod, by its name, in order of names."""
    groups: dict[str, list[Ask]] = {}
    for ask in asks:
        groups.setdefault(ask.pod, []).append(ask)
    return {pod: tuple(groups[pod]) for pod in sorted(groups)}


def _ready(subject: str, found: Window, lines: Lines) -> dict[str, Line]:
    """The pods that were Ready before the deed, by name: those who are to be asked."""
    pods = {line.get("uid"): line for line in of_kind(lines, "pod", workload=subject) if line.t <= found.stopped.t}
    there = (line for line in pods.values() if not (line.get("deleted") or line.get("gone")))
    return {str(line.get("name")): line for line in there if line.get("ready") is True}


# Premises: what must have been so for answers to mean anything. Each is a judge, and never says FAIL.


def everyone_asked(system: System, profile: Profile, subject: str, lines: Lines) -> Verdict:
    """Whether each Ready pod was asked both questions, by its uid, and at the URL that is declared for it."""
    found, workload = window(lines), system.workload(subject)
    if found is None or workload is None:
        return no_window(Loss.REFUSED)
    there = _ready(subject, found, lines)
    asked = [{line.get("uid") for line in of_kind(lines, "asked", question=question)} for question in QUESTIONS]
    missed = [name for name, line in there.items() if not all(line.get("uid") in uids for uids in asked)]
    if missed or not there:
        return unknown(f"{len(missed)} of {len(there)} pods of {subject} were not asked")
    urls = {name: _urls(system, profile, workload, str(line.get("ip"))) for name, line in there.items()}
    for ask in read_asks(subject, lines):
        pod, url = there.get(ask.pod), ask.line.get("url")
        if pod is None or pod.get("uid") != ask.line.get("uid"):
            message = f"{ask.pod} was asked, and was no Ready pod of {subject} before"
            return unknown(message, fact(ask.line, message))
        if url not in urls[ask.pod].get(ask.question, ()):
            message = f"{ask.question} of {ask.pod} was asked of {url}"
            return unknown(message, fact(ask.line, message))
    return passed("everyone", fact(found.stopped, f"{len(there)} pods asked"))


def _urls(system: System, profile: Profile, workload: Workload, ip: str) -> dict[str, set[str]]:
    """Where each question is to be asked of a pod with this address."""
    entry = profile.entry(workload.name)
    places: list[tuple[str, int | str | None, str]] = [
        ("liveness", probe.port, probe.path) for probe in workload.probes("liveness") if probe.path
    ]
    if entry is not None and (service := system.service(entry.service)) is not None:
        places.append(("request", service.ports[0].target, entry.path))
    urls: dict[str, set[str]] = {}
    for question, port, path in places:
        host = f"[{ip}]" if ":" in ip else ip
        urls.setdefault(question, set()).add(f"http://{host}:{workload.port_number(port)}{path}")
    return urls


def asked_all_the_while(_: System, __: Profile, subject: str, lines: Lines) -> Verdict:
    """Whether each pod was asked densely from before the loss to its end, and nearly all of that was observed."""
    found = window(lines)
    if found is None:
        return no_window(Loss.REFUSED)
    asks = read_asks(subject, lines)
    facts = []
    for question in QUESTIONS:
        mine = by_pod(during(found, asks, question))
        for pod in _ready(subject, found, lines):
            if (reason := _too_seldom(mine.get(pod, ()), found)) is not None:
                return unknown(f"{question}: {pod} {reason}")
        seen = [ask for ask in during(found, asks, question) if ask.observed]
        if len(seen) < ENOUGH:
            return unknown(f"{question}: {len(seen)} answers were observed during the outage, {ENOUGH} are needed")
        facts.append(fact(seen[-1].line, f"{question}: {len(seen):,} answers observed"))
    return passed("all the while", *facts)


def _too_seldom(asks: tuple[Ask, ...], found: Window) -> str | None:
    """Why one pod's asks of one question are not enough, None when they are."""
    seen = [ask.at for ask in asks if ask.observed]
    if not seen:
        return "was not asked during the outage"
    gap = max(after - before for before, after in pairwise((found.stopped.t, *seen, found.end)))
    if gap > GAP:
        return f"was not asked for {seconds(gap)} during the outage"
    unseen = len(asks) - len(seen)
    if unseen > UNSEEN * len(asks):
        return f"was not observed {unseen} of {len(asks)} times: the probe was late, or could not ask"
    return None


def none_lost(_: System, __: Profile, ___: str, lines: Lines) -> Verdict:
    """Whether every answer reached the evidence, with its times: a lost one may have been the slow one."""
    ends, asked = of_kind(lines, "asked.end"), of_kind(lines, "asked")
    timed = sum(1 for line in asked if _times(line) is not None)
    if len(ends) != 1 or number(ends[0], "asked") != timed:
        said = ends[0].get("asked") if ends else "an unknown number"
        return unknown(f"{said} asks were made, {timed} are in the evidence")
    return passed("whole", fact(ends[0], f"asked {timed:,} times"))


def answered_before(_: System, profile: Profile, subject: str, lines: Lines) -> Verdict:
    """Whether each pod answered before: who was never answered cannot be told from who cannot ask."""
    found, entry = window(lines), profile.entry(subject)
    if found is None or entry is None:
        return no_window(Loss.REFUSED)
    asks = read_asks(subject, lines)
    facts = []
    for question in QUESTIONS:
        pods = by_pod(ask for ask in asks if ask.question == question)
        heard = {name: next(_good(entry, found, asked), None) for name, asked in pods.items()}
        deaf = [name for name, good in heard.items() if good is None]
        if deaf or not pods:
            return unknown(f"{question}: {len(deaf)} of {len(pods)} pods did not answer before the outage either")
        facts += [fact(good.line, f"{question} of {name} answered") for name, good in heard.items() if good is not None]
    return passed("answered before", *facts)


def _good(entry: Entry, found: Window, asks: Iterable[Ask]) -> Iterator[Ask]:
    """Those that were answered well before the deed."""
    for ask in asks:
        good = ask.status == entry.expect if ask.question == "request" else ask.succeeded
        if good and ask.observed and ask.end <= found.stopped.t:
            yield ask
