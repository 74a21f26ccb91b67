import io
import xml.etree.ElementTree as ET

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms, IptcImagePlugin

from photochrom import color
from photochrom.photo.options import ColorizeOptions
from workers.pipeline.colorizer import PhotoLimits, colorize
from workers.pipeline.formats.jpeg.file import APP1, APP2, APP13, JpegFile, Segment
from workers.pipeline.metadata import icc
from workers.pipeline.metadata.xmp import SOURCE_TYPE

XMP = (
    b'<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">'
    b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""'
    b' xmlns:dc="http://purl.org/dc/elements/1.1/" dc:source="Box 12, plate 7"/></rdf:RDF></x:xmpmeta>'
    b'<?xpacket end="w"?>'
)
IPTC = b"\x1c\x02\x78\x00\x0fA street in 1908"[:20] + b"\x1c\x02\x50\x00\x04Anon"
SRGB_PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def lab_bytes(image: Image.Image) -> np.ndarray:
    """CIELAB (H, W, 3) of a picture through its own profile, by littleCMS: L* * 2.55, a*, b*."""
    profile = ImageCms.ImageCmsProfile(io.BytesIO(image.info["icc_profile"]))
    to_lab = ImageCms.buildTransform(profile, ImageCms.createProfile("LAB"), "RGB", "LAB")
    return np.asarray(ImageCms.applyTransform(image.convert("RGB"), to_lab))


def exif_block() -> Image.Exif:
    exif = Image.Exif()
    exif[0x010E], exif[0x013B], exif[0x8298] = "A street", "Unknown", "Public domain"
    exif.get_ifd(0x8769)[0x9003] = "1908:05:01 12:00:00"
    exif.get_ifd(0x8825)[1] = "N"
    return exif


def grey_profile(gamma: float) -> bytes:
    """A grey ICC profile with a plain power for its curve."""
    curve = b"curv\x00\x00\x00\x00" + (1).to_bytes(4, "big") + round(gamma * 256).to_bytes(2, "big")
    profile = bytearray(icc._rgb_profile(curve))
    profile[16:20] = b"GRAY"
    return bytes(profile).replace(b"rTRC", b"kTRC", 1)


def source(format_: str, save, pixels: np.ndarray, **more) -> bytes:
    common = {"exif": exif_block(), "xmp": XMP, "icc_profile": SRGB_PROFILE, "dpi": (400, 300)} | more
    if format_ == "TIFF":
        exif = common["exif"]
        exif[700], exif[33723] = common.pop("xmp"), IPTC
        exif[0x8769], exif[0x8825] = exif.get_ifd(0x8769), exif.get_ifd(0x8825)
    if format_ == "PNG":
        from PIL.PngImagePlugin import PngInfo

        common["pnginfo"] = PngInfo()
        common["pnginfo"].add_itxt("XML:com.adobe.xmp", common.pop("xmp").decode())
        common["pnginfo"].add_text("Title", "Main Street")
    return save(pixels, format_, **common)


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "TIFF", "WEBP", "AVIF", "HEIF"])
def test_metadata_arrive_equal_by_value(format_, save, predictor, rgb_photo):
    result = colorize(source(format_, save, rgb_photo[:64, :96].copy()), predictor, ColorizeOptions())
    with Image.open(io.BytesIO(result.data)) as image:
        exif, wanted = image.getexif(), exif_block()
        assert all(exif[tag] == wanted[tag] for tag in (0x010E, 0x013B, 0x8298))
        assert exif.get_ifd(0x8769)[0x9003] == "1908:05:01 12:00:00"
        assert exif.get_ifd(0x8825)[1] == "N"
        assert image.info["icc_profile"] == SRGB_PROFILE
        if format_ in ("JPEG", "PNG", "TIFF"):
            assert np.allclose(image.info["dpi"], (400, 300), rtol=1e-3)
        assert b"Box 12, plate 7" in _xmp(image)
    if format_ == "PNG":
        assert b"tEXtTitle\x00Main Street" in result.data
    if format_ == "TIFF":
        with tifffile.TiffFile(io.BytesIO(result.data)) as tiff:
            assert bytes(tiff.pages.first.tags[33723].value) == IPTC


def _xmp(image: Image.Image) -> bytes:
    xmp = image.info.get("xmp") or image.info.get("XML:com.adobe.xmp") or image.tag_v2[700]
    return xmp.encode() if isinstance(xmp, str) else bytes(xmp)


