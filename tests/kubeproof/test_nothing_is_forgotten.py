"""What a check needs beside itself is there: a law, a mutant that it turns red on, and its name in no other place."""

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from kubeproof.checks.catalogue import CHECKS, LIVE, STATIC
from kubeproof.checks.check import Check
from kubeproof.mutants.mutant import MUST_FAIL, Demand, Mutant, MutantError, killers, read_mutants, refuse_unknown
from kubeproof.verdict import Outcome
from tests.kubeproof.mutants.rendered import MUTANTS, OVERLAY, ROOT, mutated, plain

NAMES = frozenset({*LIVE, *STATIC})
HOMES = (Path("kubeproof/checks"), Path("kubeproof/rules"))  # of checks and of rules


def lawless(checks: Iterable[Check]) -> list[str]:
    """What to do about each check whose law is no sentence."""
    return [
        f"{check.name} has no law: say in one sentence what holds, in `law` of its Check"
        for check in checks
        if len(check.law.split()) < 3
    ]


def undoubted(checks: Iterable[str], mutants: Iterable[Mutant]) -> list[str]:
    """What to do about each check that no mutant turns red."""
    doubted = killers(mutants)
    return [
        f"{name} has no mutant: add a folder to conformance/mutants with a kustomization.yaml that breaks its law, "
        f"name the check, each subject and the reason in the annotation {MUST_FAIL}, and see them red "
        "(tox -e mutation -- FOLDER)"
        for name in checks
        if name not in doubted
    ]


def unfailing(mutants: Iterable[Mutant], names: frozenset[str]) -> list[str]:
    """What to do about each mutant that names what cannot fail."""
    found = []
    for mutant in mutants:
        try:
            refuse_unknown(mutant, names)
        except MutantError as error:
            found.append(str(error))
    return found


def harmless(mutants: Iterable[Mutant], before: Callable[[Path], str], after: Callable[[Mutant], str]) -> list[str]:
    """What to do about each mutant that leaves the manifests as they were."""
    return [
        f"{mutant.name} changes nothing in {mutant.on or OVERLAY}: its patches select nothing there, or put there what "
        "stands there already; break something, or delete it"
        for mutant in mutants
        if after(mutant) == before(mutant.on or OVERLAY)
    ]


def scattered(names: Iterable[str], sources: Iterable[tuple[Path, str]]) -> list[str]:
    """What to do about each name that stands in another module than the one its check or rule is in."""
    # Whole names, wherever they stand: a comment that names a check is as wrong as code once it is renamed.
    whole = re.compile(rf"(?<![\w.-])({'|'.join(map(re.escape, names))})(?![\w-]|\.\w)")
    found: dict[str, set[Path]] = {}
    for path, text in sources:
        for name in whole.findall(text):
            found.setdefault(name, set()).add(path)
    sentences = []
    for name, paths in sorted(found.items()):
        homes = sorted(path for path in paths if f'"{name}"' in dict(sources)[path] and _is_home(path))
        sentences += [
            f"{path} names {name}, which only {homes[0] if homes else 'its module'} and its tests and mutants may: ask "
            "the Check or Rule for what you need to know of it, and give it a field where it has none"
            for path in sorted(paths - set(homes[:1]))
        ]
    return sentences


def _is_home(path: Path) -> bool:
    return any(home in path.parents for home in HOMES)


def sources() -> list[tuple[Path, str]]:
    return [(path.relative_to(ROOT), path.read_text()) for path in sorted((ROOT / "kubeproof").rglob("*.py"))]


def test_every_check_has_a_law() -> None:
    assert lawless(CHECKS) == []


def test_every_check_has_a_mutant() -> None:
    """A check that was never seen red proves nothing when it is green."""
    assert undoubted(LIVE, read_mutants(MUTANTS)) == []


def test_every_mutant_names_checks_that_can_fail() -> None:
    assert unfailing(read_mutants(MUTANTS), NAMES) == []


def test_every_mutant_changes_something() -> None:
    assert harmless(read_mutants(MUTANTS), plain, mutated) == []


def test_the_name_of_a_check_stands_where_the_check_is_and_nowhere_else() -> None:
    """Reports, plans and pages ask the catalogue: a renamed check is renamed in one place."""
    assert scattered(NAMES, sources()) == []


OF_NOTHING = """
apiVersion: kustomize.config.k8s.io/v1alpha1
kind: Component
patches:
  - target:
      kind: Deploymint
    patch: |-
      - op: remove
        path: /spec/template
"""
OF_NAMES = Demand("dns.names", "shop", "no such name")
SEEDED = Mutant("seeded", Path("seeded"), "damage", (OF_NAMES,))


def test_a_check_without_a_law_is_seen() -> None:
    (found,) = lawless([replace(CHECKS[0], law=""), *CHECKS[1:]])
    assert found.startswith(f"{CHECKS[0].name} has no law: say in one sentence")


def test_a_check_without_a_mutant_is_seen() -> None:
    (found,) = undoubted(["dns.names", "some.thing"], [SEEDED])
    assert found.startswith("some.thing has no mutant: add a folder to conformance/mutants")


def test_a_mutant_of_a_check_that_is_not_there_is_seen() -> None:
    misspelt = replace(SEEDED, demands=(OF_NAMES, replace(OF_NAMES, check="dns.nmaes")))
    (found,) = unfailing([SEEDED, misspelt], NAMES)
    assert found.startswith("seeded: it names dns.nmaes, which no check and no rule is called;")


def test_a_mutant_on_which_a_check_is_unknown_is_none_of_it() -> None:
    """Whoever says UNKNOWN on a defect was not seen red."""
    unseen = replace(SEEDED, demands=(replace(OF_NAMES, outcome=Outcome.UNKNOWN),))
    assert len(undoubted(["dns.names"], [unseen])) == 1


def test_a_mutant_that_changes_nothing_is_seen(tmp_path: Path) -> None:
    """Rendered as the others are: a patch whose target is not there is no error for kustomize."""
    (tmp_path / "kustomization.yaml").write_text(OF_NOTHING)
    (found,) = harmless([replace(SEEDED, folder=tmp_path)], plain, mutated)
    assert found.startswith("seeded changes nothing in ")


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("kubeproof/report/text.py", 'if verdict.check == "dns.names":'),
        ("kubeproof/checks/rollout.py", "# as dns.names does"),
        ("kubeproof/prove.py", 'message = f"dns.names: {reason}"'),
    ],
)
def test_a_name_in_another_place_is_seen(path: str, text: str) -> None:
    home = (Path("kubeproof/checks/dns.py"), '"""dns.names: a law."""\nNAMES = Check(name="dns.names")')
    (found,) = scattered(NAMES, [home, (Path(path), text)])
    assert found.startswith(f"{path} names dns.names, which only kubeproof/checks/dns.py and its tests and mutants may")


def test_what_only_looks_like_a_name_is_none() -> None:
    text = 'import dns.names_of; found = "dns.names.of"; host = "my.dns.names"; other = "dns.names-2"'
    assert scattered(NAMES, [(Path("kubeproof/a.py"), text)]) == []
