"""Atomic file writes: a file is complete or absent, even after a crash of the machine."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Provide a file to write to that replaces `path` at the end; after an error `path` is as it was.

    Raises:
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
        unfinished.replace(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def copy_file(source: Path, target: Path) -> None:
    """Copy bytes and times; not the mode, which some file systems refuse.

    Raises:
        OSError: the source cannot be read, or the target cannot be written.
    """
    shutil.copyfile(source, target)
    stat = source.stat()
    with suppress(OSError):
        os.utime(target, ns=(stat.st_atime_ns, stat.st_mtime_ns))


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
