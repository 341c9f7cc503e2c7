"""What is declared for the way in from outside is what answers there."""

import pytest


@pytest.mark.check("ingress.routes")
def test_every_host_of_an_ingress_reaches_its_services(prove, planned):
    verdict = prove(planned)
    assert verdict.passed, verdict.report()


@pytest.mark.check("gateway.routes")
def test_every_host_of_a_gateway_reaches_its_services(prove, planned):
    verdict = prove(planned)
    assert verdict.passed, verdict.report()
