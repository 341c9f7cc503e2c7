"""A benchmark's rows end in its file and its table, and a promise that does not hold fails the job."""

import json
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest

from bench import __main__ as job
from bench.cluster_start import family, pss_megabytes
from bench.row import Row, at_most, measured


def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, rows: Sequence[Row] | Exception) -> int:
    """Run the job with one benchmark that gives these rows, or breaks."""

    def measure() -> Sequence[Row]:
        if isinstance(rows, Exception):
            raise rows
        return rows

    monkeypatch.setattr(job, "OUT", tmp_path)
    monkeypatch.setattr(job, "names", lambda: ["speed"])
    monkeypatch.setattr(job.importlib, "import_module", lambda _: SimpleNamespace(measure=measure))
    return job.main(["speed"])


def test_rows_are_written_in_the_documented_shape(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Six fields, these names, and each row on the terminal."""
    rows = [at_most("start", 4.98765, "s", 10.0, "another: 6 s"), measured("size", 3.0, "MB")]
    assert run(monkeypatch, tmp_path, rows) == 0
    assert json.loads((tmp_path / "speed.json").read_text()) == [
        {"measure": "start", "value": 4.988, "unit": "s", "must": 10.0, "holds": True, "peer": "another: 6 s"},
        {"measure": "size", "value": 3.0, "unit": "MB", "must": None, "holds": True, "peer": None},
    ]
    printed = capsys.readouterr().out
    assert "must 10: holds" in printed
    assert "another: 6 s" in printed


def test_a_broken_promise_fails_the_job_and_is_still_written(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, tmp_path, [at_most("start", 10.1, "s", 10.0)]) == 1
    assert json.loads((tmp_path / "speed.json").read_text())[0]["holds"] is False
    assert "must 10: BROKEN" in capsys.readouterr().out


@pytest.mark.parametrize("rows", [[], RuntimeError("no cluster")])
def test_what_measured_nothing_promises_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, rows: Sequence[Row] | Exception
) -> None:
    """Neither an empty list nor an exception passes."""
    assert run(monkeypatch, tmp_path, rows) == 1


def test_there_are_benchmarks_and_an_unknown_one_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert "cluster_start" in job.names()
    assert job.main(["no-such"]) == 2
    assert "no benchmark no-such; there are" in capsys.readouterr().err


def test_memory_is_that_of_the_whole_family(tmp_path: Path) -> None:
    """Children of children count, strangers do not, a process that just ended is nothing."""
    for pid, parent, pss in ((10, 1, 100), (11, 10, 200), (12, 11, 300), (13, 1, 4000), (14, 12, None)):
        (tmp_path / str(pid)).mkdir()
        (tmp_path / str(pid) / "stat").write_text(f"{pid} (a) name) S {parent} 0 0")
        if pss is not None:
            (tmp_path / str(pid) / "smaps_rollup").write_text(f"Rss: 9 kB\nPss: {pss} kB\nPss_Dirty: 7 kB\n")
    assert family([10], tmp_path) == {10, 11, 12, 14}
    assert pss_megabytes({10, 11, 12, 14}, tmp_path) == pytest.approx(600 * 1024 / 1e6)
