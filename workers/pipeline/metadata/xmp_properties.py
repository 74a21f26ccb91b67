"""The properties of an XMP packet, and where their bytes are: who changes one leaves all others as they were.

ISO 16684-1: the properties are the attributes and the children of the descriptions in `rdf:RDF`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from xml.parsers import expat
from xml.sax.saxutils import unescape

Edit = tuple[int, int, bytes]
"""Where bytes are replaced, from and to, and by what."""
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_TAG = re.compile(rb"""<[^>"']*(?:(?:"[^"]*"|'[^']*')[^>"']*)*>""")
_TAG_NAME = re.compile(rb"""<[^\s/>=<"']+""")
_NAME = re.compile(rb"""[^\s/>=<"']+""")
_NOT_PROPERTIES = ("about", "ID", "nodeID", "datatype", "parseType", "resource")


@dataclass(frozen=True)
class Property:
    """A property and its place in the packet: an attribute with the blanks before it, or an element with its end."""

    namespace: str
    name: str
    start: int
    end: int
    names: tuple[tuple[int, int], ...]
    """Where its qualified name stands: an element with an end tag has it twice."""
    tag: tuple[int, int]
    """The start tag that it is in, or that it is."""

    def text(self, packet: bytes) -> str:
        """Return its value, where that is a text."""
        if self.start == self.tag[0]:
            inside = packet[self.tag[1] : self.end].rpartition(b"</")[0]
        else:
            inside = packet[self.start : self.end].partition(b"=")[2].strip()[1:-1]
        return unescape(inside.decode("utf-8", "replace"), {"&quot;": '"', "&apos;": "'"}).strip()


def edited(packet: bytes, edits: Iterable[Edit]) -> bytes:
    """Return the packet with each edit made; they do not overlap, and of equal ones one is made."""
    parts, position = [], 0
    for start, end, new in sorted(set(edits)):
        parts += [packet[position:start], new]
        position = end
    return b"".join(parts) + packet[position:]


def renamed(packet: bytes, found: Property, namespace: str, prefix: str) -> list[Edit]:
    """Return the edits that put a property into another namespace, at its place and with its value as it is."""
    name = f"{prefix}:{found.name}".encode()
    edits: list[Edit] = [(*span, name) for span in found.names]
    declared = f"xmlns:{prefix}=".encode()
    if declared not in packet[slice(*found.tag)]:
        place = _TAG_NAME.match(packet, found.tag[0])
        at = place.end() if place else found.tag[1] - 1
        edits.append((at, at, f' xmlns:{prefix}="{namespace}"'.encode()))
    return edits


class _Over(Exception):
    """The descriptions have ended."""


def read_properties(packet: bytes) -> list[Property] | None:
    """Return the properties in their order; None where the packet is no well-formed XML in UTF-8."""
    reader = _Reader(packet)
    try:
        reader.parser.Parse(packet, True)
    except _Over:
        return reader.found
    except (expat.ExpatError, ValueError):
        return None
    return reader.found


class _Reader:
    def __init__(self, packet: bytes) -> None:
        self.found: list[Property] = []
        self.parser = expat.ParserCreate("utf-8", " ")
        self.parser.ordered_attributes = True
        self.parser.namespace_prefixes = True
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.StartDoctypeDeclHandler = self._refuse
        self._packet = packet
        # Depth below rdf:RDF: 1 is a description, 2 a property.
        self._depth: int | None = None
        self._open: tuple[str, tuple[int, int]] = "", (0, 0)

    def _refuse(self, *_: object) -> None:
        raise ValueError("An XMP packet has no document type.")

    def _start(self, name: str, attributes: list[str]) -> None:
        if self._depth is None:
            self._depth = 0 if name.startswith(f"{RDF} RDF") else None
            return
        self._depth += 1
        if self._depth > 2:
            return
        start = self.parser.CurrentByteIndex
        tag = _TAG.match(self._packet, start)
        if tag is None:
            raise ValueError("A tag without an end.")
        if self._depth == 2:
            self._open = name, tag.span()
        elif attributes:
            self._add_attributes(tag.span(), attributes[::2])

    def _add_attributes(self, tag: tuple[int, int], names: list[str]) -> None:
        for full in names:
            namespace, _, rest = full.partition(" ")
            local, _, prefix = rest.partition(" ")
            if not rest or (namespace == RDF and local in _NOT_PROPERTIES):
                continue
            written = re.escape(f"{prefix}:{local}".encode())
            pattern = re.compile(rb"\s+(" + written + rb")\s*=\s*(?:\"[^\"]*\"|'[^']*')")
            if at := pattern.search(self._packet, *tag):
                self.found.append(Property(namespace, local, *at.span(), (at.span(1),), tag))

    def _end(self, name: str) -> None:
        if self._depth is None:
            return
        if self._depth == 0:
            raise _Over
        if self._depth == 2 and self._open[0] == name:
            self._add_element(name)
        self._depth -= 1

    def _add_element(self, full: str) -> None:
        namespace, _, rest = full.partition(" ")
        tag = self._open[1]
        names, end = [self._name_at(tag[0] + 1)], tag[1]
        if self._packet[end - 2 : end] != b"/>":
            at = self.parser.CurrentByteIndex
            names.append(self._name_at(at + 2))
            end = self._packet.index(b">", at) + 1
        self.found.append(Property(namespace, rest.partition(" ")[0], tag[0], end, tuple(names), tag))

    def _name_at(self, start: int) -> tuple[int, int]:
        found = _NAME.match(self._packet, start)
        return found.span() if found else (start, start)
