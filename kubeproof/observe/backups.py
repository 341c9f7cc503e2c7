"""Write, back up, lose the volumes, restore, read: what an operator does on the day it matters, step by step."""

import time

from kubernetes.client.exceptions import ApiException

from kubeproof.manifests.workloads import Workload
from kubeproof.observe.deployed import Deployed, promised
from kubeproof.observe.journeys import walk_settled
from kubeproof.observe.persistence import claims, mounted, wait_available, wait_gone
from kubeproof.observe.waiting import NotInTime, wait_until

RELEASED = 60.0  # seconds for a deleted claim to go once no pod mounts it: its controllers look now and then


def observe_backup(on: Deployed, of: str, name: str) -> None:
    """Back up what a journey wrote, lose the workload's volumes, and read it again after a restore."""
    promise = promised(on.profile.backup(name), f"backup of {name}")
    saved = walk_settled(on, of, promise.write)
    if not _run_job(on, of, promise.backup, within=promise.within):
        return  # the only copy is not destroyed
    _lose_volumes(on, of, on.workload(name))
    # The control: what is still there needs no backup.
    walk_settled(on, of, promise.read, saved)
    _run_job(on, of, promise.restore, within=promise.within)
    wait_available(on)
    walk_settled(on, of, promise.read, saved)


def _run_job(on: Deployed, of: str, cronjob: str, *, within: float) -> bool:
    """Make a Job from a CronJob, as `kubectl create job --from` does; whether it completed in time."""
    on.mark(of, "job started", at=cronjob)
    began = time.monotonic()
    name = f"{cronjob}-{on.run}"
    try:
        template = on.cluster.batch.read_namespaced_cron_job(cronjob, on.namespace).spec.job_template
        metadata = {"name": name, "annotations": {"cronjob.kubernetes.io/instantiate": "manual"}}
        on.cluster.batch.create_namespaced_job(on.namespace, {"metadata": metadata, "spec": template.spec})
        ended, message = _end_of(on, name, within)
    except ApiException as error:
        if error.status != 404:
            raise
        ended, message = "absent", f"there is no CronJob {cronjob}"
    took = round(time.monotonic() - began, 3)
    if ended == "complete" and took > within:
        ended = "late"
    words = "; ".join(filter(None, (message, "" if ended == "absent" else _last_words(on, name))))
    on.recorder.line(of, "job", source=cronjob, ended=ended, says=words, seconds=took)
    return ended == "complete"


def _end_of(on: Deployed, name: str, within: float) -> tuple[str, str]:
    """How a Job ended (complete, failed or late), and why."""
    ended: dict[str, str] = {}

    def over() -> bool:
        conditions = on.cluster.batch.read_namespaced_job_status(name, on.namespace).status.conditions or ()
        ended.update(
            {condition.type: condition.message or "" for condition in conditions if condition.status == "True"}
        )
        return bool({"Complete", "Failed"} & ended.keys())

    try:
        wait_until(over, within=within, hoping=f"Job {name} ends")
    except NotInTime as late:
        return "late", str(late)
    return ("complete", "") if "Complete" in ended else ("failed", ended["Failed"])


def _last_words(on: Deployed, job: str) -> str:
    pods = on.cluster.core.list_namespaced_pod(on.namespace, label_selector=f"batch.kubernetes.io/job-name={job}").items
    said = []
    for pod in pods:
        try:
            log = on.cluster.core.read_namespaced_pod_log(pod.metadata.name, on.namespace, tail_lines=3)
        except ApiException as error:
            # A container that never started has no log; why it did not is in the pod's phase.
            log = f"{pod.status.phase}, no log ({error.reason})"
        said.append(" / ".join(log.splitlines()))
    return "; ".join(said) or "it started no pod"


def _lose_volumes(on: Deployed, of: str, workload: Workload) -> None:
    """Stop a StatefulSet, delete the claims it made for its pods, and start it again, on the new ones it makes."""
    lost = [claim for claim in mounted(on, workload) if _makes(workload, claim["name"])]
    if not lost:
        raise LookupError(f"{workload.title} mounts no claim that it would make anew: its volumes cannot be lost")
    uids, names = on.uids_of(workload), [claim["name"] for claim in lost]
    on.mark(of, "volumes deleted", at=workload.name, uids=uids, claims=lost)
    on.patch(workload, {"spec": {"replicas": 0}})
    wait_gone(on, workload, uids)
    for name in names:
        on.cluster.core.delete_namespaced_persistent_volume_claim(name, on.namespace)
    wait_until(lambda: not claims(on, names), within=RELEASED, hoping=f"the claims of {workload.name} are gone")
    on.patch(workload, {"spec": {"replicas": workload.replicas}})
    wait_available(on)
    on.mark(of, "volumes new", at=workload.name, claims=claims(on, names))


def _makes(workload: Workload, claim: str) -> bool:
    """Whether a claim is one that a StatefulSet makes for its pods: TEMPLATE-NAME-ORDINAL."""
    return any(claim.startswith(f"{template}-{workload.name}-") for template in workload.claims)
