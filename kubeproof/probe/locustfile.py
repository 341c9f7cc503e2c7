"""
Users that ask one path of one service as fast as they are told to.

    locust -f locustfile.py --headless --users 20 --spawn-rate 20 --run-time 240s --host http://shop:8080

What they ask is set by the environment, read once at start (a wrong value is one sentence, exit 2):

    KUBEPROOF_PATH    path and query to GET                              /
    KUBEPROOF_RATE    requests a second for each user at most; 0: no cap  25
    KUBEPROOF_ROTATE  requests on one connection before a new one        50
    KUBEPROOF_JSON    1: one JSON line a second on stdout, no table      0

The line is {"kind":"load","requests":total,"failures":total,"users":n,"cpu":percent}: totals since the start, and how
much of one CPU this process used in the last ten seconds, as Locust measures it (0 until it did so).
Exit status: 0 when any request was answered as asked, 1 when none was. A share of failures is not
judged here: it is in the lines, and judging belongs to whoever reads them.
"""

import json
import logging
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import gevent
from locust import FastHttpUser, constant, constant_throughput, events, task

# Locust's default is 0: requests in flight are cut off when the run ends, and count as failures.
STOP_TIMEOUT_SECONDS = 10.0


@dataclass(frozen=True)
class Settings:
    """What the users ask: at most `rate` requests a second each (0: no cap), `rotate` on one connection."""

    path: str = "/"
    rate: float = 25.0
    rotate: int = 50
    json_lines: bool = False

    @classmethod
    def from_env(cls, env: Mapping[str, str]) -> "Settings":
        """Read the KUBEPROOF_ variables; raise ValueError, one sentence, on a wrong value."""
        return cls(
            path=_path(env.get("KUBEPROOF_PATH", cls.path)),
            rate=_number(env, "KUBEPROOF_RATE", cls.rate, least=0),
            rotate=int(_number(env, "KUBEPROOF_ROTATE", cls.rotate, least=1)),
            json_lines=env.get("KUBEPROOF_JSON", "0") == "1",
        )


def _path(value: str) -> str:
    if not value.startswith("/"):
        raise ValueError(f"KUBEPROOF_PATH must start with a slash, not be {value!r}")
    return value


def _number(env: Mapping[str, str], name: str, default: float, *, least: float) -> float:
    message = f"{name} must be a number of at least {least}, not {env.get(name)!r}"
    try:
        value = float(env.get(name, default))
    except ValueError:
        raise ValueError(message) from None
    if not least <= value < float("inf"):
        raise ValueError(message)
    return value


try:
    SETTINGS = Settings.from_env(os.environ)
except ValueError as error:
    sys.stderr.write(f"load: {error}\n")
    sys.stderr.flush()
    # Not SystemExit: gevent, patched in but never started, would add a traceback of its own on the way out.
    os._exit(2)


class Visitor(FastHttpUser):
    """One user: asks the path again and again, and comes back on a new connection after some requests."""

    connection_timeout = 5.0
    network_timeout = 10.0
    wait_time = constant_throughput(SETTINGS.rate) if SETTINGS.rate else constant(0)

    def on_start(self) -> None:
        """Start with a share of the first connection used up, so that users do not all rotate at once."""
        self.asked = id(self) // 16 % SETTINGS.rotate

    @task
    def ask(self) -> None:
        """Ask once. kube-proxy balances connections, not requests: a kept one never reaches a new pod."""
        if self.asked >= SETTINGS.rotate:
            self.client.client.close()
            self.asked = 0
        self.asked += 1
        self.client.get(SETTINGS.path, name="ask")


def report_every_second(environment: Any) -> None:
    """Print a line a second until killed."""
    while True:
        gevent.sleep(1)
        _print_line(environment)


def _print_line(environment: Any) -> None:
    """Print one line of the protocol that the harness reads."""
    total, runner = environment.stats.total, environment.runner
    line = {
        "kind": "load",
        "requests": total.num_requests,
        "failures": total.num_failures,
        "users": runner.user_count if runner else 0,
        "cpu": round(runner.current_cpu_usage, 1) if runner else 0.0,
    }
    print(json.dumps(line, separators=(",", ":")), flush=True)


@events.init.add_listener  # type: ignore[untyped-decorator]  # Locust's events carry no types
def on_init(environment: Any, **_: Any) -> None:
    """Let requests in flight end, and take over stdout when somebody reads lines from it."""
    environment.stop_timeout = environment.stop_timeout or STOP_TIMEOUT_SECONDS
    # Users starting one after the other must not reset the totals: a reader takes them as ever growing.
    environment.reset_stats = False
    if SETTINGS.json_lines:
        logging.getLogger("locust.stats_logger").setLevel(logging.CRITICAL)
        gevent.spawn(report_every_second, environment)


@events.quitting.add_listener  # type: ignore[untyped-decorator]  # Locust's events carry no types
def on_quitting(environment: Any, **_: Any) -> None:
    """Print the last totals and set the exit status; one failed request in a million must not fail a load."""
    total = environment.stats.total
    if SETTINGS.json_lines:
        _print_line(environment)
    environment.process_exit_code = 0 if total.num_requests > total.num_failures else 1
