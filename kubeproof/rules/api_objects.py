"""static.schema and static.unique-names: what the API server would refuse, or would let one of overwrite the other."""

from collections import Counter
from collections.abc import Iterator, Mapping

from kubeproof.manifests.documents import called, named
from kubeproof.manifests.schema import kinds, violations
from kubeproof.manifests.system import System
from kubeproof.profile.intent import Profile
from kubeproof.rules.rule import Finding, Rule, broken, holds

NO_OBJECTS = "there is no object of Kubernetes' own kinds"


def examine_schema(system: System, profile: Profile) -> Iterator[Finding]:
    """Every object of a kind of Kubernetes itself; those of extensions have no schema here."""
    del profile
    for document in system.documents:
        refused = violations(document)
        if refused is None:
            continue
        subject = named(document)
        if called(document) is None:
            yield broken(subject, "metadata.name", "nothing", "a name", "give it one: without it the API refuses it")
        for each in refused:
            yield broken(subject, each.field, each.found, each.wanted, "write the field as the API knows it")
        if not refused and called(document):
            yield holds(subject, "", "valid", f"what {kinds().version} takes")


def examine_names(system: System, profile: Profile) -> Iterator[Finding]:
    """Every object by apiVersion's group, kind, namespace and name."""
    del profile
    seen: Counter[tuple[str, str, str, str]] = Counter()
    for document in system.documents:
        given = document.get("metadata")
        metadata = given if isinstance(given, Mapping) else {}
        group = str(document.get("apiVersion", "")).rpartition("/")[0]
        namespace = str(metadata.get("namespace") or system.namespace)
        if metadata.get("name"):
            seen[group, str(document.get("kind")), namespace, str(metadata["name"])] += 1
    for (_, kind, namespace, name), times in seen.items():
        subject, wanted = f"{kind}/{name}", "one object of that name"
        if times > 1:
            found = f"{times} of that name in {namespace}"
            yield broken(subject, "metadata.name", found, wanted, "rename or remove all but one: the last applied wins")
        else:
            yield holds(subject, "metadata.name", "one", wanted)


RULES = (
    Rule(
        name="static.schema",
        law="every object is what the Kubernetes API takes: known fields, right types, nothing required missing",
        source="OpenAPI schemas of the API server, /openapi/v3",
        examine=examine_schema,
        nothing=NO_OBJECTS,
        judges_text=True,
    ),
    Rule(
        name="static.unique-names",
        law="no two objects of one kind have the same name in a namespace",
        source="kubernetes.io, Object Names and IDs",
        examine=examine_names,
        nothing=NO_OBJECTS,
        judges_text=True,
    ),
)
