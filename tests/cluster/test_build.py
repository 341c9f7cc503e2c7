"""The build with a stand-in for the Go program: what is asked of it, and what a failing one leaves."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from cluster import build as building
from cluster.errors import BuildFailed

GO = """#!/bin/sh
echo "$CGO_ENABLED $GOTOOLCHAIN [$GOFLAGS] $PWD $*" >> {record}
while [ "$1" != -o ]; do shift; done
into=$2; shift 2
for package in "$@"; do echo program > "$into$(basename "$package")"; done
"""


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("GOFLAGS", "-mod=mod")
    return tmp_path


def _program(path: Path, text: str) -> Callable[[], str]:
    path.write_text(text)
    path.chmod(0o755)
    return lambda: str(path)


def _never() -> str:
    raise AssertionError("nothing was to be built")


def test_everything_is_built_once(tmp_path: Path) -> None:
    said: list[str] = []
    go = _program(tmp_path / "go", GO.format(record=tmp_path / "record"))
    folder = building.build(go, said.append)
    assert folder == building.binaries()
    assert building.is_built()
    for name in ("kube", "dns", "containerd", "ctr", "containerd-shim-runc-v2", "runc", "metrics-server"):
        assert (folder / name).is_file(), name
    assert sorted(os.listdir(folder / "cni")) == ["host-local", "loopback", "ptp"]
    assert all((folder / link).resolve() == folder / "kube" for link in building.LINKS)
    assert any(line.startswith("build kube 1 of 4") for line in said)
    assert building.build(_never, said.append) == folder


def test_the_callers_go_settings_do_not_decide(tmp_path: Path) -> None:
    go = _program(tmp_path / "go", GO.format(record=tmp_path / "record"))
    building.build(go, lambda _: None)
    calls = (tmp_path / "record").read_text().splitlines()
    assert len(calls) == 5
    assert all(" local [] " in call and "-mod=readonly" in call for call in calls)
    cgo = [call for call in calls if call.startswith("1 ")]
    assert [call.split()[-1] for call in cgo] == ["github.com/opencontainers/runc"]


def test_a_failing_compiler_is_quoted_and_leaves_nothing(tmp_path: Path) -> None:
    go = _program(tmp_path / "go", "#!/bin/sh\necho 'undefined: thing' >&2\nexit 3\n")
    with pytest.raises(BuildFailed, match=r"'kube'.*status 3(.|\n)*undefined: thing"):
        building.build(go, lambda _: None)
    assert not building.is_built()
    assert os.listdir(building.binaries().parent) == ["lock"]


def test_the_key_follows_sums_sources_and_flags(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sources = tmp_path / "go-sources"
    (sources / "kube").mkdir(parents=True)
    (sources / "kube/go.sum").write_text("one")
    first = building.key(sources)
    assert building.key(sources) == first
    (sources / "kube/go.sum").write_text("two")
    assert building.key(sources) != first
    (sources / "kube/go.sum").write_text("one")
    monkeypatch.setattr(building, "GROUPS", building.GROUPS[:-1])
    assert building.key(sources) != first


def test_every_group_has_its_committed_sums() -> None:
    for group in building.GROUPS:
        for name in ("go.mod", "go.sum"):
            assert (building.SOURCES / group.name / name).is_file()
    assert f"k8s.io/kubernetes {building.KUBERNETES}" in (building.SOURCES / "kube/go.mod").read_text()
    assert f"containerd/v2 {building.CONTAINERD}" in (building.SOURCES / "runtime/go.mod").read_text()
    assert f"runc v{building.RUNC}" in (building.SOURCES / "runc/go.mod").read_text()
