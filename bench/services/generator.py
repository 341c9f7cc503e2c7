"""
The load generator: vegeta's attacker, compiled from bench/generator once per content.

`Generator.load` asks a list of paths in turn, at a rate (open loop: a request is due whatever became of those before)
or as fast as its connections are answered (closed loop). It gives every request's intended, sent and done time.
"""

import csv
import hashlib
import json
import os
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.errors import CannotMeasure
from bench.services.latency import Request
from kubeproof.embedded.errors import PreflightFailed
from kubeproof.embedded.folders import cache
from kubeproof.embedded.toolchain import find_go

SOURCES = Path(__file__).resolve().parents[1] / "generator"
OPEN_CONNECTIONS = 64
"""At most, for an open loop: a pool as a gateway has it. A request that waits for one waits since it was due."""
TIMEOUT = 10.0  # seconds, as in main.go


@dataclass(frozen=True)
class Generator:
    """The program, and the processors it may use."""

    program: Path
    cpus: frozenset[int]

    def load(
        self,
        url: str,
        paths: Sequence[str],
        *,
        seconds: float,
        rate: float | None = None,
        connections: int | None = None,
    ) -> list[Request]:
        """Ask for `seconds`, at `rate` per second or with `connections` in a closed loop; wait for the last answer."""
        with tempfile.NamedTemporaryFile("w", suffix=".json") as targets:
            targets.writelines(json.dumps({"method": "GET", "url": url + path}) + "\n" for path in paths)
            targets.flush()
            command = [str(self.program), "-targets", targets.name, "-seconds", str(seconds)]
            command += ["-rate", str(rate or 0), "-connections", str(connections or OPEN_CONNECTIONS)]
            within = seconds + 4 * TIMEOUT
            try:
                done = subprocess.run(
                    command, capture_output=True, text=True, timeout=within, preexec_fn=lambda: _stay_on(self.cpus)
                )
            except subprocess.TimeoutExpired:
                raise CannotMeasure(f"the load generator was not done after {within:.0f} s of {seconds} s") from None
        if done.returncode != 0:
            raise CannotMeasure(f"the load generator exited {done.returncode}: {done.stderr[-600:]}")
        return parsed(done.stdout.splitlines())


def parsed(lines: Iterable[str]) -> list[Request]:
    """Read the generator's CSV, one request a line: intended, sent, done in nanoseconds, status, error."""
    return [
        Request(int(intended) / 1e9, int(sent) / 1e9, int(done) / 1e9, int(status), error)
        for intended, sent, done, status, error in csv.reader(lines)
    ]


def generator(cpus: frozenset[int], progress: Callable[[str], object]) -> Generator:
    """Give the generator; compiles it when its sources are new. Raises CannotMeasure when that cannot be done."""
    files = [SOURCES / name for name in ("go.mod", "go.sum", "main.go")]
    key = hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()[:12]
    program = cache() / "bench" / f"generator-{key}"
    if not program.exists():
        try:
            go = find_go(progress)
        except PreflightFailed as error:
            raise CannotMeasure(f"no load generator: {error}") from error
        progress("compiling the load generator")
        program.parent.mkdir(parents=True, exist_ok=True)
        unfinished = program.with_suffix(".unfinished")
        command = [go, "build", "-trimpath", "-ldflags", "-s -w", "-o", str(unfinished), "."]
        environment = {**os.environ, "GOTOOLCHAIN": "local", "CGO_ENABLED": "0"}
        done = subprocess.run(command, cwd=SOURCES, env=environment, capture_output=True, text=True)
        if done.returncode != 0:
            raise CannotMeasure(f"the load generator did not compile: {done.stderr.strip()[-600:]}")
        unfinished.rename(program)
    return Generator(program, cpus)


def _stay_on(cpus: frozenset[int]) -> None:
    os.sched_setaffinity(0, cpus)
