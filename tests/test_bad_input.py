"""A run that cannot start says why in one sentence and exits with 3; nothing is created, nothing is left."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.loopback import QuietHandler, serving

ROOT = Path(__file__).parents[1]


def conformance(*options, tmp_path, **variables):
    environment = {name: value for name, value in os.environ.items() if name not in ("KUBECONFIG", "PYTEST_ADDOPTS")}
    environment |= variables
    command = [sys.executable, "-m", "pytest", "conformance", "--out", str(tmp_path / "run"), *options]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False)


def kubeconfig(tmp_path, port):
    path = tmp_path / "kubeconfig"
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{port}"}}],
        "users": [{"name": "u", "user": {"token": "t"}}],
        "contexts": [{"name": "x", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "x",
    }
    path.write_text(yaml.safe_dump(config))
    return path


class Forbidding(QuietHandler):
    """An API server that tells its version and allows nothing else."""

    def do_GET(self):
        version = {"major": "1", "minor": "36", "gitVersion": "v1.36.3"}
        version |= dict.fromkeys(("gitCommit", "gitTreeState", "buildDate", "goVersion", "compiler", "platform"), "-")
        allowed = self.path.startswith("/version")
        says = {"kind": "Status", "message": 'namespaces is forbidden: User "u" cannot list resource "namespaces"'}
        self.answer(200 if allowed else 403, json.dumps(version if allowed else says).encode())


@pytest.fixture
def forbidding():
    with serving(Forbidding) as port:
        yield port


def refuses(done, *, says):
    assert done.returncode == 3, done.stdout + done.stderr
    assert says in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_a_kubeconfig_that_is_not_there(tmp_path):
    refuses(conformance("--kubeconfig", str(tmp_path / "none"), tmp_path=tmp_path), says="none is not a file")


def test_a_kubeconfig_that_points_nowhere(tmp_path, closed_port):
    path = kubeconfig(tmp_path, closed_port)
    refuses(conformance("--kubeconfig", str(path), tmp_path=tmp_path), says="does not answer")


def test_a_context_that_does_not_exist(tmp_path, closed_port):
    path = kubeconfig(tmp_path, closed_port)
    done = conformance("--kubeconfig", str(path), "--context", "staging", tmp_path=tmp_path)
    refuses(done, says="context 'staging' cannot be used")


def test_a_kubeconfig_without_rights(tmp_path, forbidding):
    path = kubeconfig(tmp_path, forbidding)
    refuses(
        conformance("--kubeconfig", str(path), tmp_path=tmp_path), says='User "u" cannot list resource "namespaces"'
    )


def test_manifests_that_do_not_render(tmp_path):
    (tmp_path / "kustomization.yaml").write_text("resources: [missing.yaml]\n")
    refuses(conformance("--manifests", str(tmp_path), tmp_path=tmp_path), says="do not render")


def test_a_profile_with_a_mistake(tmp_path):
    profile = tmp_path / "profile.toml"
    profile.write_text('system = "x"\nnamespace = "x"\nnamspace = "y"\n')
    refuses(conformance("--profile", str(profile), tmp_path=tmp_path), says="namspace")


def test_an_entrance_that_is_no_address(tmp_path):
    done = conformance("--ingress-address", "http://here:8080", tmp_path=tmp_path)
    refuses(done, says="--ingress-address must be HOST or HOST:PORT, is 'http://here:8080'")


def test_a_run_that_is_split_over_processes(tmp_path):
    refuses(conformance("-n", "2", tmp_path=tmp_path), says="run them without -n")


def test_an_embedded_cluster_that_has_no_place_for_its_state(tmp_path):
    (tmp_path / "file").touch()
    done = conformance("-k", "dns", tmp_path=tmp_path, XDG_STATE_HOME=str(tmp_path / "file"))
    refuses(done, says="set XDG_STATE_HOME to a folder that can be written")
