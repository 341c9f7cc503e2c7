"""Whom NetworkPolicies name: a twin a rule; on a small system of its own each is tested in ../netpol/test_rules.py."""

from tests.kubeproof.rules.twins import Twin, edit

TWINS = {
    "static.policy-selects": Twin(
        edit("NetworkPolicy/postgres", "spec.podSelector.matchLabels.app", "postgre"),
        "NetworkPolicy/postgres",
        "spec.podSelector",
    ),
    "static.policy-peers-exist": Twin(
        edit("NetworkPolicy/postgres", "spec.ingress[0].from[0].podSelector.matchLabels.app", "microservice1"),
        "NetworkPolicy/postgres",
        "spec.ingress[0].from[0]",
    ),
}
