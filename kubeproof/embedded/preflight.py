"""What the machine must have before a cluster can be built and started, and how to get it.

`preflight` raises PreflightFailed with one sentence, or returns. As root with apt it installs missing Debian
packages itself and says which; told not to install, it only names the command.
"""

import os
import platform
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from kubeproof.embedded.errors import PreflightFailed, indented


@dataclass(frozen=True)
class Need:
    """A Debian package, and the program or file by which one sees that it is there."""

    package: str
    shows: str
    to_build: bool = False


NEEDS = (
    Need("nftables", "nft"),
    Need("iproute2", "ip"),
    Need("util-linux", "unshare"),
    Need("iptables", "iptables"),
    Need("ipset", "ipset"),
    Need("conntrack", "conntrack"),
    Need("catatonit", "catatonit"),
    Need("buildah", "buildah"),
    Need("mmdebstrap", "mmdebstrap"),
    Need("busybox-static", "busybox"),
    Need("gcc", "gcc", to_build=True),
    Need("pkg-config", "pkg-config", to_build=True),
    Need("libseccomp-dev", "/usr/include/seccomp.h", to_build=True),
    Need("libc6-dev", "/usr/include/stdlib.h", to_build=True),
    Need("ca-certificates", "/etc/ssl/certs/ca-certificates.crt", to_build=True),
)
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def missing(*, building: bool, present: Callable[[str], bool] | None = None) -> tuple[str, ...]:
    """The Debian packages that are not there; those for compiling only count when `building`."""
    is_present = present or _is_present
    return tuple(need.package for need in NEEDS if (building or not need.to_build) and not is_present(need.shows))


def preflight(*, building: bool, install: bool, progress: Callable[[str], object]) -> None:
    """Raise PreflightFailed unless a cluster can be started here; `building` asks for compilers too."""
    if platform.system() != "Linux" or platform.machine() != "x86_64":
        here = f"{platform.system()} {platform.machine()}"
        raise PreflightFailed(f"the embedded cluster runs on Linux x86_64, and this is {here}")
    if os.geteuid() != 0:
        raise PreflightFailed("the embedded cluster makes namespaces and mounts and must be run as root")
    packages = missing(building=building)
    if not packages:
        return
    command = f"apt-get update && apt-get install -y --no-install-recommends {' '.join(packages)}"
    if not install or shutil.which("apt-get", path=SYSTEM_PATH) is None:
        raise PreflightFailed(f"missing: {', '.join(packages)}; on Debian get them by: {command}")
    progress(f"installing Debian packages: {' '.join(packages)}")
    _apt("update")
    _apt("install", "-y", "--no-install-recommends", *packages)
    if still := missing(building=building):
        raise PreflightFailed(f"apt installed {', '.join(packages)}, yet these cannot be found: {', '.join(still)}")


def _is_present(shows: str) -> bool:
    if shows.startswith("/"):
        return Path(shows).exists()
    # sbin is not on everybody's PATH.
    return shutil.which(shows, path=f"{os.environ.get('PATH', '')}:{SYSTEM_PATH}") is not None


def _apt(*arguments: str) -> None:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(
        ["apt-get", "-q", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        env=environment,
    )
    if done.returncode != 0:
        last = "\n".join(done.stdout.splitlines()[-10:])
        raise PreflightFailed(
            f"apt-get {arguments[0]} ended with status {done.returncode}; its last lines:\n{indented(last)}"
        )
