"""A .dockerignore is read as Docker reads it: the last line that matches decides."""

from pathlib import Path

import pytest

from kubeproof.embedded.images.dockerignore import read_dockerignore


@pytest.mark.parametrize(
    ("lines", "path", "ignored"),
    [
        ("", "a.py", False),
        ("a.py", "a.py", True),
        ("a.py", "src/a.py", False),
        ("/a.py", "a.py", True),
        ("*.py", "a.py", True),
        ("*.py", "src/a.py", False),
        ("*/*.py", "src/a.py", True),
        ("**/*.py", "a.py", True),
        ("**/*.py", "src/app/a.py", True),
        ("src", "src/app/a.py", True),
        ("src/", "src/app/a.py", True),
        ("src/**", "src/app/a.py", True),
        ("?.py", "a.py", True),
        ("?", "src/a.py", False),
        ("# a.py", "a.py", False),
        ("*\n!a.py", "a.py", False),
        ("!a.py\n*", "a.py", True),
        ("*\n!src/app", "src/app/a.py", False),
        ("a.p[y", "a.p[y", True),
    ],
)
def test_what_a_line_ignores(lines: str, path: str, ignored: bool, tmp_path: Path) -> None:
    """Folders with what is in them, wildcards that stop at a slash and those that do not, and exceptions."""
    (tmp_path / ".dockerignore").write_text(lines)
    assert read_dockerignore(tmp_path)(path) is ignored


def test_without_the_file_nothing_is_ignored(tmp_path: Path) -> None:
    assert not read_dockerignore(tmp_path)("a.py")
