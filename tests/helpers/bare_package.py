"""What an installed kubeproof must answer outside its checkout, for the unpacked wheel and for the installed one."""

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PUBLISHED = ROOT / "tests/fixtures/published/guestbook.yaml"
PROFILE = 'system = "guestbook"\nnamespace = "default"\n'
# A port on which nobody listens.
DEAD = """
apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {server: "http://127.0.0.1:1"}}]
users: [{name: u, user: {}}]
contexts: [{name: x, context: {cluster: c, user: u}}]
current-context: x
"""
# Somebody's tests, with an option of a name that ours has as well.
CONFTEST = """
def pytest_addoption(parser):
    parser.addoption("--profile")
"""
TEST = """
import sys

def test_with_an_option_of_their_own(pytestconfig):
    assert pytestconfig.getoption("--profile") == "x"

def test_nothing_of_ours_is_there_but_the_plugin():
    ours = {name for name in sys.modules if name.partition(".")[0] == "kubeproof"}
    assert ours == {"kubeproof", "kubeproof.pytest_plugin", "kubeproof.run_options"}
"""


@dataclass(frozen=True)
class Call:
    """A command line, the folder it is called in, and what it must answer with: exit status and words."""

    line: str
    folder: str
    status: int
    words: str


# Without an extra.
BARE = (
    Call("prove", "empty", 3, "there is no kubeproof.toml here"),
    Call("prove", "theirs", 1, "broken"),
    Call("judge .", "run", 2, "cannot be judged"),
    Call("judge .", "empty", 3, "is not the folder of a run"),
    Call("list", "empty", 0, "rollout.no-loss"),
    Call("profile", "empty", 0, '"title": "kubeproof profile"'),
    Call("run", "empty", 3, "pip install 'kubeproof[run]'"),
    Call("cluster status", "empty", 3, "pip install 'kubeproof[cluster]'"),
)
# With [run] alone, and then with [cluster] as well.
RUN = (
    Call("run", "theirs", 3, "pip install 'kubeproof[cluster]'"),
    Call("run --kubeconfig ../dead", "theirs", 3, "../dead does not answer"),
)
CLUSTER = (Call("cluster status --name not-up", "empty", 1, "cluster not-up is not up"),)


def lay_out(below: Path) -> None:
    """Make the folders of the calls: nothing, somebody's system, their tests, and a run that was cut at its begin."""
    for name in ("empty", "theirs", "run", "tests"):
        (below / name).mkdir()
    shutil.copy(PUBLISHED, below / "theirs/manifests.yaml")
    (below / "theirs/kubeproof.toml").write_text(PROFILE)
    shutil.copy(PUBLISHED, below / "run/declared.yaml")
    (below / "run/profile.toml").write_text(PROFILE)
    (below / "run/evidence.jsonl").touch()
    (below / "tests/conftest.py").write_text(CONFTEST)
    (below / "tests/test_theirs.py").write_text(TEST)
    (below / "dead").write_text(DEAD)


def answer(call: Call, command: Sequence[str | Path], below: Path, environment: Mapping[str, str]) -> None:
    """Hold what a call says against what it must say; the words may be on either stream, and are no traceback."""
    done = subprocess.run(
        [*command, *call.line.split()],
        cwd=below / call.folder,
        env={**environment, "XDG_STATE_HOME": str(below / "state")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == call.status, f"{call}\n{done.stdout}"
    assert call.words in done.stdout, f"{call}\n{done.stdout}"
    assert "Traceback" not in done.stdout, f"{call}\n{done.stdout}"
