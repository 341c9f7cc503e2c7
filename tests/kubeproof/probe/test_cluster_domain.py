"""The domain of a cluster's names is read where the kubelet writes it."""

import json

import pytest

from kubeproof.probe import attempts


@pytest.mark.parametrize(
    ("resolver", "domain"),
    [
        ("search run-1.svc.cluster.local svc.cluster.local cluster.local\nnameserver 10.96.0.10\n", "cluster.local"),
        ("nameserver 10.96.0.10\nsearch a.svc.shop.example. svc.shop.example. shop.example. lan\n", "shop.example"),
        ("search lan\nsearch a.svc.k8s svc.k8s k8s\noptions ndots:5\n", "k8s"),
        ("search lan\nnameserver 10.0.0.1\n", None),
        ("", None),
    ],
    ids=["the usual one", "another", "the last search line counts", "no pod of a cluster", "nothing"],
)
def test_the_domain_of_a_cluster_is_what_is_searched_after_svc(resolver, domain):
    assert attempts.cluster_domain(resolver) == domain


@pytest.mark.parametrize(
    ("resolver", "said"),
    [
        ("search svc.invalid invalid", {"asked": "shop.run-1.svc.invalid", "addresses": []}),
        ("", {"asked": "shop.run-1.svc.{domain}", "addresses": []}),
    ],
    ids=["known", "unknown"],
)
def test_a_name_is_looked_up_in_the_domain_that_was_read(monkeypatch, tmp_path, capsys, resolver, said):
    monkeypatch.setattr(attempts, "RESOLVER", tmp_path / "resolv.conf")
    attempts.RESOLVER.write_text(resolver)
    attempts.resolve_all(["shop.run-1.svc.{domain}"])
    line = json.loads(capsys.readouterr().out)
    assert line.items() >= said.items()
    assert line["error"].startswith("not observed") is (not resolver)
