"""The autoscaler follows load."""

import pytest


@pytest.mark.check("scaling.up")
def test_load_adds_replicas_one_at_a_time(prove, planned):
    verdict = prove(planned)
    assert verdict.passed, verdict.report()
