"""Lines of an agent become evidence as they come, however the connection cuts and ends them."""

import json
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from kubeproof.observe.streams import agent_running


class Stream:
    """A connection that gives these chunks and is closed then; one that is closed refuses to be written to."""

    def __init__(self, *chunks, stays_open=False):
        self._chunks, self._stays_open, self._said, self.told = list(chunks), stays_open, "", []

    def is_open(self):
        return bool(self._chunks or self._said) or (self._stays_open and not self.told)

    def update(self, timeout):  # noqa: ARG002  as the kubernetes client calls it
        if self._chunks:
            self._said += self._chunks.pop(0)

    def peek_stdout(self):
        return self._said

    def read_stdout(self):
        said, self._said = self._said, ""
        return said

    def write_stdin(self, text):
        if not self.is_open():
            raise ConnectionError("closed")
        if text == "{}\n":
            return  # the plan
        self.told.append(text)


@pytest.fixture
def on():
    recorded = []

    @contextmanager
    def streaming(*_):
        yield on.stream

    recorder = SimpleNamespace(line=lambda of, kind, **fields: recorded.append((of, kind, fields)))
    cluster = SimpleNamespace(streaming=streaming)
    on = SimpleNamespace(cluster=cluster, recorder=recorder, namespace="run-1", recorded=recorded)
    return on


def test_a_line_that_comes_in_pieces_is_one_line(on):
    first, second = ('{"kind": "asked", "pod": "a"}\n', '{"kind": "asked.end", "asked": 1}\n')
    on.stream = Stream(first[:9], first[9:] + second[:4], second[4:])
    with agent_running(on, "outage:ledger", "ask", {}) as done:
        assert done.wait(5)
    assert on.recorded == [("outage:ledger", "asked", {"pod": "a"}), ("outage:ledger", "asked.end", {"asked": 1})]


def test_an_agent_that_goes_on_is_told_to_stop_and_one_that_ended_is_not(on):
    on.stream = Stream(stays_open=True)
    with agent_running(on, "outage:ledger", "ask", {}) as done:
        assert not done.is_set()
    assert on.stream.told == ["stop\n"]
    on.stream = Stream(json.dumps({"kind": "asked.end", "asked": 0}) + "\n")
    with agent_running(on, "outage:ledger", "ask", {}) as done:
        assert done.wait(5)
    assert on.stream.told == []


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_connection_that_breaks_is_not_waited_for(on):
    on.stream = Stream("no JSON\n", stays_open=True)
    with agent_running(on, "outage:ledger", "ask", {}) as done:
        assert done.wait(5)
    assert on.recorded == []
