"""The load as the harness starts it: a real Locust against a real HTTP server, both on loopback."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Served:
    """What the server saw: requests on each connection (by the client's port), and the paths asked."""

    port: int = 0
    status: int = 200
    connections: dict[int, int] = field(default_factory=dict)
    paths: set[str] = field(default_factory=set)


@pytest.fixture
def served() -> Iterator[Served]:
    """Lend a server on a free port, and what it saw; closed after the test."""
    seen = Served()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            seen.connections[self.client_address[1]] = seen.connections.get(self.client_address[1], 0) + 1
            seen.paths.add(self.path)
            self.send_response(seen.status)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    seen.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield seen
    server.shutdown()
    server.server_close()


def run_load(port: int, *, seconds: int = 3, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the README's line for some seconds; variables are added to an environment without ours."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("KUBEPROOF_")}
    command = [sys.executable, "-m", "locust", "-f", "load/locustfile.py", "--headless", "--users", "2"]
    command += ["--spawn-rate", "2", "--run-time", f"{seconds}s", "--host", f"http://127.0.0.1:{port}"]
    return subprocess.run(command, cwd=ROOT, env=clean | env, capture_output=True, text=True, timeout=60, check=False)


def test_each_second_tells_growing_totals_in_the_documented_shape(served: Served) -> None:
    """stdout holds nothing but the lines the harness reads, and the last one has the totals of the server."""
    run = run_load(served.port, seconds=6, KUBEPROOF_JSON="1", KUBEPROOF_PATH="/items?limit=20")

    assert run.returncode == 0, run.stderr
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    assert [set(line) for line in lines] == [{"kind", "requests", "failures", "users", "cpu"}] * len(lines)
    assert {line["kind"] for line in lines} == {"load"}
    totals = [line["requests"] for line in lines]
    # Six seconds give six lines and the last one; on a machine that is busy elsewhere, fewer.
    assert len(totals) >= 3
    assert totals == sorted(totals)
    assert totals[-1] == sum(served.connections.values())
    assert {line["failures"] for line in lines} == {0}
    assert max(line["users"] for line in lines) == 2
    assert all(line["cpu"] >= 0 for line in lines)
    assert served.paths == {"/items?limit=20"}


def test_a_connection_is_left_after_its_share_of_requests(served: Served) -> None:
    """No connection carries more than it may: a kept one would never reach a new pod."""
    run = run_load(served.port, KUBEPROOF_ROTATE="5")

    assert run.returncode == 0, run.stderr
    assert len(served.connections) >= 2
    assert max(served.connections.values()) <= 5


def test_each_user_keeps_to_its_rate(served: Served) -> None:
    """Two users at five a second for three seconds ask thirty times at most; on a busy machine less often."""
    run = run_load(served.port, KUBEPROOF_RATE="5")

    assert run.returncode == 0, run.stderr
    assert 0 < sum(served.connections.values()) <= 36


def test_failures_are_told_and_a_load_nobody_answered_is_no_load(served: Served) -> None:
    """Every answer a 500: the lines count them as failures and the exit status is 1."""
    served.status = 500
    run = run_load(served.port, seconds=2, KUBEPROOF_JSON="1")

    assert run.returncode == 1, run.stderr
    last = json.loads(run.stdout.splitlines()[-1])
    assert last["failures"] == last["requests"] > 0


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("KUBEPROOF_PATH", "items"),
        ("KUBEPROOF_RATE", "fast"),
        ("KUBEPROOF_ROTATE", "0"),
        ("KUBEPROOF_RATE", "nan"),
    ],
)
def test_a_wrong_setting_is_one_sentence(variable: str, value: str) -> None:
    """Exit 2 and a sentence that names the variable and what it held."""
    run = run_load(1, **{variable: value})

    assert run.returncode == 2
    assert run.stderr.strip().startswith(f"load: {variable} must")
    assert repr(value) in run.stderr
    assert "Traceback" not in run.stderr
