"""
kubeproof.toml into a Profile, and the JSON schema of it.

`parse_profile` reads each table by a reader of `intent_reading`, `journeys` or `numbers`; then `consistency` looks for
contradictions between the values. Every field is checked for presence and type, and an unknown field is refused: a
promise whose name is misspelt would not be checked at all. Raises ProfileError(path, field, problem).
"""

import tomllib
from pathlib import Path

from kubeproof.profile.consistency import refuse_contradictions
from kubeproof.profile.intent import Profile, Rollout
from kubeproof.profile.intent_reading import (
    read_allowed_pair,
    read_backup,
    read_dependency,
    read_entry,
    read_image,
    read_level,
    read_neighbour,
    read_persistence,
    read_rollout,
    read_scale,
)
from kubeproof.profile.journeys import read_journey
from kubeproof.profile.json_schema import Schema, SchemaTable
from kubeproof.profile.numbers import read_chain, read_connections, read_drain, read_workload
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
    """The JSON schema of a profile, for editors: what `parse_profile` takes, but for the laws of `consistency`."""
    table = SchemaTable()
    _profile(table)
    head = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "kubeproof profile",
        "description": "What the architecture says of a system, independent of its manifests.",
    }
    return head | table.schema


def _profile(t: Table) -> Profile:
    system = t.text("system", "the name of the system in reports")
    namespace = t.text("namespace", "the namespace that the manifests put it into")
    workloads = t.tables("workloads", read_workload, "what runs, with the architecture's numbers")
    return Profile(
        system=system,
        namespace=namespace,
        overlays=tuple(
            (k, str(v))
            for k, v in (t.mapping("overlays", "name = folder of a kustomization, relative to this file") or {}).items()
        ),
        images=t.tables("images", read_image, "images that the embedded cluster builds and loads"),
        pod_security=t.choice("pod_security", LEVELS, "the Pod Security level that every pod must meet"),
        provided=t.texts("provided", "Kind/name of objects that somebody else makes in the namespace"),
        neighbours=t.tables("neighbours", read_neighbour, "other namespaces that its policies refer to"),
        workloads=workloads,
        allowed=t.tables("allowed", read_allowed_pair, "exactly these workloads may open connections to each other"),
        dependencies=t.tables(
            "dependencies", read_dependency, "how fast a workload leaves its Services without its database"
        ),
        entries=t.tables("entries", read_entry, "where traffic enters: what must not fail while pods are replaced"),
        journeys=t.tables("journeys", read_journey, "requests in order, from inside the cluster, and their answers"),
        persistence=t.tables("persistence", read_persistence, "data that outlives a pod, and the storage it is on"),
        backups=t.tables("backups", read_backup, "data that comes back from a backup when its volume is lost"),
        scales=t.tables("scales", lambda table: read_scale(table, workloads), "how a workload grows under load"),
        drains=t.tables("drains", read_drain, "how long a pod needs from its signal to its end"),
        chains=t.tables("timeouts", read_chain, "time-outs around one request, each shorter than the next"),
        connections=t.tables("connections", read_connections, "how many connections a workload opens to a database"),
        levels=t.tables("levels", read_level, "what callers of a workload are promised"),
        rollout=t.maybe("rollout", read_rollout, "how much traffic a rollout must have seen") or Rollout(),
    )


__all__ = ["ProfileError", "parse_profile", "profile_schema", "read_profile", "read_text"]
