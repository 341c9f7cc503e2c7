"""Roles and their bindings: a twin a rule, and rights by what they reach."""

import pytest

from kubeproof.verdict import Outcome
from tests.kubeproof.rules.twins import Twin, beside, edit, outcome, proof

BINDING = "RoleBinding/microservices"

TWINS = {
    "static.role-wildcards": Twin(edit("Role/deployer", "rules[0].verbs", ["*"]), "Role/deployer", "rules[0].verbs"),
    "static.pod-rights": Twin(
        edit("Role/microservices", "rules", [{"apiGroups": [""], "resources": ["pods/exec"], "verbs": ["create"]}]),
        "Role/microservices",
        "rules[0]",
    ),
}


@pytest.mark.parametrize(
    ("resources", "verbs", "names", "broken"),
    [
        (["pods"], ["get", "list"], [], False),
        (["pods"], ["create"], [], True),
        (["pods/attach"], ["create"], [], True),
        (["secrets"], ["list"], [], True),
        (["secrets"], ["get"], ["mine"], False),
        (["secrets"], ["create"], [], False),
        (["*"], ["get"], [], True),
        (["roles"], ["escalate"], [], True),
    ],
)
def test_a_right_is_dangerous_by_what_it_reaches(resources, verbs, names, broken):
    rule = {"apiGroups": ["", "rbac.authorization.k8s.io"], "resources": resources, "verbs": verbs}
    change = edit("Role/microservices", "rules", [rule | ({"resourceNames": names} if names else {})])
    assert outcome("static.pod-rights", change) is (Outcome.FAIL if broken else Outcome.PASS)


def test_a_role_of_every_cluster_is_known_to_be_powerful():
    ref = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "edit"}
    change = edit("RoleBinding/microservices", "roleRef", ref)
    because = proof("static.pod-rights", change).verdict.because
    assert because.startswith("RoleBinding/microservices roleRef: microservices is edit")


def test_rights_in_another_namespace_are_rights():
    rules = [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["list"]}]
    there = proof("static.pod-rights", beside("Role/microservices", rules=rules), beside(BINDING))
    assert there.verdict.because.startswith("Role/microservices in elsewhere rules[0]: microservices may read every")
