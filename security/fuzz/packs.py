"""Seeds: small archives of every kind, valid and unusual, made from code."""

import gzip
import io
import stat
import tarfile
import zipfile
from collections.abc import Iterable

_DATE = (1980, 1, 1, 0, 0, 0)
_FILES = {"Album/1.jpg": b"\xff\xd8\xff" + b"one" * 9, "Album/Ö.png": b"two", "__MACOSX/._1.jpg": b"x"}


def every_kind() -> list[bytes]:
    """Return zips, tars and gzipped tars of a few hundred bytes to a few KB each."""
    tars = [*_tars()]
    return [*_zips(), *tars, *(gzip.compress(tar, mtime=0) for tar in tars), b"PK\x05\x06" + bytes(18)]


def _zips() -> Iterable[bytes]:
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2):
        yield _zipped(_FILES, method)
    yield _zipped({"a.jpg": b"\x00" * 3000}, zipfile.ZIP_DEFLATED, large=True)
    yield _zipped({"../../evil.jpg": b"x", "/abs.jpg": b"y", "link": b"/etc/passwd"}, zipfile.ZIP_STORED)
    yield _zipped({"inner.zip": _zipped(_FILES, zipfile.ZIP_DEFLATED)}, zipfile.ZIP_DEFLATED)


def _zipped(files: dict[str, bytes], method: int, *, large: bool = False) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in files.items():
            info = zipfile.ZipInfo(name, _DATE)
            info.compress_type = method
            info.external_attr = (stat.S_IFLNK if name == "link" else stat.S_IFREG) << 16
            with archive.open(info, "w", force_zip64=large) as entry:
                entry.write(data)
    return file.getvalue()


def _tars() -> Iterable[bytes]:
    for form in (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT):
        file = io.BytesIO()
        with tarfile.open(fileobj=file, mode="w", format=form) as archive:
            for name, data in (*_FILES.items(), ("long/" * 18 + "name.jpg", b"z")):
                info = tarfile.TarInfo(name)
                info.size = len(data)
                archive.addfile(info, io.BytesIO(data))
            for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE):
                info = tarfile.TarInfo("special")
                info.type, info.linkname = kind, "/etc/passwd"
                archive.addfile(info)
        yield file.getvalue()
    sparse = {
        "GNU.sparse.major": "1",
        "GNU.sparse.minor": "0",
        "GNU.sparse.name": "a",
        "GNU.sparse.realsize": "9",
    }
    info = tarfile.TarInfo("a.jpg")
    info.size, info.pax_headers = 512, sparse
    yield info.tobuf(tarfile.PAX_FORMAT) + b"1\n0\n9\n".ljust(512, b"\0") + bytes(1024)
