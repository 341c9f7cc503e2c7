"""
One run: its folder, its cluster, its copy of the system, and each observation made once.

The observers of kubeproof.observe do it. The folder that is left is all that kubeproof.conclusion judges.
"""

import hashlib
import importlib
import secrets
import time
from collections.abc import Callable, Iterable
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from kubeproof import observe as observers
from kubeproof.checks.catalogue import LIVE
from kubeproof.checks.check import Check
from kubeproof.declared import Declared
from kubeproof.evidence.envelope import EVIDENCE
from kubeproof.evidence.reading import EVERYTHING, Evidence, Planned, Reading
from kubeproof.evidence.writing import NotWritten, Recorder
from kubeproof.interruption import interruptible
from kubeproof.manifests.renaming import rename
from kubeproof.observe.agent_pods import AGENT
from kubeproof.observe.api_errors import Refused, Silent, translated
from kubeproof.observe.cluster import CannotStart, Cluster
from kubeproof.observe.deploy import observe_deploy
from kubeproof.observe.deployed import CLIENT, Deployed, Faults, way_out
from kubeproof.observe.listings import FOLLOWED, listings
from kubeproof.observe.waiting import NotInTime
from kubeproof.observe.watches import Watches
from kubeproof.provenance import provenance

# (the deployed system, the observation's id, what it is about: the part of the id after the colon)
Observer = Callable[[Deployed, str, str], None]


class NotDeployed(Exception):
    """The system did not come up: what it does when it is up could not be observed."""


