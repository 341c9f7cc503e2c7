"""The components of a cluster as values: what is run, and how one knows that it is ready.

Given a Plan, `components` returns them in starting order. Nothing here starts anything.
"""

from dataclasses import dataclass

from kubeproof.embedded.plan import (
    API_SERVER,
    CONTAINERD_SOCKET,
    NODE,
    NODE_ADDRESS,
    POD_NETWORK,
    SERVICE_NETWORK,
    Plan,
)


@dataclass(frozen=True)
class Component:
    """One daemon. `ready` answers 200 (http, https) or accepts a connection (unix) once it can be used."""

    name: str
    argv: tuple[str, ...]
    ready: str
    env: tuple[tuple[str, str], ...] = ()
    within: float = 60.0  # seconds from its start to ready; seen: under 4 on 2 cores


def components(plan: Plan) -> tuple[Component, ...]:
    """All components in the order in which they are started."""
    return (
        _etcd(plan),
        _containerd(plan),
        _api_server(plan),
        _controller_manager(plan),
        _scheduler(plan),
        _kubelet(plan),
        _kube_proxy(plan),
        _policies(plan),
    )


def _etcd(plan: Plan) -> Component:
    return Component(
        "etcd",
        (
            plan.program("etcd"),
            f"--data-dir={plan.state}/etcd",
            "--listen-client-urls=http://127.0.0.1:2379",
            "--advertise-client-urls=http://127.0.0.1:2379",
            "--listen-peer-urls=http://127.0.0.1:2380",
            "--unsafe-no-fsync",  # the data never outlives the cluster
        ),
        "http://127.0.0.1:2379/health",
    )


def _containerd(plan: Plan) -> Component:
    return Component(
        "containerd",
        (plan.program("containerd"), f"--config={plan.state}/containerd.toml"),
        f"unix://{CONTAINERD_SOCKET}",
    )


def _api_server(plan: Plan) -> Component:
    pki = plan.pki
    return Component(
        "kube-apiserver",
        (
            plan.program("kube-apiserver"),
            "--bind-address=0.0.0.0",
            f"--advertise-address={NODE_ADDRESS}",
            "--secure-port=6443",
            "--etcd-servers=http://127.0.0.1:2379",
            "--authorization-mode=Node,RBAC",
            "--enable-admission-plugins=NodeRestriction",
            "--allow-privileged=true",
            f"--service-cluster-ip-range={SERVICE_NETWORK}",
            f"--client-ca-file={pki}/ca.crt",
            f"--tls-cert-file={pki}/apiserver.crt",
            f"--tls-private-key-file={pki}/apiserver.key",
            "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
            f"--service-account-key-file={pki}/sa.pub",
            f"--service-account-signing-key-file={pki}/sa.key",
            f"--kubelet-client-certificate={pki}/kubelet-client.crt",
            f"--kubelet-client-key={pki}/kubelet-client.key",
            f"--kubelet-certificate-authority={pki}/ca.crt",
            "--kubelet-preferred-address-types=InternalIP",
            # What follows serves aggregated APIs, here metrics.k8s.io.
            f"--requestheader-client-ca-file={pki}/front-proxy-ca.crt",
            "--requestheader-allowed-names=front-proxy-client",
            "--requestheader-extra-headers-prefix=X-Remote-Extra-",
            "--requestheader-group-headers=X-Remote-Group",
            "--requestheader-username-headers=X-Remote-User",
            "--enable-aggregator-routing=true",
            f"--proxy-client-cert-file={pki}/front-proxy-client.crt",
            f"--proxy-client-key-file={pki}/front-proxy-client.key",
        ),
        f"{API_SERVER}/readyz",
        # Its garbage is what the cluster holds most of: collected at half of what lives, not at as much again.
        env=(("GOGC", "50"),),
    )


def _as_client(config: str) -> tuple[str, ...]:
    return tuple(f"--{use}={config}" for use in ("kubeconfig", "authentication-kubeconfig", "authorization-kubeconfig"))


def _controller_manager(plan: Plan) -> Component:
    return Component(
        "kube-controller-manager",
        (
            plan.program("kube-controller-manager"),
            *_as_client(f"{plan.pki}/controller-manager.conf"),
            "--bind-address=127.0.0.1",
            "--leader-elect=false",
            f"--cluster-cidr={POD_NETWORK}",
            "--allocate-node-cidrs=true",
            f"--service-cluster-ip-range={SERVICE_NETWORK}",
            f"--root-ca-file={plan.pki}/ca.crt",
            f"--service-account-private-key-file={plan.pki}/sa.key",
            "--use-service-account-credentials=true",
            f"--cluster-signing-cert-file={plan.pki}/ca.crt",
            f"--cluster-signing-key-file={plan.pki}/ca.key",
            "--enable-hostpath-provisioner=true",
            # At the default of 20 requests a second the controllers wait five seconds for their own tokens.
            "--kube-api-qps=200",
            "--kube-api-burst=400",
            f"--flex-volume-plugin-dir={plan.state}/volume-plugins",  # else made in the host's /usr/libexec
        ),
        "https://127.0.0.1:10257/healthz",
    )


def _scheduler(plan: Plan) -> Component:
    return Component(
        "kube-scheduler",
        (
            plan.program("kube-scheduler"),
            *_as_client(f"{plan.pki}/scheduler.conf"),
            "--bind-address=127.0.0.1",
            "--leader-elect=false",
        ),
        "https://127.0.0.1:10259/healthz",
    )


def _kubelet(plan: Plan) -> Component:
    return Component(
        "kubelet",
        (
            plan.program("kubelet"),
            f"--config={plan.state}/kubelet.yaml",
            f"--kubeconfig={plan.pki}/kubelet.conf",
            f"--hostname-override={NODE}",
            f"--node-ip={NODE_ADDRESS}",
            f"--root-dir={plan.state}/kubelet",
            f"--cert-dir={plan.state}/kubelet/pki",
        ),
        "http://127.0.0.1:10248/healthz",
    )


def _kube_proxy(plan: Plan) -> Component:
    return Component(
        "kube-proxy",
        (plan.program("kube-proxy"), f"--config={plan.state}/kube-proxy.yaml"),
        "http://127.0.0.1:10256/healthz",
    )


def _policies(plan: Plan) -> Component:
    # kube-router's policy controller alone; it exits unless its Node exists (see starting.py).
    return Component(
        "netpol",
        (
            plan.program("netpol"),
            f"--kubeconfig={plan.pki}/kube-router.conf",
            f"--hostname-override={NODE}",
            f"--service-cluster-ip-range={SERVICE_NETWORK}",
        ),
        "http://127.0.0.1:20244/healthz",
    )
