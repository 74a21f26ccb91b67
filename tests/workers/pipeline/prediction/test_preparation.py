"""A scan is turned and mirrored on wish: no pixel changes, and all that follows is as if it had been scanned so."""

import io

import cv2
import numpy as np
import pytest
import simplejpeg
from numpy.testing import assert_allclose, assert_array_equal
from PIL import Image, ImageOps
from pydantic import ValidationError

from photochrom.photo.boxes import Box
from photochrom.photo.cards.model import ModelCard
from photochrom.photo.hints import Hint
from photochrom.photo.options import ColorizeOptions
from photochrom.photo.turning import TURNS, Turning
from workers.network.hints import hint_planes
from workers.network.networks import Networks
from workers.network.predictor import Prediction
from workers.network.turner import Turned
from workers.pipeline.colorizer import colorize
from workers.pipeline.decode import decode
from workers.pipeline.formats.jpeg.file import APP1, JpegFile, Segment
from workers.pipeline.formats.jpeg.metadata import read_metadata
from workers.pipeline.limits import PhotoLimits
from workers.pipeline.metadata.exif import oriented_exif
from workers.pipeline.metadata.orientation import composed, read_orientation, upright
from workers.pipeline.metadata.xmp import own_properties
from workers.pipeline.notes import DAMAGED_EXIF, NO_TURNER
from workers.pipeline.prediction.likely_colors import likely_colors
from workers.pipeline.structure import format_of

PLAIN = ColorizeOptions()
WISHES = [(turn, mirror) for turn in (0, 90, 180, 270) for mirror in (False, True)][1:]
LIMITS = PhotoLimits()
FORMATS = {
    "PNG": {},
    "TIFF": {},
    "WEBP": {"lossless": True},
    "JPEG2000": {"irreversible": False},
}


@pytest.fixture
def scan(grey_photo) -> np.ndarray:
    return np.ascontiguousarray(grey_photo[20:117, 30:171])


