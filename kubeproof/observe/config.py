"""Every ConfigMap and Secret of the manifests changed, and the manifests applied again, as a release does."""

from contextlib import suppress

from kubeproof.manifests.layering import with_changed_configuration
from kubeproof.manifests.renaming import rename
from kubeproof.observe.deployed import Deployed
from kubeproof.observe.waiting import NotInTime, wait_until

NOTICED = 35.0  # seconds for the first pod to go or come; who has not begun by then does not follow the change


def observe_change(on: Deployed, of: str, _subject: str) -> None:
    """Change all configuration at once, and wait for the workloads that follow to be available again."""
    readers = [workload for workload in on.system.workloads if on.system.configs_of(workload)]
    before = {workload.name: on.uids_of(workload) for workload in readers}
    objects = sorted({f"{config.kind}/{config.name}" for reader in readers for config in on.system.configs_of(reader)})
    documents = rename(with_changed_configuration(on.manifests, on.run), on.namespace)
    uids = sorted(uid for old in before.values() for uid in old)
    on.mark(of, "configuration changed", objects=objects, uids=uids)
    on.cluster.apply_again(documents)
    with suppress(NotInTime):
        wait_until(
            lambda: all(on.uids_of(workload) != before[workload.name] for workload in readers),
            within=NOTICED,
            hoping="a pod of every reader of the configuration is replaced",
            wake=on.watches.changed,
        )
    for workload in readers:
        if on.uids_of(workload) != before[workload.name]:
            # Too late is evidence, not an error: the judge says so from the lines.
            with suppress(NotInTime):
                on.wait_replaced(workload, before[workload.name], within=workload.progress_deadline)
    on.mark(of, "change over")
