"""Names are looked up by the client and from a pod of each caller; what is expected is read before and after."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from kubeproof.manifests.objects import Service, ServicePort
from kubeproof.observe import dns
from kubeproof.observe.agent_pods import PROBE
from kubeproof.observe.cluster import ExecFailed
from kubeproof.observe.deployed import CLIENT
from kubeproof.verdict import Outcome
from tests.helpers.shop import SHOP, SYSTEM
from tests.kubeproof.observe.copies import NAMESPACE, Copy

OF = "dns"
RUNS = [SimpleNamespace(name=PROBE, state=SimpleNamespace(running=True, waiting=None, terminated=None))]
HEADLESS = Service("shop", (("role", "shop"),), (ServicePort(None, 80, 7000),), headless=True)
ELSEWHERE = Service("outside", (), (), kind="ExternalName")


def endpoint(*addresses, ready=True):
    return SimpleNamespace(addresses=list(addresses), conditions=SimpleNamespace(ready=ready))


class Names:
    """A cluster whose Service `shop` has an address, or endpoints, and whose resolver tells what it knows."""

    def __init__(self):
        self.core = self.discovery = self
        self.own, self.unready = "10.1.0.1", False
        # What the endpoints are each time somebody asks, the last for good; what the resolver says, else the same.
        self.endpoints, self.answer = [[endpoint("10.2.0.1")]], None
        self.failing, self.asked = set(), []

    def read_namespaced_service(self, _name, _namespace):
        own = self.own or "None"
        return SimpleNamespace(
            spec=SimpleNamespace(cluster_ip=own, cluster_ips=[own], publish_not_ready_addresses=self.unready)
        )

    def list_namespaced_endpoint_slice(self, _namespace, *, label_selector):
        assert label_selector == "kubernetes.io/service-name=shop"
        found = self.endpoints.pop(0) if len(self.endpoints) > 1 else self.endpoints[0]
        return SimpleNamespace(items=[SimpleNamespace(address_type="IPv4", endpoints=found)])

    def read_namespaced_pod(self, name, _namespace):
        status = SimpleNamespace(container_statuses=RUNS, ephemeral_container_statuses=RUNS, pod_ip="10.0.0.9")
        spec = SimpleNamespace(ephemeral_containers=[SimpleNamespace(name=PROBE)])
        return SimpleNamespace(metadata=SimpleNamespace(name=name, uid=f"{name}-uid"), status=status, spec=spec)

    def execute(self, _namespace, pod, _container, command, names, **_):
        assert command[-1] == "resolve"
        self.asked.append((pod, names))
        if pod in self.failing:
            raise ExecFailed("exit 1")
        known = [self.own] if self.own else [a for one in self.endpoints[0] or () for a in one.addresses]
        found = known if self.answer is None else self.answer
        return [{"asked": name.format(domain="k8s.example"), "addresses": found, "error": None} for name in names]


@pytest.fixture
def names(monkeypatch):
    cluster = Names()
    monkeypatch.setattr(dns, "pause", lambda seconds: cluster.asked.append(seconds))
    return cluster


@pytest.fixture
def looked_up(names, tmp_path):
    """The lines of an observation, and the verdict on the shop's names."""

    def observed(*services):
        copy = Copy(tmp_path, names, system=replace(SYSTEM, services=services or SYSTEM.services[:1]))
        lines = [line.data for line in copy.observed(dns.observe_names, OF) if line.kind == "name"]
        return lines, copy.verdict("dns.names", "shop", OF)

    return observed


def test_the_client_and_each_caller_ask_for_three_names(names, looked_up):
    lines, verdict = looked_up()
    assert verdict.passed, verdict.report()
    three = ["shop", f"shop.{NAMESPACE}", f"shop.{NAMESPACE}.svc.{{domain}}"]
    [(client, by_client), (pod, by_pod)] = names.asked
    assert (client, by_client, by_pod) == (CLIENT, three, three)
    assert pod.startswith(SHOP.name)
    assert {line["source"] for line in lines} == {"client", "shop"}
    assert lines[2]["asked"] == f"shop.{NAMESPACE}.svc.k8s.example"
    assert lines[0]["expected"] == lines[0]["after"] == ["10.1.0.1"]


def test_a_caller_that_is_told_nothing_is_seen(names, looked_up):
    names.answer = ["10.9.9.9"]
    _, verdict = looked_up()
    assert verdict.outcome is Outcome.FAIL


def test_what_could_not_be_asked_is_not_observed(names, looked_up):
    names.failing |= {"shop-0", "shop-1"}
    lines, verdict = looked_up()
    assert verdict.outcome is Outcome.UNKNOWN
    assert {line["error"] for line in lines if line["source"] == "shop"} == {"not observed: exit 1"}


def test_an_external_name_is_not_asked_for(names, looked_up):
    lines, _ = looked_up(SYSTEM.services[0], ELSEWHERE)
    assert {line["service"] for line in lines} == {"shop"}
    assert all("outside" not in name for _, asked in names.asked for name in asked)


@pytest.mark.parametrize(
    ("endpoints", "unready", "expected"),
    [
        ([endpoint("10.2.0.2"), endpoint("10.2.0.1")], False, ["10.2.0.1", "10.2.0.2"]),
        ([endpoint("10.2.0.1"), endpoint("10.2.0.2", ready=False)], False, ["10.2.0.1"]),
        ([endpoint("10.2.0.1"), endpoint("10.2.0.2", ready=None)], False, ["10.2.0.1", "10.2.0.2"]),
        ([endpoint("10.2.0.1", ready=False)], True, ["10.2.0.1"]),
        ([], False, []),
        (None, False, []),
    ],
    ids=["ready ones", "one not ready", "one not known", "those not ready published", "none", "no list"],
)
def test_of_a_headless_service_the_endpoints_are_expected(names, looked_up, endpoints, unready, expected):
    names.own, names.endpoints, names.unready, names.answer = None, [endpoints], unready, expected
    lines, verdict = looked_up(HEADLESS)
    assert lines[0]["expected"] == expected
    assert verdict.passed is bool(expected), verdict.report()


def test_who_moves_while_asked_for_is_asked_for_again_when_caches_are_empty(names, looked_up):
    names.own, names.answer = None, ["10.2.0.2"]
    names.endpoints = [[endpoint("10.2.0.1")], [endpoint("10.2.0.2")]]
    lines, verdict = looked_up(HEADLESS)
    assert verdict.passed, verdict.report()
    assert [place for place, *_ in (one if isinstance(one, tuple) else (one,) for one in names.asked)][:3] == [
        CLIENT,
        dns.KEPT,
        CLIENT,
    ]
    assert [line["expected"] == line["after"] for line in lines[:6]] == [False] * 3 + [True] * 3
