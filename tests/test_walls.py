"""
The walls between the parts, as ARCHITECTURE.md states them: who may import what, read with `ast`.

The table is written here a second time, on purpose: a wall moves only when somebody moves it in both places.
"""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
OURS = {"bench", "children", "consumer", "items", "kubeproof", "load", "serving", "tests"}

# Ways to the world outside, and ways round this test.
WORLD = ("asyncio", "http", "os", "socket", "subprocess", "time", "urllib", "importlib")

# What is declared, and all that a judge may know.
DECLARED = ("kubeproof.manifests", "kubeproof.profile")
VALUES = (*DECLARED, "kubeproof.evidence", "kubeproof.netpol", "kubeproof.verdict")
# What stands among the values and touches files or programs.
UNCLEAN = (
    *("kubeproof.evidence.writing", "kubeproof.manifests.layering", "kubeproof.manifests.loading"),
    *("kubeproof.manifests.rendering", "kubeproof.manifests.schema_refresh"),
)


@dataclass(frozen=True)
class Wall:
    """
    What the Python files of one place may import.

    `others`: packages that are neither ours nor the standard library's; `ours`: our own modules;
    `never`: names refused although something above, or the standard library, would let them in.
    A dotted name stands for itself and all below it. The first wall whose glob fits a file holds for it.
    """

    files: str
    others: tuple[str, ...] = ()
    ours: tuple[str, ...] = ()
    never: tuple[str, ...] = ()


