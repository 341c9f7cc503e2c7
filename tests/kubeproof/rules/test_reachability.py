"""Reachability on paper: a twin a rule; on a small system of its own each is tested in ../netpol/test_rules.py."""

from tests.kubeproof.rules.twins import GONE, Twin, edit

TWINS = {
    "static.reachability-intended": Twin(
        edit("NetworkPolicy/microservice-2-egress", "spec.egress[0].ports[0].port", 5001),
        "NetworkPolicy/microservice-2-egress",
        "spec",
    ),
    "static.dns-egress": Twin(
        edit("NetworkPolicy/microservice-2-egress", "spec.egress[1].ports[1]", GONE),
        "NetworkPolicy/microservice-2-egress",
        "spec",
    ),
    "static.stranger-denied": Twin(
        edit("NetworkPolicy/postgres", "spec.ingress[0].from", []), "NetworkPolicy/postgres", "spec.ingress[0]"
    ),
    "static.no-unintended-path": Twin(
        edit("NetworkPolicy/microservice-2-egress", "spec.egress[0].to", []), "NetworkPolicy/", "spec"
    ),
}
