"""The manifests say what the profile says, and what Kubernetes makes of them holds: no cluster is asked."""

import pytest

from conformance.verdicts.catalogue import STATIC


@pytest.mark.check(*STATIC)
def test_manifests_and_profile_prove_it(prove, planned):
    verdict = prove(planned)
    assert verdict.passed, verdict.report()
