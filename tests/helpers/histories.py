"""A small system with names of its own, a history for each observation in which all holds, and its file."""

import json
from collections.abc import Iterable
from typing import Any

from kubeproof.evidence.reading import Line, checksum
from kubeproof.manifests.containers import Container, Port, Probe
from kubeproof.manifests.objects import Autoscaler, Service, ServicePort, Utilisation
from kubeproof.manifests.system import System
from kubeproof.manifests.workloads import Workload
from kubeproof.profile.intent import (
    AllowedPair,
    Backup,
    Dependency,
    Entry,
    Journey,
    Level,
    Load,
    Loss,
    Outage,
    Persistence,
    Profile,
    Rollout,
    Scale,
    Step,
)

Moment = tuple[float, str, dict[str, Any]]
History = list[Moment]


def workload(name: str, port: int, *probes: Probe, kind: str = "Deployment", replicas: int = 2) -> Workload:
    labels = (("role", name),)
    container = Container(name, f"{name}:1", (Port("http", port),), probes)
    return Workload(kind, name, labels, labels, replicas, (container,), progress_deadline=60)


SHOP = workload("shop", 7000, Probe("liveness", "/", 7000, 5, 1, 3), Probe("readiness", "/", 7000, 5, 1, 2))
LEDGER = workload("ledger", 7001, kind="StatefulSet", replicas=1)
SYSTEM = System(
    namespace="market",
    workloads=(SHOP, LEDGER),
    services=(Service("shop", (("role", "shop"),), (ServicePort(None, 80, 7000),)),),
    autoscalers=(Autoscaler("shop", "shop", 2, 5, (Utilisation("cpu", 70),)),),
    documents=(
        {
            "kind": "Ingress",
            "metadata": {"name": "front"},
            "spec": {
                "rules": [
                    {
                        "host": "shop.example",
                        "http": {
                            "paths": [{"path": "/", "pathType": "Prefix", "backend": {"service": {"name": "shop"}}}]
                        },
                    }
                ]
            },
        },
        {
            "kind": "HTTPRoute",
            "metadata": {"name": "front"},
            "spec": {"hostnames": ["shop.example"], "rules": [{"backendRefs": [{"name": "shop"}]}]},
        },
    ),
)
PROFILE = Profile(
    system="market",
    namespace="market",
    allowed=(AllowedPair("shop", "ledger"),),
    dependencies=(
        Dependency("shop", "ledger", 15.0, tuple(Outage(loss, 20.0, liveness=0.1, answers=1.0) for loss in Loss)),
    ),
    entries=(Entry("shop", "shop", "/", 200, host="shop.example"),),
    journeys=(
        Journey(
            "buy",
            (
                Step("POST", "shop", "/things", 201, {"name": "cup"}, save=(("id", "id"),)),
                Step("GET", "shop", "/things/{id}", 200, contains={"id": "{id}", "name": "cup"}),
                Step("GET", "shop", "/things", 200, lists={"name": "cup"}),
            ),
        ),
        Journey("write", (Step("POST", "shop", "/things", 201, {"name": "kept"}, save=(("id", "id"),)),)),
        Journey("read", (Step("GET", "shop", "/things/{id}", 200, contains={"name": "kept", "id": "{id}"}),)),
    ),
    persistence=(Persistence("ledger", "write", "read"),),
    backups=(Backup("ledger", "save", "bring-back", 60.0, "write", "read"),),
    scales=(Scale("shop", 2, 5, 4, 240.0, Load("shop", "/", 20)),),
    levels=(Level("shop", 0.0, 1.0, 10.0),),
    rollout=Rollout(20),
)


def pod(t: float, uid: str, of: str = "shop", **fields: Any) -> Moment:
    known = {"name": f"{of}-{uid}", "workload": of, "uid": uid, "ready": True, "ip": "10.0.0.1", "restarts": 0}
    return t, "pod", {**known, "deleted": False, "gone": False, "node": "n", **fields}


