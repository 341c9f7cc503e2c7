"""The engine's finer points: ports, addresses, nodes, what is not known, and the sentences it answers with."""

from dataclasses import replace

import pytest

from kubeproof.manifests.containers import Port
from kubeproof.netpol.decision import decide
from kubeproof.netpol.endpoints import Endpoint, Flow, Network, Node, Outside, Pod
from kubeproof.netpol.reach import Reach
from tests.kubeproof.netpol.policies import CLERK, LEDGER, NAMESPACES, SHOP, WORLD, network, policies

FROM_OFFICE = "namespaceSelector: {matchLabels: {team: paper}}"
CLOSED = network("closed: {podSelector: {}, policyTypes: [Ingress, Egress]}")


def reach(on: Network, source: Endpoint, target: Endpoint, port: int, protocol: str = "TCP") -> str:
    """The mark of one decision."""
    return decide(on, Flow(source, target, port, protocol)).reach.value


@pytest.mark.parametrize(
    ("port", "marks"),
    [
        ("{port: 8000, endPort: 8002}", "X...XX"),
        ("{port: 8000}", "X.XXXX"),
        ("{port: 8000, endPort: 8000}", "X.XXXX"),
        ("{protocol: TCP}", "......"),
        ("{protocol: UDP, port: 8000, endPort: 8002}", "XXXXXX"),
        ("{port: http}", "XXXXXX"),
    ],
)
def test_a_range_holds_both_its_ends(port: str, marks: str) -> None:
    """TCP ports 7999 to 8004 under one port of a rule."""
    on = network(f"p: {{podSelector: {{}}, ingress: [{{ports: [{port}]}}]}}")
    assert "".join(reach(on, CLERK, SHOP, number) for number in range(7999, 8005)) == marks


def test_a_port_name_is_resolved_in_each_target_and_for_its_protocol() -> None:
    """One rule, two pods with the same name on different numbers, and a name that is UDP on one of them."""
    on = network("p: {podSelector: {}, ingress: [{ports: [{port: http}]}]}")
    asked = [
        (SHOP, 8080, "TCP"),
        (SHOP, 9090, "TCP"),
        (LEDGER, 9090, "TCP"),
        (LEDGER, 8080, "TCP"),
        (SHOP, 8081, "UDP"),
    ]
    assert "".join(reach(on, CLERK, *probe) for probe in asked) == ".X.XX"


def test_an_egress_port_name_is_resolved_in_the_target_not_the_source() -> None:
    """The source has no such port; and outside the cluster nobody has a port with a name."""
    on = network("p: {podSelector: {}, policyTypes: [Egress], egress: [{ports: [{port: till}]}]}")
    till = replace(CLERK, ports=(Port("till", 7000),))
    assert reach(on, SHOP, till, 7000) == "."
    assert reach(on, SHOP, till, 7001) == "X"
    assert reach(on, SHOP, WORLD, 7000) == "X"


@pytest.mark.parametrize(
    ("expression", "marks"),
    [
        ("{key: app, operator: In, values: [shop, clerk]}", ".X."),
        ("{key: app, operator: NotIn, values: [shop]}", "X.."),
        ("{key: old, operator: NotIn, values: [yes]}", "..."),
        ("{key: app, operator: Exists}", "..."),
        ("{key: old, operator: Exists}", "XXX"),
        ("{key: old, operator: DoesNotExist}", "..."),
        ("{key: app, operator: DoesNotExist}", "XXX"),
    ],
)
def test_expressions_select_as_the_api_does(expression: str, marks: str) -> None:
    """Egress to pods of any namespace that an expression selects: shop, ledger, clerk."""
    on = network(
        "p: {podSelector: {}, policyTypes: [Egress], egress: [{to: [{namespaceSelector: {}, podSelector: "
        f"{{matchExpressions: [{expression}]}}}}]}}]}}"
    )
    assert "".join(reach(on, LEDGER, replace(target, name="other"), 80) for target in (SHOP, LEDGER, CLERK)) == marks


def test_policies_of_another_namespace_select_nobody_here() -> None:
    """A policy selects pods of its own namespace only."""
    on = network("p: {podSelector: {}}")
    assert (reach(on, SHOP, CLERK, 80), reach(on, CLERK, SHOP, 80)) == (".", "X")


def test_rules_of_a_direction_that_types_do_not_list_have_no_effect() -> None:
    """Neither closing nor opening."""
    on = network("p: {podSelector: {}, policyTypes: [Ingress], egress: [{to: [{podSelector: {}}]}]}")
    assert reach(on, SHOP, CLERK, 80) == "."