class Run:
    """
    Observe checks on a cluster and leave a folder that can be judged without it.

    Manifests as rendered and profile are saved beside the evidence; what their Secrets hold is nowhere in it.
    `say` takes what somebody who waits should know. Raises NotWritten when the folder cannot be written.
    """

    def __init__(
        self,
        *,
        name: str,
        folder: Path,
        declared: Declared,
        cluster: Cluster,
        cluster_name: str,
        probe_image: str,
        say: Callable[[str], None],
        ingress_address: str | None = None,
        faults: Faults | None = None,
    ) -> None:
        self.name, self.folder, self._declared = name, folder, declared
        self._cluster, self._probe_image = cluster, probe_image
        self._ingress_address, self._faults = ingress_address, faults
        self._tell = say
        self._observed: set[str] = set()
        self._deployed: Deployed | None = None
        self._missing: list[str] = []
        self._stack = ExitStack()
        self.namespaces: tuple[str, ...] = ()  # what it has made, or is about to
        texts = {
            "declared.yaml": yaml.safe_dump_all(declared.told, sort_keys=False).encode(),
            "profile.toml": declared.profile_text.encode(),
        }
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for file, text in texts.items():
                (folder / file).write_bytes(text)
            self.recorder = Recorder(folder / EVIDENCE, "main", time.monotonic(), declared.hide)
            self._recorded = (folder / EVIDENCE).open(encoding="ascii")
        except OSError as error:
            raise NotWritten(f"{error.filename or folder} cannot be written: {error.strerror}") from error
        self._reading = Reading()
        self._stack.callback(self._recorded.close)
        self._stack.callback(self.recorder.close)
        self._stack.callback(self._delete_what_was_made)
        with translated():
            versions, skew = {"kubernetes": cluster.version()}, list(cluster.skew())
        self.recorder.line(
            "",
            "run.begin",
            run=name,
            cluster=cluster_name,
            started=datetime.now(UTC).isoformat(timespec="seconds"),
            versions=versions,
            skew=skew,
            writers=["main"],
            watches=list(FOLLOWED),
            kubeproof=provenance(),
            declared={file: hashlib.sha256(text).hexdigest() for file, text in texts.items()},
        )

    def _say(self, text: str) -> None:
        self._tell(self._declared.hide(text))

    def plan(self, asked: list[Planned]) -> None:
        """Write down what will be checked: what is planned and not observed is UNKNOWN, never forgotten."""
        self.recorder.line(
            "", "run.plan", checks=[[planned.check, planned.subject, planned.observation] for planned in asked]
        )

    def evidence(self) -> Evidence:
        """What the evidence file says so far; each of its lines is read once."""
        self._reading.feed(self._recorded.read())
        return self._reading.evidence()

    def observe(self, planned: Planned) -> None:
        """Make the observation a check reads, unless it was made for another check already."""
        of = planned.observation
        if not of:
            return  # told by the manifests alone
        if self._deployed is None and not self._missing:
            self._deploy()
        if of == EVERYTHING:
            return  # all that the other checks had observed
        observe = _observer(LIVE[planned.check])
        if observe is None or of in self._observed:
            return
        self._observed.add(of)
        with self.recorder.observation(of), translated():
            if self._deployed is None or self._missing:
                raise NotDeployed(f"{', '.join(self._missing)} did not become available, so nothing else was tried")
            with self._deployed.watches.recorded(of):
                observe(self._deployed, of, of.partition(":")[2])

    def _deploy(self) -> None:
        """Bring the system up, tried once; everything made here is gone after `close`."""
        try:
            with translated():
                self._deployed = self._bring_up()
        except Exception as error:
            self._missing.append(f"the system ({error})")
            raise

    def _bring_up(self) -> Deployed:
        """Deploy into a new namespace, with a client beside it; what did not come up is `_missing`."""
        self._delete(*self._cluster.abandoned_namespaces())
        documents = rename(self._declared.documents, f"kubeproof-{self.name}")
        deployed = self._new_namespace(f"kubeproof-{self.name}", documents)
        with self.recorder.observation("deploy"), translated(), deployed.watches.recorded("deploy"):
            left = observe_deploy(
                deployed, "deploy", [document for document in documents if document["kind"] != "Namespace"]
            )
        for what in left:
            self._say(f"        {what} was there before and no run's: it is used as it is, and left alone")
        self._missing = [
            workload.name for workload in self._declared.system.workloads if not deployed.all_ready(workload)
        ]
        deployed.apply(rename([way_out()], deployed.namespace))
        try:
            deployed.start_pod(CLIENT, [*AGENT, "idle"])
        except NotInTime as late:
            self._missing.append(f"the client pod ({late})")
        return deployed

    def _new_namespace(self, name: str, documents: list[dict[str, Any]]) -> Deployed:
        """Make the namespace, with the labels that the documents give it, and follow what happens in it."""
        labels = next(
            (document["metadata"].get("labels") for document in documents if document["kind"] == "Namespace"), None
        )
        # Before it is asked for: it may be made although its answer does not reach us.
        self.namespaces = (f"{name}-visitor", f"{name}-stranger", name)
        try:
            with translated():
                owner = self._cluster.create_namespace(name, self.name, labels)
        except (CannotStart, Refused):
            self.namespaces = ()
            raise
        declared = self._declared.system
        selectors = {workload.name: dict(workload.selector) for workload in (*declared.workloads, *declared.daemons)}
        watches = Watches(listings(self._cluster, name), selectors, self.recorder)
        self._stack.callback(watches.stop)
        return Deployed(
            cluster=self._cluster,
            recorder=self.recorder,
            watches=watches,
            system=self._declared.system,
            profile=self._declared.profile,
            manifests=self._declared.manifests,
            owner=owner,
            probe_image=self._probe_image,
            ingress_address=self._ingress_address,
            faults=self._faults,
        )

    def _delete(self, *namespaces: str) -> None:
        """Delete namespaces; those that cannot be deleted are said, and are no reason to leave the others."""
        left: dict[str, Exception] = {}
        for name in namespaces:
            try:
                with translated():
                    self._cluster.delete_namespace(name)
            except (Refused, Silent, NotInTime) as error:
                left[name] = error
        if left:
            self._say(left_behind(left, "; ".join(dict.fromkeys(map(str, left.values())))))

    def _delete_what_was_made(self) -> None:
        """Delete the run's namespaces; after Ctrl-C, or at it, only have them deleted, and wait for nobody."""
        with suppress(KeyboardInterrupt), interruptible():
            self._delete(*self.namespaces)
            self.namespaces = ()
            return
        self._have_deleted(*reversed(self.namespaces))

    def _have_deleted(self, *namespaces: str) -> None:
        """Ask the cluster to delete namespaces, which goes on without us; says which it is deleting, and which not."""
        self._cluster.hurry()
        going, left = [], list(namespaces)
        try:
            for name in namespaces:
                with translated():
                    if self._cluster.ask_to_delete_namespace(name):
                        going.append(name)
                left.remove(name)
        except (Refused, Silent) as error:
            self._say(left_behind(left, str(error)))
        if going:
            self._say(f"the cluster is still deleting {' '.join(going)}")

    def close(self) -> None:
        """Delete what the run created and end the evidence; says what could not be deleted."""
        with self._stack, suppress(NotWritten):  # whoever observed met the same
            self.recorder.end()


def _observer(check: Check) -> Observer | None:
    """The function behind a check's name of it; None where deploying is observing."""
    if check.observer is None:
        return None
    module, function = check.observer.rsplit(".", 1)
    found: Observer = getattr(importlib.import_module(f"{observers.__name__}.{module}"), function)
    return found


def left_behind(namespaces: Iterable[str], why: str) -> str:
    """What somebody is told who has to delete namespaces himself."""
    return f"may be left behind: {why}\n    kubectl delete namespace {' '.join(namespaces)}"


def new_run_name() -> str:
    return secrets.token_hex(2)
