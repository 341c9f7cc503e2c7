"""
The walls between the parts, as the architecture document states them: who may import what, read with `ast`.

The table is written here a second time, on purpose: a wall moves only when somebody moves it in both places.
"""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
OURS = {"bench", "children", "cluster", "conformance", "consumer", "interruption", "items", "load", "serving", "tests"}

# Ways to the world outside, and ways round this test.
WORLD = ("asyncio", "http", "os", "socket", "subprocess", "time", "urllib", "importlib")


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
    Wall(
        "conformance/verdicts/**/*.py",
        ours=("conformance.verdicts", "conformance.declared"),
        never=(*WORLD, "conformance.declared.render", "conformance.declared.schema_refresh"),
    ),
    Wall(
        "conformance/observe/**/*.py",
        others=("kubernetes", "urllib3", "yaml"),
        ours=(
            "conformance.observe",
            "conformance.declared",
            "conformance.verdicts.evidence",
            "conformance.verdicts.verdict",
            "interruption",
        ),
    ),
    Wall("conformance/declared/schema.py", others=("jsonschema",), ours=("conformance.declared",)),
    Wall("conformance/declared/**/*.py", others=("yaml",), ours=("conformance.declared",)),
    Wall("conformance/report/**/*.py", ours=("conformance.report", "conformance.verdicts"), never=WORLD),
    Wall("conformance/test_*.py", others=("pytest",), ours=("conformance.verdicts",), never=WORLD),
    # Both hear Ctrl-C, and neither knows the other.
    Wall("interruption.py"),
    Wall("cluster/**/*.py", others=("yaml", "cryptography"), ours=("cluster", "interruption")),
    Wall("load/**/*.py", others=("locust", "gevent"), ours=("load",)),
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
    Wall("bench/static_tools/*.py", ours=("bench", "cluster", "conformance.verdicts.static.rules")),
    Wall("bench/**/*.py", ours=("bench", "children", "cluster")),
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
        ("conformance/verdicts/rollout.py", "import time", "time"),
        ("conformance/verdicts/rollout.py", "def f():\n    from os import path", "os.path"),
        ("conformance/verdicts/rollout.py", "from ..observe import watch", "conformance.observe.watch"),
        ("conformance/verdicts/deep/down.py", "import kubernetes", "kubernetes"),
        (
            "conformance/verdicts/a.py",
            "from ..declared.render import render",
            "conformance.declared.render.render",
        ),
        (
            "conformance/observe/watch.py",
            "from conformance.verdicts import rollout",
            "conformance.verdicts.rollout",
        ),
        ("conformance/observe/watch.py", "import pytest", "pytest"),
        ("conformance/observe/watch.py", "import cluster", "cluster"),
        ("conformance/report/text.py", "import subprocess", "subprocess"),
        ("conformance/test_rollout.py", "from time import sleep", "time.sleep"),
        ("conformance/test_rollout.py", "import cluster.up", "cluster.up"),
        ("cluster/box.py", "import conformance", "conformance"),
        ("cluster/box.py", "import requests", "requests"),
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
        "conformance/verdicts/rollout.py": "import zlib\nfrom .verdict import Fact\nfrom ..declared import x",
        "conformance/observe/watch.py": "import time, kubernetes\nfrom ..verdicts.evidence import Line",
        "cluster/box.py": "import os, yaml\nfrom cryptography import x509",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(source)
    assert violations(tmp_path) == []
