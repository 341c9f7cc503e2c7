"""The manifests bring up what they declare."""

import pytest


@pytest.mark.check("deploy.ready")
def test_every_workload_becomes_available(prove, planned):
    verdict = prove(planned)
    assert verdict.passed, verdict.report()
