"""Names of items that not every system takes (F10)."""

import io
import unicodedata
import zipfile
from urllib.parse import quote

from support.pictures.photographs import grey_jpeg
from support.waiting import wait_for

from .finding import finding
from .ways import Way, Ways

NAMES = ("CON.jpg", "AUX", "-rf", "~/x.jpg", " lead.jpg", "nul.png", "a:b.jpg", "end./x.jpg")
SAME = ("\u00e9.jpg", "e\u0301.jpg", "PICT.JPG", "pict.jpg", "a.jpg", "a.jpg/b.jpg")


@finding(
    "F10", "items called CON.jpg, -rf, ' lead.jpg' and the like; names that are one on macOS and Windows"
)
def odd(ways: Ways) -> str:
    counts = {len(_in_zip(way)) for way in ways.both}
    return f"422; in the zip {counts.pop()} names that differ on every system"


def _in_zip(way: Way) -> list[str]:
    with way.client() as client:
        batch = client.post("/v1/batches").json()["url"]
        photo = grey_jpeg(size=(48, 32))
        answers = [client.put(f"{batch}/items/{quote(name)}", content=photo).status_code for name in NAMES]
        assert set(answers) == {422}, dict(zip(NAMES, answers, strict=True))
        for number, name in enumerate(SAME):
            client.put(f"{batch}/items/{quote(name)}", content=photo + bytes([number]))
        client.post(f"{batch}:seal")
        wait_for(lambda: client.get(batch).json()["state"] == "completed", 120, "the batch")
        archive = zipfile.ZipFile(io.BytesIO(client.get(f"{batch}/archive.zip").content))
    inside = [name for name in archive.namelist() if name != "manifest.json"]
    told = {unicodedata.normalize("NFC", name).casefold() for name in inside}
    assert len(told) == len(inside) > 0, inside
    assert not any(other.startswith(f"{name}/") for name in told for other in told), inside
    return inside
