"""Values found where they are written: in the modules of a package, so that no second list can forget one."""

import importlib
import pkgutil
from types import ModuleType
from typing import TypeVar

T = TypeVar("T")


def standing_in(package: ModuleType, kind: type[T], *, but: str = "") -> tuple[T, ...]:
    """
    The values of a type in all modules of a package, by the modules' names, in the order in which they stand there.

    `but` is the module that asks, which would wait for itself.
    """
    names = sorted(module.name for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."))
    modules = [importlib.import_module(name) for name in names if name != but]
    # Imported by another module of the package, a value is found twice.
    return tuple(
        dict.fromkeys(value for module in modules for value in vars(module).values() if isinstance(value, kind))
    )
