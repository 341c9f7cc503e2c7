"""
The pytest plugin (entry point `pytest11`): with `--kubeproof` every check of a profile is a test item.

Without that option it does nothing, and loads nothing more than this file.
"""

import pytest

from kubeproof.run_options import OPTIONS, taken


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take the options of a run, with a prefix: a stranger's pytest has a --profile and an --out of its own."""
    group = parser.getgroup("kubeproof", "prove on a cluster what Kubernetes manifests promise")
    group.addoption("--kubeproof", action="store_true", help="prove the system of ./kubeproof.toml")
    for option in OPTIONS:
        group.addoption(f"--kubeproof-{option.name}", **taken(option))


@pytest.hookimpl(trylast=True)  # after pytest's own ear for what a finalizer swallows
def pytest_configure(config: pytest.Config) -> None:
    """Become part of the session where it was asked for."""
    if config.getoption("--kubeproof"):
        from kubeproof.pytest_session import ProofSession

        try:
            session = ProofSession(config)
        except pytest.exit.Exception:
            # Pytest says the sentence by itself; its terminal, which is up already, would say it once more.
            config.pluginmanager.unregister(name="terminalreporter")
            raise
        config.pluginmanager.register(session, "kubeproof-session")
