"""Nothing is lost when pods are replaced or deleted."""

import pytest


@pytest.mark.check("rollout.no-loss")
def test_no_request_fails_during_a_rollout(prove, planned):
    verdict = prove(planned)
    assert verdict.passed, verdict.report()


@pytest.mark.check("rollout.in-time")
def test_requests_are_answered_in_time_during_a_rollout(prove, planned):
    verdict = prove(planned)
    assert verdict.passed, verdict.report()


@pytest.mark.check("persistence.pod-delete")
def test_what_was_written_survives_the_pod(prove, planned):
    verdict = prove(planned)
    assert verdict.passed, verdict.report()


@pytest.mark.check("persistence.backup-restore")
def test_a_backup_brings_back_what_the_lost_volume_held(prove, planned):
    verdict = prove(planned)
    assert verdict.passed, verdict.report()
