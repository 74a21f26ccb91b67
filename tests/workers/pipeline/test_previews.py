import io

import numpy as np
import pytest
from PIL import Image

from workers.pipeline.metadata.orientation import as_stored
from workers.pipeline.previews import confidence_png, preview_of_jpeg, preview_of_pixels


def picture(height: int, width: int) -> np.ndarray:
    """Red on the left, green on the right, darker below."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[:, : width // 2, 0] = 200
    pixels[:, width // 2 :, 1] = 200
    pixels[height // 2 :] //= 2
    return pixels


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_preview_is_upright_small_and_of_the_same_shape(orientation: int) -> None:
    stored = np.ascontiguousarray(as_stored(picture(900, 1500), orientation))
    buffer = io.BytesIO()
    Image.fromarray(stored).save(buffer, "JPEG", quality=95)
    for data in (
        preview_of_jpeg(buffer.getvalue(), orientation, 500),
        preview_of_pixels(stored, 500, orientation),
    ):
        preview = opened(data)
        assert preview.format == "JPEG"
        assert preview.size == (500, 300)
        shown = np.asarray(preview, int)
        np.testing.assert_allclose(shown[40, 40], (200, 0, 0), atol=12)
        np.testing.assert_allclose(shown[40, 460], (0, 200, 0), atol=12)
        np.testing.assert_allclose(shown[260, 460], (0, 100, 0), atol=12)


def test_a_small_picture_is_not_blown_up() -> None:
    assert opened(preview_of_pixels(picture(30, 50), 500)).size == (50, 30)
    assert opened(preview_of_pixels(np.zeros((1, 4000), np.uint8), 100)).size == (100, 1)


def test_sixteen_bits_become_eight() -> None:
    deep = np.linspace(0, 65535, 256 * 64).astype(np.uint16).reshape(64, 256)
    shown = opened(preview_of_pixels(deep, 256))
    assert shown.mode == "L"
    np.testing.assert_allclose(np.asarray(shown, float).mean(), 127.5, atol=2)


def test_confidence_is_white_where_sure_and_turned_upright() -> None:
    confidence = np.zeros((40, 60), np.float32)
    confidence[:20] = 1
    turned = opened(confidence_png(np.asarray(as_stored(confidence, 6)), 6))
    assert turned.mode == "L"
    assert turned.size == (60, 40)
    np.testing.assert_array_equal(np.asarray(turned), np.rint(confidence * 255))
