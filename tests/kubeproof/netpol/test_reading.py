"""NetworkPolicies from the raw object: the API's defaults, what it tells apart, and what it refuses."""

from typing import Any

import pytest
import yaml

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
from kubeproof.manifests.policy_reading import PolicyError, read_policy

BOTH = (Direction.INGRESS, Direction.EGRESS)


def policy(spec: str) -> dict[str, Any]:
    """A NetworkPolicy of that spec, written in YAML."""
    return {"kind": "NetworkPolicy", "metadata": {"name": "p"}, "spec": yaml.safe_load(spec)}


def test_every_field_becomes_a_value() -> None:
    """A policy with everything in it, compared whole."""
    spec = """
        podSelector: {matchLabels: {app: shop}, matchExpressions: [{key: tier, operator: In, values: [a, b]}]}
        policyTypes: [Egress, Ingress]
        ingress:
          - from:
              - podSelector: {}
              - namespaceSelector: {matchLabels: {team: ops}}
                podSelector: {matchExpressions: [{key: old, operator: DoesNotExist}]}
              - ipBlock: {cidr: 10.0.0.0/8, except: [10.1.0.0/16]}
            ports: [{port: http}, {port: 8000, endPort: 8100, protocol: UDP}, {protocol: SCTP}]
        egress: [{to: [{namespaceSelector: {}}]}, {}]
    """
    assert read_policy(policy(spec), "market") == NetworkPolicy(
        namespace="market",
        name="p",
        pods=Selector((("app", "shop"),), (Expression("tier", Operator.IN, ("a", "b")),)),
        types=BOTH,
        ingress=(
            PolicyRule(
                peers=(
                    PodPeer(pods=Selector()),
                    PodPeer(
                        pods=Selector((), (Expression("old", Operator.DOES_NOT_EXIST),)),
                        namespaces=Selector((("team", "ops"),)),
                    ),
                    IpBlock("10.0.0.0/8", ("10.1.0.0/16",)),
                ),
                ports=(PolicyPort("TCP", "http"), PolicyPort("UDP", 8000, 8100), PolicyPort("SCTP")),
            ),
        ),
        egress=(PolicyRule(peers=(PodPeer(namespaces=Selector()),)), PolicyRule()),
    )


@pytest.mark.parametrize(
    ("spec", "types"),
    [
        ("{podSelector: {}}", (Direction.INGRESS,)),
        ("{podSelector: {}, ingress: []}", (Direction.INGRESS,)),
        ("{podSelector: {}, egress: []}", (Direction.INGRESS,)),
        ("{podSelector: {}, egress: [{}]}", BOTH),
        ("{podSelector: {}, policyTypes: [], egress: [{}]}", BOTH),
        ("{podSelector: {}, policyTypes: [Egress]}", (Direction.EGRESS,)),
        ("{podSelector: {}, policyTypes: [Ingress], egress: [{}]}", (Direction.INGRESS,)),
    ],
)
def test_omitted_policy_types_follow_the_rules(spec: str, types: tuple[Direction, ...]) -> None:
    """Ingress always, Egress only when a rule is there for it; what is written counts as written."""
    assert read_policy(policy(spec), "n").types == types


@pytest.mark.parametrize("written", ["", "from: []", "from: null", "ports: []", "from: [], ports: null"])
def test_a_rule_with_empty_lists_is_a_rule_that_admits_all(written: str) -> None:
    """For the API an empty list of peers or ports is the same as none."""
    read = read_policy(policy(f"{{podSelector: {{}}, ingress: [{{{written}}}]}}"), "n")
    assert read.ingress == (PolicyRule(),)


def test_a_policy_that_names_its_namespace_stays_there() -> None:
    """What it does not say is where the system goes."""
    there = {"metadata": {"name": "p", "namespace": "there"}, "spec": {}}
    assert [read_policy(document, "here").namespace for document in (there, policy("{}"))] == ["there", "here"]


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ("ingress: [{from: [{}]}]", "spec.ingress[0].from[0]: names no peer"),
        ("ingress: [{to: [{podSelector: {}}]}]", "spec.ingress[0].to: is no field of the API; known are from, ports"),
        ("egress: [{}, {from: []}]", "spec.egress[1].from: is no field of the API; known are to, ports"),
        (
            "egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8}, podSelector: {}}]}]",
            "spec.egress[0].to[0]: ipBlock and a selector cannot stand in one peer",
        ),
        ("egress: [{to: [{ipBlock: {cidr: 10.0.0/8}}]}]", "spec.egress[0].to[0].ipBlock: '10.0.0/8'"),
        (
            "egress: [{to: [{ipBlock: {cidr: 10.0.0.0/8, except: [11.0.0.0/16]}}]}]",
            "spec.egress[0].to[0].ipBlock.except: 11.0.0.0/16 does not lie within 10.0.0.0/8",
        ),
        (
            "egress: [{to: [{ipBlock: {cidr: '::/0', except: [11.0.0.0/16]}}]}]",
            "spec.egress[0].to[0].ipBlock.except: 11.0.0.0/16 does not lie within ::/0",
        ),
        ("ingress: [{ports: [{port: '80'}]}]", "spec.ingress[0].ports[0].port: '80' in quotes is a port's name"),
        ("ingress: [{ports: [{port: 0}]}]", "spec.ingress[0].ports[0].port: must be a name or a number"),
        ("ingress: [{ports: [{port: http, endPort: 90}]}]", "spec.ingress[0].ports[0].endPort: must be a number"),
        ("ingress: [{ports: [{port: 90, endPort: 80}]}]", "spec.ingress[0].ports[0].endPort: must be a number"),
        ("ingress: [{ports: [{protocol: ICMP}]}]", "spec.ingress[0].ports[0].protocol: must be one of TCP, UDP, SCTP"),
        ("policyTypes: [ingress]", "spec.policyTypes: knows Ingress and Egress, not 'ingress'"),
        ("podSelector: {app: shop}", "spec.podSelector.app: is no field of the API"),
        ("ingres: []", "spec.ingres: is no field of the API"),
        ("ingress: [{from: [{podselector: {}}]}]", "spec.ingress[0].from[0].podselector: is no field of the API"),
        ("ingress: [{ports: [{ports: 80}]}]", "spec.ingress[0].ports[0].ports: is no field of the API"),
        ("ingress: {from: []}", "spec.ingress: must be a list"),
        (
            "podSelector: {matchExpressions: [{key: a, operator: Is}]}",
            "spec.podSelector.matchExpressions[0].operator: must be one of In, NotIn, Exists, DoesNotExist",
        ),
        (
            "podSelector: {matchExpressions: [{key: a, operator: In}]}",
            "spec.podSelector.matchExpressions[0].values: In needs values",
        ),
        (
            "podSelector: {matchExpressions: [{key: a, operator: Exists, values: [b]}]}",
            "spec.podSelector.matchExpressions[0].values: Exists takes no values",
        ),
    ],
)
def test_what_the_api_refuses_is_refused_with_its_field(spec: str, message: str) -> None:
    """The error names the field by its path, and what is wrong with it."""
    with pytest.raises(PolicyError) as caught:
        read_policy(policy(spec), "n")
    assert str(caught.value).startswith(message)
