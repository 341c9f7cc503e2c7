"""
NetworkPolicies from the raw object into the values of `policies`, with the API's own defaults.

Raises PolicyError, which names the field, for what the API refuses: if a misspelt field were ignored, the rule would
admit more than its author wrote. What policies allow is decided in `kubeproof.netpol`.
"""

from collections.abc import Mapping, Sequence
from ipaddress import ip_network
from typing import Any

from kubeproof.manifests.policies import (
    Direction,
    Expression,
    IpBlock,
    NetworkPolicy,
    Operator,
    Peer,
    PodPeer,
    PolicyPort,
    PolicyRule,
    Selector,
)

PROTOCOLS = ("TCP", "UDP", "SCTP")
LAST_PORT = 65535


class PolicyError(ValueError):
    """A NetworkPolicy that the API would refuse: which field, and what is wrong with it."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field, self.problem = field, problem


def read_policy(document: Mapping[str, Any], namespace: str) -> NetworkPolicy:
    """Read one NetworkPolicy object; `namespace` is that of an object that names none."""
    metadata, spec = document["metadata"], document.get("spec") or {}
    _only(spec, "podSelector policyTypes ingress egress", "spec")
    egress = _list(spec, "egress", "spec")
    return NetworkPolicy(
        namespace=metadata.get("namespace") or namespace,
        name=metadata["name"],
        pods=read_selector(spec.get("podSelector") or {}, "spec.podSelector"),
        types=_types(spec, has_egress=bool(egress)),
        ingress=_rules(_list(spec, "ingress", "spec"), Direction.INGRESS),
        egress=_rules(egress, Direction.EGRESS),
    )


def _list(mapping: Mapping[str, Any], key: str, field: str) -> Sequence[Any]:
    """A list, empty when it is omitted or null, which mean the same to the API."""
    found = mapping.get(key) or ()
    if not isinstance(found, Sequence) or isinstance(found, str):
        raise PolicyError(f"{field}.{key}", f"must be a list, is {found!r}")
    return found


def _only(mapping: Mapping[str, Any], fields: str, field: str) -> None:
    """Refuse a field that the API does not know: without it, a rule admits more and a selector selects more."""
    for key in mapping:
        if key not in fields.split():
            raise PolicyError(f"{field}.{key}", f"is no field of the API; known are {', '.join(fields.split())}")


def _types(spec: Mapping[str, Any], *, has_egress: bool) -> tuple[Direction, ...]:
    given = _list(spec, "policyTypes", "spec")
    if not given:
        # The API's default: Ingress always, Egress only when there is a rule for it.
        return (Direction.INGRESS, Direction.EGRESS) if has_egress else (Direction.INGRESS,)
    known = {direction.value for direction in Direction}
    for name in given:
        if name not in known:
            raise PolicyError("spec.policyTypes", f"knows Ingress and Egress, not {name!r}")
    return tuple(direction for direction in Direction if direction.value in given)


def _rules(rules: Sequence[Any], direction: Direction) -> tuple[PolicyRule, ...]:
    return tuple(_rule(rule or {}, f"spec.{direction.word}[{n}]", direction) for n, rule in enumerate(rules))


def _rule(rule: Mapping[str, Any], field: str, direction: Direction) -> PolicyRule:
    _only(rule, f"{direction.peers} ports", field)
    peers = _list(rule, direction.peers, field)
    ports = _list(rule, "ports", field)
    return PolicyRule(
        peers=tuple(_peer(peer or {}, f"{field}.{direction.peers}[{n}]") for n, peer in enumerate(peers)),
        ports=tuple(_port(port or {}, f"{field}.ports[{n}]") for n, port in enumerate(ports)),
    )


def _peer(peer: Mapping[str, Any], field: str) -> Peer:
    _only(peer, "podSelector namespaceSelector ipBlock", field)
    pods, namespaces, block = (peer.get(key) for key in ("podSelector", "namespaceSelector", "ipBlock"))
    if block is not None:
        if pods is not None or namespaces is not None:
            raise PolicyError(field, "ipBlock and a selector cannot stand in one peer")
        return _block(block, f"{field}.ipBlock")
    if pods is None and namespaces is None:
        raise PolicyError(field, "names no peer: it needs podSelector, namespaceSelector or ipBlock")
    return PodPeer(
        pods=None if pods is None else read_selector(pods, f"{field}.podSelector"),
        namespaces=None if namespaces is None else read_selector(namespaces, f"{field}.namespaceSelector"),
    )


def _block(block: Mapping[str, Any], field: str) -> IpBlock:
    try:
        cidr = ip_network(str(block.get("cidr")), strict=False)
        excepts = [ip_network(str(excepted), strict=False) for excepted in _list(block, "except", field)]
    except ValueError as error:
        raise PolicyError(field, str(error)) from error
    for excepted in excepts:
        inside = excepted.version == cidr.version and excepted.subnet_of(cidr) and excepted != cidr  # type: ignore[arg-type]
        if not inside:
            raise PolicyError(f"{field}.except", f"{excepted} does not lie within {cidr}")
    return IpBlock(str(cidr), tuple(map(str, excepts)))


def _port(port: Mapping[str, Any], field: str) -> PolicyPort:
    _only(port, "port protocol endPort", field)
    protocol, number, end = port.get("protocol") or "TCP", port.get("port"), port.get("endPort")
    if protocol not in PROTOCOLS:
        raise PolicyError(f"{field}.protocol", f"must be one of {', '.join(PROTOCOLS)}, is {protocol!r}")
    if isinstance(number, str):
        if number.isdigit():
            raise PolicyError(f"{field}.port", f"{number!r} in quotes is a port's name, and a name has a letter")
    elif number is not None and not (type(number) is int and 1 <= number <= LAST_PORT):
        raise PolicyError(f"{field}.port", f"must be a name or a number from 1 to {LAST_PORT}, is {number!r}")
    if end is not None and not (type(number) is int and type(end) is int and number <= end <= LAST_PORT):
        raise PolicyError(f"{field}.endPort", f"must be a number not below port, which must be one too; is {end!r}")
    return PolicyPort(protocol, number, end)


def read_selector(selector: Mapping[str, Any], field: str) -> Selector:
    """Read a label selector; `field` is its place, for the error."""
    _only(selector, "matchLabels matchExpressions", field)
    labels = selector.get("matchLabels") or {}
    expressions = _list(selector, "matchExpressions", field)
    return Selector(
        labels=tuple(sorted((str(key), str(value)) for key, value in labels.items())),
        expressions=tuple(
            _expression(expression, f"{field}.matchExpressions[{n}]") for n, expression in enumerate(expressions)
        ),
    )


def _expression(expression: Mapping[str, Any], field: str) -> Expression:
    try:
        operator = Operator(expression.get("operator"))
    except ValueError as error:
        known = ", ".join(operator.value for operator in Operator)
        raise PolicyError(f"{field}.operator", f"must be one of {known}, is {expression.get('operator')!r}") from error
    values = tuple(map(str, _list(expression, "values", field)))
    if bool(values) is not (operator in (Operator.IN, Operator.NOT_IN)):
        raise PolicyError(f"{field}.values", f"{operator.value} {'takes no values' if values else 'needs values'}")
    if not expression.get("key"):
        raise PolicyError(f"{field}.key", "is missing")
    return Expression(str(expression["key"]), operator, values)
