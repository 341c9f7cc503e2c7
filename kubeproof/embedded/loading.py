"""Image archives into a running cluster, by way of the containerd in its box."""

from pathlib import Path

from kubeproof.embedded import processes
from kubeproof.embedded.errors import LoadFailed, NotRunning
from kubeproof.embedded.folders import folders
from kubeproof.embedded.plan import Plan
from kubeproof.embedded.starting import images_command, import_command

# Label of an image: which state of which file it was imported from.
ARCHIVE = "kubeproof.dev/archive"


def load(name: str, archive: Path) -> None:
    """
    Have the image of an archive (OCI or Docker) in a running cluster, pinned; raises NotRunning, LoadFailed.

    Does nothing when it was imported from this very file before, and the file has not been written since.
    """
    place = folders(name)
    pids = processes.find(place.plan)
    if not pids:
        raise NotRunning(name)
    ctr = Plan.read(place.plan).program("ctr")
    file = archive.stat()
    known = f"{file.st_dev}-{file.st_ino}-{file.st_mtime_ns}-{file.st_size}"
    there = processes.in_box(pids[0], (*images_command(ctr), "list", "--quiet", f'labels."{ARCHIVE}"=={known}'))
    if there.returncode == 0 and there.stdout.strip():
        return
    # Through standard input: the box may not see a file system that was mounted after its start.
    with archive.open("rb") as content:
        done = processes.in_box(pids[0], import_command(ctr, "-", f"{ARCHIVE}={known}"), content)
    if done.returncode != 0:
        raise LoadFailed(f"cluster {name} did not take the image archive {archive}: {done.stderr.strip()}")
