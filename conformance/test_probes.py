"""Probes tell the truth: readiness follows the database, liveness does not."""

import pytest


@pytest.mark.check("probes.readiness-follows-database")
def test_a_pod_without_its_database_leaves_the_service(prove, planned):
    verdict = prove(planned)
    assert verdict.passed, verdict.report()


@pytest.mark.check("probes.liveness-ignores-database")
def test_no_container_restarts_while_the_database_is_gone(prove, planned):
    verdict = prove(planned)
    assert verdict.passed, verdict.report()


@pytest.mark.check("outage.answers")
def test_a_pod_without_its_database_answers_at_once(prove, planned):
    verdict = prove(planned)
    assert verdict.passed, verdict.report()


@pytest.mark.check("outage.frozen")
def test_a_pod_whose_database_hangs_does_not_hang(prove, planned):
    verdict = prove(planned)
    assert verdict.passed, verdict.report()


@pytest.mark.check("outage.black-holed")
def test_a_pod_whose_database_is_out_of_reach_does_not_hang(prove, planned):
    verdict = prove(planned)
    assert verdict.passed, verdict.report()
