"""
The schemas of a live API server into the file that `schema` reads.

Kept is what validation needs: kinds that are objects of their own, without descriptions and defaults, and closed, so
that an unknown field is an error. Raises CannotRefresh.
"""

import gzip
import json
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

PATIENCE = 60.0
_KEPT = ("type", "enum", "required", "oneOf", "items", "additionalProperties", "properties", "$ref")
_PREFIX = "#/components/schemas/"
# What the API server's own kinds are named after; those of installed extensions are named after their groups.
_OWN = ("io.k8s.api.", "io.k8s.apiextensions-apiserver.", "io.k8s.kube-aggregator.")

Schema = dict[str, Any]


class CannotRefresh(Exception):
    """An API server that did not give its schemas, and what kubectl said."""


def refresh(target: Path, *, kubectl: str, kubeconfig: Path) -> str:
    """Write the schemas of the cluster behind `kubeconfig` to `target`; give the Kubernetes version."""

    def get(path: str) -> Any:
        command = [kubectl, f"--kubeconfig={kubeconfig}", "get", "--raw", path]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise CannotRefresh(f"{kubectl} get --raw {path}: {error}") from error
        if done.returncode:
            raise CannotRefresh(f"{kubectl} get --raw {path}: {done.stderr.strip()}")
        return json.loads(done.stdout)

    version = str(get("/version")["gitVersion"])
    text = json.dumps({"version": version, **collected(get)}, sort_keys=True, separators=(",", ":"))
    # No time stamp in the file: the same schemas are the same bytes.
    target.write_bytes(gzip.compress(text.encode(), mtime=0))
    return version


def collected(get: Callable[[str], Any]) -> Schema:
    """The kinds of Kubernetes' own groups and the definitions they are made of; `get` answers API paths."""
    kinds: dict[str, str] = {}
    definitions: dict[str, Schema] = {}
    for path in get("/openapi/v3")["paths"]:
        if not _is_group_version(path):
            continue
        found: Mapping[str, Schema] = get(f"/openapi/v3/{path}").get("components", {}).get("schemas", {})
        for name, schema in found.items():
            definitions[name] = compact(schema)
            for served in schema.get("x-kubernetes-group-version-kind", ()):
                version = "/".join(filter(None, (served["group"], served["version"])))
                is_object = "metadata" in schema.get("properties", {}) and not served["kind"].endswith("List")
                if is_object and name.startswith(_OWN):
                    kinds[f"{version} {served['kind']}"] = name
    return {"kinds": kinds, "definitions": _reachable(kinds.values(), definitions)}


def _is_group_version(path: str) -> bool:
    parts = path.split("/")
    return parts == ["api", "v1"] or (len(parts) == 3 and parts[0] == "apis")


def compact(schema: Mapping[str, Any]) -> Schema:
    """A schema without what validation does not need; an object with properties takes no others."""
    only = schema.get("allOf", ())
    if len(only) == 1:  # the way OpenAPI writes a reference with a description
        return compact(only[0])
    kept: Schema = {}
    for key in _KEPT:
        if key not in schema:
            continue
        value = schema[key]
        if key == "properties":
            kept[key] = {name: compact(inner) for name, inner in value.items()}
        elif key == "oneOf":
            kept[key] = [compact(inner) for inner in value]
        elif key == "$ref":
            kept[key] = f"#/definitions/{value.removeprefix(_PREFIX)}"
        else:
            kept[key] = compact(value) if isinstance(value, Mapping) else value
    if "properties" in kept and not schema.get("x-kubernetes-preserve-unknown-fields"):
        kept.setdefault("additionalProperties", False)
    return kept


def _reachable(names: Any, definitions: Mapping[str, Schema]) -> dict[str, Schema]:
    found: dict[str, Schema] = {}
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = definitions[name]
            waiting += _references(definitions[name])
    return found


def _references(schema: Any) -> list[str]:
    if isinstance(schema, Mapping):
        own = [str(schema["$ref"]).rpartition("/")[2]] if isinstance(schema.get("$ref"), str) else []
        return own + [name for inner in schema.values() for name in _references(inner)]
    return []
