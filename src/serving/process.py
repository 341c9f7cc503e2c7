"""A service as a process: how it starts, what its exit status says, and that no early signal is lost."""

import os
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol, TypeVar

from serving.lifecycle import Lifecycle, drain_on_signals

if TYPE_CHECKING:
    from serving.instance import Instance
    from serving.middleware import WsgiApp
    from serving.settings import Mode


class ServiceSettings(Protocol):
    """What every service's settings have."""

    @property
    def mode(self) -> "Mode":
        """How to log."""

    @property
    def port(self) -> int:
        """Where to listen."""


S = TypeVar("S", bound=ServiceSettings)


def run(
    service: str,
    from_env: Callable[[Mapping[str, str]], S],
    build: Callable[[S, "Instance"], tuple["WsgiApp", Callable[[], None]]],
) -> int:
    """
    Run a service until told to stop and give its exit status.

    0 after a drain, 2 on a wrong setting, 1 if it cannot listen.

    `build` gives the app and what to call once nobody uses it any more. Both arguments should import what they need
    only when called: the signals are caught before.
    """
    lifecycle = Lifecycle()
    drain_on_signals(lifecycle)
    # Now what takes its time to import.
    from serving.instance import Instance
    from serving.log import start_log
    from serving.server import CannotListen, serve
    from serving.settings import SettingsError

    try:
        settings = from_env(os.environ)
    except SettingsError as error:
        print(f"{service}: {error}", file=sys.stderr)
        return 2
    start_log(settings.mode)
    instance = Instance.here(service, lifecycle)
    app, close = build(settings, instance)
    try:
        if not lifecycle.draining:
            serve(app, port=settings.port, lifecycle=lifecycle, metrics=instance.metrics)
    except CannotListen as error:
        print(f"{service}: cannot listen on port {settings.port}: {error}", file=sys.stderr)
        return 1
    finally:
        close()
    return 0
