"""Who can connect to whom: every ordered pair of workloads plus a stranger, tried from the real pods."""

from typing import Any

from kubeproof.manifests.workloads import Workload
from kubeproof.observe.cluster import ExecFailed
from kubeproof.observe.deployed import AGENT, CLIENT, PROBE, Deployed
from kubeproof.observe.waiting import NotInTime, wait_until

LISTENER_PORT = 8080
TIMEOUT = 3.0  # seconds; a connection inside one cluster takes milliseconds, a dropped packet is resent after one


def observe_reachability(on: Deployed, of: str, _subject: str) -> None:
    """Try every pair from an ephemeral container in the source's pod; controls and the canary in the same window."""
    elsewhere = f"{on.namespace}-stranger"
    on.cluster.create_namespace(elsewhere, on.run)
    on.start_pod("stranger", [*AGENT, "idle"], namespace=elsewhere)
    listener = on.start_pod("listener", [*AGENT, "listen", str(LISTENER_PORT)], namespace=elsewhere)
    on.apply([_wall(elsewhere)])
    walled = on.start_pod(
        "walled",
        [*AGENT, "listen", str(LISTENER_PORT)],
        namespace=elsewhere,
        labels={"kubeproof.dev/role": "walled"},
    )
    targets = [target for workload in on.system.workloads for target in _targets(on, workload)]
    canaries = [_target("listener", listener, LISTENER_PORT), _target("walled", walled, LISTENER_PORT)]
    _settle(on, elsewhere, canaries[1])
    _attempt(on, of, "canary", "stranger", elsewhere, "stranger", PROBE, canaries)
    _attempt(on, of, "control", "client", on.namespace, CLIENT, PROBE, targets)
    _attempt(on, of, "cell", "stranger", elsewhere, "stranger", PROBE, targets)
    for source in on.system.workloads:
        pod = on.probe_in(source)
        others = [target for target in targets if target["target"] != source.name]
        _attempt(on, of, "cell", source.name, on.namespace, pod, PROBE, others)
    on.cluster.delete_namespace(elsewhere)


def _attempt(
    on: Deployed,
    of: str,
    role: str,
    source: str,
    namespace: str,
    pod: str,
    container: str,
    targets: list[dict[str, Any]],
) -> None:
    """One exec for all targets of a source: 4 execs instead of one a cell."""
    try:
        lines = on.cluster.execute(namespace, pod, container, [*AGENT, "connect"], targets)
    except ExecFailed as error:
        lines = [{**target, "outcome": "not-observed", "says": str(error), "seconds": 0.0} for target in targets]
    for line in lines:
        on.recorder.line(
            of,
            "reach",
            role=role,
            source=source,
            target=line["target"],
            port=line["port"],
            outcome=line["outcome"],
            says=line["says"],
            seconds=line["seconds"],
        )


def _targets(on: Deployed, workload: Workload) -> list[dict[str, Any]]:
    pods = [pod for pod in on.watches.pods_of(workload.name) if pod["ready"]]
    # No ready pod: the cells of this target are missing from the evidence, and missing is UNKNOWN.
    return [_target(workload.name, pods[0]["ip"], port.number) for port in workload.ports] if pods else []


def _target(name: str, host: str, port: int) -> dict[str, Any]:
    return {"target": name, "host": host, "port": port, "timeout": TIMEOUT}


def _settle(on: Deployed, namespace: str, walled: dict[str, Any]) -> None:
    """Rules appear some hundred milliseconds after a pod has its address: wait for the canary's, bounded."""

    def enforced() -> bool:
        target = {**walled, "timeout": 1.0}
        (line,) = on.cluster.execute(namespace, "stranger", PROBE, [*AGENT, "connect"], [target])
        return bool(line["outcome"] != "connected")

    try:
        wait_until(enforced, within=10, hoping="the canary policy is enforced")
    except NotInTime:
        # A cluster that does not enforce is a finding of the judge, from the canary's own line.
        return


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
