"""
Which profile and which manifests a command is about when nobody says: those of the folder it is called in.

Nobody else's system is proved by default. Raises NothingHere, one sentence.
"""

from pathlib import Path

from kubeproof.manifests.loading import KUSTOMIZATIONS, SUFFIXES
from kubeproof.profile.intent import Profile

PROFILE = "kubeproof.toml"
MUTANTS = Path("conformance", "mutants")


class NothingHere(Exception):
    """A folder without what a command needs, and how to name it."""


def profile_here(folder: Path) -> Path | None:
    """The profile of a folder, or None."""
    path = folder / PROFILE
    return path if path.is_file() else None


def holds_manifests(folder: Path) -> bool:
    """Whether a folder is a kustomization, or has a file of YAML or JSON."""
    return any(path.name in KUSTOMIZATIONS or path.suffix in SUFFIXES for path in folder.iterdir() if path.is_file())


def manifests_of(profile: Profile, path: Path) -> tuple[Path, ...]:
    """What a profile is about: the overlays that it names, else the manifests in its folder; `path` is its file."""
    overlays = tuple(dict.fromkeys(path.parent / folder for _, folder in profile.overlays))
    if overlays:
        return overlays
    if holds_manifests(path.parent):
        return (path.parent,)
    raise NothingHere(f"{path} names no overlays, and there are no manifests beside it: name them with --manifests")


def overlay_for(profile: Profile, path: Path, kind: str) -> Path:
    """The manifests for a cluster of this kind, `embedded` or `given`: the overlay of that name, else the only ones."""
    named = profile.overlay(kind)
    if named is not None:
        return path.parent / named
    found = manifests_of(profile, path)
    if len(found) == 1:
        return found[0]
    raise NothingHere(f"{path} names no overlay {kind!r}, and {len(found)} others: name one with --manifests")
