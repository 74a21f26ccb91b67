"""Files: atomic writes, complete or absent even after a crash of the machine; and digests."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO


@contextmanager
def replacing(path: Path, *, overwrite: bool = True, times_of: Path | None = None) -> Iterator[BinaryIO]:
    """Provide a file to write to that replaces `path` at the end; after an error `path` is as it was.

    It gets the times of the file `times_of`, if given.

    Raises:
        FileExistsError: `overwrite` is False, and there is such a file in the end.
        OSError: the folder cannot be written.
    """
    # Not the whole name: with the added suffix, a long one would be too long.
    prefix = f".{path.name.lstrip('.')[:40]}."
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=prefix, suffix=".part")
    unfinished = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        # mkstemp makes files private; results get the permissions of the user's other files.
        # Where the file system refuses modes (NFSv4 with ACLs, FAT), they are whole without.
        with suppress(OSError):
            unfinished.chmod(0o666 & ~_umask())
        if times_of is not None:
            copy_times(times_of, unfinished)
        place(unfinished, path, overwrite=overwrite)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def copy_file(source: Path, target: Path) -> None:
    """Copy bytes and times; not the mode, which some file systems refuse.

    Raises:
        OSError: the source cannot be read, or the target cannot be written.
    """
    shutil.copyfile(source, target)
    copy_times(source, target)


def copy_times(source: Path, target: Path) -> None:
    """Give a file the times of another, where its file system lets us."""
    with suppress(OSError):
        about = source.stat()
        os.utime(target, ns=(about.st_atime_ns, about.st_mtime_ns))


def place(part: Path, target: Path, *, overwrite: bool) -> None:
    """Have `part`, which lies beside it, under the name of `target`, in one step.

    Raises:
        FileExistsError: the target exists and `overwrite` is False; it is left as it was.
        OSError: the folder cannot be written.
    """
    if overwrite:
        part.replace(target)
        return
    try:
        # Unlike a rename, a link never replaces a file that was created meanwhile.
        target.hardlink_to(part)
    except FileExistsError:
        raise
    except OSError:
        # File systems without hard links: FAT, and some network file systems.
        if os.path.lexists(target):
            raise FileExistsError(f"{target} exists already; choose another name, or overwrite it.") from None
        part.replace(target)
        return
    part.unlink(missing_ok=True)


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
