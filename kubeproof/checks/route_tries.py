"""
What was tried at an entrance: the lines of one request as it is declared, and who was behind a Service meanwhile.

Lines of a round are written at its end: an answer came at any moment since the marker 'round begun' before it.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from kubeproof.evidence.lines import Line
from kubeproof.evidence.questions import Lines, began, number, of_kind, texts
from kubeproof.manifests.routes import Request, asked_host, hosts, read_rules, requests
from kubeproof.manifests.system import System
from kubeproof.profile.intent import Entry, Profile


def requests_of(system: System, kind: str, host: str) -> tuple[Request, ...]:
    """What shows whether the rules of a kind hold for one host."""
    return requests(read_rules(system.documents, kind), host)


def entries_of(system: System, profile: Profile, kind: str, host: str) -> tuple[Entry, ...]:
    """The profile's entries under a host that rules of this kind name."""
    named = hosts(read_rules(system.documents, kind))
    return tuple(entry for entry in profile.entries if entry.host == host and host in named)


def tries(asked: Request | Entry, lines: Lines) -> Lines:
    """The lines of a request or an entry that was sent as it is declared, to the entrance of its object."""
    known: dict[str, Any] = {"host": asked.host, "path": asked.path, "method": asked.method}
    if isinstance(asked, Request):
        known["owner"] = asked.owner
    same = (line for line in of_kind(lines, "route", **known) if line.data.get("body") == asked.body)
    return tuple(line for line in same if went_there(line, lines))


def went_there(line: Line, lines: Lines) -> bool:
    """Whether a request went to where the object's controller listens, under the host that the run has for it."""
    entrance = next(iter(of_kind(lines, "entrance", owner=line.get("owner"))), None)
    if entrance is None or line.t < entrance.t:
        return False
    under = asked_host(str(line.get("host")), str(entrance.get("namespace")))
    there = (entrance.get("address"), entrance.get("port"), under)
    return (line.get("address"), line.get("port"), line.get("asked")) == there


def rounds(lines: Lines) -> dict[float, Line]:
    """The rounds by number, each with the marker of its begin."""
    begun = of_kind(lines, "marker", says="round begun")
    return {at: line for line in begun if (at := number(line, "round")) is not None}


def since(line: Line, lines: Lines) -> float:
    """The earliest moment at which the answer of a line may have come."""
    begun = rounds(lines).get(number(line, "round") or 0.0)
    return min(begun.t if begun else line.t, began(line))


def behind(services: Iterable[str], line: Line, lines: Lines) -> set[str]:
    """The pods that were ready endpoints of one of the Services at a moment when the answer of a line may have come."""
    return {name for service in services for name in _during(of_kind(lines, "endpoints", service=service), line, lines)}


def _during(states: Lines, line: Line, lines: Lines) -> Iterator[str]:
    begin = since(line, lines)
    before = [state for state in states if state.t <= begin][-1:]
    for state in (*before, *(state for state in states if begin < state.t <= line.t)):
        yield from texts(state, "ready")


def ever_behind(services: Iterable[str], lines: Lines) -> set[str]:
    """The pods that were ready endpoints of one of the Services at any time."""
    states = (state for service in services for state in of_kind(lines, "endpoints", service=service))
    return {name for state in states for name in texts(state, "ready")}


def members(workload: str, line: Line, lines: Lines) -> set[object]:
    """The names of a workload's pods that were there at a moment when the answer of a line may have come."""
    begin, last = since(line, lines), {}
    found = set()
    for state in of_kind(lines, "pod", workload=workload):
        if state.t <= begin:
            last[state.get("uid")] = state
        elif state.t <= line.t:
            found.add(state.get("name"))
    return found | {state.get("name") for state in last.values() if state.get("gone") is not True}
