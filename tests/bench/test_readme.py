"""The generated part of bench/README.md: what is replaced, what stays, and how figures read."""

import socket
from datetime import UTC, datetime
from pathlib import Path

import pytest

from bench import __main__ as job
from bench.readme import block, machine, marks, number, written
from bench.row import ComparisonTable, Figures, at_most, measured

WHEN = datetime(2026, 11, 24, 9, 5, tzinfo=UTC)


def test_only_the_block_of_the_benchmark_is_replaced() -> None:
    begin, end = marks("a")
    other, other_end = marks("b")
    text = f"head\n{begin}\nold\n{end}\nmiddle\n{other}\nkept\n{other_end}\n"
    assert written(text, "a", "new") == f"head\n{begin}\n\nnew\n\n{end}\nmiddle\n{other}\nkept\n{other_end}\n"


@pytest.mark.parametrize("lines", [(), (0,), (1,)])
def test_a_text_without_both_marks_is_refused(lines: tuple[int, ...]) -> None:
    """Half a block would eat what follows it."""
    with pytest.raises(ValueError, match=r"bench/README\.md has no lines"):
        written("\n".join(marks("a")[line] for line in lines), "a", "new")


@pytest.mark.parametrize("name", job.NAMES)
def test_every_benchmark_has_its_place(name: str) -> None:
    assert "new" in written(job.README.read_text(), name, "new")


def test_a_block_says_when_where_and_what() -> None:
    """Promises with their spread, the comparison table, the sentences; what promises nothing stands in the table only."""
    rows = [at_most("start", 1.234, "s", 2, "peer: 3 s", aim=1).between([1.1, 1.4]), measured("size", 3.0, "MB")]
    text = block(Figures(rows, [ComparisonTable("Side by side", ("speed",), {"ours": ("12",)})], ["A sentence."]), WHEN)
    assert text.startswith("Measured 2026-11-24 09:05 UTC on ")
    assert "| start | 1.23 s | 1.1 to 1.4 | 2 | 1 | holds | peer: 3 s |" in text
    assert "size" not in text
    assert "**Side by side**\n\n| | speed |\n|---|--:|\n| ours | 12 |" in text
    assert text.endswith("A sentence.")


def test_a_quick_run_is_called_one() -> None:
    assert "--quick" in block(Figures([]), WHEN, quick=True)
    assert "--quick" not in block(Figures([]), WHEN)


def test_the_machine_has_no_name() -> None:
    assert " cores (" in machine()
    assert socket.gethostname() not in machine()
    assert str(Path.home()) not in machine()


@pytest.mark.parametrize(("value", "text"), [(3851.2, "3,851"), (345.6, "346"), (31.68, "31.7"), (0.0456, "0.0456")])
def test_numbers_have_about_three_digits(value: float, text: str) -> None:
    assert number(value) == text
