"""The page at `/`: static files, held in memory, under a Content-Security-Policy that allows nothing foreign."""

import gzip
import hashlib
import mimetypes
import posixpath
import re
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Header, HTTPException, Request, Response, status
from starlette.datastructures import Headers

from .edge.compression import takes_gzip
from .edge.conditions import instead
from .edge.headers import ALWAYS
from .edge.prefix import address

AcceptEncoding = Annotated[str, Header()]
_FOLDER = Path(__file__).parent / "web"
# `blob:` is the visitor's own photograph, shown before it is sent.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob:",
        "connect-src 'self'",
        "worker-src 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
_HEADERS = {
    **ALWAYS,
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    # Revalidated each time and usually answered by 304: an upgraded service never meets an older page.
    "Cache-Control": "no-cache",
    "Vary": "Accept-Encoding",
}
# An address that has the digest of all files in it; the page names them by it.
_FOR_EVER = "public, max-age=31536000, immutable"
_VERSION = re.compile(r"([0-9a-f]{16})/(.+)")
# Line by line, without a parser: what stands inside a line stays. The tests keep texts from going over several lines.
_FOR_READERS = re.compile(rb"^[ \t]*(?://.*|/\*\*.*\*/[ \t]*$)?", re.MULTILINE)
_IMPORT = re.compile(r'^import .* from "(\.[^"]+)"', re.MULTILINE)
_ENTRY = "main.js"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}


@dataclass(frozen=True)
class Asset:
    """One file of the page, ready to send."""

    media_type: str
    plain: bytes
    packed: bytes
    digest: str

    @classmethod
    def read(cls, path: Path) -> "Asset":
        """Read and compress the file."""
        media_type = (
            _TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        )
        plain = path.read_bytes()
        return cls.of(media_type, unannotated(plain) if path.suffix == ".js" else plain)

    @classmethod
    def of(cls, media_type: str, plain: bytes) -> "Asset":
        """Compress the bytes; `mtime=0` makes equal files equal bytes."""
        digest = hashlib.sha256(plain).hexdigest()[:32]
        return cls(media_type, plain, gzip.compress(plain, 9, mtime=0), digest)


def unannotated(script: bytes) -> bytes:
    """Return a script without comments and indentation, which are for its readers: a seventh of what would be sent.

    Its lines keep their numbers, so that errors in a browser name the lines of the source.
    """
    return _FOR_READERS.sub(b"", script)


def read_assets(folder: Path = _FOLDER) -> dict[str, Asset]:
    """Read every file under `folder`, by its path relative to it."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): Asset.read(path) for path in files}


@cache
def page_router() -> APIRouter:
    """Return the routes of the page; a name that is not one of its files is 404, never a look at the disk."""
    assets = read_assets()
    version = version_of(assets)
    index = _at(_hastened(assets.pop("index.html"), assets), f"web/{version}/")
    router = APIRouter(include_in_schema=False)

    @router.api_route("/", methods=["GET", "HEAD"])
    def page(request: Request, accept_encoding: AcceptEncoding = "") -> Response:
        return _answer(request, _below(index, address("")), takes_gzip(accept_encoding))

    @router.api_route("/web/{name:path}", methods=["GET", "HEAD"])
    def asset(request: Request, name: str, accept_encoding: AcceptEncoding = "") -> Response:
        # A page that was opened before an upgrade gets what there is now.
        asked, name = found.groups() if (found := _VERSION.fullmatch(name)) else ("", name)
        if name not in assets:
            raise HTTPException(status.HTTP_404_NOT_FOUND)
        answer = _answer(request, assets[name], takes_gzip(accept_encoding))
        if asked == version:
            answer.headers["Cache-Control"] = _FOR_EVER
        return answer

    return router


@lru_cache(maxsize=16)
def _below(index: Asset, prefix: str) -> Asset:
    """Return the page for a proxy's path. Some proxies serve it without the slash that relative addresses need."""
    return _at(index, f"{prefix}/web/") if prefix else index


def _at(index: Asset, folder: str) -> Asset:
    """Return the page with its files in this folder."""
    return Asset.of(index.media_type, index.plain.replace(b'"web/', f'"{folder}'.encode()))


def needed_at_once(assets: dict[str, Asset]) -> list[str]:
    """Return the page's first script and all that it imports, the nearest first."""
    found = [_ENTRY]
    for name in found:
        for imported in _IMPORT.findall(assets[name].plain.decode()):
            path = posixpath.normpath(posixpath.join(posixpath.dirname(name), imported))
            if path not in found:
                found.append(path)
    return found


def _hastened(index: Asset, assets: dict[str, Asset]) -> Asset:
    """Return the page naming the scripts it needs at once: else each is heard of only from the one before."""
    names = (name for name in needed_at_once(assets) if name != _ENTRY)
    links = "".join(f'<link rel="modulepreload" href="web/{name}">' for name in names)
    return Asset.of(index.media_type, index.plain.replace(b"</head>", f"{links}</head>".encode()))


def version_of(assets: dict[str, Asset]) -> str:
    """Return the digest of all files, in 16 hexadecimal digits: what is under it never changes."""
    told = "".join(f"{name} {asset.digest}\n" for name, asset in assets.items())
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def _answer(request: Request, asset: Asset, packed: bool) -> Response:
    # A strong tag names exact bytes, and compression changes them.
    etag = f'"{asset.digest}-gzip"' if packed else f'"{asset.digest}"'
    headers = {**_HEADERS, "ETag": etag}
    if (other := instead(request, Headers(headers))) is not None:
        return other
    if packed:
        headers["Content-Encoding"] = "gzip"
        return Response(asset.packed, media_type=asset.media_type, headers=headers)
    return Response(asset.plain, media_type=asset.media_type, headers=headers)
