"""
Every kind of line that this version knows, and the fields that it must have; docs/evidence.md says what they say.

A test holds the two equal. More fields than these are allowed.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from math import isfinite
from typing import Any


@dataclass(frozen=True)
class Field:
    """What a field of a line may be; one that is not required may be missing."""

    fits: Callable[[Any], bool]
    required: bool = True


Fields = Mapping[str, Field]


def _is_number(value: Any) -> bool:
    return (
        isinstance(value, (int, float)) and not isinstance(value, bool) and (isinstance(value, int) or isfinite(value))
    )


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _each(fits: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and all(map(fits, value))


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _or_null(field: Field) -> Field:
    return Field(lambda value: value is None or field.fits(value))


def _optional(field: Field) -> Field:
    return replace(field, required=False)


def _one_of(*words: str) -> Field:
    return Field(lambda value: value in words if isinstance(value, str) else False)


ANYTHING = Field(lambda _: True)  # JSON of the system under test, or null
TEXT, TEXTS = Field(_is_text), Field(_each(_is_text))
FLAG = Field(lambda value: isinstance(value, bool))
OBJECT = Field(lambda value: isinstance(value, dict))
# Of most things there is no less than none.
COUNT, AMOUNT = Field(_is_whole), Field(lambda value: _is_number(value) and value >= 0)
SIGNED, BOUNDS = Field(_is_number), Field(_each(_is_number))
PAIRS = Field(_each(lambda pair: _each(_is_number)(pair) and len(pair) == 2))
CLAIMS = Field(_each(lambda one: isinstance(one, dict) and _is_text(one.get("name")) and _is_text(one.get("uid"))))
TEXT_OR_NULL, COUNT_OR_NULL, SIGNED_OR_NULL = _or_null(TEXT), _or_null(COUNT), _or_null(SIGNED)
STATUS_OR_NULL = _or_null(Field(lambda value: _is_whole(value) and 100 <= value < 600))  # RFC 9110, section 15

TRIED = ("connected", "refused", "timeout", "unreachable", "not-observed")

_OF_THE_RUN: Mapping[str, Fields] = {
    "run.begin": {
        **dict.fromkeys(("run", "cluster", "started"), TEXT),
        "versions": OBJECT,
        "skew": BOUNDS,
        "watches": TEXTS,
        # Whoever opens the file, or judges from it, says what is wrong with these.
        "writers": ANYTHING,
        "kubeproof": _optional(ANYTHING),
        "declared": _optional(ANYTHING),
    },
    "run.plan": {"checks": ANYTHING},
    "image": dict.fromkeys(("workload", "container", "image", "digest"), TEXT),
    "run.end": {"writers": ANYTHING},
}
# What a watch says: of its objects, of itself, and that it was interrupted.
_OF_WATCHES: Mapping[str, Fields] = {
    "workload": {
        **dict.fromkeys(("name", "object_kind"), TEXT),
        **dict.fromkeys(
            ("generation", "observed", "desired", "updated", "ready", "available", "replicas"),
            COUNT,
        ),
        "gone": FLAG,
    },
    "pod": {
        **dict.fromkeys(("name", "uid"), TEXT),
        **dict.fromkeys(("workload", "ip", "revision", "phase", "node"), TEXT_OR_NULL),
        **dict.fromkeys(("ready", "deleted", "gone"), FLAG),
        **dict.fromkeys(("waiting", "ended"), TEXTS),
        "restarts": COUNT,
    },
    "endpoints": {"service": TEXT, **dict.fromkeys(("ready", "serving", "terminating"), TEXTS)},
    "autoscaler": {
        **dict.fromkeys(("name", "target"), TEXT),
        "desired": COUNT,
        **dict.fromkeys(("current", "cpu", "memory"), COUNT_OR_NULL),
        "gone": FLAG,
    },
    "event": {"object": TEXT, **dict.fromkeys(("reason", "uid", "says"), TEXT_OR_NULL), "count": COUNT},
    "bookmark": {"watch": TEXT, "version": TEXT, "caught": FLAG},
    "gap": {"says": TEXT},
}
_TIMED: Fields = {"intended": AMOUNT, "sent": AMOUNT, "seconds": AMOUNT}
_ANSWERED: Fields = {"status": STATUS_OR_NULL, "error": TEXT_OR_NULL}
_TO_OR_NULL: Fields = {"to": TEXT_OR_NULL, "uid": _optional(TEXT_OR_NULL)}
_ENDS = ("source", "target", "source_pod", "source_uid", "target_pod", "target_uid")
_OF_AN_OBSERVATION: Mapping[str, Fields] = {
    "observe.begin": {},
    "observe.end": {"lines": ANYTHING, "error": TEXT_OR_NULL},
    "need": {"need": TEXT, "met": FLAG, "says": TEXT},
    "marker": {"says": TEXT},
    "name": {
        **dict.fromkeys(("service", "asked", "source", "source_pod", "source_uid"), TEXT),
        **dict.fromkeys(("addresses", "expected", "after"), TEXTS),
        "error": TEXT_OR_NULL,
    },
    "step": {
        **dict.fromkeys(("journey", "method", "url"), TEXT),
        "index": COUNT,
        "walk": _optional(COUNT),
        "body": ANYTHING,
        "saved": OBJECT,
        "seconds": AMOUNT,
        **_ANSWERED,
    },
    "reach": {
        "role": _one_of("cell", "control", "canary"),
        **dict.fromkeys((*_ENDS, "says"), TEXT),
        "port": COUNT,
        "outcome": _one_of(*TRIED),
        "seconds": AMOUNT,
    },
    "entrance": {
        **dict.fromkeys(("owner", "namespace", "says"), TEXT),
        "address": TEXT_OR_NULL,
        "port": COUNT_OR_NULL,
    },
    "route": {
        **dict.fromkeys(("owner", "host", "path", "method", "asked", "address"), TEXT),
        **dict.fromkeys(("round", "port"), COUNT),
        **dict.fromkeys(("pod", "location"), TEXT_OR_NULL),
        "body": ANYTHING,
        "seconds": AMOUNT,
        **_ANSWERED,
    },
    "request": {
        "connection": _one_of("new", "reused", "held"),
        **_TO_OR_NULL,
        **_TIMED,
        **_ANSWERED,
        "phase": _or_null(_one_of("dial", "send", "header", "body")),
        "pod": TEXT_OR_NULL,
    },
    "held.end": {**dict.fromkeys(("to", "uid", "how"), TEXT), "at": AMOUNT, "requests": COUNT, "busy": PAIRS},
    "ledger.end": {"connection": _one_of("new", "reused", "held"), "sent": COUNT},
    "asked": {
        "question": _one_of("liveness", "request"),
        **dict.fromkeys(("pod", "uid", "url"), TEXT),
        **_TIMED,
        **_ANSWERED,
    },
    "asked.end": {"asked": COUNT},
    "greeted": {
        **dict.fromkeys(("pod", "host", "says"), TEXT),
        "port": COUNT,
        "outcome": _one_of("answered", "silent", *TRIED),
        "seconds": AMOUNT,
    },
    "greeted.end": {"greeted": COUNT},
    "job": {
        **dict.fromkeys(("source", "says"), TEXT),
        "ended": _one_of("complete", "failed", "late", "absent"),
        "seconds": AMOUNT,
    },
    "load": {**dict.fromkeys(("requests", "failures", "users"), COUNT), "cpu": AMOUNT},
    "metrics": {"workload": TEXT, "pods": TEXTS, "oldest": SIGNED_OR_NULL, "error": TEXT_OR_NULL},
}
_DISTURBS: Fields = {"at": TEXT, "uids": TEXTS}
# The fields of a marker by its deed: what it says.
MARKERS: Mapping[str, Fields] = {
    "applied": {},
    "left alone": {"at": TEXT},
    "database stopped": _DISTURBS,
    "database away": {"at": TEXT},
    "database started": {"at": TEXT},
    "pod deleted": {**_DISTURBS, "claims": CLAIMS},
    "pod back": {"at": TEXT, "claims": CLAIMS},
    "path settled": {
        "at": TEXT,
        "settled": FLAG,
        "attempts": COUNT,
        "seconds": AMOUNT,
        "before": TEXT_OR_NULL,
        "unsettled": _optional(TEXTS),
    },
    "round begun": {"at": TEXT, "round": COUNT},
    "job started": {"at": TEXT},
    "volumes deleted": {**_DISTURBS, "claims": CLAIMS},
    "volumes new": {"at": TEXT, "claims": CLAIMS},
    "rollout started": _DISTURBS,
    "rollout done": {"at": TEXT},
    "rollout stuck": {"at": TEXT, "why": TEXT},
    "configuration changed": {"objects": TEXTS, "uids": TEXTS},
    "change over": {},
    "load started": {"at": TEXT},
    "load ended": {"at": TEXT},
}
FIELDS_OF: Mapping[str, Fields] = {**_OF_THE_RUN, **_OF_WATCHES, **_OF_AN_OBSERVATION}
KINDS = frozenset(FIELDS_OF)
OF_THE_RUN, OF_WATCHES = frozenset(_OF_THE_RUN), frozenset(_OF_WATCHES)


def misfits(fields: Mapping[str, Any]) -> Iterator[str]:
    """What is wrong with the own fields of a line: one that is missing, or is what it cannot be."""
    kind = fields["kind"]
    known = FIELDS_OF.get(kind, {})
    if kind == "marker":
        deed = fields.get("says")
        known = {**known, **(MARKERS.get(deed, {}) if isinstance(deed, str) else {})}
    for name, field in known.items():
        if name not in fields:
            if field.required:
                yield f"{kind} has no field {name}"
        elif not field.fits(fields[name]):
            yield f"field {name} is {fields[name]!r}"
    # Who was answered says how, who was not says why.
    if "status" in known and fields.get("status") is None and fields.get("error") is None:
        yield f"{kind} has neither a status nor an error"
    if kind == "asked" and None not in (fields.get("status"), fields.get("error")):
        yield "asked has a status and an error"
    if kind == "request" and (fields.get("connection") == "held") != isinstance(fields.get("to"), str):
        yield f"request of connection {fields.get('connection')} is to {fields.get('to')}"
