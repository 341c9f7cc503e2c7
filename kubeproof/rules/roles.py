"""Roles and their bindings: rights that make a stolen pod into a stolen cluster, and rights without bounds."""

from collections.abc import Iterator

from kubeproof.manifests.access import AccessRule, Binding, Role
from kubeproof.manifests.system import System
from kubeproof.profile.intent import Profile
from kubeproof.rules.rule import Finding, Rule, Severity, broken, holds, titled


def examine_role_wildcards(system: System, profile: Profile) -> Iterator[Finding]:
    """Every rule of every role."""
    del profile
    for role in system.roles:
        subject = titled(system, role.kind, role)
        wild = [
            (f"rules[{n}].{field}", ", ".join(text for text in texts if "*" in text))
            for n, rule in enumerate(role.rules)
            for field, texts in (
                ("verbs", rule.verbs),
                ("apiGroups", rule.groups),
                ("resources", rule.resources),
                ("nonResourceURLs", rule.urls),
            )
        ]
        for field, found in wild:
            if found:
                fix = "list what is used: a wildcard also grants what is added later"
                yield broken(subject, field, found, "no wildcard", fix)
        if not any(found for _, found in wild):
            yield holds(subject, "rules", f"{len(role.rules)} rules without a wildcard", "no wildcard")


ROLE_WILDCARDS = Rule(
    name="static.role-wildcards",
    law="no role grants by wildcard",
    source="kubernetes.io, Role Based Access Control Good Practices",
    examine=examine_role_wildcards,
    nothing="the manifests declare no role",
)


# What may be done with it, the API group, the resources, the verbs.
_DANGERS = (
    ("enter pods", "", ("pods/exec", "pods/attach", "pods/ephemeralcontainers"), ("create", "get", "patch", "update")),
    ("make pods", "", ("pods",), ("create",)),
    ("read every Secret", "", ("secrets",), ("get", "list", "watch")),
)


_ESCALATING = ("bind", "escalate", "impersonate")


# Roles that every cluster has and that hold such rights.
_POWERFUL = ("cluster-admin", "admin", "edit")


WANTED = "nothing that reaches other pods or every Secret"


def examine_pod_rights(system: System, profile: Profile) -> Iterator[Finding]:
    """Every role that is bound to an account that a pod runs as."""
    del profile
    accounts = {(workload.pod.account, workload.namespace) for workload in system.running}
    for binding in system.bindings:
        bound = sorted(name for name, namespace in accounts if binding.binds(name, namespace))
        if bound:
            yield from _binding(system, binding, ", ".join(dict.fromkeys(bound)))


def _binding(system: System, binding: Binding, who: str) -> Iterator[Finding]:
    subject = titled(system, binding.kind, binding)
    if binding.role_kind == "ClusterRole" and binding.role in _POWERFUL:
        fix = "bind a role with what the program uses, and no more"
        yield broken(subject, "roleRef", f"{who} is {binding.role}", WANTED, fix)
    role = system.role_of(binding)
    if role:
        yield from _role(titled(system, role.kind, role), role, who)


def _role(subject: str, role: Role, who: str) -> Iterator[Finding]:
    told = [(n, danger) for n, rule in enumerate(role.rules) for danger in _dangers(rule)]
    for n, danger in told:
        fix = "take the right away, name the objects it is for, or run what needs it apart from what is reached"
        yield broken(subject, f"rules[{n}]", f"{who} may {danger}", WANTED, fix)
    if not told:
        yield holds(subject, "rules", f"{len(role.rules)} rules for {who}", WANTED)


def _dangers(rule: AccessRule) -> Iterator[str]:
    for danger, group, resources, verbs in _DANGERS:
        reached = any(_has(rule.resources, resource) for resource in resources)
        done = any(_has(rule.verbs, verb) for verb in verbs)
        # A right to objects by name reaches those alone; to make one a name is no bound.
        by_name = bool(rule.names) and danger != "make pods"
        if reached and done and _has(rule.groups, group) and not by_name:
            yield danger
    for verb in _ESCALATING:
        if verb in rule.verbs:
            yield f"{verb}, and so take any right"


def _has(given: tuple[str, ...], wanted: str) -> bool:
    return wanted in given or "*" in given


POD_RIGHTS = Rule(
    name="static.pod-rights",
    law="no account that a pod runs as may enter or make pods, read every Secret, or take more rights",
    source="kubernetes.io, Role Based Access Control Good Practices, privilege escalation risks",
    examine=examine_pod_rights,
    nothing="no account that a pod runs as is bound to a role",
    severity=Severity.WARNING,
)
