"""The seeded defects render on our manifests and break what they say; what a run tells of them is read right."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from _pytest.mark.expression import Expression

from kubeproof.checks.catalogue import live_plan
from kubeproof.manifests.reading import read_system
from kubeproof.mutants import __main__ as mutants
from kubeproof.mutants.mutant import (
    Demand,
    Fate,
    Mutant,
    MutantError,
    fate,
    read_mutant,
    read_mutants,
    refuse_unknown,
    selection,
)
from kubeproof.profile.reading import read_profile
from kubeproof.sources import PROFILE
from kubeproof.verdict import Outcome
from tests.helpers.service_child import service_child
from tests.kubeproof.mutants import rendered
from tests.kubeproof.mutants.rendered import MUTANTS, ROOT
from tests.manifests.rendered import parsed

LOSS = Demand("rollout.no-loss", "a", "requests failed")
ROLLOUT = Mutant("m", Path("m"), "damage", (LOSS,))
Documents = list[dict[str, Any]]
PODS = ("Deployment", "StatefulSet")


@pytest.fixture
def plain() -> Documents:
    """Give the documents of our overlay as they are."""
    return [*parsed(rendered.plain())]


def mutated(name: str) -> Documents:
    """Give the documents with a mutant in them."""
    return [*parsed(rendered.mutated(read_mutant(MUTANTS / name)))]


def of(documents: Documents, kind: str) -> Documents:
    return [document for document in documents if document["kind"] == kind]


def containers(documents: Documents, kind: str = "Deployment") -> Documents:
    return [workload["spec"]["template"]["spec"]["containers"][0] for workload in of(documents, kind)]


SERVICES = ("microservice-1", "microservice-2")
DEMANDED = {
    "backup-of-another-database": {"persistence.backup-restore": ("postgres",)},
    "configuration-without-its-hash": {"config.change-rolls": (*SERVICES, "postgres")},
    "database-ignores-sigterm": {
        "outage.answers": ("microservice-1",),
        "probes.readiness-follows-database": ("microservice-1",),
        "probes.liveness-ignores-database": ("microservice-1",),
    },
    "drain-cuts-requests": {"rollout.no-loss": SERVICES},
    "egress-forgets-the-callee": {"api.journey": ("item through the consumer",)},
    "gateway-wrong-backend": {"gateway.routes": ("items.example.com", "consumer.example.com")},
    "headless-service-of-nobody": {"dns.names": ("headless-service-of-nobody",)},
    "image-never-pushed": {"deploy.ready": SERVICES},
    "ingress-wrong-backend": {"ingress.routes": ("consumer.example.com",)},
    "isolation-policies-deleted": {"isolation.reachability": ("microservices",)},
    "liveness-asks-the-database": {
        "probes.liveness-ignores-database": ("microservice-1",),
        "outage.answers": ("microservice-1",),
        "outage.black-holed": ("microservice-1",),
    },
    "no-autoscaler": {"scaling.up": ("microservice-1",)},
    "no-database-timeout": {"outage.frozen": ("microservice-1",)},
    "no-drain": {"rollout.no-loss": SERVICES},
    "no-readiness-probe": {"probes.readiness-follows-database": ("microservice-1",)},
    "restarts-under-load": {"system.undisturbed": ("microservice-1",)},
    "strategy-recreate": {"rollout.no-loss": SERVICES, "rollout.in-time": SERVICES},
    "volume-emptydir": {"persistence.pod-delete": ("postgres",)},
    "waits-for-the-database": {"outage.answers": ("microservice-1",)},
}


def test_the_seeded_defects_are_here() -> None:
    """Name by name: a mutant that vanishes is a law that nobody doubts any more."""
    found = {}
    for mutant in read_mutants(MUTANTS):
        of_checks: dict[str, tuple[str, ...]] = {}
        for demand in mutant.demands:
            of_checks[demand.check] = (*of_checks.get(demand.check, ()), demand.subject)
        found[mutant.name] = of_checks
    assert found == DEMANDED


def test_only_who_takes_nothing_away_may_be_unknown() -> None:
    """The defect of the others is one that a check must see."""
    unknown = {
        mutant.name
        for mutant in read_mutants(MUTANTS)
        if any(demand.outcome is Outcome.UNKNOWN for demand in mutant.demands)
    }
    assert unknown == {"database-ignores-sigterm"}


def test_every_demand_is_about_a_subject_that_the_check_has() -> None:
    """Of the system with the mutant in it: a misspelt subject would never say anything."""
    profile = read_profile(ROOT / PROFILE)
    for mutant in read_mutants(MUTANTS):
        system = read_system(parsed(rendered.mutated(mutant)))
        about = {(planned.check, planned.subject) for planned in live_plan(system, profile)}
        assert {(demand.check, demand.subject) for demand in mutant.demands} <= about, mutant.name


def test_what_a_mutant_says_of_itself_is_not_deployed() -> None:
    """Kustomize gives the annotations of a component to nobody: the defect is the only change."""
    assert "kubeproof.dev/damage" in (MUTANTS / "no-drain" / "kustomization.yaml").read_text()
    assert "kubeproof.dev" not in rendered.mutated(read_mutant(MUTANTS / "no-drain"))


@pytest.mark.parametrize(
    ("name", "kind"),
    [("isolation-policies-deleted", "NetworkPolicy"), ("no-autoscaler", "HorizontalPodAutoscaler")],
)
def test_a_mutant_of_absence_deletes_all_of_a_kind_and_nothing_else(plain: Documents, name: str, kind: str) -> None:
    assert of(plain, kind)
    assert mutated(name) == [document for document in plain if document["kind"] != kind]


def test_no_readiness_probe_leaves_liveness_alone(plain: Documents) -> None:
    assert all("readinessProbe" in container for container in containers(plain))
    assert not any("readinessProbe" in container for container in containers(mutated("no-readiness-probe")))
    assert all("livenessProbe" in container for container in containers(mutated("no-readiness-probe")))


def test_a_liveness_that_asks_the_database_is_the_readiness_of_the_same_container(
    plain: Documents,
) -> None:
    for before, after in zip(containers(plain), containers(mutated("liveness-asks-the-database")), strict=True):
        assert before["livenessProbe"] != before["readinessProbe"]
        assert after == {**before, "livenessProbe": before["readinessProbe"]}


def test_recreate_replaces_the_rolling_update(plain: Documents) -> None:
    strategies = [workload["spec"]["strategy"] for workload in of(mutated("strategy-recreate"), "Deployment")]
    assert strategies == [{"type": "Recreate"}] * len(of(plain, "Deployment"))


def test_an_emptydir_takes_the_name_of_the_claim(plain: Documents) -> None:
    """The container mounts what it always did; only it no longer outlives the pod."""
    (before,), (after,) = of(plain, "StatefulSet"), of(mutated("volume-emptydir"), "StatefulSet")
    claim = before["spec"]["volumeClaimTemplates"][0]["metadata"]["name"]
    assert "volumeClaimTemplates" not in after["spec"]
    assert {"name": claim, "emptyDir": {}} in after["spec"]["template"]["spec"]["volumes"]
    assert containers([before], "StatefulSet") == containers([after], "StatefulSet")


def test_a_backup_of_another_database_has_the_last_word_on_which(plain: Documents) -> None:
    """The variable is there twice, and Kubernetes takes the later one; the Jobs are otherwise as they were."""
    for before, after in zip(of(plain, "CronJob"), of(mutated("backup-of-another-database"), "CronJob"), strict=True):
        specs = [job["spec"]["jobTemplate"]["spec"]["template"]["spec"] for job in (before, after)]
        env = [spec["containers"][0].pop("env") for spec in specs]
        assert env[1] == [*env[0], {"name": "PGDATABASE", "value": "postgres"}]
        assert before == after


def test_a_wrong_backend_is_a_port_that_no_service_has(plain: Documents) -> None:
    (before,), (after,) = of(plain, "Ingress"), of(mutated("ingress-wrong-backend"), "Ingress")
    backends = [ingress["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"] for ingress in (before, after)]
    wrong = [backend.pop("port") for backend in backends][1]
    assert before == after
    ports = {port["port"] for service in of(plain, "Service") for port in service["spec"]["ports"]}
    assert wrong["number"] not in ports


def test_a_wrong_backend_of_a_gateway_is_on_top_of_the_routes_that_have_one() -> None:
    """Our overlay has an Ingress: the mutant itself says where the routes are."""
    mutant = read_mutant(MUTANTS / "gateway-wrong-backend")
    assert mutant.on is not None
    before = of([*parsed(rendered.plain(mutant.on))], "HTTPRoute")
    for route in before:
        route["spec"]["rules"][0]["backendRefs"][0]["port"] = 65535
    assert before
    assert of(mutated(mutant.name), "HTTPRoute") == before


def test_a_headless_service_of_nobody_selects_no_pod_and_is_the_only_change(plain: Documents) -> None:
    (added,) = (document for document in mutated("headless-service-of-nobody") if document not in plain)
    labels = [workload["spec"]["template"]["metadata"]["labels"] for workload in plain if workload["kind"] in PODS]
    assert added["spec"]["clusterIP"] == "None"
    assert labels
    assert not any(added["spec"]["selector"].items() <= of_pod.items() for of_pod in labels)


def test_an_egress_that_forgets_the_callee_leaves_who_may_come_in(plain: Documents) -> None:
    """Names and the database are within reach, so that all become ready: no probe may tell."""
    mutants = of(mutated("egress-forgets-the-callee"), "NetworkPolicy")
    for before, after in zip(of(plain, "NetworkPolicy"), mutants, strict=True):
        (rule,) = after["spec"].pop("egress")
        before["spec"].pop("egress", None)
        assert rule == {"ports": [{"protocol": p, "port": n} for p, n in (("UDP", 53), ("TCP", 53), ("TCP", 5432))]}
        assert before == after


def test_an_image_that_was_never_pushed_is_all_deployments_and_nobody_elses(plain: Documents) -> None:
    documents = mutated("image-never-pushed")
    assert {container["image"] for container in containers(documents)} == {"localhost/never-pushed:1"}
    assert containers(documents, "StatefulSet") == containers(plain, "StatefulSet")


def python_of(documents: Documents, name: str, folder: Path) -> list[str]:
    """Write the files that a mutant mounts into its Python, and give the command of one that reads them."""
    maps = {document["metadata"]["name"]: document["data"] for document in of(documents, "ConfigMap")}
    mounted = maps[f"{name}-environment"]["PYTHONUSERBASE"]
    mount = {"name": name, "mountPath": mounted}
    assert all(mount in container["volumeMounts"] for container in containers(documents))
    (volume, *_) = (
        volume["configMap"]
        for workload in of(documents, "Deployment")
        for volume in workload["spec"]["template"]["spec"]["volumes"]
        if volume["name"] == name
    )
    for item in volume["items"]:
        file = folder / item["path"]
        file.parent.mkdir(parents=True)
        file.write_text(maps[name][item["key"]])
    # In a virtual environment there is no user site: what Python does with it elsewhere is done by hand here.
    return ["env", f"PYTHONPATH={user_site(folder)}", sys.executable, "-c"]


def user_site(folder: Path) -> Path:
    """Where this Python would look below PYTHONUSERBASE."""
    return folder / f"lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"


def test_no_drain_takes_pre_stop_and_the_programs_own_handler(tmp_path: Path) -> None:
    """Run a Python that would drain, with the variable and the files the mutant gives it: SIGTERM ends it at once."""
    assert not any("lifecycle" in container for container in containers(mutated("no-drain")))
    python = python_of(mutated("no-drain"), "no-drain", tmp_path)
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


def test_who_waits_for_the_database_tries_until_somebody_listens(tmp_path: Path) -> None:
    python = python_of(mutated("waits-for-the-database"), "waits-for-the-database", tmp_path)
    program = """
