"""What the content credentials (C2PA) of a file come to, by the library's own reader."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from photochrom.errors import PhotochromError
from photochrom.photo.sniff import HEAD_BYTES, sniff

_OFFLINE = {"verify_trust": True, "ocsp_fetch": False, "remote_manifest_fetch": False}
_UNTRUSTED = "signingCredential.untrusted"


class DamagedCredentials(PhotochromError):
    """The file has content credentials that cannot be read."""

    code = "damaged-credentials"


@dataclass(frozen=True)
class Credentials:
    """A signature and whether it holds."""

    signer: str
    holds: bool
    trusted: bool
    failures: tuple[str, ...]
    actions: tuple[str, ...]
    parents: int


def credentials_of(path: Path, trust: Path | None) -> Credentials | None:
    """Return what a file is signed with; None where it is not signed.

    Args:
        path: the file.
        trust: certificates (PEM) of authorities that are believed.

    Raises:
        ImportError: the library is not installed.
        DamagedCredentials: there are some, and they cannot be read.
        PhotochromError: the file is no photograph.
    """
    import c2pa

    with path.open("rb") as file:
        kind = sniff(file.read(HEAD_BYTES)).media_type
        file.seek(0)
        settings: dict[str, Any] = {"verify": _OFFLINE}
        if trust:
            settings["trust"] = {"user_anchors": trust.read_text()}
        context = c2pa.Context(c2pa.Settings.from_dict(settings))
        if kind not in c2pa.Reader.get_supported_mime_types():
            return None
        try:
            reader = c2pa.Reader.try_create(kind, file, context=context)
            return None if reader is None else _read(reader.get_validation_state(), json.loads(reader.json()))
        except (c2pa.C2paError, KeyError, TypeError) as error:
            raise DamagedCredentials(f"Its content credentials are damaged: {str(error)[:200]}") from error


def _read(state: str, told: dict[str, Any]) -> Credentials:
    active = told["manifests"][told["active_manifest"]]
    failures = [entry["code"] for entry in told.get("validation_status", []) if entry["code"] != _UNTRUSTED]
    actions = (
        a["data"]["actions"] for a in active.get("assertions", []) if a["label"].startswith("c2pa.actions")
    )
    signer = active.get("signature_info", {})
    return Credentials(
        signer=signer.get("common_name") or signer.get("issuer") or "an unnamed signer",
        holds=state in ("Valid", "Trusted"),
        trusted=state == "Trusted",
        failures=tuple(failures),
        actions=tuple(action["action"] for found in actions for action in found),
        parents=len(active.get("ingredients", [])),
    )
