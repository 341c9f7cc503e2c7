"""
ingress.routes, gateway.routes: what is declared for a host is what answers there, and what is not declared is 404.

The subject is a host of the rules. Who answered is told by the header X-Pod: a request has reached a Service when that
pod was a ready endpoint of it at that time, and answered it (5xx is no answer). Of the profile's entries under this
host, also the workload and the status are judged: rules that lead astray consistently are still wrong.
"""

from collections.abc import Iterable, Iterator

from kubeproof.checks.check import Check, Phase, Subject
from kubeproof.checks.route_premises import premises
from kubeproof.checks.route_tries import behind, ever_behind, members, requests_of, tries
from kubeproof.evidence.lines import Line
from kubeproof.evidence.questions import Lines, fact, not_observed, number, of_kind
from kubeproof.manifests.routes import HTTP_ROUTE, INGRESS, Request, RouteRule, hosts, includes, read_rules
from kubeproof.manifests.system import System
from kubeproof.profile.intent import Entry, Profile
from kubeproof.verdict import Fact, Verdict, failed, merge, passed, unknown


def judge_ingress(system: System, profile: Profile, subject: str, lines: Lines) -> Verdict:
    """Judge one host of the Ingress objects."""
    return _judge(system, INGRESS, profile, subject, lines)


def judge_gateway(system: System, profile: Profile, subject: str, lines: Lines) -> Verdict:
    """Judge one host of the HTTPRoute objects."""
    return _judge(system, HTTP_ROUTE, profile, subject, lines)


def _judge(system: System, kind: str, profile: Profile, host: str, lines: Lines) -> Verdict:
    rules = read_rules(system.documents, kind)
    entries = [entry for entry in profile.entries if entry.host == host]
    asked = requests_of(system, kind, host)
    closed = _closed({request.owner for request in asked}, lines)
    verdicts = [_unseen(rule) for rule in rules if rule.host == host and rule.unseen]
    verdicts += closed.values()
    verdicts += [_required(request, entries, lines) for request in asked if request.owner not in closed]
    if entries and not any(rule.host == host for rule in rules):
        verdicts.append(_unnamed(system, host))
    elif not closed:
        verdicts += [_entered(entry, lines) for entry in entries]
    verdict = merge(verdicts)
    if not verdict.passed:
        return verdict
    return passed(f"requests answered as declared: {len(asked) + len(entries)}", *verdict.evidence)


def _closed(owners: set[str], lines: Lines) -> dict[str, Verdict]:
    """The objects of which no controller says where it listens, each with the reason."""
    entrances = [line for line in of_kind(lines, "entrance", address=None) if line.get("owner") in owners]
    facts = {str(line.get("owner")): fact(line, f"{line.get('owner')}: {line.get('says')}") for line in entrances}
    return {owner: unknown(here.message, here) for owner, here in facts.items()}


def _unnamed(system: System, host: str) -> Verdict:
    """An entry under a host that no rule names: broken, unless a rule for more hosts may take it."""
    rules = (*read_rules(system.documents, INGRESS), *read_rules(system.documents, HTTP_ROUTE))
    wider = next((rule for rule in rules if includes(rule.host, host)), None)
    message = f"the profile has an entry under {host}, which no Ingress and no HTTPRoute names"
    if wider is None:
        return failed(message, Fact(None, message))
    return unknown(f"{message}: {wider.owner} may take it as {wider.host}, which was not tried", Fact(None, message))


def _unseen(rule: RouteRule) -> Verdict:
    message = f"{rule.owner}: the rule for {rule.host}{rule.path} was not tried: {rule.unseen}"
    return unknown(message, Fact(None, message))


def _required(request: Request, entries: list[Entry], lines: Lines) -> Verdict:
    """Judge one request by all its lines: a second try would hide what a client has seen."""
    seen = tries(request, lines)
    if not seen:
        return unknown(f"{_what(request)} was not tried")
    same = [entry for entry in entries if (entry.path, entry.method, entry.body) == (request.path, "GET", None)]
    promised = {entry.expect for entry in same}
    return _told_once(_answer(line, lines) or _reached(request, promised, line, lines) for line in seen)


def _what(asked: Request | Entry) -> str:
    return f"{asked.method} {asked.host}{asked.path}"


def _answer(line: Line, lines: Lines) -> Verdict | None:
    """What is wrong with an attempt that brought no answer, or one that says nothing; None when it can be judged."""
    what, error = f"{line.get('method')} {line.get('host')}{line.get('path')}", line.get("error")
    here = fact(line, f"{what}: {error}")
    if not_observed(error):
        return unknown(here.message, here)
    tried = of_kind(lines, "route", owner=line.get("owner"))
    if error is not None:
        if all(attempt.get("status") is None for attempt in tried):
            return unknown(f"nobody answers at {line.get('address')}: {error}", here)
        return failed(here.message, here)
    if str(line.get("location")).startswith("https:"):
        message = f"{what} is sent to {line.get('location')}, where no request was made"
        return unknown(message, fact(line, message))
    silent = [
        attempt for attempt in tried if 200 <= (number(attempt, "status") or 0) < 300 and attempt.get("pod") is None
    ]
    if silent:
        message = "answers do not say in X-Pod which pod they are from"
        return unknown(message, fact(silent[0], message))
    return None


