"""What the system is for works from inside the cluster."""

import pytest


@pytest.mark.check("api.journey")
def test_every_journey_holds(prove, subject):
    verdict = prove(subject)
    assert verdict.passed, verdict.report()
