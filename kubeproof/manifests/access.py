"""Who may do what: accounts, roles and the bindings between them, as the manifests declare them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Account:
    """A ServiceAccount."""

    name: str
    mounts_token: bool | None = None
    pull_secrets: tuple[str, ...] = ()
    namespace: str = ""


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
            each == Subject("ServiceAccount", account, namespace)
            or (each.kind == "User" and each.name == f"system:serviceaccount:{namespace}:{account}")
            or (each.kind == "Group" and each.name in groups)
            for each in self.subjects
        )
