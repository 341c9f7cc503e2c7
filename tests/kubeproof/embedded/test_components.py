"""The components as values, and the configuration files that they read."""

import json
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from kubeproof.embedded import settings
from kubeproof.embedded.components import components
from kubeproof.embedded.plan import Plan
from kubeproof.embedded.starting import ADDONS, CONTROL_PLANE, INGRESS


@pytest.fixture
def plan(tmp_path: Path) -> Plan:
    return Plan(
        "dev",
        tmp_path / "state",
        tmp_path / "bin",
        archives=(tmp_path / "a.tar",),
        ingress_archives=(tmp_path / "b.tar",),
        ingress_port=4711,
        cgroup="kubeproof-dev-1",
    )


def test_a_plan_survives_its_file(plan: Plan, tmp_path: Path) -> None:
    plan.write(tmp_path / "plan.json")
    assert Plan.read(tmp_path / "plan.json") == plan


def test_names_and_ready_addresses_are_told_apart(plan: Plan) -> None:
    daemons = components(plan)
    assert len({daemon.name for daemon in daemons}) == len({daemon.ready for daemon in daemons}) == 8


def test_the_box_starts_every_component(plan: Plan) -> None:
    started = {"etcd", "containerd", "kube-apiserver", "netpol", *CONTROL_PLANE}
    assert started == {daemon.name for daemon in components(plan)}


def test_every_program_is_one_that_is_built(plan: Plan) -> None:
    from kubeproof.embedded.programs import LINKS

    programs = {Path(daemon.argv[0]).name for daemon in components(plan)}
    assert programs <= {*LINKS, "containerd"}


def test_no_flag_is_given_twice(plan: Plan) -> None:
    for daemon in components(plan):
        flags = [argument.split("=")[0] for argument in daemon.argv]
        assert len(flags) == len(set(flags)), daemon.name


def test_two_clusters_share_no_file(plan: Plan, tmp_path: Path) -> None:
    other = replace(plan, name="other", state=tmp_path / "other", cgroup="kubeproof-other-1")
    for daemon in components(other):
        assert str(plan.state) not in " ".join(daemon.argv)
    texts = (settings.containerd, settings.pod_network, settings.kubelet, settings.kube_proxy)
    for text in texts:
        assert str(plan.state) not in text(other)
        assert plan.cgroup not in text(other)


def test_the_settings_are_what_their_readers_parse(plan: Plan) -> None:
    settings.write_settings(plan)
    containerd = tomllib.loads((plan.state / "containerd.toml").read_text())
    assert containerd["plugins"]["io.containerd.cri.v1.runtime"]["restrict_oom_score_adj"] is True
    network = json.loads((plan.state / "cni/10-kubeproof.conflist").read_text())
    assert network["plugins"][0]["type"] == "ptp"
    kubelet = yaml.safe_load((plan.state / "kubelet.yaml").read_text())
    assert kubelet["cgroupRoot"] == "/kubeproof-dev-1"
    assert kubelet["failCgroupV1"] is False
    assert yaml.safe_load((plan.state / "kube-proxy.yaml").read_text())["mode"] == "nftables"
    assert "nameserver" not in (plan.state / "resolv.conf").read_text().split("#")[0]


@pytest.mark.parametrize(
    ("manifests", "imported"),
    [
        (ADDONS, {"localhost/coredns:1", "localhost/metrics-server:1"}),
        (INGRESS, {"localhost/contour:1", "localhost/envoy:1"}),
    ],
    ids=["addons", "ingress"],
)
def test_pods_name_only_images_that_the_box_imports(manifests: Path, imported: set[str]) -> None:
    pods = [
        document["spec"]["template"]["spec"]
        for document in yaml.safe_load_all(manifests.read_text())
        if document["kind"] == "Deployment"
    ]
    containers = [container for pod in pods for container in (*pod["containers"], *pod.get("initContainers", ()))]
    assert {container["image"] for container in containers} == imported


def test_the_default_storage_class_is_the_one_manifests_name() -> None:
    classes = [d for d in yaml.safe_load_all(ADDONS.read_text()) if d["kind"] == "StorageClass"]
    assert [found["metadata"]["name"] for found in classes] == ["standard"]
