"""
References that must lead somewhere: configuration, volumes, accounts, classes, the Service of a StatefulSet.

What somebody else makes in the namespace is named in the profile's `provided`. A Secret that is nowhere cannot be
told: good practice keeps it out of the manifests.
"""

from collections.abc import Iterator

from kubeproof.manifests.containers import Reference
from kubeproof.manifests.system import System
from kubeproof.manifests.workloads import Workload
from kubeproof.profile.intent import Profile
from kubeproof.rules.rule import Finding, Rule, broken, holds, judged, titled, untold

# The API server and the controller manager put these into every namespace.
GIVEN = ("ConfigMap/kube-root-ca.crt", "ServiceAccount/default")
BUILT_IN_CLASSES = ("system-cluster-critical", "system-node-critical")
BUILT_IN_ROLES = ("cluster-admin", "admin", "edit", "view", "extension-apiserver-authentication-reader")


def examine_configuration(system: System, profile: Profile) -> Iterator[Finding]:
    """Every ConfigMap and Secret, and every key of one, that a pod needs."""
    for workload in system.running:
        subject = titled(system, workload.kind, workload)
        for reference in _references(workload):
            if not reference.optional:
                yield _configuration(system, profile, workload, subject, reference)
        for place, name in _pull_secrets(system, workload):
            reference = Reference("Secret", name, None, "")
            found = _configuration(system, profile, workload, subject, reference)
            yield Finding(found.outcome, subject, place, found.found, found.wanted, found.fix)


def _references(workload: Workload) -> Iterator[Reference]:
    for container in workload.all_containers:
        yield from container.references
    for volume in workload.pod.volumes:
        yield from volume.references


def _pull_secrets(system: System, workload: Workload) -> Iterator[tuple[str, str]]:
    account = system.account(workload.pod.account, workload.namespace)
    for n, name in enumerate(workload.pod.pull_secrets):
        yield workload.path(f"imagePullSecrets[{n}].name"), name
    if not workload.pod.pull_secrets and account:
        for name in account.pull_secrets:
            yield workload.path("serviceAccountName"), name


def _configuration(system: System, profile: Profile, workload: Workload, subject: str, reference: Reference) -> Finding:
    name = f"{reference.kind}/{reference.name}"
    field, wanted = workload.path(reference.place), f"{name} in namespace {workload.namespace}"
    config = system.config(reference.kind, reference.name, workload.namespace)
    if config is None:
        if name in (*profile.provided, *GIVEN):
            return holds(subject, field, f"{name}, made by somebody else", wanted)
        fix = f"declare {name}, or name it in the profile's `provided`"
        if reference.kind == "Secret":
            return untold(subject, field, f"no {name} among the manifests", wanted, fix)
        return broken(subject, field, f"no {name} among the manifests", wanted, fix, (name,))
    if reference.key is None:
        return holds(subject, field, name, wanted)
    keys = ", ".join(config.keys) or "none"
    fix = f"use a key that {name} has, or add this one"
    return judged(reference.key in config.keys, subject, field, f"keys {keys}", f"key {reference.key} in {name}", fix)


def examine_volumes(system: System, profile: Profile) -> Iterator[Finding]:
    """Every mount and the volume it names, every claim of a volume."""
    for workload in system.running:
        subject = titled(system, workload.kind, workload)
        volumes = {each.name for each in workload.pod.volumes} | {each.name for each in workload.claim_templates}
        for container in workload.all_containers:
            for mount in container.mounts:
                found = f"volumes {', '.join(sorted(volumes)) or 'none'}"
                fix = "mount a volume that the pod has, or add it under `volumes`"
                ok = mount.volume in volumes
                yield judged(ok, subject, workload.path(f"{mount.place}.name"), found, f"volume {mount.volume}", fix)
        claims = {each.name for each in system.claims if each.namespace == workload.namespace}
        claims |= {each.partition("/")[2] for each in profile.provided if each.startswith("PersistentVolumeClaim/")}
        own = {each.name for each in workload.claim_templates}
        for volume in workload.pod.volumes:
            # A template of that name takes the volume's place.
            if volume.claim and volume.name not in own:
                field = workload.path(f"{volume.place}.persistentVolumeClaim.claimName")
                found = f"claims {', '.join(sorted(claims)) or 'none'}"
                fix = "declare the PersistentVolumeClaim, or name it in the profile's `provided`"
                lacks = (f"PersistentVolumeClaim/{volume.claim}",)
                yield judged(volume.claim in claims, subject, field, found, f"claim {volume.claim}", fix, lacks)


