"""
The endpoints of a flow, and the network they are in: the values that the policy engine decides about.

What is not known is marked (`known`, `addresses`, `node`): the engine then answers UNKNOWN where it matters.
"""

from dataclasses import dataclass, replace

from kubeproof.manifests.containers import Port
from kubeproof.manifests.labels import Labels
from kubeproof.manifests.policies import NetworkPolicy

# The API server sets it on every namespace, to the namespace's name.
NAME_LABEL = "kubernetes.io/metadata.name"


@dataclass(frozen=True)
class Pod:
    """A pod; `known` is False when it may have more labels and ports than these, as a pod that is only expected."""

    namespace: str
    name: str
    labels: Labels = ()
    ports: tuple[Port, ...] = ()
    addresses: tuple[str, ...] = ()
    node: str | None = None
    host_network: bool = False
    known: bool = True


@dataclass(frozen=True)
class Node:
    """A node as an endpoint of a flow: its kubelet, or a process in its network; `name` is None when unknown which."""

    name: str | None
    addresses: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outside:
    """An endpoint that is neither pod nor node of the cluster."""

    name: str
    addresses: tuple[str, ...] = ()


Endpoint = Pod | Node | Outside


@dataclass(frozen=True)
class Namespace:
    """A namespace; `known` is False when it may have more labels than these."""

    name: str
    labels: Labels = ()
    known: bool = True

    @property
    def all_labels(self) -> Labels:
        """Its labels and the one that the API server adds."""
        return (*(label for label in self.labels if label[0] != NAME_LABEL), (NAME_LABEL, self.name))


@dataclass(frozen=True)
class Network:
    """Policies, and the namespaces whose labels are known; of any other only the name is."""

    policies: tuple[NetworkPolicy, ...] = ()
    namespaces: tuple[Namespace, ...] = ()

    def namespace(self, name: str) -> Namespace:
        """The namespace of that name; one that nobody described is not fully known."""
        return next((known for known in self.namespaces if known.name == name), Namespace(name, known=False))


@dataclass(frozen=True)
class End:
    """
    An endpoint by the name that the matrix gives it.

    `namespace` describes the endpoint's namespace where the network does not: that of a synthetic peer.
    """

    name: str
    endpoint: Endpoint
    namespace: Namespace | None = None

    def joined(self, network: Network) -> Network:
        """The network with this endpoint's namespace in it."""
        if self.namespace is None:
            return network
        others = tuple(known for known in network.namespaces if known.name != self.namespace.name)
        return replace(network, namespaces=(*others, self.namespace))


@dataclass(frozen=True)
class Flow:
    """A connection that `source` opens to a port of `target`."""

    source: Endpoint
    target: Endpoint
    port: int
    protocol: str = "TCP"

    def __str__(self) -> str:
        return f"{called(self.source)} -> {called(self.target)} {self.protocol} {self.port}"


def called(endpoint: Endpoint) -> str:
    """The name of an endpoint in a sentence."""
    return (endpoint.name or "a node") if isinstance(endpoint, Node) else endpoint.name
