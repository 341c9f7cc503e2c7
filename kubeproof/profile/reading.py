"""
kubeproof.toml into a Profile, and the JSON schema of it.

Every field is checked for presence and type, and an unknown field is refused: a promise with a typing error
in its name would otherwise be a promise that nobody checks. Raises ProfileError(path, field, says).
"""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kubeproof.profile.consistency import refuse_contradictions
from kubeproof.profile.intent import Journey, Profile, Rollout, Step
from kubeproof.profile.intent_reading import (
    read_allowed_pair,
    read_backup,
    read_dependency,
    read_entry,
    read_image,
    read_level,
    read_neighbour,
    read_persistence,
    read_scale,
)
from kubeproof.profile.json_schema import Recorder, Schema
from kubeproof.profile.number_reading import read_chain, read_connections, read_drain, read_workload
from kubeproof.profile.tables import ProfileError, Table

LEVELS = ("privileged", "baseline", "restricted")


def read_profile(path: Path | str) -> Profile:
    """Read the profile at `path`."""
    return parse_profile(read_text(path), path)


def read_text(path: Path | str) -> str:
    """The text of the profile at `path`."""
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ProfileError(path, "", f"cannot be read: {error}") from error


def parse_profile(text: str, path: Path | str) -> Profile:
    """Read a profile from its text; `path` is for messages."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ProfileError(path, "", f"is not TOML: {error}") from error
    table = Table(path, "", raw)
    profile = _profile(table)
    table.refuse_unknown()
    refuse_contradictions(profile, path)
    return profile


def profile_schema() -> Schema:
    """The JSON schema of a profile, for editors: what `parse_profile` takes, but for what fields say of each other."""
    recorder = Recorder()
    _profile(recorder)
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "kubeproof profile",
        "description": "What the architecture says of a system, independent of its manifests.",
    }
    return head | recorder.schema


def _profile(t: Table) -> Profile:
    system = t.text("system", "the name of the system in reports")
    namespace = t.text("namespace", "the namespace that the manifests put it into")
    workloads = t.each("workloads", read_workload, "what runs, with the architecture's numbers")
    return Profile(
        system=system,
        namespace=namespace,
        overlays=tuple(
            (k, str(v))
            for k, v in (t.mapping("overlays", "name = folder of a kustomization, relative to this file") or {}).items()
        ),
        images=t.each("images", read_image, "images that the embedded cluster builds and loads"),
        pod_security=t.choice("pod_security", LEVELS, "the Pod Security level that every pod must meet"),
        provided=t.texts("provided", "Kind/name of objects that somebody else makes in the namespace"),
        neighbours=t.each("neighbours", read_neighbour, "namespaces beside the system's that its policies speak of"),
        workloads=workloads,
        allowed=t.each("allowed", read_allowed_pair, "exactly these workloads may open connections to each other"),
        dependencies=t.each(
            "dependencies", read_dependency, "how fast a workload leaves its Services without its database"
        ),
        entries=t.each("entries", read_entry, "where traffic enters: what must not fail while pods are replaced"),
        journeys=t.each("journeys", _journey, "requests in order that must hold from inside the cluster"),
        persistence=t.each("persistence", read_persistence, "what outlives a pod, and on which storage"),
        backups=t.each("backups", read_backup, "what outlives a volume"),
        scales=t.each("scales", lambda each: read_scale(each, workloads), "how a workload grows under load"),
        drains=t.each("drains", read_drain, "how long a pod needs from its signal to its end"),
        chains=t.each("timeouts", read_chain, "time-outs around one request, each shorter than the next"),
        connections=t.each("connections", read_connections, "how many connections a workload opens to a database"),
        levels=t.each("levels", read_level, "what callers of a workload are promised"),
        rollout=t.maybe("rollout", _rollout, "what a rollout must have seen") or Rollout(),
    )


def _rollout(t: Table) -> Rollout:
    says = "requests of each connection kind that a rollout must have seen before it can be called lossless"
    return Rollout(t.whole("minimum_requests", says, 500, least=1))


def _journey(t: Table) -> Journey:
    return Journey(
        t.text("name", "what promises call it by"),
        t.each("steps", _step, "requests, each may use what earlier ones saved as {variable}"),
    )


def _step(t: Table) -> Step:
    save: Mapping[str, Any] = t.mapping("save", "variable = key of the answer it takes") or {}
    return Step(
        method=t.text("method", "the HTTP method"),
        service=t.text("service", "the Service that is asked"),
        path=t.text("path", "the path that is asked for"),
        expect=t.whole("expect", "the HTTP status of the answer"),
        body=t.any("body", "the JSON body that is sent"),
        save=tuple((name, str(key)) for name, key in save.items()),
        contains=t.mapping("contains", "fields that the answer must have"),
        lists=t.mapping("lists", "fields that one member of the answered list must have"),
    )


__all__ = ["ProfileError", "parse_profile", "profile_schema", "read_profile", "read_text"]
