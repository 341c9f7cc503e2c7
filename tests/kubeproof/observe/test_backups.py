"""The day it matters, on a cluster of a few dictionaries: what is done in which order, and what is made of it."""

import time
from dataclasses import replace
from types import SimpleNamespace

import pytest
from kubernetes.client.exceptions import ApiException

from kubeproof.observe.backups import observe_backup
from kubeproof.observe.cluster import ExecFailed
from kubeproof.verdict import Outcome
from tests.helpers.shop import LEDGER, SYSTEM
from tests.kubeproof.observe.copies import Copy, with_backup

OF = "backup:ledger"
TICK = 0.0001  # seconds that the evidence's clock tells apart: nothing here may take less, as nothing does elsewhere
CHECK = ("persistence.backup-restore", "ledger", OF)
STATEFUL = replace(LEDGER, claims=("data",))
CLAIMED = replace(
    SYSTEM, workloads=tuple(STATEFUL if workload is LEDGER else workload for workload in SYSTEM.workloads)
)


def named(name, **fields):
    return SimpleNamespace(metadata=SimpleNamespace(name=name, **fields))


class Cluster:
    """
    A shop whose things lie on the ledger's volume, and two CronJobs that copy them away and back.

    `jobs` maps a CronJob to how its Jobs end (Complete, Failed, or None: never); `keeps` says that a new volume has
    the old one's content; `deaf` that no command can be run in a pod.
    """

    def __init__(self):
        self.core = self.batch = self.apps = self
        self.jobs, self.keeps, self.deaf = {"save": "Complete", "bring-back": "Complete"}, False, False
        self.volume, self.away, self.claims, self.made = {}, {}, {"data-ledger-0": "uid-1"}, {}

    def execute(self, namespace, pod, container, command, plan, *, within):  # noqa: ARG002  as observers call it
        if self.deaf:
            raise ExecFailed("exec in kubeproof-client/probe: exit 1: no such pod")
        time.sleep(2 * TICK)
        assert command[-1] == "journey"
        [step], saved = plan["steps"], dict(plan["saved"])
        if step["method"] == "POST":
            self.volume["1"] = step["body"]
            saved["id"] = "1"
        url = step["url"].replace("{id}", str(saved.get("id")))
        body = {"id": "1", **self.volume["1"]} if self.volume else None
        status = 201 if step["method"] == "POST" else 200 if self.volume else 404
        said = {"method": step["method"], "url": url, "status": status, "body": body, "error": None}
        return [{"index": 0, **said, "saved": saved, "seconds": TICK}]

    def read_namespaced_pod(self, name, _):
        mounts = [SimpleNamespace(claim_name=f"data-{name}"), None, SimpleNamespace(claim_name="backups")]
        volumes = [SimpleNamespace(persistent_volume_claim=mount) for mount in mounts if name.startswith("ledger")]
        return SimpleNamespace(spec=SimpleNamespace(volumes=volumes))

    def read_namespaced_cron_job(self, name, _):
        if name not in self.jobs:
            raise ApiException(status=404, reason="Not Found")
        return SimpleNamespace(spec=SimpleNamespace(job_template=SimpleNamespace(spec={"of": name})))

    def create_namespaced_job(self, _, body):
        time.sleep(2 * TICK)
        source = body["spec"]["of"]
        self.made[body["metadata"]["name"]] = source
        if self.jobs[source] == "Complete":
            target, content = (self.away, self.volume) if source == "save" else (self.volume, self.away)
            target.update(content)

    def read_namespaced_job_status(self, name, _):
        end = self.jobs[self.made[name]]
        conditions = [SimpleNamespace(type=end, status="True", message="BackoffLimitExceeded")] if end else None
        return SimpleNamespace(status=SimpleNamespace(conditions=conditions))

    def list_namespaced_pod(self, _, label_selector):
        job = label_selector.partition("=")[2]
        pod = named(f"{job}-x")
        pod.status = SimpleNamespace(phase="Pending")
        return SimpleNamespace(items=[pod])

    def read_namespaced_pod_log(self, name, _, tail_lines):
        assert tail_lines
        if self.jobs[self.made[name.removesuffix("-x")]] is None:
            raise ApiException(status=400, reason="Bad Request")
        return "first\nlast\n"

    def list_namespaced_persistent_volume_claim(self, _):
        claims = {"of-somebody-else": "uid-0", "backups": "uid-9", **self.claims}
        return SimpleNamespace(items=[named(name, uid=uid) for name, uid in claims.items()])

    def delete_namespaced_persistent_volume_claim(self, name, _):
        assert self.copy.watches.pods_of("ledger") == [], "the volume is in use"
        del self.claims[name]
        if not self.keeps:
            self.volume.clear()

    def patch_namespaced_stateful_set(self, name, _, body):
        assert name == "ledger"
        replicas = body["spec"]["replicas"]
        time.sleep(2 * TICK)
        if replicas:
            self.claims.setdefault("data-ledger-0", "uid-2")
        self.copy.runs(STATEFUL, replicas, "-again")


