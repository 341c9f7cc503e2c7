"""What Secrets hold is taken out of texts in every form in which it is told; innocent texts are left as they are."""

import base64
import json
from copy import deepcopy
from urllib.parse import quote

import pytest

from kubeproof.manifests.reading import read_system
from kubeproof.manifests.secrets import HIDDEN, hiding, without_secrets
from kubeproof.profile.reading import parse_profile
from kubeproof.rules.catalogue import prove_all
from tests.kubeproof.rules.twins import DOCUMENTS, PROFILE

VALUE = 'c4nary "ü"/+x'
PLAIN = "c4nary-of-the-mine"


def encoded(text):
    return base64.b64encode(text.encode()).decode()


def secret(**fields):
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "keys"}, **fields}


HELD = secret(data={"a": encoded(VALUE), "b": encoded(PLAIN)}, stringData={"c": "written-in-clear"})


@pytest.mark.parametrize(
    "told",
    [
        VALUE,
        PLAIN,
        "written-in-clear",
        encoded(VALUE),
        encoded(PLAIN),
        encoded(f"user:{PLAIN}"),
        encoded(f"us:{PLAIN}"),
        encoded(f"use:{PLAIN}:more"),
        base64.urlsafe_b64encode(VALUE.encode()).decode(),
        json.dumps({"a": VALUE}),
        json.dumps({"a": VALUE}, ensure_ascii=False),
        f"postgres://user:{quote(VALUE, '')}@db",
        quote(VALUE),
    ],
)
def test_a_value_is_found_in_every_form_in_which_it_is_told(told):
    hidden = hiding([HELD])(f"FATAL: {told}.")
    assert HIDDEN in hidden
    for value in (VALUE, PLAIN, "written-in-clear"):
        for form in (value, json.dumps(value)[1:-1], quote(value, ""), encoded(value), encoded(value).rstrip("=")):
            assert form not in hidden
    assert hidden.startswith("FATAL: ")
    assert hidden.endswith(".")


def test_what_is_made_of_texts_is_gone_over_whole():
    hide = hiding([HELD])
    fields = {"body": {"items": [{"id": 7, "of": PLAIN}], PLAIN: None}, "seconds": 0.1, "saved": (PLAIN,)}
    assert hide(fields) == {
        "body": {"items": [{"id": 7, "of": HIDDEN}], HIDDEN: None},
        "seconds": 0.1,
        "saved": [HIDDEN],
    }


def test_the_lines_of_a_value_and_the_password_of_a_url_are_told_alone_too():
    key = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg\nkqhkiG9w0BAQ==\n-----END PRIVATE KEY-----\n"
    hide = hiding([secret(stringData={"tls.key": key, "url": "postgres://shop:pa55-of-it@db:5432/shop"})])
    assert hide("kqhkiG9w0BAQ==") == hide("pa55-of-it") == HIDDEN
    assert hide("-----BEGIN PRIVATE KEY-----") == "-----BEGIN PRIVATE KEY-----"


def test_what_is_short_or_part_of_a_name_is_left_in_innocent_texts():
    workload = {
        "kind": "Deployment",
        "metadata": {"name": "inventory-1", "labels": {"team": "logistics"}},
        "spec": {"template": {"spec": {"containers": [{"name": "web-server", "image": "registry/web-image:1"}]}}},
    }
    values = {"password": "short", "b": "inventory", "c": "logistics", "d": "web-server", "e": "password"}
    hide = hiding([workload, secret(stringData=values)])
    innocent = "inventory-1-5d4 of logistics: short password in web-server"
    assert hide(innocent) == innocent


def test_a_name_in_a_secret_is_no_name_of_the_manifests():
    assert hiding([secret(stringData={"username": "somebody-else"})])("somebody-else") == HIDDEN


def test_without_secrets_there_is_nothing_to_hide():
    assert hiding(DOCUMENTS[:1])("anything at all") == "anything at all"


def test_no_value_of_a_secret_is_left_in_the_manifests_not_even_as_kubectl_keeps_it():
    kept = {"annotations": {"kubectl.kubernetes.io/last-applied-configuration": json.dumps(HELD)}, "name": "keys"}
    config = {"kind": "ConfigMap", "metadata": {"name": "told"}, "data": {"DB_URL": f"postgres://shop:{PLAIN}@db"}}
    documents = [{"kind": "List", "items": [{**HELD, "metadata": kept}]}, config]
    left = json.dumps(hiding(documents)(without_secrets(documents)))
    for value in (VALUE, PLAIN, "written-in-clear"):
        assert value not in left
        assert encoded(value) not in left


SHAPES = {
    "of ours": {},
    "empty": {"data": {"password": ""}},
    "nothing": {"data": None, "stringData": {}},
    "no base64": {"data": {"password": "not base64!"}},
    "a number": {"data": {"password": 12345678}, "stringData": {"port": 5432}},
}


@pytest.mark.parametrize("fields", SHAPES.values(), ids=SHAPES)
def test_every_rule_says_the_same_of_manifests_without_their_secrets(fields):
    documents = deepcopy(DOCUMENTS)
    [ours] = [document for document in documents if document["kind"] == "Secret"]
    ours.update(fields)
    hidden = hiding(documents)(without_secrets(documents))
    assert said(hidden) == said(documents)


def said(documents):
    """What each rule finds and where; its words may show a value."""
    proofs = prove_all(read_system(documents), parse_profile(PROFILE, "kubeproof.toml"))
    return [
        (proof.rule.name, proof.verdict.outcome, [(found.subject, found.field) for found in proof.findings])
        for proof in proofs
    ]
