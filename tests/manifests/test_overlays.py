"""Overlays change place and size, not behaviour; what is one's own to say is said in one place."""

import base64
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from kubeproof.manifests.renaming import rename
from tests.manifests.rendered import (
    MANIFESTS,
    ROOT,
    copied,
    documents,
    images,
    named,
    of_kind,
    parsed,
    pods,
    rendered,
    with_component,
)

OVERLAYS = ("embedded", "kind", "development", "production")


def test_there_are_these_overlays() -> None:
    assert {folder.name for folder in (MANIFESTS / "overlays").iterdir()} == set(OVERLAYS)


def test_the_single_apply_is_the_rendered_production_overlay() -> None:
    """k8s.yaml says what `kubectl kustomize manifests/overlays/production` says."""
    committed = parsed((MANIFESTS / "k8s.yaml").read_text())
    assert committed == rendered("production"), (
        "run: kubectl kustomize manifests/overlays/production > manifests/k8s.yaml"
    )


PLACE = {"image", "imagePullSecrets", "ingressClassName", "storageClassName"}


def placeless(value: Any) -> Any:
    """A rendered value without what says where: images, registry credentials, classes, the node's folders."""
    if isinstance(value, dict):
        return {key: placeless(inner) for key, inner in value.items() if key not in PLACE}
    if isinstance(value, list | tuple):
        return [placeless(item) for item in value if not is_volume(item)]
    return value


def is_volume(value: Any) -> bool:
    return isinstance(value, dict) and value.get("kind") == "PersistentVolume"


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_the_overlays_differ_in_place_and_nothing_else(overlay: str) -> None:
    assert placeless(rendered(overlay)) == placeless(rendered("production"))


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_all_of_an_overlay_is_in_one_namespace(overlay: str) -> None:
    """What a component adds too: a policy in another namespace holds nobody."""
    for document in rendered(overlay):
        if document["kind"] not in ("Namespace", "PersistentVolume"):
            assert document["metadata"]["namespace"] == "microservices", document["metadata"]["name"]


def test_the_embedded_overlay_runs_the_images_that_the_profile_builds() -> None:
    """Every image of the embedded overlay is built from a Dockerfile here; none would be pulled."""
    built = {image["name"] for image in tomllib.loads((ROOT / "kubeproof.toml").read_text())["images"]}
    used = images(rendered("embedded"))
    assert len(used) == 3
    assert used == built


def test_the_system_can_move_to_another_namespace() -> None:
    """Nothing names the namespace but `metadata.namespace` and what a rename moves with it."""
    moved = rename(rendered("production"), "elsewhere")
    assert {document["metadata"].get("namespace", "elsewhere") for document in moved} == {"elsewhere"}
    text = yaml.safe_dump_all(moved)
    assert not re.search(r"\.microservices\b|namespace: microservices|svc\.cluster\.local", text)


def test_the_registry_and_the_storage_class_are_said_once(tmp_path: Path) -> None:
    """One line each in place.yaml, and every image of ours and every claim follows."""
    manifests = copied(tmp_path)
    place = manifests / "overlays/production/place.yaml"
    sources = [path for path in manifests.rglob("*.yaml") if path.name != "k8s.yaml"]
    assert sum(path.read_text().count("your-repo") for path in sources) == 1
    text = place.read_text().replace("ghcr.io/your-repo", "registry.example/team/shop")
    place.write_text(text.replace("storageClass: standard", "storageClass: gp3"))
    moved = documents(manifests / "overlays/production")
    assert images(moved) == {
        "docker.io/library/postgres:15.15",
        "registry.example/team/shop/microservice-1:1.0.0",
        "registry.example/team/shop/microservice-2:1.0.0",
    }
    [template] = named("StatefulSet", "postgres", moved)["spec"]["volumeClaimTemplates"]
    claim = named("PersistentVolumeClaim", "postgres-backup", moved)
    assert [asking["spec"]["storageClassName"] for asking in (template, claim)] == ["gp3", "gp3"]


def test_private_registries_are_asked_with_credentials() -> None:
    assert named("ServiceAccount", "microservices")["imagePullSecrets"] == [{"name": "registry"}]


def test_every_image_has_a_tag_of_its_own() -> None:
    for overlay in OVERLAYS:
        for image in images(rendered(overlay)):
            assert re.fullmatch(r"[\w./-]+:(?!latest$)[\w.-]+", image), image


