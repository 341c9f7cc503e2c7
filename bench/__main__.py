"""
Run benchmarks: `python -m bench [NAME...]`, all by default, `--list` to see them.

A benchmark is a module of this package with `measure() -> Sequence[Row]`; its docstring says what and how. Each writes
out/bench/<name>.json. Exit status: 0 every `must` holds; 1 one does not, or a benchmark measured nothing or
broke; 2 there is no such benchmark; 130 Ctrl-C.
"""

import argparse
import importlib
import pkgutil
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

import bench
from bench.row import Row, table, write_rows

OUT = Path(__file__).resolve().parents[1] / "out" / "bench"
NOT_BENCHMARKS = {"__main__", "row"}


def names() -> list[str]:
    """Give the names of all benchmarks."""
    return sorted(m.name for m in pkgutil.iter_modules(bench.__path__) if m.name not in NOT_BENCHMARKS)


def main(argv: Sequence[str]) -> int:
    """Run the benchmarks asked for and give the exit status."""
    parser = argparse.ArgumentParser("python -m bench", description="Run benchmarks.")
    parser.add_argument("names", nargs="*", help="benchmarks to run (default: all)")
    parser.add_argument("--list", action="store_true", help="print the names and run none")
    asked = parser.parse_args(argv)
    unknown = sorted(set(asked.names) - set(names()))
    if unknown:
        print(f"bench: no benchmark {unknown[0]}; there are {', '.join(names())}", file=sys.stderr)
        return 2
    chosen = asked.names or names()
    if asked.list:
        print("\n".join(chosen))
        return 0
    held = [run(name, OUT) for name in chosen]
    return 0 if all(held) else 1


def run(name: str, out: Path) -> bool:
    """Run one benchmark, write and print its rows; tell whether it measured something and every must holds."""
    try:
        rows: Sequence[Row] = importlib.import_module(f"bench.{name}").measure()
    except Exception:  # noqa: BLE001  One that broke must not take the others along; it fails the job.
        print(f"bench: {name} broke", file=sys.stderr)
        traceback.print_exc()
        return False
    write_rows(rows, out / f"{name}.json")
    print(table(name, rows) if rows else f"{name}\n  measured nothing", flush=True)
    return bool(rows) and all(row.holds for row in rows)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
