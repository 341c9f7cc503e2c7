"""What the consumer's tests share: an items service, and the consumer in front of it."""

from collections.abc import Iterator

import pytest

from children.postgres import PostgresChild
from consumer.upstream import Upstream
from serving.middleware import WsgiApp
from tests.consumer.items_server import items_server
from tests.consumer.telling_upstream import app_before


@pytest.fixture(scope="session")
def items_url(postgres: PostgresChild, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A running items service."""
    with items_server(postgres, tmp_path_factory.mktemp("items") / "log") as url:
        yield url


@pytest.fixture(scope="module")
def app(items_url: str) -> WsgiApp:
    """The consumer in this process, in front of the items service."""
    return app_before(Upstream(items_url))