WALLS = (
    # The store, and what it is made of: what the app sees of the database is the store's.
    Wall("src/items/store.py", others=("pg8000",), ours=("items", "serving")),
    Wall("src/items/wire.py", others=("pg8000",), ours=("items",)),
    Wall("src/items/connection.py", others=("pg8000",), ours=("items",)),
    Wall("src/items/schema.py", others=("pg8000",), ours=("items",)),
    Wall("src/items/database_check.py", others=("pg8000",), ours=("items", "serving")),
    # What is counted is declared in one place for each service, and handed on by name.
    Wall("src/items/measures.py", others=("prometheus_client",), ours=("items", "serving")),
    Wall("src/consumer/measures.py", others=("prometheus_client",), ours=("consumer", "serving")),
    Wall("src/serving/metrics.py", others=("bottle", "prometheus_client"), ours=("serving",)),
    Wall("src/items/**/*.py", others=("bottle",), ours=("items", "serving")),
    # urllib3 is what requests is made of: its errors say whether a request was sent.
    Wall("src/consumer/exchange.py", others=("requests", "urllib3"), ours=("consumer",)),
    Wall("src/consumer/bounded.py", others=("urllib3",)),
    Wall("src/consumer/retrying.py", others=("backoff",), ours=("consumer",)),
    Wall("src/consumer/**/*.py", others=("bottle",), ours=("consumer", "serving")),
    Wall("src/serving/**/*.py", others=("bottle", "waitress"), ours=("serving",)),
    # Judging is pure: no cluster, no clock, no network, no pytest, and no file but the one that is handed over.
    Wall("kubeproof/evidence/writing.py", ours=("kubeproof.evidence",)),
    Wall("kubeproof/evidence/**/*.py", ours=VALUES, never=WORLD),
    Wall("kubeproof/checks/catalogue.py", ours=(*VALUES, "kubeproof.checks", "kubeproof.rules", "kubeproof.discovery")),
    Wall("kubeproof/checks/**/*.py", ours=(*VALUES, "kubeproof.checks"), never=(*WORLD, *UNCLEAN)),
    Wall("kubeproof/rules/catalogue.py", ours=(*VALUES, "kubeproof.rules", "kubeproof.discovery")),
    Wall("kubeproof/rules/**/*.py", ours=(*VALUES, "kubeproof.rules"), never=(*WORLD, *UNCLEAN)),
    Wall("kubeproof/netpol/**/*.py", ours=VALUES, never=(*WORLD, *UNCLEAN)),
    Wall("kubeproof/judging.py", ours=(*VALUES, "kubeproof.checks", "kubeproof.rules"), never=WORLD),
    Wall("kubeproof/verdict.py"),
    # Observers append to the evidence, and know no judge.
    Wall(
        "kubeproof/observe/**/*.py",
        others=("kubernetes", "urllib3", "yaml"),
        ours=("kubeproof.observe", "kubeproof.evidence", "kubeproof.interruption", *DECLARED),
        never=("kubeproof.evidence.request_log",),
    ),
    Wall("kubeproof/manifests/schema.py", others=("jsonschema",), ours=("kubeproof.manifests",)),
    Wall("kubeproof/manifests/**/*.py", others=("yaml",), ours=("kubeproof.manifests",)),
    Wall("kubeproof/profile/**/*.py", ours=DECLARED),
    Wall(
        "kubeproof/report/**/*.py",
        ours=(*VALUES, "kubeproof.report", "kubeproof.judging", "kubeproof.checks", "kubeproof.rules"),
        never=WORLD,
    ),
    # What runs inside the cluster is a package by itself there: standard library, and Locust for the load.
    Wall("kubeproof/probe/locustfile.py", others=("locust", "gevent")),
    Wall("kubeproof/probe/**/*.py", ours=("kubeproof.probe",)),
    # Both hear Ctrl-C, the cluster and who observes one, and neither knows the other.
    Wall("kubeproof/interruption.py"),
    Wall(
        "kubeproof/embedded/**/*.py",
        others=("yaml", "cryptography"),
        ours=("kubeproof.embedded", "kubeproof.interruption"),
    ),
    # The command and the plugin load no more than they need: what they need later is imported in their functions.
    Wall("kubeproof/pytest_*.py", others=("pytest",), ours=("kubeproof",)),
    Wall("kubeproof/cli.py", others=("pytest",), ours=("kubeproof",)),
    Wall("kubeproof/**/*.py", others=("yaml",), ours=("kubeproof",)),
    Wall("load/**/*.py", others=("locust",), ours=("load", "kubeproof.probe.locustfile")),
    Wall("children/**/*.py", ours=("children",)),
    # The peers stand alone, as their users write them; each has the packages of its own environment.
    Wall(
        "bench/peers/*.py",
        others=(
            *("asyncpg", "fastapi", "pydantic", "starlette", "orjson", "flask", "falcon", "psycopg", "psycopg_pool"),
            *("bottle", "waitress", "pg8000"),
        ),
    ),
    # Run by the Python of a service, inside of it. All else sees the services from outside.
    Wall("bench/services/inside/*.py", others=("requests",), ours=("items", "consumer")),
    # Our rules beside those of other tools: their names and laws, not how they are judged.
    Wall(
        "bench/static_tools/*.py",
        ours=("bench", "kubeproof.rules.catalogue", "kubeproof.embedded", "kubeproof.verdict"),
    ),
    Wall("bench/**/*.py", ours=("bench", "children", "kubeproof.embedded")),
)


@dataclass(frozen=True)
class Import:
    """One imported name, in full (`from a import b` is `a.b`), and the line it stands on."""

    name: str
    line: int


def imports_of(source: str, package: str) -> Iterator[Import]:
    """Give every import of a module in `package`, also those inside functions and under TYPE_CHECKING."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parents = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*parents, *([node.module] if node.module else [])])
            yield from (Import(f"{base}.{alias.name}", node.lineno) for alias in node.names)


def under(name: str, places: tuple[str, ...]) -> bool:
    """Tell whether a dotted name is one of the places or below one."""
    return any(name == place or name.startswith(f"{place}.") for place in places)


def refused(name: str, wall: Wall) -> bool:
    """Tell whether a wall keeps a name out."""
    top = name.partition(".")[0]
    if under(name, wall.never):
        return True
    if top in OURS:
        return not under(name, wall.ours)
    return top not in sys.stdlib_module_names and not under(name, wall.others)


def package_of(path: Path, root: Path) -> str:
    """Name the package that a file's relative imports start from; `src` is a root of packages, not one."""
    parts = path.relative_to(root).parent.parts
    return ".".join(parts[1:] if parts[:1] == ("src",) else parts)


