"""The zip of a batch as an archive takes it: hashes, a bag by the library of those who made the format."""

import hashlib
import io
import json
import re
import zipfile
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

import bagit
import pytest
from fastapi.testclient import TestClient

from photochrom.batches.record import BatchRecord
from photochrom.ids import new_id
from photochrom.jobs.record import JobRecord
from photochrom.photo.names import folded
from photochrom.photo.options import ColorizeOptions
from photochrom.times import utc_now
from service.batches.bags import Bag
from service.batches.premis import _element
from support.queue.queueing import Bench

PREMIS = "{http://www.loc.gov/premis/v3}"
NAMES = {"Älbum/1.jpg": b"one", "Älbum/1.tif": b"two", "50%.jpg": b"three", "originals/x.jpg": b"four"}


def put(client: TestClient, url: str, name: str, photo: bytes) -> str:
    response = client.put(f"{url}/items/{name.replace('%', '%25')}", content=photo)
    assert response.status_code == 201, response.text
    return str(response.json()["id"])


@pytest.fixture
def url(client: TestClient, photo: bytes, finish: Callable[..., JobRecord]) -> str:
    """A batch of four finished items and one that waits."""
    url = str(client.post("/v1/batches", json={"name": "Album\n1931"}).headers["location"])
    for name, data in NAMES.items():
        finish(put(client, url, name, photo), data)
    put(client, url, "waits.jpg", photo)
    return url


def unpacked(client: TestClient, url: str, folder: Path, query: str) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(client.get(f"{url}/archive.zip?{query}").content)) as archive:
        assert archive.testzip() is None
        archive.extractall(folder)
        return archive.namelist()


def test_the_manifest_proves_what_was_made_of_what(
    client: TestClient, url: str, tmp_path: Path, photo: bytes
) -> None:
    unpacked(client, url, tmp_path, "")
    items = {entry["item"]: entry for entry in json.loads((tmp_path / "manifest.json").read_text())["items"]}
    assert items.keys() == NAMES.keys() | {"waits.jpg"}
    for name, data in NAMES.items():
        told = items[name]
        assert told["original_sha256"] == hashlib.sha256(photo).hexdigest()
        assert told["result_sha256"] == hashlib.sha256(data).hexdigest()
        assert hashlib.sha256((tmp_path / told["result"]).read_bytes()).hexdigest() == told["result_sha256"]
        assert told["options"]["vividness"] == "auto"
        assert told["model"]["name"] == "photochrom"
        assert told["warnings"] == []
    assert items["waits.jpg"]["state"] == "queued"


def test_originals_come_beside_their_results(
    client: TestClient, url: str, tmp_path: Path, photo: bytes
) -> None:
    unpacked(client, url, tmp_path, "originals=true")
    items = json.loads((tmp_path / "manifest.json").read_text())["items"]
    assert {(tmp_path / entry["original"]).read_bytes() for entry in items} == {photo}
    assert len({entry["original"] for entry in items}) == len(items)
    # An item of that name is no reason for another one to be lost.
    assert (tmp_path / "originals/x.jpg").read_bytes() in (b"four", photo)


@pytest.mark.parametrize("originals", [False, True])
def test_a_bag_is_valid(client: TestClient, url: str, tmp_path: Path, originals: bool) -> None:
    names = unpacked(client, url, tmp_path, f"layout=bagit&originals={originals}")
    (folder,) = {name.split("/")[0] for name in names}
    bag = bagit.Bag(str(tmp_path / folder))
    bag.validate()
    assert bag.info["External-Description"] == "Album 1931"
    payload = [
        name for name in bag.payload_entries() if name not in ("data/manifest.json", "data/premis.xml")
    ]
    assert len(payload) == len(NAMES) + originals * (len(NAMES) + 1)


# What may stand in each element of PREMIS 3.0 that is used, in the order of its data dictionary and schema.
CHILDREN = {
    "premis": "object+ event* agent*",
    "object": "objectIdentifier+ objectCharacteristics+ originalName? relationship*",
    "objectCharacteristics": "fixity* size? format+",
    "fixity": "messageDigestAlgorithm messageDigest",
    "format": "formatDesignation",
    "formatDesignation": "formatName",
    "relationship": "relationshipType relationshipSubType relatedObjectIdentifier* relatedEventIdentifier*",
    "event": "eventIdentifier eventType eventDateTime eventDetailInformation* eventOutcomeInformation* "
    "linkingAgentIdentifier* linkingObjectIdentifier*",
    "eventDetailInformation": "eventDetail?",
    "eventOutcomeInformation": "eventOutcome? eventOutcomeDetail*",
    "eventOutcomeDetail": "eventOutcomeDetailNote?",
    "agent": "agentIdentifier+ agentName* agentType? agentVersion? agentNote*",
    "linkingAgentIdentifier": "linkingAgentIdentifierType linkingAgentIdentifierValue linkingAgentRole*",
    "linkingObjectIdentifier": "linkingObjectIdentifierType linkingObjectIdentifierValue linkingObjectRole*",
}


