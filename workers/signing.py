"""The operator's key, with which results are signed: it stays in the worker, which opens no photograph."""

from pathlib import Path
from typing import Any

from photochrom.errors import PhotochromError

_CURVES = {"secp256r1": "ES256", "secp384r1": "ES384", "secp521r1": "ES512"}
_HASHES = {"256": "SHA256", "384": "SHA384", "512": "SHA512"}
_MISSING = "PHOTOCHROM_SIGN_CERTIFICATE is set, and what signs is not installed: pip install 'photochrom[provenance]'."


class CannotSign(PhotochromError):
    """The certificate and the key that are set cannot sign."""

    code = "cannot-sign"


class SigningKey:
    """A private key and its certificate chain, from files in PEM."""

    def __init__(self, certificate: Path, key: Path | None) -> None:
        """Read both.

        Raises:
            CannotSign: one is missing, damaged, or they do not belong together.
        """
        try:
            import c2pa  # noqa: F401
            from cryptography import x509
            from cryptography.hazmat.primitives import serialization
        except ImportError:
            raise CannotSign(_MISSING) from None
        if key is None:
            raise CannotSign(
                "PHOTOCHROM_SIGN_CERTIFICATE needs PHOTOCHROM_SIGN_KEY, the file of its private key."
            )
        try:
            self.chain = certificate.read_text()
            first = x509.load_pem_x509_certificates(self.chain.encode())[0]
            self._key: Any = serialization.load_pem_private_key(key.read_bytes(), None)
        except (OSError, ValueError, TypeError) as error:
            raise CannotSign(f"The certificate or the key that signs cannot be read: {error}") from error
        if first.public_key() != self._key.public_key():
            raise CannotSign(
                "The first certificate of PHOTOCHROM_SIGN_CERTIFICATE is not that of PHOTOCHROM_SIGN_KEY."
            )
        self.algorithm = self._algorithm()

    def sign(self, data: bytes) -> bytes:
        """Return a signature as COSE (RFC 9053) wants it, for an elliptic curve in DER."""
        from cryptography.hazmat.primitives import hashes
        from cryptography.hazmat.primitives.asymmetric import ec, padding

        if self.algorithm == "ED25519":
            return bytes(self._key.sign(data))
        digest = getattr(hashes, _HASHES[self.algorithm[2:]])()
        if self.algorithm.startswith("ES"):
            return bytes(self._key.sign(data, ec.ECDSA(digest)))
        salted = padding.PSS(padding.MGF1(digest), digest.digest_size)
        return bytes(self._key.sign(data, salted, digest))

    def _algorithm(self) -> str:
        from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

        if isinstance(self._key, ec.EllipticCurvePrivateKey) and self._key.curve.name in _CURVES:
            return _CURVES[self._key.curve.name]
        if isinstance(self._key, ed25519.Ed25519PrivateKey):
            return "ED25519"
        if isinstance(self._key, rsa.RSAPrivateKey):
            return "PS256"
        raise CannotSign(
            "The key that signs is of a kind that C2PA does not know; take one on the curve P-256."
        )
