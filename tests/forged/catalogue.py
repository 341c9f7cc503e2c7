"""All worlds, found where they are written: the modules of tests/forged/worlds, each with its WORLDS."""

from tests.forged.world import World
from tests.forged.worlds import data, disturbances, evidence, looks, outages, rollouts, scaling

_OF = {
    module.__name__.rpartition(".")[2]: module.WORLDS
    for module in (outages, disturbances, rollouts, looks, data, scaling, evidence)
}
WORLDS: dict[str, World] = {f"{of}: {name}": world for of, worlds in _OF.items() for name, world in worlds.items()}