def test_jpeg_2000_carries_metadata_in_its_boxes(save, predictor, rgb_photo):
    tiff = source("TIFF", save, rgb_photo[:64, :96].copy())
    first = colorize(tiff, predictor, ColorizeOptions(format="jp2")).data
    second = colorize(first, predictor, ColorizeOptions()).data
    for data in (first, second):
        boxes = jp2_boxes(data)
        exif = Image.Exif()
        exif.load(boxes[b"JpgTiffExif->JP2"])
        assert all(exif[tag] == exif_block()[tag] for tag in (0x010E, 0x013B, 0x8298))
        assert exif.get_ifd(0x8769)[0x9003] == "1908:05:01 12:00:00"
        assert b"Box 12, plate 7" in boxes[bytes.fromhex("be7acfcb97a942e89c71999491e3afac")]
        assert boxes[bytes.fromhex("33c7a4d2b81d4723a0baf1a3e097ad38")] == IPTC
        assert SRGB_PROFILE in data
        with Image.open(io.BytesIO(data)) as image:
            assert np.allclose(image.info["dpi"], (400, 300), rtol=1e-3)


def jp2_boxes(data: bytes) -> dict[bytes, bytes]:
    """The contents of a JP2's uuid boxes by their identifiers."""
    found, position = {}, 0
    while position < len(data):
        length = int.from_bytes(data[position : position + 4], "big")
        if data[position + 4 : position + 8] == b"uuid":
            found[data[position + 8 : position + 24]] = data[position + 24 : position + length]
        position += length or len(data)
    return found


@pytest.mark.parametrize("asked", ["jpeg", "png", "tiff", "webp", "avif", "heic"])
def test_metadata_arrive_in_other_formats_too(asked, save, predictor, rgb_photo):
    sources = [source(f, save, rgb_photo[:64, :96].copy()) for f in ("JPEG", "PNG", "TIFF")]
    for data in sources:
        result = colorize(data, predictor, ColorizeOptions(format=asked))
        with Image.open(io.BytesIO(result.data)) as image:
            assert image.getexif()[0x013B] == "Unknown"
            assert image.info["icc_profile"] == SRGB_PROFILE
            assert b"Box 12, plate 7" in _xmp(image)
            exif = image.getexif()
            dpi = image.info.get("dpi") or (exif[282], exif[283])
            assert np.allclose([float(d) for d in dpi], (400, 300), rtol=1e-3)


def test_iptc_goes_from_jpeg_to_tiff_and_back(save, predictor, rgb_photo):
    plain = JpegFile.read(save(rgb_photo, "JPEG"))
    resource = b"Photoshop 3.0\x008BIM\x04\x04\x00\x00" + len(IPTC).to_bytes(4, "big") + IPTC
    jpeg = bytes(plain.with_metadata((*plain.metadata, Segment(APP13, resource + b"\x00" * (len(IPTC) % 2)))))
    assert resource in colorize(jpeg, predictor, ColorizeOptions()).data
    tiff = colorize(jpeg, predictor, ColorizeOptions(format="tiff"))
    with tifffile.TiffFile(io.BytesIO(tiff.data)) as file:
        assert bytes(file.pages.first.tags[33723].value) == IPTC
    back = colorize(tiff.data, predictor, ColorizeOptions(format="jpeg"))
    with Image.open(io.BytesIO(back.data)) as image:
        assert IptcImagePlugin.getiptcinfo(image)[(2, 80)] == b"Anon"
    assert any("IPTC" in w for w in colorize(jpeg, predictor, ColorizeOptions(format="webp")).warnings)


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("had_xmp", [True, False])
def test_provenance_is_noted_once(format_, had_xmp, save, predictor, rgb_photo):
    pixels = rgb_photo[:64, :96].copy()
    data = source(format_, save, pixels) if had_xmp else save(pixels, format_)
    for _ in range(2):  # colorizing a result again replaces the note
        data = colorize(data, predictor, ColorizeOptions()).data
    with Image.open(io.BytesIO(data)) as image:
        packet = _xmp(image)
    assert packet.count(SOURCE_TYPE.encode()) == 1
    assert packet.count(b'photochrom:Model="smooth-colors 1"') == 1
    root = ET.fromstring(packet.split(b"?>", 1)[1].rsplit(b"<?xpacket", 1)[0])
    assert root.tag.endswith("xmpmeta")


