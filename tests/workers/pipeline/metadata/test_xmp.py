import time
from xml.etree import ElementTree as ET

import pytest

from workers.pipeline.metadata.provenance import Provenance, Step, with_steps_before
from workers.pipeline.metadata.xmp import SOURCE_TYPE, own_properties, with_provenance, without_provenance

FOREIGN = b'<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" dc:source="Box 12"/>'
SPECIFIC = (
    b'<rdf:Description rdf:about="" xmlns:photochrom="urn:x">kept, as it has children</rdf:Description>'
)
MM = b'xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/" xmlns:stRef="http://ns.adobe.com/xap/1.0/sType/ResourceRef#"'
IPTC = b'xmlns:ext="http://iptc.org/std/Iptc4xmpExt/2008-02-29/"'
PRINT = b"http://cv.iptc.org/newscodes/digitalsourcetype/print"
HISTORY = (
    b'<rdf:Description rdf:about="" ' + MM + b' xmpMM:InstanceID="xmp.iid:1">\n<xmpMM:History>\n <rdf:Seq>\n'
    b"  <rdf:li>scanned</rdf:li>\n </rdf:Seq>\n</xmpMM:History></rdf:Description>"
)
# What archives and Photoshop write: the source of the scan, and the file that it was saved from.
STATED = (
    b'<rdf:Description rdf:about="" '
    + IPTC
    + b' ext:DigitalSourceType="'
    + PRINT
    + b'" ext:AISystemUsed="none"/>'
    b'<rdf:Description rdf:about="" ' + MM + b"><xmpMM:DerivedFrom"
    b' stRef:documentID="xmp.did:7"/></rdf:Description>'
)
WELL_FORMED = [
    b"",
    FOREIGN,
    SPECIFIC,
    FOREIGN + SPECIFIC,
    SPECIFIC + FOREIGN + b"\n",
    HISTORY,
    STATED,
    HISTORY + STATED,
]


def packet(inside: bytes) -> bytes:
    head = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    return head + inside + b"</rdf:RDF></x:xmpmeta>"


@pytest.fixture
def made(predictor) -> Provenance:
    return Provenance(predictor.card, "a" * 64, (Step("colorized", {"note": '<"&>'}),))


def names(data: bytes) -> list[str]:
    """The properties of a packet, in James Clark's notation; one stated twice is in the list twice."""
    descriptions = ET.fromstring(data).findall("*/{*}Description")
    return sorted(
        n for d in descriptions for n in (*d.attrib, *(child.tag for child in d)) if "about" not in n
    )


def events(data: bytes) -> list[str]:
    stated = ET.fromstring(data).findall("*/*/{*}History/{*}Seq/{*}li")
    return [li.text or next(v for k, v in li.attrib.items() if k.endswith("action")) for li in stated]


@pytest.mark.parametrize("inside", [b"", FOREIGN, SPECIFIC, FOREIGN + SPECIFIC, SPECIFIC + FOREIGN + b"\n"])
def test_one_note_and_all_else_byte_by_byte(inside, made):
    once = with_provenance(packet(inside), made)
    assert with_provenance(once, made) == once
    assert once.startswith(packet(inside).removesuffix(b"</rdf:RDF></x:xmpmeta>"))
    assert once.endswith(b"</rdf:RDF></x:xmpmeta>")
    assert once.count(SOURCE_TYPE.encode()) == 1


@pytest.mark.parametrize("inside", WELL_FORMED)
def test_no_property_is_stated_twice_and_the_history_goes_on(inside, made):
    once = with_provenance(packet(inside), made)
    assert len(set(names(once))) == len(names(once))
    assert events(once) == [*events(packet(inside)), "colorized"]
    again = with_provenance(once, with_steps_before(made, Step("repaired")))
    assert len(set(names(again))) == len(names(again))
    assert events(again) == [*events(packet(inside)), "colorized", "repaired", "colorized"]


@pytest.mark.parametrize("inside", WELL_FORMED)
def test_without_the_note_the_original_speaks_again(inside, made):
    back = without_provenance(with_provenance(packet(inside), made), Step("uncolored"))
    mine = {"{http://ns.adobe.com/xap/1.0/mm/}History"}
    assert set(names(back)) - mine == set(names(packet(inside))) - mine
    assert own_properties(back) == {}
    if inside == STATED:
        assert b'"' + PRINT + b'"' in back
        assert b'stRef:documentID="xmp.did:7"' in back
        assert SOURCE_TYPE.encode() not in back


def test_what_the_original_stated_is_kept_aside(made):
    noted = with_provenance(packet(STATED), made)
    assert b'photochromOriginal:DigitalSourceType="' + PRINT in noted
    assert b'<photochromOriginal:DerivedFrom xmlns:photochromOriginal="urn:photochrom:original:1.0:"' in noted
    assert noted.count(b"urn:sha256:" + b"a" * 64) == 1


def test_a_note_that_another_program_has_moved_is_replaced(made):
    """As Photoshop does: one description of all properties, with prefixes of its own."""
    moved = (
        b'<rdf:Description rdf:about="" xmlns:own="urn:photochrom:xmp:1.0:" ' + IPTC + b' own:Model="old 1"'
        b' ext:DigitalSourceType="'
        + SOURCE_TYPE.encode()
        + b'"><ext:AISystemUsed>Photochrom</ext:AISystemUsed>'
        b'<dc:x xmlns:dc="urn:dc">y</dc:x></rdf:Description>'
    )
    noted = with_provenance(packet(moved), made)
    assert len(set(names(noted))) == len(names(noted))
    assert own_properties(noted)["Model"] == "smooth-colors 1"
    assert b'<dc:x xmlns:dc="urn:dc">y</dc:x>' in noted


def test_notes_of_many_earlier_versions_go_with_the_space_after_them(made):
    note = b'<rdf:Description rdf:about=""\n xmlns:photochrom="urn:photochrom:xmp:0.1:"/> \n\t'
    assert with_provenance(packet(note + FOREIGN + note + note), made) == with_provenance(
        packet(FOREIGN), made
    )


def test_a_packet_that_no_parser_reads_gets_the_note_alone(made):
    once = with_provenance(packet(b"<dc:x>"), made)
    assert with_provenance(once, made) == once
    assert b"stEvt" not in once
    assert SOURCE_TYPE.encode() in once


@pytest.mark.parametrize(
    "piece",
    [
        b"<rdf:Description ",
        b"xmlns:photochrom=",
        b"<rdf:Description xmlns:photochrom=",
        b"<rdf:Description xmlns:photochrom=/>",
        b"<rdf:Description xmlns:photochrom=>",
        b"<rdf:Description/>",
        b'<rdf:Description rdf:ID="a"/>',
        b"<rdf:Description><rdf:li/></rdf:Description>",
        HISTORY,
        STATED,
        b"<a>",
        b"<a/>",
        b"</rdf:RDF",
        b"</rdf:RDF" + b" " * 50,
        b"<",
        b" ",
    ],
)
def test_a_hostile_megabyte_takes_no_longer_than_reading_it(piece, made):
    hostile = piece * ((1 << 20) // len(piece))
    start = time.process_time()
    with_provenance(packet(hostile), made)
    with_provenance(hostile, made)
    assert time.process_time() - start < 1


def test_entities_are_not_followed(made):
    bomb = b'<!DOCTYPE x [<!ENTITY a "b">]>' + packet(
        b'<rdf:Description rdf:about=""><a>&a;</a></rdf:Description>'
    )
    assert b"stEvt" not in with_provenance(bomb, made)
