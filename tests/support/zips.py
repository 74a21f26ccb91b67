"""Zips as other systems make them, byte by byte: the library writes no other names than its own."""

import struct
import zlib
from collections.abc import Mapping

DOS, UNIX = 0, 3


def zip_of(files: Mapping[bytes, bytes], *, flags: int = 0, system: int = DOS, extra: bytes = b"") -> bytes:
    """Return a zip of these files, under names of these bytes."""
    packed = directory = b""
    for name, data in files.items():
        about = struct.pack(
            "<HHHHIIIHH", flags, 0, 0, 0x5A21, zlib.crc32(data), len(data), len(data), len(name), len(extra)
        )
        directory += b"PK\1\2" + bytes([20, system, 20, 0]) + about
        directory += struct.pack("<HHHII", 0, 0, 0, 0, len(packed)) + name + extra
        packed += b"PK\3\4" + bytes([20, 0]) + about + name + extra + data
    sizes = struct.pack("<IIH", len(directory), len(packed), 0)
    return packed + directory + b"PK\5\6" + struct.pack("<HHHH", 0, 0, len(files), len(files)) + sizes