def moved(pixels: np.ndarray, turn: int, mirror: bool) -> np.ndarray:
    """The same by other means."""
    turned = np.rot90(pixels, -turn // 90)
    return np.ascontiguousarray(turned[:, ::-1] if mirror else turned)


def luma_of_file(data: bytes) -> np.ndarray:
    return simplejpeg.decode_jpeg(data, "GRAY")[..., 0]


def seen(data: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(data)) as image:
        return np.asarray(ImageOps.exif_transpose(image).convert("RGB"))


def test_orientations_are_composed_as_they_are_applied():
    marks = np.arange(6).reshape(2, 3)
    for first in range(1, 9):
        for then in range(1, 9):
            assert_array_equal(upright(marks, composed(first, then)), upright(upright(marks, first), then))


@pytest.mark.parametrize(("turn", "mirror"), WISHES)
def test_the_luma_of_a_turned_jpeg_is_the_scan_s_and_it_is_seen_turned(
    turn, mirror, encode_jpeg, scan, predictor
):
    source = encode_jpeg(scan)
    result = colorize(source, predictor, ColorizeOptions(turn=turn, mirror=mirror))
    assert_array_equal(luma_of_file(result.data), luma_of_file(source))
    assert seen(result.data).shape[:2] == moved(scan, turn, mirror).shape
    plain = colorize(source, predictor, PLAIN)
    assert_array_equal(luma_of_file(plain.data), luma_of_file(result.data))
    assert result.turned is (turn in (90, 270))
    assert result.restoration.turning == Turning(turn=turn, mirror=mirror)


@pytest.mark.parametrize("step", [{"turn": 90}, {"turn": 270}, {"turn": 180}, {"mirror": True}])
@pytest.mark.parametrize("format_", ["JPEG", "PNG", "TIFF"])
def test_four_turns_by_90_are_none_and_two_mirrors_are_none(format_, step, scan, save, predictor):
    source = save(scan, format_)
    data = source
    for _ in range(2 if "mirror" in step else 4):
        data = colorize(data, predictor, ColorizeOptions(**step, color="off")).data
    if format_ == "JPEG":
        assert luma_of_file(data).tobytes() == luma_of_file(source).tobytes()
        assert read_metadata(JpegFile.read(data).metadata)[1] == 1
    assert_array_equal(seen(data), seen(source))


@pytest.mark.parametrize(("turn", "mirror"), WISHES)
@pytest.mark.parametrize("format_", FORMATS)
def test_the_colours_are_those_of_a_photograph_turned_by_other_means(
    format_, turn, mirror, scan, save, predictor
):
    found, wanted = (
        colorize(save(pixels, format_, **FORMATS[format_]), predictor, options).data
        for pixels, options in (
            (scan, ColorizeOptions(turn=turn, mirror=mirror)),
            (moved(scan, turn, mirror), PLAIN),
        )
    )
    assert_array_equal(seen(found), seen(wanted))


@pytest.mark.parametrize(("turn", "mirror"), WISHES)
@pytest.mark.parametrize("own", [1, 2, 3, 5, 6, 8])
def test_a_jpeg_with_an_orientation_is_turned_from_how_it_is_seen(
    own, turn, mirror, scan, pillow_jpeg, predictor
):
    jpeg = JpegFile.read(pillow_jpeg(scan))
    exif = [Segment(APP1, b"Exif\x00\x00" + oriented_exif(None, one)) for one in range(1, 9)]
    source = bytes(jpeg.with_metadata((*jpeg.metadata, exif[own - 1])))
    found = colorize(source, predictor, ColorizeOptions(turn=turn, mirror=mirror)).data
    assert_array_equal(luma_of_file(found), luma_of_file(source))
    wish = ColorizeOptions(turn=turn, mirror=mirror)
    all_in_exif = bytes(
        jpeg.with_metadata(
            (*jpeg.metadata, exif[composed(own, _orientation(wish)) - 1]),
        )
    )
    assert_array_equal(seen(found), seen(colorize(all_in_exif, predictor, PLAIN).data))


@pytest.mark.parametrize(
    "empty", [b"II*\x00\x08" + bytes(11), b"MM\x00*\x00\x00\x00\x08" + bytes(2)], ids=["little", "big"]
)
def test_an_exif_that_says_nothing_is_no_damage(empty, scan, pillow_jpeg, predictor):
    """Some programs write a directory without entries; the turn finds room in it, and the luma stays."""
    jpeg = JpegFile.read(pillow_jpeg(scan))
    source = bytes(jpeg.with_metadata((*jpeg.metadata, Segment(APP1, b"Exif\x00\x00" + empty))))
    result = colorize(source, predictor, ColorizeOptions(turn=90))
    assert_array_equal(luma_of_file(result.data), luma_of_file(source))
    assert seen(result.data).shape[:2] == moved(scan, 90, False).shape
    as_png = colorize(source, predictor, ColorizeOptions(format="png"))
    assert not any("EXIF" in warning for warning in (*result.warnings, *as_png.warnings))


@pytest.mark.parametrize(
    "damaged",
    [b"", b"MM", b"II*\x00\xff\xff\xff\xff", b"II*\x00\x08\x00\x00\x00" + b"\xff" * 20],
    ids=["empty", "short", "nowhere", "endless"],
)
@pytest.mark.parametrize("options", [{}, {"uncolor": True}], ids=["colour", "uncolor"])
def test_a_damaged_exif_gives_way_to_the_turn_and_the_luma_stays(
    damaged, options, scan, pillow_jpeg, predictor
):
    jpeg = JpegFile.read(pillow_jpeg(scan))
    source = bytes(jpeg.with_metadata((*jpeg.metadata, Segment(APP1, b"Exif\x00\x00" + damaged))))
    result = colorize(source, predictor, ColorizeOptions(turn=90, **options))
    assert_array_equal(luma_of_file(result.data), luma_of_file(source))
    assert seen(result.data).shape[:2] == moved(scan, 90, False).shape
    assert DAMAGED_EXIF in result.warnings


def _orientation(options: ColorizeOptions) -> int:
    marks = np.arange(6).reshape(2, 3)
    wanted = moved(marks, options.turn, options.mirror)
    return next(one for one in range(1, 9) if np.array_equal(upright(marks, one), wanted))


def test_16_bits_stay_and_no_light_changes(scan, save, predictor, lightness_of):
    deep = scan.astype(np.uint16) * 257
    for format_ in ("PNG", "TIFF"):
        data = colorize(save(deep, format_), predictor, ColorizeOptions(turn=90, mirror=True)).data
        photo = decode(data, format_of(data, LIMITS), LIMITS)
        assert photo.pixels.dtype == np.uint16
        wanted = lightness_of(np.dstack([moved(deep, 90, True)] * 3))
        assert np.abs(lightness_of(photo.pixels) - wanted).max() < 0.5


class Obedient:
    """A predictor that knows no colours but those of hints."""

    provider = "formula"

    def __init__(self, card: ModelCard) -> None:
        self.card = card

    def predict(self, lightness: np.ndarray, options: ColorizeOptions) -> Prediction:
        ab = hint_planes(options.hints, lightness.shape)[:2, ::4, ::4]
        return Prediction(np.ascontiguousarray(ab), np.ones_like(ab[0]))


@pytest.mark.parametrize("format_", ["PNG", "JPEG"])
def test_hints_lie_on_the_turned_photograph(format_, scan, save, predictor):
    """Told of the turned scan, a hint is where it would be if the scan had been sent so; its place is the result's."""
    hint, source = Hint(x=0.2, y=0.7, a=60, b=0, radius=0.05), save(scan, format_)
    data = colorize(source, Obedient(predictor.card), ColorizeOptions(turn=90, hints=(hint,))).data
    redness = seen(data)[..., 0].astype(int) - seen(data)[..., 1]
    y, x = np.unravel_index(np.argmax(cv2.blur(redness.astype(np.float32), (5, 5))), redness.shape)
    assert abs(x / redness.shape[1] - hint.x) < 0.06
    assert abs(y / redness.shape[0] - hint.y) < 0.06


@pytest.mark.parametrize("format_", ["PNG", "JPEG"])
def test_places_that_repair_keeps_lie_on_the_turned_photograph(format_, scan, save, predictor):
    scratched = scan.copy()
    scratched[:, 40:42] = 255
    upper = Box(x=0, y=0, width=1, height=0.55)
    options = {"repair": "auto", "keep": (upper,)}
    result = colorize(save(scratched, format_), predictor, ColorizeOptions(turn=90, **options))
    mask = np.asarray(Image.open(io.BytesIO(result.repairs)))
    assert mask.shape == moved(scratched, 90, False).shape
    assert not mask[: int(0.5 * len(mask))].any()


def test_suggestions_are_those_of_the_turned_photograph(scan, save, predictor):
    found, wanted = (
        likely_colors(save(pixels, "PNG"), predictor, options, LIMITS).to_bytes()
        for pixels, options in (
            (scan, ColorizeOptions(turn=270, mirror=True)),
            (moved(scan, 270, True), PLAIN),
        )
    )
    assert found == wanted


@pytest.mark.parametrize("format_", ["JPEG", "PNG"])
def test_uncolor_gives_the_scan_s_light_turned_as_the_result_is(format_, scan, save, predictor):
    source = save(scan, format_)
    colored = colorize(source, predictor, ColorizeOptions(turn=90)).data
    back = colorize(colored, predictor, ColorizeOptions(uncolor=True))
    assert back.warnings == ()
    again = colorize(colored, predictor, ColorizeOptions(uncolor=True, turn=270))
    # Of files without coefficients the lightness comes back, within its rounding.
    rounding = 0 if format_ == "JPEG" else 1
    assert_allclose(
        seen(back.data)[..., 0].astype(int), moved(seen(source)[..., 0], 90, False), rtol=0, atol=rounding
    )
    assert_allclose(seen(again.data).astype(int), seen(source), rtol=0, atol=rounding)
    if format_ == "JPEG":
        assert_array_equal(luma_of_file(back.data), luma_of_file(source))
        assert again.warnings == ()


def test_the_history_says_how_it_was_turned(scan, save, predictor):
    for format_ in ("JPEG", "PNG"):
        data = colorize(save(scan, format_), predictor, ColorizeOptions(turn=90, mirror=True)).data
        photo = decode(data, format_of(data, LIMITS), LIMITS)
        assert b'stEvt:action="turned"' in photo.metadata.xmp
        assert photo.metadata.xmp.index(b'"turned"') < photo.metadata.xmp.index(b'"colorized"')
        assert own_properties(photo.metadata.xmp)["OriginalSHA256"]


def test_xmp_and_exif_agree(scan, pillow_jpeg, predictor):
    packet = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        b'<rdf:Description xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Orientation="1"/></rdf:RDF></x:xmpmeta>'
    )
    jpeg = JpegFile.read(pillow_jpeg(scan))
    xmp = Segment(APP1, b"http://ns.adobe.com/xap/1.0/\x00" + packet)
    source = bytes(jpeg.with_metadata((*jpeg.metadata, xmp)))
    metadata, orientation = read_metadata(
        JpegFile.read(colorize(source, predictor, ColorizeOptions(turn=270)).data).metadata
    )
    assert orientation == read_orientation(metadata.exif) == 8
    assert b'tiff:Orientation="8"' in metadata.xmp


