"""`kubeproof judge`: the verdicts again from a folder alone, and a sentence for what is no folder."""

import json
from dataclasses import replace
from hashlib import sha256

import pytest

from kubeproof.checks.catalogue import CHECKS, LIVE, STATIC
from kubeproof.checks.check import Premise
from kubeproof.cli import main
from kubeproof.conclusion import judge_folder
from kubeproof.provenance import provenance
from kubeproof.verdict import Fact, passed
from tests.helpers.histories import ended, resigned, signed_line, written
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
---
apiVersion: v1
kind: Service
metadata: {name: shop}
spec: {selector: {role: shop}, ports: [{port: 80, targetPort: 7000}]}
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
[[journeys.steps]]
method = "GET"
service = "shop"
path = "/things/{id}"
expect = 200
contains = { id = "{id}", name = "cup" }
[[journeys.steps]]
method = "GET"
service = "shop"
path = "/things"
expect = 200
lists = { name = "cup" }
"""
PLAN = [["api.journey", "buy", "journey:buy"]]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "declared.yaml").write_text(MANIFESTS)
    (tmp_path / "profile.toml").write_text(PROFILE)
    write(tmp_path, of_run(buy()))
    return tmp_path


def of_run(history, plan=PLAN, **begin):
    """The evidence of a run of these manifests and this profile."""
    texts = {"declared.yaml": MANIFESTS, "profile.toml": PROFILE}
    declared = {name: sha256(text.encode()).hexdigest() for name, text in texts.items()}
    return written({"journey:buy": history}, plan, **{"declared": declared, **begin})


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
    write(folder, of_run(buy())[:-cut])
    assert main(["judge", str(folder)]) == 2
    assert "the run did not end" in capsys.readouterr().out


def test_damage_outside_of_any_observation_is_not_exit_0(folder):
    rows = of_run(buy())
    write(folder, [rows[0], "\x00\xff", *rows[1:]])
    assert main(["judge", str(folder)]) == 2


def test_a_failure_is_exit_1(folder, capsys):
    history = buy()
    history[1][2]["status"] = 500
    write(folder, of_run(history))
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


@pytest.mark.parametrize(
    ("name", "was", "now"),
    [("declared.yaml", "image: shop", "image: shoq"), ("profile.toml", "expect = 201", "expect = 200")],
)
def test_what_is_not_of_the_run_leaves_nothing_that_can_be_judged(folder, name, was, now, capsys):
    text = (folder / name).read_text()
    plan = [*PLAN, ["static.role-wildcards", "market", ""], ["static.images-fixed", "market", ""]]
    write(folder, of_run(buy(), plan))
    assert main(["judge", str(folder)]) == 1, "a rule needs no evidence"
    (folder / name).write_text(text.replace(was, now))
    assert main(["judge", str(folder)]) == 2
    assert f"{name} is not the one that the run began with" in capsys.readouterr().out
    found = json.loads((folder / "verdicts.json").read_text())["verdicts"]
    assert {verdict["outcome"] for verdict in found} == {"UNKNOWN", "SKIPPED"}
    assert {verdict["because"] for verdict in found[:3]} == {f"{name} is not the one that the run began with (sha256)"}


def test_a_run_that_does_not_say_what_was_declared_cannot_be_judged(folder, capsys):
    write(folder, of_run(buy(), declared=None))
    assert main(["judge", str(folder)]) == 2
    assert "declared.yaml and profile.toml are not those that the run began with" in capsys.readouterr().out


def test_the_verdicts_say_what_they_were_made_from_and_by_whom(folder):
    history = buy()
    rows = of_run(history)
    image = {"workload": "shop", "container": "shop", "image": "shop", "digest": "sha256:1"}
    late = [resigned(row, n=n) for n, row in enumerate(rows[2:-1], start=3)]
    write(folder, ended([*rows[:2], signed_line(2, (0.0, "image", image)), *late]))
    judge_folder(folder)
    document = json.loads((folder / "verdicts.json").read_text())
    files = ("evidence.jsonl", "declared.yaml", "profile.toml")
    assert document["judged_from"] == {name: sha256((folder / name).read_bytes()).hexdigest() for name in files}
    assert document["kubeproof"] == provenance()
    assert document["images"] == [image]


def test_a_folder_of_an_earlier_format_is_one_sentence_and_exit_3(folder, capsys):
    write(folder, [json.dumps({**json.loads(row), "v": 1}) for row in of_run(buy())])
    assert main(["judge", str(folder)]) == 3
    said = capsys.readouterr().err
    assert "was written in version 1 of the evidence format, and version 2 is read here" in said
    assert len(said.splitlines()) == 1


def test_premises_are_told_when_all_is_wanted(folder, capsys, monkeypatch):
    sent = Premise("something was sent", lambda *_: passed("all", Fact(3, "a step")))
    monkeypatch.setitem(LIVE, "api.journey", replace(LIVE["api.journey"], premises=(sent,)))
    assert main(["judge", str(folder)]) == 0
    assert "something was sent" not in capsys.readouterr().out
    assert main(["judge", str(folder), "--all"]) == 0
    assert "shown:     something was sent\n" in capsys.readouterr().out
    journey, *_ = json.loads((folder / "verdicts.json").read_text())["verdicts"]
    seen = {
        "premise": "something was sent",
        "held": True,
        "because": "all",
        "evidence": [{"line": 3, "says": "a step"}],
    }
    assert journey["premises"] == [seen]


def test_no_folder_is_one_sentence_and_exit_3(tmp_path, capsys):
    assert main(["judge", str(tmp_path / "none")]) == 3
    assert "there is no folder" in capsys.readouterr().err


def test_list_prints_every_check_with_law_and_needs(capsys):
    assert main(["list"]) == 0
    text = capsys.readouterr().out
    assert all(check.name in text and check.law in text for check in CHECKS)
    assert all(name in text and rule.law in text for name, rule in STATIC.items())
    assert text.count("needs:") == len(CHECKS) + len(STATIC)
