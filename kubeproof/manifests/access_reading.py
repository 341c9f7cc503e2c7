"""
Accounts, roles and bindings from the raw object.

Raises KeyError, TypeError, AttributeError or ValueError on what is no such object; `reading` names the object.
"""

from kubeproof.manifests.access import AccessRule, Account, Binding, Role, Subject
from kubeproof.manifests.fields import Raw, namespace_of


def read_account(document: Raw, namespace: str) -> Account:
    """Read a ServiceAccount."""
    return Account(
        name=document["metadata"]["name"],
        mounts_token=document.get("automountServiceAccountToken"),
        pull_secrets=tuple(str(each.get("name")) for each in document.get("imagePullSecrets") or ()),
        namespace=namespace_of(document, namespace),
    )


def read_role(document: Raw, namespace: str) -> Role:
    """Read a Role or ClusterRole."""

    def texts(rule: Raw, field: str) -> tuple[str, ...]:
        return tuple(map(str, rule.get(field) or ()))

    rules = tuple(
        AccessRule(
            verbs=texts(rule, "verbs"),
            groups=texts(rule, "apiGroups"),
            resources=texts(rule, "resources"),
            names=texts(rule, "resourceNames"),
            urls=texts(rule, "nonResourceURLs"),
        )
        for rule in document.get("rules") or ()
    )
    where = "" if document["kind"] == "ClusterRole" else namespace_of(document, namespace)
    return Role(document["kind"], document["metadata"]["name"], rules, where, bool(document.get("aggregationRule")))


def read_binding(document: Raw, namespace: str) -> Binding:
    """Read a RoleBinding or ClusterRoleBinding."""
    where = "" if document["kind"] == "ClusterRoleBinding" else namespace_of(document, namespace)
    return Binding(
        kind=document["kind"],
        name=document["metadata"]["name"],
        role_kind=document["roleRef"]["kind"],
        role=document["roleRef"]["name"],
        subjects=tuple(_subject(each, where) for each in document.get("subjects") or ()),
        namespace=where,
    )


def _subject(raw: Raw, where: str) -> Subject:
    """An account that a RoleBinding names without a namespace is one of the binding's own."""
    is_account = raw["kind"] == "ServiceAccount"
    return Subject(raw["kind"], raw["name"], raw.get("namespace") or where if is_account else "")
