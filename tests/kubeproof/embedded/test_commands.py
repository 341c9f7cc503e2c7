"""The command line: exit status and the one sentence, for what needs no running cluster."""

from pathlib import Path

import pytest

from kubeproof.embedded import __main__ as commands
from kubeproof.embedded.folders import folders
from kubeproof.embedded.report import Reporter


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("command", [["kubeconfig"], ["ingress"], ["load", __file__]])
def test_what_needs_a_cluster_says_how_to_start_one(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.main([*command, "--name", "none"]) == 1
    assert "kubeproof cluster up --name none" in capsys.readouterr().err


def test_status_of_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.main(["status", "--name", "none"]) == 1
    assert capsys.readouterr().out == "cluster none is not up\n"


def test_status_names_what_ended_later(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    place = folders("dev")
    place.state.mkdir(parents=True)
    reporter = Reporter(place.report)
    monkeypatch.setattr("kubeproof.embedded.__main__.processes.find", lambda _: (1,))
    reporter.reach("etcd")
    reporter.reach("dns")
    assert commands.main(["status", "--name", "dev"]) == 0
    reporter.exit("etcd", -9)
    assert commands.main(["status", "--name", "dev"]) == 1
    assert "EXITED -9" in capsys.readouterr().out


def test_status_while_starting_is_not_yet_a_yes(monkeypatch: pytest.MonkeyPatch) -> None:
    place = folders("dev")
    place.state.mkdir(parents=True)
    Reporter(place.report).reach("etcd")
    monkeypatch.setattr("kubeproof.embedded.__main__.processes.find", lambda _: (1,))
    assert commands.main(["status", "--name", "dev"]) == 1


def test_logs_of_an_unknown_component_name_the_known(capsys: pytest.CaptureFixture[str]) -> None:
    place = folders("dev")
    place.log.mkdir(parents=True)
    (place.log / "kubelet.log").write_text("one\ntwo\n")
    assert commands.main(["logs", "kubelet", "--name", "dev"]) == 0
    assert capsys.readouterr().out == "one\ntwo\n"
    assert commands.main(["logs", "qubelet", "--name", "dev"]) == 1
    assert "there are: kubelet" in capsys.readouterr().err


def test_a_missing_archive_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.main(["load", str(tmp_path / "none.tar")]) == 1
    assert "there is no image archive" in capsys.readouterr().err


def test_a_bad_name_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert commands.main(["down", "--name", "../x"]) == 1
    assert "cannot be a cluster's name" in capsys.readouterr().err


def test_wrong_usage_is_status_2(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        commands.main(["sideways"])
    assert ended.value.code == 2
    assert "usage: kubeproof cluster" in capsys.readouterr().err