import usercustomize, socket, threading
late = socket.socket()
late.bind(("127.0.0.1", 0))
threading.Timer(0.5, late.listen).start()
socket.create_connection(late.getsockname(), timeout=5)
print("connected")
"""
    done = subprocess.run([*python, program], capture_output=True, text=True, timeout=20, check=True)
    assert done.stdout == "connected\n"


def test_a_configuration_without_its_hash_is_named_as_its_generator_says(plain: Documents) -> None:
    """All else stays: whoever read it under the name with the hash reads it under the one without."""
    hashed, bare = (
        sorted(document["metadata"]["name"] for kind in ("ConfigMap", "Secret") for document in of(documents, kind))
        for documents in (plain, mutated("configuration-without-its-hash"))
    )
    assert hashed
    assert all(re.fullmatch(rf"{name}-[a-z0-9]{{10}}", before) for before, name in zip(hashed, bare, strict=True))
    text = rendered.plain()
    for before, name in zip(hashed, bare, strict=True):
        text = text.replace(before, name)
    assert text == rendered.mutated(read_mutant(MUTANTS / "configuration-without-its-hash"))


def test_no_database_timeout_makes_every_wait_a_minute_and_no_other_socket_wait(tmp_path: Path) -> None:
    python = python_of(mutated("no-database-timeout"), "no-database-timeout", tmp_path)
    asked = "for seconds in (1.5, 0, None): s.settimeout(seconds); print(s.gettimeout())"
    program = f"import usercustomize, socket; s = socket.socket()\n{asked}"
    done = subprocess.run([*python, program], capture_output=True, text=True, timeout=20, check=True)
    assert done.stdout.split() == ["60.0", "0.0", "None"]


def test_a_drain_that_cuts_takes_leave_of_who_waits_for_nothing_and_of_nobody_else(tmp_path: Path) -> None:
    """The real server, with the files that the mutant gives it: one request is being answered, one connection idle."""
    python_of(mutated("drain-cuts-requests"), "drain-cuts-requests", tmp_path)
    path = f"{user_site(tmp_path)}:{ROOT / 'src'}:{ROOT}"
    program = "import usercustomize, runpy, sys; sys.argv = ['s', '{port}', '1', '5']; "
    program += f"runpy.run_path({str(ROOT / 'tests/serving/small_service.py')!r}, run_name='__main__')"
    with service_child("-c", program, log=tmp_path / "log", env={"PYTHONPATH": path}) as child:
        busy, idle = child.connect(), child.connect()
        idle.request("GET", "/fast")
        idle.getresponse().read()
        busy.request("GET", "/slow/2")
        time.sleep(0.3)
        child.terminate()
        with pytest.raises(ConnectionError):
            busy.getresponse()
        idle.request("GET", "/fast")
        answer = idle.getresponse()
        assert (answer.status, answer.getheader("Connection")) == (200, "close")
        assert child.ended(10) == 0


def test_a_program_that_worked_for_long_enough_ends(tmp_path: Path) -> None:
    python = python_of(mutated("restarts-under-load"), "restarts-under-load", tmp_path)
    file = user_site(tmp_path) / "usercustomize.py"
    file.write_text(file.read_text().replace("WORK = 6.0", "WORK = 0.3"))
    idle = subprocess.run([*python, "import usercustomize, time; time.sleep(1)"], timeout=20, check=False)
    busy = subprocess.run([*python, "import usercustomize\nwhile True: pass"], timeout=20, check=False)
    assert (idle.returncode, busy.returncode) == (0, 1)


def test_a_database_that_ignores_sigterm_has_a_process_1_that_goes_on(plain: Documents) -> None:
    (before,), (after,) = (
        containers(documents, "StatefulSet") for documents in (plain, mutated("database-ignores-sigterm"))
    )
    *shell, script = after.pop("command")
    assert before == after
    (workload,) = of(mutated("database-ignores-sigterm"), "StatefulSet")
    assert workload["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] == 60
    server = "/usr/local/bin/docker-entrypoint.sh postgres"
    assert server in script
    with subprocess.Popen([*shell, script.replace(server, "sleep 30")], start_new_session=True) as child:
        try:
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGTERM):
                time.sleep(0.2)
                child.send_signal(number)
            with pytest.raises(subprocess.TimeoutExpired):
                child.wait(0.5)
        finally:
            os.killpg(child.pid, signal.SIGKILL)


def said(*rows: tuple[str, str, str, str]) -> dict[str, Any]:
    """Verdicts as a run writes them down: of each its check, subject, outcome and reason."""
    return {"verdicts": [dict(zip(("check", "subject", "outcome", "because"), row, strict=True)) for row in rows]}


@pytest.mark.parametrize(
    ("outcome", "because", "expected"),
    [
        ("FAIL", "3 requests failed", Fate.KILLED),
        ("FAIL", "the rollout never completed", Fate.SURVIVED),
        ("PASS", "0 requests failed", Fate.SURVIVED),
        ("UNKNOWN", "3 requests failed", Fate.SURVIVED),
        ("SKIPPED", "requests failed", Fate.SURVIVED),
    ],
)
def test_only_a_fail_by_the_law_that_is_named_kills(outcome: str, because: str, expected: Fate) -> None:
    """UNKNOWN has not seen the defect, and who turns red for another reason has not either."""
    assert fate(ROLLOUT, said(("rollout.no-loss", "a", outcome, because)))[0] is expected


@pytest.mark.parametrize(
    ("check", "subject"), [("deploy.ready", "a"), ("rollout.no-loss", "b")], ids=["another check", "another subject"]
)
def test_what_somebody_else_said_does_not_kill(check: str, subject: str) -> None:
    verdicts = said((check, subject, "FAIL", "requests failed"))
    assert fate(ROLLOUT, verdicts) == (Fate.SURVIVED, "rollout.no-loss[a] said nothing")


def test_every_subject_that_is_named_has_to_turn_red() -> None:
    two = Mutant("m", Path("m"), "damage", (LOSS, Demand("rollout.no-loss", "b", "requests failed")))
    one = ("rollout.no-loss", "a", "FAIL", "3 requests failed")
    seen = said(one, ("rollout.no-loss", "b", "PASS", "none failed"))
    assert fate(two, seen) == (Fate.SURVIVED, "rollout.no-loss[b] said PASS, not FAIL: none failed")
    assert fate(two, said(one, ("rollout.no-loss", "b", "FAIL", "1 requests failed")))[0] is Fate.KILLED


def test_unknown_is_enough_where_it_is_demanded_and_by_the_premise_that_is_named() -> None:
    away = Demand("outage.answers", "a", "not shown that the database was away", Outcome.UNKNOWN)
    mutant = Mutant("m", Path("m"), "damage", (away,))
    reason = "not shown that the database was away: its pod never went"
    assert fate(mutant, said(("outage.answers", "a", "UNKNOWN", reason)))[0] is Fate.KILLED
    assert fate(mutant, said(("outage.answers", "a", "FAIL", reason)))[0] is Fate.SURVIVED
    found, why = fate(mutant, said(("outage.answers", "a", "UNKNOWN", "nobody was asked")))
    assert found is Fate.SURVIVED
    assert why.startswith("outage.answers[a] said UNKNOWN, and not because 'not shown that the database was away'")


def test_a_run_without_verdicts_judges_nothing() -> None:
    assert fate(ROLLOUT, None)[0] is Fate.UNJUDGED


COMPONENT = """
apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
metadata:
  annotations:
    somebody.else/owner: nobody
    kubeproof.dev/damage: All is lost.
    kubeproof.dev/must-fail: |-
      rollout.no-loss[a]: 1 of 2 [or so] failed

      api.journey[item: through the consumer]: 1 POST /items
    kubeproof.dev/must-be-unknown: "outage.answers[a]: not shown that"
    kubeproof.dev/beside: scaling.up, dns.names
    kubeproof.dev/on: ../variant
