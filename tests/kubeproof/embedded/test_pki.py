"""The certificates do what TLS asks of them, and the kubeconfigs name what users type."""

import ssl
import stat
from pathlib import Path

import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from kubeproof.embedded.pki import write_pki


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pki")
    write_pki(folder / "pki", folder / "kubeconfig", port=12345, context="kubeproof-dev")
    return folder


def _certificate(made: Path, name: str) -> x509.Certificate:
    return x509.load_pem_x509_certificate((made / "pki" / f"{name}.crt").read_bytes())


@pytest.mark.parametrize(
    ("name", "authority"),
    [
        ("apiserver", "ca"),
        ("kubelet", "ca"),
        ("admin", "ca"),
        ("kubelet-client", "ca"),
        ("front-proxy-client", "front-proxy-ca"),
    ],
)
def test_each_is_signed_by_its_authority_and_no_other(made: Path, name: str, authority: str) -> None:
    leaf = _certificate(made, name)
    leaf.verify_directly_issued_by(_certificate(made, authority))
    other = "ca" if authority != "ca" else "front-proxy-ca"
    with pytest.raises(ValueError, match="Issuer"):
        leaf.verify_directly_issued_by(_certificate(made, other))


def test_the_api_server_answers_to_every_name_it_is_called_by(made: Path) -> None:
    names = _certificate(made, "apiserver").extensions.get_extension_for_class(x509.SubjectAlternativeName)
    assert "kubernetes.default.svc" in names.value.get_values_for_type(x509.DNSName)
    addresses = {str(address) for address in names.value.get_values_for_type(x509.IPAddress)}
    assert addresses == {"127.0.0.1", "198.18.0.1", "198.19.0.1"}


def test_the_kubelet_is_the_node(made: Path) -> None:
    subject = _certificate(made, "kubelet").subject.rfc4514_string()
    assert "system:node:node0" in subject
    assert "system:nodes" in subject


def test_key_and_certificate_belong_together(made: Path) -> None:
    for name in ("apiserver", "kubelet", "admin"):
        ssl.create_default_context().load_cert_chain(made / "pki" / f"{name}.crt", made / "pki" / f"{name}.key")


def test_the_kubeconfig_names_context_and_door(made: Path) -> None:
    config = yaml.safe_load((made / "kubeconfig").read_text())
    assert config["current-context"] == "kubeproof-dev"
    assert [context["name"] for context in config["contexts"]] == ["kubeproof-dev"]
    assert config["clusters"][0]["cluster"]["server"] == "https://127.0.0.1:12345"


def test_daemons_go_to_the_server_itself(made: Path) -> None:
    for name in ("kubelet", "kube-proxy", "scheduler", "controller-manager", "kube-router"):
        config = yaml.safe_load((made / "pki" / f"{name}.conf").read_text())
        assert config["clusters"][0]["cluster"]["server"] == "https://127.0.0.1:6443"


def test_nobody_but_the_owner_reads_a_key(made: Path) -> None:
    for path in [*(made / "pki").iterdir(), made / "kubeconfig"]:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path.name


def test_keys_are_new_each_time(made: Path, tmp_path: Path) -> None:
    write_pki(tmp_path / "pki", tmp_path / "kubeconfig", port=1, context="x")
    assert (tmp_path / "pki/ca.key").read_bytes() != (made / "pki/ca.key").read_bytes()
    key = _certificate(made, "apiserver").public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
