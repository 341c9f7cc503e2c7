"""The order in which a cluster comes up, inside the box.

etcd and containerd first; while the API server starts, containerd imports the images; the node and the control
plane follow together. The add-ons are created last of all, because a pod that names an image before it was
imported makes the kubelet remember a pull that it then repeats for ever. The ingress comes once pods can run: whoever
needs none does not wait for its images.
"""

import json
import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from kubeproof.embedded.asking import Asker, condition
from kubeproof.embedded.children import Children
from kubeproof.embedded.components import Component, components
from kubeproof.embedded.errors import ClusterError, ComponentExited, NotReadyInTime
from kubeproof.embedded.logs import last_lines
from kubeproof.embedded.plan import API_SERVER, CONTAINERD_SOCKET, INGRESS_ADDRESS, NODE, Plan
from kubeproof.embedded.report import DNS_READY, INGRESS_READY, METRICS_READY, NODE_READY, Reporter

POLL = 0.03
ADDONS = Path(__file__).parent / "addons.yaml"
INGRESS = Path(__file__).parent / "ingress.yaml"
NODE_URL = f"{API_SERVER}/api/v1/nodes/{NODE}"
DNS_URL = f"{API_SERVER}/apis/apps/v1/namespaces/kube-system/deployments/coredns"
METRICS_URL = f"{API_SERVER}/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.metrics.k8s.io"
ENVOY_URL = f"{API_SERVER}/apis/apps/v1/namespaces/projectcontour/deployments/envoy"
GATEWAY_URL = f"{API_SERVER}/apis/gateway.networking.k8s.io/v1/namespaces/projectcontour/gateways/contour"
CONTROL_PLANE = ("kube-controller-manager", "kube-scheduler", "kubelet", "kube-proxy")


