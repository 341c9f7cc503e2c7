"""State and cache by the XDG variables, and names that make a path."""

from pathlib import Path

import pytest

from kubeproof.embedded.errors import ClusterError
from kubeproof.embedded.folders import cache, folders


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for variable in ("XDG_STATE_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def test_below_home_without_variables(home: Path) -> None:
    assert folders("dev").state == home / ".local/state/kubeproof/clusters/dev"
    assert cache() == home / ".cache/kubeproof"


def test_the_variables_decide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "s"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "c"))
    assert folders("dev").state == tmp_path / "s/kubeproof/clusters/dev"
    assert cache() == tmp_path / "c/kubeproof"


def test_a_relative_variable_is_ignored(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "somewhere")
    assert cache() == home / ".cache/kubeproof"


def test_without_a_home_the_system_folders(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HOME")
    assert cache() == Path("/var/cache/kubeproof")
    assert folders("dev").state == Path("/var/lib/kubeproof/clusters/dev")


def test_a_home_that_takes_no_writes(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kubeproof.embedded.folders.os.access", lambda *_: False)
    assert cache() == Path("/var/cache/kubeproof")
    assert home.exists()


@pytest.mark.parametrize("name", ["", "../x", "A", "a b", "-a", "a-", "x" * 33, "a\n"])
def test_a_name_that_makes_no_path_is_refused(name: str) -> None:
    with pytest.raises(ClusterError, match="cannot be a cluster's name"):
        folders(name)


def test_equal_names_of_two_owners_have_two_cgroups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = folders("dev").cgroup
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "other"))
    assert folders("dev").cgroup != one


def test_everything_of_a_cluster_but_its_lock_lies_in_its_state_folder() -> None:
    place = folders("dev")
    for path in (place.pki, place.log, place.kubeconfig, place.plan, place.report):
        assert path.is_relative_to(place.state)
    assert not place.lock.is_relative_to(place.state)
