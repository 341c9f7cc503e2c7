"""The consumer as a process: while items is away, when told to stop in the middle of it, and with a wrong variable."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from tests.consumer.scripted_upstream import answers, says_nothing, scripted_upstream
from tests.helpers.service_child import ROOT, service_child

READINESS = {"X-Probe": "readiness"}


def test_while_items_is_away_it_answers_503_counts_that_and_is_ready_all_the_same(
    tmp_path: Path, closed_port: int
) -> None:
    env = {"MICROSERVICE_1_URL": f"http://127.0.0.1:{closed_port}"}
    with service_child("-m", "consumer", log=tmp_path / "log", env=env) as child:
        for _ in range(4):
            status, body = child.get("/items")
            assert (status, b"cannot be reached" in body) == (503, True)
        status, body = child.get("/summary")
        assert (status, b"too often" in body) == (503, True)
        status, body = child.get("/health", READINESS)
        assert (status, b'"breaker": "open"' in body) == (200, True)
        metrics = child.get("/metrics")[1].decode()
        # Ten attempts of four calls opened the breaker.
        assert 'upstream_attempts_total{ending="unreachable"} 10.0' in metrics
        assert "upstream_retries_total 6.0" in metrics
        assert 'upstream_breaker{state="open"} 1.0' in metrics
        assert "upstream_calls_held_back_total 1.0" in metrics


def test_told_to_stop_in_the_middle_of_retries_it_answers_and_ends(tmp_path: Path) -> None:
    # 503 with Retry-After 4: the retry would come after 4 s, and a silent upstream would cost its 2 s after that.
    busy = answers("503 Service Unavailable", b"{}", "Retry-After: 4")
    with scripted_upstream(busy, says_nothing) as server:
        env = {"MICROSERVICE_1_URL": server.url}
        with service_child(
            "-m", "tests.helpers.lingering_briefly", "consumer", "0.3", log=tmp_path / "log", env=env
        ) as child:
            seen: list[tuple[int, float]] = []

            def ask() -> None:
                seen.append((child.get("/items")[0], time.monotonic()))

            asking = threading.Thread(target=ask)
            asking.start()
            while not server.requests:
                time.sleep(0.01)
            told = time.monotonic()
            child.terminate()
            assert child.ended(within=3) == 0
            asking.join()
        [(status, answered)] = seen
        assert (status, len(server.requests)) == (503, 1)
        assert answered - told < 1


def test_a_wrong_variable_is_one_sentence_and_exit_2() -> None:
    env = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "MICROSERVICE_1_URL": "items"}
    done = subprocess.run([sys.executable, "-m", "consumer"], env=env, capture_output=True, text=True, timeout=10)
    sentence = "consumer: MICROSERVICE_1_URL must be a URL like http://host:port, not 'items'\n"
    assert (done.returncode, done.stderr) == (2, sentence)
