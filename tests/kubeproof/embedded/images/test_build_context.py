"""The build context holds what a Dockerfile copies and nothing else, and its hash decides about building."""

import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from kubeproof.embedded.images import ImageNotBuilt, ImageRecipe, build_image
from kubeproof.embedded.images.context import copied_paths, stage, tree_hash
from kubeproof.embedded.images.packages import group_requirements, listed_requirements

ROOT = Path(__file__).parents[4]
IMAGES = tomllib.loads((ROOT / "kubeproof.toml").read_text())["images"]
BUILT = pytest.mark.parametrize("image", IMAGES, ids=lambda image: image["name"])


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / "src/app/__pycache__").mkdir(parents=True)
    (tmp_path / "src/app/main.py").write_text("print()")
    (tmp_path / "src/app/__pycache__/main.pyc").write_text("compiled")
    (tmp_path / "elsewhere.py").write_text("not copied")
    (tmp_path / "pyproject.toml").write_text('[dependency-groups]\na = ["x==1", {include-group = "b"}]\nb = ["y"]')
    (tmp_path / "Dockerfile").write_text("ARG BASE\nFROM ${BASE}\nCOPY packages /p\nCOPY src/app /app\n")
    return tmp_path


def recipe(repository: Path) -> ImageRecipe:
    wanted = group_requirements(repository / "pyproject.toml", "a")
    return ImageRecipe("localhost/x:1", repository / "Dockerfile", repository, wanted, "python")


def test_sources_of_copies_are_read_in_every_spelling() -> None:
    """Continued lines, flags, the JSON form and several sources are understood; other stages are not the context."""
    text = 'COPY --chown=1:1 a b \\\n  c /there/\nadd ["d e", "/x"]\nCOPY --from=builder /y /z\nRUN cp f g\n'
    assert copied_paths(text) == ("a", "b", "c", "d e")


def test_a_source_on_the_web_is_not_of_the_context() -> None:
    """What ADD fetches is the builder's business."""
    assert copied_paths("ADD https://example.com/tool /bin/\nADD here /there\n") == ("here",)


def test_only_what_is_copied_is_staged(repository: Path, tmp_path: Path) -> None:
    """Compiled files and files that no COPY names stay out."""
    stage(repository / "Dockerfile", repository, tmp_path / "staged")
    found = {str(path.relative_to(tmp_path / "staged")) for path in (tmp_path / "staged").rglob("*")}
    assert found == {"packages", "src", "src/app", "src/app/main.py"}


def test_a_source_that_is_missing_is_named(repository: Path, tmp_path: Path) -> None:
    """A COPY of something that is not there fails before anything is built."""
    (repository / "Dockerfile").write_text("FROM scratch\nCOPY nothing/*.py /app/\n")
    with pytest.raises(ImageNotBuilt, match=r"copies nothing/\*\.py, which is not in"):
        stage(repository / "Dockerfile", repository, tmp_path / "staged")


