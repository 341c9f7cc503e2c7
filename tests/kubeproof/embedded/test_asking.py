"""Small parts of the box: asking for readiness, opening volumes, reading logs."""

import http.server
import socket
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from kubeproof.embedded.asking import Asker, condition
from kubeproof.embedded.logs import last_lines
from kubeproof.embedded.pki import write_pki
from kubeproof.embedded.volumes import open_new


@pytest.fixture(scope="module")
def asker(tmp_path_factory: pytest.TempPathFactory) -> Asker:
    folder = tmp_path_factory.mktemp("asker")
    write_pki(folder / "pki", folder / "kubeconfig", port=1, context="x")
    return Asker(folder / "pki")


class _Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/good" else 500)
        self.end_headers()
        self.wfile.write(b'{"a": 1}')

    def log_message(self, *_: object) -> None:
        return None


@pytest.fixture
def server() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Answers) as listening:
        threading.Thread(target=listening.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{listening.server_port}"
        listening.shutdown()


def test_only_200_is_ready(asker: Asker, server: str) -> None:
    assert asker.is_ready(f"{server}/good")
    assert not asker.is_ready(f"{server}/bad")
    assert asker.json(f"{server}/good") == {"a": 1}
    assert asker.json(f"{server}/bad") is None


def test_no_proxy_of_the_environment_is_asked(asker: Asker, server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert asker.is_ready(f"{server}/good")


def test_nobody_there_is_not_ready(asker: Asker, tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    assert not asker.is_ready(f"http://127.0.0.1:{port}/good")
    assert not asker.is_ready(f"https://127.0.0.1:{port}/good")
    assert not asker.is_ready(f"unix://{tmp_path}/none.sock")


def test_a_unix_socket_is_ready_when_it_listens(asker: Asker, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        assert not asker.is_ready(f"unix://{tmp_path}/s")
        listener.listen()
        assert asker.is_ready(f"unix://{tmp_path}/s")


def test_conditions() -> None:
    node = {"status": {"conditions": [{"type": "Ready", "status": "True"}, {"type": "Bad", "status": "False"}]}}
    assert condition(node, "Ready")
    assert not condition(node, "Bad")
    assert not condition(node, "Available")
    assert not condition({}, "Ready")
    assert not condition(None, "Ready")


def test_new_volumes_are_opened_once(tmp_path: Path) -> None:
    volume = tmp_path / "pvc-1"
    volume.mkdir(mode=0o750)
    seen = open_new(tmp_path, set())
    assert stat.S_IMODE(volume.stat().st_mode) == 0o777
    volume.chmod(0o700)  # what its owner does later is his business
    assert open_new(tmp_path, seen) == seen
    assert stat.S_IMODE(volume.stat().st_mode) == 0o700


def test_a_released_volume_is_forgotten(tmp_path: Path) -> None:
    (tmp_path / "pvc-1").mkdir()
    seen = open_new(tmp_path, set())
    (tmp_path / "pvc-1").rmdir()
    assert open_new(tmp_path, seen) == set()


def test_the_last_lines_of_a_long_log(tmp_path: Path) -> None:
    (tmp_path / "long.log").write_text("".join(f"line {number}\n" for number in range(100_000)))
    assert last_lines(tmp_path / "long.log", 2) == "line 99998\nline 99999"
    assert last_lines(tmp_path / "none.log") == ""
