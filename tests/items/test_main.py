"""The items service as a process: how it starts, waits for its database, and refuses wrong settings."""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from items.settings import Settings
from serving.settings import SettingsError
from tests.postgres_child import PASSWORD, PostgresChild, free_port
from tests.service_child import ROOT, ServiceChild, service_child

READINESS = {"X-Probe": "readiness"}


def test_the_seeds_variables_are_the_settings() -> None:
    settings = Settings.from_env({"DB_PASSWORD": "hunter2"})
    assert (settings.port, settings.database.host, settings.database.port) == (5000, "postgres", 5432)
    assert (settings.database.name, settings.database.user) == ("microservices_db", "postgres")
    assert "hunter2" not in repr(settings)


def test_a_password_must_be_given() -> None:
    with pytest.raises(SettingsError, match="DB_PASSWORD is not set"):
        Settings.from_env({})


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"DB_PORT": "x"}, "items: DB_PORT must be a port between 1 and 65535, not 'x'"),
        ({"FLASK_ENV": "prod"}, "items: FLASK_ENV must be production or development, not 'prod'"),
    ],
)
def test_a_wrong_variable_is_one_sentence_and_exit_2(wrong: dict[str, str], sentence: str) -> None:
    env = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "DB_PASSWORD": "x", **wrong}
    done = subprocess.run([sys.executable, "-m", "items"], env=env, capture_output=True, text=True, timeout=10)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", sentence + "\n")


def test_it_listens_without_its_database_makes_the_table_when_it_comes_and_never_says_the_password(
    postgres: PostgresChild, tmp_path: Path
) -> None:
    postgres.stop()
    try:
        with service_child("-m", "items", log=tmp_path / "log", env=postgres.env) as child:
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
            said = child.said
            assert "listening on 0.0.0.0" in said
            assert PASSWORD not in said
            child.terminate()
            assert child.ended(within=9) == 0
    finally:
        if postgres.process is None:
            postgres.start()


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
