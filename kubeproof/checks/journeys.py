"""
api.journey: every step of a journey answers as the profile says.

Expectations are read from the profile and not from the evidence: the file says what was answered, never what
would have been right. A value that a step saves is taken from its own answer and fills {braces} of later steps.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from kubeproof.checks.check import Check, Phase, Subject
from kubeproof.evidence.questions import Lines, fact, not_observed, of_kind
from kubeproof.evidence.reading import Line
from kubeproof.manifests.system import System
from kubeproof.profile.intent import Backup, Persistence, Profile
from kubeproof.profile.journeys import Journey, JourneyStep
from kubeproof.verdict import Verdict, failed, merge, passed, unknown

Saved = dict[str, Any]


def judge_journey(system: System, profile: Profile, subject: str, lines: Lines) -> Verdict:
    """Judge the journey of that name from its step lines."""
    del system
    journey = profile.journey(subject)
    if journey is None:
        return unknown(f"the profile has no journey {subject!r}")
    return walked(journey, of_kind(lines, "step", journey=subject), {})[0]


def walked(journey: Journey, steps: Lines, saved: Mapping[str, Any]) -> tuple[Verdict, Saved]:
    """The verdict on one walk of a journey that began with the `saved` values, and what it saved in the end."""
    known = dict(saved)
    lost: set[str] = set()
    verdicts = []
    for index, step in enumerate(journey.steps):
        lines = of_kind(steps, "step", index=index)
        if not lines:
            lost.update(name for name, _ in step.save)
            verdicts.append(unknown(f"step {_name(index, step)} was not seen"))
        # Every line of a step must hold: a second try would hide what a client has seen.
        for line in lines:
            verdicts.append(_judge(index, step, line, known, lost))
            if isinstance(line.data.get("body"), dict):
                body = line.data["body"]
                known.update({name: body[key] for name, key in step.save if key in body})
    verdict = merge(verdicts)
    if verdict.passed:
        verdict = passed(f"{len(journey.steps)} steps hold", *verdict.evidence)
    return verdict, known


def _judge(index: int, step: JourneyStep, line: Line, saved: Mapping[str, Any], lost: set[str]) -> Verdict:
    name, error, status = _name(index, step), line.get("error"), line.get("status")
    if not_observed(error):
        return unknown(f"{name}: {error}", fact(line, str(error)))
    if line.get("method") != step.method:
        return unknown(f"{name}: the evidence has {line.get('method')} there", fact(line, str(line.get("url"))))
    if error is not None:
        return failed(f"{name}: {error}", fact(line, f"{line.get('url')}: {error}"))
    if status != step.expect:
        message = f"{name} answered {status}, should be {step.expect}"
        return failed(message, fact(line, f"{message}: {_short(line.get('body'))}"))
    wrong = _wrong_body(step, line.data.get("body"), saved)
    if wrong and any(f"{{{name}}}" in repr((step.contains, step.lists)) for name in lost):
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


def _name(index: int, step: JourneyStep) -> str:
    return f"{index + 1} {step.method} {step.path}"


def _short(body: Any) -> str:
    text = repr(body)
    return text if len(text) <= 200 else f"{text[:200]}..."


def _subjects(_: System, profile: Profile) -> Iterator[Subject]:
    """Each journey, but for the halves of a promise: a read that only makes sense after its write is none."""
    promises: tuple[Persistence | Backup, ...] = (*profile.persistence, *profile.backups)
    halves = {name for promise in promises for name in (promise.write, promise.read)}
    for journey in profile.journeys:
        if journey.name not in halves:
            yield Subject(journey.name, f"journey:{journey.name}")


JOURNEY = Check(
    name="api.journey",
    law="each journey of the profile holds from inside the cluster",
    needs="the probe image",
    phase=Phase.LOOK,
    subjects=_subjects,
    observer="journeys.observe_journey",
    reads=("step",),
    judge=judge_journey,
    lasting=True,
)
