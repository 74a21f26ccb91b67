"""The names in a zip, by what its maker did: each system has its own encoding, and some their own separator."""

import codecs
import re
import struct
import zipfile
import zlib
from collections.abc import Collection

from photochrom.errors import InvalidOption

_UTF8_FLAG, _UNICODE_PATH = 0x800, 0x7075
_DOS, _UNIX, _MACOS = 0, 3, 19
# Encodings of file systems; others of Python's are none, or take long.
_ENCODINGS = re.compile(r"utf-8|(cp|iso8859-|koi8|mac-|gb|big5|euc_|shift_jis|johab|tis|kz|ptcp)[a-z0-9_-]*")


def encoding_called(name: str | None) -> str | None:
    """Return the encoding that a caller names, None for none.

    Raises:
        InvalidOption: there is none of this name for file names.
    """
    if name is None:
        return None
    try:
        found = codecs.lookup(name).name
    except (LookupError, ValueError):
        found = ""
    if not _ENCODINGS.fullmatch(found):
        raise InvalidOption(
            f"There is no encoding {name[:40]!r} for names; give one like cp866, cp932, gbk, cp1252 or utf-8."
        )
    return found


def names_of(entries: Collection[zipfile.ZipInfo], encoding: str | None) -> list[str]:
    """Return the name of each entry, with `/` between folders.

    Names that do not say they are UTF-8 are decoded by `encoding`, if given; otherwise they are UTF-8 where they can
    be, and else cp437, as the format has it.
    """
    names = [_decoded(entry, encoding) for entry in entries]
    # Windows PowerShell 5.1 and old .NET write the separator of Windows.
    windows = not any("/" in name for name in names)
    return [
        name.replace("\\", "/") if windows or entry.create_system == _DOS else name
        for entry, name in zip(entries, names, strict=True)
    ]


def _decoded(entry: zipfile.ZipInfo, encoding: str | None) -> str:
    if entry.flag_bits & _UTF8_FLAG:
        return entry.orig_filename
    raw = entry.orig_filename.encode("cp437")
    if (told := _unicode_path(entry.extra, raw)) is not None:
        return told
    by_unix = entry.create_system in (_UNIX, _MACOS)
    # macOS writes UTF-8 and does not say so. A short name of another encoding may be UTF-8 by chance.
    tried = ["utf-8", encoding] if by_unix or encoding is None else [encoding]
    for one in filter(None, tried):
        try:
            return raw.decode(one)
        except UnicodeDecodeError:
            continue
    return entry.orig_filename if encoding is None else raw.decode(encoding, "replace")


def _unicode_path(extra: bytes, raw: bytes) -> str | None:
    """Return the name in the extra field of Info-ZIP, if it is of this name."""
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        data = extra[at + 4 : at + 4 + length]
        if kind == _UNICODE_PATH and len(data) > 5 and data[1:5] == struct.pack("<I", zlib.crc32(raw)):
            return data[5:].decode(errors="replace")
        at += 4 + length
    return None
