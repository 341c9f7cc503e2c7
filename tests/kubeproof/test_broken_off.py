"""A run that is broken off says why, judges what it saw, and deletes what it made."""

import contextlib
import signal
import subprocess
import threading

from kubeproof.verdict import Exit
from tests.helpers.conformance_child import NAMESPACES, ApiServer, conformance, ended, ends, kubeconfig, started
from tests.helpers.loopback import serving

PART = ("-k", "dns or deploy")


class Dying(ApiServer):
    """An API server that is gone once it has made a namespace: it closes every connection."""

    def after(self):
        self.close_connection = True

    def do_DELETE(self):
        self.close_connection = True


class Hanging(ApiServer):
    """An API server that takes requests once it has made a namespace, and does not answer them."""

    asked = threading.Event()

    def after(self):
        self.asked.set()
        threading.Event().wait(20)


def test_an_api_server_that_goes_away_leaves_what_cannot_be_judged(tmp_path):
    with serving(Dying.fresh()) as port:
        done = conformance("--kubeconfig", str(kubeconfig(tmp_path, port)), *PART, tmp_path=tmp_path)
    ends(done, Exit.UNJUDGED, says="the API server does not answer")
    assert "may be left behind: the API server does not answer: Remote end closed connection" in done.stdout
    assert done.stdout.count("kubectl delete namespace kubeproof-") == 1
    assert "so nothing else was tried" in done.stdout


def interrupt(child):
    """Press Ctrl-C, and again when nothing comes of it: Python loses one that meets it in a finalizer."""
    child.send_signal(signal.SIGINT)
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(20)
        return
    child.send_signal(signal.SIGINT)


def test_ctrl_c_deletes_what_was_made_and_judges_what_was_seen(tmp_path):
    server = Hanging.fresh()
    with serving(server) as port:
        child = started("--kubeconfig", str(kubeconfig(tmp_path, port)), *PART, tmp_path=tmp_path)
        assert server.asked.wait(30)
        interrupt(child)
        done = ended(child, within=30)
    ends(done, Exit.INTERRUPTED, says="6 cannot be judged")
    gone = [place.removeprefix(f"{NAMESPACES}/kubeproof-").partition("-")[2] for place in server.deleted]
    assert {place.partition("/")[0] for place in gone} == {"", "visitor", "stranger"}
    assert (tmp_path / "run" / "verdicts.json").is_file()


def test_a_full_disk_ends_the_run(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "evidence.jsonl").symlink_to("/dev/full")
    with serving(ApiServer.fresh()) as port:
        done = conformance("--kubeconfig", str(kubeconfig(tmp_path, port)), *PART, tmp_path=tmp_path)
    ends(done, Exit.NOT_DONE, says="evidence.jsonl cannot be written: No space left on device")
