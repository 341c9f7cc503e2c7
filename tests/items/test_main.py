"""The items service as a process: how it starts, waits for its database, and refuses wrong settings."""

import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from children.postgres import PASSWORD, PostgresChild, free_port
from items.__main__ import build
from items.settings import MAX_POOL, Settings
from items.wire import Line
from serving.bulkhead import PERMITS
from serving.instance import Instance
from serving.lifecycle import Lifecycle
from serving.settings import SettingsError
from tests.helpers.service_child import ROOT, ServiceChild, service_child
from tests.helpers.wsgi_client import ask

READINESS = {"X-Probe": "readiness"}


def test_the_seeds_variables_are_the_settings() -> None:
    settings = Settings.from_env({"DB_PASSWORD": "hunter2"})
    assert (settings.port, settings.database.host, settings.database.port) == (5000, "postgres", 5432)
    assert (settings.database.name, settings.database.user) == ("microservices_db", "postgres")
    assert (settings.pool, settings.ready_grace, settings.database.tls) == (PERMITS, 30.0, None)
    assert "hunter2" not in repr(settings)


def test_a_password_must_be_given() -> None:
    with pytest.raises(SettingsError, match="DB_PASSWORD is not set"):
        Settings.from_env({})


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"DB_PORT": "x"}, "items: DB_PORT must be a port between 1 and 65535, not 'x'"),
        ({"FLASK_ENV": "prod"}, "items: FLASK_ENV must be production or development, not 'prod'"),
        ({"DB_POOL": "12"}, "items: DB_POOL must be a whole number from 1 to 11, not '12'"),
        ({"DB_SSLMODE": "prefer"}, "items: DB_SSLMODE must be one of disable, require, verify-full, not 'prefer'"),
    ],
)
def test_a_wrong_variable_is_one_sentence_and_exit_2(wrong: dict[str, str], sentence: str) -> None:
    env = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "DB_PASSWORD": "x", **wrong}
    done = subprocess.run([sys.executable, "-m", "items"], env=env, capture_output=True, text=True, timeout=10)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", sentence + "\n")


def test_the_pools_of_all_pods_fit_into_one_database() -> None:
    """Of the autoscaler's five, one surge and two that are ending; each has a checker besides."""
    pods = 5 + 1 + 2
    assert pods * (MAX_POOL + 1) < 100  # PostgreSQL's default max_connections, 3 of which are an administrator's
    assert MAX_POOL >= PERMITS


def test_it_listens_without_its_database_makes_the_table_when_it_comes_and_never_says_the_password(
    postgres: PostgresChild, tmp_path: Path
) -> None:
    postgres.stop()
    try:
        env = {**postgres.env, "READY_DB_GRACE": "0"}
        with service_child("-m", "items", log=tmp_path / "log", env=env) as child:
            assert child.get("/health")[0] == 200
            assert child.get("/health", READINESS)[0] == 503
            status, body = child.get("/items")
            assert (status, b"does not answer" in body) == (503, True)
            postgres.start()
            _until(child, status=200)
            assert child.get("/items")[0] == 200
            postgres.stop()
            _until(child, status=503)
            assert child.get("/health")[0] == 200
            postgres.start()
            _until(child, status=200)
            assert b'database_connections{state="idle"} 1.0' in child.get("/metrics")[1]
            said = child.said
            assert "listening on 0.0.0.0" in said
            assert PASSWORD not in said
    finally:
        if postgres.process is None:
            postgres.start()


def test_what_it_opened_is_closed_at_its_end(postgres: PostgresChild, admin: Line) -> None:
    app, close = build(Settings.from_env(postgres.env), Instance.here("items", Lifecycle()))
    deadline = time.monotonic() + 5
    while ask(app, "GET", "/health", headers=READINESS).status != 200 and time.monotonic() < deadline:
        time.sleep(0.02)
    assert ask(app, "GET", "/items").status == 200
    ours = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'items' AND pid <> pg_backend_pid()"
    assert admin.run(ours) == [[2]]
    close()
    while admin.run(ours) != [[0]]:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert "checker" not in {thread.name for thread in threading.enumerate()}


def test_a_port_that_is_taken_is_one_sentence_and_exit_1(postgres: PostgresChild, tmp_path: Path) -> None:
    port = free_port()
    with service_child("-m", "items", log=tmp_path / "log", env=postgres.env, port=port):
        env = {**os.environ, "PYTHONPATH": str(ROOT / "src"), **postgres.env, "PORT": str(port)}
        done = subprocess.run([sys.executable, "-m", "items"], env=env, capture_output=True, text=True, timeout=10)
    assert done.returncode == 1
    assert re.fullmatch(f"items: cannot listen on port {port}: .*in use\n", done.stderr)


def _until(child: ServiceChild, *, status: int, within: float = 5.0) -> None:
    deadline = time.monotonic() + within
    while child.get("/health", READINESS)[0] != status:
        assert time.monotonic() < deadline, f"readiness is not {status} after {within} s"
        time.sleep(0.05)
