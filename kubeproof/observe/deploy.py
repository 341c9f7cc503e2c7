"""The manifests applied, and what comes up of them."""

from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from typing import Any

from kubeproof.manifests.workloads import Workload
from kubeproof.observe.deployed import Deployed
from kubeproof.observe.waiting import NotInTime, wait_until


def observe_deploy(on: Deployed, of: str, documents: Iterable[dict[str, Any]]) -> tuple[str, ...]:
    """
    Apply the manifests and watch until every workload is available or its progress deadline is over.

    Gives the names of the objects that were there before and no run's, and were left alone.
    """
    on.mark(of, "applied")
    left = on.apply(documents)
    for what in left:
        on.mark(of, "left alone", at=what)
    for workload in (*on.system.workloads, *on.system.daemons):
        # Too late is evidence, not an error: the judge says so from the lines.
        with suppress(NotInTime):
            wait_until(
                partial(_is_up, on, workload),
                within=workload.progress_deadline,
                hoping=f"{workload.name} is available with all its replicas",
                wake=on.watches.changed,
            )
    return left


def _is_up(on: Deployed, workload: Workload) -> bool:
    """
    Whether waiting for the workload is over: all are there that the manifests want, or it would never be.

    An autoscaler brings a workload to its minimum some time after the workload is complete with fewer.
    """
    with on.watches.changed:
        seen = on.watches.now["workload"].get(workload.name)
    if seen is None:
        return False
    if workload.kind == "DaemonSet":
        nobody = seen["desired"] == 0 and seen["observed"] == seen["generation"]  # no node takes a pod of it
        return nobody or on.all_ready(workload) or on.hopeless(workload)
    all_there = on.all_ready(workload) and seen["desired"] >= on.system.least_replicas(workload)
    return all_there or on.hopeless(workload)
