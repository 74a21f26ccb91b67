"""A TIFF is packed as its source was: in tiles or strips, with its compression, and the same pixels."""

import io

import numpy as np
import pytest
import tifffile

from photochrom.photo.sniff import PhotoFormat
from workers.pipeline.decode import decode
from workers.pipeline.encode import encode
from workers.pipeline.limits import PhotoLimits

RNG = np.random.default_rng(7)
COMPRESSIONS = {None: 1, "lzw": 5, "deflate": 8}


def scene(channels: int, kind: type) -> np.ndarray:
    shape = (300, 421) if channels == 1 else (300, 421, channels)
    smooth = np.linspace(0, np.iinfo(kind).max // 2, 421)[None, :].repeat(300, 0)
    smooth = smooth if channels == 1 else smooth[..., None].repeat(channels, 2)
    return (smooth + RNG.integers(0, 60, shape)).astype(kind)


def tiff(pixels: np.ndarray, **how: object) -> bytes:
    buffer = io.BytesIO()
    extra = {"extrasamples": ["unassalpha"]} if pixels.ndim == 3 and pixels.shape[2] == 4 else {}
    kind = "rgb" if pixels.ndim == 3 else "minisblack"
    tifffile.imwrite(buffer, pixels, photometric=kind, **extra, **how)  # type: ignore[arg-type]
    return buffer.getvalue()


def again(data: bytes) -> tifffile.TiffPage:
    photo = decode(data, PhotoFormat.TIFF, PhotoLimits())
    return tifffile.TiffFile(io.BytesIO(encode([photo], PhotoFormat.TIFF, 90))).pages[0]


@pytest.mark.parametrize("compression", COMPRESSIONS)
@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
@pytest.mark.parametrize("channels", [1, 3, 4])
@pytest.mark.parametrize("tile", [(64, 96), (256, 256), (512, 512), None])
def test_tiles_stay_tiles_and_strips_strips(
    tile: tuple[int, int] | None, channels: int, kind: type, compression: str | None
) -> None:
    pixels = scene(channels, kind)
    page = again(tiff(pixels, tile=tile, compression=compression, predictor=compression is not None))
    assert page.is_tiled == (tile is not None)
    assert tile is None or (page.tilelength, page.tilewidth) == tile
    assert int(page.compression) == COMPRESSIONS[compression]
    np.testing.assert_array_equal(page.asarray(), pixels)


@pytest.mark.parametrize("tile", [(16, 16), (8192, 64)])
def test_tiles_that_cost_too_much_become_usual_ones(tile: tuple[int, int]) -> None:
    pixels = scene(3, np.uint8)
    page = again(tiff(pixels, tile=tile))
    assert (page.tilelength, page.tilewidth) == (256, 256)
    np.testing.assert_array_equal(page.asarray(), pixels)
