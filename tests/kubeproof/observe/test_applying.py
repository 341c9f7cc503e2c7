"""What a run makes outside of its namespaces is its own, and gone with it; what was there before is left alone."""

from types import SimpleNamespace

import pytest
from kubernetes.client.exceptions import ApiException
from kubernetes.dynamic.exceptions import ResourceNotFoundError

from kubeproof.observe import applying
from kubeproof.observe.api_errors import Refused
from kubeproof.observe.applying import FIELD_MANAGER, RUN_LABEL, ApplyFailed, Owner, apply, apply_again

OWNER = Owner("7f3a", "kubeproof-7f3a", "u-1")
VOLUME = {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "disk", "labels": {"tier": "data"}}}
JOB = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "seed", "namespace": "kubeproof-7f3a"}}
SERVICE = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "shop", "namespace": "kubeproof-7f3a"}}


class Resources:
    """
    What a cluster has: Services and Jobs in namespaces and volumes outside of them, by name.

    All that is made is `made`, all that is applied on top `applied`.
    """

    def __init__(self, *there):
        self.there = {document["metadata"]["name"]: document for document in there}
        self.made, self.applied, self.refusal, self.gone_once_read = [], [], None, False

    def get(self, prefix, api_version, kind):
        assert prefix == ("apis" if "/" in api_version else "api")
        if kind not in ("Service", "Job", "PersistentVolume"):
            raise ResourceNotFoundError(kind)
        return SimpleNamespace(
            namespaced=kind != "PersistentVolume", create=self._create, get=self._read, server_side_apply=self._apply
        )

    def _apply(self, **request):
        if self.refusal:
            raise self.refusal
        self.applied.append(request)

    def _create(self, body, namespace=None):
        if self.refusal:
            raise self.refusal
        if body["metadata"]["name"] in self.there:
            raise refusal(409, "it exists")
        self.made.append((namespace, body))

    def _read(self, name):
        if name not in self.there:
            raise refusal(404, "it does not exist")
        found = self.there.pop(name) if self.gone_once_read else self.there[name]
        return SimpleNamespace(to_dict=lambda: found)


def refusal(status, message):
    error = ApiException(status=status, reason="Refused")
    error.body = f'{{"message": "{message}"}}'
    return error


def of_run(run, document):
    metadata = {**document["metadata"], "labels": {RUN_LABEL: run}}
    return {**document, "metadata": metadata}


def test_what_has_a_namespace_is_made_as_it_stands():
    resources = Resources()
    assert apply(resources, [SERVICE], OWNER) == ()
    assert resources.made == [("kubeproof-7f3a", SERVICE)]


def test_what_has_none_carries_the_runs_label_and_belongs_to_its_namespace():
    resources = Resources()
    assert apply(resources, [VOLUME], OWNER) == ()
    [(namespace, made)] = resources.made
    assert namespace is None
    assert made["metadata"]["labels"] == {"tier": "data", RUN_LABEL: "7f3a"}
    assert made["metadata"]["ownerReferences"] == [
        {"apiVersion": "v1", "kind": "Namespace", "name": "kubeproof-7f3a", "uid": "u-1"}
    ]
    assert "ownerReferences" not in VOLUME["metadata"]


def test_a_namespace_that_was_given_to_what_has_none_is_taken_away():
    resources = Resources()
    apply(resources, [{**VOLUME, "metadata": {"name": "disk", "namespace": "kubeproof-7f3a"}}], OWNER)
    [(_, made)] = resources.made
    assert "namespace" not in made["metadata"]


def test_what_was_there_before_and_no_runs_is_left_alone_and_named():
    resources = Resources(VOLUME)
    assert apply(resources, [VOLUME, SERVICE], OWNER) == ("PersistentVolume/disk",)
    assert [body["kind"] for _, body in resources.made] == ["Service"]


def test_what_a_run_that_ends_leaves_is_waited_for():
    resources = Resources(of_run("dead", VOLUME))
    resources.gone_once_read = True
    assert apply(resources, [VOLUME], OWNER) == ()
    assert [body["metadata"]["labels"][RUN_LABEL] for _, body in resources.made] == ["7f3a"]


def test_what_another_run_goes_on_using_is_refused_with_its_name(monkeypatch):
    monkeypatch.setattr(applying, "COLLECTED", 0.05)
    with pytest.raises(ApplyFailed, match="PersistentVolume/disk belongs to another run on this cluster"):
        apply(Resources(of_run("busy", VOLUME)), [VOLUME], OWNER)


@pytest.mark.parametrize("document", [SERVICE, VOLUME])
def test_what_the_server_refuses_is_named_with_its_words(document):
    resources = Resources()
    resources.refusal = refusal(422, "spec is invalid")
    with pytest.raises(ApplyFailed, match=f"{document['kind']}/{document['metadata']['name']}: spec is invalid"):
        apply(resources, [document], OWNER)


def test_a_kind_that_the_cluster_does_not_have_is_named():
    route = {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "HTTPRoute", "metadata": {"name": "shop"}}
    with pytest.raises(ApplyFailed, match=r"HTTPRoute/shop: the cluster has no gateway\.networking.* HTTPRoute"):
        apply(Resources(), [route], OWNER)


def test_what_is_applied_again_becomes_what_is_declared_whoever_changed_it_meanwhile():
    resources = Resources(SERVICE)
    apply_again(resources, [SERVICE])
    assert resources.applied == [
        {
            "body": SERVICE,
            "name": "shop",
            "namespace": "kubeproof-7f3a",
            "field_manager": FIELD_MANAGER,
            "force_conflicts": True,
        }
    ]
    assert resources.made == []


@pytest.mark.parametrize("document", [JOB, VOLUME, {**VOLUME, "metadata": {**VOLUME["metadata"], "namespace": "any"}}])
def test_jobs_and_what_has_no_namespace_are_not_applied_again(document):
    resources = Resources(document)
    apply_again(resources, [document, SERVICE])
    assert [request["name"] for request in resources.applied] == ["shop"]


def test_what_cannot_be_applied_again_is_named_with_the_servers_words():
    resources = Resources(SERVICE)
    resources.refusal = refusal(422, "field is immutable")
    with pytest.raises(Refused, match="Service/shop: field is immutable"):
        apply_again(resources, [SERVICE])
