"""The probe as a child process against a real server on loopback: what it says, also when things fail."""

import errno
import itertools
import json
import os
import socket
import socketserver
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from kubeproof.embedded.images.context import stage
from kubeproof.observe.agent_pods import AGENT
from kubeproof.probe.exchange import words
from tests.helpers.loopback import QuietHandler, serving

ROOT = Path(__file__).parents[3]
CONTEXT = ROOT / "kubeproof" / "probe"
GET = {"method": "GET", "body": None}
POST = {"method": "POST", "body": {"name": "cup"}}


class Answers(QuietHandler):
    def do_GET(self):
        body = {"id": 7, "path": self.path, "host": self.headers["Host"]}
        self.answer(200, json.dumps(body).encode(), X_Pod="pod-1", Location=self.headers["Host"])

    def do_POST(self):
        sent = self.rfile.read(int(self.headers["Content-Length"]))
        right = (sent, self.headers["Content-Type"]) == (b'{"name": "cup"}', "application/json")
        self.answer(201 if right else 400, b'{"id": 7}')


@pytest.fixture
def port():
    with serving(Answers) as served:
        yield served


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    """The folder that the image has as /opt/kubeproof: what its Dockerfile copies, and nothing of this repository."""
    root = tmp_path_factory.mktemp("image")
    stage(CONTEXT / "Dockerfile", CONTEXT, root / "probe")
    return root


@pytest.fixture
def said(image):
    """Give a command its plan, and its lines at its end; standard input stays open, and says `stdin` at once."""

    def run(command, plan, *, stdin=""):
        command = [sys.executable, *AGENT[1:], command]
        ours, theirs = os.pipe()
        try:
            os.write(theirs, f"{json.dumps(plan)}\n{stdin}".encode())
            done = subprocess.run(
                command, cwd=image, stdin=ours, stdout=subprocess.PIPE, text=True, timeout=30, check=True
            )
        finally:
            os.close(ours)
            os.close(theirs)
        return [json.loads(line) for line in done.stdout.splitlines()]

    return run


def test_connected_refused_and_not_observed_are_three_things(said, port, closed_port):
    targets = [
        {"host": "127.0.0.1", "port": port, "timeout": 1},
        {"host": "127.0.0.1", "port": closed_port, "timeout": 1},
        {"host": "no-such-name.invalid", "port": 1, "timeout": 1},
    ]
    outcomes = [line["outcome"] for line in said("connect", targets)]
    assert outcomes == ["connected", "refused", "not-observed"]


def test_a_greeting_tells_who_answers_from_who_only_takes_the_call(said, closed_port):
    class Talks(socketserver.BaseRequestHandler):
        def handle(self):
            self.request.sendall(b"N" if len(self.request.recv(8)) == 8 else b"")

    with (
        socketserver.ThreadingTCPServer(("127.0.0.1", 0), Talks) as living,
        socket.create_server(("127.0.0.1", 0)) as deaf,
    ):
        threading.Thread(target=living.serve_forever, daemon=True).start()
        ports = [living.server_address[1], deaf.getsockname()[1], closed_port]
        targets = [{"pod": "a", "host": "127.0.0.1", "port": port, "timeout": 0.3} for port in ports]
        plan = {"targets": targets, "rate": 20, "seconds": 0.1}
        lines = said("greet", plan)
        living.shutdown()
    assert {line["port"]: line["outcome"] for line in lines if line["kind"] == "greeted"} == dict(
        zip(ports, ["answered", "silent", "refused"], strict=True)
    )
    assert lines.pop() == {"kind": "greeted.end", "greeted": 6}
    assert {line["kind"] for line in lines} == {"greeted"}
    assert len(lines) == 6


def test_a_name_that_is_not_there_is_a_line_with_the_words(said):
    found, lost = said("resolve", ["localhost", "no-such-name.invalid"])
    assert "127.0.0.1" in found["addresses"]
    assert lost["addresses"] == []
    assert lost["error"]


def test_a_visit_is_made_under_the_name_that_is_asked(said, port, closed_port):
    named = {"host": "shop.example", "asked": "shop.run-1.example", "method": "GET", "path": "/x"}
    target = {"address": "127.0.0.1", "port": port, **named}
    came, lost = said("visit", [target, {**target, "port": closed_port}])
    assert (came["status"], came["pod"], came["location"], came["error"]) == (200, "pod-1", "shop.run-1.example", None)
    assert target.items() <= came.items()
    assert lost["status"] is None
    assert lost["error"].startswith("ConnectionRefusedError")


