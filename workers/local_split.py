"""Split pages for `photochrom split`: a request of `local` with `"task": "split"`, and what is answered to it.

Request: `{"task": "split", "source": path, "folder": path or null, "stem": name, "frames": [[frame, ...], ...] or null,
"replace": bool}`. Without a folder nothing is cut; without frames they are found. It ends in one event: `split` (with
`pages`, each with `width`, `height`, `frames`; `written` and `kept`, names of files; `exact`, how many were cut
without a change; `warnings`), or `failed`.
"""

import errno
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from photochrom.errors import BadFrames
from photochrom.files import copy_file, replacing
from photochrom.photo.frames import Frame, checked, numbers_of, to_cut
from photochrom.photo.names import suffix_of

from .child.colorist import Colorist, FoundPage

_Request = dict[str, Any]
_FRAMES = TypeAdapter(list[tuple[Frame, ...]])


def split(request: _Request, colorist: Colorist) -> Iterator[dict[str, Any]]:
    """Split one file; raises as `Colorist.find` and `Colorist.cut` do, and `OSError`."""
    source = Path(request["source"])
    pages = colorist.find(source)
    if request.get("frames") is not None:
        pages = _with_frames(pages, request["frames"])
    told: dict[str, Any] = {
        "event": "split",
        "source": str(source),
        "pages": [page.model_dump(mode="json") for page in pages],
        "written": [],
        "kept": [],
        "exact": 0,
        "warnings": [],
    }
    if request.get("folder"):
        folder = Path(request["folder"])
        folder.mkdir(parents=True, exist_ok=True)
        if len(pages) == 1 and not pages[0].frames:
            _copy(source, folder / f"{request['stem']}-1{suffix_of(source.name)}", request, told)
        else:
            _cut(source, folder, pages, request, told, colorist)
    yield told


def _with_frames(pages: tuple[FoundPage, ...], given: Any) -> tuple[FoundPage, ...]:
    """Return the pages with what a file says that somebody wrote by hand, in place of what was found."""
    try:
        frames = _FRAMES.validate_python(given)
    except ValidationError as error:
        raise BadFrames(_wrong(error)) from None
    if len(frames) > len(pages):
        raise BadFrames(f"The file has {len(pages)} pages; frames were given for {len(frames)}.")
    frames += [()] * (len(pages) - len(frames))
    for page, own in zip(pages, frames, strict=True):
        checked(own, page.width, page.height)
    return tuple(page.model_copy(update={"frames": own}) for page, own in zip(pages, frames, strict=True))


def _wrong(error: ValidationError) -> str:
    """Name the first frame that is none, counted from 1 as people do, and what is wrong with it."""
    first = error.errors()[0]
    names = ["Page" if i == 0 else "frame" for i, part in enumerate(first["loc"]) if isinstance(part, int)]
    numbers = [part + 1 for part in first["loc"] if isinstance(part, int)]
    parts = [f"{name} {number}" for name, number in zip(names, numbers, strict=True)]
    parts += [part for part in first["loc"] if isinstance(part, str)]
    return f"{', '.join(parts) or 'Frames'}: {first['msg']}."


def _cut(
    source: Path,
    folder: Path,
    pages: tuple[FoundPage, ...],
    request: _Request,
    told: dict[str, Any],
    colorist: Colorist,
) -> None:
    numbers = numbers_of([page.frames for page in pages])
    warnings: dict[str, None] = {}
    with colorist.cut(source, [to_cut(page) for page in pages]) as pieces:
        for piece, chunks in pieces.parts():
            target = folder / f"{request['stem']}-{next(numbers)}{piece.format.extension}"
            warnings |= dict.fromkeys(piece.warnings)
            try:
                with replacing(target, overwrite=request.get("replace", False)) as file:
                    file.writelines(chunks)
            except FileExistsError:
                told["kept"].append(target.name)
            else:
                told["written"].append(target.name)
                told["exact"] += piece.exact
    told["warnings"] = list(warnings)


def _copy(source: Path, target: Path, request: _Request, told: dict[str, Any]) -> None:
    """One photograph alone stays the file that it is."""
    if target.exists() and not request.get("replace", False):
        told["kept"].append(target.name)
        return
    if target.exists() and target.samefile(source):
        raise OSError(errno.EINVAL, "The photograph is the original itself; name another folder", str(target))
    copy_file(source, target)
    told["written"].append(target.name)
    told["exact"] += 1