def sample(t: float, name: str, desired: int, ready: int, **fields: Any) -> Moment:
    known = {"name": name, "object_kind": "Deployment", "generation": 1, "observed": 1, "desired": desired}
    return t, "workload", {**known, "updated": ready, "ready": ready, "available": ready, **fields}


def marker(t: float, says: str, **fields: Any) -> Moment:
    return t, "marker", {"says": says, **fields}


def job(t: float, source: str, ended: str = "complete", says: str = "done", **fields: Any) -> Moment:
    return t, "job", {"source": source, "ended": ended, "says": says, "seconds": 4.0, **fields}


def endpoints(t: float, *ready: str) -> Moment:
    return t, "endpoints", {"service": "shop", "ready": list(ready), "serving": list(ready), "terminating": []}


def name(t: float, asked: str, *addresses: str, error: str | None = None) -> Moment:
    fields = {"service": "shop", "asked": asked, "source": "client", "addresses": list(addresses)}
    return t, "name", {**fields, "expected": ["10.1.0.1"], "error": error}


def step(t: float, journey: str, index: int, method: str, status: int | None, body: Any, **fields: Any) -> Moment:
    known = {"journey": journey, "index": index, "method": method, "url": "http://shop/things", "status": status}
    return t, "step", {**known, "body": body, "error": None, "saved": {}, "seconds": 0.01, **fields}


def reach(role: str, source: str, target: str, port: int, outcome: str, says: str = "") -> Moment:
    fields = {"role": role, "source": source, "target": target, "port": port, "outcome": outcome}
    return 1.0, "reach", {**fields, "says": says, "seconds": 0.012}


def entrance(owner: str, address: str | None = "10.2.0.1", says: str = "") -> Moment:
    return 0.0, "entrance", {"owner": owner, "address": address, "port": 80, "says": says}


def route(t: float, owner: str, host: str, path: str, status: int | None, pod: str | None, **fields: Any) -> Moment:
    known = {"owner": owner, "host": host, "asked": host, "path": path, "address": "10.2.0.1", "port": 80}
    known |= {"status": status, "pod": pod, "location": None, "error": None, "seconds": 0.01}
    return t, "route", {**known, **fields}


def request(t: float, connection: str, **fields: Any) -> Moment:
    # The sender's clock is far from the run's: only differences on it mean anything.
    known = {"connection": connection, "intended": 1000.0 + t, "sent": 1000.0 + t, "seconds": 0.01}
    return t + 0.01, "request", {**known, "status": 200, "error": None, "phase": None, "pod": None, **fields}


def autoscaler(t: float, desired: int, **fields: Any) -> Moment:
    known = {"name": "shop", "target": "shop", "current": desired, "desired": desired, "cpu": 90, "memory": None}
    return t, "autoscaler", {**known, **fields}


def load(t: float, requests: int, failures: int = 0) -> Moment:
    return t, "load", {"requests": requests, "failures": failures, "rps": 50.0, "users": 20}


def deploy() -> History:
    return [
        marker(0, "applied"),
        sample(1, "shop", 2, 0),
        pod(2, "a", ready=False),
        pod(2, "b", ready=False),
        pod(3, "l", "ledger"),
        sample(4, "ledger", 1, 1),
        pod(5, "a"),
        pod(5, "b"),
        sample(6, "shop", 2, 2),
    ]


def dns() -> History:
    asked = ("shop", "shop.run-1", "shop.run-1.svc.cluster.local")
    return [name(1, each, "10.1.0.1") for each in asked]


def buy() -> History:
    cup = {"id": 7, "name": "cup", "price": 1}
    return [
        step(1, "buy", 0, "POST", 201, cup),
        step(2, "buy", 1, "GET", 200, cup),
        step(3, "buy", 2, "GET", 200, {"items": [{"id": 1, "name": "pot"}, cup]}),
    ]


