"""
`python tests/package_installed.py`: the wheel of this checkout, in an empty environment, called from outside.

First bare, then with [run], then with [cluster] as well. Takes a minute and an index of packages, so it is no fast
test but one of its own: tox -e package. Ends at the first answer that is wrong.
"""

import os
import subprocess
import sys
import tempfile
import venv
from collections.abc import Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.helpers.bare_package import BARE, CLUSTER, ROOT, RUN, Call, answer, lay_out

# Of the caller only what pip needs: no cluster of theirs, and no path to this checkout.
ENVIRONMENT = {n: v for n, v in os.environ.items() if n != "KUBECONFIG" and not n.startswith(("PYTHON", "PYTEST_"))}
THEIR_TESTS = Call("-q --profile x", "tests", 0, "2 passed")
PROVED_BY_PYTEST = Call("--kubeproof --kubeproof-kubeconfig ../dead", "theirs", 3, "../dead does not answer")


def main() -> None:
    """Build, install and call."""
    with tempfile.TemporaryDirectory(prefix="kubeproof-package-") as folder:
        below = Path(folder)
        lay_out(below)
        pip([sys.executable, "-m", "pip", "wheel", "--no-deps", "--wheel-dir", below, ROOT])
        [wheel] = below.glob("*.whl")
        venv.create(below / "venv", with_pip=True)
        programs = below / "venv/bin"
        for extras, calls in (("", BARE), ("[run]", RUN), ("[run,cluster]", CLUSTER)):
            pip([programs / "python", "-m", "pip", "install", "--no-compile", f"{wheel}{extras}"])
            print(f"installed {wheel.name}{extras}", flush=True)
            for call in calls:
                tell(call, [programs / "kubeproof"], below)
        tell(BARE[0], [programs / "python", "-m", "kubeproof"], below)
        tell(THEIR_TESTS, [programs / "pytest"], below)
        tell(PROVED_BY_PYTEST, [programs / "pytest"], below)


def pip(command: Sequence[str | Path]) -> None:
    """Run pip; its words only when it fails."""
    done = subprocess.run([*command, "--quiet"], env=ENVIRONMENT, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{command[3]} of the wheel failed:\n{done.stderr}")


def tell(call: Call, command: Sequence[str | Path], below: Path) -> None:
    """Call it, and say that it answered as it must."""
    answer(call, command, below, ENVIRONMENT)
    print(f"  {' '.join([Path(command[0]).name, *map(str, command[1:]), call.line])}: {call.status}, {call.words}")


if __name__ == "__main__":
    main()
