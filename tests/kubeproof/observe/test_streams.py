"""Lines of an agent become evidence as they come, however the connection cuts and ends them."""

import json
import time
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from kubeproof.observe import streams
from kubeproof.observe.streams import agent_running


class Stream:
    """A connection that gives these chunks and is closed then; one that is closed refuses to be written to."""

    def __init__(self, *chunks, stays_open=False):
        self._chunks, self._stays_open, self._said, self.told = list(chunks), stays_open, "", []
        if not chunks and not stays_open:
            self._chunks = [""]

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


def gaps(on):
    return [fields["says"] for _, kind, fields in on.recorded if kind == "gap"]


END = '{"kind": "asked.end", "asked": 1}\n'


@pytest.mark.parametrize(
    ("chunks", "says"),
    [
        (["no JSON\n", END], "ask in kubeproof-client: no line of an agent: no JSON"),
        (['["a list"]\n', END], "no line of an agent"),
        (['{"pod": "of no kind"}\n', END], "no line of an agent"),
        (['{"kind": "asked", "pod": "a"}\n'], "it ended without saying how much it had done"),
        ([END, '{"kind": "as'], "its last line was cut"),
        ([], "it ended without saying how much it had done"),
    ],
)
def test_what_is_lost_is_a_gap_and_the_rest_is_kept(on, chunks, says):
    on.stream = Stream(*chunks)
    with agent_running(on, "outage:ledger", "ask", {}) as done:
        assert done.wait(5)
    [said] = gaps(on)
    assert says in said
    assert len(on.recorded) == 1 + sum('"kind"' in chunk and chunk.endswith("\n") for chunk in chunks)


def test_a_connection_that_breaks_is_a_gap_and_is_not_waited_for(on, monkeypatch):
    on.stream = Stream('{"kind": "asked", "pod": "a"}\n', stays_open=True)
    update = on.stream.update

    def breaks(timeout):
        if not on.stream._chunks:
            raise ConnectionResetError("reset by peer")
        update(timeout)

    monkeypatch.setattr(on.stream, "update", breaks)
    with agent_running(on, "outage:ledger", "ask", {}) as done:
        assert done.wait(5)
    [said] = gaps(on)
    assert "its connection broke: ConnectionResetError('reset by peer')" in said


def test_an_agent_that_does_not_end_is_given_up_with_a_gap(on, monkeypatch):
    monkeypatch.setattr(streams, "LAST_WORDS", 0.1)
    on.stream = Stream(stays_open=True)
    monkeypatch.setattr(on.stream, "is_open", lambda: True)
    monkeypatch.setattr(on.stream, "update", lambda timeout: time.sleep(min(timeout, 0.3)))
    with agent_running(on, "outage:ledger", "ask", {}):
        pass
    time.sleep(0.4)
    assert gaps(on) == ["ask in kubeproof-client did not end within 0 s"]
