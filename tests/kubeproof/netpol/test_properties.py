"""What holds of the engine for all networks: order, union, monotony, and that names are only names."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from kubeproof.manifests.containers import Port
from kubeproof.manifests.labels import Labels
from kubeproof.manifests.policies import Direction, NetworkPolicy, Peer, PodPeer, PolicyRule, Selector
from kubeproof.netpol.decision import decide
from kubeproof.netpol.endpoints import Endpoint, Flow, Namespace, Network, Pod
from kubeproof.netpol.reach import Reach
from tests.kubeproof.netpol import strategies as some

RANK = {Reach.BLOCKED: 0, Reach.UNKNOWN: 1, Reach.ALLOWED: 2}
often = settings(max_examples=80, deadline=None)


def rank(network: Network, flow: Flow) -> int:
    """How open a flow is."""
    return RANK[decide(network, flow).reach]


@often
@given(some.several, some.namespaces, some.flows, st.randoms())
def test_the_order_of_policies_rules_peers_and_ports_does_not_matter(
    policies: tuple[NetworkPolicy, ...], namespaces: tuple[Namespace, ...], flow: Flow, random: object
) -> None:
    """Any shuffle of any list gives the same answer."""

    def shuffled(items: tuple) -> tuple:  # type: ignore[type-arg]
        items = list(items)
        random.shuffle(items)  # type: ignore[attr-defined]
        return tuple(items)

    def stirred(rules: tuple[PolicyRule, ...]) -> tuple[PolicyRule, ...]:
        return shuffled(tuple(PolicyRule(shuffled(rule.peers), shuffled(rule.ports)) for rule in rules))

    mixed = shuffled(
        tuple(replace(policy, ingress=stirred(policy.ingress), egress=stirred(policy.egress)) for policy in policies)
    )
    before, after = Network(policies, namespaces), Network(mixed, shuffled(namespaces))
    assert decide(before, flow).reach is decide(after, flow).reach


@often
@given(some.several, some.policies, some.known_namespaces, some.known_flows)
def test_one_more_policy_closes_only_what_it_newly_isolates(
    policies: tuple[NetworkPolicy, ...], added: NetworkPolicy, namespaces: tuple[Namespace, ...], flow: Flow
) -> None:
    """
    At a pod that was open it only removes flows, at one that was closed it only adds some.

    And where it does not select the pod it changes nothing.
    """
    added = replace(added, name="added")
    before, after = decide(Network(policies, namespaces), flow), decide(Network((*policies, added), namespaces), flow)
    for then, now in zip(before.directions, after.directions, strict=True):
        if "added" not in now.selected_by:
            assert now == then
        elif then.selected_by:
            assert RANK[now.reach] >= RANK[then.reach]
        else:
            assert RANK[now.reach] <= RANK[then.reach]


@often
@given(some.one_or_more, some.rules, st.sampled_from(Direction), some.namespaces, some.flows, st.data())
def test_a_rule_more_only_adds(
    policies: tuple[NetworkPolicy, ...],
    rule: PolicyRule,
    direction: Direction,
    namespaces: tuple[Namespace, ...],
    flow: Flow,
    data: st.DataObject,
) -> None:
    """In any policy, in either direction."""
    at = data.draw(st.integers(0, len(policies) - 1))
    field = direction.word
    longer = replace(policies[at], **{field: (*policies[at].rules(direction), rule)})
    more = (*policies[:at], longer, *policies[at + 1 :])
    assert rank(Network(more, namespaces), flow) >= rank(Network(policies, namespaces), flow)


@often
@given(some.several, some.several, some.namespaces, some.flows)
def test_policies_add_up(
    some_of_them: tuple[NetworkPolicy, ...],
    rest: tuple[NetworkPolicy, ...],
    namespaces: tuple[Namespace, ...],
    flow: Flow,
) -> None:
    """What is admitted under all policies is what these admit together with what those admit."""
    one, two = decide(Network(some_of_them, namespaces), flow), decide(Network(rest, namespaces), flow)
    both = decide(Network((*some_of_them, *rest), namespaces), flow)
    for left, right, union in zip(one.directions, two.directions, both.directions, strict=True):
        assert union.admitted_by == (*left.admitted_by, *right.admitted_by)
        assert union.selected_by == (*left.selected_by, *right.selected_by)


@often
@given(some.several, some.namespaces, some.flows)
def test_renaming_labels_values_and_policies_alike_changes_nothing(
    policies: tuple[NetworkPolicy, ...], namespaces: tuple[Namespace, ...], flow: Flow
) -> None:
    """A consistent relabelling of pods, namespaces and selectors: labels have no meaning of their own."""

    def labels(these: Labels) -> Labels:
        return tuple((f"new/{key}", f"{value}-2") for key, value in these)

    def selector(this: Selector | None) -> Selector | None:
        return this and Selector(
            labels(this.labels),
            tuple(
                replace(wanted, key=f"new/{wanted.key}", values=tuple(f"{value}-2" for value in wanted.values))
                for wanted in this.expressions
            ),
        )

    def peer(this: Peer) -> Peer:
        return PodPeer(selector(this.pods), selector(this.namespaces)) if isinstance(this, PodPeer) else this

    def rules(these: tuple[PolicyRule, ...]) -> tuple[PolicyRule, ...]:
        return tuple(PolicyRule(tuple(map(peer, rule.peers)), rule.ports) for rule in these)

    def end(this: Endpoint) -> Endpoint:
        return replace(this, labels=labels(this.labels)) if isinstance(this, Pod) else this

    renamed = tuple(
        replace(
            policy,
            name=f"{policy.name}-2",
            pods=selector(policy.pods) or Selector(),
            ingress=rules(policy.ingress),
            egress=rules(policy.egress),
        )
        for policy in policies
    )
    there = Network(renamed, tuple(replace(space, labels=labels(space.labels)) for space in namespaces))
    moved = replace(flow, source=end(flow.source), target=end(flow.target))
    assert decide(there, moved).reach is decide(Network(policies, namespaces), flow).reach


@often
@given(some.several, some.namespaces, some.ends, some.half_known, some.probes, some.labels, some.container_ports)
def test_what_becomes_known_never_turns_an_answer_round(
    policies: tuple[NetworkPolicy, ...],
    namespaces: tuple[Namespace, ...],
    source: Endpoint,
    target: Pod,
    probe: tuple[int, str],
    more: Labels,
    ports: tuple[Port, ...],
) -> None:
    """An answer given about a pod half known stays true, whatever else the pod turns out to have."""
    learnt = replace(
        target,
        labels=tuple(sorted({**dict(more), **dict(target.labels)}.items())),
        ports=(*target.ports, *ports),
        addresses=target.addresses or ("10.0.0.3",),
        node=target.node or "n1",
        known=True,
    )
    network = Network(policies, namespaces)
    before, after = (decide(network, Flow(source, pod, *probe)).reach for pod in (target, learnt))
    assert before in (Reach.UNKNOWN, after)
