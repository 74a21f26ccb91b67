"""Malicious archives, harmful as a whole or by one entry; each function returns a file."""

import gzip
import io
import stat
import struct
import tarfile
import zipfile
from collections.abc import Callable
from typing import Any, Literal


def zipped(files: dict[str, bytes], **options: Any) -> bytes:
    """Return a zip of these files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", **options) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def tarred(files: dict[str, bytes], mode: Literal["w", "w:gz"] = "w") -> bytes:
    """Return a tar of these files."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def symlink_in_zip() -> bytes:
    """Return a zip whose entry is a link out of it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        link = zipfile.ZipInfo("link.jpg")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    return buffer.getvalue()


def special_in_tar(kind: bytes) -> bytes:
    """Return a tar whose entry is not a file."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        info = tarfile.TarInfo("special.jpg")
        info.type = kind
        info.linkname = "/etc/passwd"
        archive.addfile(info)
    return buffer.getvalue()


def encrypted(photo: bytes) -> bytes:
    """Return a zip whose entry says that it is encrypted."""
    data = bytearray(zipped({"a.jpg": photo}))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = data.find(signature) + offset
        data[at] |= 1
    return bytes(data)


def damaged(photo: bytes) -> bytes:
    """Return a zip whose entry does not match its checksum."""
    data = bytearray(zipped({"a.jpg": photo}))
    data[60] ^= 0xFF
    return bytes(data)


def directory_bomb(count: int) -> bytes:
    """Return a zip of many entries whose end record claims one."""
    header = b"PK\x01\x02" + bytes(42)
    directory = header * count
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 1, 1, len(directory), 4, 0)
    return b"PK\x03\x04" + directory + end


def zip64_ending(directory_bytes: int, directory_at: int, locator_says: int, record: bytes) -> bytes:
    """Return the ZIP64 record, its locator and the classic end record, which refers to them for everything."""
    sizes = (44, 45, 45, 0, 0, 1, 1, directory_bytes, directory_at)
    return (
        record
        + struct.pack("<QHHIIQQQQ", *sizes)
        + struct.pack("<4sIQI", b"PK\x06\x07", 0, locator_says, 1)
        + struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 65535, 65535, 2**32 - 1, 2**32 - 1, 0)
    )


def zip64_decoy(count: int) -> bytes:
    """Return a zip with two ZIP64 records: the locator names a harmless one, `zipfile` reads the other."""
    innocent = zip64_ending(0, 0, 0, b"PK\x06\x06")[:56]
    directory = (b"PK\x01\x02" + bytes(42)) * count
    start = b"PK\x03\x04" + innocent
    return start + directory + zip64_ending(len(directory), len(start), 4, b"PK\x06\x06")


def zip64_mute(count: int) -> bytes:
    """Return a zip with an invalid ZIP64 record: `zipfile` uses the classic end record instead."""
    directory = (b"PK\x01\x02" + bytes(42)) * count
    ending = zip64_ending(0, 0, 4 + len(directory), b"PK\0\0")
    return (
        b"PK\x03\x04"
        + directory
        + ending[:-22]
        + struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, 1, 1, len(directory) + 76, 4, 0)
    )


def shared_bytes(count: int = 900) -> bytes:
    """Return a zip whose directory names the bytes of one file again and again."""
    plain = zipped({"a.jpg": b"\xff\xd8\xff" + bytes(10_000)})
    directory_at = struct.unpack_from("<I", plain, len(plain) - 6)[0]
    directory = plain[directory_at:-22] * count
    ending = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, count, count, len(directory), directory_at, 0)
    return plain[:directory_at] + directory + ending


def reaching_over() -> bytes:
    """Return a zip whose first entry claims the bytes of the second, too."""
    plain = bytearray(zipped({"a.jpg": bytes(1000), "b.jpg": bytes(1000)}))
    at = struct.unpack_from("<I", plain, len(plain) - 6)[0]
    struct.pack_into("<I", plain, at + 20, 1500)
    return bytes(plain)


def pax_bomb(size: int) -> bytes:
    """Return a tar.gz whose first header claims to be that long."""
    info = tarfile.TarInfo("././@PaxHeader")
    info.type = tarfile.XHDTYPE
    info.size = size
    return gzip.compress(info.tobuf() + bytes(size), 1)


def extended(records: dict[str, str], body: bytes = b"", size: int | None = None) -> bytes:
    """One member after a pax header of these records."""
    info = tarfile.TarInfo("a.jpg")
    info.size = len(body) if size is None else size
    info.pax_headers = records
    return info.tobuf(tarfile.PAX_FORMAT) + body + bytes(-len(body) % 512)