def asked(t: float, question: str, name: str, status: int | None, seconds: float = 0.01, **fields: Any) -> Moment:
    known = {"question": question, "pod": f"shop-{name}", "url": "http://10.0.0.1/", "seconds": seconds}
    return t, "asked", {**known, "status": status, "error": None, **fields}


def asks() -> History:
    """Both questions to both pods, every 0.4 s: alive throughout, serving until 1 s and again from 35.4 s on."""
    every = [tick * 0.4 + 0.2 for tick in range(100)]
    return [
        asked(t, question, name, 503 if question == "request" and 1 < t < 35.2 else 200)
        for t in every
        for question in ("liveness", "request")
        for name in ("a", "b")
    ]


def greeted(t: float, outcome: str, seconds: float = 0.01, **fields: Any) -> Moment:
    known = {"pod": "ledger-l", "host": "10.0.0.9", "port": 7001, "outcome": outcome, "says": "", "seconds": seconds}
    return t, "greeted", {**known, **fields}


def front(kind: str) -> History:
    owner = f"{kind}/front"
    return [
        endpoints(0, "shop-a", "shop-b"),
        pod(0, "a"),
        pod(0, "b"),
        entrance(owner),
        route(1, owner, "shop.example", "/", 200, "shop-a"),
        route(1, owner, "shop.example", "/kubeproof-nowhere", 404, "shop-b"),
        route(1, owner, "any other host", "/kubeproof-nowhere", 404, None),
    ]


def outage() -> History:
    answers = asks()
    return sorted([*_outage(), *answers, (41.0, "asked.end", {"asked": len(answers)})], key=lambda moment: moment[0])


def _outage() -> History:
    return [
        endpoints(0, "shop-a", "shop-b"),
        pod(0, "a"),
        pod(0, "b"),
        marker(1, "database stopped"),
        pod(9, "a", ready=False),
        endpoints(9, "shop-b"),
        pod(12, "b", ready=False),
        endpoints(12),
        marker(30, "database started"),
        pod(33, "l", "ledger"),
        pod(35, "a"),
        endpoints(35, "shop-a"),
        pod(36, "b"),
        endpoints(36, "shop-a", "shop-b"),
    ]


def fault(outcome: str) -> History:
    """The outage of a database that is still there: its pod stays Ready, and greetings come to nothing."""
    there = [moment for moment in outage() if moment[2].get("workload") != "ledger"]
    greetings = [greeted(t + 0.9, outcome, 2.0) for t in range(3, 28, 3)]
    answered = [greeted(t, "answered") for t in (0.5, 30.6, 31.6, 40.0)]
    database = [pod(0, "l", "ledger"), marker(1.2, "database away"), *greetings, *answered]
    return sorted([*there, *database], key=lambda moment: moment[0])


def reachability() -> History:
    return [
        reach("canary", "stranger", "listener", 8080, "connected"),
        reach("canary", "stranger", "walled", 8080, "timeout"),
        reach("control", "client", "shop", 7000, "connected"),
        reach("cell", "shop", "ledger", 7001, "connected"),
        reach("cell", "ledger", "shop", 7000, "timeout", "timed out"),
        reach("cell", "stranger", "shop", 7000, "timeout", "timed out"),
        reach("cell", "stranger", "ledger", 7001, "timeout", "timed out"),
    ]


def rollout() -> History:
    requests = [request(tick * 0.5, kind) for tick in range(60) for kind in ("new", "reused")]
    return sorted(
        [
            pod(0, "a"),
            pod(0, "b"),
            marker(2, "rollout started"),
            pod(6, "c"),
            pod(7, "a", deleted=True),
            pod(12, "d"),
            pod(13, "b", deleted=True),
            pod(24, "a", deleted=True, gone=True),
            pod(25, "b", deleted=True, gone=True),
            marker(25.5, "rollout done"),
            *requests,
            (31.0, "ledger.end", {"connection": "new", "sent": 60}),
            (31.0, "ledger.end", {"connection": "reused", "sent": 60}),
        ],
        key=lambda moment: moment[0],
    )


