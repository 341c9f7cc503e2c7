"""Canaries: what a Secret holds is in no file of a run, whoever said it, and in nothing that was said to a person."""

import base64
from types import SimpleNamespace
from unittest.mock import MagicMock

import pytest

from kubeproof import run as running
from kubeproof.conclusion import judge_folder
from kubeproof.declared import read_declared
from kubeproof.evidence.reading import Planned
from kubeproof.observe import agent_pods
from kubeproof.pytest_session import ProofSession
from kubeproof.run import Run
from tests.kubeproof.test_run import Cluster

CANARY, ENCODED, IN_CLEAR = "canary-in-the-mine", "canary-in-base64", "canary-in-clear"
PROFILE = """
system = "market"
namespace = "market"
[[journeys]]
name = "buy"
[[journeys.steps]]
method = "GET"
service = "shop"
path = "/things"
expect = 200
lists = { name = "cup" }
"""
MANIFESTS = f"""
apiVersion: v1
kind: Secret
metadata:
  name: keys
  annotations:
    kubectl.kubernetes.io/last-applied-configuration: '{{"stringData":{{"a":"{CANARY}"}}}}'
stringData: {{a: {CANARY}, url: "postgres://shop:{IN_CLEAR}@db"}}
data: {{b: {base64.b64encode(ENCODED.encode()).decode()}}}
---
apiVersion: v1
kind: Service
metadata: {{name: shop}}
spec: {{selector: {{role: shop}}, ports: [{{port: 80, targetPort: 7000}}]}}
---
apiVersion: v1
kind: ConfigMap
metadata: {{name: told}}
data: {{DB_PASSWORD: {CANARY}}}
"""
BUY = Planned("api.journey", "buy", "journey:buy")
BASIC = base64.b64encode(f"shop:{CANARY}".encode()).decode()


def told(text):
    """Every form in which a canary is told here."""
    forms = [CANARY, ENCODED, IN_CLEAR]
    forms += [base64.b64encode(form.encode()).decode().rstrip("=") for form in forms]
    return [form for form in (*forms, BASIC, BASIC[7:-3]) if form in text]


def blabbing(on, of, _):
    """An observation in which everybody tells the secret, and which breaks off with it."""
    body = {"items": [{"name": CANARY, "config": [f"url=postgres://shop:{IN_CLEAR}@db"]}], ENCODED: True}
    step = {"journey": "buy", "index": 0, "method": "GET", "url": "http://shop:80/things", "status": 500}
    on.recorder.line(of, "step", **step, body=body, error=None, saved={"id": CANARY}, seconds=0.1)
    said = f"FATAL: password {CANARY} / {base64.b64encode(ENCODED.encode()).decode()}"
    on.recorder.line(of, "job", source="save", ended="failed", says=said, seconds=1.0)
    on.recorder.line(of, "event", reason="Failed", object="Pod/shop", says=f"Authorization: Basic {BASIC}")
    raise RuntimeError(f"the server said {CANARY}")


@pytest.fixture
def declared(tmp_path):
    (tmp_path / "kubeproof.toml").write_text(PROFILE)
    (tmp_path / "all.yaml").write_text(MANIFESTS)
    return read_declared(tmp_path / "kubeproof.toml", tmp_path / "all.yaml", cluster="given")


def test_no_canary_is_in_any_file_of_a_run_nor_in_what_was_said(tmp_path, declared, monkeypatch):
    monkeypatch.setattr(running, "listings", lambda *_: {})
    monkeypatch.setattr(running, "_observer", lambda _: blabbing)
    monkeypatch.setattr(
        agent_pods, "start_pod", lambda *_, **__: SimpleNamespace(name="client", uid="u-9", ip="10.0.0.9")
    )
    cluster, said = Cluster(), []
    cluster.left = (f"PriorityClass/{CANARY}",)
    run = Run(
        name="7f3a",
        folder=tmp_path / "run",
        cluster=cluster,
        cluster_name="a test's",
        declared=declared,
        probe_image="probe",
        say=said.append,
    )
    run.plan([Planned("static.secrets-by-reference", "market", ""), BUY])
    with pytest.raises(RuntimeError):
        run.observe(BUY)
    run.close()
    verdicts, report, _ = judge_folder(tmp_path / "run", everything=True)
    assert said
    assert {"FAIL", "UNKNOWN"} & {judgement.verdict.outcome.value for judgement in verdicts}
    files = {path.name: path.read_text() for path in (tmp_path / "run").iterdir()}
    assert files.keys() == {"declared.yaml", "profile.toml", "evidence.jsonl", "verdicts.json", "junit.xml"}
    assert "[redacted]" in files["evidence.jsonl"]
    for name, text in {**files, "the report": report, "what was said": "\n".join(said)}.items():
        assert told(text) == [], name


def test_what_a_session_says_of_an_observer_that_broke_has_no_canary(declared):
    session, reporter = ProofSession.__new__(ProofSession), MagicMock()
    session._declared, session._config = declared, MagicMock()
    session._config.pluginmanager.getplugin.return_value = reporter
    session._say(f"        could not observe: RuntimeError: the server said {CANARY} and Basic {BASIC}")
    [[[line], _]] = reporter.write_line.call_args_list
    assert "could not observe: RuntimeError: the server said [redacted] and Basic" in line
    assert told(line) == []


def test_what_a_run_is_judged_by_is_what_lies_in_its_folder(declared):
    assert told(repr(declared.system)) == []
    assert told(repr(declared.documents)) != []
