"""Fixtures that several folders of fast tests share."""

import signal
import socket
from collections.abc import Iterator

import pytest

from children.postgres import PostgresChild, postgres_child


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresChild]:
    """A running PostgreSQL with the services' database, one for the session. Who stops it starts it again."""
    with postgres_child() as child:
        yield child


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port on loopback that is taken and on which nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


@pytest.fixture(autouse=True)
def signals_are_left_as_they_were() -> Iterator[None]:
    """A test that leaves a signal to kill the process would take those with it that come later, somewhere else."""
    watched = (signal.SIGPIPE, signal.SIGINT, signal.SIGTERM, signal.SIGALRM)
    before = [signal.getsignal(number) for number in watched]
    yield
    assert [signal.getsignal(number) for number in watched] == before
