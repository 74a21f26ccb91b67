"""A certificate authority and a signer's certificate, as an operator would have them."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


@dataclass(frozen=True)
class Papers:
    """Files in PEM: the chain and the key of a signer, and the authority alone."""

    chain: Path
    key: Path
    authority: Path

    @property
    def settings(self) -> dict[str, str]:
        return {
            "PHOTOCHROM_SIGN_CERTIFICATE": str(self.chain),
            "PHOTOCHROM_SIGN_KEY": str(self.key),
        }


def make_papers(folder: Path, name: str = "City Archive") -> Papers:
    """Make an authority, and have it certify a signer, with what C2PA asks of a certificate."""
    root_key, key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root = _begun("Test Authority", "Test Authority", root_key)
    root = root.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    root = root.add_extension(_usage(signs_certificates=True), critical=True)
    authority = root.sign(root_key, hashes.SHA256())
    leaf = _begun(name, "Test Authority", key)
    leaf = leaf.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    leaf = leaf.add_extension(_usage(signs_certificates=False), critical=True)
    leaf = leaf.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), critical=False)
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(root_key.public_key())
    certificate = leaf.add_extension(issuer, critical=False).sign(root_key, hashes.SHA256())
    papers = Papers(folder / "chain.pem", folder / "key.pem", folder / "authority.pem")
    pem = serialization.Encoding.PEM
    papers.chain.write_bytes(certificate.public_bytes(pem) + authority.public_bytes(pem))
    papers.authority.write_bytes(authority.public_bytes(pem))
    plain = serialization.NoEncryption()
    papers.key.write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    return papers


def _begun(subject: str, issuer: str, key: Any) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(_name(subject)).issuer_name(_name(issuer))
    builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=90))
    return builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)


def _name(name: str) -> x509.Name:
    parts = ((NameOID.COUNTRY_NAME, "DE"), (NameOID.ORGANIZATION_NAME, name), (NameOID.COMMON_NAME, name))
    return x509.Name([x509.NameAttribute(*part) for part in parts])


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    off = dict.fromkeys(
        ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement"), False
    )
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
        **off,
    )