class Starter:
    """Starts one cluster; raises ComponentExited, NotReadyInTime or ClusterError where it stops."""

    def __init__(self, plan: Plan, reporter: Reporter) -> None:
        self._plan = plan
        self._reporter = reporter
        self._asker = Asker(plan.pki)
        self._components = {component.name: component for component in components(plan)}
        self._pids: dict[int, str] = {}
        self._exited: dict[str, int] = {}
        self.children = Children(self._note_exit)
        self._env = environment(plan)

    def start(self) -> None:
        """Bring everything up; returns once the metrics API and the ingress are served."""
        self._launch("etcd")
        self._launch("containerd")
        importing = Task(self._import_first_images)
        self._await("etcd")
        self._launch("kube-apiserver")
        self._await("kube-apiserver")
        for name in CONTROL_PLANE:
            self._launch(name)
        importing.join()
        self._create(ADDONS)
        self._wait(lambda: self._asker.json(NODE_URL) is not None, NODE, 60, "kubelet")
        self._launch("netpol")
        for name in (*CONTROL_PLANE, "netpol"):
            self._await(name)
        self._promise(NODE_READY, lambda: condition(self._asker.json(NODE_URL), "Ready"), 60, "kubelet")
        self._promise(DNS_READY, lambda: condition(self._asker.json(DNS_URL), "Available"), 60, "kubelet")
        ingress = Task(self._bring_ingress)
        self._promise(
            METRICS_READY, lambda: condition(self._asker.json(METRICS_URL), "Available"), 120, "kube-apiserver"
        )
        ingress.join()

    def _launch(self, name: str) -> None:
        component: Component = self._components[name]
        env = {**self._env, **dict(component.env)}
        pid = self.children.start(component.argv, env, self._plan.log / f"{name}.log")
        self._pids[pid] = name

    def _await(self, name: str) -> None:
        component = self._components[name]
        self._wait(lambda: self._asker.is_ready(component.ready), name, component.within, name)
        self._reporter.reach(name)

    def _promise(self, name: str, holds: Callable[[], bool], within: float, log: str) -> None:
        self._wait(holds, name, within, log)
        self._reporter.reach(name)

    def _wait(self, holds: Callable[[], bool], name: str, within: float, log: str) -> None:
        deadline = time.monotonic() + within
        while not holds():
            for dead, status in list(self._exited.items()):
                raise ComponentExited(dead, status, self._last_lines(dead))
            if time.monotonic() > deadline:
                raise NotReadyInTime(name, within, self._last_lines(log))
            time.sleep(POLL)

    def _note_exit(self, pid: int, status: int) -> None:
        name = self._pids.get(pid, f"process {pid}")
        self._exited[name] = status
        self._reporter.exit(name, status)

    def _last_lines(self, name: str) -> str:
        return last_lines(self._plan.log / f"{name}.log")

    def _import_first_images(self) -> None:
        self._await("containerd")
        self._import(self._plan.archives)
        self._reporter.reach("images")

    def _bring_ingress(self) -> None:
        importing = Task(lambda: self._import(self._plan.ingress_archives))
        self._create(self._plan.binaries / "ingress")
        self._kubectl("wait", "customresourcedefinitions", "--all", "--for=condition=Established", "--timeout=60s")
        # Contour passes on to every Ingress and Gateway what a load balancer would have given its Service.
        status = json.dumps({"status": {"loadBalancer": {"ingress": [{"ip": INGRESS_ADDRESS}]}}})
        service = ("--namespace=projectcontour", "service", "envoy")
        self._kubectl("patch", *service, "--subresource=status", "--type=merge", f"--patch={status}")
        importing.join()
        self._create(INGRESS)
        self._promise(
            INGRESS_READY,
            lambda: (
                condition(self._asker.json(ENVOY_URL), "Available")
                and condition(self._asker.json(GATEWAY_URL), "Programmed")
            ),
            120,
            "kubelet",
        )

    def _import(self, archives: Iterable[Path]) -> None:
        for archive in archives:
            done = self.children.run(import_command(self._plan.program("ctr"), str(archive)), self._env)
            if done.status != 0:
                raise ClusterError(f"containerd did not import {archive}: {done.output.strip()}")

    def _create(self, manifests: Path) -> None:
        # No validation: the API server does it too, and fetching its schema would cost half a second.
        self._kubectl("create", "--validate=false", "--filename", str(manifests))

    def _kubectl(self, *arguments: str) -> None:
        kubectl = (self._plan.program("kubectl"), "--kubeconfig", f"{self._plan.pki}/admin.conf")
        done = self.children.run((*kubectl, *arguments), self._env)
        if done.status != 0:
            raise ClusterError(f"the API server did not take kubectl {' '.join(arguments)}: {done.output.strip()}")


class Task(threading.Thread):
    """A thread whose `join` raises what ended it."""

    def __init__(self, work: Callable[[], None]) -> None:
        super().__init__(daemon=True)
        self._work = work
        self._error: ClusterError | None = None
        self.start()

    def run(self) -> None:
        try:
            self._work()
        except ClusterError as error:
            self._error = error

    def join(self, timeout: float | None = None) -> None:
        super().join(timeout)
        if self._error is not None:
            raise self._error


def import_command(ctr: str, archive: str, *labels: str) -> tuple[str, ...]:
    """The command that imports `archive` ("-": standard input); pinned, because it cannot be pulled again."""
    given = (option for label in ("io.cri-containerd.pinned=pinned", *labels) for option in ("--label", label))
    return (*images_command(ctr), "import", *given, archive)


def images_command(ctr: str) -> tuple[str, ...]:
    """The command that tells and changes which images the kubelet can use."""
    return (ctr, "--address", str(CONTAINERD_SOCKET), "--namespace", "k8s.io", "images")


def environment(plan: Plan) -> Mapping[str, str]:
    """The daemons' environment: the built programs first on PATH, and no proxy or setting of the caller."""
    system = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    return {"PATH": f"{plan.binaries}:{system}", "HOME": str(plan.state), "LANG": os.environ.get("LANG", "C")}
