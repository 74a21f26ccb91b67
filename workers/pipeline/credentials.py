"""Content credentials (C2PA 2): a signed statement in the file of what was done, with the original as its parent.

The library `c2pa-python` reads strangers' bytes, so it runs where photographs are opened. The private key is elsewhere:
the library hands over what is to be signed, and gets a signature back.
"""

import hashlib
import io
import json
from collections.abc import Callable
from dataclasses import dataclass, replace

from photochrom import __version__
from photochrom.errors import PhotochromError
from photochrom.photo.cards.model import ModelCard
from photochrom.photo.options import Color, ColorizeOptions
from photochrom.photo.sniff import HEAD_BYTES, PhotoFormat, sniff

from .colorizer import ColorizedPhoto
from .metadata.provenance import SYSTEM, Step, provenance_of, restored, with_film, with_steps_before
from .metadata.xmp import SOURCE_TYPE

_SIGNED = (
    PhotoFormat.JPEG,
    PhotoFormat.PNG,
    PhotoFormat.TIFF,
    PhotoFormat.WEBP,
    PhotoFormat.AVIF,
    PhotoFormat.HEIC,
    PhotoFormat.JXL,
)
_PARENTS = (*_SIGNED, PhotoFormat.GIF)
# No thumbnails: they would be made by a second decoder of the same bytes. No look into the network.
_SETTINGS = {
    "builder": {"thumbnail": {"enabled": False}},
    "verify": {
        "verify_after_sign": False,
        "verify_trust": False,
        "ocsp_fetch": False,
        "remote_manifest_fetch": False,
    },
}
_NO_ROOM = (
    "The result is not signed: its format, or that of its original, has no place for content credentials."
)
_ACTIONS = {
    **dict.fromkeys(("colorized", "uncolored", "inverted", "levelled", "relit"), "c2pa.color_adjustments"),
    "turned": "c2pa.orientation",
}


class SigningFailed(PhotochromError):
    """The result is there, and cannot be signed."""

    code = "signing-failed"


@dataclass(frozen=True)
class Signatory:
    """Who signs: a certificate chain in PEM, its algorithm as C2PA names it, and a way to have bytes signed."""

    certificate: str
    algorithm: str
    sign: Callable[[bytes], bytes]


def signed(
    result: bytes,
    kind: PhotoFormat,
    original: bytes,
    original_kind: PhotoFormat,
    steps: tuple[Step, ...],
    by: Signatory,
) -> bytes | None:
    """Return the file with a signed manifest; no other byte of its picture changes. None where the format has no room.

    Raises:
        SigningFailed: the library refuses, or nobody signs.
    """
    if kind not in _SIGNED or original_kind not in _PARENTS:
        return None
    import c2pa

    try:
        context = c2pa.Context(c2pa.Settings.from_dict(_SETTINGS))
        builder = c2pa.Builder.from_json(json.dumps(_manifest(steps)), context)
        builder.set_intent(c2pa.C2paBuilderIntent.EDIT)
        parent = json.dumps({"title": "original", "relationship": "parentOf"})
        builder.add_ingredient_from_stream(parent, original_kind.media_type, io.BytesIO(original))
        algorithm = c2pa.C2paSigningAlg[by.algorithm]
        signer = c2pa.Signer.from_callback(by.sign, algorithm, by.certificate, None)
        file = io.BytesIO()
        builder.sign(signer, kind.media_type, io.BytesIO(result), file)
    except c2pa.C2paError as error:
        raise SigningFailed(f"The result cannot be signed: {str(error)[:300]}") from error
    return file.getvalue()


def with_credentials(
    photo: ColorizedPhoto, original: bytes, card: ModelCard, options: ColorizeOptions, by: Signatory
) -> ColorizedPhoto:
    """Return the result signed, or with a sentence where its format or its original's has no room for that."""
    kind = PhotoFormat(photo.media_type.removeprefix("image/"))
    data = signed(
        photo.data, kind, original, sniff(original[:HEAD_BYTES]), _steps(photo, original, card, options), by
    )
    if data is None:
        return replace(photo, warnings=(*photo.warnings, _NO_ROOM))
    return replace(photo, data=data)


def _steps(
    photo: ColorizedPhoto, original: bytes, card: ModelCard, options: ColorizeOptions
) -> tuple[Step, ...]:
    """Return all that was done, in the words and order of the result's history in its XMP."""
    if options.uncolor:
        uncolored = Step("uncolored", {"from_sha256": hashlib.sha256(original).hexdigest()})
        return (uncolored, *restored(photo.restoration))
    told = provenance_of(original, card if options.color is Color.ON else None, options)
    return with_film(with_steps_before(told, *restored(photo.restoration)), photo.film).steps


def _manifest(steps: tuple[Step, ...]) -> dict[str, object]:
    actions = [_action(step) for step in steps]
    return {
        "claim_generator_info": [{"name": SYSTEM, "version": __version__}],
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": actions}}],
    }


def _action(step: Step) -> dict[str, object]:
    action: dict[str, object] = {
        "action": _ACTIONS.get(step.action, "c2pa.edited"),
        "description": step.action,
        "softwareAgent": {"name": SYSTEM, "version": __version__},
        "parameters": {f"photochrom.{name}": value for name, value in step.parameters.items()},
    }
    return action | ({"digitalSourceType": SOURCE_TYPE} if step.action == "colorized" else {})
