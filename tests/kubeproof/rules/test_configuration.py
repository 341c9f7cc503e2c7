"""ConfigMaps and Secrets that pods need: a twin, and who else may make them."""

import pytest

from kubeproof.verdict import Outcome
from tests.kubeproof.rules.twins import MAIN, SHOP, Twin, edit, found, intended, outcome, without

TWINS = {
    "static.configuration": Twin(
        edit(SHOP, f"{MAIN}.env[0].valueFrom.secretKeyRef.key", "pasword"),
        SHOP,
        f"{MAIN}.env[0].valueFrom.secretKeyRef",
        untold=((without("Secret/database"), f"{MAIN}.env[0].valueFrom.secretKeyRef"),),
    ),
}


@pytest.mark.parametrize("kind", ["Secret", "ConfigMap"])
def test_what_somebody_else_makes_is_named_in_the_profile(kind):
    def from_elsewhere(documents, profile):
        source = {f"{'secret' if kind == 'Secret' else 'configMap'}Ref": {"name": "theirs"}}
        found(documents, SHOP)["spec"]["template"]["spec"]["containers"][0]["envFrom"].append(source)
        return documents, profile

    missing = Outcome.UNKNOWN if kind == "Secret" else Outcome.FAIL
    assert outcome("static.configuration", from_elsewhere) is missing
    named = intended("provided = [", f'provided = ["{kind}/theirs", ')
    assert outcome("static.configuration", from_elsewhere, named) is Outcome.PASS
