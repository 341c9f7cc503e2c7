"""The `behavior` of autoscalers: a twin a rule; the sums behind them are those of test_autoscaler_simulation.py."""

from tests.kubeproof.rules.twins import SCALER, Twin, edit

TWINS = {
    "static.scale-down-window": Twin(
        edit(SCALER, "spec.behavior.scaleDown.stabilizationWindowSeconds", 299),
        SCALER,
        "spec.behavior.scaleDown.stabilizationWindowSeconds",
    ),
    "static.scale-down-step": Twin(
        edit(SCALER, "spec.behavior.scaleDown.stabilizationWindowSeconds", 60), SCALER, "spec.behavior.scaleDown"
    ),
    "static.scale-up-time": Twin(
        edit(SCALER, "spec.behavior.scaleUp.policies[0].periodSeconds", 180), SCALER, "spec.behavior.scaleUp"
    ),
}
