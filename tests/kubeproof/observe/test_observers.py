"""Every check names an observer that is there, in the module that has the name of the judge's."""

import importlib
import inspect
from collections.abc import Callable, Iterable
from dataclasses import replace
from importlib.util import find_spec
from types import ModuleType

import pytest

from kubeproof import checks, observe
from kubeproof.checks.catalogue import CHECKS
from kubeproof.checks.check import Check
from tests.helpers.judge_tests import HOMES


def astray(check: Check, home: str) -> str | None:
    """What to do about a check that is judged in module `home`, where a run would not find its observer; else None."""
    if check.observer is None:
        return None  # deploying is observing
    area = home.removeprefix(f"{checks.__name__}.").partition(".")[0]
    module, _, function = check.observer.rpartition(".")
    if module != area:
        return (
            f"{check.name} is judged in checks/{area} and observed by {check.observer}: name a function of "
            f"kubeproof/observe/{area}.py in `observer`, so that both sides of the stage have one name"
        )
    found = getattr(_module(module), function, None)
    if not callable(found):
        return f"{check.name}: kubeproof/observe/{module}.py has no function {function}: write it, or mend `observer`"
    if not _takes(found, ("on", "of", "subject")):
        return f"{check.name}: {check.observer} must take the deployed system, the observation's name and the subject's"
    return None


def _module(name: str) -> ModuleType | None:
    path = f"{observe.__name__}.{name}"
    return importlib.import_module(path) if find_spec(path) else None


def _takes(function: Callable[..., object], arguments: Iterable[str]) -> bool:
    try:
        inspect.signature(function).bind(*arguments)
    except TypeError:
        return False
    return True


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_the_observer_of_a_check_stands_where_a_stranger_looks_for_it(check):
    sentence = astray(check, HOMES[check])
    assert sentence is None, sentence


INVENTED = replace(CHECKS[0], name="dns.invented")


@pytest.mark.parametrize(
    ("observer", "home", "sentence"),
    [
        (
            "routes.observe_ingress",
            "dns",
            "dns.invented is judged in checks/dns and observed by routes.observe_ingress",
        ),
        ("outage.observe_names", "outage.probes", "kubeproof/observe/outage.py has no function observe_names"),
        ("nowhere.observe", "nowhere", "kubeproof/observe/nowhere.py has no function observe"),
        ("streams.agent_running", "streams", "streams.agent_running must take the deployed system"),
    ],
    ids=["another module", "no function", "no module", "another signature"],
)
def test_an_observer_that_a_run_would_not_find_is_told_what_to_do(observer, home, sentence):
    assert sentence in astray(replace(INVENTED, observer=observer), f"kubeproof.checks.{home}")
