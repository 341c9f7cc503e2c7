"""Every static rule, in the order of the report: what the API takes, what leads nowhere, numbers, ways, rights."""

from kubeproof.manifests.system import System
from kubeproof.profile.intent import Profile
from kubeproof.rules import (
    admission,
    capacity,
    connections,
    intent,
    isolation,
    numbers,
    policies,
    references,
    rights,
    routes,
    scaling,
    security,
    selection,
    time_budgets,
    validity,
    workload_hygiene,
)
from kubeproof.rules.rule import Proof, Rule, prove

RULES: tuple[Rule, ...] = (
    *validity.RULES,
    *admission.RULES,
    *intent.RULES,
    *numbers.RULES,
    *references.RULES,
    *routes.RULES,
    *selection.RULES,
    *time_budgets.RULES,
    *connections.RULES,
    *scaling.RULES,
    *capacity.RULES,
    *workload_hygiene.RULES,
    *policies.RULES,
    *isolation.RULES,
    *security.RULES,
    *rights.RULES,
)


def prove_all(system: System, profile: Profile) -> tuple[Proof, ...]:
    """Ask every rule about a system."""
    return tuple(prove(rule, system, profile) for rule in RULES)
