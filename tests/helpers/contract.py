"""Holds a service against its OpenAPI document: every answer must be one that the document describes."""

from collections.abc import Mapping
from typing import Any

import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from serving.middleware import WsgiApp

CONFORMS = [
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
]
RIGHT, WRONG = GenerationMode.POSITIVE, GenerationMode.NEGATIVE
FUZZ = settings(
    max_examples=15,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.function_scoped_fixture],
)


def operations(document: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Give path and method of every operation."""
    return [
        (path, method) for path, of_path in document["paths"].items() for method in of_path if method != "parameters"
    ]


def statuses(document: Mapping[str, Any]) -> set[tuple[str, str, int]]:
    """Give path, method and status of every answer that is documented."""
    return {
        (path, method, int(status))
        for path, method in operations(document)
        for status in document["paths"][path][method]["responses"]
    }


def contract_of(app: WsgiApp) -> Any:
    """Give the document as the app serves it, for the two functions below."""
    return schemathesis.openapi.from_wsgi("/openapi.json", app)


def answered_as_documented(contract: Any, path: str, method: str, **request: Any) -> int:
    """Make one request (`path_parameters`, `query`, `headers`, `body` with `media_type`), and give its status."""
    case = contract[path][method].Case(**request)
    answered = case.call()
    case.validate_response(answered, checks=CONFORMS)
    return int(answered.status_code)


def fuzz(contract: Any, path: str, method: str, mode: GenerationMode) -> None:
    """Make requests as documented, or such as the document forbids: none is a fault, all are answered as it says."""

    # Not schemathesis' own parametrize(): it leans on names that pytest 9 has moved.
    @FUZZ
    @given(case=contract[path][method].as_strategy(generation_mode=mode))
    def ask_whatever(case: Any) -> None:
        answered = case.call()
        case.validate_response(answered, checks=CONFORMS)
        assert answered.status_code < 500

    ask_whatever()
