"""The background check: two failures in a row count, one does not, and silence counts too."""

import threading
import time

import pytest

from serving.checker import STALE, BackgroundCheck


class Down(Exception):
    """The dependency is down."""


class Scripted:
    """Attempts that go as the script says, on a clock of their own."""

    def __init__(self, script: str) -> None:
        self.now = 100.0
        self._script = iter(script)
        self.check = BackgroundCheck(self._attempt, errors=(Down,), clock=lambda: self.now)

    def _attempt(self) -> None:
        self.now += 0.25
        said = next(self._script)
        if said == "x":
            raise Down("refused")
        if said == "b":
            raise ZeroDivisionError

    def after(self, attempts: int) -> str:
        """Make attempts and give one letter: s not seen yet, o ok, f failing."""
        for _ in range(attempts):
            self.check.check_now()
        state = self.check.state()
        return "o" if state.ok else "f" if state.seen else "s"


def test_it_is_starting_until_the_first_success() -> None:
    scripted = Scripted("xxxo")
    assert [scripted.after(n) for n in (0, 1, 1, 1, 1)] == ["s", "s", "s", "s", "o"]


def test_one_failure_is_not_an_outage_and_two_are() -> None:
    scripted = Scripted("oxoxxo")
    assert [scripted.after(1) for _ in range(6)] == ["o", "o", "o", "o", "f", "o"]


def test_it_tells_age_latency_and_what_was_said() -> None:
    scripted = Scripted("ox")
    scripted.after(2)
    scripted.now += 1.5
    state = scripted.check.state()
    assert (state.age, state.latency, state.reason) == (1.5, 0.25, "refused")


def test_a_check_that_does_not_come_back_is_a_failure() -> None:
    scripted = Scripted("o")
    scripted.after(1)
    scripted.now += STALE + 1
    assert (scripted.after(0), scripted.check.state().reason) == ("f", "no check came back for 6 s")


def test_an_outage_is_as_long_as_the_last_success_is_ago() -> None:
    scripted = Scripted("oxxo")
    scripted.after(1)
    scripted.now += 10
    assert (scripted.after(1), scripted.check.state().failing_for) == ("o", 0.0)
    assert (scripted.after(1), scripted.check.state().failing_for) == ("f", 10.5)
    assert (scripted.after(1), scripted.check.state().failing_for) == ("o", 0.0)


def test_a_check_that_breaks_in_an_unforeseen_way_is_a_failure_and_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    scripted = Scripted("obbo")
    assert [scripted.after(1) for _ in range(3)] == ["o", "o", "f"]
    assert scripted.check.state().reason == "the check itself broke: ZeroDivisionError"
    assert "Traceback" in caplog.text
    assert scripted.after(1) == "o"


def test_the_thread_checks_until_it_is_stopped() -> None:
    done = threading.Semaphore(0)
    check = BackgroundCheck(done.release, errors=(Down,), interval=0.01)
    check.start()
    assert all(done.acquire(timeout=2) for _ in range(3))
    check.stop()
    while done.acquire(blocking=False):
        pass
    time.sleep(0.05)
    assert not done.acquire(blocking=False)
