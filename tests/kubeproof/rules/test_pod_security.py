"""What a pod may do to its node: a twin a rule, and a level that there is none of."""

from kubeproof.verdict import Outcome
from tests.kubeproof.rules.twins import DATABASE, GONE, MAIN, SHOP, Twin, both, edit, intended, proof

TWINS = {
    "static.pod-security": Twin(
        edit(DATABASE, f"{MAIN}.securityContext.allowPrivilegeEscalation", GONE),
        DATABASE,
        f"{MAIN}.securityContext.allowPrivilegeEscalation",
    ),
    "static.read-only-root": Twin(
        edit(SHOP, f"{MAIN}.securityContext.readOnlyRootFilesystem", False),
        SHOP,
        f"{MAIN}.securityContext.readOnlyRootFilesystem",
    ),
}


def test_a_level_that_pod_security_does_not_know_is_no_level():
    """Without a level in the profile the namespace's label is what is wanted, misspelt or not."""
    label = 'metadata.labels."pod-security.kubernetes.io/enforce"'
    misspelt = both(edit("Namespace/microservices", label, "restrictd"), intended('pod_security = "restricted"', ""))
    verdict = proof("static.pod-security", misspelt).verdict
    assert verdict.outcome is Outcome.FAIL
    assert "restrictd, wanted privileged, baseline, restricted" in verdict.because
