"""The archives of the system images are what containerd can import, and are written once."""

import hashlib
import io
import json
import sys
import tarfile
from pathlib import Path

import pytest

from kubeproof.embedded.images.ociarchive import FileImage, write_archive
from kubeproof.embedded.images.system import _archive, libraries


@pytest.fixture
def image(tmp_path: Path) -> FileImage:
    program = tmp_path / "program"
    program.write_bytes(b"\x7fELF pretended")
    return FileImage("localhost/thing:1", (("/thing", program),), ("/thing", "-x"), user="7:7")


def read(archive: Path) -> dict[str, bytes]:
    with tarfile.open(archive) as tar:
        return {entry.name: tar.extractfile(entry).read() for entry in tar.getmembers()}  # type: ignore[union-attr]


def test_every_blob_is_named_by_its_hash_and_reachable_from_the_index(image: FileImage, tmp_path: Path) -> None:
    """From the index down, every descriptor names a blob of the size and digest that it says."""
    write_archive(image, tmp_path / "a.tar")
    files = read(tmp_path / "a.tar")

    def blob(descriptor: dict[str, object]) -> bytes:
        data = files["blobs/sha256/" + str(descriptor["digest"])[7:]]
        assert descriptor["size"] == len(data)
        assert descriptor["digest"] == "sha256:" + hashlib.sha256(data).hexdigest()
        return data

    [entry] = json.loads(files["index.json"])["manifests"]
    assert entry["annotations"]["io.containerd.image.name"] == "localhost/thing:1"
    manifest = json.loads(blob(entry))
    config = json.loads(blob(manifest["config"]))
    layer = blob(manifest["layers"][0])
    assert config["config"] == {"Entrypoint": ["/thing", "-x"], "User": "7:7"}
    assert config["rootfs"]["diff_ids"] == ["sha256:" + hashlib.sha256(layer).hexdigest()]
    with tarfile.open(fileobj=io.BytesIO(layer)) as tar:
        [member] = tar.getmembers()
        assert (member.name, member.mode) == ("thing", 0o755)


def test_the_same_program_gives_the_same_bytes(image: FileImage, tmp_path: Path) -> None:
    """Nothing of the moment or the machine goes into an archive."""
    write_archive(image, tmp_path / "a.tar")
    write_archive(image, tmp_path / "b.tar")
    assert (tmp_path / "a.tar").read_bytes() == (tmp_path / "b.tar").read_bytes()


def test_an_archive_is_written_once_and_anew_when_the_program_changes(image: FileImage, tmp_path: Path) -> None:
    """The content decides: an unchanged program is found in the cache, a changed one gets its own archive."""
    first = _archive(image, tmp_path)
    written = first.stat().st_mtime_ns
    assert _archive(image, tmp_path) == first
    assert first.stat().st_mtime_ns == written
    image.files[0][1].write_bytes(b"another")
    assert _archive(image, tmp_path) != first


def test_a_missing_program_leaves_no_archive(image: FileImage, tmp_path: Path) -> None:
    """Without its program there is no image, not an empty one."""
    image.files[0][1].unlink()
    with pytest.raises(FileNotFoundError):
        write_archive(image, tmp_path / "a.tar")
    assert list(tmp_path.glob("*.tar")) == []


def test_a_program_brings_its_libraries_and_their_loader() -> None:
    """What the loader would look for is found: libc, and the loader itself."""
    found = libraries(Path(sys.executable))
    assert all(path.is_file() for path in found)
    assert {"libc.so", "ld-linux"} <= {name for name in ("libc.so", "ld-linux") if any(name in str(p) for p in found)}