def test_a_visit_takes_its_method_and_its_body_along(said, port):
    target = {"address": "127.0.0.1", "port": port, "asked": "shop.example", "path": "/x", **POST}
    [line] = said("visit", [target])
    assert (line["status"], line["method"], line["body"]) == (201, "POST", {"name": "cup"})


def test_a_journey_carries_what_it_saved_into_later_steps(said, port):
    url = f"http://127.0.0.1:{port}"
    steps = [
        {"method": "POST", "url": f"{url}/items", "body": {"name": "cup"}, "save": {"id": "id"}},
        {"method": "GET", "url": f"{url}/items/{{id}}", "body": None},
    ]
    first, second = said("journey", {"steps": steps})
    assert first["saved"] == {"id": 7}
    assert second["body"]["path"] == "/items/7"
    assert second["error"] is None


def test_a_journey_to_nobody_says_the_failure(said, closed_port):
    steps = [{"method": "GET", "url": f"http://127.0.0.1:{closed_port}/", "body": None}]
    (line,) = said("journey", {"steps": steps})
    assert line["status"] is None
    assert line["error"].startswith("ConnectionRefusedError")


def test_the_ledger_has_a_line_for_each_request_and_counts_them(said, port):
    plan = {**GET, "url": f"http://127.0.0.1:{port}/items", "rate": 50, "seconds": 1}
    lines = said("traffic", plan)
    for connection in ("new", "reused"):
        requests = [line for line in lines if line["kind"] == "request" and line["connection"] == connection]
        (end,) = [line for line in lines if line["kind"] == "ledger.end" and line["connection"] == connection]
        assert end["sent"] == len(requests) == 50
        assert {(line["status"], line["error"], line["pod"]) for line in requests} == {(200, None, "pod-1")}


def test_a_server_that_is_not_there_fails_in_the_dial_phase(said, closed_port):
    plan = {**GET, "url": f"http://127.0.0.1:{closed_port}/", "rate": 20, "seconds": 0.5}
    phases = {line["phase"] for line in said("traffic", plan) if line["kind"] == "request"}
    assert phases == {"dial"}


def test_a_stop_on_standard_input_ends_the_traffic_early(said, port):
    plan = {**GET, "url": f"http://127.0.0.1:{port}/", "rate": 20, "seconds": 60}
    lines = said("traffic", plan, stdin="stop\n")
    assert [line["kind"] for line in lines[-2:]] == ["ledger.end", "ledger.end"]


@pytest.mark.parametrize("command", ["traffic", "ask"])
def test_what_is_sent_is_the_method_and_the_body_of_the_plan(said, command, port):
    request = {**POST, "url": f"http://127.0.0.1:{port}/items"}
    plan = {**request, "targets": [{**request, "headers": {}}], "rate": 20, "seconds": 0.3}
    answers = [(line["status"], line["error"]) for line in said(command, plan) if "status" in line]
    assert set(answers) == {(201, None)}


def test_every_target_is_asked_at_the_rate_and_counted(said, port, closed_port):
    there = {
        **GET,
        "question": "liveness",
        "pod": "a",
        "url": f"http://127.0.0.1:{port}/health",
        "headers": {"X-Probe": "x"},
    }
    gone = {**GET, "question": "request", "pod": "b", "url": f"http://127.0.0.1:{closed_port}/", "headers": {}}
    plan = {"targets": [there, gone], "rate": 20, "seconds": 0.5}
    *lines, end = said("ask", plan)
    assert end == {"kind": "asked.end", "asked": 20}
    answered = {(line["pod"], line["status"]) for line in lines}
    assert answered == {("a", 200), ("b", None)}
    assert all(line["error"].startswith("ConnectionRefused") for line in lines if line["pod"] == "b")
    assert sorted(lines[0]) == ["error", "intended", "kind", "pod", "question", "seconds", "sent", "status", "url"]


def asks_of(*urls, rate, seconds, **fields):
    targets = [{**GET, "pod": str(place), "url": url, "headers": {}, **fields} for place, url in enumerate(urls)]
    return {"targets": targets, "rate": rate, "seconds": seconds}


