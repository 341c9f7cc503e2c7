"""verdicts.json: the verdicts of a run for programs."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from kubeproof.judging import Judged
from kubeproof.verdict import Fact, Held


def verdicts_json(
    judged: Sequence[Judged],
    run: Mapping[str, Any],
    *,
    exit: int,
    judged_from: Mapping[str, str],
    kubeproof: Mapping[str, str | None],
    images: Sequence[Mapping[str, object]],
) -> str:
    """
    The document as text; `run` are the fields of run.begin, null where they were lost.

    `judged_from` has the SHA-256 of each file that was read, `kubeproof` says who judged, `images` what ran. Equal
    verdicts give equal text: there is no time and no path of this machine in it.
    """
    document = {
        "run": run.get("run"),
        "cluster": run.get("cluster"),
        "started": run.get("started"),
        "exit": exit,
        "judged_from": dict(judged_from),
        "kubeproof": dict(kubeproof),
        "images": list(images),
        "verdicts": [
            {
                "check": judgement.check,
                "subject": judgement.subject,
                "law": judgement.law,
                "outcome": judgement.verdict.outcome.value,
                "because": judgement.verdict.because,
                "evidence": [_fact(fact) for fact in judgement.verdict.evidence],
                "premises": [_premise(held) for held in judgement.verdict.premises],
                "seconds": judgement.seconds,
            }
            for judgement in judged
        ],
    }
    text = json.dumps(document, indent=2, ensure_ascii=False)
    # Half a surrogate pair in somebody's answer is no UTF-8; everything else stays readable.
    return text.encode("utf-8", "backslashreplace").decode("utf-8") + "\n"


def _premise(held: Held) -> dict[str, Any]:
    return {
        "premise": held.sentence,
        "held": held.verdict.passed,
        "because": held.verdict.because,
        "evidence": [_fact(fact) for fact in held.verdict.evidence],
    }


def _fact(fact: Fact) -> dict[str, Any]:
    return {"line": fact.line, "says": fact.message}
