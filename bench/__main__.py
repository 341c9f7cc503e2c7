"""
Run benchmarks: `python -m bench [NAME...] [--quick] [--write]`, all by default, `--list` to see them.

A benchmark is a module of this package with `measure(*, quick: bool) -> Figures`; its docstring says what and how. Its
rows go to out/bench/<name>.json; `--write` also puts its tables into bench/README.md. `--quick` is for work on a
benchmark: one short round, figures that say little. Exit status: 0 every `must` holds; 1 one does not, or a benchmark
measured nothing or broke; 2 there is no such benchmark; 130 Ctrl-C.
"""

import argparse
import importlib
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

from bench import readme
from bench.errors import CannotMeasure
from bench.row import Figures, table, write_rows

OUT = Path(__file__).resolve().parents[1] / "out" / "bench"
README = Path(__file__).resolve().parent / "README.md"
NAMES = ("cluster_start", "probe", "services", "static_tools")


def main(argv: Sequence[str]) -> int:
    """Run the benchmarks asked for and give the exit status."""
    parser = argparse.ArgumentParser("python -m bench", description="Run benchmarks.")
    parser.add_argument("names", nargs="*", help="benchmarks to run (default: all)")
    parser.add_argument("--list", action="store_true", help="print the names and run none")
    parser.add_argument("--quick", action="store_true", help="one short round, to see that it runs")
    parser.add_argument("--write", action="store_true", help="put the tables into bench/README.md")
    asked = parser.parse_args(argv)
    unknown = sorted(set(asked.names) - set(NAMES))
    if unknown:
        print(f"bench: no benchmark {unknown[0]}; there are {', '.join(NAMES)}", file=sys.stderr)
        return 2
    chosen = asked.names or list(NAMES)
    if asked.list:
        print("\n".join(chosen))
        return 0
    held = []
    for name in chosen:
        figures = run(name, OUT, quick=asked.quick)
        if figures and asked.write:
            README.write_text(readme.written(README.read_text(), name, readme.block(figures, quick=asked.quick)))
        held.append(figures is not None and bool(figures.rows) and all(row.holds for row in figures.rows))
    return 0 if all(held) else 1


def run(name: str, out: Path, *, quick: bool) -> Figures | None:
    """Run one benchmark, write and print what it found; None if it broke."""
    try:
        figures: Figures = importlib.import_module(f"bench.{name}").measure(quick=quick)
    except CannotMeasure as error:
        print(f"bench: {name}: {error}", file=sys.stderr)
        return None
    except Exception:  # noqa: BLE001  One that broke must not take the others along; it fails the job.
        print(f"bench: {name} broke", file=sys.stderr)
        traceback.print_exc()
        return None
    write_rows(figures.rows, out / f"{name}.json")
    print(table(name, figures.rows) if figures.rows else f"{name}\n  measured nothing", flush=True)
    for comparison in figures.comparison_tables:
        print(f"\n{comparison.title}\n{readme.comparison_table(comparison)}", flush=True)
    print("".join(f"\n{sentence}\n" for sentence in figures.sentences), flush=True)
    return figures


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
