"""What buildah is asked for when an image of a profile is built: on which base, with what of this machine in sight."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from kubeproof.cluster_choice import _built
from kubeproof.embedded.images import ImageRecipe, build_image, buildah, pip_settings
from kubeproof.embedded.images.bases import BASES
from kubeproof.profile import intent_reading
from kubeproof.profile.intent import Image


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The commands of buildah, none of which runs."""
    commands: list[list[str]] = []

    def run(command: Sequence[str | Path], *, purpose: str) -> str:
        assert purpose
        commands.append([str(part) for part in command])
        if "push" in command:
            Path(str(command[-1]).split(":")[1]).write_text("archive")
        return "\n".join(base.image for base in BASES.values()) if "images" in command else ""

    monkeypatch.setattr(buildah, "run", run)
    monkeypatch.setattr(pip_settings, "run", lambda *_, **__: "")
    (tmp_path / "app").mkdir()
    (tmp_path / "app/Dockerfile").write_text("FROM elsewhere/python:3\nCOPY main.py /app/\n")
    (tmp_path / "app/main.py").touch()
    return commands


def built(asked: list[list[str]], folder: Path, base: str | None) -> list[str]:
    """The arguments of `buildah bud` for the image on a base."""
    recipe = ImageRecipe("localhost/x:1", folder / "app/Dockerfile", folder / "app", base=base)
    build_image(recipe, folder / "cache", lambda _: None)
    [command] = [command for command in asked if "bud" in command]
    return command


def test_a_base_takes_the_place_of_the_first_from(asked: list[list[str]], tmp_path: Path) -> None:
    """The Dockerfile is used as it is, and nothing is pulled."""
    command = built(asked, tmp_path, "python")
    assert command[command.index("--from") + 1] == BASES["python"].image
    assert "--pull-never" in command
    assert "--volume" not in command
    assert command[-2] == str(tmp_path / "app/Dockerfile")


def test_without_a_base_the_dockerfile_decides(asked: list[list[str]], tmp_path: Path) -> None:
    """What its FROM names is pulled, where there is a registry."""
    command = built(asked, tmp_path, None)
    assert "--from" not in command
    assert "--pull-never" not in command


def test_on_the_base_with_pip_the_machines_settings_are_in_sight(asked: list[list[str]], tmp_path: Path) -> None:
    """RUN pip install asks where this machine asks; the folder is mounted, and gone with the build."""
    command = built(asked, tmp_path, "python-pip")
    folder, place, mode = command[command.index("--volume") + 1].split(":")
    assert (place, mode) == (pip_settings.MOUNTED, "ro")
    assert not Path(folder).exists()


def test_paths_of_an_image_are_relative_to_its_profile(asked: list[list[str]], tmp_path: Path) -> None:
    """Its context is a folder of its own, and another than the Dockerfile's where the profile says so."""
    (tmp_path / "docker").mkdir()
    (tmp_path / "app/Dockerfile").rename(tmp_path / "docker/Dockerfile")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
        archive = _built(Image("localhost/x:1", "docker/Dockerfile", context="app"), tmp_path, lambda _: None)
    assert archive.read_text() == "archive"
    [command] = [command for command in asked if "bud" in command]
    assert command[-2] == str(tmp_path / "docker/Dockerfile")


def test_a_profile_may_name_just_the_bases_there_are() -> None:
    """The profile's reader knows the names and not the recipes."""
    assert sorted(intent_reading.BASES) == sorted(BASES)


def test_pips_settings_are_written_for_where_they_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A variable counts for more than a file, several values stay several, and certificates come along."""
    authorities, folder = tmp_path / "own.crt", tmp_path / "mounted"
    authorities.write_text("a certificate")
    folder.mkdir()
    listed = [
        "global.index-url='https://one.example'",
        "global.extra-index-url='https://two.example\\nhttps://three.example'",
        ":env:.index-url='https://four.example'",
        f":env:.cert='{authorities}'",
    ]
    monkeypatch.setattr(pip_settings, "run", lambda *_, **__: "\n".join(listed))
    pip_settings.write_pip_settings(folder)
    assert (folder / "ca.crt").read_text() == "a certificate"
    assert (folder / "pip.conf").read_text().splitlines() == [
        "[global]",
        "index-url = https://four.example",
        "extra-index-url = https://two.example",
        "  https://three.example",
        "cert = /run/kubeproof-build/ca.crt",
    ]
