"""The history of a picture in XMP (`xmpMM:History`): an event for each step, with its parameters and no time.

The time would make two results of the same photograph differ; the job's record and the manifest have it.
"""

import re
from collections.abc import Iterable
from xml.sax.saxutils import quoteattr

from photochrom import __version__

from .provenance import SYSTEM, Step
from .xmp_properties import Edit, Property

_XMP_MM = "http://ns.adobe.com/xap/1.0/mm/"
_EVENT = "http://ns.adobe.com/xap/1.0/sType/ResourceEvent#"
_SEQUENCE_END = re.compile(rb"</[^\s<>/:]{1,64}:Seq\s{0,9}>\s{0,99}</[^<>]{1,99}>\Z")
_MOST_BLANKS = 300


def new_history(steps: Iterable[Step]) -> bytes:
    """Return a description with a history of these steps; nothing where there are none."""
    events = b"".join(map(_event, steps))
    if not events:
        return b""
    head = f'<rdf:Description rdf:about="" xmlns:xmpMM="{_XMP_MM}"><xmpMM:History><rdf:Seq>\n'.encode()
    return head + events + b"</rdf:Seq></xmpMM:History></rdf:Description>\n"


def lengthened(packet: bytes, history: Property, steps: Iterable[Step]) -> list[Edit]:
    """Return the edit that adds the steps to a history, unless it ends with them or is no sequence."""
    end = _SEQUENCE_END.search(packet, max(history.start, history.end - _MOST_BLANKS), history.end)
    events = b"".join(map(_event, steps))
    if end is None or packet.endswith(events, history.start, end.start()):
        return []
    return [(end.start(), end.start(), events)]


def _event(step: Step) -> bytes:
    return (
        f'<rdf:li xmlns:stEvt="{_EVENT}" stEvt:action={quoteattr(step.action)}'
        f' stEvt:softwareAgent="{SYSTEM} {__version__}" stEvt:changed="/"'
        f" stEvt:parameters={quoteattr(step.told())}/>\n"
    ).encode()