def test_previews_of_both_sides_are_turned_alike(scan, save, predictor):
    for format_ in ("JPEG", "PNG"):
        result = colorize(save(scan, format_), predictor, ColorizeOptions(turn=90), preview_side=64)
        sizes = [Image.open(io.BytesIO(part)).size for part in (result.preview, result.original_preview)]
        assert sizes[0] == sizes[1]
        assert sizes[0][0] < sizes[0][1]


class Sure:
    """Knows that the photograph stands upright where its lighter half is above; in real life a network."""

    side = 64

    def __init__(self, sureness: float = 0.97) -> None:
        self.sureness = sureness

    def turned(self, glance: np.ndarray) -> Turned:
        halves = [np.rot90(glance, -turn // 90)[: self.side // 2].mean() for turn in TURNS]
        return Turned(TURNS[int(np.argmax(halves))] if self.sureness > 0.9 else 0, self.sureness)


@pytest.mark.parametrize("lying", [0, 90, 180, 270])
@pytest.mark.parametrize("format_", ["JPEG", "PNG", "TIFF"])
def test_what_a_network_finds_is_what_a_hand_does(format_, lying, scan, save, predictor):
    above = (scan * np.linspace(1, 0.3, len(scan))[:, None]).astype(np.uint8)
    source = save(moved(above, lying, False), format_)
    networks = Networks(predictor, turner=Sure())
    found = colorize(source, networks, ColorizeOptions(turn="auto"), preview_side=64)
    by_hand = colorize(source, predictor, ColorizeOptions(turn=(360 - lying) % 360))
    assert_array_equal(seen(found.data), seen(by_hand.data))
    turning = found.restoration.turning
    assert (turning.turn, turning.chosen_by, turning.sureness) == ((360 - lying) % 360, "network", 0.97)
    if format_ == "JPEG":
        assert_array_equal(luma_of_file(found.data), luma_of_file(source))
    assert (b'stEvt:action="turned"' in found.data or format_ == "PNG") == (lying != 0 or format_ == "PNG")


@pytest.mark.parametrize("format_", ["JPEG", "PNG"])
def test_what_it_is_not_sure_of_stays_and_the_record_says_how_sure_it_was(format_, scan, save, predictor):
    source = save(moved(scan, 90, False), format_)
    plain = colorize(source, predictor, PLAIN)
    unsure = colorize(source, Networks(predictor, turner=Sure(0.6)), ColorizeOptions(turn="auto"))
    without = colorize(source, predictor, ColorizeOptions(turn="auto"))
    assert_array_equal(seen(unsure.data), seen(plain.data))
    assert_array_equal(seen(without.data), seen(plain.data))
    assert unsure.restoration.turning == Turning(chosen_by="network", sureness=0.6)
    assert NO_TURNER in without.warnings
    assert NO_TURNER not in unsure.warnings


def test_suggestions_follow_the_network_too(scan, save, predictor):
    above = (scan * np.linspace(1, 0.3, len(scan))[:, None]).astype(np.uint8)
    found, wanted = (
        likely_colors(save(pixels, "PNG"), given, options, LIMITS).to_bytes()
        for pixels, given, options in (
            (moved(above, 90, False), Networks(predictor, turner=Sure()), ColorizeOptions(turn="auto")),
            (above, predictor, PLAIN),
        )
    )
    assert found == wanted


@pytest.mark.parametrize(
    "other",
    [
        {"hints": (Hint(x=0, y=0, a=9, b=9),)},
        {"keep": (Box(x=0, y=0, width=1, height=1),)},
        {"uncolor": True},
    ],
)
def test_places_are_told_of_a_turn_that_is_known(other):
    with pytest.raises(ValidationError, match="turn as a number"):
        ColorizeOptions(turn="auto", **other)
    ColorizeOptions(turn=90, **other)


@pytest.mark.parametrize("turn", [45, 360, -90, "left", "", None, 90.5])
def test_other_turns_are_refused(turn):
    with pytest.raises(ValidationError, match="turn"):
        ColorizeOptions(turn=turn)


def test_what_is_not_turned_is_what_it_was():
    assert ColorizeOptions(turn=0, mirror=False).identity() == PLAIN.identity()
    assert ColorizeOptions(turn="90").identity() == ColorizeOptions(turn=90).identity() != PLAIN.identity()
