"""The system under test, deployed into namespaces of this run: what every observation starts from."""

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol, TypeVar

from kubeproof.evidence.writing import Recorder
from kubeproof.manifests.system import System
from kubeproof.manifests.workloads import Workload
from kubeproof.observe.applying import RUN_LABEL, Document, Owner
from kubeproof.observe.cluster import Cluster
from kubeproof.observe.waiting import wait_until
from kubeproof.observe.watches import Watches
from kubeproof.profile.intent import Profile

# A container that waits for one of these goes on waiting: its image is not to be had.
HOPELESS = {"ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"}
T = TypeVar("T")
AGENT = ["python3", "-m", "probe"]  # a command of kubeproof/probe, in a container of its image
CLIENT = "kubeproof-client"
PROBE = "kubeproof-probe"  # the container with the agent, in a pod of our own or beside others in one of the system's
RESTRICTED = {
    "runAsNonRoot": True,
    "runAsUser": 65532,
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}


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
    ) -> str:
        """Start a pod of the probe image and return its address once its container runs."""
        where = namespace or self.namespace
        container = {
            "name": PROBE,
            "image": self.probe_image,
            "imagePullPolicy": "IfNotPresent",
            "command": command,
            "env": [{"name": key, "value": value} for key, value in {"HOME": "/tmp", **(env or {})}.items()],
            "securityContext": RESTRICTED,
            "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],
        }
        spec = {
            "containers": [container],
            "volumes": [{"name": "tmp", "emptyDir": {}}],
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "terminationGracePeriodSeconds": 0,
            "restartPolicy": "Never",
        }
        metadata = {"name": name, "labels": {RUN_LABEL: self.run, **(labels or {})}}
        self.cluster.core.create_namespaced_pod(where, {"metadata": metadata, "spec": spec})
        address: list[str] = []

        def running() -> bool:
            pod = self.cluster.core.read_namespaced_pod(name, where)
            if pod.status.phase == "Running":
                address.append(pod.status.pod_ip)
            return bool(address)

        wait_until(running, within=60, hoping=f"pod {name} of image {self.probe_image} runs")
        return address[0]

    def probe_in(self, workload: Workload) -> str:
        """Have a container with the agent in a pod of the workload; the pod's name. It stays until the pod goes."""
        pod: str = self.watches.pods_of(workload.name)[0]["name"]
        container = {
            "name": PROBE,
            "image": self.probe_image,
            "imagePullPolicy": "IfNotPresent",
            "command": [*AGENT, "idle"],
            "securityContext": RESTRICTED,
        }
        body = {"spec": {"ephemeralContainers": [container]}}
        self.cluster.core.patch_namespaced_pod_ephemeralcontainers(pod, self.namespace, body)

        def running() -> bool:
            status = self.cluster.core.read_namespaced_pod(pod, self.namespace).status
            containers = status.ephemeral_container_statuses or ()
            return any(container.state.running for container in containers if container.name == PROBE)

        wait_until(running, within=30, hoping=f"the probe container in {pod} runs")
        return pod

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
