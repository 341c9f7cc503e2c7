"""Journeys of kubeproof.toml, requests in order and what their answers must be, and how they are read."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from kubeproof.profile.tables import Table


@dataclass(frozen=True)
class JourneyStep:
    """One request of a journey and what its answer must be. `save` maps a variable to a key of the answer."""

    method: str
    service: str
    path: str
    expect: int
    body: Any = None
    save: tuple[tuple[str, str], ...] = ()
    contains: Mapping[str, Any] | None = None
    lists: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Journey:
    """Requests in order; each may use what earlier ones saved as {variable}."""

    name: str
    steps: tuple[JourneyStep, ...]


def read_journey(t: Table) -> Journey:
    """Read one of `journeys`."""
    return Journey(
        t.text("name", "its name: `persistence` and `backups` refer to it"),
        t.tables("steps", _step, "requests, each may use what earlier ones saved as {variable}"),
    )


def _step(t: Table) -> JourneyStep:
    save: Mapping[str, Any] = t.mapping("save", "variable = key of the answer it takes") or {}
    return JourneyStep(
        method=t.text("method", "the HTTP method"),
        service=t.text("service", "the Service that is asked"),
        path=t.text("path", "the path that is asked for"),
        expect=t.whole("expect", "the HTTP status of the answer"),
        body=t.any("body", "the JSON body that is sent"),
        save=tuple((name, str(key)) for name, key in save.items()),
        contains=t.mapping("contains", "fields that the answer must have"),
        lists=t.mapping("lists", "fields that one member of the answered list must have"),
    )
