"""The append-only file of the embedded queue, where a disk or a power cut has damaged it.

The server reads a file that ends in the middle of a command, and no other damage. What it cannot read is cut off here,
from the first damaged command on, after the whole folder has been copied: `valkey-check-aof`, which does the same, is
not in the wheel.
"""

import os
import shutil
import time
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ..files import copy_file

FOLDER, NAME = "appendonlydir", "appendonly.aof"
_MANIFEST = f"{NAME}.manifest"
# No line of the protocol is longer than a number.
_LINE = 64


@dataclass(frozen=True)
class Damage:
    """Where the last file of commands cannot be read any more."""

    path: Path
    offset: int
    """Up to here all commands are whole."""
    size: int

    @property
    def lost(self) -> int:
        """The bytes that have to go."""
        return self.size - self.offset


def find_damage(queue: Path, commands: Collection[bytes]) -> Damage | None:
    """Look through the last file of commands below the queue's folder; None if it is whole, or there is none.

    `commands` are the names that the server knows, in lower case.
    """
    path = _last_file(queue / FOLDER)
    if path is None or not path.is_file():
        return None
    with path.open("rb") as file:
        offset = _whole_up_to(file, commands)
    size = path.stat().st_size
    return Damage(path, offset, size) if offset < size else None


def cut_off(damage: Damage) -> Path:
    """Copy the folder beside itself and cut the damaged end off; return the copy."""
    folder = damage.path.parent
    copy = folder.with_name(f"damaged-{time.strftime('%Y%m%dT%H%M%S')}")
    copy.mkdir()
    for path in folder.iterdir():
        copy_file(path, copy / path.name)
    os.sync()
    with damage.path.open("r+b") as file:
        file.truncate(damage.offset)
        os.fsync(file.fileno())
    return copy


def write_base(queue: Path, snapshot: Path) -> None:
    """Make a new queue's files of a snapshot (RDB), so that its server begins with what that holds."""
    folder = queue / FOLDER
    folder.mkdir(parents=True)
    base = f"{NAME}.1.base.rdb"
    shutil.copyfile(snapshot, folder / base)
    os.sync()
    (folder / _MANIFEST).write_text(f"file {base} seq 1 type b\n")


def _last_file(folder: Path) -> Path | None:
    """Return the file that was written last; damage in an older one, or in a base, is not to be cut off."""
    try:
        lines = (folder / _MANIFEST).read_text().splitlines()
    except (OSError, UnicodeDecodeError):
        return None
    entries = [line.split() for line in lines if line.startswith("file ")]
    return folder / entries[-1][1] if entries and entries[-1][-1] == "i" else None


def _whole_up_to(file: BinaryIO, commands: Collection[bytes]) -> int:
    """Return where the last whole command ends; of a transaction, its end."""
    whole, within = 0, False
    while (name := _command(file)) is not None:
        if name and name not in commands:
            break
        within = name == b"multi" or (within and name != b"exec")
        if not within:
            whole = file.tell()
    return whole


def _command(file: BinaryIO) -> bytes | None:
    """Read one; return its name, b"" for a remark, None where there is none or it is damaged."""
    head = file.readline(_LINE)
    if head.startswith(b"#") and head.endswith(b"\n"):
        return b""
    count = _number(head, b"*")
    parts = [_text(file) for _ in range(count)] if 0 < count < 1 << 20 else [None]
    return None if None in parts else parts[0].lower()  # type: ignore[union-attr]


def _text(file: BinaryIO) -> bytes | None:
    length = _number(file.readline(_LINE), b"$")
    if length < 0:
        return None
    text = file.read(length + 2)
    return text[:-2] if len(text) == length + 2 and text.endswith(b"\r\n") else None


def _number(line: bytes, mark: bytes) -> int:
    """Return the number of a line of the protocol, -1 if it is none."""
    digits = line.removeprefix(mark).removesuffix(b"\r\n")
    right = line == mark + digits + b"\r\n" and digits.isdigit() and len(digits) < 12
    return int(digits) if right else -1
