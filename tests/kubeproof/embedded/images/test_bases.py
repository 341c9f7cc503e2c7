"""Base images: named by their recipe, cut down to what runs, from where the machine's own apt looks."""

from dataclasses import replace
from pathlib import Path

import pytest

from kubeproof.embedded.images import ImageNotBuilt, bases
from kubeproof.embedded.images.running import run

RECIPE = bases.Base("tiny", packages=("dash",), dropped=("usr/lib/*/big*",), links=(("usr/bin/sh", "dash"),))


def test_a_changed_recipe_is_another_image() -> None:
    """A store that holds the old base is not taken to hold the new one."""
    assert RECIPE.image == replace(RECIPE).image
    assert replace(RECIPE, packages=("dash", "sed")).image != RECIPE.image
    assert replace(RECIPE, dropped=()).image != RECIPE.image


def test_a_base_keeps_what_runs_and_nothing_of_the_builder(tmp_path: Path) -> None:
    """Documentation, dropped globs and the builder's own host name and resolver do not get into an image."""
    for name in ("usr/lib/x86/bigfile", "usr/lib/x86/small", "usr/share/doc/a/b", "usr/bin/dash"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/hostname").write_text("builder")
    (tmp_path / "etc/resolv.conf").symlink_to("/nowhere")
    bases._cut_down(RECIPE, tmp_path)
    files = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if not path.is_dir()}
    assert files == {"usr/lib/x86/small", "usr/bin/dash", "usr/bin/sh", "etc/passwd", "etc/group"}
    assert (tmp_path / "usr/bin/sh").resolve() == tmp_path / "usr/bin/dash"


@pytest.mark.parametrize(
    ("listing", "expected"),
    [
        (
            "http://m/debian/ bookworm main\nhttp://m/security/ bookworm-security main\nhttp://m/x nodistro main\n",
            ("deb http://m/debian/ bookworm main", "deb http://m/security/ bookworm-security main"),
        ),
        ("http://archive/ubuntu noble main\n", ()),
        ("http://m/debian/ bookworm-updates main\n", ()),
        ("", ()),
    ],
)
def test_packages_come_from_where_the_machine_has_its_own(
    listing: str, expected: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The machine's mirrors of the release are used; of another release, or incomplete, none of them."""
    monkeypatch.setattr("shutil.which", lambda tool: f"/usr/bin/{tool}")
    monkeypatch.setattr(bases, "run", lambda *_, **__: listing)
    assert bases._mirrors() == expected


def test_a_missing_tool_is_named_with_the_package_that_brings_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever lacks buildah reads which package to install."""
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(ImageNotBuilt, match="localhost/x:1: buildah is not installed; `apt-get install buildah`"):
        run(("buildah", "bud"), purpose="localhost/x:1")


def test_a_tool_that_fails_is_quoted() -> None:
    """Who failed, with which status, and its last words."""
    with pytest.raises(ImageNotBuilt, match=r"making tea: sh exited 3:\nno water"):
        run(("sh", "-c", "echo no water >&2; exit 3"), purpose="making tea")
