"""
An agent in the cluster, run for as long as an observation needs it, and each line that it prints made evidence.

The agent is kubeproof.probe; its lines are appended by kubeproof.evidence.writing as they come, and read again by the
judges. What is lost on the way is never silent: the last line of every command that runs on is its own count, of a kind
that ends in `.end`, and where it does not come, or anything else is amiss, there is a `gap`.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from kubeproof.evidence.writing import NotWritten
from kubeproof.observe.agent_pods import AGENT, PROBE
from kubeproof.observe.deployed import CLIENT, Deployed

LAST_WORDS = 30.0  # seconds from the stop to the end of the lines: longer than an ask may take
SAID = 200  # characters of what went wrong that a gap tells


class Agent(threading.Event):
    """
    An agent that runs: the event is set when it ended by itself, or its connection did.

    `heard` are its lines until now. One that is `given_up` is no longer listened to.
    """

    def __init__(self, running: Any) -> None:
        super().__init__()
        self._running = running
        self.heard: list[dict[str, Any]] = []
        self.given_up = False

    def tell(self, what: dict[str, Any]) -> None:
        """Say something to the agent, a line of JSON; one that has ended hears nothing."""
        self.say(json.dumps(what))

    def say(self, line: str) -> None:
        """Write a line to the agent's standard input. It may have gone just now: whoever reads it says that."""
        if not self.is_set():
            with suppress(Exception):
                self._running.write_stdin(line + "\n")


@contextmanager
def agent_running(on: Deployed, of: str, command: str, plan: dict[str, Any], *, pod: str = CLIENT) -> Iterator[Agent]:
    """
    Run an agent's command in a pod for as long as the block lasts, each of its lines a line of evidence.

    A connection that breaks, a line that cannot be read and an end that does not come are each a `gap`.
    """
    with on.cluster.streaming(on.namespace, pod, PROBE, [*AGENT, command]) as running:
        running.write_stdin(json.dumps(plan) + "\n")
        agent = Agent(running)
        reading = threading.Thread(target=_keep_lines, args=(on, of, f"{command} in {pod}", running, agent))
        reading.start()
        try:
            yield agent
        finally:
            # Once the agent has exited, writing to it fails, and its last lines would be lost with the error.
            agent.say("stop")
            reading.join(timeout=LAST_WORDS)
            if reading.is_alive():
                agent.given_up = True
                on.recorder.line(of, "gap", says=f"{command} in {pod} did not end within {LAST_WORDS:.0f} s")


def _keep_lines(on: Deployed, of: str, who: str, running: Any, agent: Agent) -> None:
    amiss = []
    # Evidence that cannot be written is met by whoever observes, and said there.
    with suppress(NotWritten):
        try:
            amiss += _read(on, of, running, agent)
        except NotWritten:
            raise
        except Exception as error:  # noqa: BLE001  the transport's own errors are many; each is lines that are lost
            amiss.append(f"its connection broke: {error!r}")
        finally:
            # Also when the connection broke: nobody waits for what will not come.
            agent.set()
        if not agent.heard or not agent.heard[-1]["kind"].endswith(".end"):
            amiss.append("it ended without saying how much it had done")
        if amiss and not agent.given_up:
            on.recorder.line(of, "gap", says=f"{who}: {'; '.join(dict.fromkeys(amiss))}")


def _read(on: Deployed, of: str, running: Any, agent: Agent) -> list[str]:
    """Keep each line until the connection ends; gives what could not be read."""
    rest, amiss = "", []
    while running.is_open() and not agent.given_up:
        running.update(timeout=1)
        if not running.peek_stdout():
            continue
        *lines, rest = (rest + running.read_stdout()).split("\n")
        amiss += [f"no line of an agent: {line[:SAID]}" for line in lines if not _kept(on, of, line, agent)]
    return [*amiss, f"its last line was cut: {rest[:SAID]}"] if rest else amiss


def _kept(on: Deployed, of: str, line: str, agent: Agent) -> bool:
    """Make a line evidence; False when it is none."""
    try:
        fields = json.loads(line)
    except ValueError:
        return False
    if not isinstance(fields, dict) or not isinstance(fields.get("kind"), str):
        return False
    agent.heard.append(dict(fields))
    on.recorder.line(of, fields.pop("kind"), **fields)
    return True
