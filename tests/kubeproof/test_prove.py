"""`prove` on files: what it prints, writes, and answers as its exit status."""

import json
from pathlib import Path

import pytest

from kubeproof.cli import main

ROOT = Path(__file__).resolve().parents[2]

FINE = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: words}
data: {greeting: hello}
---
apiVersion: example.org/v1
kind: Widget
metadata: {name: thing}
"""
POD = """\
apiVersion: v1
kind: Pod
metadata: {name: shop}
spec:
  automountServiceAccountToken: false
  containers:
    - name: shop
      image: shop:1
      resources: {requests: {cpu: 1m, memory: 1Mi}, limits: {memory: 1Mi}}
      securityContext: {readOnlyRootFilesystem: true}
"""
LATEST = POD.replace("shop:1", "shop")
SECRET = "\n      env: [{name: CODE, valueFrom: {secretKeyRef: {name: door, key: code}}}]"


@pytest.fixture
def prove(tmp_path, capsys):
    """Prove a text as a file of manifests; the status and what was printed."""

    def run(text, *arguments):
        (tmp_path / "manifests.yaml").write_text(text)
        status = main(["prove", "--manifests", str(tmp_path / "manifests.yaml"), *arguments])
        return status, capsys.readouterr()

    return run


def test_manifests_of_which_all_holds_are_exit_0_and_what_is_unread_is_listed(prove):
    status, said = prove(FINE)
    assert status == 0
    assert "not looked into 1: Widget/thing" in said.out
    assert " 0 broken, 0 cannot be judged" in said.out
    assert said.out.rstrip().endswith("exit 0")


def test_a_broken_rule_is_exit_1_with_place_found_wanted_and_fix(prove):
    status, said = prove(LATEST)
    assert status == 1
    words = " ".join(said.out.split())
    assert "FAIL static.images-fixed every image is named by an explicit tag or a digest" in words
    assert "Pod/shop spec.containers[0].image found shop wanted a tag other than latest, or a digest fix name" in words


def test_what_cannot_be_told_is_exit_2(prove):
    status, said = prove(POD.rstrip() + SECRET)
    assert status == 2
    assert "UNKNOWN  static.configuration" in said.out
    assert "no Secret/door among the manifests" in said.out


def test_all_tells_what_holds_place_by_place(prove):
    status, said = prove(POD, "--all")
    assert status == 0
    assert "PASS     static.images-fixed" in said.out
    assert "Pod/shop   spec.containers[0].image: shop:1" in said.out


UNREADABLE = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: x}, spec: {replicas: many}}"


def test_manifests_that_cannot_be_read_are_told_by_field(prove):
    status, said = prove(UNREADABLE)
    assert status == 1
    assert "spec.replicas" in said.out
    assert 'not looked into 1: Deployment/x cannot be read: spec.replicas is "many", wanted a whole number' in said.out


def test_beside_what_cannot_be_read_the_broken_is_told_and_the_rest_is_not_called_right(prove):
    status, said = prove(f"{LATEST}---\n{UNREADABLE}")
    assert status == 1
    assert "FAIL     static.images-fixed" in said.out
    assert "cannot be told  what holds of the others may not hold with Deployment/x" in said.out
    assert "1 holds" in said.out  # that names are unique


BAD = "metadata: {name: door}"
SERVICE = "apiVersion: v1\nkind: Service\nmetadata: {name: shop}\nspec: {selector: {app: shop}, ports: [{port: 80}]}"
SCALER = """\
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: grow}
spec: {scaleTargetRef: {apiVersion: argoproj.io/v1alpha1, kind: Rollout, name: shop}, minReplicas: 2, maxReplicas: 5}
"""
ROLLOUT = """\
apiVersion: argoproj.io/v1alpha1
kind: Rollout
metadata: {name: shop}
spec: {template: {metadata: {labels: {app: shop}}, spec: {containers: [{name: shop, image: "shop:1"}]}}}
"""


@pytest.mark.parametrize(
    ("lacking", "unread", "rule", "found"),
    [
        (
            POD.rstrip() + SECRET.replace("secretKeyRef", "configMapKeyRef"),
            f"apiVersion: v1\nkind: ConfigMap\n{BAD}\ndata: [code]",
            "static.configuration",
            "no ConfigMap/door among the manifests; ConfigMap/door is not read",
        ),
        (SERVICE, UNREADABLE, "static.service-backends", "selects no pod of the manifests; Deployment/x is not read"),
        (SERVICE, ROLLOUT, "static.service-backends", "selects no pod of the manifests; Rollout/shop is not read"),
        (SCALER, ROLLOUT, "static.autoscaler-target", "no Rollout/shop; there are none; Rollout/shop is not read"),
    ],
)
def test_what_leads_to_an_object_that_is_not_read_cannot_be_told(prove, lacking, unread, rule, found):
    status, said = prove(lacking)
    assert (status, f"FAIL     {rule}" in said.out) == (1, True)
    _, said = prove(f"{lacking}\n---\n{unread}")
    assert f"UNKNOWN  {rule}" in said.out
    assert f"found {found}" in " ".join(said.out.split())


def test_what_leads_nowhere_beside_another_object_that_is_not_read_is_broken(prove):
    other = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: window}\ndata: [code]"
    _, said = prove(f"{POD.rstrip()}{SECRET.replace('secretKeyRef', 'configMapKeyRef')}\n---\n{other}")
    assert "FAIL     static.configuration" in said.out


GATES = "apiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: r}\nspec: text"


@pytest.mark.parametrize(
    ("text", "expected", "words"),
    [
        (POD.replace("cpu: 1m", "cpu: [1]"), 1, "cannot be read: spec.containers[0].resources.requests.cpu is [1]"),
        (POD.replace("name: shop}", "name: [shop]}"), 1, "cannot be read: metadata.name is"),
        (POD.replace("metadata: {name: shop}", "metadata: {name: null}"), 1, "cannot be read: it has no 'name'"),
        ("apiVersion: example.org/v1\nkind: Widget\nmetadata: text", 2, "not looked into 1: Widget/(no name)"),
        (GATES, 2, "HTTPRoute/r cannot be read: a field of it is of another type"),
    ],
)
def test_a_field_of_another_type_keeps_its_object_from_being_looked_into(prove, text, expected, words):
    status, said = prove(text)
    assert (status, words in said.out) == (expected, True), said.out


def test_pairs_tells_who_may_talk_to_whom_after_the_proofs(prove):
    open_ = POD.replace("image: shop:1", "image: shop:1\n      ports: [{containerPort: 80}]")
    _, said = prove(open_, "--pairs")
    assert "not as intended" not in said.out
    assert said.out.index("cannot be judged") < said.out.index("a row calls a column")
    assert "There is no NetworkPolicy." in said.out
    _, said = prove(open_)
    assert "a row calls a column" not in said.out


JOB = POD.replace("kind: Pod\nmetadata: {name: shop}", "kind: Pod\nmetadata: {generateName: shop-}")
ITEMS = "apiVersion: v1\nkind: PodList\nitems:\n- " + POD.split("\n", 2)[2].replace("\n", "\n  ")
NAMELESS = "apiVersion: v1\nkind: ConfigMap\nmetadata: {labels: {a: b}}"


@pytest.mark.parametrize(("text", "subject"), [(f"{JOB}---\n{JOB}", "Pod/shop-"), (ITEMS, "Pod/shop")])
def test_objects_of_a_list_of_one_kind_and_those_that_are_named_later_are_read(prove, text, subject):
    status, said = prove(text, "--all")
    assert status == 0, said.out
    assert f"{subject}   spec.containers[0].image: shop:1" in said.out


def test_an_object_without_a_name_is_refused(prove):
    status, said = prove(NAMELESS)
    assert status == 1
    assert "ConfigMap/(no name)   metadata.name" in said.out


def test_what_is_in_a_list_and_no_object_is_told_with_its_file(prove):
    status, said = prove("kind: List\nitems: [text]")
    assert status == 3
    assert said.err.endswith("manifests.yaml: holds a document that is no Kubernetes object: it has no kind\n")


def test_a_token_that_the_account_asks_for_is_told_so(prove):
    account = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: shop}\nautomountServiceAccountToken: true"
    pod = POD.replace("automountServiceAccountToken: false", "serviceAccountName: shop")
    status, said = prove(f"{account}\n---\n{pod}")
    assert status == 1
    assert "found   true, as shop says" in said.out


@pytest.mark.parametrize(
    ("text", "arguments", "words"),
    [
        ("a: [", (), "is not YAML"),
        (FINE, ("--profile", "none.toml"), "none.toml: cannot be read"),
        (FINE, ("--sarif", "none/there.sarif"), "cannot be written"),
    ],
)
def test_what_cannot_start_is_one_sentence_and_exit_3(prove, text, arguments, words):
    status, said = prove(text, *arguments)
    assert status == 3
    assert words in said.err


def test_sarif_names_the_line_in_the_source(prove, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status, _ = prove(LATEST, "--sarif", str(tmp_path / "out.sarif"))
    assert status == 1
    [run] = json.loads((tmp_path / "out.sarif").read_text())["runs"]
    [result] = [one for one in run["results"] if one["ruleId"] == "static.images-fixed"]
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "manifests.yaml"
    assert place["region"]["startLine"] == 8


def test_a_field_of_an_object_that_looks_like_a_promise_is_in_the_manifests(prove, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "kubeproof.toml").write_text('system = "market"\nnamespace = "default"\n')
    role = "apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: all}\n"
    prove(f"{role}rules:\n  - apiGroups: ['']\n    resources: [pods]\n    verbs: ['*']\n", "--sarif", "out.sarif")
    [run] = json.loads((tmp_path / "out.sarif").read_text())["runs"]
    [result] = run["results"]
    place = result["locations"][0]["physicalLocation"]
    assert (place["artifactLocation"]["uri"], place["region"]["startLine"]) == ("manifests.yaml", 7)


def test_sarif_names_the_line_of_a_promise_in_the_profile(prove, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    allowed = '[[allowed]]\nsource = "shop"\ntarget = "shop"\n'
    gone = '[[allowed]]\nsource = "shop"\ntarget = "gone"\n'
    (tmp_path / "kubeproof.toml").write_text(f'system = "market"\nnamespace = "default"\n{allowed}{gone}')
    status, _ = prove(POD, "--sarif", "out.sarif")
    assert status == 1
    [run] = json.loads((tmp_path / "out.sarif").read_text())["runs"]
    [result] = [one for one in run["results"] if one["ruleId"] == "static.intent-names"]
    place = result["locations"][0]["physicalLocation"]
    assert (place["artifactLocation"]["uri"], place["region"]["startLine"]) == ("kubeproof.toml", 6)


def test_the_profile_beside_the_manifests_or_that_has_them_for_an_overlay_is_theirs(prove, tmp_path, capsys):
    (tmp_path / "kubeproof.toml").write_text('system = "market"\nnamespace = "market"\nprovided = ["Secret/door"]\n')
    status, _ = prove(POD.rstrip() + SECRET)
    assert status == 0
    inner = tmp_path / "over"
    inner.mkdir()
    (inner / "x.yaml").write_text(POD.rstrip() + SECRET)
    assert main(["prove", "--manifests", str(inner)]) == 2
    with (tmp_path / "kubeproof.toml").open("a") as profile:
        profile.write('[overlays]\nhere = "over"\n')
    assert main(["prove", "--manifests", str(inner)]) == 0
    capsys.readouterr()
    assert main(["prove", "--profile", str(tmp_path / "kubeproof.toml")]) == 0
    assert "over   profile:" in capsys.readouterr().out


MARKET = 'system = "market"\nnamespace = "default"\n'


@pytest.fixture
def prove_in(tmp_path, monkeypatch, capsys):
    """Prove in a folder that holds these files, and nothing else; the status and what was printed."""

    def run(files, *arguments):
        monkeypatch.chdir(tmp_path)
        for name, text in files.items():
            (tmp_path / name).write_text(text)
        return main(["prove", *arguments]), capsys.readouterr()

    return run


def test_a_profile_without_overlays_is_about_the_manifests_beside_it(prove_in):
    status, said = prove_in({"p.toml": MARKET, "shop.yaml": POD}, "--profile", "p.toml")
    assert status == 0, said.out
    assert said.out.startswith("kubeproof prove   .   profile: p.toml\n")


def test_a_profile_without_overlays_and_without_manifests_beside_it_is_about_nothing(prove_in):
    status, said = prove_in({"p.toml": MARKET}, "--profile", "p.toml")
    sentence = "p.toml names no overlays, and there are no manifests beside it: name them with --manifests\n"
    assert (status, said.out, said.err) == (3, "", sentence)


def test_in_an_empty_folder_nothing_is_proved_and_one_sentence_says_what_to_name(prove_in):
    status, said = prove_in({})
    sentence = "there is no kubeproof.toml here, no kustomization and no YAML: name manifests with --manifests\n"
    assert (status, said.out, said.err) == (3, "", sentence)


@pytest.mark.parametrize(
    ("files", "profile"),
    [
        ({"shop.yaml": LATEST}, "none"),
        ({"kustomization.yaml": "resources: [shop.yaml]\n", "shop.yaml": LATEST}, "none"),
        ({"kubeproof.toml": MARKET, "shop.yaml": LATEST}, "kubeproof.toml"),
    ],
    ids=["YAML", "a kustomization", "a profile and YAML"],
)
def test_without_arguments_what_stands_in_the_folder_is_proved_and_never_ours(prove_in, files, profile):
    status, said = prove_in(files)
    assert status == 1
    assert said.out.count("kubeproof prove   ") == 1
    assert said.out.startswith(f"kubeproof prove   .   profile: {profile}\n")
    assert "Pod/shop   spec.containers[0].image" in said.out
    assert "microservice" not in said.out


def test_every_overlay_of_ours_is_proved_and_the_pair_that_only_one_side_opens_is_explained(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    status = main(["prove"])
    said = capsys.readouterr().out
    assert status == 0, said
    pair = (
        "one side only   1: microservice-2 -> postgres TCP 5432: blocked: microservice-2 has no egress rule to postgres"
    )
    assert said.count(pair) == 4
