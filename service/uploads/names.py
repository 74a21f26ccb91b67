"""The name of a photograph, as the other side told it."""

import re
from urllib.parse import unquote

from python_multipart.multipart import parse_options_header

_LENGTH = 255
# Control characters would end up in headers and terminals, slashes in archives.
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
# RFC 6266 and 8187, without the continuations of mail, which HTTP does not have.
_EXTENDED_NAME = re.compile(r";\s*filename\*\s*=\s*(utf-8|iso-8859-1)'[^']*'([^\s;]+)", re.IGNORECASE)


def safe_name(name: str) -> str:
    """Return a file name without folders and control characters, at most 255 characters long."""
    last = re.split(r"[/\\]", name)[-1]
    plain = _UNPRINTABLE.sub("", last).strip().lstrip(".")
    stem, dot, extension = plain.rpartition(".")
    if len(plain) > _LENGTH and dot and len(extension) < 10:
        return stem[: _LENGTH - len(extension) - 1] + dot + extension
    return plain[:_LENGTH] or "photo"


def told_name(disposition: str) -> str:
    """Return the file name in a Content-Disposition, as it is; "" if there is none."""
    if extended := _EXTENDED_NAME.search(disposition):
        return unquote(extended[2], extended[1], "replace")
    return parse_options_header(disposition)[1].get(b"filename", b"").decode("utf-8", "replace")
