"""Colorize files without a queue: requests as JSON lines on stdin, events as JSON lines on stdout.

`photochrom colorize` starts this as a process of its own, so that a photograph that crashes a codec
takes down one child and not the whole run.

Request: `{"source": path, "target": path, "options": {...}, "reference": path or null}`. Events, each naming
its `source`: `stage` (with `stage`), then exactly one of `done` (with `target`, `width`, `height`, `warnings`,
`timings`) and `failed` (with `code`, `detail`). Before the first: `ready` with `model` and `provider`.
"""

import json
import signal
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from photochrom.errors import PhotochromError
from photochrom.files import replacing
from photochrom.photo.options import ColorizeOptions

from .network.predictor import OnnxPredictor
from .pipeline.colorizer import colorize
from .pipeline.palette import with_palette_of
from .settings import WorkerSettings


def serve(requests: TextIO, predictor: OnnxPredictor, settings: WorkerSettings) -> Iterator[dict[str, Any]]:
    """Answer every request line in order; a photograph at fault never ends the loop."""
    yield {
        "event": "ready",
        "model": f"{predictor.card.name} {predictor.card.version}",
        "provider": predictor.provider,
    }
    lent: dict[str | None, OnnxPredictor] = {None: predictor}
    for line in requests:
        request = json.loads(line)
        yield from _restore(request, lent, settings)


def _restore(
    request: dict[str, Any], lent: dict[str | None, OnnxPredictor], settings: WorkerSettings
) -> Iterator[dict[str, Any]]:
    """Answer one request; `lent` are the predictors by the reference whose palette they follow."""
    source, target = Path(request["source"]), Path(request["target"])
    reference: str | None = request.get("reference")
    try:
        if reference and reference not in lent:
            lent[reference] = with_palette_of(Path(reference), lent[None], settings.photo_limits())
        # Written from inside the pipeline: a generator could not report while a stage is under way.
        photo = colorize(
            source,
            lent[reference or None],
            ColorizeOptions.model_validate(request["options"]),
            limits=settings.photo_limits(),
            on_stage=lambda stage: emit({"event": "stage", "source": str(source), "stage": stage}),
        )
        target.parent.mkdir(parents=True, exist_ok=True)
        with replacing(target) as file:
            file.write(photo.data)
    except PhotochromError as error:
        yield _failed(source, error.code, str(error))
    except OSError as error:
        yield _failed(source, "file-error", f"{error.strerror or error}: {error.filename or source}")
    else:
        yield {
            "event": "done",
            "source": str(source),
            "target": str(target),
            "width": photo.width,
            "height": photo.height,
            "warnings": photo.warnings,
            "timings": photo.timings,
        }


def _failed(source: Path, code: str, detail: str) -> dict[str, Any]:
    return {"event": "failed", "source": str(source), "code": code, "detail": detail}


def emit(event: dict[str, Any]) -> None:
    """Write one event and flush: the reader draws a progress bar from it."""
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Serve stdin until it ends; Ctrl-C belongs to the parent, which closes our stdin."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    settings = WorkerSettings()
    try:
        predictor = OnnxPredictor(
            settings.model_path, threads=settings.threads, gpu_memory_mb=settings.gpu_memory_mb
        )
    except PhotochromError as error:
        emit({"event": "broken", "code": error.code, "detail": str(error)})
        raise SystemExit(1) from None
    for event in serve(sys.stdin, predictor, settings):
        emit(event)


if __name__ == "__main__":
    main()
