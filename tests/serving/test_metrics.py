"""What is counted is labelled by route template, never by what somebody typed into a path."""

import pytest
from bottle import Bottle
from prometheus_client.parser import text_string_to_metric_families

from serving.instance import Instance
from serving.lifecycle import Lifecycle
from serving.metrics import add_metrics
from serving.middleware import WsgiApp, observed
from serving.problem import speak_problems
from tests.helpers.wsgi_client import ask


class Counted:
    """A small app with metrics."""

    def __init__(self) -> None:
        self.lifecycle, bottle = Lifecycle(), Bottle()
        instance = Instance.here("test", self.lifecycle)
        speak_problems(bottle)
        bottle.route("/items/<item_id>", "GET", lambda item_id: {"id": item_id})
        bottle.route("/broken", "GET", lambda: 1 / 0)
        add_metrics(bottle, instance.metrics)
        self.app: WsgiApp = observed(bottle, pod=instance.pod, metrics=instance.metrics)

    def scrape(self) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
        """Give every sample by name and labels, as Prometheus would read it."""
        text = ask(self.app, "GET", "/metrics").body.decode()
        return {
            (sample.name, frozenset(sample.labels.items())): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    def count(self, method: str, route: str, status: str) -> float | None:
        """How many requests of this kind were counted."""
        labels = {"method": method, "route": route, "status": status}
        return self.scrape().get(("http_request_duration_seconds_count", frozenset(labels.items())))


@pytest.mark.filterwarnings("ignore:Unknown REQUEST_METHOD")
@pytest.mark.parametrize(
    ("method", "path", "labels"),
    [
        ("GET", "/items/7", ("GET", "/items/<item_id>", "200")),
        ("HEAD", "/items/7", ("HEAD", "/items/<item_id>", "200")),
        ("GET", "/nowhere/7", ("GET", "unmatched", "404")),
        ("PATCH", "/items/7", ("PATCH", "unmatched", "405")),
        ("BREW", "/items/7", ("other", "unmatched", "405")),
        ("GET", "/broken", ("GET", "/broken", "500")),
    ],
)
def test_a_request_is_counted_by_method_route_and_status(method: str, path: str, labels: tuple[str, str, str]) -> None:
    counted = Counted()
    ask(counted.app, method, path)
    ask(counted.app, method, path)
    assert counted.count(*labels) == 2


@pytest.mark.filterwarnings("ignore:Unknown REQUEST_METHOD")
def test_paths_make_no_series_of_their_own() -> None:
    counted = Counted()
    for number in range(50):
        ask(counted.app, "GET", f"/items/{number}")
        ask(counted.app, "GET", f"/{number}")
        ask(counted.app, f"M{number}", "/items/1")
    routes = {dict(labels).get("route") for _, labels in counted.scrape()} - {None}
    assert routes == {"/items/<item_id>", "unmatched"}


def test_a_drain_can_be_seen() -> None:
    counted = Counted()
    assert counted.scrape()["draining", frozenset()] == 0
    counted.lifecycle.drain()
    assert counted.scrape()["draining", frozenset()] == 1


def test_the_process_and_the_service_are_named() -> None:
    samples = Counted().scrape()
    assert samples["process_resident_memory_bytes", frozenset()] > 1e6
    assert samples["service_info", frozenset({"name": "test", "version": "0.1.0"}.items())] == 1


def test_no_series_says_only_since_when_another_counts() -> None:
    counted = Counted()
    ask(counted.app, "GET", "/items/7")
    assert not [name for name, _ in counted.scrape() if name.endswith("_created")]