"""


def test_a_mutant_is_one_file(tmp_path: Path) -> None:
    folder = tmp_path / "all-is-lost"
    folder.mkdir()
    (folder / "kustomization.yaml").write_text(COMPONENT)
    demands = (
        Demand("rollout.no-loss", "a", "1 of 2 [or so] failed"),
        Demand("api.journey", "item: through the consumer", "1 POST /items"),
        Demand("outage.answers", "a", "not shown that", Outcome.UNKNOWN),
    )
    beside, on = ("scaling.up", "dns.names"), folder / ".." / "variant"
    assert read_mutants(tmp_path) == (Mutant("all-is-lost", folder, "All is lost.", demands, beside, on),)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("kind: Component", "kind: Kustomization", "must be of kind Component"),
        (COMPONENT, "- a list", "must be of kind Component"),
        (COMPONENT, "kind: {", "cannot be read"),
        ("All is lost.", "''", "damage must be a sentence"),
        ("rollout.no-loss[a]: 1 of 2", "rollout.no-loss: 1 of 2", "each line is CHECK"),
        ("1 of 2 [or so] failed", "", "each line is CHECK"),
        ("rollout.no-loss[a]", "rollout.no-loss[]", "each line is CHECK"),
        ('"outage.answers[a]: not shown that"', "[outage.answers]", "must be a text"),
        ("must-fail", "must_fail", "kubeproof.dev/must_fail, which nobody reads"),
        (COMPONENT, "kind: Component", "damage must be a sentence"),
    ],
)
def test_a_folder_that_is_no_mutant_is_refused(tmp_path: Path, old: str, new: str, reason: str) -> None:
    (tmp_path / "kustomization.yaml").write_text(COMPONENT.replace(old, new))
    with pytest.raises(MutantError, match=reason):
        read_mutant(tmp_path)


def test_a_mutant_that_demands_nothing_is_refused(tmp_path: Path) -> None:
    text = COMPONENT.replace("must-fail", "beside").replace("must-be-unknown", "damage")
    (tmp_path / "kustomization.yaml").write_text(text)
    with pytest.raises(MutantError, match="must name at least one check, subject and reason"):
        read_mutant(tmp_path)


@pytest.mark.parametrize("inside", ["", "no-mutant/README.md"])
def test_no_defect_is_passed_over_in_silence(tmp_path: Path, inside: str) -> None:
    """A folder without mutants proves nothing, and one that forgot its kustomization is not just left out."""
    if inside:
        (tmp_path / inside).parent.mkdir()
        (tmp_path / inside).touch()
    with pytest.raises(MutantError, match="cannot be read" if inside else "no mutant in it"):
        read_mutants(tmp_path)


def test_a_name_that_is_no_checks_is_refused() -> None:
    """Of a static rule as well as of a live check: whatever has a verdict can turn red."""
    both = Mutant("m", Path("m"), "damage", (LOSS, Demand("static.grace", "s", "too short")), ("dns.names",))
    names = {"rollout.no-loss", "static.grace", "dns.names"}
    refuse_unknown(both, names)
    for name in sorted(names):
        with pytest.raises(MutantError, match=f"names {re.escape(name)}, which no check and no rule is called"):
            refuse_unknown(both, names - {name})


def test_the_checks_of_a_mutant_are_selected_and_no_other() -> None:
    """By pytest itself, whose -k has a grammar: dots and hyphens are part of a name, the colon ends it."""
    both = Mutant("m", Path("m"), "damage", (Demand("static.grace", "s", "too short"),), ("rollout.no-loss",))
    chosen = Expression.compile(selection(both))
    items = ("rollout.no-loss: shop", "rollout.in-time: shop", "static.grace: s", "static.grace-period: s", "a.b: c")
    assert [chosen.evaluate(lambda name, item=item, **_: name in item) for item in items] == [1, 0, 1, 0, 0]


def job(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, child: str, name: str = "no-drain") -> int:
    """Run the job on one real mutant; in place of the run, Python code that is given `out` and `manifests`."""
    monkeypatch.chdir(tmp_path)
    run = tmp_path / "run"
    run.write_text(
        f"#!{sys.executable}\nimport pathlib, sys, json\n"
        "assert sys.argv[1:4] == ['-m', 'kubeproof', 'run']\n"
        "out = pathlib.Path(sys.argv[sys.argv.index('--out') + 1])\n"
        f"assert sys.argv[sys.argv.index('-k') + 1] == {selection(read_mutant(MUTANTS / name))!r}\n"
        "manifests = pathlib.Path(sys.argv[sys.argv.index('--manifests') + 1], 'kustomization.yaml').read_text()\n"
        "assert sys.argv[-2:] == ['--context', 'c']\n"
        f"{child}\n"
    )
    run.chmod(0o755)
    monkeypatch.setattr(mutants.sys, "executable", str(run))
    ours = ["--mutants", str(MUTANTS), "--profile", str(ROOT / "kubeproof.toml")]
    return mutants.main([name, *ours, "--", "--context", "c"])


def writes(outcome: str, name: str = "no-drain") -> str:
    """Python code of a run that says this of all that something is demanded of, for the reason that is demanded."""
    demands = read_mutant(MUTANTS / name).demands
    verdicts = said(*((demand.check, demand.subject, outcome, demand.because) for demand in demands))
    return f"out.mkdir(parents=True); (out / 'verdicts.json').write_text({json.dumps(json.dumps(verdicts))})"


@pytest.mark.parametrize(
    ("child", "status", "line"),
    [
        (writes("FAIL") + "; sys.exit(1)", 0, "1 of 1 mutants killed"),
        (writes("PASS"), 1, "SURVIVED  no-drain"),
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


@pytest.mark.parametrize(
    ("name", "base"),
    [("no-drain", "overlays/embedded"), ("gateway-wrong-backend", "variants/embedded-gateway")],
)
def test_a_mutant_goes_on_top_of_what_it_names_else_of_the_profiles_overlay(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, base: str
) -> None:
    child = f"assert '/{base}\\n' in manifests\n" + writes("FAIL", name)
    assert job(monkeypatch, tmp_path, child, name) == 0


def test_a_verdict_of_an_earlier_run_counts_for_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A run that dies before it writes must not be taken for yesterday's, which killed the mutant."""
    old = tmp_path / "out" / "mutants" / "no-drain"
    old.mkdir(parents=True)
    demands = read_mutant(MUTANTS / "no-drain").demands
    rows = ((demand.check, demand.subject, "FAIL", demand.because) for demand in demands)
    (old / "verdicts.json").write_text(json.dumps(said(*rows)))
    assert job(monkeypatch, tmp_path, "sys.exit(3)") == 1


