"""The seeded defects render on our manifests and break what they say; what a run tells of them is read right."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubeproof.manifests.rendering import find_kubectl, render
from kubeproof.mutants import __main__ as mutants
from kubeproof.mutants.mutant import (
    Fate,
    Mutant,
    MutantError,
    fate,
    proofs_of,
    read_mutant,
    read_mutants,
    write_kustomization,
)

ROOT = Path(__file__).resolve().parents[3]
OVERLAY = ROOT / "manifests" / "overlays" / "embedded"
ROLLOUT = Mutant("m", Path("m"), "damage", ("rollout.no-loss",))


@pytest.fixture(scope="module")
def mutated(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    """Give the documents of our overlay under each mutant's name, and under "" those without one."""
    kubectl = find_kubectl()
    texts = {"": render(OVERLAY, kubectl=kubectl)}
    for mutant in read_mutants():
        folder = write_kustomization(mutant, OVERLAY, tmp_path_factory.mktemp(mutant.name))
        texts[mutant.name] = render(folder, kubectl=kubectl)
    return {name: list(yaml.safe_load_all(text)) for name, text in texts.items()}


def of(documents: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [document for document in documents if document["kind"] == kind]


def containers(documents: list[dict[str, Any]], kind: str = "Deployment") -> list[dict[str, Any]]:
    return [each["spec"]["template"]["spec"]["containers"][0] for each in of(documents, kind)]


def test_the_seeded_defects_are_here() -> None:
    """Name by name: a mutant that vanishes is a law that nobody doubts any more."""
    assert {mutant.name: mutant.must_fail for mutant in read_mutants()} == {
        "backup-of-another-database": ("persistence.backup-restore",),
        "ingress-wrong-backend": ("ingress.routes",),
        "isolation-policies-deleted": ("isolation.reachability",),
        "liveness-asks-the-database": ("probes.liveness-ignores-database", "outage.black-holed"),
        "no-autoscaler": ("scaling.up",),
        "no-database-timeout": ("outage.frozen",),
        "no-drain": ("rollout.no-loss",),
        "no-readiness-probe": ("probes.readiness-follows-database",),
        "strategy-recreate": ("rollout.no-loss", "rollout.in-time"),
        "volume-emptydir": ("persistence.pod-delete",),
    }


@pytest.mark.parametrize(
    ("name", "kind"),
    [("isolation-policies-deleted", "NetworkPolicy"), ("no-autoscaler", "HorizontalPodAutoscaler")],
)
def test_a_mutant_of_absence_deletes_all_of_a_kind_and_nothing_else(
    mutated: dict[str, list[dict[str, Any]]], name: str, kind: str
) -> None:
    assert of(mutated[""], kind)
    assert mutated[name] == [document for document in mutated[""] if document["kind"] != kind]


def test_no_readiness_probe_leaves_liveness_alone(mutated: dict[str, list[dict[str, Any]]]) -> None:
    assert all("readinessProbe" in each for each in containers(mutated[""]))
    assert not any("readinessProbe" in each for each in containers(mutated["no-readiness-probe"]))
    assert all("livenessProbe" in each for each in containers(mutated["no-readiness-probe"]))


def test_a_liveness_that_asks_the_database_is_the_readiness_of_the_same_container(
    mutated: dict[str, list[dict[str, Any]]],
) -> None:
    for before, after in zip(containers(mutated[""]), containers(mutated["liveness-asks-the-database"]), strict=True):
        assert before["livenessProbe"] != before["readinessProbe"]
        assert after == {**before, "livenessProbe": before["readinessProbe"]}


def test_recreate_replaces_the_rolling_update(mutated: dict[str, list[dict[str, Any]]]) -> None:
    strategies = [each["spec"]["strategy"] for each in of(mutated["strategy-recreate"], "Deployment")]
    assert strategies == [{"type": "Recreate"}] * len(of(mutated[""], "Deployment"))


def test_an_emptydir_takes_the_name_of_the_claim(mutated: dict[str, list[dict[str, Any]]]) -> None:
    """The container mounts what it always did; only it no longer outlives the pod."""
    (before,), (after,) = of(mutated[""], "StatefulSet"), of(mutated["volume-emptydir"], "StatefulSet")
    claim = before["spec"]["volumeClaimTemplates"][0]["metadata"]["name"]
    assert "volumeClaimTemplates" not in after["spec"]
    assert {"name": claim, "emptyDir": {}} in after["spec"]["template"]["spec"]["volumes"]
    assert containers([before], "StatefulSet") == containers([after], "StatefulSet")


def test_a_backup_of_another_database_has_the_last_word_on_which(mutated: dict[str, list[dict[str, Any]]]) -> None:
    """The variable is there twice, and Kubernetes takes the later one; the Jobs are otherwise as they were."""
    for before, after in zip(
        of(mutated[""], "CronJob"), of(mutated["backup-of-another-database"], "CronJob"), strict=True
    ):
        paths = [each["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0] for each in (before, after)]
        env = [container.pop("env") for container in paths]
        assert env[1] == [*env[0], {"name": "PGDATABASE", "value": "postgres"}]
        assert before == after


def test_a_wrong_backend_is_a_port_that_no_service_has(mutated: dict[str, list[dict[str, Any]]]) -> None:
    (before,), (after,) = of(mutated[""], "Ingress"), of(mutated["ingress-wrong-backend"], "Ingress")
    backends = [each["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"] for each in (before, after)]
    wrong = [backend.pop("port") for backend in backends][1]
    assert before == after
    ports = {port["port"] for service in of(mutated[""], "Service") for port in service["spec"]["ports"]}
    assert wrong["number"] not in ports


def python_of(documents: list[dict[str, Any]], name: str, folder: Path) -> list[str]:
    """Write the files that a mutant mounts into its Python, and give the command of one that reads them."""
    maps = {each["metadata"]["name"]: each["data"] for each in of(documents, "ConfigMap")}
    mounted = maps[f"{name}-environment"]["PYTHONUSERBASE"]
    assert all({"name": name, "mountPath": mounted} in each["volumeMounts"] for each in containers(documents))
    (volume, *_) = (
        volume["configMap"]
        for each in of(documents, "Deployment")
        for volume in each["spec"]["template"]["spec"]["volumes"]
        if volume["name"] == name
    )
    for item in volume["items"]:
        file = folder / item["path"]
        file.parent.mkdir(parents=True)
        file.write_text(maps[name][item["key"]])
    ours = folder / f"lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"
    # In a virtual environment there is no user site: what Python does with it elsewhere is done by hand here.
    return ["env", f"PYTHONPATH={ours}", sys.executable, "-c"]


def test_no_drain_takes_pre_stop_and_the_programs_own_handler(
    mutated: dict[str, list[dict[str, Any]]], tmp_path: Path
) -> None:
    """Run a Python that would drain, with the variable and the files the mutant gives it: SIGTERM ends it at once."""
    assert not any("lifecycle" in each for each in containers(mutated["no-drain"]))
    python = python_of(mutated["no-drain"], "no-drain", tmp_path)
    program = (
        "import usercustomize, signal, time; signal.signal(signal.SIGTERM, lambda *_: print('drains'));"
        "print('up', flush=True); time.sleep(30)"
    )
    with subprocess.Popen([*python, program], stdout=subprocess.PIPE) as child:
        assert child.stdout
        assert child.stdout.readline() == b"up\n"
        began = time.monotonic()
        child.send_signal(signal.SIGTERM)
        assert child.wait(10) == 143
    assert time.monotonic() - began < 5


def test_no_database_timeout_makes_every_wait_a_minute_and_no_other_socket_wait(
    mutated: dict[str, list[dict[str, Any]]], tmp_path: Path
) -> None:
    python = python_of(mutated["no-database-timeout"], "no-database-timeout", tmp_path)
    asked = "for seconds in (1.5, 0, None): s.settimeout(seconds); print(s.gettimeout())"
    program = f"import usercustomize, socket; s = socket.socket()\n{asked}"
    done = subprocess.run([*python, program], capture_output=True, text=True, timeout=20, check=True)
    assert done.stdout.split() == ["60.0", "0.0", "None"]


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        ([("rollout.no-loss", "a", "FAIL")], Fate.KILLED),
        ([("rollout.no-loss", "a", "PASS"), ("rollout.no-loss", "b", "FAIL")], Fate.KILLED),
        ([("rollout.no-loss", "a", "PASS")], Fate.SURVIVED),
        ([("rollout.no-loss", "a", "UNKNOWN")], Fate.SURVIVED),
        ([("rollout.no-loss", "a", "SKIPPED")], Fate.SURVIVED),
        ([("deploy.ready", "a", "FAIL")], Fate.SURVIVED),
        ([], Fate.SURVIVED),
    ],
)
def test_only_a_fail_of_the_named_check_kills(verdicts: list[tuple[str, str, str]], expected: Fate) -> None:
    """UNKNOWN has not seen the defect, and another check's FAIL is not the one that was promised."""
    rows = [{"check": check, "subject": subject, "outcome": outcome} for check, subject, outcome in verdicts]
    assert fate(ROLLOUT, {"verdicts": rows})[0] is expected


def test_every_check_that_must_fail_has_to() -> None:
    two = Mutant("m", Path("m"), "damage", ("rollout.no-loss", "scaling.up"))
    rows = [{"check": "rollout.no-loss", "subject": "a", "outcome": "FAIL"}]
    assert fate(two, {"verdicts": rows}) == (Fate.SURVIVED, "scaling.up said nothing")


def test_a_run_without_verdicts_judges_nothing() -> None:
    assert fate(ROLLOUT, None)[0] is Fate.UNJUDGED


def test_every_named_check_has_a_test_that_can_turn_red() -> None:
    """Found in the suite itself, so that a renamed check cannot leave a mutant without a judge."""
    sources = [path.read_text() for path in (ROOT / "conformance").glob("test_*.py")]
    for mutant in read_mutants():
        assert set(proofs_of(mutant.must_fail, sources)) == set(mutant.must_fail)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("damage = 'x'", "must hold damage and must_fail"),
        ("damage = ''\nmust_fail = ['a']", "damage must be a sentence"),
        ("damage = 'x'\nmust_fail = []", "at least one"),
        ("damage = 'x'\nmust_fail = 'a'", "list of names"),
        ("damage = 'x'\nmust_fail = ['a']\nmay_fail = ['b']", "must hold damage and must_fail"),
        ("damage", "cannot be read"),
        ("damage = 'x'\nmust_fail = ['a']", "no kustomization.yaml"),
    ],
)
def test_a_folder_that_is_no_mutant_is_refused(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "mutant.toml").write_text(text)
    with pytest.raises(MutantError, match=says):
        read_mutant(tmp_path)


