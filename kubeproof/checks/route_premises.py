"""
What must have been so for an answer at an entrance to mean anything.

Each function makes the judge of a premise for one kind of object, INGRESS or HTTP_ROUTE; the subject is a host.
"""

from collections.abc import Iterator

from kubeproof.checks.check import Judge, Premise
from kubeproof.checks.route_tries import entries_of, requests_of, rounds, tries
from kubeproof.evidence.lines import Line
from kubeproof.evidence.questions import Lines, fact, marker, number, of_kind, seconds, texts
from kubeproof.manifests.routes import Request
from kubeproof.manifests.system import System
from kubeproof.profile.intent import Entry, Profile
from kubeproof.verdict import Fact, Verdict, merge, passed, unknown


def premises(kind: str) -> tuple[Premise, ...]:
    """The premises of the check of one kind."""
    return (
        Premise("every request went as it is declared to where its controller listens", _as_declared(kind)),
        Premise("the rules were followed before they were judged", _settled),
        Premise("each request was made in every round of several", _in_every_round(kind)),
        Premise("in every round the same entrance led somebody to a pod", _leads_somewhere(kind)),
        Premise("what stands behind was all Ready in the end", _ready_in_the_end(kind)),
    )


def _asked(system: System, profile: Profile, kind: str, host: str) -> tuple[Request | Entry, ...]:
    return (*requests_of(system, kind, host), *entries_of(system, profile, kind, host))


def _as_declared(kind: str) -> Judge:
    def judge(system: System, profile: Profile, host: str, lines: Lines) -> Verdict:
        """Judge every line under the host: it is of a request or an entry, by host, path, method, body and address."""
        declared = [line for asked in _asked(system, profile, kind, host) for line in tries(asked, lines)]
        strange = [line for line in of_kind(lines, "route", host=host) if line not in declared]
        if strange:
            words = [f"{_what(line)} under {line.get('asked')} at {line.get('address')}" for line in strange]
            return unknown(f"nobody declares {words[0]}", *map(fact, strange, words))
        if not declared:
            return unknown("nothing was tried")
        return passed("as declared", fact(declared[0], f"requests as declared: {len(declared)}"))

    return judge


def _settled(_system: System, _profile: Profile, host: str, lines: Lines) -> Verdict:
    """What is declared for the host was answered so before the first round; says what was not before that."""
    found, first = marker(lines, "path settled"), next(iter(of_kind(lines, "route")), None)
    begun = min((line.t for line in rounds(lines).values()), default=None)
    if found is None or first is None or begun is None or found.t > begun:
        return unknown("nobody looked before the first round")
    attempts, took = number(found, "attempts"), number(found, "seconds")
    unsettled = texts(found, "unsettled")
    elsewhere = bool(unsettled) and host not in unsettled
    if not (found.get("settled") is True or elsewhere) or attempts is None or took is None:
        return unknown(f"they were not: {found.get('before')}", fact(found, f"not settled: {found.get('before')}"))
    before = f", after {found.get('before')}" if found.get("before") else ""
    return passed("settled", fact(found, f"followed at attempt {attempts:.0f}, after {seconds(took)}{before}"))


def _in_every_round(kind: str) -> Judge:
    def judge(system: System, profile: Profile, host: str, lines: Lines) -> Verdict:
        """Judge the rounds by their markers: two at least, and one line of each request in each, after its marker."""
        begun = rounds(lines)
        if len(begun) < 2:
            return unknown(f"rounds that were seen: {len(begun)}", *(fact(line, "a round") for line in begun.values()))
        for asked in _asked(system, profile, kind, host):
            seen = [(number(line, "round"), line.t) for line in tries(asked, lines)]
            if [at for at, _ in seen] != list(begun) or any(t < begun[at or 0.0].t for at, t in seen):
                what = f"{asked.method} {asked.host}{asked.path}"
                return unknown(f"{what} was not seen once in each of {len(begun)} rounds")
        return passed("several rounds", *(fact(line, f"round {at:.0f}") for at, line in begun.items()))

    return judge


def _leads_somewhere(kind: str) -> Judge:
    def judge(system: System, _profile: Profile, host: str, lines: Lines) -> Verdict:
        """Judge each entrance: where nobody answers as a pod, a 404 is anybody's who does not know these rules."""
        owners = dict.fromkeys(asked.owner for asked in requests_of(system, kind, host))
        begun, found = rounds(lines).keys(), []
        for owner in owners:
            tried = of_kind(lines, "route", owner=owner)
            mine = [line for line in tried if line.get("pod") and (number(line, "status") or 599) < 500]
            if not mine or begun - {number(line, "round") for line in mine}:
                found.append(unknown(f"there was a round in which no pod answered by way of {owner}"))
            else:
                found.append(passed("it led to a pod", fact(mine[-1], f"{_what(mine[-1])} by {mine[-1].get('pod')}")))
        return merge(found)

    return judge


def _ready_in_the_end(kind: str) -> Judge:
    def judge(system: System, profile: Profile, host: str, lines: Lines) -> Verdict:
        """Judge the last state of every workload that is asked, and of every Service."""
        asked = {service for request in requests_of(system, kind, host) for service in request.services}
        entered = {entry.workload for entry in entries_of(system, profile, kind, host)}
        verdicts = [_workload_ready(system, name, lines) for name in sorted(entered | set(_behind(system, asked)))]
        verdicts += [_service_ready(service, lines) for service in sorted(asked)]
        return merge(verdicts) if verdicts else passed("nobody is asked", Fact(None, f"nobody stands behind {host}"))

    return judge


def _behind(system: System, services: set[str]) -> Iterator[str]:
    for name in services:
        service = system.service(name)
        if service is not None:
            yield from (workload.name for workload in system.behind(service))


def _workload_ready(system: System, name: str, lines: Lines) -> Verdict:
    """As many pods as the manifests want at least, and each of those that are there is Ready."""
    last = {line.get("uid"): line for line in of_kind(lines, "pod", workload=name)}
    there = [line for line in last.values() if line.get("gone") is not True and line.get("deleted") is not True]
    ready = [line for line in there if line.get("ready") is True]
    workload, autoscaler = system.workload(name), system.autoscaler_of(name)
    wanted = autoscaler.minimum if autoscaler else workload.replicas if workload else 1
    if len(ready) < max(len(there), wanted, 1):
        message = f"{len(ready)} of {max(len(there), wanted)} pods of {name} were Ready"
        return unknown(message, *(fact(line, f"{line.get('name')}: ready {line.get('ready')}") for line in there))
    return passed("ready", fact(ready[-1], f"all {len(ready)} pods of {name} were Ready"))


def _service_ready(service: str, lines: Lines) -> Verdict:
    states = of_kind(lines, "endpoints", service=service)
    if not states or not texts(states[-1], "ready"):
        return unknown(f"{service} had no ready endpoint", *(fact(line, "its last endpoints") for line in states[-1:]))
    return passed("ready", fact(states[-1], f"behind {service}: {', '.join(texts(states[-1], 'ready'))}"))


def _what(line: Line) -> str:
    return f"{line.get('method')} {line.get('host')}{line.get('path')}"
