"""XMP packets: a note that the colours were predicted and by which model, the steps to them, and the orientation.

The note holds `Iptc4xmpExt:DigitalSourceType` (a photograph with parts made by a trained model), `AISystemUsed` and
`AISystemVersionUsed` (IPTC 2025.1), and the hashes of original and model. What the original itself said in these
properties steps aside into a namespace of its own, and comes back when the colour is taken away.
"""

import re
from xml.sax.saxutils import quoteattr

from photochrom import __version__

from .provenance import SYSTEM, Provenance, Step
from .xmp_history import lengthened, new_history
from .xmp_properties import Edit, Property, edited, read_properties, renamed

_SOURCE_TYPES = "http://cv.iptc.org/newscodes/digitalsourcetype/"
SOURCE_TYPE = f"{_SOURCE_TYPES}compositeWithTrainedAlgorithmicMedia"
WITHOUT_COLOR = f"{_SOURCE_TYPES}algorithmicallyEnhanced"
_IPTC, _XMP_MM = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/", "http://ns.adobe.com/xap/1.0/mm/"
_OWN, _ORIGINAL = "urn:photochrom:xmp:1.0:", "urn:photochrom:original:1.0:"
_PREFIXES = {_IPTC: "Iptc4xmpExt", _XMP_MM: "xmpMM", _ORIGINAL: "photochromOriginal"}
_REFERENCE, _HASH = "http://ns.adobe.com/xap/1.0/sType/ResourceRef#", "urn:sha256:"
_STATED = {
    "DigitalSourceType": (_IPTC, SOURCE_TYPE),
    "AISystemUsed": (_IPTC, SYSTEM),
    "AISystemVersionUsed": (_IPTC, SYSTEM),
    "DerivedFrom": (_XMP_MM, _HASH),
}
"""What a result states anew: the property's namespace, and by what an earlier statement of ours is known."""
_END = re.compile(rb"</rdf:RDF\s*>")
_TURNED = re.compile(rb"""(tiff:Orientation(?:\s{0,9}=\s{0,9}["']|\s{0,9}>))[1-8](?=["'<])""")
_DESCRIPTION, _OURS = b"<rdf:Description", b"xmlns:photochrom="
_DERIVED = (
    f'<rdf:Description rdf:about="" xmlns:xmpMM="{_XMP_MM}" xmlns:stRef="{_REFERENCE}">'
    f'<xmpMM:DerivedFrom stRef:documentID="{_HASH}%s"/></rdf:Description>\n'
)
_EARLIER_DERIVED = re.compile(re.escape(_DERIVED).replace("%s", "[0-9a-f]{64}").encode())
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


def with_provenance(xmp: bytes | None, provenance: Provenance) -> bytes:
    """Return an XMP packet with the note, replacing an earlier one; all else stays byte by byte.

    The steps are added to a history that is there, unless it ends with them. An existing packet that is no RDF in
    UTF-8 is left alone: better no note than damaged metadata. One that is no well-formed XML gets no history.
    """
    packet = _without_note(xmp or _PACKET)
    ends = list(_END.finditer(packet))
    if not ends:
        return xmp or _PACKET
    at, added = ends[-1].start(), _note(provenance)
    edits: list[Edit] = []
    if (found := read_properties(packet)) is not None:
        edits += _stepped_aside(packet, found)
        if (history := _history(found)) is not None:
            edits += lengthened(packet, history, provenance.steps)
        else:
            added = new_history(provenance.steps) + added
    return edited(packet, [*edits, (at, at, added)])


def with_steps(xmp: bytes | None, *steps: Step) -> bytes:
    """Return an XMP packet whose history has further steps, all else byte by byte; a damaged one is left alone."""
    packet = xmp or _PACKET
    ends = list(_END.finditer(packet))
    if not ends or (found := read_properties(packet)) is None:
        return packet
    if (history := _history(found)) is not None:
        return edited(packet, lengthened(packet, history, steps))
    return edited(packet, [(ends[-1].start(), ends[-1].start(), new_history(steps))])


