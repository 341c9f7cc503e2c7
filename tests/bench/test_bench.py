"""A benchmark's rows end in its file and its table, and a promise that does not hold fails the job."""

import json
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest

from bench import __main__ as job
from bench.errors import CannotMeasure
from bench.readme import marks
from bench.row import Figures, Row, at_least, at_most, measured


def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, rows: Sequence[Row] | Exception, *arguments: str) -> int:
    """Run the job with one benchmark that gives these rows, or breaks."""

    def measure(*, quick: bool) -> Figures:
        if isinstance(rows, Exception):
            raise rows
        return Figures(rows, sentences=[f"quick: {quick}"])

    monkeypatch.setattr(job, "OUT", tmp_path)
    monkeypatch.setattr(job, "README", tmp_path / "README.md")
    monkeypatch.setattr(job, "NAMES", ("speed",))
    monkeypatch.setattr(job.importlib, "import_module", lambda _: SimpleNamespace(measure=measure))
    return job.main(["speed", *arguments])


def test_rows_are_written_in_the_documented_shape(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nine fields, these names, and each row on the terminal."""
    start = at_most("start", 4.98765, "s", 10.0, "another: 6 s", aim=2.0).between([4.5, 5.5])
    assert run(monkeypatch, tmp_path, [start, measured("size", 3.0, "MB")]) == 0
    nothing = {"must": None, "aim": None, "holds": True, "low": None, "high": None, "peer": None}
    assert json.loads((tmp_path / "speed.json").read_text()) == [
        {"measure": "start", "value": 4.988, "unit": "s", "must": 10.0, "aim": 2.0, "holds": True}
        | {"low": 4.5, "high": 5.5, "peer": "another: 6 s"},
        {"measure": "size", "value": 3.0, "unit": "MB"} | nothing,
    ]
    printed = capsys.readouterr().out
    assert "must 10, aim 2: holds" in printed
    assert "another: 6 s" in printed


def test_a_broken_promise_fails_the_job_and_is_still_written(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [at_most("start", 10.1, "s", 10.0), at_least("speed", 9.9, "/s", 10.0)]
    assert run(monkeypatch, tmp_path, rows) == 1
    assert [row["holds"] for row in json.loads((tmp_path / "speed.json").read_text())] == [False, False]
    assert capsys.readouterr().out.count("must 10: BROKEN") == 2


@pytest.mark.parametrize("holds", [True, False])
def test_the_readme_is_written_whatever_holds(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, holds: bool) -> None:
    """A table of kept promises only would be no table; the status still tells."""
    begin, end = marks("speed")
    (tmp_path / "README.md").write_text(f"before\n{begin}\nstale\n{end}\nafter\n")
    status = run(monkeypatch, tmp_path, [at_most("start", 1.0 if holds else 3.0, "s", 2.0)], "--write", "--quick")
    text = (tmp_path / "README.md").read_text()
    assert status == (0 if holds else 1)
    assert ("**BROKEN**" in text) is not holds
    assert "quick: True" in text
    assert "stale" not in text


def test_what_the_machine_lacks_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """No traceback, and no success either."""
    assert run(monkeypatch, tmp_path, CannotMeasure("a CPU limit needs a cgroup")) == 1
    assert capsys.readouterr().err == "bench: speed: a CPU limit needs a cgroup\n"


@pytest.mark.parametrize("rows", [[], RuntimeError("no cluster")])
def test_what_measured_nothing_promises_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, rows: Sequence[Row] | Exception
) -> None:
    """Neither an empty list nor an exception passes."""
    assert run(monkeypatch, tmp_path, rows) == 1


def test_there_are_benchmarks_and_an_unknown_one_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert set(job.NAMES) == {"cluster_start", "probe", "services", "static_tools"}
    assert job.main(["no-such"]) == 2
    assert "no benchmark no-such; there are" in capsys.readouterr().err
