"""The body of an upload: a file or bytes, with a name and options; built again for each attempt."""

import json
from collections.abc import Iterator, Mapping
from os import PathLike
from pathlib import Path
from typing import Any

from photochrom.photo.options import ColorizeOptions

Photo = str | PathLike[str] | bytes
"""The path of a file, or the bytes of one."""
_BLOCK = 1 << 18


def name_of(photo: Photo, name: str | None) -> str:
    """Return the file name to send with the photograph."""
    if name is not None:
        return name
    return "photo" if isinstance(photo, bytes) else Path(photo).name


def body_of(photo: Photo) -> Mapping[str, Any]:
    """Return what httpx sends as the body.

    Raises:
        OSError: the file cannot be read.
    """
    size = len(photo) if isinstance(photo, bytes) else Path(photo).stat().st_size
    headers = {"Content-Type": "application/octet-stream", "Content-Length": str(size)}
    return {"headers": headers, "content": photo if isinstance(photo, bytes) else _blocks(Path(photo))}


def addressed(url: str, options: ColorizeOptions | None, name: str | None = None) -> dict[str, Any]:
    """Return the JSON that names a photograph by its address."""
    chosen = options.model_dump(mode="json", exclude_unset=True) if options else {}
    return {"url": url, "options": chosen, **({"name": name} if name else {})}


def form_of(photo: Photo, name: str, repair_mask: Photo) -> Mapping[str, Any]:
    """Return what httpx sends as a form of both files.

    Raises:
        OSError: a file cannot be read.
    """
    return {"files": {"photo": (name, _whole(photo)), "repair_mask": ("mask", _whole(repair_mask))}}


def query_of(options: ColorizeOptions | None) -> dict[str, str]:
    """Return the options that were chosen, and only those: the others are the batch's, or the server's."""
    chosen = options.model_dump(mode="json", exclude_unset=True) if options else {}
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in chosen.items()}


def _whole(photo: Photo) -> bytes:
    return photo if isinstance(photo, bytes) else Path(photo).read_bytes()


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            yield block
