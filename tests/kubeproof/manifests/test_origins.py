"""A finding is shown where its field stands in the source, or at the nearest field above it."""

import pytest

from kubeproof.manifests.origins import Origins, Place

SHOP = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop
  labels:
    app.kubernetes.io/name: shop
spec:
  template:
    spec:
      containers:
        - name: shop
          image: shop:1
        - name: side
          image: side:1
"""


@pytest.fixture
def overlay(tmp_path):
    base, over = tmp_path / "base", tmp_path / "over"
    for folder in (base, over):
        folder.mkdir()
    (base / "kustomization.yaml").write_text("resources: [shop.yaml]\n")
    (base / "shop.yaml").write_text(SHOP)
    (over / "kustomization.yaml").write_text("resources: [../base]\npatches: [{path: patch.yaml}]\n")
    (over / "patch.yaml").write_text("kind: Deployment\nmetadata: {name: shop}\n")
    return over


@pytest.mark.parametrize(
    ("field", "line"),
    [
        ("spec.template.spec.containers[1].image", 14),
        ("spec.template.spec.containers[1]", 13),
        ("spec.template.spec.containers[1].resources.limits", 13),
        ("spec.template.spec.containers[7].image", 10),
        ('metadata.labels["app.kubernetes.io/name"]', 6),
        ("spec.replicas", 7),
        ("", 1),
    ],
)
def test_a_field_is_found_through_the_kustomization(overlay, field, line):
    place = Origins(overlay).place("Deployment", "shop", field)
    assert place is not None
    assert (place.path.name, place.line) == ("shop.yaml", line)


def test_what_no_file_declares_is_shown_at_the_kustomization(overlay):
    assert Origins(overlay).place("ConfigMap", "made", "data") == Place(overlay / "kustomization.yaml", 1)


def test_a_folder_without_kustomization_is_its_files(tmp_path):
    (tmp_path / "bad.yaml").write_text("a: [")
    (tmp_path / "shop.yaml").write_text(SHOP)
    assert Origins(tmp_path).place("Deployment", "shop", "kind") == Place(tmp_path / "shop.yaml", 2)
    assert Origins(tmp_path / "none").place("Deployment", "shop", "kind") is None