def sparse(records: dict[str, str], numbers: int = 2) -> bytes:
    """Return a GNU sparse file, format 1.0: its map is before its data."""
    body = b"%d\n" % (numbers // 2) + b"0\n" * numbers
    named = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.name": "a.jpg", **records}
    return gzip.compress(extended(named, body + bytes(-len(body) % 512)) + bytes(1024), 1)


def pax_chain(count: int) -> bytes:
    """Return a tar of so many headers for one member."""
    info = tarfile.TarInfo("x")
    info.type, info.size = tarfile.XHDTYPE, 13
    return (info.tobuf() + b"13 comment=a\n".ljust(512, b"\0")) * count + tarfile.TarInfo("a.jpg").tobuf()


def leading_back() -> bytes:
    """Return a negative size, far from the start of a gzip: going back means decompressing everything again."""
    far = extended({}, bytes(15_000_000))
    return gzip.compress(far + extended({"size": "-14000000"}) * 900 + bytes(1024), 1)


def standing_still(kind: bytes, size: bytes = b"-1000") -> bytes:
    """Return one header of 512 bytes whose size, -512 in octal, leads back to the header itself."""
    info = tarfile.TarInfo("a.jpg")
    info.type = kind
    header = bytearray(info.tobuf())
    header[124:136] = size.ljust(12, b"\0")
    header[148:156] = b"%06o\0 " % (256 + sum(header[:148]) + sum(header[156:]))
    return bytes(header)


HOSTILE_ENTRIES: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "zip-slip": (lambda photo: zipped({"../../evil.jpg": photo}), "invalid-name"),
    "absolute": (lambda photo: tarred({"/evil.jpg": photo}), "invalid-name"),
    "backslashes": (lambda photo: zipped({"..\\evil.jpg": photo}), "invalid-name"),
    "tar-slip": (lambda photo: tarred({"a/../../evil.jpg": photo}), "invalid-name"),
    "symlink": (lambda _: symlink_in_zip(), "unsupported-format"),
    "symlink in tar": (lambda _: special_in_tar(tarfile.SYMTYPE), "unsupported-format"),
    "hard link": (lambda _: special_in_tar(tarfile.LNKTYPE), "unsupported-format"),
    "device": (lambda _: special_in_tar(tarfile.CHRTYPE), "unsupported-format"),
    "nested zip": (lambda photo: zipped({"inner.zip": zipped({"a.jpg": photo})}), "unsupported-format"),
    "no photo": (lambda _: zipped({"readme.txt": b"hello " * 30}), "unsupported-format"),
    "empty": (lambda _: zipped({"a.jpg": b""}), "unreadable-photo"),
    "encrypted": (encrypted, "unsupported-format"),
    "damaged": (damaged, "unreadable-photo"),
    "sparse": (lambda _: sparse({"GNU.sparse.realsize": "10"}), "unsupported-format"),
    "bzip2": (lambda photo: zipped({"a.jpg": photo}, compression=zipfile.ZIP_BZIP2), "unsupported-format"),
    "LZMA": (lambda photo: zipped({"a.jpg": photo}, compression=zipfile.ZIP_LZMA), "unsupported-format"),
    "bomb of zeros": (
        lambda _: zipped({"a.jpg": bytes(50_000_000)}, compression=zipfile.ZIP_DEFLATED),
        "photo-too-large",
    ),
    "bomb with a head": (
        lambda photo: zipped({"a.jpg": photo + bytes(50_000_000)}, compression=zipfile.ZIP_DEFLATED),
        "photo-too-large",
    ),
}
"""By name: what makes an archive from a photograph, and the code by which its one entry is refused."""

HOSTILE_ARCHIVES: dict[str, Callable[[], bytes]] = {
    "nothing": lambda: b"",
    "no archive": lambda: b"hello" * 300,
    "cut zip": lambda: zipped({"a.jpg": b"x" * 5000})[:-30],
    "cut gzip": lambda: gzip.compress(b"x" * 100_000)[:-2000],
    "too many entries": lambda: zipped({f"{n}.jpg": b"" for n in range(1001)}),
    "entries on the same bytes": shared_bytes,
    "entries that reach into the next": reaching_over,
    "too many in tar": lambda: tarred({f"{n}.jpg": b"" for n in range(1001)}),
    "a million entries that say they are one": lambda: directory_bomb(1_000_000),
    "a million entries behind a decoy": lambda: zip64_decoy(1_000_000),
    "a million entries behind a record that is none": lambda: zip64_mute(1_000_000),
    "a zip of nothing but a locator": lambda: b"PK\x03\x04" + zip64_ending(0, 0, 0, b"")[-42:],
    "a header of 400 MB": lambda: pax_bomb(400_000_000),
    "comments of 800 MB": lambda: gzip.compress(extended({"comment": "a" * 1_000_000}) * 800, 1),
    "many comments that are just short enough": lambda: gzip.compress(
        extended({"comment": "a" * 14_000}) * 900, 1
    ),
    "a map of 12 million numbers": lambda: sparse({"GNU.sparse.realsize": "10"}, 12_000_000),
    "headers upon headers": lambda: pax_chain(1500),
    "sizes below zero": leading_back,
    "a header that leads to itself": lambda: standing_still(tarfile.XHDTYPE),
    "a packed header that leads to itself": lambda: gzip.compress(standing_still(tarfile.GNUTYPE_LONGNAME)),
    "more in all than allowed": lambda: tarred({f"{n}.bin": bytes(3_000_000) for n in range(9)}, "w:gz"),
}
"""By name: each is refused as a whole, within a thousand entries and 20 MB."""
