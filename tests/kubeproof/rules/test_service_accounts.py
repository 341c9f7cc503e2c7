"""Who is bound to what: a binding holds for an account, a role and a namespace, and not for others of the same name."""

from copy import deepcopy

import pytest

from kubeproof.manifests.access import Binding, Subject
from kubeproof.rules.catalogue import RULES
from kubeproof.rules.rule import prove
from kubeproof.verdict import Outcome
from tests.kubeproof.rules.twins import POD, SHOP, both, declared, edit, found

BY_NAME = {rule.name: rule for rule in RULES}
BINDING = "RoleBinding/microservices"
ALLOWED = edit("Role/microservices", "rules", [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}])
TOKEN = edit(SHOP, f"{POD}.automountServiceAccountToken", True)
ACCOUNT = {"kind": "ServiceAccount", "name": "microservices"}


def elsewhere(subject):
    """A copy of an object in another namespace, in place of the object."""

    def change(documents, profile):
        found(documents, subject)["metadata"]["namespace"] = "elsewhere"
        return documents, profile

    return change


def beside(subject, **fields):
    """A copy of an object in another namespace, with other fields, beside the object."""

    def change(documents, profile):
        made = deepcopy(found(documents, subject)) | fields
        made["metadata"]["namespace"] = "elsewhere"
        return [*documents, made], profile

    return change


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
    proof = prove(BY_NAME["static.api-token"], *declared(both(TOKEN, ALLOWED, edit(BINDING, "subjects", subjects))))
    assert proof.verdict.outcome is (Outcome.PASS if bound else Outcome.FAIL), proof.verdict.report()


def test_a_role_of_another_namespace_gives_a_token_nothing_to_do():
    rules = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]
    change = both(TOKEN, beside("Role/microservices", rules=rules))
    assert prove(BY_NAME["static.api-token"], *declared(change)).verdict.outcome is Outcome.FAIL


def test_a_binding_of_another_namespace_binds_no_account_of_this_one_that_it_does_not_name():
    change = both(TOKEN, ALLOWED, edit(BINDING, "subjects", [ACCOUNT]), elsewhere(BINDING))
    assert prove(BY_NAME["static.api-token"], *declared(change)).verdict.outcome is Outcome.FAIL


def test_rights_in_another_namespace_are_rights():
    rules = [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["list"]}]
    change = both(beside("Role/microservices", rules=rules), beside(BINDING))
    proof = prove(BY_NAME["static.pod-rights"], *declared(change))
    assert proof.verdict.because.startswith("Role/microservices in elsewhere rules[0]: microservices may read every")


def test_the_rules_of_an_aggregate_are_written_elsewhere():
    aggregate = {"aggregationRule": {"clusterRoleSelectors": [{"matchLabels": {"for": "shop"}}]}, "rules": []}

    def change(documents, profile):
        role = found(documents, "Role/microservices")
        role["kind"] = "ClusterRole"
        role.update(aggregate)
        found(documents, BINDING)["roleRef"]["kind"] = "ClusterRole"
        return documents, profile

    assert prove(BY_NAME["static.api-token"], *declared(both(TOKEN, change))).verdict.outcome is Outcome.PASS


def test_an_account_without_a_namespace_can_be_bound_in_one_alone():
    def cluster_wide(documents, profile):
        found(documents, BINDING)["kind"] = "ClusterRoleBinding"
        found(documents, "Role/microservices")["kind"] = "ClusterRole"
        found(documents, "ClusterRoleBinding/microservices")["roleRef"]["kind"] = "ClusterRole"
        return documents, profile

    subjects = edit(BINDING, "subjects", [ACCOUNT])
    rule = BY_NAME["static.accounts"]
    assert prove(rule, *declared(subjects)).verdict.outcome is Outcome.PASS
    said = prove(rule, *declared(both(subjects, cluster_wide))).verdict.because
    assert said.startswith("ClusterRoleBinding/microservices subjects[0].namespace: nothing, wanted the namespace of")


def test_a_subject_binds_by_kind_name_and_namespace():
    binding = Binding("RoleBinding", "b", "Role", "r", (Subject("ServiceAccount", "shop", "market"),), "market")
    assert [binding.binds(*who) for who in (("shop", "market"), ("shop", "other"), ("door", "market"))] == [
        True,
        False,
        False,
    ]
