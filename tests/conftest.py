"""Fixtures that several folders of fast tests share."""

from collections.abc import Iterator

import pytest

from tests.postgres_child import PostgresChild, postgres_child


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresChild]:
    """A running PostgreSQL with the services' database, one for the session. Who stops it starts it again."""
    with postgres_child() as child:
        yield child
