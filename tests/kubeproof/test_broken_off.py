"""A run that is broken off says why, judges what it saw, and deletes what it made."""

import re
import signal
import threading
import time

import pytest

from kubeproof.verdict import Exit
from tests.helpers.conformance_child import (
    NAMESPACES,
    PATIENCE,
    ApiServer,
    conformance,
    ended,
    ends,
    kubeconfig,
    started,
)
from tests.helpers.loopback import serving

PART = ("-k", "dns or deploy")
NEVER = 600.0  # seconds that a request is held: where Ctrl-C is lost, so is the test


class Dying(ApiServer):
    """An API server that is gone once it has made a namespace: it closes every connection."""

    def after(self):
        self.close_connection = True

    def do_DELETE(self):
        self.close_connection = True


class Hanging(ApiServer):
    """An API server that takes requests once it has made a namespace, and does not answer them."""

    asked: threading.Event

    @classmethod
    def fresh(cls):
        hanging = super().fresh()
        hanging.asked = threading.Event()
        return hanging

    def after(self):
        self.asked.set()
        # Until the client hangs up, or long after it should have.
        self.connection.settimeout(NEVER)
        self.rfile.read(1)
        self.close_connection = True


class Stuck(Hanging):
    """One that does not delete either."""

    def do_DELETE(self):
        self.after()


def test_an_api_server_that_goes_away_leaves_what_cannot_be_judged(tmp_path):
    with serving(Dying.fresh()) as port:
        done = conformance("--kubeconfig", str(kubeconfig(tmp_path, port)), *PART, tmp_path=tmp_path)
    ends(done, Exit.UNJUDGED, says="the API server does not answer")
    assert "may be left behind: the API server does not answer: Remote end closed connection" in done.stdout
    assert done.stdout.count("kubectl delete namespace kubeproof-") == 1
    assert "so nothing else was tried" in done.stdout


def broken_off(server, tmp_path, *, presses=1):
    """Start a run against an API server that hangs, press Ctrl-C once it does, and give the end of the run."""
    with serving(server) as port:
        child = started("--kubeconfig", str(kubeconfig(tmp_path, port)), *PART, tmp_path=tmp_path)
        try:
            assert server.asked.wait(PATIENCE)
            for _ in range(presses):
                child.send_signal(signal.SIGINT)
                time.sleep(0.1)
        except BaseException:
            child.kill()
            raise
        return ended(child, within=PATIENCE)


@pytest.mark.parametrize("presses", [1, 2])
def test_ctrl_c_deletes_what_was_made_and_judges_what_was_seen(tmp_path, presses):
    """Two signals at once are one press: under tox the terminal tells the run, and tox tells it again."""
    server = Hanging.fresh()
    done = broken_off(server, tmp_path, presses=presses)
    ends(done, Exit.INTERRUPTED, says="6 cannot be judged")
    assert "the cluster is still deleting kubeproof-" in done.stdout
    gone = [place.removeprefix(f"{NAMESPACES}/kubeproof-").partition("-")[2] for place in server.deleted]
    assert {place.partition("/")[0] for place in gone} == {"", "visitor", "stranger"}
    assert (tmp_path / "run" / "verdicts.json").is_file()


def test_ctrl_c_does_not_wait_for_a_server_that_does_not_delete_either(tmp_path):
    done = broken_off(Stuck.fresh(), tmp_path)
    ends(done, Exit.INTERRUPTED, says="6 cannot be judged")
    assert "may be left behind: the API server does not answer: Read timed out" in done.stdout
    assert re.search(
        r"kubectl delete namespace kubeproof-(\w+) kubeproof-\1-stranger kubeproof-\1-visitor", done.stdout
    )


def test_a_full_disk_ends_the_run(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "evidence.jsonl").symlink_to("/dev/full")
    with serving(ApiServer.fresh()) as port:
        done = conformance("--kubeconfig", str(kubeconfig(tmp_path, port)), *PART, tmp_path=tmp_path)
    ends(done, Exit.NOT_DONE, says="evidence.jsonl cannot be written: No space left on device")
