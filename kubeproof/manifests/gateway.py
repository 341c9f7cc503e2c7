"""
The Gateway API as far as references go: routes, the Gateways they attach to, the grants that let them cross namespaces.

Every reference knows its field, `place`, and the namespace it leads to, which is the route's when it does not say.
Source: gateway-api.sigs.k8s.io, API reference.
"""

from dataclasses import dataclass

from kubeproof.manifests.policies import Selector


@dataclass(frozen=True)
class Parent:
    """What a route attaches to: all listeners of a Gateway, or those of this name (`section`) and port."""

    kind: str
    name: str
    namespace: str
    place: str
    section: str | None = None
    port: int | None = None


@dataclass(frozen=True)
class RouteBackend:
    """What a route sends to; None for a port that is not said."""

    kind: str
    name: str
    namespace: str
    place: str
    port: int | None = None


@dataclass(frozen=True)
class Route:
    """An HTTPRoute, or a route of another protocol; without `hosts` it is for any."""

    kind: str
    name: str
    namespace: str
    parents: tuple[Parent, ...] = ()
    backends: tuple[RouteBackend, ...] = ()
    hosts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Listener:
    """A listener of a Gateway; `admits` says of which namespaces it takes routes: Same, All, None or Selector."""

    name: str
    port: int
    host: str | None = None
    admits: str = "Same"
    selector: Selector | None = None


@dataclass(frozen=True)
class Gateway:
    """A Gateway."""

    name: str
    namespace: str
    listeners: tuple[Listener, ...] = ()


@dataclass(frozen=True)
class Grant:
    """
    A ReferenceGrant: objects of these kinds in these namespaces may refer to its namespace's of those kinds.

    `sources` are (kind, namespace), `targets` (kind, name), where None stands for every name.
    """

    namespace: str
    sources: tuple[tuple[str, str], ...]
    targets: tuple[tuple[str, str | None], ...]

    def admits(self, route: Route, backend: RouteBackend) -> bool:
        """Whether this grant lets a route refer to a backend."""
        wanted = ((backend.kind, None), (backend.kind, backend.name))
        return (
            self.namespace == backend.namespace
            and (route.kind, route.namespace) in self.sources
            and any(each in self.targets for each in wanted)
        )