def test_development_keeps_the_data_in_folders_of_the_node() -> None:
    """10Gi, ReadWriteOnce, class standard, as the architecture says; each volume for one claim that there is."""
    among = rendered("development")
    claims = {claim["metadata"]["name"]: claim["spec"] for claim in of_kind("PersistentVolumeClaim", among=among)}
    database = named("StatefulSet", "postgres", among)
    for template in database["spec"]["volumeClaimTemplates"]:
        claims[f"{template['metadata']['name']}-postgres-0"] = template["spec"]
    bound = {}
    for volume in (document["spec"] for document in of_kind("PersistentVolume", among=among)):
        claim = claims[volume["claimRef"]["name"]]
        assert volume["claimRef"]["namespace"] == "microservices"
        assert volume["capacity"] == {"storage": "10Gi"} == claim["resources"]["requests"]
        assert volume["accessModes"] == claim["accessModes"] == ["ReadWriteOnce"]
        assert volume["storageClassName"] == claim["storageClassName"] == "standard"
        assert volume["persistentVolumeReclaimPolicy"] == "Retain"
        bound[volume["claimRef"]["name"]] = volume["hostPath"]["path"]
    assert bound.keys() == claims.keys()
    assert len(set(bound.values())) == len(bound)


@pytest.mark.parametrize(
    ("file", "before", "after", "rolled"),
    [
        ("microservice-1.env", "DB_PORT=5432", "DB_PORT=6432", {"microservice-1"}),
        ("microservice-2.env", "FLASK_ENV=production", "FLASK_ENV=debug", {"microservice-2"}),
        (
            "kustomization.yaml",
            "change-me-before-use",
            "changed",
            {"microservice-1", "postgres", "postgres-backup", "postgres-restore"},
        ),
        ("backups.sh", "umask 077", "umask 027", {"postgres-backup", "postgres-restore"}),
    ],
)
def test_a_changed_value_rolls_the_pods_that_read_it_and_no_others(
    tmp_path: Path, file: str, before: str, after: str, rolled: set[str]
) -> None:
    """A pod reads its variables when it starts: a change that replaces no pod would be one that nobody sees."""
    manifests = copied(tmp_path)
    source = manifests / "base" / file
    assert before in source.read_text()
    source.write_text(source.read_text().replace(before, after))
    earlier, later = dict(pods()), dict(pods(among=documents(manifests / "overlays/production")))
    assert {name for name in earlier if earlier[name] != later[name]} == rolled


def test_an_overlay_puts_its_own_password_in_the_place_of_the_placeholder(tmp_path: Path) -> None:
    """As manifests/README.md says it, from a file of the overlay's."""
    [lines] = re.findall(r"```yaml\n(.*?)```", (MANIFESTS / "README.md").read_text(), re.DOTALL)
    overlay = copied(tmp_path) / "overlays/production"
    (overlay / "database.env").write_text("password=of-our-own\n")
    kustomization = yaml.safe_load((overlay / "kustomization.yaml").read_text()) | yaml.safe_load(lines)
    (overlay / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
    among = documents(overlay)
    secret = named("Secret", "database", among)
    assert base64.b64decode(secret["data"]["password"]) == b"of-our-own"
    for _, pod in pods("Deployment", "StatefulSet", "CronJob", among=among):
        for variable in pod["spec"]["containers"][0].get("env", []):
            if "secretKeyRef" in variable.get("valueFrom", {}):
                assert variable["valueFrom"]["secretKeyRef"]["name"] == secret["metadata"]["name"]


def test_the_gateway_takes_the_place_of_the_ingress(tmp_path: Path) -> None:
    """The same hosts and paths lead to the same Services, by the port that the name in the Ingress stands for."""
    among = with_component("gateway", tmp_path)
    assert not of_kind("Ingress", among=among)
    [listener] = named("Gateway", "microservices", among)["spec"]["listeners"]
    assert listener["allowedRoutes"]["namespaces"]["from"] == "Same"
    found = set()
    for route in (document["spec"] for document in of_kind("HTTPRoute", among=among)):
        assert route["parentRefs"] == [{"name": "microservices"}]
        [host], [rule] = route["hostnames"], route["rules"]
        [match], [backend] = rule["matches"], rule["backendRefs"]
        assert match["path"]["type"] == "PathPrefix"
        found.add((host, match["path"]["value"], backend["name"], backend["port"]))
    expected = set()
    for rule in named("Ingress", "microservices")["spec"]["rules"]:
        [path] = rule["http"]["paths"]
        service = path["backend"]["service"]
        ports = {port["name"]: port["port"] for port in named("Service", service["name"])["spec"]["ports"]}
        expected.add((rule["host"], path["path"], service["name"], ports[service["port"]["name"]]))
    assert found == expected


def test_metrics_scraping_opens_the_port_that_serves_them_to_prometheus_alone(tmp_path: Path) -> None:
    """The annotations name the port of the container whose metrics they are."""
    among = with_component("metrics-scraping", tmp_path)
    [rule] = named("NetworkPolicy", "metrics-scraping", among)["spec"]["ingress"]
    # One peer with both selectors: a pod of that name in that namespace, not either.
    [peer] = rule["from"]
    assert peer.keys() == {"namespaceSelector", "podSelector"}
    for name, pod in pods("Deployment", among=among):
        [port] = pod["spec"]["containers"][0]["ports"]
        assert port["name"] == rule["ports"][0]["port"]
        assert pod["metadata"]["annotations"] == {
            "prometheus.io/scrape": "true",
            "prometheus.io/path": "/metrics",
            "prometheus.io/port": str(port["containerPort"]),
        }, name
