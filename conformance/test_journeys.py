"""What the system is for works from inside the cluster."""

import pytest


@pytest.mark.check("api.journey")
def test_every_journey_holds(prove, planned):
    verdict = prove(planned)
    assert verdict.passed, verdict.report()
