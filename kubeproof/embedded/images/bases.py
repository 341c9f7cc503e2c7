"""
The base images, extracted from Debian packages and cut down to what runs.

The packages are unpacked, not installed: no maintainer script runs, so no shell, no package database and no
half of Debian comes along, and it takes seconds.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from kubeproof.embedded.images.buildah import Buildah
from kubeproof.embedded.images.pip_settings import PIP_CONF
from kubeproof.embedded.images.running import ImageNotBuilt, run

RELEASE = "bookworm"

# Of no use to a running program; every megabyte is import time. /etc/hostname and the like are the builder's.
NEVER_NEEDED = (
    *("usr/share/doc", "usr/share/man", "usr/share/info", "usr/share/locale", "usr/share/i18n"),
    *("usr/share/lintian", "usr/share/bug", "usr/share/bash-completion", "usr/share/perl", "usr/share/perl5"),
    *("usr/lib/*/gconv", "usr/lib/*/perl*", "usr/lib/*/libperl*", "usr/share/perl*", "usr/bin/perl*"),
    *("etc/hostname", "etc/resolv.conf", "etc/fstab", "etc/apt", "var/lib/apt", "var/lib/dpkg", "var/cache"),
    *("var/log/apt", "boot", "home", "usr/share/X11", "usr/share/gcc", "usr/share/gdb"),
)
PASSWD = "root:x:0:0:root:/root:/usr/sbin/nologin\nnobody:x:65534:65534:nobody:/:/usr/sbin/nologin\n"
GROUP = "root:x:0:\nnogroup:x:65534:\n"


@dataclass(frozen=True)
class Base:
    """What a base image is made of: Debian packages, globs to drop, links to make, Python to compile."""

    name: str
    packages: tuple[str, ...]
    dropped: tuple[str, ...]
    links: tuple[tuple[str, str], ...] = ()
    compiled: str | None = None

    @property
    def image(self) -> str:
        """The image's name; its tag is the hash of the recipe, so a changed recipe is another image."""
        recipe = repr((self, NEVER_NEEDED, PASSWD, GROUP, RELEASE))
        return f"localhost/kubeproof-base-{self.name}:{hashlib.sha256(recipe.encode()).hexdigest()[:12]}"

    @property
    def has_pip(self) -> bool:
        """Whether RUN lines can install with pip on it."""
        return PIP_CONF in self.links


BASES = {
    "python": Base(
        "python",
        packages=("python3.11-minimal", "libpython3.11-stdlib", "libstdc++6", "base-files", "netbase"),
        dropped=(
            *("usr/lib/python3.11/" + name for name in ("test", "pydoc_data", "lib2to3", "ensurepip", "distutils")),
            *("usr/bin/[!p]*", "usr/bin/p[!y]*", "usr/sbin", "sbin", "bin/*"),
        ),
        links=(("usr/bin/python3", "python3.11"),),
        compiled="usr/lib/python3.11",
    ),
    # For a Dockerfile written for an image of Docker's `python`: `RUN pip install -r requirements.txt`.
    "python-pip": Base(
        "python-pip",
        packages=(
            *("python3.11-minimal", "libpython3.11-stdlib", "libstdc++6", "python3-pip", "base-files", "netbase"),
            *("dash", "coreutils", "findutils", "grep", "sed", "tar", "gzip"),
        ),
        # Nothing else manages what pip would install here.
        dropped=("usr/lib/python3.11/EXTERNALLY-MANAGED", "usr/sbin", "sbin"),
        links=(("usr/bin/python", "python3"), PIP_CONF),
        compiled="usr/lib/python3.11",
    ),
    "debian": Base(
        "debian",
        packages=("postgresql-15", "dash", "coreutils", "sed", "base-files", "netbase"),
        # LLVM serves only just-in-time compilation; PostgreSQL does without when the library is not there.
        dropped=(
            *("usr/lib/*/libLLVM*", "usr/lib/*/libz3*", "usr/lib/postgresql/*/lib/llvmjit*"),
            *("usr/lib/postgresql/*/lib/bitcode", "usr/lib/postgresql/*/bin/pgbench", "usr/bin/psql"),
            *(
                "usr/sbin",
                "sbin",
                "usr/lib/python3*",
                "usr/share/postgresql-common",
                "usr/share/postgresql/*/man",
            ),
        ),
    ),
}


def provide_base(name: str, buildah: Buildah, progress: Callable[[str], object]) -> str:
    """
    Give the image name of a base, made first if buildah's store does not hold it yet.

    Raises ImageNotBuilt when there is no such recipe, or the packages cannot be had.
    """
    if name not in BASES:
        raise ImageNotBuilt(f"there is no base image {name!r}; the recipes are {', '.join(sorted(BASES))}")
    base = BASES[name]
    if not buildah.has(base.image):
        started = time.monotonic()
        progress(f"base image {name}: unpacking Debian {RELEASE} packages")
        with tempfile.TemporaryDirectory(prefix="kubeproof-base-") as folder:
            root = Path(folder) / "root"
            _unpack(base, root)
            _cut_down(base, root)
            buildah.import_folder(root, base.image)
        progress(f"base image {name}: made in {time.monotonic() - started:.1f} s")
    return base.image


def _unpack(base: Base, root: Path) -> None:
    packages = ",".join(base.packages)
    command = ("mmdebstrap", "--quiet", "--variant=extract", f"--include={packages}", RELEASE, root)
    run((*command, *_mirrors()), purpose=f"base image {base.name}")


def _mirrors() -> tuple[str, ...]:
    """
    Where this machine's own apt has the release from, as lines of a sources.list.

    A machine that reaches Debian through a mirror has told its apt so. Empty when it runs another release or
    has no package lists yet: then mmdebstrap asks where it asks by default.
    """
    if shutil.which("apt-get") is None:
        return ()
    columns = ("apt-get", "indextargets", "--format", "$(REPO_URI) $(RELEASE) $(COMPONENT)", "Created-By: Packages")
    found = {tuple(line.split()) for line in run(columns, purpose="this machine's apt sources").splitlines()}
    suites = (RELEASE, f"{RELEASE}-updates", f"{RELEASE}-security")
    lines = [f"deb {uri} {suite} main" for uri, suite, part in sorted(found) if suite in suites and part == "main"]
    return tuple(lines) if any(f" {RELEASE} main" in line for line in lines) else ()


def _cut_down(base: Base, root: Path) -> None:
    """Drop what does not run, add what maintainer scripts would have written."""
    for pattern in (*NEVER_NEEDED, *base.dropped):
        # A literal path is taken as it is: glob passes over a link that points nowhere.
        for path in list(root.glob(pattern)) or [root / pattern]:
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
    (root / "etc/passwd").write_text(PASSWD)
    (root / "etc/group").write_text(GROUP)
    for link, target in base.links:
        (root / link).symlink_to(target)
    if base.compiled is not None:
        # A read-only container cannot keep what it compiles: without this every start compiles again.
        compiler = ("-m", "compileall", "-q", "--invalidation-mode", "unchecked-hash", f"/{base.compiled}")
        run(("chroot", root, "/usr/bin/python3", *compiler), purpose=f"base image {base.name}")
