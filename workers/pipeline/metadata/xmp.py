"""XMP packets: a note that the colours were predicted and by which model, and the orientation.

`Iptc4xmpExt:DigitalSourceType` is the field that IPTC, and those who read it, keep for this: a photograph with
parts made by a trained model. `photochrom:Model` names the model, `photochrom:Seen` says what it saw where that was
not the whole photograph as it is.
"""

import re
from xml.sax.saxutils import quoteattr

from photochrom import __version__
from photochrom.photo.model_card import ModelCard

SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
_END = re.compile(rb"</rdf:RDF\s*>")
_TURNED = re.compile(rb"""(tiff:Orientation(?:\s{0,9}=\s{0,9}["']|\s{0,9}>))[2-8](?=["'<])""")
_DESCRIPTION, _OURS = b"<rdf:Description", b"xmlns:photochrom="
_EXTENSION = re.compile(
    rb"""\s{0,9}xmpNote:HasExtendedXMP\s{0,9}=\s{0,9}["'][0-9A-Fa-f]{0,64}["']"""
    rb"""|<xmpNote:HasExtendedXMP>[0-9A-Fa-f]{0,64}</xmpNote:HasExtendedXMP>"""
)
_PACKET = (
    b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>\n'
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">\n'
    b"</rdf:RDF></x:xmpmeta>\n"
    b'<?xpacket end="w"?>'
)


def with_provenance(xmp: bytes | None, card: ModelCard, seen: tuple[str, ...] = ()) -> bytes:
    """Return an XMP packet with the note, replacing an earlier one; all else stays byte by byte.

    An existing packet that is no RDF in UTF-8 is left alone: better no note than damaged metadata.
    """
    packet = _without_note(xmp or _PACKET)
    ends = list(_END.finditer(packet))
    if not ends:
        return xmp or _PACKET
    at = ends[-1].start()
    return packet[:at] + _note(card, seen) + packet[at:]


def turned_xmp(xmp: bytes) -> bytes:
    """Return an XMP packet in which the orientation, if any, says upright; no other byte changes."""
    return _TURNED.sub(rb"\g<1>1", xmp)


def without_extension(xmp: bytes) -> bytes:
    """Return an XMP packet that does not point to further parts, where those do not travel with it."""
    return _EXTENSION.sub(b"", xmp)


def _without_note(packet: bytes) -> bytes:
    """Take out the notes of earlier versions, in time that grows with the packet's length and no faster."""
    kept, position = [], 0
    while (at := packet.find(_OURS, position)) >= 0 and (end := packet.find(b">", at) + 1):
        start = packet.rfind(b"<", position, at)
        if start >= 0 and packet.startswith(_DESCRIPTION, start) and packet[end - 2] == ord("/"):
            kept.append(packet[position:start])
            while packet[end : end + 1].isspace():
                end += 1
        else:
            kept.append(packet[position:end])
        position = end
    return b"".join(kept) + packet[position:]


def _note(card: ModelCard, seen: tuple[str, ...]) -> bytes:
    model = quoteattr(f"{card.name} {card.version}")
    saw = f" photochrom:Seen={quoteattr(' '.join(seen))}" if seen else ""
    return (
        '<rdf:Description rdf:about="" xmlns:photochrom="urn:photochrom:xmp:1.0:"'
        ' xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"'
        f' photochrom:Model={model} photochrom:Version="{__version__}"{saw}'
        f' Iptc4xmpExt:DigitalSourceType="{SOURCE_TYPE}"/>\n'
    ).encode()