def test_xmp_that_is_no_rdf_is_left_alone(save, predictor, grey_photo):
    result = colorize(save(grey_photo, "JPEG", xmp=b"<notes>seven</notes>"), predictor, ColorizeOptions())
    with Image.open(io.BytesIO(result.data)) as image:
        assert image.info["xmp"] == b"<notes>seven</notes>"


@pytest.mark.parametrize("gamma", [1.0, 1.8, 2.2])
@pytest.mark.parametrize("format_", ["JPEG", "PNG", "TIFF"])
def test_a_grey_profile_s_tones_are_kept(format_, gamma, save, predictor, grey_photo):
    """By littleCMS: grey through its profile to Lab, and the result through its own, have the same L*."""
    profile = grey_profile(gamma)
    data = save(grey_photo, format_, icc_profile=profile, **({"quality": 100} if format_ == "JPEG" else {}))
    before = np.asarray(Image.open(io.BytesIO(data)).convert("L")) / 255
    wanted = color.lightness_of_luminance(before**gamma)
    result = colorize(data, predictor, ColorizeOptions(strength=0))
    with Image.open(io.BytesIO(result.data)) as image:
        assert icc.color_space(image.info["icc_profile"]) == "RGB"
        found = lab_bytes(image)[..., 0] * (100 / 255)
    assert np.abs(found - wanted).max() < 4  # one level of the darkest greys at gamma 1 is 3.5
    assert np.abs(found - wanted).mean() < 0.4


def test_colours_under_a_wide_profile_are_the_predicted_ones(save, predictor, pillow_jpeg):
    """Luma in a wider RGB space is kept, and its chroma is made for that space."""
    ramp = np.tile(np.linspace(70, 190, 256).astype(np.uint8), (256, 1))
    wide = icc._rgb_profile(b"curv\x00\x00\x00\x00\x00\x00\x00\x01" + round(2.2 * 256).to_bytes(2, "big"))
    found = {}
    for name, profile in {"srgb": SRGB_PROFILE, "gamma": wide}.items():
        result = colorize(
            pillow_jpeg(ramp, quality=100, icc_profile=profile), predictor, ColorizeOptions(quality=100)
        )
        with Image.open(io.BytesIO(result.data)) as image:
            found[name] = lab_bytes(image).view(np.int8)[..., 1:].astype(int)
    assert np.abs(found["srgb"] - found["gamma"]).mean() < 1.0


def test_a_profile_split_over_segments_is_joined_and_a_torn_one_left_out(predictor, pillow_jpeg, rgb_photo):
    jpeg = JpegFile.read(pillow_jpeg(rgb_photo, icc_profile=SRGB_PROFILE + b"\x00" * 100_000))
    parts = [s for s in jpeg.metadata if s.marker == APP2]
    assert len(parts) == 2
    whole = colorize(bytes(jpeg), predictor, ColorizeOptions()).data
    assert Image.open(io.BytesIO(whole)).info["icc_profile"].startswith(SRGB_PROFILE[:100])
    torn = bytes(jpeg.with_metadata(tuple(s for s in jpeg.metadata if s is not parts[0])))
    assert "icc_profile" not in Image.open(io.BytesIO(colorize(torn, predictor, ColorizeOptions()).data)).info


def test_an_index_of_further_pictures_does_not_travel(predictor, pillow_jpeg, grey_photo):
    plain = JpegFile.read(pillow_jpeg(grey_photo))
    jpeg = bytes(plain.with_metadata((*plain.metadata, Segment(APP2, b"MPF\x00MM\x00*"))))
    assert b"MPF\x00" not in colorize(jpeg, predictor, ColorizeOptions()).data


@pytest.mark.parametrize("format_", ["PNG", "TIFF", "WEBP", "AVIF", "HEIF"])
def test_metadata_beyond_the_limits_are_left_out_and_said(format_, save, predictor, grey_photo):
    data = source(format_, save, grey_photo[..., None].repeat(3, -1))
    small = PhotoLimits(max_icc_bytes=10, max_metadata_bytes=10)
    result = colorize(data, predictor, ColorizeOptions(), limits=small)
    assert b"Box 12" not in result.data
    assert SRGB_PROFILE not in result.data
    said = " ".join(result.warnings)
    assert all(f"{part} data are larger than" in said for part in ("ICC", "EXIF", "XMP"))


