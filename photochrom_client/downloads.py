"""Downloads that arrive completely or not at all: into a hidden file beside the target, resumed, then renamed."""

import errno
import hashlib
import os
from pathlib import Path

from photochrom.files import place

from .errors import ApiError, DownloadBroken
from .transport import Transport


def download(
    transport: Transport,
    path: str,
    target: Path,
    *,
    part: Path,
    overwrite: bool,
    size: int | None = None,
    sha256: str | None = None,
) -> None:
    """Fetch `path` into `target`; a `part` that an earlier attempt left is continued if `sha256` is known.

    Raises:
        FileExistsError: the target exists and `overwrite` is False; it is left as it was.
        ApiError: the server refused.
        ConnectionFailed: the connection kept breaking for longer than the client's patience.
        DownloadBroken: what arrived is not what was announced.
        OSError: the folder cannot be written.
    """
    if target.exists() and not overwrite:
        raise FileExistsError(f"{target} exists already; choose another name, or overwrite it.")
    _make_folder(target.parent)
    if sha256 is None:
        # Without a digest, a part of this file cannot be told from a part of another.
        part.unlink(missing_ok=True)

    def attempt() -> None:
        _fetch(transport, path, part, resume=sha256)
        _check(part, size, sha256)

    try:
        transport.persist(attempt)
    except (ApiError, DownloadBroken):
        part.unlink(missing_ok=True)
        raise
    try:
        place(part, target, overwrite=overwrite)
    finally:
        part.unlink(missing_ok=True)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        # Otherwise this error would mean that the target exists.
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(folder)) from None


def _fetch(transport: Transport, path: str, part: Path, *, resume: str | None) -> None:
    there = part.stat().st_size if resume and part.exists() else 0
    headers = {"Accept-Encoding": "identity"}
    if there:
        headers |= {"Range": f"bytes={there}-", "If-Range": f'"{resume}"'}
    try:
        with (
            transport.stream("GET", path, headers=headers) as response,
            part.open("ab" if response.status_code == 206 else "wb") as file,
        ):
            # In the pieces that arrive: larger blocks are buffered, and a break loses the buffer.
            for piece in response.iter_bytes():
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
    except ApiError as error:
        # The server has nothing beyond the part: it is complete, or of another file; the digest decides.
        if error.status != 416:
            raise


def _check(part: Path, size: int | None, sha256: str | None) -> None:
    complete = part.exists() and size in (None, part.stat().st_size)
    if complete and sha256 in (None, sha256_of(part)):
        return
    part.unlink(missing_ok=True)
    raise DownloadBroken("What arrived is not the file that the server announced.", reached=True)


def sha256_of(path: Path) -> str:
    """Return the digest of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
