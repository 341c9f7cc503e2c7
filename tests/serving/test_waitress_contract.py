"""What the drain takes from waitress without a promise. One of these fails before a rollout loses requests."""

import inspect
import threading
from importlib.metadata import version
from typing import Any

from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import TcpWSGIServer, create_server
from waitress.task import ErrorTask, Task, ThreadedTaskDispatcher, WSGITask


def a_server() -> Any:
    """A server on a free loopback port; the caller closes it."""
    return create_server(lambda _environ, _start: [], host="127.0.0.1", port=0, threads=1)


def test_the_version_is_the_one_that_was_read() -> None:
    assert version("waitress") == "3.0.2", "read channel.py, task.py and server.py again, then move this"


def test_a_channel_takes_its_task_classes_from_its_class() -> None:
    assert HTTPChannel.task_class is WSGITask
    assert HTTPChannel.error_task_class is ErrorTask
    source = inspect.getsource(HTTPChannel.service)
    assert source.count("self.error_task_class(") == 2
    assert "self.task_class(" in source


def test_a_header_is_built_in_one_place_from_the_requests_connection_header() -> None:
    source = inspect.getsource(Task.build_response_header)
    assert 'self.request.headers.get("CONNECTION", "")' in source
    assert inspect.getsource(Task.write).count("self.build_response_header()") == 1
    assert WSGITask.build_response_header is Task.build_response_header


def test_a_server_makes_channels_of_its_class_and_keeps_them_by_descriptor() -> None:
    assert TcpWSGIServer.channel_class is HTTPChannel
    assert "self.channel_class(self, conn, addr, self.adj, map=self._map)" in inspect.getsource(
        TcpWSGIServer.handle_accept
    )
    assert "self.server.active_channels[self._fileno] = self" in inspect.getsource(HTTPChannel.add_channel)


def test_closing_the_listener_alone_leaves_the_trigger_open() -> None:
    server = a_server()
    wasyncore.dispatcher.close(server)
    server.pull_trigger()
    wasyncore.loop(timeout=0.1, use_poll=True, map=server._map, count=1)
    server.trigger.close()
    server.task_dispatcher.shutdown()


def test_pulling_the_trigger_without_a_task_takes_no_lock() -> None:
    server = a_server()
    with server.trigger.lock:  # a signal handler may run while the main thread holds it
        pulling = threading.Thread(target=server.pull_trigger, daemon=True)
        pulling.start()
        pulling.join(2)
        assert not pulling.is_alive()
    server.close()
    server.task_dispatcher.shutdown()


def test_what_idle_means_is_still_kept_where_it_was() -> None:
    source = inspect.getsource(HTTPChannel.__init__)
    assert "self.last_activity = time.time()" in source
    assert "self.requests = []" in source
    assert HTTPChannel.request is None
    assert (HTTPChannel.total_outbufs_len, HTTPChannel.will_close) == (0, False)
    assert "self.will_close" in inspect.getsource(HTTPChannel.handle_write)


def test_a_parser_says_what_is_wrong_as_error_with_code_reason_and_body() -> None:
    parser = HTTPRequestParser(a_server_adjustments())
    parser.received(b"GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n")
    assert (parser.error.code, parser.error.reason) == (400, "Bad Request")
    assert isinstance(parser.error.body, str)


def test_a_shutdown_cancels_what_is_queued_so_it_must_come_last() -> None:
    signature = inspect.signature(ThreadedTaskDispatcher.shutdown)
    assert signature.parameters["cancel_pending"].default is True
    assert "timeout" in signature.parameters


def a_server_adjustments() -> Any:
    """Waitress's default settings."""
    from waitress.adjustments import Adjustments

    return Adjustments()