def test_a_profile_beyond_its_limit_is_left_out_of_a_jpeg_and_said(save, predictor, grey_photo):
    data = source("JPEG", save, grey_photo)
    result = colorize(data, predictor, ColorizeOptions(), limits=PhotoLimits(max_icc_bytes=10))
    assert b"ICC_PROFILE" not in result.data
    assert any("ICC data are larger than" in warning for warning in result.warnings)


def test_damaged_exif_does_no_harm(predictor, pillow_jpeg, grey_photo):
    jpeg = JpegFile.read(pillow_jpeg(grey_photo))
    broken = Segment(APP1, b"Exif\x00\x00II*\x00\xff\xff\xff\x7fnonsense")
    data = bytes(jpeg.with_metadata((*jpeg.metadata, broken)))
    for asked in ("same", "png", "tiff", "webp"):
        assert colorize(data, predictor, ColorizeOptions(format=asked)).width == 512


def resource(kind: int, data: bytes) -> bytes:
    return (
        b"8BIM"
        + kind.to_bytes(2, "big")
        + bytes(2)
        + len(data).to_bytes(4, "big")
        + data
        + bytes(len(data) % 2)
    )


@pytest.mark.parametrize("cut", [3, 20, 60])
def test_a_photoshop_block_in_two_segments_stays_one(cut, predictor, pillow_jpeg, grey_photo):
    block = (
        resource(0x040C, b"\xff\xd8 a small grey picture") + resource(0x0404, IPTC) + resource(0x040A, b"\1")
    )
    parts = [Segment(APP13, b"Photoshop 3.0\0" + part) for part in (block[:cut], block[cut:])]
    plain = JpegFile.read(pillow_jpeg(grey_photo))
    exif = Segment(APP1, b"Exif\0\0" + exif_block().tobytes().removeprefix(b"Exif\0\0"))
    source = bytes(plain.with_metadata((*plain.metadata, *parts, exif)))
    for asked in ("same", "png"):
        result = colorize(source, predictor, ColorizeOptions(format=asked))
        assert b"small grey picture" not in result.data
        assert any("IPTC" in warning for warning in result.warnings) == (asked == "png")
    kept = JpegFile.read(colorize(source, predictor, ColorizeOptions()).data).metadata
    places = [i for i, s in enumerate(kept) if s.marker == APP13]
    assert places == list(range(places[0], places[0] + len(places)))
    found = b"".join(kept[i].payload.removeprefix(b"Photoshop 3.0\0") for i in places)
    assert found == resource(0x0404, IPTC) + resource(0x040A, b"\1")


@pytest.mark.parametrize("asked", ["same", "tiff", "png"])
def test_an_mpo_s_second_picture_is_said_to_be_left_out(asked, predictor, rgb_photo):
    file = io.BytesIO()
    left, right = (Image.fromarray(rgb_photo[rows, :64].copy()) for rows in (slice(64), slice(64, 128)))
    left.save(file, "MPO", save_all=True, append_images=[right])
    result = colorize(file.getvalue(), predictor, ColorizeOptions(format=asked))
    assert any("2 pictures" in warning for warning in result.warnings)


@pytest.mark.parametrize("asked", ["same", "tiff", "png", "webp"])
def test_extended_xmp_stays_or_its_loss_is_said(asked, predictor, pillow_jpeg, grey_photo):
    digest = b"0123456789ABCDEF" * 2
    note = b' xmlns:xmpNote="http://ns.adobe.com/xmp/note/" xmpNote:HasExtendedXMP="' + digest + b'"'
    first = XMP.replace(b" dc:source", note + b" dc:source")
    more = b"http://ns.adobe.com/xmp/extension/\0" + digest + (8).to_bytes(4, "big") + bytes(4) + b"the rest"
    plain = JpegFile.read(pillow_jpeg(grey_photo))
    parts = (Segment(APP1, b"http://ns.adobe.com/xap/1.0/\0" + first), Segment(APP1, more))
    source = bytes(plain.with_metadata((*plain.metadata, *parts)))
    result = colorize(source, predictor, ColorizeOptions(format=asked))
    assert (b"the rest" in result.data) == (b"HasExtendedXMP" in result.data) == (asked == "same")
    assert any("XMP" in warning for warning in result.warnings) == (asked != "same")
    assert b"Box 12, plate 7" in result.data
