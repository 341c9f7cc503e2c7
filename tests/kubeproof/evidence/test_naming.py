"""A line that tells of a pod of which no pod line does is no part of a proof."""

import pytest

from kubeproof.evidence.naming import unheard_of
from tests.helpers.histories import lines, marker, pod
from tests.helpers.outages import asked

HELD = {"connection": "held", "to": "shop-a", "uid": "a"}
REACH = {"role": "cell", "source": "stranger", "source_pod": "stranger", "source_uid": "s"}
REACH |= {"target": "shop", "target_pod": "shop-a", "target_uid": "a"}
TOLD = {
    "asked": asked(1, "liveness", "a", 200),
    "request": (1.0, "request", HELD),
    "held.end": (1.0, "held.end", HELD),
    "reach": (1.0, "reach", REACH),
    "marker": marker(1, "pod deleted", at="shop", uids=["a"]),
}


@pytest.mark.parametrize("told", TOLD.values(), ids=TOLD)
def test_a_pod_that_is_named_has_a_line_of_that_name_and_uid(told):
    assert unheard_of(lines("x", [pod(0, "a"), told])) is None
    assert "line 2" in unheard_of(lines("x", [pod(0, "b"), told]))


def test_the_name_of_one_pod_with_the_uid_of_another_is_neither():
    forged = asked(1, "liveness", "a", 200, uid="b")
    assert "shop-a of uid b" in unheard_of(lines("x", [pod(0, "a"), pod(0, "b"), forged]))


def test_who_is_asked_through_a_service_and_who_is_ours_needs_no_line():
    through = (1.0, "request", {"connection": "new", "to": None, "uid": None})
    ours = (1.0, "reach", REACH | {"target": "listener", "target_pod": "l", "target_uid": "x"})
    assert unheard_of(lines("x", [through, ours])) is None


@pytest.mark.parametrize("forged", [{"name": "shop-b"}, {"workload": "ledger"}])
def test_one_uid_is_one_pod(forged):
    assert "one uid" in unheard_of(lines("x", [pod(0, "a"), pod(1, "a", **forged)]))
