"""Names of items: relative paths that a file may have on every system."""

import re
import unicodedata

from ..errors import InvalidName
from ..photo.names import suffix_of

_NAME_BYTES = 1024
_PART_BYTES = 255
# Of each plane of Unicode the last two, which are no characters: XML and macOS refuse them.
_NONE = r"\ufdd0-\ufdef" + "".join(
    f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000)
)
# Control and formatting characters, lone surrogates, and what Windows refuses in names.
_FORBIDDEN = re.compile(rf'[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff{_NONE}<>:"|?*\\]')
# What a shell takes for an option or for a home, and a blank that nobody sees.
_LEADING = re.compile(r"^[-~ ]")
# Names of devices on Windows, whatever follows a dot.
_RESERVED = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³]) *(\.|$)", re.IGNORECASE)
_LIKE = "give a relative path like 'album/1931/wedding.jpg'"


def item_name(name: str) -> str:
    """Return the name of an item if it is a relative path that is safe on every system.

    Raises:
        InvalidName: it is empty, absolute, too long, climbs, or is none that every system takes; the sentence says
            which character, or which part.
    """
    if len(name.encode(errors="replace")) > _NAME_BYTES:
        raise _refused(name, f"it is longer than {_NAME_BYTES} bytes; shorten it")
    for part in name.split("/"):
        if why := _fault(part):
            raise _refused(name, why)
    return name


def made_safe(name: str) -> str:
    """Return the name with `_` in place of what some system refuses, for those who cannot give another name.

    What is no path within a folder stays none: `item_name` still refuses what is absolute or climbs.
    """
    absolute, parts = name.startswith("/"), [part for part in name.split("/") if part not in ("", ".")]
    return "/" * absolute + "/".join(part if part == ".." else _safe(part) for part in parts)


def folder_of(page: str) -> str:
    """Return the folder of the photographs that are cut out of an item: `a/b` for `a/b.jpg`; every system takes it."""
    return made_safe(page.removesuffix(suffix_of(page)))


def numbered(name: str, number: int) -> str:
    """Return `a/b (2).jpg` for `a/b.jpg` and 2."""
    folder, slash, last = name.rpartition("/")
    stem, dot, end = last.rpartition(".") if "." in last[1:] else (last, "", "")
    return folder + slash + _cut(stem, f" ({number}){dot}{end}")


def _safe(part: str) -> str:
    safe = _LEADING.sub("_", _FORBIDDEN.sub("_", part))
    if safe != safe.rstrip(" ."):
        safe = safe.rstrip(" .") + "_"
    if device := _RESERVED.match(safe):
        safe = f"{safe[: device.end(1)]}_{safe[device.end(1) :]}"
    stem, dot, end = safe.rpartition(".") if len(safe) - safe.rfind(".") < 8 else (safe, "", "")
    return _cut(stem, dot + end)


def _cut(stem: str, end: str) -> str:
    """Shorten what is before the end, so that both have room in a name."""
    if len((stem + end).encode(errors="replace")) <= _PART_BYTES:
        return stem + end
    room = _PART_BYTES - len(end.encode(errors="replace"))
    return stem.encode(errors="replace")[:room].decode(errors="ignore").rstrip(" .") + end


def _fault(part: str) -> str:
    if part in ("", ".", ".."):
        return _LIKE
    if found := _FORBIDDEN.search(part):
        return f"some systems do not allow {_shown(found[0])} in a file name; put _ in its place"
    if _LEADING.match(part):
        return (
            f"{part[:80]!r} begins with what a shell takes for something else; put _ in place of {part[:1]!r}"
        )
    if part != part.rstrip(" ."):
        return f"{part[:80]!r} ends in a dot or a blank, which some systems do not allow; leave that out"
    if _RESERVED.match(part):
        return f"{part[:80]!r} is the name of a device on Windows; call it otherwise"
    if len(part.encode(errors="replace")) > _PART_BYTES:
        return f"a part of it is longer than {_PART_BYTES} bytes; shorten it"
    return ""


def _shown(character: str) -> str:
    if character.isprintable():
        return f"the character {character}"
    none = "a control character" if unicodedata.category(character) == "Cc" else "no character"
    return f"U+{ord(character):04X} ({unicodedata.name(character, none).lower()})"


def _refused(name: str, why: str) -> InvalidName:
    return InvalidName(f"{name[:80]!r} is not a name for an item: {why}.")
