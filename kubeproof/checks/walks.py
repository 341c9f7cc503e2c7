"""
One walk of a journey: each step beside its lines, and whether it was answered as the profile says.

Expectations are read from profile and manifests and not from the evidence: the file says what was asked and answered,
never what would have been right. A value that a step saves is taken from its own answer and fills {braces} of later
steps.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kubeproof.evidence.lines import Line
from kubeproof.evidence.questions import Lines, fact, not_observed, number, of_kind
from kubeproof.manifests.system import System
from kubeproof.profile.journeys import Journey, JourneyStep
from kubeproof.verdict import Verdict, failed, merge, passed, unknown

Saved = dict[str, Any]
GONE = (404, 410)  # what an HTTP server answers for a thing that is not there
# Whether a line of a step says enough of what it was asked for.
Tells = Callable[[JourneyStep, Line], bool]


@dataclass(frozen=True)
class Seen:
    """
    A step of one walk, what was known before it and after, and whose values nobody saw.

    `lines` are of requests as they are declared, `strange` of others in their place.
    """

    name: str
    step: JourneyStep
    lines: Lines
    strange: Lines
    before: Saved
    after: Saved
    lost: frozenset[str]


def walked(
    system: System, journey: Journey, steps: Lines, saved: Mapping[str, Any], tells: Tells = lambda *_: True
) -> tuple[Verdict, Saved]:
    """
    The verdict on one walk of a journey that began with the `saved` values, and what it saved in the end.

    An answer that does not `tell` is neither for nor against the step.
    """
    verdicts, known = [], dict(saved)
    for seen in followed(system, journey, steps, saved):
        known = seen.after
        if not seen.lines:
            verdicts.append(unknown(f"step {seen.name} was not seen"))
        # Every line of a step must hold: a second try would hide what a client has seen.
        for line in seen.lines:
            told = tells(seen.step, line) or not_observed(line.get("error"))
            verdicts.append(_judge(seen, line) if told else _silent(seen.name, line))
    verdict = merge(verdicts)
    if verdict.passed:
        verdict = passed(f"{len(journey.steps)} steps hold", *verdict.evidence)
    return verdict, known


def followed(system: System, journey: Journey, steps: Lines, saved: Mapping[str, Any]) -> Iterator[Seen]:
    """The steps of one walk in order, with what their answers save."""
    known, lost = dict(saved), frozenset[str]()
    for index, step in enumerate(journey.steps):
        before, there = dict(known), of_kind(steps, "step", index=index)
        lines = tuple(line for line in there if _as_declared(system, step, line, known, lost))
        for line in lines:
            body = line.data.get("body")
            if isinstance(body, dict):
                known.update({name: body[key] for name, key in step.save if key in body})
        strange = tuple(line for line in there if line not in lines)
        yield Seen(f"{index + 1} {step.method} {step.path}", step, lines, strange, before, dict(known), lost)
        if not lines:
            lost |= {name for name, _ in step.save}


def _as_declared(system: System, step: JourneyStep, line: Line, saved: Saved, lost: frozenset[str]) -> bool:
    """Whether a line is of the request that profile and manifests say; what a lost step saved may be anything."""
    service = system.service(step.service)
    if service is None or not service.ports:
        return False
    url = re.escape(f"http://{step.service}:{service.ports[0].port}{filled(step.path, saved)}")
    for name in lost:
        url = url.replace(re.escape(f"{{{name}}}"), ".*")
    return line.get("method") == step.method and re.fullmatch(url, str(line.get("url"))) is not None


def tells(step: JourneyStep, line: Line) -> bool:
    """Whether somebody looked for what the step asks for: a refusal (401, 403, 429, 5xx) says nothing of it."""
    status = number(line, "status") or 0
    return line.get("error") is None and (status in (*GONE, step.expect) or 200 <= status < 300)


def is_gone(seen: Seen, line: Line) -> bool:
    """Whether an answer says that what the step asks for is not there: 404, an empty answer, or a list without it."""
    if not tells(seen.step, line) or _judge(seen, line).passed:
        return False
    body = line.data.get("body")
    members = body.get("items") if isinstance(body, dict) else None
    return number(line, "status") in GONE or not body or (seen.step.lists is not None and isinstance(members, list))


def _silent(name: str, line: Line) -> Verdict:
    said = line.get("error") or f"answered {line.get('status')}"
    message = f"{name}: nobody could look: {said}"
    return unknown(message, fact(line, message))


def _judge(seen: Seen, line: Line) -> Verdict:
    name, step, error, status = seen.name, seen.step, line.get("error"), line.get("status")
    if not_observed(error):
        return unknown(f"{name}: {error}", fact(line, str(error)))
    if error is not None:
        return failed(f"{name}: {error}", fact(line, f"{line.get('url')}: {error}"))
    if status != step.expect:
        message = f"{name} answered {status}, should be {step.expect}"
        return failed(message, fact(line, f"{message}: {_short(line.get('body'))}"))
    wrong = _wrong_body(step, line.data.get("body"), seen.before)
    if wrong and any(f"{{{name}}}" in repr((step.contains, step.lists)) for name in seen.lost):
        return unknown(f"{name}: what it should contain was saved by a step that was not seen", fact(line, wrong))
    if wrong:
        return failed(f"{name}: {wrong}", fact(line, f"{name}: {wrong}"))
    return passed(f"{name} answered {status}", fact(line, f"{name} answered {status}"))


def _wrong_body(step: JourneyStep, body: Any, saved: Mapping[str, Any]) -> str | None:
    """What is wrong with an answer, None when nothing is."""
    for variable, key in step.save:
        if not isinstance(body, dict) or key not in body:
            return f"the answer has no {key!r} to save as {variable!r}: {_short(body)}"
    if step.contains is not None and not contains(body, filled(step.contains, saved)):
        return f"the answer does not contain {filled(step.contains, saved)}: {_short(body)}"
    if step.lists is not None:
        wanted = filled(step.lists, saved)
        members = body.get("items") if isinstance(body, dict) else None
        if not isinstance(members, list):
            return f"the answer lists no items: {_short(body)}"
        if not any(contains(member, wanted) for member in members):
            return f"none of the {len(members)} items listed contains {wanted}"
    return None


def contains(value: Any, wanted: Any) -> bool:
    """Whether `wanted` is a part of a JSON value: of objects the named fields, all else must be equal."""
    if isinstance(wanted, Mapping):
        return isinstance(value, Mapping) and all(
            name in value and contains(value[name], inner) for name, inner in wanted.items()
        )
    # In JSON true is not 1.
    return type(value) is type(wanted) and value == wanted if isinstance(wanted, bool) else value == wanted


def filled(value: Any, saved: Mapping[str, Any]) -> Any:
    """The value with saved ones in its braces; a text that is one brace and nothing else keeps their type."""
    if isinstance(value, Mapping):
        return {name: filled(inner, saved) for name, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner, saved) for inner in value]
    if not isinstance(value, str):
        return value
    if value[:1] == "{" and value[-1:] == "}" and value[1:-1] in saved:
        return saved[value[1:-1]]
    for name, known in saved.items():
        value = value.replace(f"{{{name}}}", str(known))
    return value


def _short(body: Any) -> str:
    text = repr(body)
    return text if len(text) <= 200 else f"{text[:200]}..."
