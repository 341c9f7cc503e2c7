"""Loading an image archive, with a stand-in for the containerd in the box."""

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import IO

import pytest

from kubeproof.embedded import loading
from kubeproof.embedded.errors import LoadFailed
from kubeproof.embedded.folders import folders
from kubeproof.embedded.plan import Plan


class Containerd:
    """Keeps the labels of what was imported, and lists by them; `refuses` is what it says to an import."""

    def __init__(self) -> None:
        self.labels: list[str] = []
        self.imported: list[bytes] = []
        self.refuses = ""

    def run(self, pid: int, command: Sequence[str], stdin: IO[bytes] | int = 0) -> subprocess.CompletedProcess[str]:
        assert pid == 7
        if "list" in command:
            known = command[-1].removeprefix(f'labels."{loading.ARCHIVE}"==')
            found = "localhost/thing:1\n" if f"{loading.ARCHIVE}={known}" in self.labels else ""
            return subprocess.CompletedProcess(command, 0, found, "a warning\n")
        assert not isinstance(stdin, int)
        self.imported.append(stdin.read())
        self.labels = [command[place + 1] for place, word in enumerate(command) if word == "--label"]
        return subprocess.CompletedProcess(command, int(bool(self.refuses)), "", self.refuses)


@pytest.fixture
def containerd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Containerd:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    place = folders("dev")
    place.state.mkdir(parents=True)
    Plan("dev", place.state, tmp_path, (), (), ingress_port=1, cgroup="c").write(place.plan)
    standing_in = Containerd()
    monkeypatch.setattr("kubeproof.embedded.loading.processes.find", lambda _: (7, 8))
    monkeypatch.setattr("kubeproof.embedded.loading.processes.in_box", standing_in.run)
    return standing_in


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    path = tmp_path / "thing.tar"
    path.write_bytes(b"first")
    return path


def test_an_archive_is_imported_once_and_pinned(containerd: Containerd, archive: Path) -> None:
    loading.load("dev", archive)
    loading.load("dev", archive)
    assert containerd.imported == [b"first"]
    assert "io.cri-containerd.pinned=pinned" in containerd.labels


def test_a_file_that_was_written_again_is_imported_again(containerd: Containerd, archive: Path) -> None:
    loading.load("dev", archive)
    archive.write_bytes(b"second")
    loading.load("dev", archive)
    assert containerd.imported == [b"first", b"second"]


def test_an_image_that_another_archive_has_taken_over_comes_back(containerd: Containerd, archive: Path) -> None:
    other = archive.with_name("other.tar")
    other.write_bytes(b"other")
    for loaded in (archive, other, archive):
        loading.load("dev", loaded)
    assert containerd.imported == [b"first", b"other", b"first"]


def test_what_containerd_says_no_to_is_quoted(containerd: Containerd, archive: Path) -> None:
    containerd.refuses = "unrecognized image format"
    with pytest.raises(LoadFailed, match=r"cluster dev did not take .*thing\.tar: unrecognized image format"):
        loading.load("dev", archive)
