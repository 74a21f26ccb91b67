"""A repair mask: white is repaired, black is kept, grey is as the finder says; a wrong one is refused."""

import cv2
import numpy as np
import pytest
from numpy.testing import assert_array_equal

from photochrom.errors import MaskRejected
from photochrom.photo.boxes import Box
from photochrom.photo.restoration import DefectKind
from support.pictures.damage import KnownDamage, drawn
from workers.pipeline.limits import PhotoLimits
from workers.pipeline.metadata.orientation import as_stored
from workers.pipeline.repair.classical import ClassicalFinder
from workers.pipeline.repair.finder import Bytes
from workers.pipeline.repair.marks import FILLED, LEFT
from workers.pipeline.repair.repair import find
from workers.pipeline.repair.wishes import AS_FOUND, KEEP, REPAIR, as_stored_wishes, read_wishes

LIMITS = PhotoLimits()
GREY = np.full((200, 240), 120, np.uint8)


def png(pixels: np.ndarray) -> bytes:
    return bytes(cv2.imencode(".png", pixels)[1])


@pytest.fixture
def levels() -> Bytes:
    return np.tile(np.repeat(np.array([0, 40, 90, 128, 180, 220, 255], np.uint8), 10), (30, 1))


@pytest.mark.parametrize("kind", ["grey", "rgb", "rgba", "grey-16", "jpeg"])
def test_any_grey_image_is_read_alike(levels: Bytes, kind: str) -> None:
    file = {
        "grey": lambda: png(levels),
        "rgb": lambda: png(cv2.cvtColor(levels, cv2.COLOR_GRAY2BGR)),
        "rgba": lambda: png(cv2.cvtColor(levels, cv2.COLOR_GRAY2BGRA)),
        "grey-16": lambda: png(levels.astype(np.uint16) * 257),
        "jpeg": lambda: bytes(cv2.imencode(".jpg", levels)[1]),
    }[kind]()
    wanted = np.select([levels < 64, levels > 191], [KEEP, REPAIR], AS_FOUND)
    assert_array_equal(read_wishes(file, LIMITS), wanted)


def test_what_is_no_grey_image_is_refused_with_a_sentence() -> None:
    for wrong, said in (
        (b"%PDF-1.7" * 20, "The repair mask cannot be used: "),
        (png(GREY)[:80], "The repair mask cannot be used: "),
        (png(np.full((9, 9, 3), (0, 0, 255), np.uint8)), "has colours"),
    ):
        with pytest.raises(MaskRejected, match=said):
            read_wishes(wrong, LIMITS)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_mask_is_of_the_upright_photograph(orientation: int) -> None:
    upright = np.full((200, 240), AS_FOUND, np.uint8)
    upright[10:20, 30:60], upright[150:, 200:] = REPAIR, KEEP
    stored = as_stored(upright, orientation)
    size = stored.shape[0], stored.shape[1]
    found = as_stored_wishes(upright, (), size, orientation)
    assert found is not None
    assert_array_equal(found, stored)
    if orientation > 4:
        with pytest.raises(MaskRejected, match="240 x 200 pixels and the upright photograph 200 x 240"):
            as_stored_wishes(upright, (), (200, 240), orientation)


def test_boxes_keep_what_the_mask_would_repair() -> None:
    wishes = as_stored_wishes(
        np.full(GREY.shape, REPAIR, np.uint8), (Box(x=0.5, y=0, width=0.5, height=1),), GREY.shape, 1
    )
    assert wishes is not None
    assert (wishes[:, :120] == REPAIR).all()
    assert (wishes[:, 120:] == KEEP).all()


def test_a_mask_goes_before_what_is_found() -> None:
    known = np.zeros(GREY.shape, bool)
    known[20:23, 10:100] = known[60:63, 10:100] = True
    wishes = np.full(GREY.shape, AS_FOUND, np.uint8)
    wishes[55:70], wishes[100:103, 20:24] = KEEP, REPAIR
    found = find(GREY, KnownDamage(known), 0.5, wishes)
    assert (found.mask[20:23, 10:100] == FILLED).all()
    assert not found.mask[55:70].any()
    assert_array_equal(found.mask[95:110] == FILLED, wishes[95:110] == REPAIR)
    assert found.repairs.counts == {DefectKind.SCRATCH: 1, DefectKind.SPECK: 1}


def test_what_nobody_can_know_is_left_though_it_is_asked_for() -> None:
    wishes = np.full(GREY.shape, AS_FOUND, np.uint8)
    wishes[20:120, 20:120], wishes[20:50, 150:180] = REPAIR, REPAIR
    found = find(GREY, KnownDamage(np.zeros(GREY.shape, bool)), 0.5, wishes)
    assert (found.mask[20:120, 20:120] == LEFT).all()
    assert (found.mask[20:50, 150:180] == FILLED).all()
    assert (found.repairs.left, found.repairs.changed) == (1, 900 / GREY.size)


def test_the_mask_of_a_result_sent_back_gives_that_result() -> None:
    worn = np.clip(np.random.default_rng(3).normal(128, 2, (300, 300)), 0, 255).astype(np.uint8)
    worn[drawn(worn.shape)] = 255
    first = find(worn, ClassicalFinder(), 0.5)
    assert first.mask.any()
    again = find(worn, ClassicalFinder(), 0.5, first.mask)
    assert_array_equal(again.mask, first.mask)
    assert again.repairs == first.repairs
