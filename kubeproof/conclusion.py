"""
A run's folder, judged from its files alone: the same for the run that made it and for `kubeproof judge`.

Beside the verdicts, from kubeproof.judging, it gives the reports made from them by kubeproof.report. Both callers end
here, so that they cannot differ: kubeproof.pytest_session and kubeproof.cli print the text.
"""

import os
from collections.abc import Sequence
from pathlib import Path

import yaml

from kubeproof.evidence.reading import Evidence, read_evidence
from kubeproof.judging import Judged, judge_run
from kubeproof.manifests.documents import ManifestError
from kubeproof.manifests.reading import read_system
from kubeproof.profile.reading import ProfileError, parse_profile
from kubeproof.report.junit import junit_xml
from kubeproof.report.text import text_report
from kubeproof.report.verdicts_json import verdicts_json
from kubeproof.verdict import Exit, exit_status


class NotARun(Exception):
    """A folder that is not the folder of a run, and what is missing in it."""


def judge_folder(folder: Path) -> tuple[tuple[Judged, ...], str, Exit]:
    """
    Judge the folder's evidence, write verdicts.json and junit.xml into it; the verdicts, the report, the exit status.

    Raises NotARun when the folder lacks a file or one cannot be read.
    """
    # Bytes that are no text become damage of their line, not an error here.
    evidence = read_evidence(_read(folder, "evidence.jsonl"))
    try:
        profile = parse_profile(_read(folder, "profile.toml"), folder / "profile.toml")
        system = read_system(yaml.safe_load_all(_read(folder, "declared.yaml")))
    except (ProfileError, ManifestError, yaml.YAMLError) as error:
        raise NotARun(f"{folder} cannot be judged: {error}") from error
    judged = judge_run(system, profile, evidence)
    status = status_of(judged, evidence)
    _write(folder / "verdicts.json", verdicts_json(judged, evidence.run, exit=status))
    _write(folder / "junit.xml", junit_xml(judged, evidence.run))
    text = text_report(
        judged,
        evidence.run,
        evidence=f"{os.path.relpath(folder)}/",
        exit=status,
        took=durations(evidence),
        damage=evidence.damage,
        unfinished=not evidence.ended,
    )
    return judged, text, status


def status_of(judged: Sequence[Judged], evidence: Evidence) -> Exit:
    """The exit status of a run: a file that lost lines, or its end, is never all right."""
    status = exit_status(judgement.verdict for judgement in judged)
    return Exit.UNJUDGED if status is Exit.HOLDS and (evidence.damage or not evidence.ended) else status


def durations(evidence: Evidence) -> tuple[tuple[str, float], ...]:
    """How many seconds each observation took, in the order of their beginnings."""
    began = {line.of: line.t for line in evidence.lines if line.kind == "observe.begin"}
    ended = {line.of: line.t for line in evidence.lines if line.kind == "observe.end"}
    return tuple((of, ended[of] - t) for of, t in began.items() if of in ended)


def _read(folder: Path, name: str) -> str:
    if not folder.is_dir():
        raise NotARun(f"there is no folder {folder}: give the folder of a run, such as out/latest")
    try:
        return (folder / name).read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise NotARun(f"{folder} is not the folder of a run: {name} cannot be read ({error.strerror})") from error


def _write(path: Path, text: str) -> None:
    """Replace a file as a whole: a reader sees the old or the new, never half."""
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)
