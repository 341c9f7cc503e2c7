"""
What pip must know of this machine while an image is built: where packages are, and whom to trust.

Written into a folder that is mounted while RUN lines run. No image holds any of it: a link of the base leads there.
"""

from __future__ import annotations

import ast
import shutil
import sys
from pathlib import Path

from kubeproof.embedded.images.running import run

MOUNTED = "/run/kubeproof-build"
PIP_CONF = ("etc/pip.conf", f"{MOUNTED}/pip.conf")  # the link of the base
# Debian's authorities, and those that the machine's owner added to them.
AUTHORITIES = "/etc/ssl/certs/ca-certificates.crt"


def write_pip_settings(folder: Path) -> None:
    """Write this machine's pip settings, variables included, as they are to be read at MOUNTED."""
    # Lines such as global.index-url='...', and variables, which count for more, as :env:.index-url='...' after them.
    listed = run((sys.executable, "-m", "pip", "config", "list"), purpose="this machine's pip settings")
    settings: dict[str, str] = {}
    for line in listed.splitlines():
        name, _, value = line.partition("=")
        settings[name.rpartition(".")[2]] = str(ast.literal_eval(value))
    authorities = Path(settings.get("cert", AUTHORITIES))
    if authorities.is_file():
        shutil.copyfile(authorities, folder / "ca.crt")
        settings["cert"] = f"{MOUNTED}/ca.crt"
    lines = (f"{name} = " + "\n  ".join(value.split("\n")) for name, value in settings.items())
    (folder / "pip.conf").write_text("\n".join(["[global]", *lines, ""]), encoding="utf-8")
