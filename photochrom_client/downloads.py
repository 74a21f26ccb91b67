"""Files that arrive whole or not at all: into a hidden file beside the target, resumed by Range, then renamed."""

import errno
import hashlib
import os
from pathlib import Path

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
    """Fetch `path` into `target`; a `part` that an earlier attempt left is gone on with if `sha256` is known.

    Raises:
        FileExistsError: the target is there and `overwrite` is False; it is left as it was.
        ApiError: the server refused.
        ConnectionFailed: the connection broke more often than the client has patience for.
        DownloadBroken: what arrived is not what was announced.
        OSError: the folder cannot be written.
    """
    if target.exists() and not overwrite:
        raise FileExistsError(f"{target} is there already.")
    _make_folder(target.parent)
    if sha256 is None:
        # Nothing would tell a part of this file from one of another.
        part.unlink(missing_ok=True)

    def attempt() -> None:
        _fetch(transport, path, part, resume=sha256)
        _check(part, size, sha256)

    try:
        transport.persist(attempt)
    except (ApiError, DownloadBroken):
        part.unlink(missing_ok=True)
        raise
    _publish(part, target, overwrite=overwrite)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        # It would be taken for the target's being there.
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
            # In the pieces that come: larger blocks would be gathered, and what is gathered is lost in a break.
            for piece in response.iter_bytes():
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
    except ApiError as error:
        # Nothing lies behind the part: it is whole, or of another file; its digest tells.
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


def _publish(part: Path, target: Path, *, overwrite: bool) -> None:
    if overwrite:
        part.replace(target)
        return
    try:
        # Unlike a rename, a link never replaces what came there meanwhile.
        target.hardlink_to(part)
    except FileExistsError:
        raise
    except OSError:
        # File systems without hard links: FAT, some of the network.
        if target.exists():
            raise FileExistsError(f"{target} is there already.") from None
        part.replace(target)
        return
    finally:
        part.unlink(missing_ok=True)
