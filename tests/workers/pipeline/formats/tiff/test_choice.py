"""Which picture of a TIFF is colorized: the scan and not its thumbnail, and all pages when asked."""

import io

import numpy as np
import pytest
import tifffile
from numpy.testing import assert_array_equal

from photochrom.errors import PhotoTooLarge, UnsupportedFormat
from photochrom.photo.options import ColorizeOptions, Pages
from workers.pipeline.colorizer import PhotoLimits, colorize

REDUCED, ORDINARY, MASK = 1, 0, 4


def written(*pages: tuple[np.ndarray, dict], **options) -> bytes:
    file = io.BytesIO()
    with tifffile.TiffWriter(file, **options) as tiff:
        for pixels, how in pages:
            tiff.write(pixels, **{"photometric": "minisblack", "metadata": None} | how)
    return file.getvalue()


@pytest.fixture
def scan(grey_photo) -> np.ndarray:
    return grey_photo[:200, :300].astype(np.uint16) * 257


@pytest.fixture
def thumbnail(grey_photo) -> np.ndarray:
    return np.ascontiguousarray(grey_photo[:200:5, :300:5])


@pytest.mark.parametrize("options", [{}, {"byteorder": ">"}, {"bigtiff": True}], ids=str)
@pytest.mark.parametrize("place", ["page", "below", "below, and not marked"])
def test_a_scan_behind_its_thumbnail_is_what_comes_back(place, options, scan, thumbnail, predictor):
    first = {"subifds": 1} if "below" in place else {}
    first |= {} if "not marked" in place else {"subfiletype": REDUCED}
    tags = [(315, 2, 5, b"Anon\0", True)]
    data = written((thumbnail, first | {"extratags": tags}), (scan, {"subfiletype": ORDINARY}), **options)
    result = colorize(data, predictor, ColorizeOptions(strength=0))
    assert_array_equal(tifffile.imread(io.BytesIO(result.data))[..., 0], scan)
    assert result.warnings == (
        "The TIFF's first page is a reduced copy or a mask; its full picture of 300 x 200 pixels was colorized.",
    )
    assert (b"Anon\0" in result.data) == (place != "page")


def test_a_scan_before_its_copies_has_one_page(scan, thumbnail, predictor):
    data = written(
        (scan, {}),
        (thumbnail, {"subfiletype": REDUCED}),
        (thumbnail > 9, {"subfiletype": MASK, "photometric": 4}),
    )
    result = colorize(data, predictor, ColorizeOptions())
    assert (result.width, result.warnings) == (300, ())


@pytest.mark.parametrize("first", ["thumbnail", "mask"])
def test_a_first_page_that_is_no_scan_need_not_say_so(first, scan, thumbnail, predictor):
    mask = (scan > 9, {"subfiletype": MASK, "photometric": 4})
    data = written((thumbnail, {}) if first == "thumbnail" else mask, (scan, {}))
    result = colorize(data, predictor, ColorizeOptions(strength=0))
    assert_array_equal(tifffile.imread(io.BytesIO(result.data))[..., 0], scan)
    assert "reduced copy or a mask" in result.warnings[0]


def test_a_larger_second_page_is_told_of(scan, thumbnail, predictor):
    """One of another shape shows something else."""
    result = colorize(written((thumbnail[:, :50], {}), (scan, {})), predictor, ColorizeOptions())
    assert result.warnings == ("The TIFF has 2 pages; only the first was colorized, and another is larger.",)


FILTERS = [(33421, 3, 2, (2, 2), True), (33422, 1, 4, bytes([0, 1, 1, 2]), True)]
RAW = {
    "sensor": ({}, 1, {"photometric": 32803, "extratags": FILTERS}),
    "linear": ({}, 3, {"photometric": 34892}),
    "DNG": ({"extratags": [(50706, 1, 4, bytes([1, 4, 0, 0]), True)]}, 1, {}),
}


@pytest.mark.parametrize("kind", RAW)
def test_raw_camera_files_are_refused_by_name(kind, scan, thumbnail, predictor):
    of_first, samples, of_scan = RAW[kind]
    pixels = scan if samples == 1 else np.dstack([scan] * samples)
    first = {"subfiletype": REDUCED, "subifds": 1} | of_first
    data = written((thumbnail, first), (pixels, {"subfiletype": ORDINARY} | of_scan))
    with pytest.raises(UnsupportedFormat, match="raw camera file; develop it to TIFF"):
        colorize(data, predictor, ColorizeOptions())


@pytest.mark.parametrize("options", [{}, {"byteorder": ">"}, {"bigtiff": True}], ids=str)
def test_all_pages_come_back_when_asked(options, scan, thumbnail, predictor):
    named = [
        {"extratags": [(315, 2, 4, text, True), (34665, 4, 1, 8, True)][:1]} for text in (b"One\0", b"Two\0")
    ]
    data = written(
        (scan, named[0]),
        (thumbnail, {"subfiletype": REDUCED}),
        (thumbnail, named[1]),
        (scan[:90, :70], {}),
        **options,
    )
    result = colorize(data, predictor, ColorizeOptions(pages=Pages.ALL, strength=0), preview_side=64)
    with tifffile.TiffFile(io.BytesIO(result.data)) as tiff:
        pages = list(tiff.pages)
        assert len(pages) == 3
        for page, wanted in zip(pages, (scan, thumbnail, scan[:90, :70]), strict=True):
            assert_array_equal(page.asarray()[..., 0], wanted)
        assert [page.tags.valueof(315) for page in pages] == ["One", "Two", None]
    assert not result.warnings
    in_colour = colorize(data, predictor, ColorizeOptions(pages=Pages.ALL))
    with tifffile.TiffFile(io.BytesIO(in_colour.data)) as tiff:
        assert all(np.ptp(page.asarray().astype(int), axis=2).mean() > 10 for page in tiff.pages)


def test_a_result_of_one_page_says_that_there_were_more(scan, predictor):
    data = written((scan, {}), (scan, {}))
    result = colorize(data, predictor, ColorizeOptions(pages=Pages.ALL, format="png"))
    assert "The TIFF has 2 pages; only the first was colorized." in result.warnings


def test_all_pages_together_are_bounded_as_one_is(scan, predictor):
    data = written(*[(scan, {})] * 5)
    with pytest.raises(PhotoTooLarge, match=r"pages have .* million pixels together"):
        colorize(
            data, predictor, ColorizeOptions(pages=Pages.ALL), limits=PhotoLimits(max_pixels=scan.size * 4)
        )
