"""Policies written in YAML, and the pods and flows that the tests of the engine ask about."""

import yaml

from kubeproof.manifests.containers import Port
from kubeproof.manifests.policies import NetworkPolicy
from kubeproof.manifests.policy_reading import read_policy
from kubeproof.netpol.endpoints import Namespace, Network, Outside, Pod

SHOP = Pod("market", "shop", (("app", "shop"),), (Port("http", 8080), Port("http", 8081, "UDP")), ("10.0.0.1",), "n1")
LEDGER = Pod("market", "ledger", (("app", "ledger"),), (Port("http", 9090),), ("10.0.0.2",), "n2")
CLERK = Pod("office", "clerk", (("app", "clerk"),), (), ("10.0.1.1",), "n1")
WORLD = Outside("world", ("203.0.113.1",))
NAMESPACES = (Namespace("market"), Namespace("office", (("team", "paper"),)))


def policies(written: str) -> tuple[NetworkPolicy, ...]:
    """Policies of namespace market from specs in YAML, one a name."""
    specs = yaml.safe_load(written).items()
    return tuple(read_policy({"metadata": {"name": name}, "spec": spec}, "market") for name, spec in specs)


def network(written: str) -> Network:
    """A network with these policies and the two namespaces of the tests."""
    return Network(policies(written), NAMESPACES)
