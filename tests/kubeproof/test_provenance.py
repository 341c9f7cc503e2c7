"""A run says by which kubeproof it was made: of a checkout, of a repository, or by its files alone."""

import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

from kubeproof import provenance as module
from kubeproof.provenance import code_of, provenance


@pytest.fixture(autouse=True)
def asked_anew():
    provenance.cache_clear()
    yield
    provenance.cache_clear()


def git(folder, *command):
    who = ("-c", "user.name=a", "-c", "user.email=a@b")
    return subprocess.run(["git", "-C", folder, *who, *command], check=True, capture_output=True, text=True).stdout


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package of one file, in a checkout that does not have it."""
    (tmp_path / "kubeproof").mkdir()
    (tmp_path / "kubeproof" / Path(module.__file__).name).write_text("1\n")
    git(tmp_path, "init", "-q")
    git(tmp_path, "commit", "-q", "--allow-empty", "-m", "a project that has it in an environment of its own")
    monkeypatch.setattr(module, "PACKAGE", tmp_path / "kubeproof")
    monkeypatch.setattr(module, "distribution", lambda _: SimpleNamespace(version="1.2", read_text=lambda _: None))
    return tmp_path / "kubeproof"


def test_of_a_checkout_the_commit_is_known_and_whether_it_was_changed_since(package):
    git(package, "add", ".")
    git(package, "commit", "-q", "-m", "kubeproof")
    commit = git(package, "rev-parse", "HEAD").strip()
    assert provenance() == {"version": "1.2", "commit": commit, "code": code_of(package)}
    provenance.cache_clear()
    (package / "new.py").write_text("2\n")
    assert provenance()["commit"] == f"{commit}-dirty"


def test_the_commit_of_a_checkout_that_only_lies_around_it_is_not_its_own(package):
    assert provenance() == {"version": "1.2", "commit": None, "code": code_of(package)}


@pytest.mark.usefixtures("package")
def test_of_a_package_that_pip_took_from_a_repository_the_commit_is_known(monkeypatch):
    noted = '{"url": "https://example.com/k.git", "vcs_info": {"vcs": "git", "commit_id": "abc"}}'
    installed = SimpleNamespace(version="1.2", read_text={"direct_url.json": noted}.get)
    monkeypatch.setattr(module, "distribution", lambda _: installed)
    assert provenance()["commit"] == "abc"


def test_the_digest_of_the_code_tells_any_change_and_nothing_that_python_made(package):
    before = code_of(package)
    (package / "__pycache__").mkdir()
    (package / "__pycache__" / "a.pyc").write_text("x")
    assert code_of(package) == before
    (package / "a.py").write_text("")
    assert code_of(package) != before
