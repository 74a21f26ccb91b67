"""Manifests of the Presentation API 3: one canvas a result, with a choice of colour and grey."""

import json
from collections.abc import Iterator
from typing import Any

from photochrom.batches.record import BatchRecord
from photochrom.jobs.parts import Result
from photochrom.jobs.record import JobRecord
from photochrom.photo.tiles import Tiling

from ..jobs.files import Pictured
from .image import service

CONTEXT = "http://iiif.io/api/presentation/3/context.json"
_LABELS = {Pictured.RESULT: "In colour", Pictured.ORIGINAL: "As scanned"}
_PREDICTED = (
    "The colours were predicted by a machine ({model}). They are neither the scene's nor the photograph's."
)


def manifest_of_job(record: JobRecord, result: Result, origin: str) -> dict[str, Any]:
    """Return the manifest of one job; `origin` is what stands before our paths."""
    at = f"{origin}/v1/jobs/{record.id}/iiif"
    head = _head(f"{at}/manifest.json", record.original.name)
    return {**head, "items": [_canvas(record, result, origin)]}


def manifest_of_batch(batch: BatchRecord, results: Iterator[JobRecord], origin: str) -> Iterator[str]:
    """Yield the manifest of a batch in parts: it may have thousands of canvases."""
    head = _head(f"{origin}/v1/batches/{batch.id}/iiif/manifest.json", batch.name or f"Batch {batch.id}")
    yield json.dumps(head, ensure_ascii=False)[:-1] + ', "items": ['
    between = ""
    for record in results:
        if record.result is not None:
            yield between + json.dumps(_canvas(record, record.result, origin), ensure_ascii=False)
            between = ", "
    yield "]}"


def _head(address: str, name: str) -> dict[str, Any]:
    return {"@context": CONTEXT, "id": address, "type": "Manifest", "label": {"none": [name]}}


def _canvas(record: JobRecord, result: Result, origin: str) -> dict[str, Any]:
    at = f"{origin}/v1/jobs/{record.id}"
    width, height = result.upright_size
    canvas = f"{at}/iiif/canvas"
    there = bool(record.original.key or result.original_tiles_key)
    pictures = [_picture(at, which, result) for which in Pictured if which is Pictured.RESULT or there]
    body = pictures[0] if len(pictures) == 1 else {"type": "Choice", "items": pictures}
    painting = {"id": f"{canvas}/painting", "type": "Annotation", "motivation": "painting", "body": body}
    preview = {"id": f"{at}/preview", "type": "Image", "format": "image/jpeg"}
    return {
        "id": canvas,
        "type": "Canvas",
        "label": {"none": [record.item or record.original.name]},
        "width": width,
        "height": height,
        **({"thumbnail": [preview]} if result.preview_key else {}),
        **({"requiredStatement": _statement(record)} if record.model else {}),
        "rendering": [_file(f"{at}/result", result.media_type, result.name)],
        "items": [
            {"id": f"{canvas}/page", "type": "AnnotationPage", "items": [{**painting, "target": canvas}]}
        ],
    }


def _picture(at: str, which: Pictured, result: Result) -> dict[str, Any]:
    address = f"{at}/iiif/{which}"
    width, height = Tiling(*result.upright_size).whole
    return {
        "id": f"{address}/full/max/0/default.jpg",
        "type": "Image",
        "format": "image/jpeg",
        "label": {"en": [_LABELS[which]]},
        "width": width,
        "height": height,
        "service": [service(address)],
    }


def _file(address: str, media_type: str, name: str) -> dict[str, Any]:
    return {"id": address, "type": "Image", "format": media_type, "label": {"none": [name]}}


def _statement(record: JobRecord) -> dict[str, Any]:
    assert record.model is not None
    said = _PREDICTED.format(model=f"{record.model.name} {record.model.version}")
    return {"label": {"en": ["Colours"]}, "value": {"en": [said]}}
