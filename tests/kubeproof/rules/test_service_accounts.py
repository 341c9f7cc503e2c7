"""Who is bound to what: a binding holds for an account, a role and a namespace, and not for others of the same name."""

import pytest

from kubeproof.manifests.access import Binding, Subject
from kubeproof.verdict import Outcome
from tests.kubeproof.rules.twins import POD, SHOP, Twin, beside, both, edit, elsewhere, found, outcome, proof, without

BINDING = "RoleBinding/microservices"
ALLOWED = edit("Role/microservices", "rules", [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}])
TOKEN = edit(SHOP, f"{POD}.automountServiceAccountToken", True)
ACCOUNT = {"kind": "ServiceAccount", "name": "microservices"}

TWINS = {
    "static.accounts": Twin(without("ServiceAccount/microservices"), SHOP, f"{POD}.serviceAccountName"),
    "static.api-token": Twin(
        edit(SHOP, f"{POD}.automountServiceAccountToken", True), SHOP, f"{POD}.automountServiceAccountToken"
    ),
}


@pytest.mark.parametrize(
    ("subjects", "bound"),
    [
        ([ACCOUNT | {"namespace": "microservices"}], True),
        ([ACCOUNT], True),
        ([ACCOUNT | {"namespace": "elsewhere"}], False),
        ([{"kind": "User", "name": "system:serviceaccount:microservices:microservices"}], True),
        ([{"kind": "User", "name": "microservices"}], False),
        ([{"kind": "Group", "name": "system:serviceaccounts"}], True),
        ([{"kind": "Group", "name": "system:serviceaccounts:microservices"}], True),
        ([{"kind": "Group", "name": "system:serviceaccounts:elsewhere"}], False),
        ([], False),
    ],
)
def test_a_token_is_for_an_account_that_is_bound(subjects, bound):
    verdict = proof("static.api-token", TOKEN, ALLOWED, edit(BINDING, "subjects", subjects)).verdict
    assert verdict.outcome is (Outcome.PASS if bound else Outcome.FAIL), verdict.report()


def test_a_role_of_another_namespace_gives_a_token_nothing_to_do():
    rules = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]
    change = both(TOKEN, beside("Role/microservices", rules=rules))
    assert outcome("static.api-token", change) is Outcome.FAIL


def test_a_binding_of_another_namespace_binds_no_account_of_this_one_that_it_does_not_name():
    change = both(TOKEN, ALLOWED, edit(BINDING, "subjects", [ACCOUNT]), elsewhere(BINDING))
    assert outcome("static.api-token", change) is Outcome.FAIL


def test_the_rules_of_an_aggregate_are_written_elsewhere():
    aggregate = {"aggregationRule": {"clusterRoleSelectors": [{"matchLabels": {"for": "shop"}}]}, "rules": []}

    def change(documents, profile):
        role = found(documents, "Role/microservices")
        role["kind"] = "ClusterRole"
        role.update(aggregate)
        found(documents, BINDING)["roleRef"]["kind"] = "ClusterRole"
        return documents, profile

    assert outcome("static.api-token", TOKEN, change) is Outcome.PASS


def test_an_account_without_a_namespace_can_be_bound_in_one_alone():
    def cluster_wide(documents, profile):
        found(documents, BINDING)["kind"] = "ClusterRoleBinding"
        found(documents, "Role/microservices")["kind"] = "ClusterRole"
        found(documents, "ClusterRoleBinding/microservices")["roleRef"]["kind"] = "ClusterRole"
        return documents, profile

    subjects = edit(BINDING, "subjects", [ACCOUNT])
    assert outcome("static.accounts", subjects) is Outcome.PASS
    because = proof("static.accounts", subjects, cluster_wide).verdict.because
    assert because.startswith(
        "ClusterRoleBinding/microservices subjects[0].namespace: nothing, wanted the namespace of"
    )


def test_a_subject_binds_by_kind_name_and_namespace():
    binding = Binding("RoleBinding", "b", "Role", "r", (Subject("ServiceAccount", "shop", "market"),), "market")
    assert [binding.binds(*who) for who in (("shop", "market"), ("shop", "other"), ("door", "market"))] == [
        True,
        False,
        False,
    ]
