import numpy as np
import pytest
import torch

from model.album.crossings import around, crossings
from model.album.draw import draw_one
from model.album.network import PRINT_CELL, PRINT_SIDE
from model.album.pages import Drawn
from model.album.places import Place
from model.album.pools import Pools, Ring, mirrored_pages, relit, transposed_pages, turned_prints
from model.album.views import Views, views

PHOTOGRAPHS = np.random.default_rng(1).integers(0, 256, (4, 256, 256, 3)).astype(np.uint8)
YES = torch.ones(1, dtype=torch.bool)


@pytest.fixture(scope="module")
def page() -> Drawn:
    return next(one for seed in range(30) if len((one := draw_one(PHOTOGRAPHS, seed)).places) > 2)


def _mirrored(page: Drawn) -> Drawn:
    width = page.picture.shape[1]
    places = [Place(width - one.x, one.y, one.width, one.height, -one.angle) for one in page.places]
    return Drawn(np.ascontiguousarray(page.picture[:, ::-1]), places)


def _transposed(page: Drawn) -> Drawn:
    places = [Place(one.y, one.x, one.height, one.width, -one.angle) for one in page.places]
    return Drawn(np.ascontiguousarray(page.picture.transpose(1, 0, 2)), places)


def _tensors(seen: Views) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    picture = torch.from_numpy(seen.seen)[None].permute(0, 3, 1, 2).float()
    return picture, torch.from_numpy(seen.told)[None].float(), torch.from_numpy(seen.cells)[None].long()


def test_a_mirrored_page_is_told_as_if_it_had_been_drawn_so(page: Drawn) -> None:
    picture, told, cells = _tensors(views(page, np.random.default_rng(0)))
    wanted = _tensors(views(_mirrored(page), np.random.default_rng(0)))
    found = mirrored_pages(picture, told, cells, YES)
    assert (found[0] - wanted[0]).abs().max() <= 1
    torch.testing.assert_close(found[1], wanted[1], atol=0.2, rtol=0)


def test_a_transposed_page_is_told_as_if_it_had_been_drawn_so(page: Drawn) -> None:
    picture, told, cells = _tensors(views(page, np.random.default_rng(0)))
    wanted = _tensors(views(_transposed(page), np.random.default_rng(0)))
    found = transposed_pages(picture, told, cells, YES)
    assert (found[0] - wanted[0]).abs().max() <= 1
    torch.testing.assert_close(found[1], wanted[1], atol=0.2, rtol=0)
    assert (found[2] == wanted[2]).all()


@pytest.mark.parametrize("across", [False, True])
@pytest.mark.parametrize("down", [False, True])
@pytest.mark.parametrize("swapped", [False, True])
def test_turned_surroundings_have_their_sides_turned(across: bool, down: bool, swapped: bool) -> None:
    rng = np.random.default_rng(2)
    pixels = rng.integers(0, 256, (500, 600, 3)).astype(np.uint8)
    box, truth = (np.asarray(v, np.float32) for v in ((300, 240, 180, 150, 2), (306, 236, 190, 141, 5)))
    seen = torch.from_numpy(around(pixels, box))[None].permute(0, 3, 1, 2).float()
    crossed = torch.from_numpy(crossings(box, truth))[None]
    ways = [torch.full((1,), way) for way in (across, down, swapped)]
    picture, turned = turned_prints(seen, crossed, *ways)
    # Lines are drawn where the sides cross; they have to come to lie where the turned sides cross.
    wanted = turned_prints(_drawn(crossed), crossed, *ways)[0]
    torch.testing.assert_close(_drawn(turned), wanted)
    assert picture.shape == seen.shape


def _drawn(crossed: torch.Tensor) -> torch.Tensor:
    side = PRINT_SIDE // PRINT_CELL
    plane = torch.zeros(1, 2, side, side)
    for number in range(4):
        for place, at in enumerate(crossed[0, number].tolist()):
            if at == at:
                row, column = (place, round(at)) if number % 2 == 0 else (round(at), place)
                plane[0, 0, row, column] = 1
    return plane[:, :1]


def test_relit_pictures_keep_their_range() -> None:
    torch.manual_seed(0)
    picture = torch.rand(16, 3, 32, 32) * 255
    lit = relit(picture)
    assert lit.min() >= 0
    assert lit.max() <= 255
    assert (lit - picture).abs().mean() > 1


def test_a_full_ring_forgets_the_oldest_rows() -> None:
    ring = Ring(4, torch.device("cpu"))
    for first in range(0, 6, 2):
        ring.add([np.arange(first, first + 2)])
    assert len(ring) == 4
    assert set(ring.draw(200)[0].tolist()) == {2, 3, 4, 5}


def test_batches_hold_what_the_losses_take(page: Drawn) -> None:
    pools = Pools(8, 64, torch.device("cpu"))
    pools.add(
        [views(page, np.random.default_rng(0)), views(draw_one(PHOTOGRAPHS, 1), np.random.default_rng(1))]
    )
    seen, distances, angle, weight, is_page = pools.draw_pages(6)
    assert seen.shape == (6, 3, 256, 256)
    assert distances.shape == (6, 4, 64, 64)
    assert angle.shape == weight.shape == (6, 64, 64)
    assert set(is_page.tolist()) <= {0, 1}
    around_, crossed, is_one = pools.draw_prints(6)
    assert around_.shape == (6, 3, PRINT_SIDE, PRINT_SIDE)
    assert crossed.shape == (6, 4, PRINT_SIDE // PRINT_CELL)
    assert is_one.shape == (6,)
