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
        lambda: any(each["uid"] != pod["uid"] and each["ready"] for each in on.watches.pods_of(name)),
        within=120,
        hoping=f"a new pod of {name} is Ready",
        wake=on.watches.changed,
    )
    on.wait_ready(workload, *(each for each in on.system.workloads if each is not workload), within=60)
    back = next(each for each in on.watches.pods_of(name) if each["uid"] != pod["uid"])
    on.mark(of, "pod back", at=back["name"], uid=back["uid"])
    walk_settled(on, of, promise.read, saved)
