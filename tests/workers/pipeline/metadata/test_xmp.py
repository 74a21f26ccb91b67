import time

import pytest

from workers.pipeline.metadata.xmp import SOURCE_TYPE, with_provenance

FOREIGN = b'<rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/" dc:source="Box 12"/>'
SPECIFIC = (
    b'<rdf:Description rdf:about="" xmlns:photochrom="urn:x">kept, as it has children</rdf:Description>'
)


def packet(inside: bytes) -> bytes:
    return b"<x:xmpmeta><rdf:RDF>" + inside + b"</rdf:RDF></x:xmpmeta>"


@pytest.mark.parametrize("inside", [b"", FOREIGN, SPECIFIC, FOREIGN + SPECIFIC, SPECIFIC + FOREIGN + b"\n"])
def test_one_note_and_all_else_byte_by_byte(inside, predictor):
    once = with_provenance(packet(inside), predictor.card)
    assert with_provenance(once, predictor.card) == once
    before, note, after = once.partition(SOURCE_TYPE.encode())
    assert before.startswith(b"<x:xmpmeta><rdf:RDF>" + inside)
    assert note
    assert after == b'"/>\n</rdf:RDF></x:xmpmeta>'


def test_notes_of_many_earlier_versions_go_with_the_space_after_them(predictor):
    note = b'<rdf:Description rdf:about=""\n xmlns:photochrom="urn:photochrom:xmp:0.1:"/> \n\t'
    result = with_provenance(packet(note + FOREIGN + note + note), predictor.card)
    assert result == with_provenance(packet(FOREIGN), predictor.card)


@pytest.mark.parametrize(
    "piece",
    [
        b"<rdf:Description ",
        b"xmlns:photochrom=",
        b"<rdf:Description xmlns:photochrom=",
        b"<rdf:Description xmlns:photochrom=/>",
        b"<rdf:Description xmlns:photochrom=>",
        b"</rdf:RDF",
        b"</rdf:RDF" + b" " * 50,
        b"<",
        b" ",
    ],
)
def test_a_hostile_megabyte_takes_no_longer_than_reading_it(piece, predictor):
    hostile = piece * ((1 << 20) // len(piece))
    start = time.process_time()
    with_provenance(packet(hostile), predictor.card)
    with_provenance(hostile, predictor.card)
    assert time.process_time() - start < 1
