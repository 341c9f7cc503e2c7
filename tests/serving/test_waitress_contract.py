"""What serving takes from waitress without a promise. One of these fails before a rollout loses requests."""

import hashlib
import inspect
import threading
from collections.abc import Callable, Iterator
from importlib.metadata import version
from typing import Any

import pytest
from waitress import trigger, wasyncore
from waitress.adjustments import Adjustments
from waitress.channel import ClientDisconnected, HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import BaseWSGIServer, TcpWSGIServer, create_server
from waitress.task import ErrorTask, Task, WSGITask
from waitress.utilities import InternalServerError

from serving.channel import Channel
from serving.request import Request
from serving.response import ProblemTask, WholeTask


class Idle:
    """A task dispatcher that does nothing."""

    def add_task(self, task: Any) -> None:
        """Forget it."""


@pytest.fixture
def server() -> Iterator[Any]:
    """A server on a free loopback port that nobody turns."""
    made = create_server(lambda _environ, _start: [], host="127.0.0.1", port=0, map={}, _dispatcher=Idle())
    yield made
    made.close()


def source(of: Any) -> str:
    """Give the text of a function or class."""
    return inspect.getsource(of)


def test_the_version_is_the_one_that_was_read() -> None:
    assert version("waitress") == "3.0.2", "read channel.py, task.py and server.py again, then move this"


@pytest.mark.parametrize(
    ("replaced", "digest"),
    [
        (HTTPChannel.service, "f73afa13748e"),
        (HTTPChannel.handle_read, "5f1fb08c95aa"),
        (HTTPChannel.readable, "e4722238ce60"),
        (HTTPChannel.writable, "d0cbd4ae1b3b"),
        (HTTPChannel.handle_write, "6c900f395b30"),
        (HTTPChannel.write_soon, "20eedb92a823"),
        (HTTPChannel.received, "08d6df73fb69"),
        (Task.build_response_header, "2cf70b88816f"),
        (Task.write, "f9a97135b3b5"),
        (Task.finish, "9bc080ca7474"),
        (WSGITask.execute, "207afc60fcf3"),
        (ErrorTask.execute, "4abe3262db04"),
        (wasyncore.readwrite, "2467235cc3f4"),
        (wasyncore.poll2, "f2ea2bd150ff"),
    ],
    ids=lambda value: getattr(value, "__qualname__", ""),
)
def test_what_is_replaced_or_called_inside_is_what_was_read(replaced: Callable[..., Any], digest: str) -> None:
    assert hashlib.sha256(source(replaced).encode()).hexdigest()[:12] == digest, (
        f"{replaced.__qualname__} changed: compare it with src/serving, then write the new digest here"
    )


def test_a_channel_takes_its_parser_and_its_tasks_from_its_class() -> None:
    assert HTTPChannel.parser_class is HTTPRequestParser
    assert (HTTPChannel.task_class, HTTPChannel.error_task_class) == (WSGITask, ErrorTask)
    assert (Channel.parser_class, Channel.task_class, Channel.error_task_class) == (Request, WholeTask, ProblemTask)


def test_a_task_writes_and_reads_its_environ_through_methods_that_can_be_replaced() -> None:
    assert "environ = self.get_environment()" in source(WSGITask.execute)
    assert "self.write(chunk)" in source(WSGITask.execute)
    assert 'self.write(b"")' in source(Task.finish)
    assert source(Task.write).count("self.build_response_header()") == 1
    assert all(hasattr(Task, name) for name in ("has_body", "close_on_finish", "chunked_response", "content_length"))
    assert "self.content_length = int(v)" in source(WSGITask.execute)


def test_a_server_takes_map_dispatcher_and_channel_class_from_outside(server: Any) -> None:
    assert TcpWSGIServer.channel_class is HTTPChannel
    assert isinstance(server.task_dispatcher, Idle)
    assert server._map[server._fileno] is server
    assert [type(watched) for watched in server._map.values()] == [trigger.trigger, TcpWSGIServer]
    assert "self.channel_class(self, conn, addr, self.adj, map=self._map)" in source(TcpWSGIServer.handle_accept)


def test_descriptors_enter_and_leave_the_map_one_by_one() -> None:
    assert "map[self._fileno] = self" in source(wasyncore.dispatcher.add_channel)
    assert "del map[fd]" in source(wasyncore.dispatcher.del_channel)
    closing = source(wasyncore.dispatcher.close)
    assert closing.index("self.del_channel()") < closing.index("self.socket.close()")  # epoll knows it until then


def test_channels_are_kept_by_descriptor_and_say_what_they_are_about() -> None:
    assert "self.server.active_channels[self._fileno] = self" in source(HTTPChannel.add_channel)
    made = source(HTTPChannel.__init__)
    for name in ("last_activity = time.time()", "self.requests = []", "self.requests_lock", "self.outbuf_lock"):
        assert name in made
    assert (HTTPChannel.request, HTTPChannel.total_outbufs_len) == (None, 0)
    assert (HTTPChannel.will_close, HTTPChannel.close_when_flushed) == (False, False)
    assert issubclass(ClientDisconnected, Exception)


def test_a_full_server_says_so_and_asks_how_many_there_are_each_time_it_is_asked() -> None:
    assert BaseWSGIServer.in_connection_overflow is False
    assert "len(self._map) >= self.adj.connection_limit" in source(BaseWSGIServer.readable)
    assert "self.maintenance(now)" in source(BaseWSGIServer.readable)


def test_one_request_may_be_read_ahead() -> None:
    assert Adjustments(channel_request_lookahead=1).channel_request_lookahead == 1
    assert "len(self.requests) > self.adj.channel_request_lookahead" in source(HTTPChannel.readable)


def test_closing_the_listener_alone_leaves_the_trigger_open(server: Any) -> None:
    wasyncore.dispatcher.close(server)
    server.pull_trigger()
    assert [type(watched) for watched in server._map.values()] == [trigger.trigger]


def test_pulling_the_trigger_without_a_task_takes_no_lock(server: Any) -> None:
    with server.trigger.lock:  # a signal handler may run while the main thread holds it
        pulling = threading.Thread(target=server.pull_trigger, daemon=True)
        pulling.start()
        pulling.join(2)
        assert not pulling.is_alive()


def test_a_parser_says_what_is_wrong_as_error_with_code_reason_and_body() -> None:
    parser = HTTPRequestParser(Adjustments())
    parser.received(b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n")
    assert (parser.error.code, parser.error.reason) == (400, "Bad Request")
    assert isinstance(parser.error.body, str)
    assert (InternalServerError("why").code, InternalServerError("why").body) == (500, "why")


def test_a_parsed_request_has_its_path_decoded() -> None:
    parser = HTTPRequestParser(Adjustments())
    parser.received(b"GET /he%61lth?x=1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    assert (parser.path, parser.command, parser.error) == ("/health", "GET", None)
    assert parser.headers["CONNECTION"] == "close"


def test_limits_are_refused_from_the_given_size_on() -> None:
    parser = HTTPRequestParser(Adjustments(max_request_body_size=10, max_request_header_size=100))
    parser.received(b"POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\n")
    assert parser.error.code == 413
