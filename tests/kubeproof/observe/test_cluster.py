"""The Kubernetes client as the harness uses it, against API servers of a few lines on loopback."""

import os
import socket
import tempfile
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from kubernetes.client.exceptions import ApiException

from kubeproof.observe import cluster as clusters
from kubeproof.observe.api_errors import Silent, translated
from kubeproof.observe.applying import Owner
from kubeproof.observe.cluster import OWNER_ANNOTATION, Cluster
from tests.helpers.conformance_child import ApiServer, kubeconfig
from tests.helpers.loopback import serving

OWNER = Owner("7f3a", "kubeproof-7f3a", "u-1")
LISTS = {
    "/api/v1": [("services", "Service", True), ("persistentvolumes", "PersistentVolume", False)],
    "/apis/apps/v1": [("deployments", "Deployment", True)],
    "/apis/broken.example/v1": None,
}


class Discovered(ApiServer):
    """An API server that says what it has, one group of which is down, and notes what is made."""

    def do_GET(self):
        if self.path == "/api":
            self.say(200, {"kind": "APIVersions", "versions": ["v1"]})
        elif self.path == "/apis":
            groups = [self.group("apps"), self.group("broken.example")]
            self.say(200, {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
        elif self.path in LISTS and LISTS[self.path] is None:
            self.refuse(503, "the server is currently unable to handle the request")
        elif self.path in LISTS:
            verbs = ["create", "delete", "get"]
            listed = [
                {"name": name, "singularName": "", "kind": kind, "namespaced": namespaced, "verbs": verbs}
                for name, kind, namespaced in LISTS[self.path]
            ]
            version = self.path.removeprefix("/apis/").removeprefix("/api/")
            self.say(200, {"kind": "APIResourceList", "groupVersion": version, "resources": listed})
        else:
            super().do_GET()

    def group(self, name):
        version = {"groupVersion": f"{name}/v1", "version": "v1"}
        return {"name": name, "versions": [version], "preferredVersion": version}

    def do_POST(self):
        self.deleted.append(self.path)
        super().do_POST()


def document(version, kind, **metadata):
    return {"apiVersion": version, "kind": kind, "metadata": {"name": "it", **metadata}}


@pytest.fixture
def client(tmp_path, monkeypatch):
    """A client of a server; one that keeps something for the next, of the same address perhaps, fails the test."""
    shared = tmp_path / "shared"
    shared.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(shared))
    yield lambda port: Cluster(kubeconfig(tmp_path, port), None)
    assert list(shared.iterdir()) == []


def test_each_object_is_made_at_its_place_and_a_group_that_is_down_is_not_in_the_way(client):
    server = Discovered.fresh()
    mine = {"namespace": OWNER.namespace}
    with serving(server) as port:
        left = client(port).apply(
            [
                document("v1", "PersistentVolume"),
                document("v1", "Service", **mine),
                document("apps/v1", "Deployment", **mine),
            ],
            OWNER,
        )
    assert left == ()
    assert server.deleted == [
        "/api/v1/persistentvolumes",
        "/api/v1/namespaces/kubeproof-7f3a/services",
        "/apis/apps/v1/namespaces/kubeproof-7f3a/deployments",
    ]


@pytest.fixture
def deaf():
    """A port where connections are taken, and nothing is ever said."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_an_answer_is_not_waited_for_without_end(client, deaf, monkeypatch):
    monkeypatch.setattr(clusters, "ANSWERS", (0.2, 0.2))
    with pytest.raises(Silent, match="Read timed out"), translated():
        client(deaf).version()


def test_ctrl_c_while_an_exec_begins_is_ctrl_c(client, closed_port, monkeypatch):
    def interrupted(*_, **__):
        try:
            raise KeyboardInterrupt
        except KeyboardInterrupt as error:
            raise ApiException(status=0, reason=str(error))  # noqa: B904  as the client does

    monkeypatch.setattr(clusters, "stream", interrupted)
    with pytest.raises(KeyboardInterrupt):
        client(closed_port).execute("n", "pod", "probe", ["idle"], None)


HERE, US = socket.gethostname(), os.getpid()


@pytest.mark.parametrize(
    ("process", "hours", "abandoned"),
    [
        (f"{HERE}/{US}/{clusters._started(US)}", 5, False),
        (f"{HERE}/{US}/1", 0, True),
        (f"{HERE}/2147483647/1", 0, True),
        ("elsewhere/1/1", 1.5, False),
        ("elsewhere/1/1", 3, True),
        (HERE, 0, True),
        (None, 0, False),
        (None, 3, True),
    ],
    ids=["ours", "of a pid used again", "gone", "elsewhere", "elsewhere, old", "strange", "unsaid", "unsaid, old"],
)
def test_a_run_is_abandoned_when_its_process_is_gone_or_long_unheard_of(client, closed_port, process, hours, abandoned):
    annotations = {OWNER_ANNOTATION: process} if process else None
    began = datetime.now(UTC) - timedelta(hours=hours)
    metadata = SimpleNamespace(name="kubeproof-x", annotations=annotations, creation_timestamp=began)
    cluster = client(closed_port)
    cluster.core = SimpleNamespace(
        list_namespace=lambda **_: SimpleNamespace(items=[SimpleNamespace(metadata=metadata)])
    )
    assert cluster.abandoned_namespaces() == (["kubeproof-x"] if abandoned else [])
