"""What the box reports is what the caller raises."""

import json
from pathlib import Path

import pytest

from kubeproof.embedded.errors import ClusterError, ComponentExited, NotReadyInTime
from kubeproof.embedded.report import Report, Reporter


def test_there_is_an_empty_report_before_the_first(tmp_path: Path) -> None:
    report = Report.read(tmp_path / "report.json")
    assert (report.reached, report.exited, report.error()) == ({}, {}, None)


def test_reached_and_exited_are_read_back(tmp_path: Path) -> None:
    reporter = Reporter(tmp_path / "report.json")
    reporter.reach("etcd")
    reporter.exit("kubelet", -9)
    report = Report.read(tmp_path / "report.json")
    assert list(report.reached) == ["etcd"]
    assert report.exited == {"kubelet": -9}


@pytest.mark.parametrize(
    "error",
    [
        ComponentExited("etcd", 2, "bad flag\nbye"),
        NotReadyInTime("dns", 60, ""),
        ClusterError("the API server did not take it"),
    ],
)
def test_an_error_crosses_the_file_with_all_it_says(tmp_path: Path, error: ClusterError) -> None:
    Reporter(tmp_path / "report.json").fail(error)
    read = Report.read(tmp_path / "report.json").error()
    assert type(read) is type(error)
    assert str(read) == str(error)
    assert vars(read) == vars(error)


def test_errors_say_who_what_how_long_and_the_last_lines() -> None:
    text = str(NotReadyInTime("dns", 60, "first\nsecond"))
    assert "dns" in text
    assert "60 s" in text
    assert text.endswith("  first\n  second")
    assert "status -9" in str(ComponentExited("etcd", -9, ""))
    assert "the log is empty" in str(ComponentExited("etcd", -9, ""))


def test_a_reader_never_sees_half_a_report(tmp_path: Path) -> None:
    reporter = Reporter(tmp_path / "report.json")
    reporter.reach("etcd")
    first = (tmp_path / "report.json").stat().st_ino
    reporter.reach("dns")
    assert (tmp_path / "report.json").stat().st_ino != first  # replaced whole, never written in place
    assert json.loads((tmp_path / "report.json").read_text())["failure"] is None
