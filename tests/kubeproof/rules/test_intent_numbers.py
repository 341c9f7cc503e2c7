"""The architecture's numbers in the manifests: a twin a rule, and what keeps no pace."""

import pytest

from kubeproof.verdict import Outcome
from tests.kubeproof.rules.twins import MAIN, SCALER, SHOP, Twin, edit, outcome

TWINS = {
    "static.intent-workloads": Twin(
        edit(SHOP, f"{MAIN}.readinessProbe.periodSeconds", 6), SHOP, f"{MAIN}.readinessProbe"
    ),
    "static.intent-autoscalers": Twin(edit(SCALER, "spec.maxReplicas", 6), SCALER, "spec.maxReplicas"),
}


@pytest.mark.parametrize("direction", ["scaleUp", "scaleDown"])
def test_a_direction_that_is_disabled_keeps_no_pace(direction):
    disabled = edit("HorizontalPodAutoscaler/microservice-1", f"spec.behavior.{direction}.selectPolicy", "Disabled")
    assert outcome("static.intent-autoscalers", disabled) is Outcome.FAIL