def examine_accounts(system: System, profile: Profile) -> Iterator[Finding]:
    """Every ServiceAccount that a pod runs as or a binding names, every role that is bound."""
    accounts = {(each.name, each.namespace) for each in system.accounts}
    given = {each.partition("/")[2] for each in (*profile.provided, *GIVEN) if each.startswith("ServiceAccount/")}
    missing = "declare the ServiceAccount, or name it in the profile's `provided`"
    for workload in system.running:
        account = workload.pod.account
        ok = (account, workload.namespace) in accounts or account in given
        field, found = workload.path("serviceAccountName"), account if ok else f"no ServiceAccount/{account}"
        subject, lacks = titled(system, workload.kind, workload), (f"ServiceAccount/{account}",)
        yield judged(ok, subject, field, found, "an account that is declared", missing, lacks)
    for binding in system.bindings:
        subject = titled(system, binding.kind, binding)
        for n, bound in enumerate(binding.subjects):
            if bound.kind == "ServiceAccount" and not bound.namespace:
                fix = "name the account's namespace: the API server refuses a ClusterRoleBinding without"
                yield broken(subject, f"subjects[{n}].namespace", "nothing", f"the namespace of {bound.name}", fix)
            elif bound.kind == "ServiceAccount" and bound.namespace in system.own_namespaces:
                ok = (bound.name, bound.namespace) in accounts or bound.name in given
                found = f"{'' if ok else 'no '}ServiceAccount/{bound.name} in {bound.namespace}"
                lacks = (f"ServiceAccount/{bound.name}",)
                yield judged(ok, subject, f"subjects[{n}]", found, "an account that is declared", missing, lacks)
        role = f"{binding.role_kind}/{binding.role}"
        if system.role_of(binding):
            yield holds(subject, "roleRef", role, "a role that is declared")
        elif binding.role in BUILT_IN_ROLES or binding.role.startswith("system:"):
            yield holds(subject, "roleRef", f"{role}, which every cluster has", "a role that is declared")
        elif role in profile.provided:
            yield holds(subject, "roleRef", f"{role}, made by somebody else", "a role that is declared")
        else:
            yield broken(subject, "roleRef", f"no {role}", "a role that is declared", f"declare {role}", (role,))


def examine_classes(system: System, profile: Profile) -> Iterator[Finding]:
    """Every PriorityClass that a pod asks for."""
    known = {each.name for each in system.classes if each.kind == "PriorityClass"} | set(BUILT_IN_CLASSES)
    known |= {each.partition("/")[2] for each in profile.provided if each.startswith("PriorityClass/")}
    for workload in system.running:
        name = workload.pod.priority_class
        if name:
            subject, field = titled(system, workload.kind, workload), workload.path("priorityClassName")
            fix = "declare the PriorityClass, or name it in the profile's `provided`: without it no pod is admitted"
            lacks = (f"PriorityClass/{name}",)
            yield judged(name in known, subject, field, name, f"one of {', '.join(sorted(known))}", fix, lacks)


def examine_governing(system: System, profile: Profile) -> Iterator[Finding]:
    """Every Service that gives the pods of a StatefulSet their names."""
    del profile
    for workload in system.workloads:
        name = workload.governing_service
        if name:
            services = [each for each in system.services if each.namespace == workload.namespace]
            subject, ok = titled(system, workload.kind, workload), any(each.name == name for each in services)
            found, lacks, fix = name if ok else f"no Service/{name}", (f"Service/{name}",), f"declare Service/{name}"
            yield judged(ok, subject, "spec.serviceName", found, "a Service that is declared", fix, lacks)


NO_PODS = "nothing in the manifests makes pods"

RULES = (
    Rule(
        name="static.configuration",
        law="every ConfigMap and Secret that a pod needs is there, with the key it needs",
        source="kubernetes.io, Configure a Pod to Use a ConfigMap: a pod whose reference leads nowhere does not start",
        examine=examine_configuration,
        nothing="no pod takes anything from a ConfigMap or Secret",
    ),
    Rule(
        name="static.volumes",
        law="every mount names a volume of its pod, and every claim of a volume is there",
        source="kubernetes.io, Volumes; Persistent Volumes",
        examine=examine_volumes,
        nothing="no pod mounts anything",
    ),
    Rule(
        name="static.accounts",
        law="every ServiceAccount that runs or is bound is there, and so is every role that is bound",
        source="kubernetes.io, Using RBAC Authorization",
        examine=examine_accounts,
        nothing=NO_PODS,
    ),
    Rule(
        name="static.priority-classes",
        law="every PriorityClass that a pod asks for is there",
        source="kubernetes.io, Pod Priority and Preemption",
        examine=examine_classes,
        nothing="no pod asks for a PriorityClass",
    ),
    Rule(
        name="static.governing-service",
        law="the Service that names a StatefulSet's pods is there",
        source="kubernetes.io, StatefulSets, Stable Network ID",
        examine=examine_governing,
        nothing="no StatefulSet names a Service",
    ),
)