def names(element: Element) -> list[str]:
    return [child.tag.removeprefix(PREMIS) for child in element]


def assert_in_order(element: Element) -> None:
    name = element.tag.removeprefix(PREMIS)
    assert element.tag.startswith(PREMIS)
    if name.endswith("Identifier") and name not in CHILDREN:
        assert names(element) == [f"{name}Type", f"{name}Value"]
    elif name in CHILDREN:
        order = "".join(re.sub(r"(\w+)", r"(?:\1 )", word) for word in CHILDREN[name].split())
        assert re.fullmatch(order, "".join(f"{child} " for child in names(element))), (name, names(element))
    else:
        assert (names(element), bool(element.text)) == ([], True)
    for child in element:
        assert_in_order(child)


def test_a_bag_tells_in_premis_what_was_made_of_what(
    client: TestClient, url: str, tmp_path: Path, photo: bytes
) -> None:
    (folder,) = {name.split("/")[0] for name in unpacked(client, url, tmp_path, "layout=bagit")}
    root = ElementTree.parse(tmp_path / folder / "data" / "premis.xml").getroot()
    assert root.get("version") == "3.0"
    assert_in_order(root)
    found = Counter(names(root))
    assert found == {"object": 2 * len(NAMES), "event": len(NAMES), "agent": 2}
    assert {
        one.get("{http://www.w3.org/2001/XMLSchema-instance}type") for one in root.iter(f"{PREMIS}object")
    } == {"file"}
    values = [one.text for one in root.iter(f"{PREMIS}objectIdentifierValue")]
    assert len(values) == len({*values})
    linked = {one.text for one in root.iter(f"{PREMIS}linkingObjectIdentifierValue")}
    assert linked == {*values}
    agents = {one.text for one in root.iter(f"{PREMIS}agentIdentifierValue")}
    assert {one.text for one in root.iter(f"{PREMIS}linkingAgentIdentifierValue")} == agents
    hashes = Counter(one.text for one in root.iter(f"{PREMIS}messageDigest"))
    results = {hashlib.sha256(data).hexdigest(): 1 for data in NAMES.values()}
    assert hashes == {hashlib.sha256(photo).hexdigest(): len(NAMES), **results}
    for one in root.iter(f"{PREMIS}eventDateTime"):
        assert datetime.fromisoformat(one.text or "").tzinfo


def test_what_no_text_has_is_in_no_file_of_a_bag() -> None:
    """Names of batches may hold anything, and so may items of an older version."""
    odd = "a\0\x1b\x85\ufffe\uffff\ud800<&b"
    batch = BatchRecord(id=new_id(), name=odd, options=ColorizeOptions(), created_at=utc_now())
    assert "External-Description: a<&b\n" in Bag(batch).tag_files()["bag-info.txt"]
    root = ElementTree.fromstring(_element("originalName", odd))
    assert root.text == "a<&b"


def test_a_changed_file_is_found(client: TestClient, url: str, tmp_path: Path) -> None:
    (folder,) = {name.split("/")[0] for name in unpacked(client, url, tmp_path, "layout=bagit")}
    (tmp_path / folder / "data/results/Älbum/1.jpg").write_bytes(b"on3")
    with pytest.raises(bagit.BagError):
        bagit.Bag(str(tmp_path / folder)).validate()


def test_what_is_no_longer_kept_is_left_out_and_the_bag_is_valid(
    client: TestClient, bench: Bench, url: str, tmp_path: Path
) -> None:
    gone = client.get(f"{url}/items/%C3%84lbum/1.jpg").json()["id"]
    bench.store.change(gone, lambda r: r.sweep(utc_now() + timedelta(days=8)))
    (folder,) = {n.split("/")[0] for n in unpacked(client, url, tmp_path, "layout=bagit&originals=true")}
    bagit.Bag(str(tmp_path / folder)).validate()
    told = json.loads((tmp_path / folder / "data/manifest.json").read_text())["items"]
    (entry,) = [entry for entry in told if entry["item"] == "Älbum/1.jpg"]
    assert (entry["state"], entry["original"]) == ("expired", None)


def test_no_file_of_the_zip_has_the_name_of_a_folder_in_it(
    client: TestClient, photo: bytes, finish: Callable[..., JobRecord], tmp_path: Path
) -> None:
    url = str(client.post("/v1/batches").headers["location"])
    names = ("a.jpg", "a.jpg/b.jpg", "A.JPG/c.jpg", "d.jpg/e.jpg", "D.jpg", "\u00e9.jpg", "e\u0301.jpg")
    for number, name in enumerate(names):
        finish(put(client, url, name, photo + bytes([number])), b"%d" % number)
    packed = unpacked(client, url, tmp_path, "")
    manifest = json.loads((tmp_path / "manifest.json").read_text())["items"]
    assert len({folded(name) for name in packed}) == len(names) + 1
    assert [(tmp_path / entry["result"]).read_bytes() for entry in manifest] == [
        b"%d" % names.index(entry["item"]) for entry in manifest
    ]
