"""The cluster's certificates and kubeconfigs, made fresh at every start.

`write_pki` writes into one folder, readable by root alone. Two authorities: one for the cluster, one for the
front proxy (aggregated APIs). Keys are P-256, because they are made in milliseconds; the service account key is
RSA, the default of what verifies tokens.
"""

import base64
import datetime
import ipaddress
from dataclasses import dataclass
from pathlib import Path

import yaml
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from kubeproof.embedded.plan import API_SERVER, API_SERVICE, NODE, NODE_ADDRESS

LIFETIME = datetime.timedelta(days=365)
SKEW = datetime.timedelta(hours=1)


@dataclass(frozen=True)
class Pair:
    """A private key and its certificate."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def key_pem(self) -> bytes:
        return _private_pem(self.key)

    @property
    def certificate_pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)


def write_pki(folder: Path, kubeconfig: Path, *, port: int, context: str) -> None:
    """Write all keys, certificates and component kubeconfigs into `folder`, and the user's `kubeconfig`.

    The user's kubeconfig names the server by 127.0.0.1:`port` and its cluster, user and context `context`.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    authority = _authority("kubernetes-ca")
    front_proxy = _authority("front-proxy-ca")
    _write(folder / "ca.crt", authority.certificate_pem)
    _write(folder / "ca.key", authority.key_pem)
    _write(folder / "front-proxy-ca.crt", front_proxy.certificate_pem)
    leaves = {
        "apiserver": issue(authority, "kube-apiserver", names=_api_server_names()),
        "kubelet-client": issue(authority, "kube-apiserver-kubelet-client"),
        "front-proxy-client": issue(front_proxy, "front-proxy-client"),
        "kubelet": issue(authority, f"system:node:{NODE}", "system:nodes", names=(NODE, NODE_ADDRESS)),
        "admin": issue(authority, "kubernetes-admin", "system:masters"),
    }
    for name, pair in leaves.items():
        _write(folder / f"{name}.key", pair.key_pem)
        _write(folder / f"{name}.crt", pair.certificate_pem)
    _write_service_account_key(folder)
    for name, user, group in (
        ("controller-manager", "system:kube-controller-manager", None),
        ("scheduler", "system:kube-scheduler", None),
        ("kubelet", f"system:node:{NODE}", "system:nodes"),
        ("kube-proxy", "system:kube-proxy", None),
        ("kube-router", "kube-router", None),
    ):
        client = issue(authority, user, group)
        _write(folder / f"{name}.conf", kubeconfig_for(authority, client, API_SERVER, "kubeproof"))
    _write(folder / "admin.conf", kubeconfig_for(authority, leaves["admin"], API_SERVER, context))
    outside = kubeconfig_for(authority, leaves["admin"], f"https://127.0.0.1:{port}", context)
    _write(kubeconfig, outside)


def issue(authority: Pair, user: str, group: str | None = None, *, names: tuple[str, ...] = ()) -> Pair:
    """A client certificate for `user` in `group`; with `names` (DNS names, addresses) a serving one as well."""
    key = ec.generate_private_key(ec.SECP256R1())
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, user)]
    if group:
        attributes.insert(0, x509.NameAttribute(NameOID.ORGANIZATION_NAME, group))
    usages = [ExtendedKeyUsageOID.CLIENT_AUTH]
    if names:
        usages.append(ExtendedKeyUsageOID.SERVER_AUTH)
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key())
    builder = (
        _dated(x509.Name(attributes), authority.certificate.subject, key)
        .add_extension(x509.ExtendedKeyUsage(usages), critical=False)
        .add_extension(identifier, critical=False)
    )
    if names:
        alternatives = x509.SubjectAlternativeName([_alternative(name) for name in names])
        builder = builder.add_extension(alternatives, critical=False)
    return Pair(key, builder.sign(authority.key, hashes.SHA256()))


def kubeconfig_for(authority: Pair, client: Pair, server: str, context: str) -> bytes:
    """A kubeconfig with everything inside it; cluster, user and context are all named `context`."""

    def inline(pem: bytes) -> str:
        return base64.b64encode(pem).decode()

    cluster = {"server": server, "certificate-authority-data": inline(authority.certificate_pem)}
    user = {
        "client-certificate-data": inline(client.certificate_pem),
        "client-key-data": inline(client.key_pem),
    }
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": context, "cluster": cluster}],
        "users": [{"name": context, "user": user}],
        "contexts": [{"name": context, "context": {"cluster": context, "user": context}}],
        "current-context": context,
    }
    return yaml.safe_dump(config, sort_keys=False).encode()


def _api_server_names() -> tuple[str, ...]:
    service = ("kubernetes", "kubernetes.default", "kubernetes.default.svc")
    return (
        "localhost",
        "127.0.0.1",
        NODE_ADDRESS,
        API_SERVICE,
        *service,
        "kubernetes.default.svc.cluster.local",
    )


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _dated(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - SKEW)
        .not_valid_after(now + LIFETIME)
    )


def _authority(common_name: str) -> Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    certificate = (
        _dated(name, name, key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return Pair(key, certificate)


def _write_service_account_key(folder: Path) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    _write(folder / "sa.key", _private_pem(key))
    _write(folder / "sa.pub", public)


def _private_pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _write(path: Path, content: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(content)
