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
    """A Role or ClusterRole; the namespace of a ClusterRole is empty."""

    kind: str
    name: str
    rules: tuple[AccessRule, ...]
    namespace: str = ""


@dataclass(frozen=True)
class Subject:
    """Who is bound: a ServiceAccount, User or Group."""

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
