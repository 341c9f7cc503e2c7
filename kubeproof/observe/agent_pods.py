"""Containers with the agent: pods of the harness's own, and ephemeral ones in pods of the system."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from kubeproof.observe.cluster import Cluster
from kubeproof.observe.waiting import NotInTime, wait_until

AGENT = ["python3", "-m", "probe"]  # a command of kubeproof/probe, in a container of its image
PROBE = "kubeproof-probe"  # the container with the agent, in a pod of our own or beside others in one of the system's
# A container that waits for one of these goes on waiting: its image is not to be had.
HOPELESS = {"ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull"}
# Seconds until a container with the agent runs. They include the pull of its image by a node that never had it, over
# whatever line that node has: half of what a Deployment is given by default for all its pods (progressDeadlineSeconds).
STARTED = 300.0
RESTRICTED = {
    "runAsNonRoot": True,
    "runAsUser": 65532,
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}


@dataclass(frozen=True)
class Share:
    """
    What a container of our own asks of its node, and the most that it may take.

    A quota admits no pod that leaves one of the four open, unless a LimitRange fills it in.
    """

    cpu: str
    memory: str
    most_cpu: str
    most_memory: str

    @property
    def resources(self) -> dict[str, dict[str, str]]:
        """The same as a container has it."""
        return {
            "requests": {"cpu": self.cpu, "memory": self.memory},
            "limits": {"cpu": self.most_cpu, "memory": self.most_memory},
        }


# One interpreter runs on one CPU, the kernel works for it on some of another: a limit of 2 throttles neither, and who
# is throttled measures itself. What is asked for is the share that is left on a node where everybody works.
ASKS = Share(cpu="50m", memory="64Mi", most_cpu="2", most_memory="256Mi")
OFFERS_LOAD = Share(cpu="200m", memory="128Mi", most_cpu="2", most_memory="512Mi")


class NotStarted(NotInTime):
    """A container with the agent does not run, and will not: no time-out has to tell it."""

    def __init__(self, what: str, why: str) -> None:
        Exception.__init__(self, f"{what} does not run: {why}")


@dataclass(frozen=True)
class AgentPod:
    """A pod that has a container with the agent."""

    name: str
    uid: str
    ip: str


def start_pod(
    cluster: Cluster,
    namespace: str,
    name: str,
    container: Mapping[str, Any],
    *,
    labels: Mapping[str, str],
    share: Share,
) -> AgentPod:
    """
    Start a pod of one container, to which what any of ours has is added, and return once it runs.

    Raises NotInTime, or its NotStarted where waiting is no use.
    """
    spec = {
        "containers": [
            {
                **_agent(container),
                "resources": share.resources,
                "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],
            }
        ],
        "volumes": [{"name": "tmp", "emptyDir": {}}],
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": 0,
        "restartPolicy": "Never",
    }
    cluster.core.create_namespaced_pod(namespace, {"metadata": {"name": name, "labels": dict(labels)}, "spec": spec})
    pod = _running(cluster, namespace, name, lambda status: status.container_statuses)
    return AgentPod(name, pod.metadata.uid, pod.status.pod_ip)


def start_probe(cluster: Cluster, namespace: str, name: str, image: str) -> AgentPod:
    """
    Have an ephemeral container with the agent in a pod: the one that is there, else a new one.

    It stays until the pod goes: Kubernetes takes none away, and starts none again that ended. It cannot ask for
    resources either, which the API forbids: what it uses is the pod's. Raises NotInTime or NotStarted.
    """
    there = cluster.core.read_namespaced_pod(name, namespace).spec.ephemeral_containers or ()
    if all(container.name != PROBE for container in there):
        body = {"spec": {"ephemeralContainers": [_agent({"image": image, "command": [*AGENT, "idle"]})]}}
        cluster.core.patch_namespaced_pod_ephemeralcontainers(name, namespace, body)
    pod = _running(cluster, namespace, name, lambda status: status.ephemeral_container_statuses)
    return AgentPod(name, pod.metadata.uid, pod.status.pod_ip)


def _agent(container: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": PROBE, "imagePullPolicy": "IfNotPresent", "securityContext": RESTRICTED, **container}


def _running(cluster: Cluster, namespace: str, name: str, statuses: Callable[[Any], Any]) -> Any:
    """The pod, once its container with the agent runs."""
    what = f"the container {PROBE} in pod {name}"
    seen: list[Any] = []

    def running() -> bool:
        seen[:] = [cluster.core.read_namespaced_pod(name, namespace)]
        found = next((one for one in statuses(seen[0].status) or () if one.name == PROBE), None)
        hopeless = _hopeless(found) if found else None
        if hopeless:
            raise NotStarted(what, hopeless)
        return bool(found and found.state and found.state.running)

    wait_until(running, within=STARTED, hoping=f"{what} runs", last=lambda: _last_seen(seen[0].status, statuses))
    return seen[0]


def _hopeless(container: Any) -> str | None:
    """Why a container will not run, or None: it may."""
    state = container.state
    if state and state.terminated:
        return f"it ended: {state.terminated.reason}, exit code {state.terminated.exit_code}"
    if state and state.waiting and state.waiting.reason in HOPELESS:
        return _words(state.waiting)
    return None


def _last_seen(status: Any, statuses: Callable[[Any], Any]) -> str:
    """What a pod that does not run waits for: its container's words, else why no node has it."""
    waiting = [one.state.waiting for one in statuses(status) or () if one.name == PROBE and one.state]
    words = [_words(one) for one in waiting if one]
    words += [condition.message for condition in status.conditions or () if condition.status == "False"]
    return next(filter(None, words), f"its pod is {status.phase}")


def _words(waiting: Any) -> str:
    return f"{waiting.reason}: {waiting.message}" if waiting.message else str(waiting.reason)
