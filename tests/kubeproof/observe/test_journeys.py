"""Journeys walked several times, on a cluster that answers as a test says: what is asked first, and what is told."""

import pytest

from kubeproof.observe import journeys
from kubeproof.observe.cluster import ExecFailed
from kubeproof.observe.journeys import observe_journey
from kubeproof.verdict import Outcome
from tests.kubeproof.observe.copies import Copy

OF = "journey:buy"
CHECK = ("api.journey", "buy", OF)


class Cluster:
    """A shop that keeps its things; `answers` are what it says instead to the first walks, settling included."""

    def __init__(self, *answers):
        self.answers, self.asked, self.things = list(answers), [], []

    def execute(self, _namespace, _pod, _container, _command, plan, *, within):  # noqa: ARG002  as observers call it
        self.asked.append([(step["method"], step["url"]) for step in plan["steps"]])
        instead = self.answers.pop(0) if self.answers else None
        if isinstance(instead, Exception):
            raise instead
        return list(self._walk(plan["steps"], instead))

    def _walk(self, steps, instead):
        saved = {}
        for index, step in enumerate(steps):
            body = {"items": list(self.things)}
            if step["method"] == "POST":
                saved = {"id": len(self.things)}
                self.things.append({"id": saved["id"], **step["body"]})
            if step["method"] == "POST" or step["url"].endswith("{id}"):
                body = self.things[-1]
            url = step["url"].replace("{id}", str(saved.get("id")))
            said = {"method": step["method"], "url": url, "status": 201 if step["method"] == "POST" else 200}
            yield {
                "index": index,
                **said,
                "body": body,
                "error": None,
                "saved": saved,
                "seconds": 0.0,
                **(instead or {}),
            }


@pytest.fixture(autouse=True)
def _soon(monkeypatch):
    monkeypatch.setattr(journeys, "APART", 0.0)
    monkeypatch.setattr(journeys, "SETTLED", 0.3)


@pytest.fixture
def observed(tmp_path):
    def observe(*answers):
        copy = Copy(tmp_path, Cluster(*answers))
        return copy, copy.observed(observe_journey, OF)

    return observe


def test_a_journey_is_walked_three_times_once_a_read_of_its_own_is_answered(observed):
    copy, lines = observed()
    first, *walks = copy.on.cluster.asked
    assert first == [("GET", "http://shop:80/things")]
    assert (
        walks
        == [
            [("POST", "http://shop:80/things"), ("GET", "http://shop:80/things/{id}"), ("GET", "http://shop:80/things")]
        ]
        * 3
    )
    steps = [(line.get("walk"), line.get("index")) for line in lines if line.kind == "step"]
    assert steps == [(walk, index) for walk in range(3) for index in range(3)]
    verdict = copy.verdict(*CHECK)
    assert verdict.passed, verdict.report()


def test_what_was_refused_before_it_settled_is_told_and_breaks_no_promise(observed):
    copy, lines = observed({"status": 503}, ExecFailed("exec in client: gone"))
    [settled] = [line for line in lines if line.get("says") == "path settled"]
    assert (settled.get("settled"), settled.get("attempts")) == (True, 3)
    assert settled.get("before") == "http://shop:80/things: not observed: exec in client: gone"
    verdict = copy.verdict(*CHECK)
    assert verdict.passed, verdict.report()
    [told] = [held.verdict for held in verdict.premises if "before the first walk" in held.sentence]
    assert "answered at attempt 3" in told.evidence[0].message


def test_what_is_refused_afterwards_is_broken_whichever_walk_it_was(observed):
    copy, _ = observed(None, None, None, {"status": 503})
    assert copy.verdict(*CHECK).outcome is Outcome.FAIL


def test_a_way_that_never_settles_is_walked_all_the_same(observed):
    copy, lines = observed(*[{"status": 503}] * 99)
    assert [line.get("settled") for line in lines if line.kind == "marker"] == [False]
    assert copy.verdict(*CHECK).outcome is Outcome.FAIL


def test_a_probe_that_failed_tells_nothing_of_the_system(observed):
    copy, _ = observed(None, ExecFailed("exec in client: gone"))
    verdict = copy.verdict(*CHECK)
    assert (verdict.outcome, "not observed: exec in client: gone" in verdict.because) == (Outcome.UNKNOWN, True)
