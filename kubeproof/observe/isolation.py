"""
Who can connect to whom: every ordered pair of workloads plus a stranger, tried from real pods to every Ready pod.

Attempts are made in rounds with controls before, between and after: the canary, the client, and each target by its
own pod, which no policy keeps from itself.
"""

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from kubeproof.observe.agent_pods import AGENT, PROBE
from kubeproof.observe.cluster import ExecFailed
from kubeproof.observe.deployed import CLIENT, Deployed
from kubeproof.observe.waiting import NotInTime, pause, wait_until

LISTENER_PORT = 8080
TIMEOUT = 3.0  # seconds; a connection inside one cluster takes milliseconds, a dropped packet is resent after one
AT_ONCE = 8  # execs: each holds a connection to the API server, and a thread here
SETTLED = 30.0  # seconds for pods that are still coming or going: one that changes meanwhile makes all UNKNOWN
CANARIES = 10  # tries, a second apart: rules appear some hundred milliseconds after a pod has its address


@dataclass(frozen=True)
class End:
    """A pod at either end of an attempt; `name` is its workload's, or what it is here for."""

    name: str
    namespace: str
    pod: str
    uid: str
    ip: str
    node: str | None = None
    ports: tuple[int, ...] = ()


@dataclass(frozen=True)
class Plan:
    """All that one source tries in one exec: each target with the role of the attempt."""

    source: End
    targets: tuple[tuple[str, End], ...]


def observe_reachability(on: Deployed, of: str, _subject: str) -> None:
    """Try every pair from a container in the source's pod; controls and the canary in the same minute."""
    elsewhere = f"{on.namespace}-stranger"
    on.cluster.create_namespace(elsewhere, on.run)
    stranger = _own(on, elsewhere, "stranger", ["idle"])
    canary, walled = _canary(on, elsewhere, stranger)
    pods = _system(on)
    targets = [pod for pod in pods if pod.ports]
    controls = [
        canary,
        Plan(walled, (("control", walled),)),
        Plan(_client(on), tuple(("control", target) for target in targets)),
        *(Plan(target, (("control", target),)) for target in targets),
    ]
    cells = [_cells(source, targets) for source in (stranger, *_one_a_node(pods))]
    _settle(on, of, canary)
    for begin in range(0, len(cells), AT_ONCE):
        _try(on, of, controls)
        _try(on, of, cells[begin : begin + AT_ONCE])
    _try(on, of, controls)
    on.cluster.delete_namespace(elsewhere)


def _canary(on: Deployed, namespace: str, stranger: End) -> tuple[Plan, End]:
    """What the stranger must reach and what it must not, and the pod that it must not."""
    listen = ["listen", str(LISTENER_PORT)]
    listener = _own(on, namespace, "listener", listen, LISTENER_PORT)
    on.apply([_wall(namespace)])
    walled = _own(on, namespace, "walled", listen, LISTENER_PORT)
    return Plan(stranger, (("canary", listener), ("canary", walled))), walled


def _system(on: Deployed) -> list[End]:
    """Every Ready pod of the system, each with a container to try from."""

    def settled() -> bool:
        return all(on.all_ready(workload) for workload in on.system.workloads)

    with suppress(NotInTime):
        wait_until(settled, within=SETTLED, hoping="every workload is complete", wake=on.watches.changed)
    # No Ready pod: the attempts on this target are missing from the evidence, and missing is UNKNOWN.
    pods = [
        End(workload.name, on.namespace, pod["name"], pod["uid"], pod["ip"], pod["node"], workload.tcp_ports)
        for workload in on.system.workloads
        for pod in on.watches.pods_of(workload.name)
        if pod["ready"]
    ]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda end: on.probe_in(on.workload(end.name), end.pod), pods))
    return pods


def _own(on: Deployed, namespace: str, name: str, command: Sequence[str], *ports: int) -> End:
    """A pod of our own; its role is a label, by which a policy of ours finds it."""
    labels = {"kubeproof.dev/role": name}
    started = on.start_pod(name, [*AGENT, *command], namespace=namespace, labels=labels)
    return End(name, namespace, started.name, started.uid, started.ip, ports=ports)


def _client(on: Deployed) -> End:
    pod = on.cluster.core.read_namespaced_pod(CLIENT, on.namespace)
    return End("client", on.namespace, CLIENT, pod.metadata.uid, pod.status.pod_ip)


def _one_a_node(pods: Iterable[End]) -> list[End]:
    """Of each workload one pod for each node: policies are enforced by every node for its own pods."""
    return list({(end.name, end.node): end for end in pods}.values())


def _cells(source: End, targets: Iterable[End]) -> Plan:
    return Plan(source, tuple(("cell", target) for target in targets if target.uid != source.uid))


def _try(on: Deployed, of: str, plans: Iterable[Plan]) -> None:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(lambda plan: _attempt(on, of, plan), plans))


def _attempt(on: Deployed, of: str, plan: Plan) -> list[dict[str, Any]]:
    """One exec for all targets of a source, instead of one a cell; the lines that were written."""
    source = plan.source
    targets = [_target(role, target, port) for role, target in plan.targets for port in target.ports]
    # The agent tries 32 at once, each for as long as its time-out; and it has to be started.
    within = 30 + TIMEOUT * len(targets) / 16
    try:
        made = on.cluster.execute(source.namespace, source.pod, PROBE, [*AGENT, "connect"], targets, within=within)
    except ExecFailed as error:
        made = [{**target, "outcome": "not-observed", "says": str(error), "seconds": 0.0} for target in targets]
    ends = {"source": source.name, "source_pod": source.pod, "source_uid": source.uid}
    lines = [{**ends, **{key: value for key, value in one.items() if key not in ("host", "timeout")}} for one in made]
    for line in lines:
        on.recorder.line(of, "reach", **line)
    return lines


def _target(role: str, target: End, port: int) -> dict[str, Any]:
    ends = {"target": target.name, "target_pod": target.pod, "target_uid": target.uid}
    return {"role": role, **ends, "port": port, "host": target.ip, "timeout": TIMEOUT}


def _settle(on: Deployed, of: str, canary: Plan) -> None:
    """
    Have the canary try, each time a line with its words, until it is as a cluster that enforces policies has it.

    One that never is, is a finding of the judge.
    """
    for _ in range(CANARIES):
        outcomes = {line["target"]: line["outcome"] for line in _attempt(on, of, canary)}
        if outcomes["listener"] == "connected" and outcomes["walled"] not in ("connected", "not-observed"):
            return
        pause(1.0)


def _wall(namespace: str) -> dict[str, Any]:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "walled", "namespace": namespace},
        "spec": {
            "podSelector": {"matchLabels": {"kubeproof.dev/role": "walled"}},
            "policyTypes": ["Ingress"],
        },
    }
