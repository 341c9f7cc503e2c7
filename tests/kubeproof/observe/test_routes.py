"""Requests from outside, at a proxy of a few lines: where they are sent, under which name, and what is made of it."""

import time
from dataclasses import replace
from types import SimpleNamespace

import pytest
from kubernetes.client.exceptions import ApiException

from kubeproof.manifests.routes import HTTP_ROUTE, INGRESS
from kubeproof.observe import routes
from kubeproof.observe.agent_pods import PROBE
from kubeproof.observe.cluster import ExecFailed
from kubeproof.observe.routes import observe_gateway, observe_ingress
from kubeproof.verdict import Outcome
from tests.helpers.shop import PROFILE
from tests.kubeproof.observe.copies import NAMESPACE, Copy

OURS = f"shop.{NAMESPACE}.example"
BOTH = pytest.mark.parametrize(
    ("observe", "of", "owner"),
    [
        (observe_ingress, "ingress", f"{INGRESS}/front"),
        (observe_gateway, "gateway", f"{HTTP_ROUTE}/front"),
    ],
)


class Cluster:
    """
    A cluster whose proxy sends a run's own host to the shop, and says 404 to everybody else.

    `address` is what the controllers say in status, None where none says anything; `answer` is the proxy.
    """

    def __init__(self):
        self.core = self.networking = self.custom = self
        self.address, self.classes, self.listeners = (
            "10.2.0.1",
            ["nginx"],
            [("other", "HTTP", 81), ("web", "HTTP", 8080)],
        )
        self.answer, self.asked, self.namespaces = self._proxy, [], []

    def _proxy(self, target):
        if target["asked"] == OURS:
            return {"status": 200, "pod": "shop-0"}
        return {"status": 404, "pod": None}

    # the visitor
    def create_namespace(self, name, _):
        self.namespaces.append(name)

    def delete_namespace(self, name):
        self.namespaces.remove(name)

    def create_namespaced_pod(self, namespace, _):
        assert namespace in self.namespaces

    def read_namespaced_pod(self, *_):
        runs = SimpleNamespace(name=PROBE, state=SimpleNamespace(running=True, terminated=None, waiting=None))
        status = SimpleNamespace(phase="Running", pod_ip="10.0.0.9", container_statuses=[runs])
        return SimpleNamespace(metadata=SimpleNamespace(uid="u-9"), status=status)

    def execute(self, namespace, pod, container, command, plan, *, within):
        assert (namespace, pod, container, command[-1]) == (f"{NAMESPACE}-visitor", "visitor", PROBE, "visit")
        assert within > len(plan)
        time.sleep(0.001)
        targets = plan
        self.asked.append(targets)
        return [
            {**target, "location": None, "error": None, "seconds": 0.0, **self.answer(target)} for target in targets
        ]

    # the controllers
    def read_namespaced_ingress_status(self, *_):
        points = [SimpleNamespace(ip=self.address, hostname=None)] if self.address else None
        return SimpleNamespace(status=SimpleNamespace(load_balancer=SimpleNamespace(ingress=points)))

    def read_namespaced_ingress(self, *_):
        return SimpleNamespace(spec=SimpleNamespace(ingress_class_name="nginx"))

    def list_ingress_class(self):
        return SimpleNamespace(items=[SimpleNamespace(metadata=SimpleNamespace(name=name)) for name in self.classes])

    def get_namespaced_custom_object(self, _group, _version, namespace, plural, name):
        if plural == "httproutes":
            parent = {"name": "door", "namespace": "edge", "sectionName": "web"}
            return {"spec": {"parentRefs": [parent]}, "status": {"parents": [parent]}}
        assert (namespace, name) == ("edge", "door")
        listeners = [{"name": name, "protocol": protocol, "port": port} for name, protocol, port in self.listeners]
        addresses = [{"value": self.address}] if self.address else []
        return {"spec": {"listeners": listeners}, "status": {"addresses": addresses}}


@pytest.fixture(autouse=True)
def _soon(monkeypatch):
    monkeypatch.setattr(routes, "TAKEN_UP", 0.05)
    monkeypatch.setattr(routes, "SETTLED", 0.05)


@pytest.fixture
def cluster():
    return Cluster()


def seen(lines, kind, *names):
    return {tuple(line.get(name) for name in names) for line in lines if line.kind == kind}


@BOTH
def test_what_is_declared_is_asked_three_times_under_a_host_of_the_runs_own(tmp_path, cluster, observe, of, owner):
    copy = Copy(tmp_path, cluster)
    lines = copy.observed(observe, of)
    other = f"other.{NAMESPACE}.test"
    assert seen(lines, "route", "owner", "host", "asked", "path", "status", "pod") == {
        (owner, "shop.example", OURS, "/", 200, "shop-0"),
        (owner, "shop.example", OURS, "/kubeproof-nowhere", 200, "shop-0"),
        (owner, "any other host", other, "/kubeproof-nowhere", 404, None),
    }
    assert len([line for line in lines if line.kind == "route"]) == 3 * routes.ROUNDS
    assert len(cluster.asked) == 1 + routes.ROUNDS
    for host in ("shop.example", "any other host"):
        verdict = copy.verdict(f"{of}.routes", host, of)
        assert verdict.passed, verdict.report()


