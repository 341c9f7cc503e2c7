"""The evidence file as its writer leaves it is what its reader trusts."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from kubeproof.evidence.reading import read_evidence
from kubeproof.evidence.writing import NotWritten, Recorder

RUN = {"cluster": "c", "started": "2026-01-01T00:00:00+00:00", "versions": {}, "skew": [0, 0], "watches": []}
NAME = {"service": "shop", "source": "client", "source_pod": "client", "source_uid": "c"}
NAME |= {"expected": [], "after": [], "error": None, "addresses": ["198.19.0.10"]}


def written(path, write):
    recorder = Recorder(path, "main", time.monotonic())
    recorder.line("", "run.begin", run="test", writers=["main"], **RUN)
    write(recorder)
    recorder.end()
    recorder.close()
    return read_evidence(path.read_text())


def test_a_whole_observation_reads_back_whole(tmp_path):
    def write(recorder):
        with recorder.observation("dns"):
            recorder.line("dns", "name", asked="ä", **NAME)

    evidence = written(tmp_path / "evidence.jsonl", write)
    assert (evidence.damage, evidence.unusable, evidence.ended) == ((), None, True)
    assert evidence.why_not_whole("dns") is None
    assert [line.kind for line in evidence.of("dns")] == ["observe.begin", "name", "observe.end"]
    assert evidence.of("dns")[1].get("asked") == "ä"


def test_an_observation_that_breaks_says_so_and_raises_on(tmp_path):
    def write(recorder):
        with pytest.raises(RuntimeError), recorder.observation("dns"):
            raise RuntimeError("the pod is gone")

    evidence = written(tmp_path / "evidence.jsonl", write)
    assert evidence.of("dns")[-1].get("error") == "RuntimeError: the pod is gone"


def test_lines_of_many_threads_and_two_writers_stay_whole_and_their_time_runs_forward(tmp_path):
    path, began = tmp_path / "evidence.jsonl", time.monotonic()
    one, other = Recorder(path, "one", began), Recorder(path, "other", began)
    one.line("", "run.begin", run="test", writers=["one", "other"], **RUN)
    with ThreadPoolExecutor(8) as pool:
        for number in range(200):
            pool.submit(one.line, "x", "marker", says=str(number))
            pool.submit(other.line, "y", "marker", says=str(number))
    evidence = read_evidence(path.read_text())
    for recorder in (one, other):
        recorder.close()
    assert (evidence.damage, evidence.unusable) == ((), None)
    assert len(evidence.of("x")) == len(evidence.of("y")) == 200


def test_a_file_that_is_cut_in_the_middle_is_not_whole(tmp_path):
    path = tmp_path / "evidence.jsonl"

    def write(recorder):
        with recorder.observation("dns"):
            recorder.line("dns", "name", asked="a", **NAME)

    written(path, write)
    assert read_evidence(path.read_text()[:-200]).why_not_whole("dns") is not None


def test_a_full_disk_is_said_with_the_file(tmp_path):
    path = tmp_path / "evidence.jsonl"
    path.symlink_to("/dev/full")
    recorder = Recorder(path, "main", time.monotonic())
    with pytest.raises(NotWritten, match=r"evidence\.jsonl cannot be written: No space left on device"):
        recorder.line("", "run.begin")
    recorder.close()