def test_targets_are_asked_in_turns_within_an_interval_and_when_they_are_due(said, port):
    plan = asks_of(*[f"http://127.0.0.1:{port}/"] * 4, rate=5, seconds=0.6)
    *lines, _ = said("ask", plan)
    due = sorted((line["intended"], line["pod"]) for line in lines)
    assert [pod for _, pod in due] == list("0123") * 3
    gaps = [after - before for (before, _), (after, _) in itertools.pairwise(due)]
    assert gaps == pytest.approx([0.05] * 11, abs=1e-6)
    assert all(0 <= line["sent"] - line["intended"] <= line["seconds"] + 0.001 for line in lines)


def test_who_answers_slowly_keeps_nobody_waiting(said):
    class Slow(QuietHandler):
        def do_GET(self):
            time.sleep(1)
            self.answer(200, b"")

    with serving(Slow) as port:
        *lines, end = said("ask", asks_of(f"http://127.0.0.1:{port}/", rate=50, seconds=1))
    assert end["asked"] == 50
    assert {line["status"] for line in lines} == {200}
    # Eight senders would have been at it for six seconds.
    assert max(line["sent"] for line in lines) - min(line["sent"] for line in lines) < 3


@pytest.mark.parametrize(
    ("answer", "status", "error"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nwhole and more", 200, None),
        (b"HTTP/1.1 503 Busy\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n", 503, None),
        (b"HTTP/1.0 200 OK\r\n\r\nuntil it closes", 200, None),
        (b"HTTP/1.1 204 Nothing\r\n\r\n", 204, None),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\ncut", None, "IncompleteRead"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n20\r\ncut", None, "IncompleteRead"),
        (b"", None, "RemoteDisconnected"),
        (b"SSH-2.0-hello\r\n\r\n", None, "BadStatusLine"),
    ],
)
def test_an_answer_is_read_to_its_end_in_pieces_too(said, answer, status, error):
    class Says(socketserver.BaseRequestHandler):
        def handle(self):
            self.request.recv(4096)
            for start in range(0, len(answer), 30):
                self.request.sendall(answer[start : start + 30])
                time.sleep(0.005)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Says) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        line, _ = said("ask", asks_of(f"http://127.0.0.1:{server.server_address[1]}/", rate=10, seconds=0.1))
        server.shutdown()
    assert line["status"] == status
    assert (line["error"] or "").startswith(error or "")
    assert bool(line["error"]) == bool(error)


def test_an_answer_whose_connection_stays_open_ends_with_its_length(said):
    class Stays(socketserver.BaseRequestHandler):
        def handle(self):
            self.request.recv(4096)
            self.request.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            self.request.recv(4096)  # until the probe has had enough of it

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Stays) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        line, _ = said("ask", asks_of(f"http://127.0.0.1:{server.server_address[1]}/", rate=10, seconds=0.1))
        server.shutdown()
    assert line["status"] == 200
    assert line["seconds"] < 5


def test_a_stop_on_standard_input_ends_the_asking_early_and_counts_what_was_asked(said, port):
    *lines, end = said("ask", asks_of(f"http://127.0.0.1:{port}/", rate=0.1, seconds=600), stdin="stop\n")
    assert end == {"kind": "asked.end", "asked": len(lines)}


def test_a_name_that_the_probe_cannot_look_up_was_not_observed(said):
    line, _ = said("ask", asks_of("http://no-such-name.invalid/", rate=10, seconds=0.1))
    assert line["error"].startswith("not observed: gaierror")


@pytest.mark.parametrize(
    ("error", "own"),
    [
        (OSError(errno.EMFILE, "Too many open files"), True),
        (OSError(errno.EADDRNOTAVAIL, "Cannot assign requested address"), True),
        (socket.gaierror(-2, "Name or service not known"), True),
        (ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"), False),
        (OSError(errno.EHOSTUNREACH, "No route to host"), False),
        (TimeoutError("timed out"), False),
    ],
)
def test_what_the_probe_itself_lacks_is_not_observed(error, own):
    assert words(error).startswith("not observed: ") is own


@pytest.mark.parametrize("arguments", [(), ("dance",), ("connect", "[]"), ("listen",)])
def test_what_is_no_command_is_told_which_there_are(image, arguments):
    done = subprocess.run(
        [sys.executable, *AGENT[1:], *arguments], cwd=image, capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 1
    assert "resolve" in done.stderr
    assert "Traceback" not in done.stderr
