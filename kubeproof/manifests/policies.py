"""
NetworkPolicies (networking.k8s.io/v1) as values.

`policy_reading` makes them of YAML, `kubeproof.netpol` decides what they allow. As in the API, a rule without peers
admits everyone, a policy without rules admits nobody, and a peer without `namespaces` stays in the policy's own.
"""

from dataclasses import dataclass
from enum import Enum

from kubeproof.manifests.labels import Labels


class Direction(Enum):
    """A direction as policyTypes spells it."""

    INGRESS = "Ingress"
    EGRESS = "Egress"

    @property
    def word(self) -> str:
        """The direction as the field of its rules is spelled."""
        return self.value.lower()

    @property
    def peers(self) -> str:
        """The field that lists a rule's peers."""
        return "from" if self is Direction.INGRESS else "to"


class Operator(Enum):
    """What a label expression asks."""

    IN = "In"
    NOT_IN = "NotIn"
    EXISTS = "Exists"
    DOES_NOT_EXIST = "DoesNotExist"


@dataclass(frozen=True)
class Expression:
    """One entry of matchExpressions."""

    key: str
    operator: Operator
    values: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.operator is Operator.EXISTS:
            return self.key
        if self.operator is Operator.DOES_NOT_EXIST:
            return f"!{self.key}"
        word = "in" if self.operator is Operator.IN else "notin"
        return f"{self.key} {word} ({', '.join(self.values)})"


@dataclass(frozen=True)
class Selector:
    """A label selector: all of it must hold, and an empty one selects everything."""

    labels: Labels = ()
    expressions: tuple[Expression, ...] = ()

    def __str__(self) -> str:
        """As kubectl's --selector takes it; of an empty one the word all."""
        return ", ".join([*(f"{key}={value}" for key, value in self.labels), *map(str, self.expressions)]) or "all"


@dataclass(frozen=True)
class PodPeer:
    """Pods: of the policy's namespace when `namespaces` is None, all pods there when `pods` is None."""

    pods: Selector | None = None
    namespaces: Selector | None = None

    def __str__(self) -> str:
        pods = f"pods {self.pods or Selector()}"
        return pods if self.namespaces is None else f"{pods} of namespaces {self.namespaces}"


@dataclass(frozen=True)
class IpBlock:
    """Addresses in `cidr`, without those in any of `excepts`."""

    cidr: str
    excepts: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.cidr} without {', '.join(self.excepts)}" if self.excepts else self.cidr


Peer = PodPeer | IpBlock


@dataclass(frozen=True)
class PolicyPort:
    """A port of a rule: every port of the protocol when `port` is None, a name, a number, or a range up to `end`."""

    protocol: str = "TCP"
    port: int | str | None = None
    end: int | None = None

    def __str__(self) -> str:
        port = "every port" if self.port is None else str(self.port)
        return f"{self.protocol} {port}" if self.end is None else f"{self.protocol} {port}-{self.end}"


@dataclass(frozen=True)
class PolicyRule:
    """What one rule admits: any of its peers, all when there is none, on any of its ports, all when there is none."""

    peers: tuple[Peer, ...] = ()
    ports: tuple[PolicyPort, ...] = ()


@dataclass(frozen=True)
class NetworkPolicy:
    """A NetworkPolicy; rules of a direction that `types` does not list have no effect."""

    namespace: str
    name: str
    pods: Selector = Selector()
    types: tuple[Direction, ...] = (Direction.INGRESS,)
    ingress: tuple[PolicyRule, ...] = ()
    egress: tuple[PolicyRule, ...] = ()

    def rules(self, direction: Direction) -> tuple[PolicyRule, ...]:
        """The rules of one direction, in force or not."""
        return self.ingress if direction is Direction.INGRESS else self.egress
