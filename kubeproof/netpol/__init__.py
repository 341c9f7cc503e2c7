"""
What NetworkPolicies allow: an engine that decides every flow with a reason, and what is asked of it.

One policy on its way from YAML to the matrix, module by module:

| module                               | what it holds                                                           |
|--------------------------------------|-------------------------------------------------------------------------|
| `kubeproof.manifests.policy_reading` | the YAML document into a `NetworkPolicy`, a value of `policies`         |
| `endpoints`                          | pods, nodes, addresses, namespaces; a `Flow` between two in a `Network` |
| `matching`                           | whether selectors, peers and ports of a rule match: NO, MAYBE or YES    |
| `direction_decision`                 | egress at the source, or ingress at the target, and which rule decides  |
| `decision`                           | both directions together: a flow is ALLOWED, BLOCKED or UNKNOWN         |
| `synthetic_peers`                    | an endpoint for each peer that a policy names and nothing declares      |
| `topology`                           | every endpoint of a system: workloads, surroundings, synthetic peers    |
| `expected_reachability`              | every pair of a topology decided, beside what the profile says of it    |
| `rule_coverage`                      | for each peer and port of a rule the flow that is lost without it       |
| `matrix`                             | the cells as text; the observed matrix is drawn by it too               |

`reach` has the three answers. `kubeproof.rules.reachability` and `kubeproof.rules.network_policies` turn the values
into findings, `kubeproof.report.pairs` prints them for `kubeproof prove --pairs`, and `kubeproof.checks.isolation`
judges what a live cluster does.
"""
