"""A waitress that ends well: told to stop, it finishes what it has and loses no request.

The order, with the default bounds (docs: the pod's grace period must be larger than preStop + linger + in_flight):

1. SIGTERM: readiness says draining, each response says Connection: close, new connections are still served;
2. after `linger` seconds (every pooled connection had its chance to see that) the backlog is accepted once
   more and the listener closed;
3. idle connections are closed, the others finish, at most `in_flight` seconds;
4. the workers end; the caller may let go of what they used.

A second signal ends the process at once.
"""

import logging
import resource
import time
from dataclasses import dataclass
from typing import Any

from waitress import wasyncore
from waitress.server import create_server

from serving.body import MAX_BODY, MAX_HEADER
from serving.bulkhead import PERMITS
from serving.channel import channel_class
from serving.lifecycle import Lifecycle
from serving.log import lines_held, write_held
from serving.loop import Watched
from serving.metrics import Metrics
from serving.middleware import WsgiApp
from serving.workers import Workers

_log = logging.getLogger("server")

RESERVE = 2  # workers for probes, scrapes and refusals
CONNECTIONS = 1000
ROOM = 50  # how many there is room for again once some were closed
TURN = 0.2  # seconds: how long the loop sleeps at most
IDLE = 0.5  # seconds without a byte: what is in flight on loopback or a cluster network has arrived
DEAF = 60.0  # seconds in which a client takes nothing of an answer that waits for it; then it is hung up on


@dataclass(frozen=True)
class Drain:
    """Bounds of the drain in seconds."""

    linger: float = 5.0
    in_flight: float = 25.0


class CannotListen(Exception):
    """The port cannot be had; the text is the system's reason."""


def serve(
    app: WsgiApp,
    *,
    port: int,
    lifecycle: Lifecycle,
    host: str = "0.0.0.0",
    drain: Drain = Drain(),
    metrics: Metrics | None = None,
) -> None:
    """Serve `app` until `lifecycle` drains, finish what is here, return. Raises CannotListen."""
    _allow_files(2 * CONNECTIONS)
    try:
        server = _listen(app, host, port, lifecycle)
    except OSError as error:
        raise CannotListen(str(error)) from error
    lifecycle.wakes(server.pull_trigger)  # Python goes on waiting after a signal handler (PEP 475)
    if metrics:
        _tell(server, metrics)
    _log.info("listening on %s:%s", server.effective_host, server.effective_port)
    with lines_held():
        _serve_and_drain(server, lifecycle, drain)


def _serve_and_drain(server: Any, lifecycle: Lifecycle, drain: Drain) -> None:
    while not lifecycle.draining:
        _turn(server)
    began = time.monotonic()
    _log.info("draining: %d connections, lingering %.1f s", len(server.active_channels), drain.linger)
    while time.monotonic() < began + drain.linger:
        _turn(server)
    _close_listener(server)
    _finish(server, within=drain.in_flight)
    server.task_dispatcher.shutdown(timeout=2)
    _log.info("drained in %.1f s", time.monotonic() - began)


def _tell(server: Any, metrics: Metrics) -> None:
    metrics.gauge("server_connections", "Connections that are open.", lambda: len(server.active_channels))
    metrics.gauge("server_requests_queued", "Requests no worker has taken.", lambda: server.task_dispatcher.waiting)


def _listen(app: WsgiApp, host: str, port: int, lifecycle: Lifecycle) -> Any:
    server = create_server(
        app,
        host=host,
        port=port,
        map=Watched(),
        _dispatcher=Workers(general=PERMITS, reserve=RESERVE),
        connection_limit=CONNECTIONS,
        channel_request_lookahead=1,  # a connection is watched while its request is served
        max_request_body_size=MAX_BODY + 1,  # waitress refuses what is as large as this
        max_request_header_size=MAX_HEADER,
        inbuf_overflow=2 * MAX_BODY,  # a body never becomes a temporary file: the root may be read-only
        outbuf_overflow=8 * MAX_BODY,
        ident=None,
        log_socket_errors=False,  # a client that went away is its own affair
    )
    server.channel_class = channel_class(lifecycle)
    return server


def _turn(server: Any) -> None:
    if server.in_connection_overflow:
        _make_room(server)
    server._map.stir(server._fileno)  # the listener: is there room for one more?
    if server._map.turn(TURN):
        _hang_up_on_the_deaf(server)
    server.task_dispatcher.hand_out()
    write_held()


def _make_room(server: Any) -> None:
    """Close those who were silent for longest: without room for one more, a probe would wait in the backlog."""
    # A connection that has only just come does not count as silent: it may be a probe among busy clients.
    silent = [
        channel for channel in server.active_channels.values() if not _is_served(channel) and _silence(channel) > IDLE
    ]
    # Waitress notices room one turn late: without counting, the next turn would close as many again.
    needed = max(0, len(server.active_channels) + ROOM - CONNECTIONS)
    for channel in sorted(silent, key=_silence, reverse=True)[:needed]:
        channel.handle_close()


def _hang_up_on_the_deaf(server: Any) -> None:
    """Close what waitress cannot: it closes a connection when it may be written to, and one nobody reads never may."""
    for channel in list(server.active_channels.values()):
        if channel.total_outbufs_len and _silence(channel) > DEAF:
            _log.info("hung up: %d bytes were not read within %.0f s", channel.total_outbufs_len, DEAF)
            channel.handle_close()


def _close_listener(server: Any) -> None:
    before = -1
    while before != len(server.active_channels):  # what the kernel has accepted for us is ours to serve
        before = len(server.active_channels)
        server.handle_accept()
    # Not server.close(): that also closes the trigger, which the workers still pull.
    wasyncore.dispatcher.close(server)


def _finish(server: Any, *, within: float) -> None:
    deadline = time.monotonic() + within
    while server.active_channels and time.monotonic() < deadline:
        for channel in list(server.active_channels.values()):
            if _is_idle(channel):
                channel.handle_close()
        _turn(server)
    if server.active_channels:
        _log.warning("%d connections were not done after %.0f s", len(server.active_channels), within)


def _is_idle(channel: Any) -> bool:
    waiting = channel.requests or channel.total_outbufs_len or channel.request is not None
    return not waiting and _silence(channel) > IDLE


def _is_served(channel: Any) -> bool:
    """Whether a worker has a request of it, or will have one without the client doing anything."""
    return bool(channel.requests) and not channel.held_back


def _silence(channel: Any) -> float:
    """Give the seconds since a byte came or went."""
    return time.time() - float(channel.last_activity)


def _allow_files(wanted: int) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < limit:
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))
