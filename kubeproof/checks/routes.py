"""
ingress.routes, gateway.routes: what is declared for a host is what answers there, and what is not declared is 404.

The subject is a host of the rules. Who answered is told by the header X-Pod: a request has reached a Service when
that pod was a ready endpoint of it while the observation lasted. Of the profile's entries under this host, also the
workload and the status are judged: rules that lead astray consistently are still wrong.
"""

from collections.abc import Iterable, Iterator

from kubeproof.checks.check import Check, Phase, Subject
from kubeproof.evidence.questions import Lines, fact, not_observed, number, of_kind, texts
from kubeproof.evidence.reading import Line
from kubeproof.manifests.routes import HTTP_ROUTE, INGRESS, Request, RouteRule, hosts, includes, read_rules, requests
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
    asked = requests(rules, host)
    closed = _closed({request.owner for request in asked}, lines)
    verdicts = [_unseen(rule) for rule in rules if rule.host == host and rule.unseen]
    verdicts += closed.values()
    verdicts += [_required(request, lines) for request in asked if request.owner not in closed]
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


def _required(request: Request, lines: Lines) -> Verdict:
    """Judge one request by all its lines: a second try would hide what a client has seen."""
    seen = of_kind(lines, "route", owner=request.owner, host=request.host, path=request.path)
    if not seen:
        return unknown(f"GET {request.host}{request.path} was not tried")
    return _told_once(_answer(line, lines) or _reached(request, line, lines) for line in seen)


def _answer(line: Line, lines: Lines) -> Verdict | None:
    """What is wrong with an attempt that brought no answer, or one that says nothing; None when it can be judged."""
    what, error = f"GET {line.get('host')}{line.get('path')}", line.get("error")
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


def _reached(request: Request, line: Line, lines: Lines) -> Verdict:
    what, status, pod = f"GET {request.host}{request.path}", line.get("status"), line.get("pod")
    got = fact(line, f"{what}: {status}" + (f" by {pod}" if pod else ", by no pod"))
    if not request.services:
        return passed("404", got) if status == 404 and pod is None else failed(f"{got.message}, should be 404", got)
    behind = {name for service in request.services for name in _ready(service, lines)}
    wanted = f"should be by a pod behind {' or '.join(request.services)}"
    if pod is None:
        return failed(f"{got.message}, {wanted}", got)
    if not behind:
        return unknown(f"{got.message}, and no ready pod was seen behind {' or '.join(request.services)}", got)
    return passed("reached", got) if pod in behind else failed(f"{got.message}, {wanted}", got)


def _ready(service: str, lines: Lines) -> set[str]:
    return {name for line in of_kind(lines, "endpoints", service=service) for name in texts(line, "ready")}


def _entered(entry: Entry, lines: Lines) -> Verdict:
    """Judge an entry of the profile: its status, and that a pod of its workload gave it."""
    what = f"GET {entry.host}{entry.path}"
    seen = of_kind(lines, "route", host=entry.host, path=entry.path)
    if not seen:
        return unknown(f"{what} was not tried")
    mine = {line.get("name") for line in of_kind(lines, "pod", workload=entry.workload)}
    wanted = f"should be {entry.expect} by a pod of {entry.workload}"
    verdicts = []
    for line in seen:
        got = fact(line, f"{what}: {line.get('status')} by {line.get('pod') or 'no pod'}")
        right = line.get("status") == entry.expect and line.get("pod") in mine
        verdicts.append(
            _answer(line, lines) or (passed("entered", got) if right else failed(f"{got.message}, {wanted}", got))
        )
    return _told_once(verdicts)


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
    reads=("entrance", "route", "endpoints", "pod"),
    judge=judge_ingress,
)
GATEWAY_ROUTES = Check(
    name="gateway.routes",
    law="each host and path of an HTTPRoute reaches its Service, and what no rule names is 404",
    needs="the Gateway API, and a controller for the Gateway",
    phase=Phase.LOOK,
    subjects=_gateway_hosts,
    observer="routes.observe_gateway",
    reads=("entrance", "route", "endpoints", "pod"),
    judge=judge_gateway,
)
