"""What a file says of itself in its XMP, found without a decoder: packets are made to be found by their first bytes."""

import mmap
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

from photochrom.errors import PhotochromError

_BEGIN, _END = b"<x:xmpmeta", b"</x:xmpmeta>"
_LONGEST = 4 << 20
_OWN, _MM = "{urn:photochrom:xmp:1.0:}", "{http://ns.adobe.com/xap/1.0/mm/}"
_EVENT = "{http://ns.adobe.com/xap/1.0/sType/ResourceEvent#}"
_IPTC = "{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}"


class UnreadableStatement(PhotochromError):
    """The file has XMP that is not well-formed."""

    code = "unreadable-statement"


@dataclass(frozen=True)
class Statement:
    """What the XMP states; empty texts where it says nothing."""

    model: str = ""
    version: str = ""
    model_sha256: str = ""
    original_sha256: str = ""
    luma_sha256: str = ""
    source_type: str = ""
    steps: tuple[str, ...] = ()


def statement_of(path: Path) -> Statement:
    """Read the first XMP packet of a file.

    Raises:
        UnreadableStatement: it is damaged.
        OSError: the file cannot be read.
    """
    packet = _packet(path)
    if packet is None:
        return Statement()
    if b"<!DOCTYPE" in packet or b"<!ENTITY" in packet:
        raise UnreadableStatement(f"{path} has XMP with a document type, which no program writes.")
    try:
        root = ET.fromstring(packet)  # noqa: S314 - of no document type, so no entity can grow
    except ET.ParseError as error:
        raise UnreadableStatement(f"The XMP of {path} is damaged: {error}.") from error
    told: dict[str, str] = {}
    for description in root.iter("{http://www.w3.org/1999/02/22-rdf-syntax-ns#}Description"):
        told |= dict(description.attrib) | {child.tag: child.text or "" for child in description}
    events = root.iterfind(f".//{_MM}History/*/*")
    return Statement(
        model=told.get(f"{_OWN}Model", ""),
        version=told.get(f"{_OWN}Version", ""),
        model_sha256=told.get(f"{_OWN}ModelSHA256", ""),
        original_sha256=told.get(f"{_OWN}OriginalSHA256", ""),
        luma_sha256=told.get(f"{_OWN}LumaSHA256", ""),
        source_type=told.get(f"{_IPTC}DigitalSourceType", ""),
        steps=tuple(filter(None, (event.get(f"{_EVENT}action", "") for event in events))),
    )


def _packet(path: Path) -> bytes | None:
    with path.open("rb") as file:
        if not path.stat().st_size:
            return None
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            start = data.find(_BEGIN)
            end = data.find(_END, start, start + _LONGEST) if start >= 0 else -1
            return data[start : end + len(_END)] if end >= 0 else None
