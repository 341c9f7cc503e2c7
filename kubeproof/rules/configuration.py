"""
ConfigMaps and Secrets that pods need: each must be there, with its key.

What somebody else makes in the namespace is named in the profile's `provided`. A Secret that is nowhere cannot be
told: good practice keeps it out of the manifests.
"""

from collections.abc import Iterator

from kubeproof.manifests.containers import Reference
from kubeproof.manifests.system import System
from kubeproof.manifests.workloads import Workload
from kubeproof.profile.intent import Profile
from kubeproof.rules.rule import Finding, Rule, broken, holds, judged, titled, untold

# The controller manager puts it into every namespace.
GIVEN = "ConfigMap/kube-root-ca.crt"


def examine_configuration(system: System, profile: Profile) -> Iterator[Finding]:
    """Every ConfigMap and Secret, and every key of one, that a pod needs."""
    for workload in system.running:
        subject = titled(system, workload.kind, workload)
        for reference in workload.references:
            if not reference.optional:
                yield _configuration(system, profile, workload, subject, reference)
        for place, name in _pull_secrets(system, workload):
            reference = Reference("Secret", name, None, "")
            found = _configuration(system, profile, workload, subject, reference)
            yield Finding(found.outcome, subject, place, found.found, found.wanted, found.fix)


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
        if name in (*profile.provided, GIVEN):
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


CONFIGURATION = Rule(
    name="static.configuration",
    law="every ConfigMap and Secret that a pod needs is there, with the key it needs",
    source="kubernetes.io, Configure a Pod to Use a ConfigMap: a pod whose reference leads nowhere does not start",
    examine=examine_configuration,
    nothing="no pod takes anything from a ConfigMap or Secret",
)