def scaling() -> History:
    return [
        (0.0, "need", {"need": "metrics-api", "met": True, "says": "3 pods have metrics"}),
        autoscaler(0, 2),
        sample(0, "shop", 2, 2),
        marker(1, "load started"),
        load(10, 400),
        autoscaler(20, 3),
        sample(25, "shop", 3, 3),
        load(60, 3000, 3),
        autoscaler(81, 4),
        sample(90, "shop", 4, 4),
        marker(91, "load ended"),
    ]


def restart() -> History:
    kept = {"id": 3, "name": "kept"}
    return [
        pod(0, "l", "ledger"),
        step(1, "write", 0, "POST", 201, kept),
        marker(2, "pod deleted"),
        pod(2.1, "l", "ledger", deleted=True),
        pod(5, "l", "ledger", deleted=True, gone=True),
        pod(6, "m", "ledger", ready=False),
        pod(9, "m", "ledger"),
        marker(10, "pod back"),
        step(11, "read", 0, "GET", 200, kept),
    ]


def backup() -> History:
    kept = {"id": 3, "name": "kept"}
    return [
        step(1, "write", 0, "POST", 201, kept),
        marker(2, "job started", at="save"),
        job(6, "save"),
        marker(7, "volumes deleted", claims=[{"name": "data-ledger-0", "uid": "v"}]),
        marker(15, "volumes new", claims=[{"name": "data-ledger-0", "uid": "w"}]),
        step(16, "read", 0, "GET", 404, {"title": "no such thing"}),
        marker(17, "job started", at="bring-back"),
        job(21, "bring-back"),
        step(22, "read", 0, "GET", 200, kept),
    ]


HISTORIES = {
    "deploy": deploy,
    "dns": dns,
    "journey:buy": buy,
    "ingress": lambda: front("Ingress"),
    "gateway": lambda: front("HTTPRoute"),
    "reachability": reachability,
    "restart:ledger": restart,
    "backup:ledger": backup,
    "outage:ledger": outage,
    "frozen:ledger": lambda: fault("silent"),
    "black-holed:ledger": lambda: fault("timeout"),
    "rollout:shop": rollout,
    "scaling:shop": scaling,
}


def lines(of: str, history: Iterable[Moment]) -> tuple[Line, ...]:
    """A history as the lines a judge is given, numbered from 1."""
    return tuple(Line(n, t, of, kind, fields) for n, (t, kind, fields) in enumerate(history, start=1))


def written(histories: dict[str, History], plan: list[list[str]] | None = None) -> list[str]:
    """Histories as the lines of an evidence file, one observation after the other, by one writer."""
    moments: list[tuple[str, float, str, dict[str, Any]]] = []
    begin = {"run": "7f3a", "cluster": "somewhere", "started": "2026-01-01T00:00:00Z", "versions": {}, "skew": [0, 0]}
    moments.append(("", 0.0, "run.begin", begin))
    if plan is not None:
        moments.append(("", 0.0, "run.plan", {"checks": plan}))
    for of, history in histories.items():
        moments.append((of, 0.0, "observe.begin", {}))
        moments += [(of, *moment) for moment in history]
        last = max((moment[0] for moment in history), default=0.0)
        moments.append((of, last, "observe.end", {"lines": len(history) + 2, "error": None}))
    moments.append(("", 1000.0, "run.end", {}))
    return [_line(n, *moment) for n, moment in enumerate(moments)]


def _line(n: int, of: str, t: float, kind: str, fields: dict[str, Any]) -> str:
    line = {"v": 1, "w": "main", "n": n, "t": t, "of": of, "kind": kind, **fields}
    return json.dumps({**line, "crc": checksum(line)})
