"""Waits have a time-out and a description of what is waited for, and wake when something was seen."""

import threading
import time

import pytest

from kubeproof.observe.waiting import NotInTime, wait_until


def test_a_wait_that_fails_says_what_was_hoped_and_how_long():
    with pytest.raises(NotInTime, match=r"hoped that 3 pods are Ready; it was not so after 0 s \(2 are\)"):
        wait_until(lambda: False, within=0.05, hoping="3 pods are Ready", last=lambda: "2 are")


def test_a_wait_wakes_when_something_was_seen():
    seen, wake = [], threading.Condition()

    def see():
        with wake:
            seen.append(1)
            wake.notify_all()

    threading.Timer(0.05, see).start()
    began = time.monotonic()
    wait_until(lambda: bool(seen), within=5, hoping="it is seen", wake=wake)
    assert time.monotonic() - began < 0.9, "it slept through the change"
