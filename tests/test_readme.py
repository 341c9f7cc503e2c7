"""
The README's commands: each is known here, the cheap ones run, and the dear ones are the same everywhere they stand.

A changed command fails until it is changed here too, which is the moment to run it.
"""

import configparser
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from kubeproof.run_options import OPTIONS

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text()

PROOF = "pip install tox && tox -e conformance"
TESTS = "pip install tox && tox"

# Every command of the README, and what of it is cheap enough to run here: arguments of this Python, and what it
# must answer with (exit status, words). None: too dear; what is to be said of it is said in a test of its own.
COMMANDS: dict[str, tuple[list[str], int, str] | None] = {
    PROOF: None,
    TESTS: None,
    "tox -e prove": (["-m", "kubeproof", "prove", "--all"], 0, "0 broken"),
    'pip install "path/to/this/checkout[run,cluster]"': None,
    "kubeproof prove": (["-m", "kubeproof", "prove"], 0, "0 broken"),
    "kubeproof run": (["-m", "kubeproof", "run", "--help"], 0, "--kubeconfig"),
    "pytest --kubeproof": (["-m", "pytest", "--help"], 0, "--kubeproof-kubeconfig"),
    "tox -e conformance -- --kubeconfig ~/.kube/config --context staging": None,
    "tox -e conformance -- --manifests path/to/overlay --profile path/to/kubeproof.toml": None,
    'tox -e conformance -- -k "rollout or isolation"': None,
    "tox -e prove -- --manifests path/to/overlay --profile path/to/kubeproof.toml": (
        ["-m", "kubeproof", "prove", "--manifests", "path/to/overlay", "--profile", "path/to/kubeproof.toml"],
        3,
        "path/to/overlay",
    ),
    ".tox/conformance/bin/kubeproof list": (["-m", "kubeproof", "list"], 0, "rollout.no-loss"),
    ".tox/conformance/bin/kubeproof judge out/latest": (
        ["-m", "kubeproof", "judge", "out/no-such-run"],
        3,
        "no-such-run",
    ),
    "tox -e mutation": (["-m", "kubeproof.mutants", "--list"], 0, "strategy-recreate"),
    "tox -e bench": (["-m", "bench", "--list"], 0, "cluster_start"),
    "tox -e cluster -- up": (["-m", "kubeproof", "cluster", "up", "--help"], 0, "--name"),
    "tox -e cluster -- kubeconfig": (["-m", "kubeproof", "cluster", "kubeconfig", "--name", "not-up"], 1, "not-up"),
    "tox -e cluster -- status": (["-m", "kubeproof", "cluster", "status", "--name", "not-up"], 1, "not-up is not up"),
    "tox -e cluster -- ingress": (["-m", "kubeproof", "cluster", "ingress", "--name", "not-up"], 1, "not-up"),
    "tox -e cluster -- down": (["-m", "kubeproof", "cluster", "down", "--help"], 0, "--name"),
    "KUBEPROOF_PATH=/items .tox/fast/bin/locust -f load/locustfile.py --headless --users 20 --spawn-rate 20"
    " --run-time 240s --host http://127.0.0.1:5000": (
        ["-m", "locust", "-f", "load/locustfile.py", "--list"],
        0,
        "Visitor",
    ),
}


def readme_commands() -> list[str]:
    """Give every line of the README's shell blocks."""
    blocks = re.findall(r"^```sh\n(.*?)^```", README, flags=re.MULTILINE | re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line.strip()]


def tox_environments() -> set[str]:
    """Give the names of tox.ini's environments."""
    tox = configparser.ConfigParser(interpolation=None)
    tox.read(ROOT / "tox.ini")
    return {section.partition(":")[2] for section in tox.sections() if section.startswith("testenv:")}


def test_every_command_of_the_readme_is_known_here() -> None:
    """In its order, none more and none fewer."""
    assert readme_commands() == list(COMMANDS)


@pytest.mark.parametrize("command", [command for command, cheap in COMMANDS.items() if cheap])
def test_a_cheap_command_answers_as_the_readme_says(command: str) -> None:
    """Run it, or what is cheap of it, with this Python in place of tox's."""
    cheap = COMMANDS[command]
    assert cheap
    arguments, status, words = cheap
    run = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert run.returncode == status, run.stdout + run.stderr
    assert words in run.stdout + run.stderr
    assert "Traceback" not in run.stderr


def test_every_tox_line_names_an_environment_that_exists() -> None:
    """Also those in the text, in CONTRIBUTING and in the mutants' README."""
    texts = [README, (ROOT / "CONTRIBUTING.md").read_text(), (ROOT / "conformance/mutants/README.md").read_text()]
    named = {name for text in texts for name in re.findall(r"tox -e ([\w-]+)", text)}
    assert {"conformance", "mutation", "bench", "cluster"} <= named
    assert named <= tox_environments()
    assert set(re.findall(r"\.tox/([\w-]+)/", README)) <= tox_environments()


def test_plain_tox_runs_the_fast_tests_and_the_linters() -> None:
    tox = configparser.ConfigParser(interpolation=None)
    tox.read(ROOT / "tox.ini")
    assert {name.strip() for name in tox["tox"]["env_list"].split(",")} == {"fast", "lint"}
    assert "pytest tests" in tox["testenv:fast"]["commands"]
    assert "kubeproof run" in tox["testenv:conformance"]["commands"]


@pytest.mark.parametrize(
    ("file", "lines"),
    [
        (".ci/run", [f'"{TESTS}"', f'"{PROOF}"']),
        (".github/workflows/ci.yml", [f"- run: {TESTS}\n"]),
        (".github/workflows/conformance.yml", [f"- run: {PROOF}\n"]),
    ],
)
def test_what_runs_by_itself_runs_the_readmes_lines(file: str, lines: list[str]) -> None:
    """Word for word: a set-up step that only CI knows is one a reader lacks."""
    text = (ROOT / file).read_text()
    assert [line for line in lines if line not in text] == []


def test_the_options_of_a_run_are_those_of_the_readme() -> None:
    """Its table has every option of a run, and no other."""
    added = [f"--{option.name}" for option in OPTIONS]
    table = re.findall(r"^\| `(--[\w-]+)(?: [A-Z]+)?` \|", README, flags=re.MULTILINE)
    assert sorted(table) == sorted(added)
    for command in readme_commands():
        if command.startswith("tox -e conformance -- "):
            given = {word for word in shlex.split(command)[4:] if word.startswith("-")}
            assert given <= {*added, "-k"}


def test_the_workflows_may_only_read_and_pin_what_they_use() -> None:
    """Each action by the full hash of a commit, with the version in words beside it."""
    for file in (ROOT / ".github/workflows").glob("*.yml"):
        text = file.read_text()
        assert re.search(r"^permissions:\n  contents: read\n(?! )", text, flags=re.MULTILINE), file.name
        used = re.findall(r"uses: (.*)", text)
        assert used, file.name
        for action in used:
            assert re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v[\d.]+", action), f"{file.name}: {action}"