def without_provenance(xmp: bytes, *steps: Step) -> bytes:
    """Return a packet without the note, with what the original itself said in its place, and with further steps."""
    packet = _without_note(xmp)
    found = read_properties(packet)
    if found is None:
        return packet
    edits: list[Edit] = []
    for each in found:
        if each.namespace == _ORIGINAL:
            namespace = _STATED.get(each.name, (_XMP_MM, ""))[0]
            edits += renamed(packet, each, namespace, _PREFIXES[namespace])
        elif _is_ours(packet, each):
            edits.append((each.start, each.end, b""))
    if (history := _history(found)) is not None:
        edits += lengthened(packet, history, steps)
    return edited(packet, edits)


def turned_xmp(xmp: bytes, orientation: int = 1) -> bytes:
    """Return an XMP packet in which the orientation, if any, says this one; no other byte changes."""
    return _TURNED.sub(rb"\g<1>%d" % orientation, xmp)


def without_extension(xmp: bytes) -> bytes:
    """Return an XMP packet that does not point to further parts, where those do not travel with it."""
    return _EXTENSION.sub(b"", xmp)


def own_properties(xmp: bytes) -> dict[str, str]:
    """Return what the note says in the project's own namespace; nothing where there is none."""
    found = read_properties(xmp) or []
    return {each.name: each.text(xmp) for each in found if each.namespace == _OWN}


def _without_note(packet: bytes) -> bytes:
    """Take out the notes of earlier versions, in time that grows with the packet's length and no faster."""
    packet = _EARLIER_DERIVED.sub(b"", packet)
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


def _note(provenance: Provenance) -> bytes:
    own = provenance.properties()
    told = "".join(f" photochrom:{name}={quoteattr(text)}" for name, text in own.items())
    note = (
        f'<rdf:Description rdf:about="" xmlns:photochrom="{_OWN}"{told} xmlns:Iptc4xmpExt="{_IPTC}"'
        f"{_maker(own)}/>\n"
    )
    return (note + _DERIVED % provenance.original_sha256).encode()


def _maker(own: dict[str, str]) -> str:
    """Name the AI system where a model made the colours; without one, that a program changed the picture."""
    if "Model" not in own:
        return f' Iptc4xmpExt:DigitalSourceType="{WITHOUT_COLOR}"'
    version = quoteattr(f"{SYSTEM} {__version__}, model {own['Model']}")
    return (
        f' Iptc4xmpExt:AISystemUsed="{SYSTEM}" Iptc4xmpExt:AISystemVersionUsed={version}'
        f' Iptc4xmpExt:DigitalSourceType="{SOURCE_TYPE}"'
    )


def _stepped_aside(packet: bytes, found: list[Property]) -> list[Edit]:
    """Take out what an earlier result of ours states, and let the original's own statements step aside."""
    edits: list[Edit] = []
    aside = {each.name for each in found if each.namespace == _ORIGINAL}
    for each in found:
        if _is_ours(packet, each):
            edits.append((each.start, each.end, b""))
        elif each.namespace == _STATED.get(each.name, ("", ""))[0]:
            # The first that steps aside is the original's; what comes later was said of a result.
            gone: list[Edit] = [(each.start, each.end, b"")]
            edits += gone if each.name in aside else renamed(packet, each, _ORIGINAL, _PREFIXES[_ORIGINAL])
            aside.add(each.name)
    return edits


def _is_ours(packet: bytes, found: Property) -> bool:
    """Whether a result of ours stated it: another program may have moved it among its own properties."""
    if found.namespace == _OWN:
        return True
    namespace, known_by = _STATED.get(found.name, ("", ""))
    return found.namespace == namespace and known_by.encode() in packet[found.start : found.end]


def _history(found: list[Property]) -> Property | None:
    return next((each for each in found if (each.namespace, each.name) == (_XMP_MM, "History")), None)
