"""The contract is served as the package's file has it."""

import sys
from pathlib import Path

import pytest
from bottle import Bottle

from serving.openapi import add_openapi
from tests.helpers.wsgi_client import ask


def test_the_document_is_served_byte_for_byte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "with_contract"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "openapi.json").write_bytes(b'{"openapi": "3.1.0"}\n')
    monkeypatch.syspath_prepend(tmp_path)
    app = Bottle()
    add_openapi(app, "with_contract")
    (package / "openapi.json").unlink()  # it was read when the route was made
    answered = ask(app, "GET", "/openapi.json")
    assert (answered.status, answered.body) == (200, b'{"openapi": "3.1.0"}\n')
    assert answered.headers["content-type"] == "application/json"
    sys.modules.pop("with_contract")


def test_a_package_without_a_contract_does_not_start() -> None:
    with pytest.raises(FileNotFoundError):
        add_openapi(Bottle(), "serving")