def _reached(request: Request, promised: set[int], line: Line, lines: Lines) -> Verdict:
    """Judge who answered, and how: the statuses that the profile has promised for this request are right."""
    status, pod = line.get("status"), line.get("pod")
    got = fact(line, f"{_what(request)}: {status}" + (f" by {pod}" if pod else ", by no pod"))
    if not request.services:
        return passed("404", got) if status == 404 and pod is None else failed(f"{got.message}, should be 404", got)
    ready, services = behind(request.services, line, lines), " or ".join(request.services)
    if pod is None:
        return failed(f"{got.message}, should be by a pod behind {services}", got)
    if pod in ready:
        return _served(request, promised, number(line, "status") or 0, got)
    if pod in ever_behind(request.services, lines):
        return unknown(f"{got.message}, which was behind {services} at another time", got)
    if not ready:
        return unknown(f"{got.message}, and no ready pod was seen behind {services}", got)
    return failed(f"{got.message}, should be by a pod behind {services}", got)


def _served(request: Request, promised: set[int], status: float, got: Fact) -> Verdict:
    """Judge the status that a pod behind the Service gave; of a path that we made up it may say what it likes."""
    if status in promised or 200 <= status < 400 or (400 <= status < 500 and not request.is_own):
        return passed("reached", got)
    if 400 <= status < 500:
        return unknown(f"{got.message}: whether it serves this path is not said; an entry of the profile would", got)
    return failed(f"{got.message}, should be an answer", got)


def _entered(entry: Entry, lines: Lines) -> Verdict:
    """Judge an entry of the profile: its status, and that a pod of its workload gave it."""
    seen = tries(entry, lines)
    if not seen:
        return unknown(f"{_what(entry)} was not tried")
    return _told_once(_answer(line, lines) or _came_in(entry, line, lines) for line in seen)


def _came_in(entry: Entry, line: Line, lines: Lines) -> Verdict:
    pod = line.get("pod")
    got = fact(line, f"{_what(entry)}: {line.get('status')} by {pod or 'no pod'}")
    ever = {state.get("name") for state in of_kind(lines, "pod", workload=entry.workload)}
    if line.get("status") != entry.expect or pod not in ever:
        return failed(f"{got.message}, should be {entry.expect} by a pod of {entry.workload}", got)
    if pod not in members(entry.workload, line, lines):
        return unknown(f"{got.message}, which was there at another time", got)
    return passed("entered", got)


def _told_once(verdicts: Iterable[Verdict]) -> Verdict:
    """The verdict on several tries of one request; what was seen again is told once."""
    return merge({(verdict.outcome, verdict.because): verdict for verdict in verdicts}.values())


def _ingress_hosts(system: System, profile: Profile) -> Iterator[Subject]:
    """The hosts of Ingress objects, and of entries whose host nobody routes: that is a promise all the same."""
    ingress, gateway = (hosts(read_rules(system.documents, kind)) for kind in (INGRESS, HTTP_ROUTE))
    entered = (entry.host for entry in profile.entries if entry.host and entry.host not in gateway)
    for host in dict.fromkeys((*ingress, *entered)):
        yield Subject(host, "ingress")


def _gateway_hosts(system: System, _: Profile) -> Iterator[Subject]:
    for host in hosts(read_rules(system.documents, HTTP_ROUTE)):
        yield Subject(host, "gateway")


INGRESS_ROUTES = Check(
    name="ingress.routes",
    law="each host and path of an Ingress reaches its Service, and what no rule names is 404",
    needs="a controller for the class of the Ingress",
    phase=Phase.LOOK,
    subjects=_ingress_hosts,
    observer="routes.observe_ingress",
    reads=("entrance", "route", "endpoints", "pod", "marker"),
    judge=judge_ingress,
    premises=premises(INGRESS),
)
GATEWAY_ROUTES = Check(
    name="gateway.routes",
    law="each host and path of an HTTPRoute reaches its Service, and what no rule names is 404",
    needs="the Gateway API, and a controller for the Gateway",
    phase=Phase.LOOK,
    subjects=_gateway_hosts,
    observer="routes.observe_gateway",
    reads=("entrance", "route", "endpoints", "pod", "marker"),
    judge=judge_gateway,
    premises=premises(HTTP_ROUTE),
)
