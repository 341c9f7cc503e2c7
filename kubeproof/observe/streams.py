"""
An agent in the cluster, run for as long as an observation needs it, and each line that it prints made evidence.

The agent is kubeproof.probe; its lines are appended by kubeproof.evidence.writing as they come, and read again by the
judges.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from kubeproof.evidence.writing import NotWritten
from kubeproof.observe.deployed import AGENT, CLIENT, PROBE, Deployed

LAST_WORDS = 30.0  # seconds from the stop to the end of the lines: longer than an ask may take


class Agent(threading.Event):
    """An agent that runs: the event is set when it ended by itself. `heard` are its lines until now."""

    def __init__(self, running: Any) -> None:
        super().__init__()
        self._running = running
        self.heard: list[dict[str, Any]] = []

    def tell(self, what: dict[str, Any]) -> None:
        """Say something to the agent, a line of JSON; one that has ended hears nothing."""
        if not self.is_set():
            self._running.write_stdin(json.dumps(what) + "\n")


@contextmanager
def agent_running(on: Deployed, of: str, command: str, plan: dict[str, Any], *, pod: str = CLIENT) -> Iterator[Agent]:
    """
    Run an agent's command in a pod for as long as the block lasts, each of its lines a line of evidence.

    A connection that breaks leaves lines without their end.
    """
    with on.cluster.streaming(on.namespace, pod, PROBE, [*AGENT, command]) as running:
        running.write_stdin(json.dumps(plan) + "\n")
        done = Agent(running)
        reading = threading.Thread(target=_keep_lines, args=(on, of, running, done))
        reading.start()
        try:
            yield done
        finally:
            # Once the agent has exited, writing to it fails, and its last lines would be lost with the error.
            if not done.is_set():
                running.write_stdin("stop\n")
            reading.join(timeout=LAST_WORDS)


def _keep_lines(on: Deployed, of: str, running: Any, done: Agent) -> None:
    rest = ""
    try:
        # Evidence that cannot be written is met by whoever observes, and said there.
        with suppress(NotWritten):
            while running.is_open():
                running.update(timeout=1)
                if not running.peek_stdout():
                    continue
                *lines, rest = (rest + running.read_stdout()).split("\n")
                for line in lines:
                    fields = json.loads(line)
                    done.heard.append(dict(fields))
                    on.recorder.line(of, fields.pop("kind"), **fields)
    finally:
        # Also when the connection broke: nobody waits for what will not come.
        done.set()
