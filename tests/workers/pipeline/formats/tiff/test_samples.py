"""Every way in which a TIFF's samples can mean colours and transparency."""

import io

import numpy as np
import pytest
import tifffile
from numpy.testing import assert_array_equal

from photochrom import color
from photochrom.errors import UnsupportedFormat
from photochrom.photo.options import ColorizeOptions
from workers.pipeline.colorizer import colorize
from workers.pipeline.formats.tiff.reader import read_tiff
from workers.pipeline.limits import PhotoLimits
from workers.pipeline.photo import Photo

COLORS = {"minisblack": 1, "miniswhite": 1, "rgb": 3}


def written(pixels: np.ndarray, **options) -> bytes:
    file = io.BytesIO()
    tifffile.imwrite(file, pixels, metadata=None, **options)
    return file.getvalue()


def read(data: bytes) -> Photo:
    return read_tiff(data, PhotoLimits())


def stored(samples: np.ndarray, planar: str) -> np.ndarray:
    return samples if planar == "contig" else np.ascontiguousarray(np.moveaxis(samples, -1, 0))


@pytest.mark.parametrize(
    "extras",
    [
        ["unassalpha"],
        ["assocalpha"],
        ["unspecified"],
        ["unspecified", "unassalpha"],
        ["assocalpha", "unspecified"],
        ["unspecified", "unspecified", "unspecified"],
    ],
    ids="-".join,
)
@pytest.mark.parametrize("photometric", COLORS)
@pytest.mark.parametrize("planar", ["contig", "separate"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_extra_samples_are_what_the_file_says(dtype, planar, photometric, extras):
    random, top = np.random.default_rng(1), np.iinfo(dtype).max
    colors = random.integers(0, top, (20, 30, COLORS[photometric]), dtype, endpoint=True)
    more = random.integers(top // 4, top, (20, 30, len(extras)), dtype, endpoint=True)
    visible = colors.copy()
    if "assocalpha" in extras:
        colors = np.rint(colors * (more[..., :1] / top)).astype(dtype)
    data = written(
        stored(np.dstack([colors, more]), planar),
        photometric=photometric,
        planarconfig=planar,
        extrasamples=extras,
    )
    photo = read(data)
    found = photo.pixels if photometric == "rgb" else photo.pixels[..., None]
    wanted = top - visible if photometric == "miniswhite" else visible
    # What was rounded when it was multiplied by a quarter comes back to within two steps.
    assert np.abs(found.astype(int) - wanted).max() <= (2 if "assocalpha" in extras else 0)
    alphas = [more[..., i] for i, name in enumerate(extras) if name != "unspecified"]
    if alphas:
        assert_array_equal(photo.alpha, alphas[0])
    else:
        assert photo.alpha is None
    left_out = len(extras) - len(alphas)
    assert any(f"{left_out} a pixel" in warning for warning in photo.warnings) == bool(left_out)


@pytest.mark.parametrize("empty", [False, True])
def test_an_extra_sample_without_a_word_is_transparency_unless_it_hides_everything(empty, rgb_photo):
    alpha = np.zeros((64, 64), np.uint8) if empty else rgb_photo[:64, :64, 0]
    data = written(np.dstack([rgb_photo[:64, :64], alpha]), photometric="rgb", extrasamples=[2])
    photo = read(without_extra_samples(data))
    assert_array_equal(photo.pixels, rgb_photo[:64, :64])
    assert (photo.alpha is None) == empty


@pytest.mark.parametrize("software", ["VueScan 9 x64 (9.8.40)", "SilverFast Ai Studio 9.2.5"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_what_film_scanners_see_in_infrared_is_no_transparency(dtype, software, rgb_photo):
    """Their programs write it behind the colours, and say nothing of it."""
    top = np.iinfo(dtype).max
    rgb = rgb_photo[:32, :48].astype(dtype) * dtype(top // 255)
    infrared = (rgb[..., :1] // 4 + top // 2).astype(dtype)
    data = written(np.dstack([rgb, infrared]), photometric="rgb", extrasamples=[2], software=software)
    photo = read(without_extra_samples(data))
    assert_array_equal(photo.pixels, rgb)
    assert photo.alpha is None
    assert any("extra channels" in warning for warning in photo.warnings)


def without_extra_samples(tiff: bytes) -> bytes:
    """Return a TIFF in which another tag is in the place of the one that says what the samples are."""
    with tifffile.TiffFile(io.BytesIO(tiff)) as file:
        at = file.pages.first.tags[338].offset
    return tiff[:at] + (331).to_bytes(2, "little") + tiff[at + 2 :]


def test_what_cannot_be_seen_divides_by_nothing():
    samples = np.zeros((8, 8, 4), np.uint16)
    photo = read(written(samples, photometric="rgb", extrasamples=["assocalpha"]))
    assert not photo.pixels.any()
    assert photo.alpha is not None


def palette_tiff(
    indices: np.ndarray, bits: int, colors: np.ndarray, alpha: np.ndarray | None = None
) -> bytes:
    """A palette TIFF by the standard, its indices packed to `bits`; `colors` are (2 ** bits, 3)."""
    samples = indices[..., None] if alpha is None else np.dstack([indices, alpha])
    rows = samples.reshape(len(samples), -1)
    weights = np.arange(bits - 1, -1, -1)
    packed = np.packbits((rows[..., None] >> weights & 1).astype(np.uint8).reshape(len(rows), -1), axis=1)
    packed = rows.astype("<u2") if bits == 16 else packed
    count, table = samples.shape[2], colors.T.astype("<u2").tobytes()
    tags = {
        256: (4, [samples.shape[1]]),
        257: (4, [samples.shape[0]]),
        258: (3, [bits] * count),
        259: (3, [1]),
        262: (3, [3]),
        273: (4, [8]),
        277: (3, [count]),
        278: (4, [samples.shape[0]]),
        279: (4, [packed.nbytes]),
        320: (3, list(np.frombuffer(table, "<u2"))),
    }
    if alpha is not None:
        tags[338] = (3, [2])
    start = 8 + packed.nbytes + packed.nbytes % 2
    head, values = len(tags).to_bytes(2, "little"), b""
    behind = start + 6 + 12 * len(tags)
    for tag, (kind, numbers) in sorted(tags.items()):
        value = np.array(numbers, {3: "<u2", 4: "<u4"}[kind]).tobytes()
        field = value if len(value) <= 4 else (behind + len(values)).to_bytes(4, "little")
        values += b"" if len(value) <= 4 else value
        head += (
            np.array([tag, kind], "<u2").tobytes()
            + len(numbers).to_bytes(4, "little")
            + field.ljust(4, b"\0")
        )
    picture = packed.tobytes().ljust(start - 8, b"\0")
    return b"II*\0" + start.to_bytes(4, "little") + picture + head + bytes(4) + values


@pytest.mark.parametrize("bits", [1, 2, 4, 8, 16])
@pytest.mark.parametrize("with_alpha", [False, True], ids=["opaque", "alpha"])
@pytest.mark.parametrize("kind", ["bytes", "times 257", "times 256", "16 bits"])
def test_a_palette_of_any_depth_gives_its_colours(kind, with_alpha, bits):
    random = np.random.default_rng(2)
    indices = random.integers(0, 2**bits, (24, 32))
    colors = random.integers(0, 256, (2**bits, 3)).astype(np.uint16)
    colors[-1] = 255
    factor = {"bytes": 1, "times 257": 257, "times 256": 256, "16 bits": 257}[kind]
    wanted = colors.astype(np.uint8)
    if kind == "16 bits":
        colors = colors * factor - (colors > 0)
        wanted = colors
    else:
        colors = colors * factor
    alpha = random.integers(0, 2**bits, (24, 32)) if with_alpha else None
    photo = read(palette_tiff(indices, bits, colors, alpha))
    assert_array_equal(photo.pixels, wanted[indices])
    if alpha is not None:
        assert photo.alpha.dtype == photo.pixels.dtype
        share = photo.alpha / np.iinfo(photo.alpha.dtype).max
        assert np.abs(share - alpha / (2**bits - 1)).max() <= 0.5 / 255 + 1e-9


@pytest.mark.parametrize("bits", range(1, 17))
@pytest.mark.parametrize("white_is_zero", [False, True])
def test_grey_of_any_depth_has_the_full_range(bits, white_is_zero):
    levels = np.arange(2**bits).reshape(2 ** (bits // 2), -1)
    data = bytearray(palette_tiff(levels, bits, np.zeros((2**bits, 3))))
    at = data.index(b"\x06\x01\x03\x00\x01\x00\x00\x00\x03\x00") + 8  # the photometric interpretation
    data[at] = 0 if white_is_zero else 1
    found = read(bytes(data)).pixels
    share = levels / (2**bits - 1)
    share = 1 - share if white_is_zero else share
    assert found.dtype == (np.uint8 if bits <= 8 else np.uint16)
    assert_array_equal(found, np.rint(share * np.iinfo(found.dtype).max))


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("photometric", ["cielab", "icclab"])
@pytest.mark.parametrize("planar", ["contig", "separate"])
def test_lightness_of_cielab_is_kept(planar, photometric, dtype, predictor, lightness_of):
    random, top = np.random.default_rng(3), np.iinfo(dtype).max
    half = (top + 1) // 2
    lab = np.stack([random.uniform(0, 100, (40, 60)), *random.uniform(-60, 60, (2, 40, 60))], axis=-1)
    offset = photometric == "icclab"
    white = 0xFF00 if offset and dtype == np.uint16 else top
    light = np.rint(lab[..., :1] / 100 * white)
    ab = np.rint(lab[..., 1:] * (half / 128)).astype(int) + (half if offset else 0)
    samples = np.dstack([light, ab % (top + 1)]).astype(dtype)
    data = written(stored(samples, planar), photometric=photometric, planarconfig=planar)
    photo = read(data)
    assert photo.pixels.dtype == dtype
    assert np.abs(lightness_of(photo.pixels) - light[..., 0] / white * 100).max() < 0.5
    inside = color.in_gamut(np.dstack([light / white * 100, lab[..., 1:]]), -0.01)
    found = color.lab(photo.pixels / top)
    assert np.abs(found - lab)[inside].max() < (3 if dtype == np.uint8 else 1)
    result = colorize(data, predictor, ColorizeOptions())
    assert any("CIELAB" in warning for warning in result.warnings)
    assert (
        np.abs(lightness_of(tifffile.imread(io.BytesIO(result.data))) - lightness_of(photo.pixels)).max()
        < 0.5
    )


@pytest.mark.parametrize(
    ("pixels", "options", "sentence"),
    [
        (np.zeros((5, 8, 8), np.uint8), {"volumetric": True}, "volume of 5 layers"),
        (np.zeros((8, 8), np.int16), {}, "16-bit signed samples.*unsigned"),
        (np.zeros((8, 8), np.float32), {}, "32-bit floating-point"),
        (
            np.zeros((8, 8, 6), np.uint8),
            {"photometric": "separated", "extratags": [(332, 3, 1, 2, True)]},
            "inks",
        ),
    ],
)
def test_what_is_refused_is_called_by_its_name(pixels, options, sentence):
    with pytest.raises(UnsupportedFormat, match=sentence):
        read(written(pixels, **options))
