"""A copy of the histories' system as an observer sees it, with a cluster that a test wrote, and what was recorded."""

import time
from dataclasses import replace

from kubeproof.evidence.reading import Planned, read_evidence
from kubeproof.evidence.writing import Recorder
from kubeproof.judging import judge_planned
from kubeproof.observe.applying import Owner
from kubeproof.observe.deployed import Deployed
from kubeproof.observe.watches import Watches
from tests.helpers.shop import LEDGER, PROFILE, SHOP, SYSTEM

NAMESPACE = "kubeproof-7f3a"


class Copy:
    """One deployed copy; `cluster` is what the observers talk to."""

    def __init__(self, folder, cluster, *, system=SYSTEM, profile=PROFILE, **more):
        self._path = folder / "evidence.jsonl"
        self.system, self.profile = system, profile
        self.recorder = Recorder(self._path, "main", time.monotonic())
        self.watches = Watches({}, {}, self.recorder)
        self.on = Deployed(
            cluster=cluster,
            recorder=self.recorder,
            watches=self.watches,
            system=system,
            profile=profile,
            manifests=folder,
            owner=Owner("7f3a", NAMESPACE, "u-1"),
            probe_image="probe",
            **more,
        )
        for workload in (SHOP, LEDGER):
            self.runs(workload, workload.replicas)

    def runs(self, workload, count, life=""):
        """So many pods of a workload are there, Ready, and behind the Service of its name; `life` ends their uids."""
        names = [f"{workload.name}-{place}" for place in range(count)]
        state = {"workload": workload.name, "ready": True, "waiting": [], "deleted": False, "gone": False}
        state |= {"restarts": 0, "node": "n", "ended": [], "revision": None, "phase": "Running"}
        pods = {name + life: {"name": name, "uid": name + life, "ip": f"ip-of-{name}", **state} for name in names}
        counts = dict.fromkeys(("desired", "updated", "ready", "available", "replicas"), count)
        with self.watches.changed:
            for uid, pod in list(self.watches.now["pod"].items()):
                if pod["workload"] == workload.name and uid not in pods:
                    self.keeps("pod", uid, {**pod, "deleted": True, "gone": True})
            for uid, pod in pods.items():
                self.keeps("pod", uid, pod)
            named = {"name": workload.name, "object_kind": workload.kind, "generation": 1, "observed": 1}
            self.keeps("workload", workload.name, {**named, **counts, "gone": False})
            behind = {"service": workload.name, "ready": names, "serving": names, "terminating": []}
            self.keeps("endpoints", workload.name, behind)

    def keeps(self, kind, name, line):
        """A watch tells of an object."""
        self.watches._keep(kind, name, line)  # what comes of an event, whatever the API's own form of it

    def observed(self, observe, of):
        """Make an observation as a run does; give its lines, but those that every observation has."""
        known = {"cluster": "copy", "started": "2026-01-01T00:00:00+00:00", "versions": {}, "skew": [0, 0]}
        self.recorder.line("", "run.begin", run="7f3a", writers=["main"], watches=["pod"], **known)
        with self.recorder.observation(of), self.watches.recorded(of):
            observe(self.on, of, of.partition(":")[2])
            self.recorder.line(of, "bookmark", watch="pod", version="1", caught=True)
        self.recorder.end()
        lines = read_evidence(self._path.read_text()).of(of)
        return [line for line in lines if line.kind not in ("observe.begin", "observe.end", "bookmark")]

    def verdict(self, check, subject, of):
        """What the judge of a check makes of the file."""
        evidence = read_evidence(self._path.read_text())
        return judge_planned(self.system, self.profile, evidence, Planned(check, subject, of))


def with_backup(**changes):
    """The histories' profile with another promise about the backup."""
    [backup] = PROFILE.backups
    return replace(PROFILE, backups=(replace(backup, **changes),))
