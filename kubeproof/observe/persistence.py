"""The pods of a workload deleted between a write and a read."""

from collections.abc import Collection
from typing import Any

from kubeproof.manifests.workloads import Workload
from kubeproof.observe.deployed import Deployed, promised
from kubeproof.observe.journeys import walk_settled
from kubeproof.observe.waiting import wait_until

GONE = 30.0  # seconds beyond its grace for a pod to be seen gone: its kubelet tidies up first


def observe_restart(on: Deployed, of: str, name: str) -> None:
    """Write by a journey, delete every pod of the workload, wait until others are in their places, read by another."""
    workload = on.workload(name)
    promise = promised(on.profile.persistence_of(name), f"promise that {name} persists")
    saved = walk_settled(on, of, promise.write)
    # All of them: a survivor would answer for what is not on the volume.
    taken = on.watches.pods_of(name)
    uids = [pod["uid"] for pod in taken]
    on.mark(of, "pod deleted", at=name, uids=uids, claims=mounted(on, workload))
    for pod in taken:
        on.cluster.core.delete_namespaced_pod(pod["name"], on.namespace)
    wait_gone(on, workload, uids)
    wait_until(
        lambda: sum(pod["ready"] for pod in on.watches.pods_of(name)) >= len(uids) or on.hopeless(workload),
        within=workload.progress_deadline,
        hoping=f"as many new pods of {name} are Ready",
        wake=on.watches.changed,
    )
    wait_available(on)
    on.mark(of, "pod back", at=name, claims=mounted(on, workload))
    walk_settled(on, of, promise.read, saved)


def wait_gone(on: Deployed, workload: Workload, uids: Collection[str]) -> None:
    """Return once the pods with these uids are gone; raises NotInTime."""

    def gone() -> bool:
        with on.watches.changed:
            return not on.watches.now["pod"].keys() & set(uids)

    within = workload.grace_seconds + GONE
    wait_until(gone, within=within, hoping=f"the pods of {workload.name} are gone", wake=on.watches.changed)


def wait_available(on: Deployed) -> None:
    """Return once every workload is complete, each within its own progress deadline; raises NotInTime."""
    for workload in on.system.workloads:
        on.wait_ready(workload, within=workload.progress_deadline)


def mounted(on: Deployed, workload: Workload) -> list[dict[str, Any]]:
    """The claims that the workload's pods mount, by name and uid."""
    pods = (on.cluster.core.read_namespaced_pod(pod["name"], on.namespace) for pod in on.watches.pods_of(workload.name))
    sources = (volume.persistent_volume_claim for pod in pods for volume in pod.spec.volumes or ())
    return claims(on, {source.claim_name for source in sources if source})


def claims(on: Deployed, names: Collection[str]) -> list[dict[str, Any]]:
    """Those of the claims with these names that are there, by name and uid."""
    found = on.cluster.core.list_namespaced_persistent_volume_claim(on.namespace).items
    there = [{"name": claim.metadata.name, "uid": claim.metadata.uid} for claim in found]
    return [claim for claim in there if claim["name"] in names]
