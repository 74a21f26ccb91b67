"""Results with content credentials, made by a real child, and judged by the library's own reader."""

import io
import json
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import c2pa
import imagecodecs
import numpy as np
import pytest
from PIL import Image

from photochrom.photo.options import ColorizeOptions
from support.pictures.damage import damaged, drawn
from support.pictures.decoded import pixels_of
from support.pictures.photographs import grey_jpeg
from support.servers.certificates import Papers, make_papers
from workers.child.colorist import ChildBroken, Colorist
from workers.pipeline.formats.jpeg.file import JpegFile
from workers.pipeline.formats.jpeg.luma_alone import luma_sha256
from workers.pipeline.metadata.xmp import SOURCE_TYPE
from workers.settings import WorkerSettings

FORMATS = ("jpeg", "png", "tiff", "webp", "avif", "jxl")


@pytest.fixture(scope="module")
def papers(tmp_path_factory: pytest.TempPathFactory) -> Papers:
    return make_papers(tmp_path_factory.mktemp("papers"))


@pytest.fixture(scope="module")
def signer(tiny_path: Path, papers: Papers) -> Iterator[Colorist]:
    """One child for all that sign: to start one takes more than any of them."""
    with hired(tiny_path, sign_certificate=papers.chain, sign_key=papers.key) as colorist:
        yield colorist


@pytest.fixture(scope="module")
def unsigning(tiny_path: Path) -> Iterator[Colorist]:
    with hired(tiny_path) as colorist:
        yield colorist


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "grey.jpg"
    exif = Image.Exif()
    exif[0x010F], exif[0x013B] = "Leitz", "Ada"
    with Image.open(io.BytesIO(grey_jpeg(size=(160, 120)))) as image:
        image.save(path, exif=exif, quality=90)
    return path


@contextmanager
def hired(model: Path, **settings: Any) -> Iterator[Colorist]:
    with closing(Colorist(WorkerSettings(model_path=model, **settings), 1)) as colorist:
        colorist.ready()
        yield colorist


def made(colorist: Colorist, photo: Path, **options: Any) -> tuple[bytes, tuple[str, ...]]:
    with colorist.colorize(photo, ColorizeOptions.model_validate(options)) as colored:
        (data,) = (b"".join(chunks) for name, chunks in colored.parts() if name == "data")
        return data, colored.told.warnings


def judged(data: bytes, kind: str, **settings: Any) -> tuple[str, dict[str, Any]]:
    context = c2pa.Context(c2pa.Settings.from_dict(settings)) if settings else None
    reader = c2pa.Reader(f"image/{kind}", io.BytesIO(data), context=context)
    return reader.get_validation_state(), json.loads(reader.json())


def steps_of(data: bytes, kind: str = "jpeg") -> list[tuple[str, str]]:
    """Action and step of each assertion, without the opening of the parent."""
    _, manifest = judged(data, kind)
    active = manifest["manifests"][manifest["active_manifest"]]
    (actions,) = (a["data"]["actions"] for a in active["assertions"] if a["label"] == "c2pa.actions.v2")
    return [(action["action"], action["description"]) for action in actions[1:]]


def test_every_step_is_an_action_in_the_order_of_the_history(
    signer: Colorist, tmp_path: Path, photo: Path
) -> None:
    with Image.open(photo) as image:
        faded = Image.fromarray((80 + np.asarray(image.convert("L")) * 0.4).astype(np.uint8))
    path = tmp_path / "faded.jpg"
    faded.save(path, quality=95)
    data, _ = made(signer, path, levels="auto", light="panchromatic", film="blue")
    color = "c2pa.color_adjustments"
    assert steps_of(data) == [(color, "levelled"), (color, "colorized"), (color, "relit")]
    data, _ = made(signer, path, levels="auto", color="off")
    assert steps_of(data) == [(color, "levelled")]


def test_a_repair_is_an_action_of_its_own(signer: Colorist, tmp_path: Path, grey_photo: np.ndarray) -> None:
    """By a service's own finder: white scratches across a face are damage to it."""
    mask = drawn(grey_photo.shape)
    path = tmp_path / "scratched.jpg"
    Image.fromarray(damaged(grey_photo, mask)).save(path, quality=95)
    for kind in ("jpeg", "png"):
        data, _ = made(signer, path, repair="auto", repair_strength=1, format=kind)
        assert judged(data, kind)[0] == "Valid"
        assert [step for _, step in steps_of(data, kind)] == ["repaired", "colorized"]


