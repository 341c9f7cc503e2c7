"""The configuration files of the daemons, as text. Why each odd value is there stands beside it."""

import json
from collections.abc import Mapping
from pathlib import Path

import yaml

from kubeproof.embedded.plan import CONTAINERD_SOCKET, DNS_SERVICE, NODE, NODE_POD_NETWORK, POD_NETWORK, RUN, Plan


def containerd(plan: Plan) -> str:
    """containerd's TOML."""
    # restrict_oom_score_adj: without CAP_SYS_RESOURCE no sandbox starts otherwise.
    # opt: its folder would else be made in the host's /opt.
    return f"""\
version = 3
root = "{plan.state}/containerd"
state = "{RUN}/containerd"
[grpc]
  address = "{CONTAINERD_SOCKET}"
[plugins.'io.containerd.internal.v1.opt']
  path = "{plan.state}/opt"
[plugins.'io.containerd.cri.v1.images']
  snapshotter = "overlayfs"
  [plugins.'io.containerd.cri.v1.images'.pinned_images]
    sandbox = "localhost/pause:1"
[plugins.'io.containerd.cri.v1.runtime']
  restrict_oom_score_adj = true
  disable_apparmor = true
  [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
    [plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
      BinaryName = "{plan.program("runc")}"
      SystemdCgroup = false
  [plugins.'io.containerd.cri.v1.runtime'.cni]
    bin_dirs = ["{plan.binaries}/cni"]
    conf_dir = "{plan.state}/cni"
"""


def pod_network(plan: Plan) -> str:
    """The CNI chain: a routed veth per pod, so that policies bite even between pods of one node."""
    addresses = {
        "type": "host-local",
        "dataDir": f"{plan.state}/ipam",
        "routes": [{"dst": "0.0.0.0/0"}],
        "ranges": [[{"subnet": NODE_POD_NETWORK}]],
    }
    chain = [{"type": "ptp", "ipMasq": False, "ipam": addresses}]
    return json.dumps({"cniVersion": "1.0.0", "name": "kubeproof", "plugins": chain}, indent=2)


def kubelet(plan: Plan) -> str:
    """The kubelet's configuration."""
    return yaml.safe_dump(
        {
            "apiVersion": "kubelet.config.k8s.io/v1beta1",
            "kind": "KubeletConfiguration",
            "failCgroupV1": False,  # 1.35 and later refuse cgroup v1 unless told
            "cgroupDriver": "cgroupfs",
            "cgroupRoot": f"/{plan.cgroup}",
            "cgroupsPerQOS": True,
            "enforceNodeAllocatable": ["pods"],
            "containerRuntimeEndpoint": f"unix://{CONTAINERD_SOCKET}",
            "failSwapOn": False,
            "oomScoreAdj": 0,  # lowering it needs CAP_SYS_RESOURCE
            "maxOpenFiles": 20000,
            "makeIPTablesUtilChains": False,
            # Images were imported and cannot be pulled again: never collect them, never ask a registry for leave.
            "imageGCHighThresholdPercent": 100,
            "imagePullCredentialsVerificationPolicy": "NeverVerifyPreloadedImages",
            # The machine's disk is its owner's business: only memory may evict a pod.
            "evictionHard": {
                "memory.available": "200Mi",
                "nodefs.available": "0%",
                "nodefs.inodesFree": "0%",
                "imagefs.available": "0%",
            },
            "readOnlyPort": 0,
            "authentication": {
                "anonymous": {"enabled": False},
                "webhook": {"enabled": True},
                "x509": {"clientCAFile": f"{plan.pki}/ca.crt"},
            },
            "authorization": {"mode": "Webhook"},
            "tlsCertFile": f"{plan.pki}/kubelet.crt",
            "tlsPrivateKeyFile": f"{plan.pki}/kubelet.key",
            "clusterDomain": "cluster.local",
            "clusterDNS": [DNS_SERVICE],
            "resolvConf": f"{plan.state}/resolv.conf",  # pods inherit no name server of the host
            "volumePluginDir": f"{plan.state}/volume-plugins",
        }
    )


def kube_proxy(plan: Plan) -> str:
    """kube-proxy's configuration: nftables, and no connection tracking key that a namespace may not write."""
    return yaml.safe_dump(
        {
            "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
            "kind": "KubeProxyConfiguration",
            "mode": "nftables",
            "hostnameOverride": NODE,
            "clusterCIDR": POD_NETWORK,
            "clientConnection": {"kubeconfig": f"{plan.pki}/kube-proxy.conf"},
            "oomScoreAdj": 0,
            "healthzBindAddress": "127.0.0.1:10256",
            "metricsBindAddress": "127.0.0.1:10249",
            "conntrack": {
                "maxPerCore": 0,
                "min": 0,
                "tcpEstablishedTimeout": "0s",
                "tcpCloseWaitTimeout": "0s",
                "tcpBeLiberal": True,
            },
        }
    )


def write_settings(plan: Plan) -> None:
    """Write every configuration file below the plan's state folder."""
    files: Mapping[str, str] = {
        "containerd.toml": containerd(plan),
        "cni/10-kubeproof.conflist": pod_network(plan),
        "kubelet.yaml": kubelet(plan),
        "kube-proxy.yaml": kube_proxy(plan),
        "resolv.conf": "# none: the cluster's own DNS is given to each pod by the kubelet\n",
    }
    for name, text in files.items():
        path: Path = plan.state / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
