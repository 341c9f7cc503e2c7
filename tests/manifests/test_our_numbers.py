"""What the profile says of our programs is what the programs do: numbers that no manifest holds."""

from pathlib import Path

from consumer.retrying import PATIENCE
from items.connection import FOR_CHECKS, FOR_REQUESTS
from items.settings import POOL
from kubeproof.profile.reading import read_profile
from serving.checker import STALE
from serving.server import Drain

PROFILE = read_profile(Path(__file__).resolve().parents[2] / "kubeproof.toml")
DRAIN = Drain()


def test_every_drain_is_the_one_of_both_services():
    assert PROFILE.drains
    for drain in PROFILE.drains:
        assert (drain.linger.value, drain.in_flight.value) == (DRAIN.linger, DRAIN.in_flight)


def test_every_time_out_is_the_one_of_its_program():
    chains = {chain.name: [timeout.seconds.value for timeout in chain.order] for chain in PROFILE.chains}
    request = [FOR_REQUESTS.statement, FOR_REQUESTS.answer, PATIENCE.attempt, PATIENCE.total, DRAIN.in_flight]
    assert chains == {
        "a request": request,
        "a look at the database": [FOR_CHECKS.statement, FOR_CHECKS.answer, STALE],
    }


def test_a_pod_opens_its_pool_and_one_to_look():
    [connections] = PROFILE.connections
    assert connections.per_pod.value == POOL + 1