@pytest.fixture
def cluster():
    return Cluster()


@pytest.fixture
def observed(tmp_path, cluster):
    def observe(**changes):
        cluster.copy = Copy(tmp_path, cluster, system=CLAIMED, profile=with_backup(**changes))
        return cluster.copy.observed(observe_backup, OF)

    return observe


def deeds(lines):
    """What was done and seen, in order: markers, the ends of jobs, the answers to steps."""
    told = {"marker": "says", "job": "ended", "step": "status"}
    return [line.get(told[line.kind]) for line in lines if line.kind in told and line.get("says") != "path settled"]


def test_what_was_written_is_saved_lost_brought_back_and_read(observed, cluster):
    assert deeds(observed()) == [
        *(201, "job started", "complete"),
        *("volumes deleted", "volumes new", 404),
        *("job started", "complete", 200),
    ]
    verdict = cluster.copy.verdict(*CHECK)
    assert verdict.passed, verdict.report()


def test_the_claims_are_the_workloads_own_before_and_after(observed):
    lines = {line.get("says"): line for line in observed() if line.kind == "marker"}
    assert lines["volumes deleted"].data["claims"] == [{"name": "data-ledger-0", "uid": "uid-1"}]
    assert lines["volumes new"].data["claims"] == [{"name": "data-ledger-0", "uid": "uid-2"}]


def test_the_markers_say_whose_end_was_planned(observed):
    planned = {line.get("says"): line.data.get("uids") for line in observed() if line.kind == "marker"}
    assert planned["volumes deleted"] == ["ledger-0"]
    assert planned["volumes new"] is None


def test_a_workload_without_claims_of_its_own_is_left_alone(tmp_path, cluster):
    cluster.copy = Copy(tmp_path, cluster, profile=with_backup())
    with pytest.raises(LookupError, match="StatefulSet/ledger mounts no claim that it would make anew"):
        cluster.copy.observed(observe_backup, OF)
    assert cluster.volume
    assert cluster.claims == {"data-ledger-0": "uid-1"}


def test_the_last_words_of_a_jobs_pods_are_kept(observed):
    [save, _] = [line for line in observed() if line.kind == "job"]
    assert (save.get("source"), save.get("says")) == ("save", "first / last")


@pytest.mark.parametrize(
    ("end", "ended", "message"),
    [("Failed", "failed", "BackoffLimitExceeded; first / last"), (None, "late", "no log (Bad Request)")],
)
def test_the_only_copy_is_not_destroyed_when_there_is_no_backup(observed, cluster, end, ended, message):
    cluster.jobs["save"] = end
    lines = observed(within=0.05)
    assert deeds(lines) == [201, "job started", ended]
    assert message in lines[-1].get("says")
    assert cluster.volume
    assert cluster.copy.verdict(*CHECK).outcome is Outcome.FAIL


def test_a_cronjob_that_is_not_there_is_absent(observed, cluster):
    del cluster.jobs["save"]
    assert deeds(observed()) == [201, "job started", "absent"]
    assert cluster.volume


def test_a_restore_that_fails_is_broken(observed, cluster):
    cluster.jobs["bring-back"] = "Failed"
    assert deeds(observed())[-3:] == ["job started", "failed", 404]
    assert cluster.copy.verdict(*CHECK).outcome is Outcome.FAIL


def test_data_that_was_never_away_proves_nothing(observed, cluster):
    cluster.keeps = True
    observed()
    verdict = cluster.copy.verdict(*CHECK)
    assert (verdict.outcome, "it was not gone" in verdict.because) == (Outcome.UNKNOWN, True)


def test_a_refusal_of_the_api_server_breaks_the_observation_off(observed, cluster):
    def refuse(*_):
        raise ApiException(status=403, reason="Forbidden")

    cluster.create_namespaced_job = refuse
    with pytest.raises(ApiException):
        observed()
    assert cluster.copy.verdict(*CHECK).outcome is Outcome.UNKNOWN


def test_a_client_that_cannot_be_asked_breaks_the_observation_off(observed, cluster):
    cluster.deaf = True
    with pytest.raises(ExecFailed):
        observed()
    assert cluster.claims == {"data-ledger-0": "uid-1"}


def test_a_profile_without_the_promise_is_told(tmp_path, cluster):
    copy = Copy(tmp_path, cluster)
    with pytest.raises(LookupError, match="the profile has no backup of shop"):
        copy.observed(observe_backup, "backup:shop")