def files_behind(root: Path) -> dict[Path, Wall]:
    """Pair every file that stands behind a wall with the first that fits it."""
    files: dict[Path, Wall] = {}
    for wall in WALLS:
        for path in sorted(root.glob(wall.files)):
            files.setdefault(path, wall)
    return files


def violations(root: Path) -> list[str]:
    """List every import that a wall of the tree under `root` refuses, as `file:line imports name`."""
    return [
        f"{path.relative_to(root)}:{found.line} imports {found.name}"
        for path, wall in files_behind(root).items()
        for found in imports_of(path.read_text(), package_of(path, root))
        if refused(found.name, wall)
    ]


def test_every_import_stays_behind_its_wall() -> None:
    """No part of this project imports what the architecture keeps from it."""
    assert violations(ROOT) == []


def test_every_wall_has_something_behind_it() -> None:
    """A wall around nothing proves nothing: its folder was moved, and the table was not."""
    guarded = set(files_behind(ROOT).values())
    assert [wall.files for wall in WALLS if wall not in guarded] == []


@pytest.mark.parametrize(
    ("path", "source", "name"),
    [
        ("src/items/app.py", "import pg8000.native", "pg8000.native"),
        ("src/items/app.py", "from consumer import app", "consumer.app"),
        ("src/consumer/app.py", "import requests", "requests"),
        ("src/consumer/app.py", "from kubernetes import client", "kubernetes.client"),
        ("src/serving/health.py", "from items.store import Store", "items.store.Store"),
        ("kubeproof/checks/rollout.py", "import time", "time"),
        ("kubeproof/checks/rollout.py", "def f():\n    from os import path", "os.path"),
        ("kubeproof/checks/rollout.py", "from ..observe import watches", "kubeproof.observe.watches"),
        ("kubeproof/checks/deep/down.py", "import kubernetes", "kubernetes"),
        ("kubeproof/checks/a.py", "from ..manifests.rendering import render", "kubeproof.manifests.rendering.render"),
        ("kubeproof/rules/a.py", "from kubeproof.checks import rollout", "kubeproof.checks.rollout"),
        ("kubeproof/netpol/a.py", "import subprocess", "subprocess"),
        ("kubeproof/judging.py", "import kubernetes", "kubernetes"),
        ("kubeproof/observe/watches.py", "from kubeproof.checks import rollout", "kubeproof.checks.rollout"),
        ("kubeproof/observe/watches.py", "import pytest", "pytest"),
        ("kubeproof/observe/watches.py", "from kubeproof import embedded", "kubeproof.embedded"),
        ("kubeproof/report/text.py", "import subprocess", "subprocess"),
        ("kubeproof/run.py", "import pytest", "pytest"),
        ("kubeproof/run.py", "from items import app", "items.app"),
        ("kubeproof/probe/attempts.py", "from kubeproof import verdict", "kubeproof.verdict"),
        ("kubeproof/embedded/box.py", "from kubeproof.observe import cluster", "kubeproof.observe.cluster"),
        ("kubeproof/embedded/box.py", "import requests", "requests"),
        ("load/locustfile.py", "from items import app", "items.app"),
    ],
)
def test_a_seeded_violation_is_seen(tmp_path: Path, path: str, source: str, name: str) -> None:
    """An import that a wall refuses is named with its file, however it is written."""
    seeded = tmp_path / path
    seeded.parent.mkdir(parents=True)
    seeded.write_text(source)
    assert violations(tmp_path) == [f"{path}:{len(source.splitlines())} imports {name}"]


def test_what_a_wall_lets_in_is_not_refused(tmp_path: Path) -> None:
    """The same files with the imports they are there for."""
    for path, source in {
        "src/items/store.py": "import pg8000.native\nfrom . import app\nfrom serving import health",
        "src/consumer/exchange.py": "import requests, urllib3, json",
        "src/consumer/retrying.py": "import backoff",
        "kubeproof/checks/rollout.py": "import zlib\nfrom ..verdict import Fact\nfrom ..manifests import system",
        "kubeproof/observe/watches.py": "import time, kubernetes\nfrom ..evidence.writing import Recorder",
        "kubeproof/embedded/box.py": "import os, yaml\nfrom cryptography import x509",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(source)
    assert violations(tmp_path) == []
