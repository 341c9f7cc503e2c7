"""A pod deleted between a write and a read."""

from kubeproof.observe.deployed import Deployed, promised
from kubeproof.observe.journeys import walk_settled
from kubeproof.observe.waiting import wait_until


def observe_restart(on: Deployed, of: str, name: str) -> None:
    """Write by a journey, delete a pod of the workload, wait until it is back, read by a journey."""
    workload = on.workload(name)
    promise = promised(on.profile.persistence_of(name), f"promise that {name} persists")
    saved = walk_settled(on, of, promise.write)
    pod = on.watches.pods_of(name)[0]
    on.mark(of, "pod deleted", at=pod["name"], uid=pod["uid"])
    on.cluster.core.delete_namespaced_pod(pod["name"], on.namespace)
    wait_until(
        lambda: any(new["uid"] != pod["uid"] and new["ready"] for new in on.watches.pods_of(name)),
        within=120,
        hoping=f"a new pod of {name} is Ready",
        wake=on.watches.changed,
    )
    on.wait_ready(workload, *(other for other in on.system.workloads if other is not workload), within=60)
    back = next(new for new in on.watches.pods_of(name) if new["uid"] != pod["uid"])
    on.mark(of, "pod back", at=back["name"], uid=back["uid"])
    walk_settled(on, of, promise.read, saved)
