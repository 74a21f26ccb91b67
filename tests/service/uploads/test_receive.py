"""Bad bodies of every kind: a clear answer, nothing left on the disk, and the next one works."""

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st
from python_multipart import MultipartParser

from photochrom.errors import InvalidOption
from service.uploads.form import Form
from service.uploads.names import safe_name
from service.uploads.receive import parse_options
from support.queue.queueing import Bench

BOUNDARY = "limit"


def form(*parts: tuple[str, bytes], end: str = f"--{BOUNDARY}--\r\n") -> dict[str, object]:
    body = b"".join(
        f"--{BOUNDARY}\r\nContent-Disposition: form-data; {disposition}\r\n\r\n".encode() + data + b"\r\n"
        for disposition, data in parts
    )
    return {
        "content": body + end.encode(),
        "headers": {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"},
    }


def raw(content: bytes, kind: str = "image/jpeg") -> dict[str, object]:
    return {"content": content, "headers": {"Content-Type": kind}}


PHOTO = 'name="photo"; filename="a.jpg"'
JPEG = b"\xff\xd8\xff\xe0" + b"x" * 200
FIELD = 'name="quality"', b"80"
LENT = 'name="reference"; filename="lender.jpg"', JPEG

BAD = {
    "empty raw body": (raw(b""), 422, "unreadable-photo"),
    "empty part": (form((PHOTO, b"")), 422, "unreadable-photo"),
    "no image": (raw(b"Dear diary, " * 20), 415, "unsupported-format"),
    "a few bytes": (raw(b"hi"), 415, "unsupported-format"),
    "sent as text": (raw(b"hi", "text/plain"), 415, "unsupported-format"),
    "too large": (raw(JPEG * 1000), 413, "photo-too-large"),
    "too large part": (form((PHOTO, JPEG * 1000)), 413, "photo-too-large"),
    "no photo part": (form(('name="quality"', b"80")), 422, "unreadable-photo"),
    "two photos": (form((PHOTO, JPEG), (PHOTO, JPEG)), 422, "invalid-option"),
    "unknown field": (form((PHOTO, JPEG), ('name="qualty"', b"80")), 422, "invalid-option"),
    "field out of range": (form((PHOTO, JPEG), ('name="quality"', b"800")), 422, "invalid-option"),
    "endless field": (form(('name="quality"', b"8" * 5000), (PHOTO, JPEG)), 422, "invalid-option"),
    "nameless part": (form(("x=1", b"80"), (PHOTO, JPEG)), 422, "invalid-option"),
    "a field twice": (form(FIELD, FIELD, (PHOTO, JPEG)), 422, "invalid-option"),
    "a field twice, once empty": (form((FIELD[0], b""), FIELD, (PHOTO, JPEG)), 422, "invalid-option"),
    "two references": (form((PHOTO, JPEG), LENT, LENT), 422, "invalid-option"),
    "a reference as file and as name": (
        form((PHOTO, JPEG), LENT, ('name="reference"', b"0" * 26)),
        422,
        "invalid-option",
    ),
    "endless boundary": (raw(JPEG, "multipart/form-data; boundary=" + "b" * 5000), 422, "unreadable-photo"),
    "endless part header": (form((PHOTO + "; x=" + "y" * 90_000, JPEG)), 422, "unreadable-photo"),
    "cut off": (form((PHOTO, JPEG), end=""), 422, "unreadable-photo"),
    "no boundary": (raw(JPEG, "multipart/form-data"), 422, "unreadable-photo"),
    "malformed": (raw(b"--other\r\n", "multipart/form-data; boundary=limit"), 422, "unreadable-photo"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_upload_gets_its_problem_and_leaves_nothing(
    client: TestClient, bench: Bench, photo: bytes, case: str
) -> None:
    request, status, code = BAD[case]
    response = client.post("/v1/jobs", **request)
    assert (response.status_code, response.json()["code"]) == (status, code), response.text
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["detail"].endswith(".")
    assert bench.on_disk() == []
    assert client.post("/v1/jobs", files={"photo": ("a.jpg", photo)}).status_code == 202


@pytest.mark.parametrize("name", ["quality", "photo", "qualty"])
def test_of_a_form_that_repeats_itself_no_more_is_read(name: str) -> None:
    """Each part costs a worker of the API its time; a body may hold millions of them."""
    began = 0

    def count() -> None:
        nonlocal began
        began += 1
        begin()

    sorting = Form(lambda field: parse_options({field: "?"}) if field == "qualty" else None)
    callbacks = sorting.callbacks()
    begin = callbacks["on_part_begin"]
    parser = MultipartParser(BOUNDARY.encode(), {**callbacks, "on_part_begin": count})
    body = form(*[(f'name="{name}"', b"80")] * 1000)["content"]
    with pytest.raises(InvalidOption):
        parser.write(body)
    assert began <= 2


def test_of_an_option_the_query_has_one_value(client: TestClient, photo: bytes) -> None:
    refused = client.post("/v1/jobs?quality=5&quality=95", content=photo)
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid-option")
    assert "quality" in refused.json()["detail"]


def test_an_unknown_option_is_named(client: TestClient, photo: bytes) -> None:
    for response in (
        client.post("/v1/jobs?qualty=80", content=photo),
        client.post("/v1/jobs", files={"photo": ("a.jpg", photo)}, data={"qualty": "80"}),
    ):
        assert "qualty" in response.json()["detail"]
        assert "quality" in response.json()["detail"]


def test_a_wrong_light_is_refused_with_a_sentence(client: TestClient, photo: bytes) -> None:
    for wrong, sentence in (
        ("light=moonlight", "light: Input should be 'as-scanned' or 'panchromatic'."),
        ("film=kodachrome", "film: Input should be 'auto', 'blue', 'orthochromatic' or 'panchromatic'."),
        (
            "light=panchromatic&sepia=0.5",
            "The print's tone is not the scene's; send sepia with light=as-scanned.",
        ),
    ):
        response = client.post(f"/v1/jobs?{wrong}", content=photo)
        assert (response.status_code, response.json()["detail"]) == (422, sentence)


def test_a_photograph_in_another_field_is_told_its_field(client: TestClient) -> None:
    sent = client.post("/v1/jobs", files={"file": ("scan.jpg", JPEG)})
    assert (sent.status_code, sent.json()["code"]) == (422, "invalid-option")
    assert sent.json()["detail"] == "Send the photograph in the field 'photo', not in 'file'."


def test_fields_may_come_after_the_photo(client: TestClient) -> None:
    response = client.post("/v1/jobs", **form((PHOTO, JPEG), ('name="quality"', b"70")))
    assert response.json()["options"]["quality"] == 70


def test_a_boundary_look_alike_in_the_photo_is_photo(client: TestClient) -> None:
    tricky = JPEG + b"\r\n--limi" + JPEG
    assert client.post("/v1/jobs", **form((PHOTO, tricky))).json()["original"]["bytes"] == len(tricky)


def test_too_much_is_refused_by_its_announcement(client: TestClient, bench: Bench) -> None:
    """A body without a declared length is counted, one with it is refused before it is read."""
    response = client.post("/v1/jobs", content=iter([JPEG] * 1000), headers={"Content-Type": "image/jpeg"})
    assert response.status_code == 413
    assert bench.files() == []


def test_empty_fields_count_as_not_given() -> None:
    assert parse_options({"quality": ""}).quality == 92


def test_wrong_options_are_all_named() -> None:
    with pytest.raises(InvalidOption, match=r"quality.*vividness"):
        parse_options({"quality": "0", "vividness": "7"})


@given(st.text(max_size=400))
def test_names_are_never_paths_nor_control_characters(name: str) -> None:
    safe = safe_name(name)
    assert safe
    assert len(safe) <= 255
    assert not set(safe) & set("/\\\0\r\n")
    assert not safe.startswith(".")


def test_a_long_name_keeps_its_extension() -> None:
    assert safe_name("x" * 400 + ".jpeg").endswith("x.jpeg")
