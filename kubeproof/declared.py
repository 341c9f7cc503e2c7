"""What a run is about, read once: the profile, the manifests that it names, and the system that they declare."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from kubeproof.checks.catalogue import live_plan, static_plan
from kubeproof.evidence.reading import Planned
from kubeproof.manifests.documents import ManifestError
from kubeproof.manifests.loading import CannotLoad, load
from kubeproof.manifests.reading import read_system
from kubeproof.manifests.rendering import NoKubectl, RenderFailed
from kubeproof.manifests.secrets import Hide, hiding, without_secrets
from kubeproof.manifests.system import System
from kubeproof.profile.intent import Profile
from kubeproof.profile.reading import ProfileError, parse_profile, read_text
from kubeproof.sources import PROFILE, NothingHere, overlay_for, profile_here

UNREADABLE = (ProfileError, NothingHere, CannotLoad, RenderFailed, NoKubectl, ManifestError)


@dataclass(frozen=True)
class Declared:
    """
    A profile with its file and its text, the manifests' place, their objects as rendered, and what these declare.

    `documents` are for the cluster alone: what is written down or said are the `told` ones, and texts that `hide` went
    over, without the values of Secrets.
    """

    profile_path: Path
    profile_text: str
    profile: Profile
    manifests: Path
    documents: list[dict[str, Any]]
    system: System

    @cached_property
    def hide(self) -> Hide:
        """What takes the values of Secrets out of a text, or of what is made of texts."""
        return hiding(self.documents)

    @property
    def told(self) -> list[dict[str, Any]]:
        """The objects as they may be written down."""
        told: list[dict[str, Any]] = self.hide(without_secrets(self.documents))
        return told

    @property
    def plan(self) -> tuple[Planned, ...]:
        """Every check that has a subject here, in the order of a run."""
        return (*static_plan(self.profile), *live_plan(self.system, self.profile))


def read_declared(profile_path: Path | None, manifests: Path | None, *, cluster: str) -> Declared:
    """
    Read a profile, by default the one that lies here, and its manifests for a kind of cluster, `embedded` or `given`.

    Raises one of UNREADABLE, each one sentence.
    """
    profile_path = profile_path or profile_here(Path())
    if profile_path is None:
        raise NothingHere(f"there is no {PROFILE} here: name one with --profile, or write one (docs/profile.md)")
    text = read_text(profile_path)
    profile = parse_profile(text, profile_path)
    manifests = manifests or overlay_for(profile, profile_path, cluster)
    documents = [dict(document) for document in load(manifests)]
    # What a run judges by, and what is judged from its folder, are the same objects.
    system = read_system(hiding(documents)(without_secrets(documents)))
    return Declared(profile_path, text, profile, manifests, documents, system)
