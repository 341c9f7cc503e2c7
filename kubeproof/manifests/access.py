"""
Who may do what: accounts, roles and the bindings between them, as values and read from the raw object.

A `read_` function raises KeyError, TypeError, AttributeError or ValueError on what is no such object; `reading` names
the object.
"""

from dataclasses import dataclass

from kubeproof.manifests.fields import Raw, namespace_of


@dataclass(frozen=True)
class Account:
    """A ServiceAccount."""

    name: str
    mounts_token: bool | None = None
    pull_secrets: tuple[str, ...] = ()
    namespace: str = ""


def read_account(document: Raw, namespace: str) -> Account:
    """Read a ServiceAccount."""
    return Account(
        name=document["metadata"]["name"],
        mounts_token=document.get("automountServiceAccountToken"),
        pull_secrets=tuple(str(secret.get("name")) for secret in document.get("imagePullSecrets") or ()),
        namespace=namespace_of(document, namespace),
    )


@dataclass(frozen=True)
class AccessRule:
    """What a Role lets do: these verbs on these resources of these groups, or on these URLs."""

    verbs: tuple[str, ...]
    groups: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()


@dataclass(frozen=True)
class Role:
    """A Role or ClusterRole; the namespace of a ClusterRole is empty, an aggregate's rules are those of others."""

    kind: str
    name: str
    rules: tuple[AccessRule, ...]
    namespace: str = ""
    aggregate: bool = False


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


@dataclass(frozen=True)
class Subject:
    """Who is bound: a ServiceAccount, User or Group; only an account has a namespace."""

    kind: str
    name: str
    namespace: str = ""


@dataclass(frozen=True)
class Binding:
    """A RoleBinding or ClusterRoleBinding and the role it gives to its subjects."""

    kind: str
    name: str
    role_kind: str
    role: str
    subjects: tuple[Subject, ...]
    namespace: str = ""

    def binds(self, account: str, namespace: str) -> bool:
        """
        Whether this ServiceAccount is among the subjects: by itself, by its user name, or in a group of accounts.

        Source: kubernetes.io, Using RBAC Authorization, Referring to subjects.
        """
        groups = ("system:serviceaccounts", f"system:serviceaccounts:{namespace}", "system:authenticated")
        return any(
            subject == Subject("ServiceAccount", account, namespace)
            or (subject.kind == "User" and subject.name == f"system:serviceaccount:{namespace}:{account}")
            or (subject.kind == "Group" and subject.name in groups)
            for subject in self.subjects
        )


def read_binding(document: Raw, namespace: str) -> Binding:
    """Read a RoleBinding or ClusterRoleBinding."""
    where = "" if document["kind"] == "ClusterRoleBinding" else namespace_of(document, namespace)
    return Binding(
        kind=document["kind"],
        name=document["metadata"]["name"],
        role_kind=document["roleRef"]["kind"],
        role=document["roleRef"]["name"],
        subjects=tuple(_subject(subject, where) for subject in document.get("subjects") or ()),
        namespace=where,
    )


def _subject(raw: Raw, where: str) -> Subject:
    """An account that a RoleBinding names without a namespace is one of the binding's own."""
    is_account = raw["kind"] == "ServiceAccount"
    return Subject(raw["kind"], raw["name"], raw.get("namespace") or where if is_account else "")
