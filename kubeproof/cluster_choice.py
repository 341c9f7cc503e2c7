"""
The cluster that a run is made on: the one given, else the embedded one, with all images in it that the run needs.

Raises CannotStart, one sentence.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from kubeproof import probe
from kubeproof.declared import Declared
from kubeproof.manifests.routes import HTTP_ROUTE, INGRESS, read_rules
from kubeproof.observe.cluster import CannotStart
from kubeproof.observe.deployed import Faults
from kubeproof.profile.intent import Image

# The harness's own pods run it; its recipe is in the package.
PROBE = Image("localhost/kubeproof-probe:dev", "Dockerfile", requirements="requirements.txt", base="python")
VARIABLE = "KUBEPROOF_CLUSTER"  # names one of several embedded clusters


@dataclass(frozen=True)
class ChosenCluster:
    """The way in, what reports call it, and what can be done to its node; None where nobody lets us at the nodes."""

    kubeconfig: Path
    name: str
    faults: Faults | None = None


def given_cluster(kubeconfig: str, context: str | None) -> ChosenCluster:
    """A cluster of somebody's, of whose nodes we know nothing."""
    return ChosenCluster(Path(kubeconfig), f"{kubeconfig} ({context or 'current context'})")


def _built(image: Image, folder: Path, say: Callable[[str], None]) -> Path:
    """The archive of an image whose paths are relative to a folder."""
    from kubeproof.embedded import folders, images

    context = folder / image.context
    recipe = images.ImageRecipe(
        name=image.name,
        dockerfile=folder / image.dockerfile,
        context=context,
        requirements=(
            *(images.group_requirements(context / "pyproject.toml", image.group) if image.group else ()),
            *(images.listed_requirements(folder / image.requirements) if image.requirements else ()),
        ),
        base=image.base,
    )
    return images.build_image(recipe, folders.cache(), progress=say)


def embedded_cluster(declared: Declared, say: Callable[[str], None]) -> ChosenCluster:
    """The embedded cluster, started or reused, with the profile's images and the probe's."""
    if find_spec("cryptography") is None:
        raise CannotStart(
            "no kubeconfig was given, and the embedded cluster needs cryptography: "
            "name a cluster with --kubeconfig, or pip install 'kubeproof[cluster]'"
        )
    from kubeproof import embedded

    name = os.environ.get(VARIABLE, "default")
    try:
        kubeconfig = embedded.up(name, progress=say)
        for image in declared.profile.images:
            embedded.load(name, _built(image, declared.profile_path.parent, say))
        embedded.load(name, _built(PROBE, Path(probe.__file__).parent, say))
        if any(read_rules(declared.system.documents, kind) for kind in (INGRESS, HTTP_ROUTE)):
            # It has come up meanwhile, or nearly so; before that the Gateway API would be no kind of this cluster's.
            embedded.up(name, progress=lambda _: None, wait_for="ingress")
    except (embedded.ClusterError, embedded.ImageNotBuilt) as error:
        raise CannotStart(str(error)) from error
    return ChosenCluster(kubeconfig, f"embedded {name}", embedded.Faults(name))
