"""Whatever stands in a field, every rule gives a verdict: the manifests of others are never a reason to crash."""

from copy import deepcopy
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from kubeproof.manifests.reading import read_readable
from kubeproof.manifests.schema import mistyped
from kubeproof.profile.reading import parse_profile
from kubeproof.rules.catalogue import RULES, prove_all
from tests.kubeproof.rules.twins import DOCUMENTS, GATEWAYS, PROFILE

OURS = [*DOCUMENTS, *GATEWAYS]
INTENT = parse_profile(PROFILE, "kubeproof.toml")
ODD = (None, {}, [], "", "text", 0, -1, 3.5, True, ["x"], {"a": "b"}, [None], [{}], "50%", "1Gi")


def fields(value: Any, at: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The paths of all fields below a value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path for key, below in inner for path in [(*at, key), *fields(below, (*at, key))]]


FIELDS = [(n, path) for n, document in enumerate(OURS) for path in fields(document) if path != ("kind",)]


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(FIELDS), st.sampled_from(ODD)), min_size=1, max_size=8, unique_by=repr))
def test_every_rule_gives_a_verdict_whatever_stands_in_a_field(changes: Any) -> None:
    documents = deepcopy(OURS)
    # The longest paths first: what is deep in a field is gone once the field is another.
    for (n, path), value in sorted(changes, key=lambda change: -len(change[0][1])):
        target: Any = documents[n]
        for part in path[:-1]:
            target = target[part]
        target[path[-1]] = deepcopy(value)
    proofs = prove_all(read_readable(documents, refuse=mistyped), INTENT)
    assert len(proofs) == len(RULES)
    assert all(proof.verdict.because for proof in proofs)
