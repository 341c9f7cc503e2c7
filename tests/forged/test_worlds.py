"""Each forged world is seen: as FAIL or UNKNOWN of the check that it belongs to, with its reason, and no exit 0."""

from collections.abc import Iterator

import pytest

from kubeproof.verdict import Exit
from tests.forged.catalogue import WORLDS
from tests.forged.run import Run, judged, passing, remembering
from tests.forged.survival import AFTER
from tests.forged.world import World


@pytest.fixture(scope="module")
def honest() -> Iterator[Run]:
    """The run in which all holds, of which each line is signed and read once."""
    with remembering():
        yield passing()


def test_the_run_that_is_forged_is_a_pass(honest: Run) -> None:
    verdicts, status = judged(honest)
    assert [
        judgement.verdict.report()
        for judgement in verdicts
        if judgement.verdict.outcome.value not in ("PASS", "SKIPPED")
    ] == []
    assert status is Exit.HOLDS


@pytest.mark.parametrize("world", WORLDS.values(), ids=WORLDS)
def test_a_world_in_which_a_law_is_broken_is_seen(honest: Run, world: World) -> None:
    forged = world.edit(honest)
    assert forged != honest, "the edit changes nothing: what it is about is no longer in the run"
    around = ("deploy", AFTER)
    verdicts, status = judged({of: told for of, told in forged.items() if of in around or told != honest[of]})
    of_check = [judgement.verdict for judgement in verdicts if judgement.check == world.check]
    assert of_check, f"there is no check {world.check}"
    worst = max(of_check, key=lambda verdict: verdict.outcome.rank)
    assert worst.outcome in world.outcomes, worst.report()
    assert world.reason in worst.because, worst.report()
    assert status is not Exit.HOLDS
