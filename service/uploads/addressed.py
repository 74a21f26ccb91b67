"""The body of a call that names a photograph by its address instead of sending it."""

from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, ValidationError

from photochrom.errors import InvalidOption, RequestTooLarge

_BYTES = 64 * 1024
ADDRESSED: dict[str, Any] = {
    "type": "object",
    "title": "AddressedPhoto",
    "description": "A photograph by its address: the service fetches it before it answers.",
    "required": ["url"],
    "additionalProperties": False,
    "properties": {
        "url": {"type": "string", "pattern": "^https?://", "maxLength": 2048, "description": "Its address."},
        "name": {
            "type": "string",
            "description": "Its file name; by default as the other side calls it, or the end of its address.",
        },
        "reference": {"type": "string", "description": "Id of a job whose result lends its palette."},
        "split": {
            "type": "string",
            "enum": ["off", "auto"],
            "description": "Of items of batches: whether its photographs are cut out.",
        },
        "options": {"$ref": "#/components/schemas/ColorizeOptions"},
    },
}
"""Its schema."""


class AddressedPhoto(BaseModel):
    """A photograph by its address; the options are checked with those of the query."""

    model_config = ConfigDict(extra="forbid")

    url: str
    name: str = ""
    reference: str = ""
    split: str = ""
    options: dict[str, Any] = {}


async def addressed(request: Request) -> AddressedPhoto:
    """Read the body.

    Raises:
        RequestValidationError: it is something else.
        RequestTooLarge: it is longer than an address and options need.
        InvalidOption: what stands beside the options is among them.
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _BYTES:
            raise RequestTooLarge(f"A body that names an address takes no more than {_BYTES >> 10} KiB.")
    try:
        given = AddressedPhoto.model_validate_json(bytes(body))
    except ValidationError as error:
        raise RequestValidationError(
            [{**item, "loc": ("body", *item["loc"])} for item in error.errors()]
        ) from None
    if misplaced := given.options.keys() & AddressedPhoto.model_fields.keys():
        raise InvalidOption(f"{min(misplaced)} is not an option; give it next to 'options', not in it.")
    return given