def test_an_ip_block_takes_addresses_of_pods_and_of_the_world() -> None:
    """With its exceptions; upstream's own tests open a CIDR of one pod's address."""
    on = network(
        "p: {podSelector: {}, policyTypes: [Egress], egress: "
        "[{to: [{ipBlock: {cidr: 10.0.0.0/15, except: [10.0.1.0/24]}}, {ipBlock: {cidr: '2001:db8::/32'}}]}]}"
    )
    six = Outside("six", ("2001:db8::1",))
    assert "".join(reach(on, SHOP, target, 80) for target in (LEDGER, CLERK, WORLD, six)) == ".XX."


def test_an_ip_block_and_no_known_address_is_unknown_with_the_reason() -> None:
    """Never a guess: not even for 0.0.0.0/0, because the pod may speak IPv6."""
    on = network("p: {podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 0.0.0.0/0}}]}]}")
    nowhere = replace(LEDGER, addresses=())
    decision = decide(on, Flow(SHOP, nowhere, 80))
    assert decision.reach is Reach.UNKNOWN
    assert decision.reason == "cannot tell: the address of ledger is not known, and ipBlock 0.0.0.0/0 asks for it"


def test_an_unknown_that_cannot_matter_is_no_unknown() -> None:
    """Another rule admits the same, or the port is wrong anyway, or the other side is closed."""
    block = "{to: [{ipBlock: {cidr: 0.0.0.0/0}}], ports: [{port: 80}]}"
    nowhere = replace(LEDGER, addresses=())
    either = network(
        f"p: {{podSelector: {{}}, policyTypes: [Egress], egress: [{block}, {{to: [{{podSelector: {{}}}}]}}]}}"
    )
    assert reach(either, SHOP, nowhere, 80) == "."
    alone = network(f"p: {{podSelector: {{}}, policyTypes: [Egress], egress: [{block}]}}")
    assert (reach(alone, SHOP, nowhere, 81), reach(alone, SHOP, nowhere, 80)) == ("X", "?")
    shut = Network((*alone.policies, *policies("shut: {podSelector: {matchLabels: {app: ledger}}}")), NAMESPACES)
    assert reach(shut, SHOP, nowhere, 80) == "X"


def test_two_addresses_that_an_ip_block_divides_are_unknown() -> None:
    """Which of them a connection uses is nobody's promise."""
    on = network("p: {podSelector: {}, policyTypes: [Egress], egress: [{to: [{ipBlock: {cidr: 0.0.0.0/0}}]}]}")
    both = Outside("both", ("198.51.100.7", "2001:db8::7"))
    decision = decide(on, Flow(SHOP, both, 80))
    assert decision.reason == "cannot tell: only some addresses of both lie in ipBlock 0.0.0.0/0"


def test_a_namespace_nobody_described_has_only_its_name() -> None:
    """Its name is a label by the API server's own hand; any other label may or may not be there."""
    dns = Pod("kube-system", "dns", (("k8s-app", "kube-dns"),), known=False)

    def through(selector: str) -> str:
        peer = f"namespaceSelector: {selector}"
        return reach(network(f"p: {{podSelector: {{}}, egress: [{{to: [{{{peer}}}]}}]}}"), SHOP, dns, 53)

    assert through("{matchLabels: {kubernetes.io/metadata.name: kube-system}}") == "."
    assert through("{matchLabels: {kubernetes.io/metadata.name: kube-dns}}") == "X"
    assert through("{matchLabels: {name: kube-system}}") == "?"
    assert through("{}, podSelector: {matchLabels: {k8s-app: kube-dns}}") == "."
    assert through("{}, podSelector: {matchLabels: {app: dns}}") == "?"
    assert through("{}, podSelector: {matchLabels: {k8s-app: other}}") == "X"


def test_a_pod_that_may_be_selected_is_unknown_unless_nothing_closes_it() -> None:
    """Of a pod not fully known, a label it may have decides."""
    half = replace(SHOP, labels=(), known=False)
    on = network("p: {podSelector: {matchLabels: {app: shop}}}")
    assert decide(on, Flow(CLERK, half, 80)).reason == "cannot tell: nothing says whether shop has the label app"
    assert reach(network("p: {podSelector: {}}"), CLERK, half, 80) == "X"
    assert reach(on, half, CLERK, 80) == "."


def test_a_pod_cannot_be_closed_to_its_own_node() -> None:
    """Nor its node to it; another node is an address like any other, and an unknown one is unknown."""
    own, other = Node("n1", ("192.168.0.1",)), Node("n2", ("192.168.0.2",))
    assert [reach(CLOSED, own, SHOP, 80), reach(CLOSED, SHOP, own, 80)] == [".", "."]
    assert reach(CLOSED, other, SHOP, 80) == "X"
    assert reach(CLOSED, other, replace(SHOP, node=None), 80) == "?"
    on = network("p: {podSelector: {}, ingress: [{from: [{ipBlock: {cidr: 192.168.0.0/24}}]}]}")
    assert reach(on, other, SHOP, 80) == "."
    selected = network(f"p: {{podSelector: {{}}, ingress: [{{from: [{{{FROM_OFFICE}}}]}}]}}")
    assert reach(selected, other, SHOP, 80) == "X"


