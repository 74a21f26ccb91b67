import io
import json
from collections.abc import Callable

import numpy as np
import pytest
import simplejpeg
import tifffile
from PIL import Image

from photochrom.photo.frames import Frame
from photochrom.photo.sniff import PhotoFormat
from support.pictures.photographs import grey_jpeg
from workers.pipeline.album.split import NoSuchPage, cut_pages, find_pages
from workers.pipeline.limits import PhotoLimits
from workers.pipeline.metadata.icc import srgb

LIMITS = PhotoLimits()
STRAIGHT, ASKEW = Frame(x=80, y=60, width=96, height=64), Frame(x=80, y=60, width=90, height=60, angle=5)


def test_a_straight_photograph_of_a_jpeg_has_its_very_luma_and_an_askew_one_is_turned() -> None:
    page = grey_jpeg(size=(200, 160))
    exact, turned = cut_pages(page, [[STRAIGHT, ASKEW]], LIMITS)
    assert exact.exact
    assert (exact.width, exact.height) == (96, 72)
    luma = simplejpeg.decode_jpeg(page, "GRAY")[..., 0]
    assert np.array_equal(simplejpeg.decode_jpeg(exact.data, "GRAY")[..., 0], luma[24:96, 32:128])
    assert not turned.exact
    assert (turned.width, turned.height) == (90, 60)
    assert b"page_sha256" in exact.data
    assert b"Lanczos" in turned.data


@pytest.mark.parametrize("orientation", range(1, 9))
def test_frames_lie_on_the_page_as_it_is_seen(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    file = io.BytesIO()
    with Image.open(io.BytesIO(grey_jpeg(size=(200, 160)))) as image:
        image.save(file, "JPEG", quality=95, exif=exif)
    with Image.open(file) as stored:
        stored.load()
        (cut,) = cut_pages(file.getvalue(), [[STRAIGHT]], LIMITS)
        seen = np.asarray(_upright(stored))
    assert cut.exact
    with Image.open(io.BytesIO(cut.data)) as piece:
        part = np.asarray(_upright(piece))
    assert part.shape == (cut.height, cut.width)
    places = np.lib.stride_tricks.sliding_window_view(seen, part.shape)
    found = np.argwhere((places == part).all(axis=(2, 3)))
    assert len(found) == 1
    top, left = found[0]
    assert top <= 28
    assert left <= 32
    assert top + cut.height >= 92
    assert left + cut.width >= 128


def _upright(image: Image.Image) -> Image.Image:
    from PIL import ImageOps

    return ImageOps.exif_transpose(image)


def test_depth_profile_and_pages_of_a_tiff_stay(tmp_path) -> None:
    rng = np.random.default_rng(1)
    pages = [
        rng.integers(0, 65536, (120, 160, 3), np.uint16),
        rng.integers(0, 65536, (90, 100, 3), np.uint16),
    ]
    with tifffile.TiffWriter(tmp_path / "pages.tif") as file:
        for page in pages:
            file.write(page, photometric="rgb", iccprofile=srgb())
    data = (tmp_path / "pages.tif").read_bytes()
    assert [(page.width, page.height) for page in find_pages(data, LIMITS)] == [(160, 120), (100, 90)]
    small = Frame(x=50, y=40, width=40, height=30)
    cuts = list(cut_pages(data, [[STRAIGHT, ASKEW], [small]], LIMITS))
    assert [cut.page for cut in cuts] == [0, 0, 1]
    assert [cut.format for cut in cuts] == [PhotoFormat.TIFF] * 3
    for cut, pixels in ((cuts[0], pages[0][28:92, 32:128]), (cuts[2], pages[1][25:55, 30:70])):
        with tifffile.TiffFile(io.BytesIO(cut.data)) as file:
            assert np.array_equal(file.asarray(), pixels)
            assert file.pages[0].tags[34675].value == srgb()
            history = file.pages[0].tags[700].value
        assert cut.exact
        assert b'stEvt:action="cropped"' in history
    with tifffile.TiffFile(io.BytesIO(cuts[1].data)) as file:
        assert file.asarray().dtype == np.uint16
    with pytest.raises(NoSuchPage, match="2 pages"):
        list(cut_pages(data, [[], [], [small]], LIMITS))


def test_what_was_made_of_inks_is_not_called_exact() -> None:
    file = io.BytesIO()
    inks = np.random.default_rng(2).integers(0, 256, (120, 160, 4), np.uint8)
    tifffile.imwrite(file, inks, photometric="separated")
    straight, askew = cut_pages(file.getvalue(), [[STRAIGHT, ASKEW]], LIMITS)
    assert not straight.exact
    assert b"made sRGB" in straight.data
    assert b"Lanczos" not in straight.data
    assert b"made sRGB and turned by Lanczos" in askew.data


@pytest.mark.parametrize("kind", ["PNG", "BMP", "WEBP", "GIF"])
def test_other_formats_are_cut_too(kind: str, save: Callable[..., bytes]) -> None:
    page = np.random.default_rng(3).integers(0, 256, (120, 160), np.uint8)
    straight, askew = cut_pages(save(page, kind), [[STRAIGHT, ASKEW]], LIMITS)
    assert straight.format is (PhotoFormat.WEBP if kind == "WEBP" else PhotoFormat.PNG)
    if kind == "PNG":
        with Image.open(io.BytesIO(straight.data)) as image:
            assert image.mode == "L"
            assert np.array_equal(np.asarray(image), page[28:92, 32:128])
    assert askew.data


def test_the_step_says_where_the_photograph_was() -> None:
    (cut,) = cut_pages(grey_jpeg(size=(200, 160)), [[STRAIGHT]], LIMITS)
    text = cut.data[cut.data.index(b"stEvt:parameters=") :].split(b"'")[1]
    told = json.loads(text.decode().replace("&quot;", '"'))
    assert told["frame"] == {"x": 80, "y": 60, "width": 96, "height": 64, "angle": 0}
    assert told["pixels"] == "as it was"
