"""The system under test, deployed into namespaces of this run: what every observation starts from."""

from collections.abc import Collection, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

from kubeproof.evidence.writing import Recorder
from kubeproof.manifests.system import System
from kubeproof.manifests.workloads import Workload
from kubeproof.observe import agent_pods
from kubeproof.observe.agent_pods import AGENT, ASKS, HOPELESS, PROBE, AgentPod, Share
from kubeproof.observe.applying import RUN_LABEL, Document, Owner
from kubeproof.observe.cluster import Cluster
from kubeproof.observe.waiting import wait_until
from kubeproof.observe.watches import Watches
from kubeproof.profile.intent import Profile

T = TypeVar("T")
CLIENT = "kubeproof-client"


def way_out() -> dict[str, Any]:
    """
    A policy that lets the harness's own pods of a namespace go anywhere.

    Where the system denies all by default, its client could reach nothing, and nothing would have a control. What
    may come in is left to the system: this is what is proved.
    """
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "kubeproof-way-out"},
        "spec": {
            "podSelector": {"matchExpressions": [{"key": RUN_LABEL, "operator": "Exists"}]},
            "policyTypes": ["Egress"],
            "egress": [{}],
        },
    }


def promised(found: T | None, what: str) -> T:
    """What the profile was asked for; raises LookupError where it has none."""
    if found is None:
        raise LookupError(f"the profile has no {what}")
    return found


class Faults(Protocol):
    """What can be put upon a pod from its node, each as long as a block lasts."""

    def frozen(self, pod: str) -> AbstractContextManager[None]:
        """Every process of the pod with this uid is stopped."""

    def black_holed(self, address: str) -> AbstractContextManager[None]:
        """No packet reaches the pod with this address or leaves it."""


@dataclass(frozen=True)
class Deployed:
    """
    One copy of the system in a namespace of its own, with a client pod beside it.

    `manifests` is where its objects were rendered from; `owner` is that namespace; `probe_image` is what client and
    stranger pods run; `ingress_address` is HOST[:PORT] where requests from outside enter, None where the controllers
    say it in status; `faults` is None where nobody lets us at the nodes.
    """

    cluster: Cluster
    recorder: Recorder
    watches: Watches
    system: System
    profile: Profile
    manifests: Path
    owner: Owner
    probe_image: str
    ingress_address: str | None = None
    faults: Faults | None = None

    @property
    def namespace(self) -> str:
        return self.owner.namespace

    @property
    def run(self) -> str:
        """The name that everything made carries as a label."""
        return self.owner.run

    def apply(self, documents: Iterable[Document]) -> tuple[str, ...]:
        """Create every object; give the names of those that are not the run's, and were left alone."""
        return self.cluster.apply(documents, self.owner)

    def start_pod(
        self,
        name: str,
        command: list[str],
        *,
        namespace: str | None = None,
        labels: Mapping[str, str] | None = None,
        env: Mapping[str, str] | None = None,
        share: Share = ASKS,
    ) -> AgentPod:
        """Start a pod of the probe image and return once its container runs; raises NotInTime."""
        variables = [{"name": key, "value": value} for key, value in {"HOME": "/tmp", **(env or {})}.items()]
        container = {"image": self.probe_image, "command": command, "env": variables}
        where, named = namespace or self.namespace, {RUN_LABEL: self.run, **(labels or {})}
        return agent_pods.start_pod(self.cluster, where, name, container, labels=named, share=share)

    def probe_in(self, workload: Workload, pod: str | None = None) -> str:
        """Have a container with the agent in a pod of the workload, a Ready one unless it is named; the pod's name."""
        pods = sorted(self.watches.pods_of(workload.name), key=lambda one: not one.get("ready"))
        if pod is None and not pods:
            raise LookupError(f"{workload.name} has no pod to look from")
        name = pod or str(pods[0]["name"])
        return agent_pods.start_probe(self.cluster, self.namespace, name, self.probe_image).name

    def ask(self, command: str, plan: Any, *, pod: str = CLIENT, within: float = 60) -> list[Any]:
        """Run a command of the agent in a pod that has it, the client or one with a probe; its JSON lines."""
        return self.cluster.execute(self.namespace, pod, PROBE, [*AGENT, command], plan, within=within)

    def uids_of(self, workload: Workload) -> list[str]:
        """The uids of a workload's pods, for markers that say whom a deed will disturb (`uids`)."""
        return sorted(pod["uid"] for pod in self.watches.pods_of(workload.name))

    def url(self, service: str, path: str) -> str:
        """The URL of a path at the first port of a Service, as a pod of the namespace calls it."""
        found = self.system.service(service)
        if found is None:
            raise LookupError(f"the profile names Service {service!r}, which the manifests do not have")
        return f"http://{service}:{found.ports[0].port}{path}"

    def workload(self, name: str) -> Workload:
        """The declared workload that the profile names; raises LookupError."""
        found = self.system.workload(name)
        if found is None:
            raise LookupError(f"the profile names workload {name!r}, which the manifests do not have")
        return found

    def mark(self, of: str, deed: str, **fields: Any) -> None:
        """Write down what was done just now, or is about to be: a line of kind `marker`."""
        self.recorder.line(of, "marker", says=deed, **fields)

    def all_ready(self, workload: Workload) -> bool:
        """kubectl's questions: the spec is observed, all pods are updated, the old ones gone, the new available."""
        with self.watches.changed:
            seen = self.watches.now["workload"].get(workload.name)
        return seen is not None and (
            seen["observed"] == seen["generation"]
            and seen["updated"] == seen["ready"] == seen["available"] == seen["replicas"] == (seen["desired"] or 0)
            and seen["ready"] > 0
        )

    def wait_replaced(self, workload: Workload, old: Collection[str], *, within: float) -> None:
        """Return once the pods with these uids are gone and the workload is complete without them; raises NotInTime."""
        wait_until(
            lambda: self.all_ready(workload) and not set(old) & self.watches.now["pod"].keys(),
            within=within,
            hoping=f"every pod of {workload.name} is replaced and the old ones are gone",
            wake=self.watches.changed,
        )

    def hopeless(self, workload: Workload) -> bool:
        """Whether a pod of the workload waits for an image that cannot be pulled."""
        return any(HOPELESS & set(pod["waiting"]) for pod in self.watches.pods_of(workload.name))

    def wait_ready(self, *workloads: Workload, within: float) -> None:
        """
        Return once every given workload is complete; raises NotInTime.

        An image that cannot be pulled ends the wait for its workload early: the bound would only tell it later.
        """
        for workload in workloads:
            wait_until(
                partial(self._settled, workload),
                within=within,
                hoping=f"{workload.name} is available",
                wake=self.watches.changed,
                last=partial(self._last_seen, workload),
            )

    def _settled(self, workload: Workload) -> bool:
        return self.all_ready(workload) or self.hopeless(workload)

    def _last_seen(self, workload: Workload) -> str:
        return str(self.watches.now["workload"].get(workload.name))

    def patch(self, workload: Workload, body: dict[str, Any]) -> None:
        """Patch a Deployment or StatefulSet."""
        kind = "deployment" if workload.kind == "Deployment" else "stateful_set"
        getattr(self.cluster.apps, f"patch_namespaced_{kind}")(workload.name, self.namespace, body)