def test_host_network_is_unknown_exactly_where_the_two_permitted_readings_differ() -> None:
    """As a pod it is selected by labels; as its node it is not, and its own node is always let in."""
    host = replace(CLERK, host_network=True, node="n9", addresses=("192.168.0.9",))
    on = network(f"p: {{podSelector: {{}}, ingress: [{{from: [{{{FROM_OFFICE}}}]}}]}}")
    decision = decide(on, Flow(host, SHOP, 80))
    assert decision.reach is Reach.UNKNOWN
    assert decision.reason == (
        "cannot tell: whether policies see clerk, on the host's network, as pod or as node is undefined"
    )
    assert reach(CLOSED, host, SHOP, 80) == "X"
    assert reach(network("p: {podSelector: {}, ingress: [{}]}"), host, SHOP, 80) == "."
    server = replace(SHOP, host_network=True)
    assert reach(network("p: {podSelector: {}}"), CLERK, server, 80) == "?"
    assert reach(network("p: {podSelector: {}, policyTypes: [Egress]}"), CLERK, server, 80) == "."


def test_a_pod_that_calls_itself_is_unknown_unless_the_policies_admit_it() -> None:
    """Network plugins differ there, and upstream does not judge it."""
    decision = decide(CLOSED, Flow(SHOP, SHOP, 80))
    assert decision.reason == "cannot tell: shop calls itself, and there network plugins differ"
    assert reach(network("p: {podSelector: {}, ingress: [{}]}"), SHOP, SHOP, 80) == "."


def test_what_no_pod_takes_part_in_is_not_the_policies_business() -> None:
    """Between two ends outside."""
    assert decide(CLOSED, Flow(WORLD, Node("n1"), 80)).reason == "allowed: no pod is at either end"


@pytest.mark.parametrize(
    ("written", "flow", "reason"),
    [
        (
            "{}",
            Flow(SHOP, LEDGER, 80),
            "allowed: no policy selects shop for egress; no policy selects ledger for ingress",
        ),
        (
            "p: {podSelector: {}, egress: [{ports: [{port: 80}]}], ingress: [{from: [{podSelector: {}}]}, {}]}",
            Flow(SHOP, LEDGER, 80),
            "allowed: p egress[0] admits it; p ingress[0] and p ingress[1] admit it",
        ),
        (
            "{in: {podSelector: {}}, also: {podSelector: {}}}",
            Flow(CLERK, SHOP, 80),
            "blocked: shop admits no connection (selected for ingress by in, also, without an ingress rule)",
        ),
        (
            "out: {podSelector: {}, policyTypes: [Egress], egress: [{to: [{podSelector: {}}]}]}",
            Flow(SHOP, WORLD, 443),
            "blocked: shop has no egress rule to world (selected for egress by out)",
        ),
        (
            "out: {podSelector: {}, policyTypes: [Egress], egress: [{to: [{podSelector: {}}], ports: [{port: 80}]}]}",
            Flow(SHOP, LEDGER, 9090),
            "blocked: shop has no egress rule to ledger on TCP 9090 (selected for egress by out; out egress[0] names "
            "ledger, on other ports)",
        ),
    ],
)
def test_an_answer_names_the_policies_and_the_rule(written: str, flow: Flow, reason: str) -> None:
    """The whole sentence."""
    assert decide(network(written), flow).reason == reason


def test_beside_the_closed_side_stands_the_rule_that_would_let_it_in() -> None:
    """The pair of the seed: the target admits the source, and the source has no way out to it."""
    on = network("""
        shop:
          podSelector: {matchLabels: {app: shop}}
          egress: [{to: [{namespaceSelector: {}, podSelector: {matchLabels: {app: dns}}}]}]
        ledger:
          podSelector: {matchLabels: {app: ledger}}
          ingress: [{from: [{podSelector: {matchLabels: {app: shop}}}]}]
    """)
    decision = decide(on, Flow(SHOP, LEDGER, 9090))
    assert decision.reason == (
        "blocked: shop has no egress rule to ledger (selected for egress by shop); though ledger ingress[0] admits it"
    )
    assert decision.egress is not None
    assert decision.ingress is not None
    assert (decision.egress.selected_by, decision.egress.admitted_by) == (("shop",), ())
    assert [str(rule) for rule in decision.ingress.admitted_by] == ["ledger ingress[0]"]
