"""What is missing is said in one sentence; what may be installed is installed and named."""

from pathlib import Path

import pytest

from kubeproof.embedded import preflight as checking
from kubeproof.embedded import toolchain
from kubeproof.embedded.errors import PreflightFailed


@pytest.fixture
def a_root_on_linux(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kubeproof.embedded.preflight.os.geteuid", lambda: 0)
    monkeypatch.setattr("kubeproof.embedded.preflight.platform.system", lambda: "Linux")
    monkeypatch.setattr("kubeproof.embedded.preflight.platform.machine", lambda: "x86_64")


def _quiet(_: str) -> None:
    return None


def test_compilers_count_only_when_something_is_to_be_built() -> None:
    def nothing(_: str) -> bool:
        return False

    to_run = checking.missing(building=False, present=nothing)
    to_build = checking.missing(building=True, present=nothing)
    assert "nftables" in to_run
    assert "gcc" not in to_run
    assert {"gcc", "pkg-config", "libseccomp-dev"} <= set(to_build)


def test_nothing_is_missing_where_everything_is() -> None:
    assert checking.missing(building=True, present=lambda _: True) == ()


@pytest.mark.usefixtures("a_root_on_linux")
def test_without_leave_to_install_the_command_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "_is_present", lambda shows: shows != "ipset")
    monkeypatch.setattr(checking, "_apt", lambda *_: pytest.fail("nothing was to be installed"))
    with pytest.raises(PreflightFailed, match=r"missing: ipset; .* apt-get install -y .* ipset$"):
        checking.preflight(building=False, install=False, progress=_quiet)


@pytest.mark.usefixtures("a_root_on_linux")
def test_with_leave_it_is_installed_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    there = {"ipset": False}
    asked: list[tuple[str, ...]] = []

    def apt(*arguments: str) -> None:
        asked.append(arguments)
        there["ipset"] |= arguments[0] == "install"

    monkeypatch.setattr(checking, "_is_present", lambda shows: there.get(shows, True))
    monkeypatch.setattr(checking, "_apt", apt)
    monkeypatch.setattr("kubeproof.embedded.preflight.shutil.which", lambda *_, **__: "/usr/bin/apt-get")
    said: list[str] = []
    checking.preflight(building=False, install=True, progress=said.append)
    assert said == ["installing Debian packages: ipset"]
    assert [call[0] for call in asked] == ["update", "install"]


@pytest.mark.usefixtures("a_root_on_linux")
def test_an_install_that_brings_nothing_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "_is_present", lambda shows: shows != "ipset")
    monkeypatch.setattr(checking, "_apt", lambda *_: None)
    monkeypatch.setattr("kubeproof.embedded.preflight.shutil.which", lambda *_, **__: "/usr/bin/apt-get")
    with pytest.raises(PreflightFailed, match="cannot be found: ipset"):
        checking.preflight(building=False, install=True, progress=_quiet)


def test_who_is_not_root_is_told_so(monkeypatch: pytest.MonkeyPatch, a_root_on_linux: None) -> None:
    assert a_root_on_linux is None
    monkeypatch.setattr("kubeproof.embedded.preflight.os.geteuid", lambda: 1000)
    with pytest.raises(PreflightFailed, match="must be run as root"):
        checking.preflight(building=False, install=True, progress=_quiet)


def test_another_machine_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kubeproof.embedded.preflight.platform.machine", lambda: "aarch64")
    with pytest.raises(PreflightFailed, match="aarch64"):
        checking.preflight(building=False, install=True, progress=_quiet)


@pytest.mark.parametrize(
    ("said", "version"),
    [
        ("go version go1.26.8 linux/amd64", (1, 26)),
        ("go version go1.27rc1 linux/amd64", (1, 27)),
        ("go version devel", None),
        ("", None),
    ],
)
def test_go_versions(said: str, version: tuple[int, int] | None) -> None:
    assert toolchain.go_version(said) == version


def _go(folder: Path, release: str) -> Path:
    folder.mkdir(parents=True)
    (folder / "go").write_text(f"#!/bin/sh\necho go version go{release} linux/amd64\n")
    (folder / "go").chmod(0o755)
    return folder / "go"


def test_a_new_enough_go_on_path_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    go = _go(tmp_path / "tools", "1.26.0")
    monkeypatch.setenv("PATH", str(go.parent))
    assert toolchain.find_go(_quiet) == str(go)


def test_an_old_go_gives_way_to_the_wheel_in_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(_go(tmp_path / "tools", "1.25.9").parent))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("kubeproof.embedded.wheels.sys.executable", "/bin/false")  # no pip is needed when it is there
    wheel = tmp_path / "cache/kubeproof" / toolchain.WHEEL.replace("==", "-")
    go = _go(wheel / "go/bin", "1.27.3")
    assert toolchain.find_go(_quiet) == str(go)


def test_no_go_and_no_wheel_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("kubeproof.embedded.wheels.sys.executable", "/bin/false")
    with pytest.raises(PreflightFailed, match=r"Go 1\.26 or newer is needed"):
        toolchain.find_go(_quiet)
