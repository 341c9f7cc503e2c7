"""A press of Ctrl-C is not lost, whatever swallows it; what is shielded is done; a second one ends the process."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

from kubeproof.interruption import ONE_PRESS, STATUS, interruptible, listening, look, pressed, shielded
from kubeproof.observe.cluster import Cluster
from kubeproof.observe.waiting import pause, wait_until
from tests.helpers.conformance_child import ROOT, kubeconfig

NEVER = 60.0  # seconds; whoever waits so long has lost the press


@pytest.fixture(autouse=True)
def heard():
    """Somebody listens; nothing is left of that after the test."""
    with listening():
        yield


def press():
    os.kill(os.getpid(), signal.SIGINT)


class Swallows:
    """Something in whose finalizer Ctrl-C is pressed: Python prints the exception and goes on."""

    def __del__(self):
        press()
        time.sleep(0)  # signals are looked at between two lines


def press_unheard():
    """Press in a finalizer, and come back from it as if nothing had been."""
    dying = Swallows()
    del dying
    assert pressed()


@contextlib.contextmanager
def left_by_the_press():
    """The block is left by KeyboardInterrupt, long before anybody stops to wait."""
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        yield
    assert time.monotonic() - began < NEVER / 2


def without_the_clock(monkeypatch):
    """Nothing is raised but by who looks at the note."""
    monkeypatch.setattr(signal, "setitimer", lambda *_: None)


def test_a_press_leaves_the_block_at_once():
    with left_by_the_press(), interruptible():
        press()
        time.sleep(NEVER)


@pytest.mark.parametrize(
    "wait",
    [
        lambda: wait_until(lambda: True, within=NEVER, hoping="it is so already"),
        lambda: wait_until(lambda: False, within=NEVER, hoping="it is never so", wake=threading.Condition()),
        lambda: pause(NEVER),
        look,
    ],
    ids=["wait that is over", "wait that is woken", "pause", "look"],
)
def test_the_next_wait_raises_what_a_finalizer_swallowed(wait, monkeypatch):
    without_the_clock(monkeypatch)
    with left_by_the_press(), interruptible():
        press_unheard()
        wait()
        pytest.fail("it was lost")


def test_the_next_api_call_raises_what_a_finalizer_swallowed(tmp_path, closed_port, monkeypatch):
    without_the_clock(monkeypatch)
    cluster = Cluster(kubeconfig(tmp_path, closed_port), None)
    with left_by_the_press(), interruptible():
        press_unheard()
        cluster.version()


def test_a_read_that_blocks_is_left_although_a_finalizer_swallowed_the_press():
    ours, theirs = socket.socketpair()
    with ours, theirs, left_by_the_press(), interruptible():
        press_unheard()
        ours.settimeout(NEVER)
        ours.recv(1)


def test_a_press_that_a_library_calls_a_failure_leaves_the_block_as_what_it_is():
    with left_by_the_press(), interruptible():
        try:
            press()
            time.sleep(NEVER)
        except KeyboardInterrupt:
            raise ConnectionError("the request failed") from None


def test_a_block_that_goes_on_as_if_nothing_had_been_ends_with_the_press(monkeypatch):
    without_the_clock(monkeypatch)
    with left_by_the_press(), interruptible():
        press_unheard()


def test_outside_of_a_block_a_press_is_noted_and_the_next_block_is_not_entered():
    press()
    look()
    with left_by_the_press(), interruptible():
        pytest.fail("it was entered")


def test_other_threads_are_left_alone(monkeypatch):
    without_the_clock(monkeypatch)
    seen = []

    def looks():
        look()
        seen.append(pressed())

    with left_by_the_press(), interruptible():
        press_unheard()
        other = threading.Thread(target=looks)
        other.start()
        other.join()
    assert seen == [True]


def test_what_is_shielded_is_done():
    done = []
    with left_by_the_press(), interruptible():
        try:
            press()
            time.sleep(NEVER)
        finally:
            with shielded():
                time.sleep(0.5)  # more than one tick
                done.append("cleared away")
    assert done == ["cleared away"]


PROGRAM = f"""
import sys, time
sys.path.insert(0, {str(ROOT)!r})
from kubeproof.interruption import interruptible, listening, shielded
with listening(lambda: print("kubectl delete namespace it", flush=True)), interruptible():
    try:
        print("runs", flush=True)
        time.sleep({NEVER})
    finally:
        with shielded():
            print("clears away", flush=True)
            time.sleep({NEVER})
"""


@pytest.fixture
def clearing_away():
    """A program that was interrupted, and takes very long to clear away."""
    with subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, text=True) as child:
        try:
            assert child.stdout.readline() == "runs\n"
            child.send_signal(signal.SIGINT)
            assert child.stdout.readline() == "clears away\n"
            yield child
        finally:
            child.kill()


def test_a_second_press_ends_the_process_at_once_with_its_last_words(clearing_away):
    time.sleep(ONE_PRESS + 0.2)
    clearing_away.send_signal(signal.SIGINT)
    assert clearing_away.wait(NEVER / 2) == STATUS == 130
    assert clearing_away.stdout.read() == "kubectl delete namespace it\n"