@BOTH
def test_an_entry_of_the_profile_is_asked_by_its_method_with_its_body_and_not_to_settle(
    tmp_path, cluster, observe, of, owner
):
    """What changes something is asked as often as it must be, and no more."""
    entry = replace(PROFILE.entries[0], path="/things", method="POST", body={"name": "cup"}, expect=201)

    def answer(target):
        return {"status": 201, "pod": "shop-1"} if target["method"] == "POST" else cluster._proxy(target)

    cluster.answer = answer
    copy = Copy(tmp_path, cluster, profile=replace(PROFILE, entries=(*PROFILE.entries, entry)))
    lines = copy.observed(observe, of)
    posts = [line for line in lines if line.kind == "route" and line.get("method") == "POST"]
    assert [(line.get("owner"), line.data["body"]) for line in posts] == [(owner, {"name": "cup"})] * routes.ROUNDS
    assert all(target["method"] == "GET" for target in cluster.asked[0])
    verdict = copy.verdict(f"{of}.routes", "shop.example", of)
    assert verdict.passed, verdict.report()


@BOTH
def test_the_visitor_is_gone_afterwards_also_when_it_could_not_ask(tmp_path, cluster, observe, of, owner):
    def deaf(_):
        raise ExecFailed("exec in visitor/probe: exit 1: gone")

    cluster.answer = deaf
    copy = Copy(tmp_path, cluster)
    errors = seen(copy.observed(observe, of), "route", "owner", "status", "error")
    assert errors == {(owner, None, "not observed: exec in visitor/probe: exit 1: gone")}
    assert cluster.namespaces == []
    assert copy.verdict(f"{of}.routes", "shop.example", of).outcome is Outcome.UNKNOWN


@BOTH
def test_what_is_sent_astray_is_recorded_as_it_was_answered(tmp_path, cluster, observe, of, owner):
    cluster.answer = lambda _: {"status": 200, "pod": "ledger-0"}
    copy = Copy(tmp_path, cluster)
    assert seen(copy.observed(observe, of), "route", "owner", "pod") == {(owner, "ledger-0")}
    for host in ("shop.example", "any other host"):
        assert copy.verdict(f"{of}.routes", host, of).outcome is Outcome.FAIL


@BOTH
def test_proxies_that_follow_late_are_waited_for(tmp_path, cluster, observe, of, owner, monkeypatch):
    monkeypatch.setattr(routes, "SETTLED", 5.0)
    cluster.answer = lambda target: cluster._proxy(target) if len(cluster.asked) > 1 else {"status": 503, "pod": None}
    lines = Copy(tmp_path, cluster).observed(observe, of)
    assert seen(lines, "route", "owner", "status") == {(owner, 200), (owner, 404)}
    [settled] = [line for line in lines if line.get("says") == "path settled"]
    assert (settled.get("settled"), settled.get("attempts")) == (True, 2)
    assert settled.get("before") == "shop.example/: 503 by no pod"


@pytest.mark.parametrize(
    ("observe", "of", "port"), [(observe_ingress, "ingress", 80), (observe_gateway, "gateway", 8080)]
)
def test_the_entrance_is_where_the_controller_says(tmp_path, cluster, observe, of, port):
    lines = Copy(tmp_path, cluster).observed(observe, of)
    assert seen(lines, "entrance", "address", "port", "says") == {("10.2.0.1", port, f"10.2.0.1:{port}")}
    assert {(target["address"], target["port"]) for targets in cluster.asked for target in targets} == {
        ("10.2.0.1", port)
    }


@BOTH
@pytest.mark.parametrize(("given", "port"), [("gate", 80), ("gate:8081", 8081)])
def test_an_entrance_that_was_given_is_taken(tmp_path, cluster, observe, of, owner, given, port):
    cluster.address = None
    lines = Copy(tmp_path, cluster, ingress_address=given).observed(observe, of)
    assert seen(lines, "entrance", "owner", "address", "port") == {(owner, "gate", port)}
    assert cluster.asked


@pytest.mark.parametrize(
    ("observe", "of", "change", "reason"),
    [
        (observe_ingress, "ingress", {}, "hoped that a controller takes up Ingress front"),
        (observe_ingress, "ingress", {"classes": []}, "the cluster has no IngressClass nginx"),
        (observe_gateway, "gateway", {}, "Gateway edge/door has no address: no controller serves it"),
        (
            observe_gateway,
            "gateway",
            {"address": "10.2.0.1", "listeners": [("web", "HTTPS", 443)]},
            "Gateway edge/door has no listener for HTTP",
        ),
    ],
)
def test_where_nobody_listens_nobody_is_asked_and_the_reason_is_told(tmp_path, cluster, observe, of, change, reason):
    vars(cluster).update({"address": None, **change})
    copy = Copy(tmp_path, cluster)
    [entrance] = [line for line in copy.observed(observe, of) if line.kind == "entrance"]
    assert entrance.get("address") is None
    assert reason in entrance.get("says")
    assert cluster.asked == []
    verdict = copy.verdict(f"{of}.routes", "shop.example", of)
    assert (verdict.outcome, reason in verdict.because) == (Outcome.UNKNOWN, True)


def test_a_gateway_that_is_not_there_is_told_with_the_servers_answer(tmp_path, cluster):
    found = cluster.get_namespaced_custom_object

    def missing(group, version, namespace, plural, name):
        if plural == "gateways":
            raise ApiException(status=404, reason="Not Found")
        return found(group, version, namespace, plural, name)

    cluster.get_namespaced_custom_object = missing
    lines = Copy(tmp_path, cluster).observed(observe_gateway, "gateway")
    assert seen(lines, "entrance", "address", "says") == {(None, "Gateway edge/door: 404 Not Found")}
