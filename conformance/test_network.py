"""Names resolve, and only the declared pairs can talk."""

import pytest


@pytest.mark.check("dns.names")
def test_every_service_answers_under_its_three_names(prove, planned):
    verdict = prove(planned)
    assert verdict.passed, verdict.report()


@pytest.mark.check("isolation.reachability")
def test_only_declared_pairs_can_talk(prove, planned):
    verdict = prove(planned)
    assert verdict.passed, verdict.report()
