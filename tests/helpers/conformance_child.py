"""Runs of the conformance suite as a child, against servers on loopback that stand in for a cluster's API."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import yaml

from tests.helpers.loopback import QuietHandler

ROOT = Path(__file__).parents[2]
NAMESPACES = "/api/v1/namespaces"
PATIENCE = 180.0  # seconds for a run that takes three on a quiet machine: nothing is measured here


def conformance(*options, tmp_path, **variables):
    """Run the suite to its end; what it writes goes to tmp_path/run."""
    return ended(started(*options, tmp_path=tmp_path, **variables), within=PATIENCE)


def started(*options, tmp_path, **variables):
    environment = {name: value for name, value in os.environ.items() if name not in ("KUBECONFIG", "PYTEST_ADDOPTS")}
    command = [sys.executable, "-m", "kubeproof", "run", "--out", str(tmp_path / "run"), *options]
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def ended(child, *, within):
    """Wait for its end and give it with all that it said."""
    try:
        out, _ = child.communicate(timeout=within)
    finally:
        child.kill()
    return subprocess.CompletedProcess(child.args, child.returncode, out)


def ends(done, status, *, says):
    """It ended with this status and these words, and did not show its insides."""
    assert done.returncode == status, f"exit {done.returncode}\n{done.stdout}"
    assert says in done.stdout
    assert "Traceback" not in done.stdout


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


class ApiServer(QuietHandler):
    """
    An API server that tells its version, makes and deletes namespaces, and knows nothing else.

    `made` is set with the first namespace; what else is asked after that goes to `after`.
    """

    made: threading.Event
    deleted: list[str]

    @classmethod
    def fresh(cls):
        """A class of its own for one test."""
        return type(cls.__name__, (cls,), {"made": threading.Event(), "deleted": []})

    def after(self):
        self.refuse(404, "there is nothing here")

    def do_GET(self):
        place = self.path.partition("?")[0]
        if self.made.is_set() and not place.startswith(f"{NAMESPACES}/"):
            self.after()
        elif place.startswith("/version"):
            fields = ("gitCommit", "gitTreeState", "buildDate", "goVersion", "compiler", "platform")
            self.say(200, {"major": "1", "minor": "36", "gitVersion": "v1.36.3", **dict.fromkeys(fields, "-")})
        elif place == NAMESPACES:
            self.namespaces()
        else:
            self.refuse(404, "there is nothing here")

    def namespaces(self):
        self.say(200, {"kind": "NamespaceList", "apiVersion": "v1", "metadata": {"resourceVersion": "1"}, "items": []})

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        body["metadata"]["uid"] = "u-1"
        self.made.set()
        self.say(201, body)

    def do_DELETE(self):
        if length := int(self.headers.get("Content-Length") or 0):
            self.rfile.read(length)
        self.deleted.append(self.path.partition("?")[0])
        self.say(200, {"kind": "Status", "apiVersion": "v1", "status": "Success"})

    def refuse(self, status, message):
        self.say(status, {"kind": "Status", "apiVersion": "v1", "code": status, "message": message})

    def say(self, status, body):
        self.answer(status, json.dumps(body).encode())
