"""Small random networks: few labels, ports and namespaces, so that selectors and pods meet often."""

from hypothesis import strategies as st

from kubeproof.manifests.containers import Port
from kubeproof.manifests.policies import (
    Direction,
    Expression,
    IpBlock,
    NetworkPolicy,
    Operator,
    PodPeer,
    PolicyPort,
    PolicyRule,
    Selector,
)
from kubeproof.netpol.endpoints import Endpoint, Flow, Namespace, Node, Outside, Pod

KEYS, VALUES, SPACES = ("app", "tier"), ("a", "b"), ("x", "y")
BLOCKS = (IpBlock("10.0.0.0/30"), IpBlock("10.0.0.0/29", ("10.0.0.4/31",)), IpBlock("0.0.0.0/0"))

labels = st.dictionaries(st.sampled_from(KEYS), st.sampled_from(VALUES)).map(lambda found: tuple(sorted(found.items())))


def _expression(key: str, operator: Operator, values: list[str]) -> Expression:
    takes = operator in (Operator.IN, Operator.NOT_IN)
    return Expression(key, operator, tuple(values) if takes else ())


expressions = st.builds(
    _expression,
    st.sampled_from(KEYS),
    st.sampled_from(Operator),
    st.lists(st.sampled_from(VALUES), min_size=1, max_size=2, unique=True),
)
selectors = st.builds(Selector, labels, st.lists(expressions, max_size=1).map(tuple))
maybe = st.none() | selectors
peers = st.sampled_from(BLOCKS) | st.builds(PodPeer, maybe, maybe).filter(lambda peer: peer != PodPeer())
protocols = st.sampled_from(("TCP", "UDP", "SCTP"))
ports = st.builds(
    lambda protocol, port: PolicyPort(protocol, *port),
    protocols,
    st.sampled_from(((None, None), (80, None), ("web", None), ("dns", None), (80, 81), (81, 90))),
)
rules = st.builds(PolicyRule, st.lists(peers, max_size=2).map(tuple), st.lists(ports, max_size=2).map(tuple))
types = st.sampled_from(((Direction.INGRESS,), (Direction.EGRESS,), tuple(Direction)))
policies = st.builds(
    NetworkPolicy,
    st.sampled_from(SPACES),
    st.sampled_from(("p", "q", "r")),
    selectors,
    types,
    st.lists(rules, max_size=2).map(tuple),
    st.lists(rules, max_size=2).map(tuple),
)
several = st.lists(policies, max_size=3).map(tuple)
one_or_more = st.lists(policies, min_size=1, max_size=3).map(tuple)
namespaces = st.tuples(*(st.builds(Namespace, st.just(name), labels, st.booleans()) for name in SPACES))
known_namespaces = st.tuples(*(st.builds(Namespace, st.just(name), labels) for name in SPACES))
container_ports = st.sampled_from(
    ((), (Port("web", 80),), (Port("web", 81), Port("dns", 81, "UDP")), (Port("dns", 80, "SCTP"),))
)
addresses = st.sampled_from(((), ("10.0.0.1",), ("10.0.0.5",), ("10.0.0.6", "2001:db8::6")))


def _pods(*names: str, host_network: st.SearchStrategy[bool], known: st.SearchStrategy[bool]) -> st.SearchStrategy[Pod]:
    nodes = st.sampled_from((None, "n1", "n2"))
    where, who = st.sampled_from(SPACES), st.sampled_from(names)
    return st.builds(Pod, where, who, labels, container_ports, addresses, nodes, host_network=host_network, known=known)


pods = _pods("s", "t", host_network=st.booleans(), known=st.booleans())
known_pods = _pods("s", "t", host_network=st.just(False), known=st.just(True))
half_known = _pods("half", host_network=st.booleans(), known=st.just(False))
others = st.builds(Outside, st.just("world"), addresses) | st.builds(Node, st.sampled_from((None, "n1")), addresses)
ends: st.SearchStrategy[Endpoint] = pods | others
numbers = st.sampled_from((80, 81, 90, 91))
probes = st.tuples(numbers, protocols)
flows = st.builds(Flow, ends, ends, numbers, protocols)
known_flows = st.builds(Flow, known_pods | others, known_pods | others, numbers, protocols)