def staged_whole(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The files that `COPY . .` sees."""
    (repository / "Dockerfile").write_text("FROM scratch\nCOPY . .\n")
    whole = tmp_path_factory.mktemp("staged") / "whole"
    stage(repository / "Dockerfile", repository, whole)
    return {str(path.relative_to(whole)) for path in whole.rglob("*") if not path.is_dir()}


def test_a_whole_context_is_copied_without_what_is_ignored(
    repository: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """`COPY . .`, which most Dockerfiles say, takes the context but for what .dockerignore names."""
    (repository / ".dockerignore").write_text("# not theirs\n*.toml\n\nsrc\n!src/app/main.py\n")
    (repository / "src/app/notes.md").write_text("ignored with its folder")
    assert staged_whole(repository, tmp_path_factory) == {".dockerignore", "elsewhere.py", "src/app/main.py"}


def test_a_run_in_the_context_makes_no_other_image(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """`kubeproof run` writes its folder beside the Dockerfile: with it copied, the next run would build again."""
    (repository / "out/7f3a").mkdir(parents=True)
    (repository / "out/7f3a/evidence.jsonl").touch()
    (repository / "out/latest").symlink_to(repository / "out/7f3a")
    (repository / "out/page.html").touch()
    assert {name for name in staged_whole(repository, tmp_path_factory) if name.startswith("out")} == {"out/page.html"}


def test_a_link_that_leads_nowhere_stays_one(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Docker copies links as they are."""
    (repository / "gone").symlink_to("nowhere")
    assert "gone" in staged_whole(repository, tmp_path_factory)


def test_what_is_above_the_context_is_not_in_it(repository: Path, tmp_path: Path) -> None:
    """A COPY cannot leave its context, as with Docker."""
    (repository / "Dockerfile").write_text("FROM scratch\nCOPY ../etc /etc\n")
    with pytest.raises(ImageNotBuilt, match=r"copies \.\./etc, which is not in"):
        stage(repository / "Dockerfile", repository, tmp_path / "staged")


def test_the_hash_follows_place_content_and_mode(tmp_path: Path) -> None:
    """Each of the three that a container could notice changes the hash, and nothing else does."""
    seen = [tree_hash(tmp_path)]
    (tmp_path / "a").write_text("1")
    seen.append(tree_hash(tmp_path))
    (tmp_path / "a").write_text("2")
    seen.append(tree_hash(tmp_path))
    (tmp_path / "a").chmod(0o755)
    seen.append(tree_hash(tmp_path))
    (tmp_path / "a").rename(tmp_path / "b")
    seen.append(tree_hash(tmp_path))
    assert len(set(seen)) == 5
    (tmp_path / "b").touch()
    assert tree_hash(tmp_path) == seen[-1]


def test_requirements_include_groups_in_their_place(repository: Path) -> None:
    """An included group's requirements stand where it is included."""
    assert group_requirements(repository / "pyproject.toml", "a") == ("x==1", "y")


def test_a_group_that_is_missing_or_circular_is_named(repository: Path) -> None:
    """A wrong group is one sentence, not a stack of calls."""
    with pytest.raises(ImageNotBuilt, match="no dependency group 'c'; it has a, b"):
        group_requirements(repository / "pyproject.toml", "c")
    (repository / "pyproject.toml").write_text('[dependency-groups]\na = [{include-group = "a"}]')
    with pytest.raises(ImageNotBuilt, match="includes itself"):
        group_requirements(repository / "pyproject.toml", "a")


def test_a_requirements_file_is_read_without_its_comments(tmp_path: Path) -> None:
    """What stands in a requirements.txt beside requirements does not become one."""
    (tmp_path / "requirements.txt").write_text("# why\nx==1  # because\n\ny>=2\n")
    assert listed_requirements(tmp_path / "requirements.txt") == ("x==1", "y>=2")
    with pytest.raises(ImageNotBuilt, match="none cannot be read"):
        listed_requirements(tmp_path / "none")


def test_an_unknown_base_is_refused_before_any_work(repository: Path, tmp_path: Path) -> None:
    """A profile that names a base of no recipe learns the names there are."""
    with pytest.raises(ImageNotBuilt, match="no base image 'alpine', only debian, python, python-pip"):
        build_image(replace(recipe(repository), base="alpine"), tmp_path / "cache")
    assert not (tmp_path / "cache").exists()


def test_a_missing_dockerfile_is_named(repository: Path, tmp_path: Path) -> None:
    """A profile that names a Dockerfile that is not there is one sentence."""
    with pytest.raises(ImageNotBuilt, match=r"localhost/x:1: there is no Dockerfile .*/none"):
        build_image(replace(recipe(repository), dockerfile=repository / "none"), tmp_path / "cache")


def test_the_same_content_is_built_once(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A change that an image cannot see builds nothing; a changed source or requirement builds anew."""
    built = []

    def build(recipe: ImageRecipe, _staged: Path, archive: Path, _: object) -> None:
        built.append(recipe.name)
        archive.write_text("archive")

    monkeypatch.setattr("kubeproof.embedded.images.build._build", build)

    def image() -> Path:
        return build_image(recipe(repository), tmp_path / "cache")

    first = image()
    (repository / "elsewhere.py").write_text("changed")
    assert (image(), len(built)) == (first, 1)
    (repository / "src/app/main.py").write_text("changed")
    second = image()
    (repository / "pyproject.toml").write_text('[dependency-groups]\na = ["x==2"]')
    assert len({first, second, image()}) == len(built) == 3


@BUILT
def test_every_image_of_the_profile_can_be_staged(image: dict[str, str], tmp_path: Path) -> None:
    """What the Dockerfiles copy is in the repository, and the named group is in pyproject.toml."""
    stage(ROOT / image["dockerfile"], ROOT, tmp_path / "staged")
    if "group" in image:
        assert group_requirements(ROOT / "pyproject.toml", image["group"])


@BUILT
def test_every_image_runs_as_a_numbered_user(image: dict[str, str]) -> None:
    """`runAsNonRoot` is verified by number: a name would be refused by the kubelet, root by us."""
    users = [
        line.split()[1] for line in (ROOT / image["dockerfile"]).read_text().splitlines() if line.startswith("USER")
    ]
    assert users
    assert all(int(user.split(":")[0]) > 0 for user in users)
