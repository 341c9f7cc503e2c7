"""
`python -m conformance list` prints every check with its law and its needs; `judge FOLDER` judges a run again.

Neither needs a cluster. Exit status of judge: 0 all asked for holds, 1 something is broken, 2 something cannot be
judged, 3 the folder is not that of a run.
"""

import argparse
import sys
from pathlib import Path

from conformance.conclusion import NotARun, judge_folder

NOT_STARTED = 3


def main(arguments: list[str]) -> int:
    """Run one command; give the exit status."""
    parser = argparse.ArgumentParser(prog="python -m conformance", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="every check: name, law, what it needs from the cluster")
    judge = commands.add_parser("judge", help="judge a run again from its folder, without a cluster")
    judge.add_argument("folder", type=Path, help="the folder of a run, such as out/latest")
    chosen = parser.parse_args(arguments)
    if chosen.command == "list":
        print(listing())
        return 0
    try:
        _, text, status = judge_folder(chosen.folder)
    except (NotARun, OSError) as error:
        print(error, file=sys.stderr)
        return NOT_STARTED
    print(text)
    return status


def listing() -> str:
    """Every check, from the code: name, law, needs."""
    # Here and not above: judging must work where no Kubernetes client is installed.
    from conformance.catalogue import CHECKS

    width = max(len(check.name) for check in CHECKS)
    return "\n".join(f"{check.name:<{width}}  {check.law}\n{'':<{width}}  needs: {check.needs}" for check in CHECKS)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