def test_an_unknown_mutant_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert mutants.main(["no-such", "--mutants", str(MUTANTS)]) == 3
    assert "no such mutant; there are backup-of-another-database" in capsys.readouterr().err


def test_a_stranger_seeds_defects_of_their_own(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing of ours is taken: the folder is named, or is where the working directory has it."""
    monkeypatch.chdir(tmp_path)
    assert mutants.main(["--list"]) == 3
    assert "conformance/mutants: there is no such folder of mutants" in capsys.readouterr().err
    for folder in ("theirs", "conformance/mutants"):
        (tmp_path / folder / "all-is-lost").mkdir(parents=True)
        (tmp_path / folder / "all-is-lost" / "kustomization.yaml").write_text(COMPONENT)
    for options in (["--mutants", "theirs"], []):
        assert mutants.main([*options, "--list"]) == 0
        assert capsys.readouterr().out.splitlines()[0] == "all-is-lost"


def test_manifests_that_are_no_kustomization_are_said_to_be_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "kubeproof.toml").write_text("system = 's'\nnamespace = 's'\n")
    (tmp_path / "all.yaml").write_text("kind: Namespace")
    assert mutants.main(["--mutants", str(MUTANTS), "no-drain"]) == 3
    assert capsys.readouterr().err == "mutants: . is no kustomization: mutants are components, which go on top of one\n"
