"""Held connections against real servers on loopback: what a drain cuts is seen each time, and ours cuts nothing."""

import contextlib
import json
import os
import subprocess
import sys
import threading
import time
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest

from children.postgres import free_port
from kubeproof.observe.agent_pods import AGENT
from kubeproof.probe.holding import HELD
from tests.helpers.loopback import QuietHandler, serving
from tests.helpers.service_child import service_child

PATIENCE = 60.0  # seconds for what takes one on a quiet machine: nothing is measured here
ROOT = Path(__file__).parents[3]
CUTS = str(ROOT / "children" / "cutting_drain.py")
SERVES = str(ROOT / "tests" / "serving" / "small_service.py")
DRAINS = 10
APART = 0.35  # seconds between the ends of two of them: four at a time are asked at once
TAKES = "0.003"  # seconds for an answer, as of a service with a database
DENSE = 1.2  # seconds of asking at once before a signal


class Agent:
    """`hold` as a child process, told what a test says; `lines` are complete once the block ended."""

    def __init__(self, pods, *, seconds=60, rate=4):
        pods = [{**pod, "uid": pod["pod"]} for pod in pods]
        self._plan = {"pods": pods, "method": "GET", "body": None, "rate": rate, "seconds": seconds}
        self.lines = []

    def __enter__(self):
        command = [sys.executable, *AGENT[1:], "hold"]
        folder = ROOT / "kubeproof"
        self._child = subprocess.Popen(command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.tell(self._plan)
        return self

    def tell(self, what):
        self._child.stdin.write(f"{json.dumps(what)}\n")
        self._child.stdin.flush()

    def ask_often(self, pod, *, after=0.0, lasting=6.0):
        self.tell({"uid": pod, "after": after, "for": lasting, "every": 0})

    def __exit__(self, *_):
        with contextlib.suppress(BrokenPipeError):
            self.tell("stop")
        said, _ = self._child.communicate(timeout=30)
        self.lines = [json.loads(line) for line in said.splitlines()]

    def requests(self, pod="a"):
        return [line for line in self.lines if (line["kind"], line.get("to")) == ("request", pod)]

    def ends(self, pod="a"):
        return [line for line in self.lines if (line["kind"], line.get("to")) == ("held.end", pod)]


def url(port, path="/"):
    return f"http://127.0.0.1:{port}{path}"


@pytest.fixture
def drained(tmp_path):
    """Run so many of a program, tell each to end while it is asked at once, and give the agent with its lines."""

    def run(program, *arguments, path):
        with contextlib.ExitStack() as stack:
            ports = {f"pod-{n}": free_port() for n in range(DRAINS)}
            children = {}
            for pod, port in ports.items():
                child = service_child(program, "{port}", *arguments, log=tmp_path / pod, port=port)
                children[pod] = stack.enter_context(child)
            with Agent([{"pod": pod, "url": url(port, path)} for pod, port in ports.items()]) as agent:
                time.sleep(0.7)
                for n, pod in enumerate(children):
                    agent.ask_often(pod, after=n * APART)
                began = time.monotonic()
                for n, child in enumerate(children.values()):
                    time.sleep(max(0.0, began + n * APART + DENSE - time.monotonic()))
                    child.terminate()
                for child in children.values():
                    child.ended(within=10)
        return agent

    return run


def under_way(ends):
    """The share of the last second before the last of these ends in which a request was under way."""
    last = max(end["at"] for end in ends)
    covered, until = 0.0, last - 1
    for sent, answered in sorted((end["at"] - sent, end["at"] - back) for end in ends for sent, back in end["busy"]):
        covered += max(0.0, answered - max(sent, until))
        until = max(until, answered)
    return covered


def test_a_drain_that_cuts_what_is_under_way_is_seen_ten_times_of_ten(drained):
    agent = drained(CUTS, TAKES, "0.5", path="/")
    for n in range(DRAINS):
        lost = [line["error"] for line in agent.requests(f"pod-{n}") if line["error"]]
        assert lost, f"nothing of pod-{n} was lost"
        assert all("Reset" in error or "Remote" in error for error in lost)
        assert under_way(agent.ends(f"pod-{n}")) > 0.8
        assert "cut" in {end["how"] for end in agent.ends(f"pod-{n}")}


def test_our_own_drain_loses_nothing_ten_times_of_ten(drained):
    agent = drained(SERVES, "0.5", "5", path="/fast")
    for n in range(DRAINS):
        assert {(line["status"], line["error"]) for line in agent.requests(f"pod-{n}")} == {(200, None)}
        assert [end["how"] for end in agent.ends(f"pod-{n}")] == ["told to close"] * HELD
        assert under_way(agent.ends(f"pod-{n}")) > 0.8


class Counting(QuietHandler):
    """Answers with a `pod` and counts; closes each connection after so many answers."""

    closes_after = 10**6
    says_so = True
    asked = 0

    def do_GET(self):
        type(self).asked += 1
        self.mine = getattr(self, "mine", 0) + 1
        last = self.mine >= self.closes_after
        headers = {"Connection": "close"} if last and self.says_so else {}
        self.answer(200, b"{}", X_Pod="a", **headers)
        self.close_connection = self.close_connection or last


def held(handler, *, asked, often=False):
    """An agent that held connections to a server until that was asked so often, however long it takes here."""
    with serving(handler) as port, Agent([{"pod": "a", "url": url(port)}], rate=20) as agent:
        if often:
            agent.ask_often("a")
        deadline = time.monotonic() + PATIENCE
        while handler.asked < asked and time.monotonic() < deadline:
            time.sleep(0.05)
    return agent


def test_answers_that_are_the_same_are_one_line_and_a_count():
    class Same(Counting):
        pass

    agent = held(Same, asked=10 * HELD, often=True)
    assert len(agent.requests()) == HELD
    (first, *_) = agent.requests()
    known = {"connection": "held", "to": "a", "status": 200, "error": None, "phase": None, "pod": "a"}
    assert known.items() <= first.items()
    assert first["intended"] == first["sent"] <= time.time()
    assert [end["how"] for end in agent.ends()] == ["stopped"] * HELD
    assert sum(end["requests"] for end in agent.ends()) == Same.asked >= 10 * HELD
    assert agent.lines[-1] == {"kind": "ledger.end", "connection": "held", "sent": HELD}


def test_an_answer_that_is_another_one_than_the_first_is_a_line_each_time():
    class Moody(Counting):
        def do_GET(self):
            type(self).asked += 1
            self.answer(503 if self.asked % 10 == 0 else 200, b"{}")

    agent = held(Moody, asked=2 * HELD)
    assert sum(line["status"] == 503 for line in agent.requests()) == Moody.asked // 10


@pytest.mark.parametrize("says_so", [True, False], ids=["told to close", "closed while idle"])
def test_a_server_that_closes_a_connection_now_and_then_has_not_left(says_so):
    class Limited(Counting):
        closes_after = 5

    Limited.says_so = says_so
    agent = held(Limited, asked=6 * HELD)
    assert {line["error"] for line in agent.requests()} == {None}
    assert [end["how"] for end in agent.ends()] == ["stopped"] * HELD
    assert Limited.asked >= 6 * HELD


def test_a_server_that_keeps_no_connection_says_so_at_its_first_answers():
    class Closes(Counting):
        closes_after = 1

    agent = held(Closes, asked=2 * HELD)
    assert [(end["how"], end["requests"]) for end in agent.ends()] == [("not kept", 2)] * HELD


def test_nobody_there_is_said_and_is_no_request(closed_port):
    with Agent([{"pod": "a", "url": url(closed_port)}]) as agent:
        time.sleep(0.5)
    assert agent.requests() == []
    assert all(end["how"].startswith("never opened: ConnectionRefused") for end in agent.ends())
    assert len(agent.ends()) == HELD


def test_a_pod_that_closes_idle_connections_and_listens_no_more_has_left_without_a_loss():
    class Leaves(Counting):
        timeout = 0.6  # seconds without a request, after which http.server closes

    server = ThreadingHTTPServer(("127.0.0.1", 0), Leaves)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with Agent([{"pod": "a", "url": url(server.server_port)}], rate=8) as agent:
        time.sleep(0.6)
        server.shutdown()
        server.server_close()
        agent.tell({"uid": "a", "after": 0.0, "for": 5, "every": 3.0})
        time.sleep(1.5)
    assert {line["error"] for line in agent.requests()} == {None}
    assert [end["how"] for end in agent.ends()] == ["closed while idle"] * HELD


def test_it_ends_by_itself_when_its_time_is_over_and_with_standard_input():
    class Same(Counting):
        pass

    with serving(Same) as port:
        command = [sys.executable, *AGENT[1:], "hold"]
        pods = [{"pod": "a", "uid": "a", "url": url(port)}]
        plan = {"pods": pods, "method": "GET", "body": None, "rate": 4, "seconds": 60}
        ended = subprocess.run(
            command,
            cwd=ROOT / "kubeproof",
            input=json.dumps(plan) + "\n",
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=True,
        )
        assert '"ledger.end"' in ended.stdout
        ours, theirs = os.pipe()
        os.write(theirs, json.dumps({**plan, "seconds": 0.5}).encode() + b"\n")
        try:
            subprocess.run(
                command, cwd=ROOT / "kubeproof", stdin=ours, capture_output=True, timeout=PATIENCE, check=True
            )
        finally:
            os.close(ours)
            os.close(theirs)
