"""All that manifests declare, as one value, and the questions that rules and checks ask of it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from kubeproof.manifests.access import Account, Binding, Role
from kubeproof.manifests.containers import Container
from kubeproof.manifests.gateway import Gateway, Grant, Route
from kubeproof.manifests.labels import Labels
from kubeproof.manifests.objects import (
    Autoscaler,
    Budget,
    Claim,
    Config,
    Ingress,
    LimitRange,
    Named,
    Namespace,
    PersistentVolume,
    Quota,
    Service,
)
from kubeproof.manifests.policies import NetworkPolicy
from kubeproof.manifests.workloads import Workload

T = TypeVar("T", Workload, Service, Autoscaler)


@dataclass(frozen=True)
class Unread:
    """
    An object without a value: its kind is not read, or `why` is the reason that it could not be.

    `makes_pods` when it has a pod template, as an Argo Rollout or a Knative Service has.
    """

    kind: str
    name: str
    why: str = ""
    makes_pods: bool = False

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}"


@dataclass(frozen=True)
class System:
    """
    All that the manifests declare, by kind; `others` are the objects without a value.

    `workloads` are Deployments and StatefulSets, which live checks observe; `daemons` are DaemonSets, and `tasks` are
    Jobs, CronJobs and bare Pods, which come to an end. `documents` are the objects as they were read.
    """

    namespace: str
    workloads: tuple[Workload, ...]
    services: tuple[Service, ...] = ()
    autoscalers: tuple[Autoscaler, ...] = ()
    policies: tuple[NetworkPolicy, ...] = ()
    others: tuple[Unread, ...] = ()
    daemons: tuple[Workload, ...] = ()
    tasks: tuple[Workload, ...] = ()
    budgets: tuple[Budget, ...] = ()
    configs: tuple[Config, ...] = ()
    claims: tuple[Claim, ...] = ()
    volumes: tuple[PersistentVolume, ...] = ()
    accounts: tuple[Account, ...] = ()
    roles: tuple[Role, ...] = ()
    bindings: tuple[Binding, ...] = ()
    quotas: tuple[Quota, ...] = ()
    limit_ranges: tuple[LimitRange, ...] = ()
    ingresses: tuple[Ingress, ...] = ()
    namespaces: tuple[Namespace, ...] = ()
    classes: tuple[Named, ...] = ()
    routes: tuple[Route, ...] = ()
    gateways: tuple[Gateway, ...] = ()
    grants: tuple[Grant, ...] = ()
    documents: tuple[Mapping[str, Any], ...] = field(default=(), compare=False, repr=False)

    @property
    def running(self) -> tuple[Workload, ...]:
        """Everything that makes pods."""
        return (*self.workloads, *self.daemons, *self.tasks)

    @property
    def own_namespaces(self) -> frozenset[str]:
        """The namespaces that the manifests make, or put pods or Services into; others belong to somebody else."""
        used = {*(workload.namespace for workload in self.running), *(service.namespace for service in self.services)}
        return frozenset({self.namespace, *used, *(namespace.name for namespace in self.namespaces)})

    @property
    def unreadable(self) -> tuple[Unread, ...]:
        """The objects that could not be read though their kind is known."""
        return tuple(unread for unread in self.others if unread.why)

    def workload(self, name: str) -> Workload | None:
        """The workload of that name, one in the system's namespace before others, or None."""
        return self._own_first(workload for workload in self.workloads if workload.name == name)

    def service(self, name: str) -> Service | None:
        """The Service of that name, one in the system's namespace before others, or None."""
        return self._own_first(service for service in self.services if service.name == name)

    def _own_first(self, found: Iterable[T]) -> T | None:
        return min(found, key=lambda one: one.namespace != self.namespace, default=None)

    def service_in(self, namespace: str, name: str) -> Service | None:
        """The Service of that name in that namespace, or None."""
        return next(
            (service for service in self.services if (service.name, service.namespace) == (name, namespace)), None
        )

    def gateway_in(self, namespace: str, name: str) -> Gateway | None:
        """The Gateway of that name in that namespace, or None."""
        return next(
            (gateway for gateway in self.gateways if (gateway.name, gateway.namespace) == (name, namespace)), None
        )

    def services_of(self, workload: Workload) -> tuple[Service, ...]:
        """The Services whose selector matches this workload's pods; one without selector matches none."""
        labels = set(workload.labels)
        return tuple(
            service
            for service in self.services
            if service.selector and service.namespace == workload.namespace and labels.issuperset(service.selector)
        )

    def behind(self, service: Service) -> tuple[Workload, ...]:
        """The workloads whose pods a Service selects."""
        return tuple(workload for workload in self.running if service in self.services_of(workload))

    def autoscaler_of(self, workload: str) -> Autoscaler | None:
        """The autoscaler that targets the workload of that name, as `workload` finds it, or None."""
        return self._own_first(autoscaler for autoscaler in self.autoscalers if autoscaler.target == workload)

    def own_autoscaler(self, workload: Workload) -> Autoscaler | None:
        """The autoscaler of exactly this workload, whatever others of its name there are, or None."""
        return next((autoscaler for autoscaler in self.autoscalers if autoscaler.is_for(workload)), None)

    def least_replicas(self, workload: Workload) -> int:
        """The fewest replicas that the manifests want of a workload: those of its autoscaler, else its own."""
        autoscaler = self.own_autoscaler(workload)
        return workload.replicas if autoscaler is None else autoscaler.minimum

    def target_of(self, autoscaler: Autoscaler) -> Workload | None:
        """The workload that an autoscaler targets, or None."""
        return next((workload for workload in self.workloads if autoscaler.is_for(workload)), None)

    def config(self, kind: str, name: str, namespace: str) -> Config | None:
        """The ConfigMap or Secret of that name in that namespace, or None."""
        return next((c for c in self.configs if (c.kind, c.name, c.namespace) == (kind, name, namespace)), None)

    def configs_of(self, workload: Workload) -> tuple[Config, ...]:
        """The ConfigMaps and Secrets of the manifests that a workload reads, each once."""
        read = (self.config(needed.kind, needed.name, workload.namespace) for needed in workload.references)
        return tuple(dict.fromkeys(config for config in read if config is not None))

    def account(self, name: str, namespace: str) -> Account | None:
        """The ServiceAccount of that name in that namespace, or None."""
        return next((a for a in self.accounts if (a.name, a.namespace) == (name, namespace)), None)

    def role_of(self, binding: Binding) -> Role | None:
        """The role that a binding gives, or None; a Role is one of the binding's own namespace."""
        where = binding.namespace if binding.role_kind == "Role" else ""
        wanted = (binding.role_kind, binding.role, where)
        return next((role for role in self.roles if (role.kind, role.name, role.namespace) == wanted), None)

    def default_of(self, namespace: str, side: str, resource: str) -> str | None:
        """What a LimitRange gives a container that sets nothing for a resource; `side` is requests or limits."""
        ranges = (limits for limits in self.limit_ranges if limits.namespace == namespace)
        defaults = (dict(limits.default_requests if side == "requests" else limits.default_limits) for limits in ranges)
        return next((values[resource] for values in defaults if resource in values), None)

    def asked(self, workload: Workload, container: Container, side: str, resource: str) -> str | None:
        """What a container sets for a resource, else what a LimitRange gives it; `side` is requests or limits."""
        return container.asks(side, resource) or self.default_of(workload.namespace, side, resource)

    def namespace_labels(self, name: str) -> Labels:
        """The labels of a declared namespace; none of one that is not declared."""
        return next((namespace.labels for namespace in self.namespaces if namespace.name == name), ())

    def environment(self, workload: Workload, container: Container) -> dict[str, str]:
        """
        The variables of a container whose values the manifests hold.

        What comes from a Secret, or from what is not declared, is not among them.
        """
        found: dict[str, str] = {}
        keyed: dict[str, str] = {}
        for reference in container.references:
            config = self.config(reference.kind, reference.name, workload.namespace)
            if config is None or reference.variable is None:
                continue
            if reference.key is None:
                found |= {f"{reference.variable}{key}": text for key, text in config.texts}
            elif (text := config.text(reference.key)) is not None:
                keyed[reference.variable] = text
        # In a container, `env` wins over `envFrom`.
        return (
            found
            | keyed
            | {variable.name: variable.value for variable in container.variables if variable.value is not None}
        )
