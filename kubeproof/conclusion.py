"""
A run's folder, judged from its files alone: the same for the run that made it and for `kubeproof judge`.

Beside the verdicts, from kubeproof.judging, it gives the reports made from them by kubeproof.report. Both callers end
here, so that they cannot differ: kubeproof.pytest_session and kubeproof.cli print the text.
"""

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import yaml

from kubeproof.evidence.envelope import EVIDENCE, VERSION
from kubeproof.evidence.reading import Evidence, Line, read_evidence
from kubeproof.judging import Judged, judge_run
from kubeproof.manifests.documents import ManifestError
from kubeproof.manifests.reading import read_system
from kubeproof.profile.reading import ProfileError, parse_profile
from kubeproof.provenance import provenance
from kubeproof.report.junit import junit_xml
from kubeproof.report.text import text_report
from kubeproof.report.verdicts_json import verdicts_json
from kubeproof.verdict import Exit, exit_status


class NotARun(Exception):
    """A folder that is not the folder of a run, and what is missing in it."""


DECLARED = ("declared.yaml", "profile.toml")
# Ten times as fast where PyYAML was built with it.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def judge_folder(folder: Path, *, everything: bool = False) -> tuple[tuple[Judged, ...], str, Exit]:
    """
    Judge the folder's evidence, write verdicts.json and junit.xml into it; the verdicts, the report, the exit status.

    The report tells the premises too when `everything` is wanted. Raises NotARun when the folder lacks a file or one
    cannot be read.
    """
    files = {name: _read(folder, name) for name in (EVIDENCE, *DECLARED)}
    # Bytes that are no text become damage of their line, not an error here.
    texts = {name: content.decode("utf-8", "replace") for name, content in files.items()}
    digests = {name: hashlib.sha256(content).hexdigest() for name, content in files.items()}
    evidence = read_evidence(texts[EVIDENCE])
    if evidence.other_version is not None:
        raise NotARun(
            f"{folder} was written in version {evidence.other_version} of the evidence format, and version {VERSION} "
            "is read here: judge it with the kubeproof that wrote it"
        )
    try:
        profile = parse_profile(texts["profile.toml"], folder / "profile.toml")
        system = read_system(yaml.load_all(texts["declared.yaml"], Loader=_LOADER))
    except (ProfileError, ManifestError, yaml.YAMLError) as error:
        raise NotARun(f"{folder} cannot be judged: {error}") from error
    evidence = _of_what_was_declared(evidence, digests)
    judged = judge_run(system, profile, evidence)
    status = status_of(judged, evidence)
    verdicts = verdicts_json(
        judged, evidence.run, exit=status, judged_from=digests, kubeproof=provenance(), images=images(evidence)
    )
    _write(folder / "verdicts.json", verdicts)
    _write(folder / "junit.xml", junit_xml(judged, evidence.run))
    text = text_report(
        judged,
        evidence.run,
        evidence=f"{os.path.relpath(folder)}/",
        exit=status,
        took=durations(evidence),
        damage=evidence.damage,
        unfinished=not evidence.ended,
        everything=everything,
    )
    return judged, text, status


def _of_what_was_declared(evidence: Evidence, digests: Mapping[str, str]) -> Evidence:
    """The evidence, which cannot be used when it is not of the manifests and the profile that lie beside it."""
    said = evidence.run.get("declared")
    began = said if isinstance(said, Mapping) else {}
    changed = [name for name in DECLARED if began.get(name) != digests[name]]
    if not changed or evidence.unusable is not None:
        return evidence
    these = f"{changed[0]} is not the one" if len(changed) == 1 else f"{' and '.join(changed)} are not those"
    return replace(evidence, unusable=f"{these} that the run began with (sha256)")


def images(evidence: Evidence) -> tuple[Mapping[str, object], ...]:
    """What ran, as it was first seen: workload, container, image as declared, digest."""
    fields = ("workload", "container", "image", "digest")
    seen = [line for line in evidence.lines if line.kind == "image"]
    return tuple({field: line.get(field) for field in fields} for line in seen)


def status_of(judged: Sequence[Judged], evidence: Evidence) -> Exit:
    """The exit status of a run: a file that lost lines, or its end, is never all right."""
    status = exit_status(judgement.verdict for judgement in judged)
    return Exit.UNJUDGED if status is Exit.HOLDS and (evidence.damage or not evidence.ended) else status


def durations(evidence: Evidence) -> tuple[tuple[str, float], ...]:
    """How many seconds each observation took, in the order of their beginnings."""
    return tuple((of, lines[-1].t - lines[0].t) for of, lines in evidence.by_observation.items() if _closed(lines))


def _closed(lines: Sequence[Line]) -> bool:
    return (lines[0].kind, lines[-1].kind) == ("observe.begin", "observe.end")


def _read(folder: Path, name: str) -> bytes:
    if not folder.is_dir():
        raise NotARun(f"there is no folder {folder}: give the folder of a run, such as out/latest")
    try:
        return (folder / name).read_bytes()
    except OSError as error:
        raise NotARun(f"{folder} is not the folder of a run: {name} cannot be read ({error.strerror})") from error


def _write(path: Path, text: str) -> None:
    """Replace a file as a whole: a reader sees the old or the new, never half."""
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)
