"""`kubeproof judge`: the verdicts again from a folder alone, and a sentence for what is no folder."""

import json

import pytest

from kubeproof.checks.catalogue import CHECKS, STATIC
from kubeproof.cli import main
from kubeproof.conclusion import judge_folder
from tests.helpers.histories import written
from tests.kubeproof.checks.test_journeys import buy

MANIFESTS = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: shop}
spec:
  selector: {matchLabels: {role: shop}}
  template:
    metadata: {labels: {role: shop}}
    spec: {containers: [{name: shop, image: shop, ports: [{containerPort: 7000}]}]}
"""
PROFILE = """
system = "market"
namespace = "market"
[[journeys]]
name = "buy"
[[journeys.steps]]
method = "POST"
service = "shop"
path = "/things"
body = { name = "cup" }
expect = 201
save = { id = "id" }
"""
PLAN = [["api.journey", "buy", "journey:buy"]]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "declared.yaml").write_text(MANIFESTS)
    (tmp_path / "profile.toml").write_text(PROFILE)
    write(tmp_path, written({"journey:buy": buy()}, PLAN))
    return tmp_path


def write(folder, rows):
    (folder / "evidence.jsonl").write_text("".join(f"{row}\n" for row in rows))


def test_a_sound_folder_is_judged_as_its_run_was(folder, capsys):
    _, text, _ = judge_folder(folder)
    first = (folder / "verdicts.json").read_bytes()
    assert main(["judge", str(folder)]) == 0
    assert capsys.readouterr().out == text + "\n"
    assert (folder / "verdicts.json").read_bytes() == first
    assert json.loads(first)["exit"] == 0
    assert (folder / "junit.xml").read_text().startswith("<?xml")
    assert not list(folder.glob(".*"))


@pytest.mark.parametrize("cut", [1, 2, 4, 6])
def test_a_cut_file_is_unknown_and_never_exit_0(folder, cut, capsys):
    write(folder, written({"journey:buy": buy()}, PLAN)[:-cut])
    assert main(["judge", str(folder)]) == 2
    assert "the run did not end" in capsys.readouterr().out


def test_damage_outside_of_any_observation_is_not_exit_0(folder):
    rows = written({"journey:buy": buy()}, PLAN)
    write(folder, [rows[0], "\x00\xff", *rows[1:]])
    assert main(["judge", str(folder)]) == 2


def test_a_failure_is_exit_1(folder, capsys):
    history = buy()
    history[0][2]["status"] = 500
    write(folder, written({"journey:buy": history}, PLAN))
    assert main(["judge", str(folder)]) == 1
    assert "answered 500, should be 201" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["declared.yaml", "profile.toml", "evidence.jsonl"])
def test_a_folder_without_one_of_its_files_is_one_sentence_and_exit_3(folder, name, capsys):
    (folder / name).unlink()
    assert main(["judge", str(folder)]) == 3
    said = capsys.readouterr().err
    assert name in said
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize(
    ("name", "text"),
    [("declared.yaml", "kind: ["), ("declared.yaml", "- just a list"), ("profile.toml", "system = 3")],
)
def test_a_folder_whose_declarations_cannot_be_read_is_exit_3(folder, name, text, capsys):
    (folder / name).write_text(text)
    assert main(["judge", str(folder)]) == 3
    assert str(folder) in capsys.readouterr().err


def test_no_folder_is_one_sentence_and_exit_3(tmp_path, capsys):
    assert main(["judge", str(tmp_path / "none")]) == 3
    assert "there is no folder" in capsys.readouterr().err


def test_list_prints_every_check_with_law_and_needs(capsys):
    assert main(["list"]) == 0
    text = capsys.readouterr().out
    assert all(check.name in text and check.law in text for check in CHECKS)
    assert all(name in text and rule.law in text for name, rule in STATIC.items())
    assert text.count("needs:") == len(CHECKS) + len(STATIC)
