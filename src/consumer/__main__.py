"""Start the consumer: `python -m consumer`. Exit 0 after a drain, 2 on a wrong setting, 1 if it cannot listen."""

import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from serving.process import run

if TYPE_CHECKING:
    from consumer.settings import Settings
    from serving.instance import Instance
    from serving.middleware import WsgiApp


def settings_from(env: Mapping[str, str]) -> "Settings":
    """Read the settings; imported late, as all below: run() catches signals first."""
    from consumer.settings import Settings

    return Settings.from_env(env)


def build(settings: "Settings", instance: "Instance") -> tuple["WsgiApp", Callable[[], None]]:
    """Give the app, and nothing to let go of at the end."""
    from consumer.app import make_app
    from consumer.breaker import Breaker
    from consumer.measures import Measures
    from consumer.upstream import Upstream

    breaker = Breaker()
    upstream = Upstream(
        settings.items_url,
        breaker=breaker,
        observer=Measures(instance.metrics.registry, breaker),
        stopping=lambda: instance.lifecycle.draining,
    )
    return make_app(upstream, instance), lambda: None


if __name__ == "__main__":
    sys.exit(run("consumer", settings_from, build))
