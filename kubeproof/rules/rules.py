"""Every static rule, in the order of the report: what the API takes, what leads nowhere, numbers, ways, rights."""

from conformance.declared.intent import Profile
from conformance.declared.system import System
from conformance.verdicts.static import (
    admission,
    budgets,
    connections,
    intent,
    isolation,
    numbers,
    policies,
    practice,
    references,
    rights,
    room,
    routes,
    scaling,
    security,
    selection,
    validity,
)
from conformance.verdicts.static.rule import Proof, Rule, prove

RULES: tuple[Rule, ...] = (
    *validity.RULES,
    *admission.RULES,
    *intent.RULES,
    *numbers.RULES,
    *references.RULES,
    *routes.RULES,
    *selection.RULES,
    *budgets.RULES,
    *connections.RULES,
    *scaling.RULES,
    *room.RULES,
    *practice.RULES,
    *policies.RULES,
    *isolation.RULES,
    *security.RULES,
    *rights.RULES,
)


def prove_all(system: System, profile: Profile) -> tuple[Proof, ...]:
    """Ask every rule about a system."""
    return tuple(prove(rule, system, profile) for rule in RULES)
