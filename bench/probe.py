"""
What the probe adds to the latency that it measures: asks of an echo server on loopback, against the server's own time.

As in an outage, each target is asked RATE times a second on new connections, by the agent as a child process; the
server is another. It stamps each request from the connection to the answer given away, by its path, and both sides tell
them in order: the difference is what connecting, the kernel and the probe took. From the time that it was due: an ask
that was sent late has waited too.
"""

import asyncio
import json
import math
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.errors import CannotMeasure
from bench.processes import busy_percent
from bench.row import Figures, Row, at_most, measured

RATE = 5  # asks a second of each target: kubeproof.observe.outage
TARGETS = (20, 200)
SECONDS = 10
ROUNDS = 6
SETTLE = 3.0  # seconds in which it is seen how busy the machine is without us
STAT = Path("/proc/stat")
ROOT = Path(__file__).resolve().parents[1]

ADDED_MILLISECONDS = 10.0  # a tenth of the tightest promise that the probe is to judge (kubeproof.toml)
PEERS = {20: "8 threads a target, all in phase: 243 ms", 200: "8 threads a target, all in phase: p50 3.6 s"}


def measure(*, quick: bool = False) -> Figures:
    """Ask each number of targets, ROUNDS times; the quietest round counts, as other programs can only add to it."""
    rows: list[Row] = []
    before = STAT.read_text()
    time.sleep(SETTLE)
    busy = busy_percent(before, STAT.read_text())
    for targets in TARGETS:
        rounds = [_round(targets, 3 if quick else SECONDS) for _ in range(1 if quick else ROUNDS)]
        quiet = min(rounds, key=_p99)
        name, peer = f"that the probe adds, {targets} targets", PEERS[targets]
        added = at_most(f"p99 {name}", _p99(quiet), "ms", ADDED_MILLISECONDS, peer)
        rows.append(added.between([_p99(each) for each in rounds]))
        rows.append(measured(f"p50 {name}", _nth(quiet, 0.5), "ms"))
        rows.append(measured(f"most {name}", quiet[-1], "ms", f"{len(quiet):,} asks"))
    return Figures(rows, sentences=[f"Other programs kept the processors {busy:.0f} % busy just before."])


def _round(targets: int, seconds: int) -> list[float]:
    """What was added to each ask, in milliseconds, smallest first."""
    with subprocess.Popen([sys.executable, "-m", "bench.probe"], cwd=ROOT, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        port = int(server.stdout.readline())
        asked = _asked(port, targets, seconds)
        server.terminate()
        taken: dict[str, list[float]] = json.loads(server.stdout.readline())
    added = []
    for path, waited in asked.items():
        if len(taken.get(path, ())) != len(waited):
            raise CannotMeasure(f"{path} was asked {len(waited)} times and answered {len(taken.get(path, ()))} times")
        added += [(there - here) * 1000 for there, here in zip(waited, taken[path], strict=True)]
    return sorted(added)


def _asked(port: int, targets: int, seconds: int) -> dict[str, list[float]]:
    """Seconds of each ask in the order in which they were sent, by path."""
    asks: list[dict[str, Any]] = [
        {"method": "GET", "url": f"http://127.0.0.1:{port}/{place}", "body": None, "headers": {}}
        for place in range(targets)
    ]
    plan = json.dumps({"targets": asks, "rate": RATE, "seconds": seconds}) + "\n"
    command = [sys.executable, "-m", "kubeproof.probe", "ask"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as probe:
        assert probe.stdin is not None
        assert probe.stdout is not None
        probe.stdin.write(plan)
        probe.stdin.flush()
        # Read as they come, as the stream to the harness does: standard input stays open until the last.
        lines = [json.loads(line) for line in probe.stdout]
    failed = next((line for line in lines if line.get("error")), None)
    if failed is not None:
        raise CannotMeasure(f"an ask failed: {failed['error']}")
    asked: dict[str, list[float]] = {}
    for line in sorted((line for line in lines if line["kind"] == "asked"), key=lambda line: line["sent"]):
        asked.setdefault("/" + line["url"].rpartition("/")[2], []).append(line["seconds"])
    return asked


def _p99(added: Sequence[float]) -> float:
    return _nth(added, 0.99)


def _nth(ranked: Sequence[float], share: float) -> float:
    return ranked[math.ceil(share * len(ranked)) - 1]


class Echo(asyncio.Protocol):
    """Answers whatever is asked at once, and keeps by its path how long that took here."""

    taken: dict[str, list[float]]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to count."""
        self.began, self.transport = time.monotonic(), transport

    def data_received(self, data: bytes) -> None:
        """Answer and hang up; the head of a request comes in one piece."""
        assert isinstance(self.transport, asyncio.Transport)
        self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
        self.transport.close()
        self.taken.setdefault(data.split()[1].decode(), []).append(time.monotonic() - self.began)


async def _serve() -> None:
    """Say the port, serve until told to end, say what was taken."""
    Echo.taken = {}
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(15, ended.set)
    server = await loop.create_server(Echo, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await ended.wait()
    print(json.dumps(Echo.taken), flush=True)


if __name__ == "__main__":
    asyncio.run(_serve())
