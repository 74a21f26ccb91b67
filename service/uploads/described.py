"""The description of an upload in the OpenAPI document."""

from collections.abc import Callable, ItemsView
from typing import Any

from photochrom import errors
from photochrom.photo.options import ColorizeOptions

from ..edge.problems import INVALID_REQUEST, Kind
from .addressed import ADDRESSED
from .form import MASK_FIELD, PHOTO_FIELD, REFERENCE_FIELD, SPLIT_FIELD
from .split import OF_ONE

REFUSALS: tuple[Kind, ...] = (
    INVALID_REQUEST,
    errors.RequestTooSlow,
    errors.RequestTooLarge,
    errors.PhotoTooLarge,
    errors.UnsupportedFormat,
    errors.UnreadablePhoto,
    errors.PhotoRejected,
    errors.ReferenceRejected,
    errors.MaskRejected,
    errors.CapabilityMissing,
    errors.UrlRejected,
    errors.UrlUnreachable,
    errors.InvalidOption,
    errors.QueueFull,
    errors.TooManyUploads,
    errors.WorkersTooOld,
    errors.QuotaExceeded,
    errors.StorageUnavailable,
    errors.StorageFull,
    errors.StorageReadOnly,
)
"""The errors with which any upload of a photograph may be refused."""


_LISTS = {
    "hints": '[{"x":0.4,"y":0.3,"color":"#a04030"}]',
    "keep": '[{"x":0.4,"y":0.3,"width":0.1,"height":0.2}]',
}


class Described(dict[str, Any]):
    """What FastAPI adds to the OpenAPI document for a call; made when the document is, and not at every start."""

    def __init__(self, make: Callable[[], dict[str, Any]]) -> None:
        """Have `make` called when somebody looks."""
        super().__init__(parts="to be made")  # an empty one would be nothing to add
        self._make: Callable[[], dict[str, Any]] | None = make

    def items(self) -> ItemsView[str, Any]:  # type: ignore[override]
        """Return the parts of the description; FastAPI's first look."""
        if self._make is not None:
            self.clear()
            self.update(self._make())
            self._make = None
        return super().items()


def upload_body() -> dict[str, Any]:
    """Return the OpenAPI description of an upload: FastAPI cannot know what we read from the stream ourselves."""
    references = "#/components/schemas/{model}"
    options = ColorizeOptions.model_json_schema(ref_template=references)["properties"]
    # A form and a query carry lists as text.
    for name, example in _LISTS.items():
        options[name] = {
            "type": "string",
            "contentMediaType": "application/json",
            "description": options[name]["description"],
            "examples": [example],
        }
    file = {"type": "string", "format": "binary"}
    lender = {
        **file,
        "description": "A colour photograph that lends its palette, or the id of a job that does.",
    }
    mask = {
        **file,
        "description": "A grey image of the upright photograph's size: white is repaired, black is kept, grey "
        "is as found. With `repair=auto`.",
    }
    form = {PHOTO_FIELD: file, REFERENCE_FIELD: lender, MASK_FIELD: mask, **options}
    raw = {"schema": {"type": "string", "format": "binary"}}
    content = {
        "multipart/form-data": {"schema": {"type": "object", "required": [PHOTO_FIELD], "properties": form}},
        "application/json": {"schema": ADDRESSED},
        "image/*": raw,
        "application/octet-stream": raw,
    }
    texts = {
        "name": "File name of a raw body.",
        REFERENCE_FIELD: "Id of a job whose result lends its palette.",
    }
    names = [
        {"name": name, "in": "query", "schema": {"type": "string"}, "description": told}
        for name, told in texts.items()
    ]
    parameters = names + [
        {"name": key, "in": "query", "schema": schema, "description": schema.get("description", "")}
        for key, schema in options.items()
    ]
    return {"requestBody": {"required": True, "content": content}, "parameters": parameters}


def item_body() -> dict[str, Any]:
    """Return the description of an item of a batch: an upload that may be split."""
    told = "`auto` cuts the photographs on the scan into further items: those of `a.jpg` are `a/1.jpg` and so on."
    split = {"type": "string", "enum": ["off", "auto"], "default": "off", "description": told}
    described = upload_body()
    described["requestBody"]["content"]["multipart/form-data"]["schema"]["properties"][SPLIT_FIELD] = split
    described["parameters"].append({"name": SPLIT_FIELD, "in": "query", "schema": split, "description": told})
    return described


def page_body() -> dict[str, Any]:
    """Return the description of a scan to be split: an upload without what belongs to one photograph."""
    described = upload_body()
    form = described["requestBody"]["content"]["multipart/form-data"]["schema"]["properties"]
    for name in OF_ONE:
        form.pop(name)
    described["parameters"] = [known for known in described["parameters"] if known["name"] not in OF_ONE]
    return described
