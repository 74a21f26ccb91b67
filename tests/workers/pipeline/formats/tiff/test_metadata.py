"""What a TIFF says of its photograph arrives as the bytes it is, from and to every format."""

import io
import struct

import numpy as np
import pytest
import tifffile
from PIL import Image

from photochrom.photo.options import ColorizeOptions
from workers.pipeline.colorizer import colorize
from workers.pipeline.formats.jpeg.file import APP1, JpegFile, Segment
from workers.pipeline.metadata.directory import Structure

FORMATS = ["jpeg", "png", "tiff", "webp", "avif", "heic", "jp2"]
# In no encoding at all, and so in any.
TEXT = "Jürgen, Weiß".encode() + bytes(range(1, 256))
ARTIST, COPYRIGHT, LENS = 315, 33432, 0xA434


def directory(order: str, at: int, entries: dict[int, tuple[int, bytes]]) -> bytes:
    """A directory and its values, by the standard: {tag: (type, value)}."""
    sizes = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 7: 1}
    head, values = struct.pack(order + "H", len(entries)), b""
    behind = at + 6 + 12 * len(entries)
    for tag, (kind, value) in sorted(entries.items()):
        field = value.ljust(4, b"\0") if len(value) <= 4 else struct.pack(order + "I", behind + len(values))
        values += b"" if len(value) <= 4 else value + bytes(len(value) % 2)
        head += struct.pack(order + "HHI", tag, kind, len(value) // sizes[kind]) + field
    return head + bytes(4) + values


def exif_of(text: bytes, order: str = "<", more: dict[int, tuple[int, bytes]] | None = None) -> bytes:
    """EXIF with the text in its main and its EXIF directory, and an Interoperability directory below it."""
    long = struct.Struct(order + "I").pack
    inter = directory(order, 8, {1: (2, b"R98\0")})
    at = 8 + len(inter)
    nested = directory(order, at, {LENS: (2, text + b"\0"), 0xA005: (4, long(8)), 0x927C: (7, b"Maker" * 9)})
    start = at + len(nested)
    main = {ARTIST: (2, text + b"\0"), COPYRIGHT: (2, text + b"\0"), 0x8769: (4, long(at))} | (more or {})
    mark = b"II*\0" if order == "<" else b"MM\0*"
    return mark + long(start) + inter + nested + directory(order, start, main)


def file_with(format_: str, exif: bytes, save, pixels: np.ndarray) -> bytes:
    """A file of any format that carries this EXIF as it is."""
    plain = {"jpeg": "JPEG", "png": "PNG", "webp": "WEBP", "avif": "AVIF", "heic": "HEIF", "jp2": "PNG"}[
        format_
    ]
    if plain == "JPEG":
        jpeg = JpegFile.read(save(pixels, "JPEG"))
        return bytes(jpeg.with_metadata((*jpeg.metadata, Segment(APP1, b"Exif\0\0" + exif))))
    return save(pixels, plain, exif=b"Exif\0\0" + exif)


def tiff_with(text: bytes, pixels: np.ndarray, **options) -> bytes:
    file = io.BytesIO()
    tags = [(tag, 2, len(text) + 1, text + b"\0", True) for tag in (ARTIST, COPYRIGHT)]
    tifffile.imwrite(file, pixels, extratags=tags, metadata=None, software=False, **options)
    return file.getvalue()


def entries_of(tiff: bytes) -> dict:
    structure = Structure(tiff)
    return structure.entries(structure.first)


@pytest.fixture
def pixels(grey_photo) -> np.ndarray:
    return np.ascontiguousarray(grey_photo[:32, :48])


@pytest.mark.parametrize("asked", FORMATS)
@pytest.mark.parametrize(
    "options", [{}, {"byteorder": ">"}, {"bigtiff": True}], ids=["little", "big", "bigtiff"]
)
def test_text_of_a_tiff_arrives_byte_by_byte(options, asked, pixels, predictor):
    result = colorize(tiff_with(TEXT, pixels, **options), predictor, ColorizeOptions(format=asked))
    assert result.data.count(TEXT + b"\0") >= 2
    assert not [warning for warning in result.warnings if "EXIF" in warning]


@pytest.mark.parametrize("asked", FORMATS)
@pytest.mark.parametrize("format_", ["jpeg", "png", "webp", "avif", "heic"])
@pytest.mark.parametrize("order", ["<", ">"], ids=["little", "big"])
def test_text_of_exif_arrives_byte_by_byte(order, format_, asked, pixels, save, predictor):
    turned, other = (struct.pack(order + "HHIH", tag, 3, 1, 6) for tag in (274, 275))
    exif = exif_of(TEXT, order, {275: (3, struct.pack(order + "H", 6))})
    source = file_with(format_, exif, save, pixels[..., None].repeat(3, -1)).replace(other, turned)
    result = colorize(source, predictor, ColorizeOptions(format=asked))
    assert result.data.count(TEXT + b"\0") >= 3
    # In AVIF and HEIC the container says how the picture lies; these say that it lies as it should.
    stays = format_ in ("avif", "heic") or (format_ == asked == "jpeg")
    assert (result.width, result.height) == ((48, 32) if stays else (32, 48))
    assert (turned in result.data) == (format_ == asked == "jpeg")


@pytest.mark.parametrize("order", ["<", ">"], ids=["little", "big"])
@pytest.mark.parametrize("format_", ["webp", "avif", "heic"])
def test_a_resolution_that_has_to_be_added_harms_no_text(format_, order, pixels, save, predictor):
    source = save(pixels, "PNG", exif=b"Exif\0\0" + exif_of(TEXT, order), dpi=(300, 300))
    result = colorize(source, predictor, ColorizeOptions(format=format_))
    assert result.data.count(TEXT + b"\0") >= 3
    with Image.open(io.BytesIO(result.data)) as image:
        assert np.allclose((float(image.getexif()[282]), float(image.getexif()[283])), 300, rtol=1e-3)


@pytest.mark.parametrize("order", ["<", ">"], ids=["little", "big"])
def test_a_tiff_made_of_a_jpeg_has_all_of_its_directories(order, pixels, save, predictor):
    source = file_with("jpeg", exif_of(b"Anon", order), save, pixels)
    tiff = colorize(source, predictor, ColorizeOptions(format="tiff")).data
    with Image.open(io.BytesIO(tiff)) as image:
        nested = image.getexif().get_ifd(0x8769)
        assert nested[LENS] == "Anon"
        assert image.getexif().get_ifd(0xA005)[1] == "R98"
    # What a maker's notes point to lies where it lay: their offsets count from the start of the block.
    assert tiff.index(b"MakerMaker") == exif_of(b"Anon", order).index(b"MakerMaker")


@pytest.mark.parametrize("asked", FORMATS)
@pytest.mark.parametrize("order", ["<", ">"], ids=["little", "big"])
def test_a_pointer_to_nothing_is_left_out(order, asked, pixels, save, predictor):
    block = bytearray(exif_of(b"Anon", order))
    pointer = struct.pack(order + "HHI", 0xA005, 4, 1)
    at = block.index(pointer) + 8
    block[at : at + 4] = struct.pack(order + "I", 1_000_000)
    source = save(pixels, "PNG", exif=b"Exif\0\0" + bytes(block))
    result = colorize(source, predictor, ColorizeOptions(format=asked))
    assert any("Parts of the photo's EXIF" in warning for warning in result.warnings)
    assert pointer not in result.data
    assert b"Anon\0" in result.data


def rational(order: str, value: int) -> tuple[int, bytes]:
    return 5, struct.pack(order + "II", value, 1)


@pytest.mark.parametrize("asked", ["tiff", "png", "jp2"])
@pytest.mark.parametrize("unit", [2, 3], ids=["inch", "centimetre"])
@pytest.mark.parametrize("format_", ["jpeg", "png", "webp"])
def test_a_resolution_that_only_exif_has_is_kept(format_, unit, asked, pixels, save, predictor):
    more = {282: rational("<", 180), 283: rational("<", 90), 296: (3, struct.pack("<H", unit))}
    source = file_with(format_, exif_of(b"Anon", more=more), save, pixels[..., None].repeat(3, -1))
    result = colorize(source, predictor, ColorizeOptions(format=asked))
    scale = 1 if unit == 2 else 2.54
    with Image.open(io.BytesIO(result.data)) as image:
        assert np.allclose(image.info["dpi"], (180 * scale, 90 * scale), rtol=1e-3)


@pytest.mark.parametrize("orientation", [1, 3, 6, 8])
@pytest.mark.parametrize("kind", [1, 3, 4], ids=["BYTE", "SHORT", "LONG"])
@pytest.mark.parametrize("order", ["<", ">"], ids=["little", "big"])
@pytest.mark.parametrize("format_", ["tiff", "jpeg", "png"])
def test_an_orientation_of_any_type_is_one(format_, order, kind, orientation, pixels, save, predictor):
    codes = {1: "B", 3: "H", 4: "I"}
    value = struct.pack(order + codes[kind], orientation)
    if format_ == "tiff":
        file = io.BytesIO()
        tag = (274, kind, 1, orientation, True)
        tifffile.imwrite(file, pixels, extratags=[tag], metadata=None, byteorder=order)
        source = file.getvalue()
    else:
        source = file_with(format_, exif_of(b"Anon", order, {274: (kind, value)}), save, pixels)
    result = colorize(source, predictor, ColorizeOptions(format="tiff"))
    assert (result.width, result.height) == ((48, 32) if orientation < 5 else (32, 48))
    with Image.open(io.BytesIO(result.data)) as image:
        assert image.getexif().get(274, 1) == 1


@pytest.mark.parametrize("turn", [1, 6])
def test_where_on_earth_stays_true_or_goes_with_a_word(turn, pixels, predictor):
    file = io.BytesIO()
    scale, tie = (0.5, 0.5, 0.0), (0.0, 0.0, 0.0, 440720.0, 3751320.0, 0.0)
    tags = [(33550, 12, 3, scale, True), (33922, 12, 6, tie, True), (34737, 2, 6, b"WGS84\0", True)]
    tifffile.imwrite(file, pixels, extratags=[*tags, (274, 3, 1, turn, True)], metadata=None)
    result = colorize(file.getvalue(), predictor, ColorizeOptions())
    found = entries_of(result.data)
    said = " ".join(result.warnings)
    if turn == 1:
        assert found[33550].numbers("little") == scale
        assert found[33922].numbers("little") == tie
        assert "GeoTIFF" not in said
    else:
        assert 33550 not in found
        assert "GeoTIFF" in said
    other = colorize(file.getvalue(), predictor, ColorizeOptions(format="png"))
    assert "GeoTIFF" in " ".join(other.warnings)


def resource(kind: int, data: bytes) -> bytes:
    return b"8BIM" + struct.pack(">HHI", kind, 0, len(data)) + data + bytes(len(data) % 2)


FLAG, THUMBNAIL = resource(0x040A, b"\1"), resource(0x040C, b"\xff\xd8 a small grey picture")
IPTC = b"\x1c\x02\x50\x00\x04Anon"


@pytest.mark.parametrize("asked", FORMATS)
def test_photoshop_s_block_arrives_or_its_loss_is_said(asked, pixels, predictor):
    block = FLAG + THUMBNAIL + resource(0x0404, IPTC)
    file = io.BytesIO()
    tifffile.imwrite(file, pixels, extratags=[(34377, 1, len(block), block, True)], metadata=None)
    result = colorize(file.getvalue(), predictor, ColorizeOptions(format=asked))
    kept = asked in ("jpeg", "tiff")
    assert (FLAG in result.data) == kept
    assert any("Photoshop" in warning for warning in result.warnings) == (not kept)
    assert b"small grey picture" not in result.data
    assert (IPTC in result.data) == (asked in ("jpeg", "tiff", "jp2"))


def test_private_tags_are_named(pixels, predictor):
    file = io.BytesIO()
    tifffile.imwrite(file, pixels, extratags=[(65000, 1, 5, b"notes", True)], metadata=None)
    said = colorize(file.getvalue(), predictor, ColorizeOptions()).warnings
    assert said == ("The TIFF has tags of a maker's own, 65000; they were left out.",)


@pytest.mark.parametrize("order", ["<", ">"], ids=["little", "big"])
def test_iptc_that_is_called_long_numbers_keeps_its_bytes(order, pixels, predictor):
    file = io.BytesIO()
    records = IPTC + bytes(-len(IPTC) % 4)
    tag = (33723, 4, len(records) // 4, struct.unpack(f"{order}{len(records) // 4}I", records), True)
    tifffile.imwrite(file, pixels, extratags=[tag], metadata=None, byteorder=order)
    assert IPTC in colorize(file.getvalue(), predictor, ColorizeOptions(format="jpeg")).data
