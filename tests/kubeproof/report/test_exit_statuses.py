"""Exit statuses mean one thing: in the code, in the document, in every command's help, and on a wrong option."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from kubeproof.cli import main
from kubeproof.command_line import ended
from kubeproof.mutants.__main__ import main as mutants
from kubeproof.verdict import Exit

ROOT = Path(__file__).parents[3]
COMMANDS = ["list", "prove", "run", "judge", "schemas", "profile"]


def stopped(run, *arguments):
    """How a command line ends that does not come to its command."""
    with pytest.raises(SystemExit) as end:
        run(list(arguments))
    return end.value.code


def test_the_document_has_each_status_with_its_meaning():
    rows = re.findall(r"^\| (\d+) \| (.+) \|$", (ROOT / "docs/evidence.md").read_text(), flags=re.MULTILINE)
    assert rows == [(str(int(status)), status.meaning) for status in Exit]


@pytest.mark.parametrize("command", [[], *([name] for name in COMMANDS)])
def test_help_says_what_it_does_and_every_status(command, capsys):
    assert stopped(main, *command, "--help") == 0
    text = capsys.readouterr().out
    assert all(f"  {status:<4} {status.meaning}\n" in text for status in Exit)
    assert re.search(r"\n\n[A-Z].*\.\n\n", text), "no sentence says what it does"


def test_the_help_names_each_command_with_what_it_does(capsys):
    stopped(main, "--help")
    listed = re.findall(r"^    (\w+) +\w", capsys.readouterr().out, flags=re.MULTILINE)
    assert sorted(listed) == sorted([*COMMANDS, "cluster"])


@pytest.mark.parametrize(
    ("run", "arguments", "message"),
    [
        (main, [], "COMMAND"),
        (main, ["dance"], "dance"),
        (main, ["prove", "--sariff", "x"], "--sariff"),
        (main, ["judge"], "FOLDER"),
        (main, ["list", "--al"], "--al"),
        (main, ["schemas"], "--kubeconfig"),
        (mutants, ["--all"], "--all"),
    ],
)
def test_what_is_not_understood_could_not_start(run, arguments, message, capsys):
    assert stopped(run, *arguments) == Exit.NOT_DONE
    assert message in capsys.readouterr().err


def test_ctrl_c_has_a_status_of_its_own():
    def main(_):
        raise KeyboardInterrupt

    assert ended(main, []) == Exit.INTERRUPTED


def test_a_reader_that_leaves_early_is_told_nothing_on_the_way_out():
    command = [sys.executable, "-m", "kubeproof", "list"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as child:
        child.stdout.close()
        assert child.stderr.read() == ""
