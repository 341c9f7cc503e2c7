"""Every pair is tried from one pod a node to every Ready pod, between controls; what comes of it can be judged."""

from types import SimpleNamespace

import pytest

from kubeproof.observe import isolation
from kubeproof.observe.agent_pods import PROBE, NotStarted
from kubeproof.observe.cluster import ExecFailed
from kubeproof.observe.deployed import CLIENT
from kubeproof.verdict import Outcome
from tests.helpers.shop import LEDGER, SHOP
from tests.kubeproof.observe.copies import NAMESPACE, Copy

OF = "reachability"
RUNS = [SimpleNamespace(name=PROBE, state=SimpleNamespace(running=True, waiting=None, terminated=None))]
# Who may connect to whom, by the pods' workloads or, for our own, by their names.
DECLARED = {("shop", "ledger"), ("stranger", "listener")}


class Network:
    """A cluster in which exactly the pairs of `open` can talk, and every pod can to itself."""

    def __init__(self):
        self.open, self.dead, self.silent = set(DECLARED), set(), set()
        self.made, self.gone = [], []
        self.core = self

    def create_namespace(self, name, _run):
        self.made.append(name)

    def delete_namespace(self, name):
        self.gone.append(name)

    def apply(self, *_):
        return ()

    def create_namespaced_pod(self, _namespace, body):
        self.made.append(body["metadata"]["name"])

    def patch_namespaced_pod_ephemeralcontainers(self, name, *_):
        self.made.append(f"probe in {name}")

    def read_namespaced_pod(self, name, _namespace):
        status = SimpleNamespace(container_statuses=RUNS, ephemeral_container_statuses=RUNS, pod_ip=f"ip-of-{name}")
        metadata = SimpleNamespace(name=name, uid=name)
        return SimpleNamespace(metadata=metadata, status=status, spec=SimpleNamespace(ephemeral_containers=None))

    def execute(self, _namespace, pod, _container, _command, targets, **_):
        if pod in self.silent:
            raise ExecFailed("no such container")
        answers = [{**target, **self._answer(pod, target)} for target in targets]
        return [{**answer, "seconds": 3.0 if answer["outcome"] == "timeout" else 0.01} for answer in answers]

    def _answer(self, pod, target):
        where = target["target_pod"]
        may = where == pod or (_whose(pod), _whose(where)) in self.open
        if where in self.dead:
            return {"outcome": "refused", "says": "refused"}
        return {"outcome": "connected", "says": ""} if may else {"outcome": "timeout", "says": "timed out"}


def _whose(pod):
    return next((workload.name for workload in (SHOP, LEDGER) if pod.startswith(f"{workload.name}-")), pod)


@pytest.fixture
def network(monkeypatch):
    monkeypatch.setattr(isolation, "pause", lambda _: None)
    return Network()


@pytest.fixture
def judged(network, tmp_path):
    """The lines of an observation on this network, and the verdict on them."""

    def observed(copy=None):
        copy = copy or Copy(tmp_path, network)
        lines = copy.observed(isolation.observe_reachability, OF)
        return lines, copy.verdict("isolation.reachability", copy.profile.system, OF)

    return observed


def of_role(lines, role):
    return [line.data for line in lines if line.kind == "reach" and line.data["role"] == role]


def test_every_pod_is_tried_and_what_holds_can_be_seen(network, judged):
    lines, verdict = judged()
    assert verdict.passed, verdict.report()
    pairs = [(cell["source_pod"], cell["target_pod"], cell["port"]) for cell in of_role(lines, "cell")]
    assert sorted(pairs) == [
        ("ledger-0", "shop-0", 7000),
        ("ledger-0", "shop-1", 7000),
        ("shop-1", "ledger-0", 7001),
        ("shop-1", "shop-0", 7000),
        ("stranger", "ledger-0", 7001),
        ("stranger", "shop-0", 7000),
        ("stranger", "shop-1", 7000),
    ]
    assert network.gone == [f"{NAMESPACE}-stranger"]


def test_each_target_is_reached_by_itself_before_and_after(judged):
    lines, _ = judged()
    own = [line["target_uid"] for line in of_role(lines, "control") if line["source_uid"] == line["target_uid"]]
    assert sorted(own) == sorted(["ledger-0", "shop-0", "shop-1", "walled"] * 2)
    beside = {line["source_uid"] for line in of_role(lines, "control")} - set(own)
    assert beside == {CLIENT}


def test_a_pod_on_another_node_tries_as_well(tmp_path, network, judged):
    copy = Copy(tmp_path, network)
    copy.watches.now["pod"]["shop-0"]["node"] = "another"
    lines, verdict = judged(copy)
    assert {cell["source_pod"] for cell in of_role(lines, "cell")} == {"shop-0", "shop-1", "ledger-0", "stranger"}
    assert verdict.passed, verdict.report()


def test_a_pair_that_nobody_declared_is_seen(network, judged):
    network.open.add(("ledger", "shop"))
    _, verdict = judged()
    assert verdict.outcome is Outcome.FAIL
    assert "1 of 5 wrong" in verdict.because


def test_replicas_that_talk_are_seen(network, judged):
    network.open.add(("shop", "shop"))
    _, verdict = judged()
    assert verdict.outcome is Outcome.FAIL


def test_a_dead_listener_is_not_taken_for_a_guarded_one(network, judged):
    network.dead.add("shop-0")
    _, verdict = judged()
    assert verdict.outcome is Outcome.UNKNOWN
    assert "no control connected to it" in verdict.report()


def test_what_could_not_be_tried_is_not_observed(network, judged):
    network.silent.add("shop-1")
    lines, verdict = judged()
    assert verdict.outcome is Outcome.UNKNOWN
    tried = [cell for cell in of_role(lines, "cell") if cell["source_pod"] == "shop-1"]
    assert {(cell["outcome"], cell["says"]) for cell in tried} == {("not-observed", "no such container")}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda network: network.open.add(("stranger", "walled")), "does not enforce NetworkPolicy"),
        (lambda network: network.open.discard(("stranger", "listener")), "its listener not reached"),
        (lambda network: network.dead.add("walled"), "not seen to listen"),
    ],
    ids=["no policies", "no listener", "nobody behind the wall"],
)
def test_a_canary_that_is_not_as_it_must_be_is_tried_again_and_then_told(network, judged, change, says):
    change(network)
    lines, verdict = judged()
    assert verdict.outcome is Outcome.UNKNOWN
    assert says in verdict.because
    tries = [line for line in of_role(lines, "canary") if line["target"] == "walled"]
    assert len(tries) in (3, isolation.CANARIES + 2)


def test_a_pod_that_cannot_be_looked_from_breaks_the_observation_off(network, tmp_path, monkeypatch):
    monkeypatch.setattr(isolation.Deployed, "probe_in", refused)
    with pytest.raises(NotStarted):
        Copy(tmp_path, network).observed(isolation.observe_reachability, OF)


def refused(*_):
    raise NotStarted("the container", "ImagePullBackOff")