def job(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, child: str) -> int:
    """Run the job on one real mutant; in place of the suite, Python code that is given the output folder."""
    monkeypatch.setattr(mutants, "ROOT", tmp_path)
    monkeypatch.setattr(mutants, "_overlay", lambda _: OVERLAY)
    monkeypatch.setattr(mutants, "_tests", lambda _: {"rollout.no-loss": "test_rollout"})
    suite = tmp_path / "suite"
    suite.write_text(
        f"#!{sys.executable}\nimport pathlib, sys, json\n"
        "out = pathlib.Path(sys.argv[sys.argv.index('--out') + 1])\n"
        "assert sys.argv[sys.argv.index('-k') + 1] == 'test_rollout'\n"
        "assert (pathlib.Path(sys.argv[sys.argv.index('--manifests') + 1]) / 'kustomization.yaml').exists()\n"
        "assert sys.argv[-2:] == ['--context', 'c']\n"
        f"{child}\n"
    )
    suite.chmod(0o755)
    monkeypatch.setattr(mutants.sys, "executable", str(suite))
    return mutants.main(["no-drain", "--", "--context", "c"])


WRITES = (
    "out.mkdir(parents=True); (out / 'verdicts.json').write_text(json.dumps("
    "{{'verdicts': [{{'check': 'rollout.no-loss', 'subject': 's', 'outcome': '{}'}}]}}))"
)


@pytest.mark.parametrize(
    ("child", "status", "line"),
    [
        (WRITES.format("FAIL") + "; sys.exit(1)", 0, "1 of 1 mutants killed"),
        (WRITES.format("PASS"), 1, "SURVIVED  no-drain"),
        ("sys.exit(3)", 1, "UNJUDGED  no-drain"),
    ],
)
def test_the_job_fails_unless_every_mutant_is_killed(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    child: str,
    status: int,
    line: str,
) -> None:
    assert job(monkeypatch, tmp_path, child) == status
    assert line in capfd.readouterr().out


def test_a_verdict_of_an_earlier_run_counts_for_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A run that dies before it writes must not be taken for yesterday's, which killed the mutant."""
    old = tmp_path / "out" / "mutants" / "no-drain"
    old.mkdir(parents=True)
    rows = [{"check": "rollout.no-loss", "subject": "s", "outcome": "FAIL"}]
    (old / "verdicts.json").write_text(json.dumps({"verdicts": rows}))
    assert job(monkeypatch, tmp_path, "sys.exit(3)") == 1


def test_an_unknown_mutant_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert mutants.main(["no-such"]) == 3
    assert "no such mutant; there are backup-of-another-database" in capsys.readouterr().err
