"""Manifests come from a kustomization, a folder, a file or standard input; what is none is said with its file."""

import io

import pytest

from kubeproof.manifests.loading import CannotLoad, load, parse

THING = "{apiVersion: v1, kind: ConfigMap, metadata: {name: %s}}\n"


def names(documents):
    return [document["metadata"]["name"] for document in documents]


def test_a_folder_gives_every_file_below_it_by_name(tmp_path):
    (tmp_path / "deep").mkdir()
    (tmp_path / "b.yaml").write_text(THING % "b1" + "---\n" + THING % "b2")
    (tmp_path / "a.yml").write_text(THING % "a")
    (tmp_path / "deep" / "c.json").write_text('{"kind": "ConfigMap", "metadata": {"name": "c"}}')
    (tmp_path / "notes.txt").write_text("no manifest")
    assert names(load(tmp_path)) == ["a", "b1", "b2", "c"]
    assert names(load(tmp_path / "b.yaml")) == ["b1", "b2"]


def test_a_kustomization_is_rendered(tmp_path):
    (tmp_path / "kustomization.yaml").write_text("resources: [thing.yaml]\nnamePrefix: big-\n")
    (tmp_path / "thing.yaml").write_text(THING % "thing")
    assert names(load(tmp_path)) == ["big-thing"]


def test_standard_input_is_a_file_too(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(THING % "piped"))
    assert names(load("-")) == ["piped"]


def test_a_date_is_a_text_as_it_is_for_kubernetes():
    [document] = parse("{kind: ConfigMap, data: {day: 2026-01-01}}", "f.yaml")
    assert document["data"] == {"day": "2026-01-01"}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: [", "is not YAML"),
        ("{{ .Values.name }}: x\n- y", "helm template"),
        ("kind: A\nspec: {a: 1, a: 2}", "the key 'a' stands twice"),
        ("just: a mapping", "has no kind"),
        ("- a list", "has no kind"),
    ],
)
def test_what_is_no_manifest_is_refused_with_its_file(text, problem):
    with pytest.raises(CannotLoad, match=problem) as refused:
        parse(text, "f.yaml")
    assert str(refused.value).startswith("f.yaml: ")


def test_a_merge_key_may_stand_twice():
    text = "kind: A\nx: &x {a: 1}\ny: &y {b: 2}\nz:\n  <<: *x\n  <<: *y\n"
    assert parse(text, "f.yaml")[0]["z"] == {"a": 1, "b": 2}


def test_nothing_to_load_is_said(tmp_path):
    with pytest.raises(CannotLoad, match="there is no manifest"):
        load(tmp_path)
    with pytest.raises(CannotLoad, match="no such file or folder"):
        load(tmp_path / "none")
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe")
    with pytest.raises(CannotLoad, match=r"bytes\.yaml: cannot be read"):
        load(tmp_path)


def test_a_folder_may_be_a_whole_repository(tmp_path):
    (tmp_path / ".github").mkdir()
    (tmp_path / ".github" / "ci.yml").write_text("on: push\n")
    (tmp_path / ".github" / "hidden.yaml").write_text(THING % "hidden")
    (tmp_path / "compose.yaml").write_text("services: {shop: {image: shop}}\n")
    (tmp_path / "package.json").write_text('{"name": "shop"}')
    (tmp_path / "shop.yaml").write_text(THING % "shop")
    assert names(load(tmp_path)) == ["shop"]
    with pytest.raises(CannotLoad, match="has no kind"):
        load(tmp_path / "compose.yaml")


@pytest.mark.parametrize("text", ["{apiVersion: v1, metadata: {name: odd}}", f"- {THING % 'listed'}"])
def test_what_looks_like_an_object_is_refused_in_a_folder_too(tmp_path, text):
    (tmp_path / "shop.yaml").write_text(THING % "shop")
    (tmp_path / "odd.yaml").write_text(text)
    with pytest.raises(CannotLoad, match=r"odd\.yaml: holds a document that .* has no kind"):
        load(tmp_path)


@pytest.mark.parametrize("name", ["kustomization.yaml", "kustomization.yml", "Kustomization"])
def test_a_folder_of_kustomizations_is_refused_with_their_folders(tmp_path, name):
    (tmp_path / "shop.yaml").write_text(THING % "shop")
    for folder in ("base", "production"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / name).write_text("resources: []\n")
    with pytest.raises(CannotLoad, match=r"name one with --manifests: .*/base, .*/production"):
        load(tmp_path)
