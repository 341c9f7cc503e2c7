"""
Print how many corruptions of the passing run survive: survived / tried, by kind of line and by what was done.

    python -m tests.forged              the table
    python -m tests.forged --each       and each survivor: kind, field, operation, observations
"""

import sys

from tests.forged.allowed import ALLOWED, keys
from tests.forged.run import passing, remembering
from tests.forged.survival import table, tried


def main(argv: list[str]) -> int:
    """Try everything, and print what survived."""
    with remembering():
        results = [result for observation in passing() for result in tried(observation)]
    print("\n".join(table(results)))
    if "--each" in argv:
        found: dict[tuple[str, str, str], dict[str, None]] = {}
        for result in results:
            if result.survived:
                found.setdefault(result.key, {})[result.observation] = None
        for key, of in sorted(found.items()):
            new = "" if key in keys(ALLOWED) else "   (not of a line that allowed.py is about)"
            print(f"{' '.join(filter(None, key))}: {', '.join(of)}{new}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