@pytest.mark.parametrize("kind", FORMATS)
def test_a_signed_result_holds_and_one_changed_byte_is_refused(
    signer: Colorist, papers: Papers, photo: Path, kind: str
) -> None:
    data, warnings = made(signer, photo, format=kind)
    assert not [warning for warning in warnings if "sign" in warning]
    state, manifest = judged(data, kind)
    assert state == "Valid"
    anchors = {"trust": {"user_anchors": papers.authority.read_text()}, "verify": {"verify_trust": True}}
    assert judged(data, kind, **anchors)[0] == "Trusted"
    active = manifest["manifests"][manifest["active_manifest"]]
    assert [parent["relationship"] for parent in active["ingredients"]] == ["parentOf"]
    (actions,) = (a["data"]["actions"] for a in active["assertions"] if a["label"] == "c2pa.actions.v2")
    assert [action["action"] for action in actions] == ["c2pa.opened", "c2pa.color_adjustments"]
    assert actions[1]["digitalSourceType"] == SOURCE_TYPE
    assert len(actions[1]["parameters"]["photochrom.model_sha256"]) == 64
    assert actions[1]["parameters"]["photochrom.options"]["quality"] == 92
    # A byte of the picture: the manifest lies before it in JPEG and PNG, and behind it in the others.
    at = len(data) - 40 if kind in ("jpeg", "png", "avif", "jxl") else 400
    changed = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
    assert judged(changed, kind)[0] == "Invalid"


@pytest.mark.parametrize("kind", FORMATS)
def test_a_signature_changes_nothing_else(
    signer: Colorist, unsigning: Colorist, photo: Path, kind: str, tmp_path: Path
) -> None:
    plain, _ = made(unsigning, photo, format=kind)
    data, _ = made(signer, photo, format=kind)
    np.testing.assert_array_equal(pixels_of(data), pixels_of(plain))
    if kind == "jpeg":
        assert luma_sha256(JpegFile.read(data)) == luma_sha256(JpegFile.read(plain))
    told = []
    for number, content in enumerate((plain, data)):
        path = tmp_path / f"{number}.{kind}"
        path.write_bytes(content)
        words = ["exiftool", "-j", "-G1", "-XMP:all", str(path)]
        found = json.loads(subprocess.run(words, capture_output=True, check=True).stdout)[0]
        told.append({key: value for key, value in found.items() if key != "SourceFile"})
    assert told[0] == told[1]
    for content in (plain, data) if kind != "jxl" else ():
        with Image.open(io.BytesIO(content)) as image:
            assert (image.getexif()[0x010F], image.getexif()[0x013B]) == ("Leitz", "Ada")


def test_the_light_comes_back_from_a_signed_file(signer: Colorist, photo: Path, tmp_path: Path) -> None:
    (tmp_path / "color.jpg").write_bytes(made(signer, photo)[0])
    back, warnings = made(signer, tmp_path / "color.jpg", uncolor=True)
    assert warnings == ()
    assert judged(back, "jpeg")[0] == "Valid"
    np.testing.assert_array_equal(pixels_of(back), np.asarray(Image.open(photo)))


def test_credentials_of_a_source_are_not_taken_for_those_of_the_result(
    signer: Colorist, unsigning: Colorist, photo: Path, tmp_path: Path
) -> None:
    signed, _ = made(signer, photo)
    (tmp_path / "signed.jpg").write_bytes(signed)
    again, warnings = made(unsigning, tmp_path / "signed.jpg")
    assert any("content credentials" in warning for warning in warnings)
    with pytest.raises(c2pa.C2paError):
        judged(again, "jpeg")


def test_what_has_no_room_for_a_signature_says_so(signer: Colorist, photo: Path) -> None:
    data, warnings = made(signer, photo, format="jp2")
    assert imagecodecs.jpeg2k_decode(data).shape == (120, 160, 3)
    assert any("not signed" in warning for warning in warnings)


def test_a_key_of_another_certificate_is_refused_at_the_start(
    papers: Papers, tiny_path: Path, tmp_path: Path
) -> None:
    other = make_papers(tmp_path)
    for key, word in (
        (other.key, "not that of"),
        (None, "PHOTOCHROM_SIGN_KEY"),
        (papers.chain, "cannot be read"),
    ):
        colorist = Colorist(
            WorkerSettings(model_path=tiny_path, sign_certificate=papers.chain, sign_key=key), 1
        )
        try:
            with pytest.raises(ChildBroken, match=word):
                colorist.ready()
        finally:
            colorist.close()
