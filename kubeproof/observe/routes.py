"""Requests from outside the system's namespace, sent where the controllers of Ingress and Gateway objects listen."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

from kubeproof.manifests.routes import (
    HTTP_ROUTE,
    INGRESS,
    Request,
    asked_host,
    destination,
    hosts,
    read_rules,
    requests,
)
from kubeproof.observe.agent_pods import AGENT, PROBE
from kubeproof.observe.cluster import ExecFailed
from kubeproof.observe.deployed import Deployed
from kubeproof.observe.entrances import Entrance, gateway_entrance, given, ingress_entrance
from kubeproof.observe.waiting import NotInTime, wait_until

ROUNDS = 3  # of all requests, recorded: one right answer may be chance where two pods stand behind a Service
TAKEN_UP = 30.0  # seconds for the controllers to say in the objects' status where they listen
SETTLED = 20.0  # seconds for the proxies to follow; a pod is Ready before each of them knows it
WITHIN = 60.0  # seconds for all requests of a round, and one more for each: a proxy that hangs must not be ours

# (the deployed system, the object's name, seconds to wait)
Find = Callable[[Deployed, str, float], Entrance]


def observe_ingress(on: Deployed, of: str, _subject: str) -> None:
    """Ask for what the Ingress objects declare, and for what they do not."""
    _observe(on, of, INGRESS, ingress_entrance)


def observe_gateway(on: Deployed, of: str, _subject: str) -> None:
    """Ask for what the HTTPRoute objects declare, and for what they do not."""
    _observe(on, of, HTTP_ROUTE, gateway_entrance)


def _observe(on: Deployed, of: str, kind: str, find: Find) -> None:
    asked = _requests(on, kind)
    entrances: dict[str, Entrance] = {}
    deadline = time.monotonic() + TAKEN_UP
    for owner in dict.fromkeys(request.owner for request in asked):
        left = max(0.0, deadline - time.monotonic())
        entrances[owner] = given(on) or find(on, owner.partition("/")[2], left)
        on.recorder.line(of, "entrance", owner=owner, namespace=on.namespace, **entrances[owner])
    reachable = [request for request in asked if entrances[request.owner]["address"]]
    if not reachable:
        return
    targets = [_target(on, request, entrances[request.owner]) for request in reachable]
    with _visitor(on) as visit:
        _settle(on, of, kind, reachable, lambda plain: visit([targets[at] for at in plain]))
        for number in range(ROUNDS):
            # All of a round is written down at its end: an answer came at any moment since this one.
            on.mark(of, "round begun", at=kind, round=number)
            for line in visit(targets):
                on.recorder.line(of, "route", round=number, **line)
        # An autoscaler may have asked for another pod meanwhile. Who is not Ready now is seen not to be.
        with suppress(NotInTime):
            on.wait_ready(*on.system.workloads, within=SETTLED)


def _settle(on: Deployed, of: str, kind: str, asked: list[Request], visit: Callable[[list[int]], list[Any]]) -> None:
    """Ask what changes nothing until all is as declared, then mark how often and how long, and what was not before."""
    began = time.monotonic()
    plain = [at for at, request in enumerate(asked) if request.method == "GET"]
    seen: dict[str, Any] = {"settled": False, "attempts": 0, "before": None, "unsettled": []}

    def followed() -> bool:
        seen["attempts"] += 1
        answers = zip(plain, visit(plain), strict=True)
        others = [line for at, line in answers if not _as_declared(on, asked[at], line)]
        seen["unsettled"] = sorted({line["host"] for line in others})
        if others:
            said = others[0]["error"] or f"{others[0]['status']} by {others[0]['pod'] or 'no pod'}"
            seen["before"] = f"{others[0]['host']}{others[0]['path']}: {said}"
        return not others

    # What has not settled is asked all the same, and judged by what it answers.
    with suppress(NotInTime):
        wait_until(followed, within=SETTLED, hoping=f"the {kind} rules are followed")
        seen["settled"] = True
    on.mark(of, "path settled", at=kind, seconds=round(time.monotonic() - began, 3), **seen)


def _requests(on: Deployed, kind: str) -> list[Request]:
    """What shows that the rules hold, and the profile's entries under their hosts."""
    rules = read_rules(on.system.documents, kind)
    found = [request for host in hosts(rules) for request in requests(rules, host)]
    owners = {rule.host: rule.owner for rule in rules}
    for entry in on.profile.entries:
        if entry.host in owners:
            services = destination(rules, entry.host, entry.path.partition("?")[0]) or ()
            request = Request(owners[entry.host], entry.host, entry.path, services, entry.method, entry.body)
            # One answer tells of both, by whose address and whatever each expects.
            if all(replace(request, owner=other.owner, services=other.services) != other for other in found):
                found.append(request)
    return found


def _target(on: Deployed, request: Request, entrance: Entrance) -> dict[str, Any]:
    return {
        "owner": request.owner,
        "host": request.host,
        "asked": asked_host(request.host, on.namespace),
        "path": request.path,
        "method": request.method,
        "body": request.body,
        "address": entrance["address"],
        "port": entrance["port"],
    }


@contextmanager
def _visitor(on: Deployed) -> Iterator[Callable[[list[dict[str, Any]]], list[Any]]]:
    """Lend a function that sends requests from a pod of a namespace of its own: nobody whom the system knows."""
    outside = f"{on.namespace}-visitor"
    on.cluster.create_namespace(outside, on.run)
    try:
        on.start_pod("visitor", [*AGENT, "idle"], namespace=outside)

        def visit(targets: list[dict[str, Any]]) -> list[Any]:
            try:
                within = WITHIN + len(targets)
                return on.cluster.execute(outside, "visitor", PROBE, [*AGENT, "visit"], targets, within=within)
            except ExecFailed as error:
                failed = {"status": None, "pod": None, "location": None, "error": f"not observed: {error}"}
                return [{**target, **failed, "seconds": 0.0} for target in targets]

        yield visit
    finally:
        on.cluster.delete_namespace(outside)


def _as_declared(on: Deployed, request: Request, line: Any) -> bool:
    if not request.services:
        return bool(line["status"] == 404)
    if (line["status"] or 599) >= 500:
        return False
    with on.watches.changed:
        behind = {
            pod for service in request.services for pod in on.watches.now["endpoints"].get(service, {}).get("ready", [])
        }
    return line["pod"] in behind
