"""Coefficients are written to a disk: that this one is full is no fault of the photograph."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from photochrom.errors import StorageFull, UnreadablePhoto
from workers.failures import explained
from workers.pipeline.formats.jpeg.coefficients import rewritten
from workers.pipeline.formats.jpeg.file import JpegFile

ROOM = 16_384


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """Let the kernel refuse what is written beyond, as it does on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def noisy(picture):
    picture.Y[:] = np.random.default_rng(0).integers(-300, 300, picture.Y.shape)
    return picture


@pytest.mark.parametrize("part", ["the original", "what is written anew"])
def test_a_full_disk_is_told_as_one(part, pillow_jpeg, grey_photo):
    grain = np.random.default_rng(0).integers(0, 255, (200, 200), np.uint8)
    pixels = grain if part == "the original" else np.full((200, 200), 99, np.uint8)
    jpeg = JpegFile.read(pillow_jpeg(pixels, quality=90))
    assert (len(bytes(jpeg)) > ROOM) == (part == "the original")
    with files_of_at_most(ROOM), pytest.raises(OSError, match="File too large") as caught:
        rewritten(jpeg, noisy)
    assert explained(caught.value).code == StorageFull.code


def test_damage_is_told_as_damage(pillow_jpeg, grey_photo):
    def beyond(picture):
        picture.Y[:] = np.int16(32767)  # no code is long enough
        return picture

    with pytest.raises(UnreadablePhoto, match="save it again"):
        rewritten(JpegFile.read(pillow_jpeg(grey_photo, quality=90)), beyond)
