"""A service as a child process: started, waited for, signalled, and never left behind."""

import contextlib
import http.client
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from children.postgres import free_port

ROOT = Path(__file__).resolve().parents[2]
WITHIN = 60.0  # seconds for a start that takes less than one on a quiet machine


@dataclass
class ServiceChild:
    """A process that listens on 127.0.0.1:`port`; its output is in `log`."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    def connect(self, timeout: float = 10.0) -> http.client.HTTPConnection:
        """A connection of its own; opens at the first request."""
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)

    def get(self, path: str, headers: dict[str, str] | None = None) -> tuple[int, bytes]:
        """Ask once on a new connection."""
        with contextlib.closing(self.connect()) as connection:
            connection.request("GET", path, headers=headers or {})
            response = connection.getresponse()
            return response.status, response.read()

    def terminate(self) -> None:
        """Send SIGTERM, as the kubelet does; does not wait."""
        self.process.send_signal(signal.SIGTERM)

    def ended(self, within: float) -> int:
        """Wait for its end and give its exit status."""
        return self.process.wait(within)

    @property
    def said(self) -> str:
        """All its output until now."""
        return self.log.read_text()


@contextlib.contextmanager
def service_child(
    *arguments: str, log: Path, env: dict[str, str] | None = None, port: int | None = None
) -> Iterator[ServiceChild]:
    """Run `python arguments` with {port} replaced and src on its path; lend it once it answers /health."""
    chosen = port or free_port()
    variables = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}", "PORT": str(chosen), **(env or {})}
    command = [sys.executable, *(argument.format(port=chosen) for argument in arguments)]
    with log.open("wb") as out:
        process = subprocess.Popen(command, env=variables, stdout=out, stderr=subprocess.STDOUT)
    child = ServiceChild(process, chosen, log)
    try:
        _wait(child)
        yield child
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(5)


def _wait(child: ServiceChild) -> None:
    deadline = time.monotonic() + WITHIN
    while True:
        try:
            child.get("/health")
            return
        except OSError:
            if child.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the service did not start: {child.said[-2000:]}") from None
            time.sleep(0.02)
