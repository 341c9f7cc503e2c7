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

    def runs(self, workload, count):
        """So many pods of a workload are there, Ready, and behind the Service of its name."""
        names = [f"{workload.name}-{place}" for place in range(count)]
        pods = {name: {"name": name, "uid": name, "workload": workload.name, "deleted": False} for name in names}
        with self.watches.changed:
            now = self.watches.now
            now["pod"] = {uid: pod for uid, pod in now["pod"].items() if pod["workload"] != workload.name} | pods
            counts = dict.fromkeys(("desired", "updated", "ready", "available", "replicas"), count)
            now["workload"][workload.name] = {"name": workload.name, "generation": 1, "observed": 1, **counts}
            now["endpoints"][workload.name] = {"service": workload.name, "ready": names}
            self.watches.changed.notify_all()

    def observed(self, observe, of):
        """Make an observation as a run does; give its lines, begin and end left out."""
        self.recorder.line("", "run.begin", run="7f3a", writers=["main"], watches=[])
        with self.recorder.observation(of), self.watches.recorded(of):
            observe(self.on, of, of.partition(":")[2])
        self.recorder.end()
        return [line for line in read_evidence(self._path.read_text()).of(of) if not line.kind.startswith("observe.")]

    def verdict(self, check, subject, of):
        """What the judge of a check makes of the file."""
        evidence = read_evidence(self._path.read_text())
        return judge_planned(self.system, self.profile, evidence, Planned(check, subject, of))


def with_backup(**changes):
    """The histories' profile with another promise about the backup."""
    [backup] = PROFILE.backups
    return replace(PROFILE, backups=(replace(backup, **changes),))
