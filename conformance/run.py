"""One run: its folder, its cluster, its copy of the system, and each observation made once."""

import secrets
import time
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

from conformance.catalogue import check
from conformance.declared.intent import Profile
from conformance.declared.renaming import rename
from conformance.declared.system import System
from conformance.observe.cluster import Cluster
from conformance.observe.lifecycle import observe_deploy
from conformance.observe.recorder import Recorder
from conformance.observe.system import AGENT, CLIENT, Deployed, Faults, way_out
from conformance.observe.waiting import NotInTime
from conformance.observe.watches import Watches
from conformance.verdicts.evidence import Planned


class NotDeployed(Exception):
    """The system did not come up: what it does when it is up could not be observed."""


class Run:
    """
    Observe checks on a cluster and leave a folder that can be judged without it.

    `documents` are the rendered manifests, `profile_text` the profile as read; both are saved beside the evidence.
    """

    def __init__(
        self,
        *,
        name: str,
        folder: Path,
        cluster: Cluster,
        cluster_name: str,
        documents: list[dict[str, Any]],
        system: System,
        profile: Profile,
        profile_text: str,
        probe_image: str,
        ingress_address: str | None = None,
        faults: Faults | None = None,
    ) -> None:
        self.name, self.folder, self.profile, self.system = name, folder, profile, system
        self._cluster, self._documents, self._probe_image = cluster, documents, probe_image
        self._ingress_address, self._faults = ingress_address, faults
        self._observed: set[str] = set()
        self._missing: list[str] = []
        self._stack = ExitStack()
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "declared.yaml").write_text(yaml.safe_dump_all(documents, sort_keys=False))
        (folder / "profile.toml").write_text(profile_text)
        self.recorder = Recorder(folder / "evidence.jsonl", "main", time.monotonic())
        self._stack.callback(self.recorder.close)
        self.recorder.line(
            "",
            "run.begin",
            run=name,
            cluster=cluster_name,
            started=datetime.now(UTC).isoformat(timespec="seconds"),
            versions={"kubernetes": cluster.version()},
            skew=list(cluster.skew()),
        )

    def plan(self, asked: list[Planned]) -> None:
        """Write down what will be checked: what is planned and not observed is UNKNOWN, never forgotten."""
        self.recorder.line("", "run.plan", checks=[[each.check, each.subject, each.observation] for each in asked])

    def observe(self, planned: Planned) -> None:
        """Make the observation a check reads, unless it was made for another check already."""
        of, observe = planned.observation, check(planned.check).observe
        if not of:
            return  # told by the manifests alone
        deployed = self._deployed
        if observe is None or of in self._observed:
            return
        self._observed.add(of)
        with self.recorder.observation(of), deployed.watches.recorded(of):
            if self._missing:
                raise NotDeployed(f"{', '.join(self._missing)} did not become available, so nothing else was tried")
            observe(deployed, of, of.partition(":")[2])

    @cached_property
    def _deployed(self) -> Deployed:
        """Deploy on first use; everything made here is gone after `close`."""
        for abandoned in self._cluster.abandoned_namespaces():
            self._cluster.delete_namespace(abandoned)
        namespace = f"kubeproof-{self.name}"
        documents = rename(self._documents, namespace)
        labels = next((each["metadata"].get("labels") for each in documents if each["kind"] == "Namespace"), None)
        self._cluster.create_namespace(namespace, self.name, labels)
        self._stack.callback(self._clean, namespace)
        selectors = {each.name: dict(each.selector) for each in self.system.workloads}
        watches = Watches(self._cluster, namespace, selectors, self.recorder)
        self._stack.callback(watches.stop)
        deployed = Deployed(
            cluster=self._cluster,
            recorder=self.recorder,
            watches=watches,
            system=self.system,
            profile=self.profile,
            namespace=namespace,
            run=self.name,
            probe_image=self._probe_image,
            ingress_address=self._ingress_address,
            faults=self._faults,
        )
        with self.recorder.observation("deploy"), watches.recorded("deploy"):
            observe_deploy(deployed, "deploy", [each for each in documents if each["kind"] != "Namespace"])
        self._missing = [each.name for each in self.system.workloads if not deployed.all_ready(each)]
        self._cluster.apply(rename([way_out()], namespace))
        try:
            deployed.start_pod(CLIENT, [*AGENT, "idle"])
        except NotInTime as late:
            self._missing.append(f"the client pod ({late})")
        return deployed

    def _clean(self, namespace: str) -> None:
        for name in (f"{namespace}-visitor", f"{namespace}-stranger", namespace):
            self._cluster.delete_namespace(name)

    def close(self) -> None:
        """Delete what the run created and end the evidence."""
        self.recorder.line("", "run.end")
        self._stack.close()


def new_run_name() -> str:
    return secrets.token_hex(2)
