"""What the profile says of our programs is what the programs do: numbers that no manifest holds."""

from pathlib import Path

from conformance.declared.profile import read_profile
from consumer.upstream import Patience
from items.connection import FOR_CHECKS, FOR_REQUESTS
from serving.checker import STALE
from serving.server import THREADS, Drain

PROFILE = read_profile(Path(__file__).resolve().parents[2] / "kubeproof.toml")
DRAIN, PATIENCE = Drain(), Patience()


def test_every_drain_is_the_one_of_both_services():
    assert PROFILE.drains
    for drain in PROFILE.drains:
        assert (drain.linger.value, drain.in_flight.value) == (DRAIN.linger, DRAIN.in_flight)


def test_every_time_out_is_the_one_of_its_program():
    chains = {chain.name: [each.seconds.value for each in chain.order] for chain in PROFILE.chains}
    request = [FOR_REQUESTS.statement, FOR_REQUESTS.answer, PATIENCE.read, PATIENCE.total, DRAIN.in_flight]
    assert chains == {
        "a request": request,
        "a look at the database": [FOR_CHECKS.statement, FOR_CHECKS.answer, STALE],
    }


def test_a_pod_opens_a_connection_for_each_thread_and_one_to_look():
    [connections] = PROFILE.connections
    assert connections.per_pod.value == THREADS + 1
