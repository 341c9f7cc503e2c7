"""Traffic against servers that are slow or close: what is due is sent when it is due, and kept connections are used."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kubeproof.evidence.request_log import LATE
from kubeproof.observe.deployed import AGENT
from kubeproof.probe.traffic import KEPT
from tests.helpers.loopback import QuietHandler, serving

FOLDER = Path(__file__).parents[3] / "kubeproof"


class Counted(QuietHandler):
    """Answers after so many seconds, and knows its connections."""

    takes = 0.0
    says = "keep-alive"
    connections = None

    def do_GET(self):
        self.connections.add(self.client_address)
        time.sleep(self.takes)
        self.answer(200, b"{}", Connection=self.says)
        self.close_connection = self.says == "close"


def sent(handler, *, rate, seconds):
    """The requests of a traffic of so many seconds, by kind of connection."""
    handler.connections = set()
    with serving(handler) as port:
        plan = {"method": "GET", "url": f"http://127.0.0.1:{port}/", "body": None, "rate": rate, "seconds": seconds}
        command = [sys.executable, *AGENT[1:], "traffic"]
        running = subprocess.Popen(command, cwd=FOLDER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        running.stdin.write(json.dumps(plan) + "\n")
        running.stdin.flush()
        lines = [json.loads(line) for line in running.stdout]
        running.stdin.close()
        assert running.wait(10) == 0
    return {
        kind: [line for line in lines if line["kind"] == "request" and line["connection"] == kind]
        for kind in ("new", "reused")
    }


@pytest.mark.parametrize("kind", ["new", "reused"])
def test_nobody_waits_for_the_answers_of_others(kind):
    class Slow(Counted):
        takes = 2.0

    requests = sent(Slow, rate=20, seconds=2)[kind]
    assert len(requests) == 40
    assert {line["status"] for line in requests} == {200}
    # Forty were under way at once. A busy machine may be late with a few.
    late = sorted(line["sent"] - line["intended"] for line in requests)
    assert late[len(late) // 2] < LATE
    assert all(line["seconds"] >= 2.0 for line in requests)
    assert {line["to"] for line in requests} == {None}


def test_kept_connections_take_turns_and_no_more_are_opened_than_are_kept():
    class Quick(Counted):
        pass

    requests = sent(Quick, rate=40, seconds=1)
    assert len(requests["new"]) == len(requests["reused"]) == 40
    assert 40 + 2 <= len(Quick.connections) <= 40 + KEPT


def test_a_connection_that_is_to_be_closed_is_not_used_again():
    class Closes(Counted):
        says = "close"

    requests = sent(Closes, rate=40, seconds=1)
    assert {line["error"] for line in requests["reused"]} == {None}
    assert len(Closes.connections) == 80
