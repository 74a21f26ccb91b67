from pathlib import Path

import numpy as np
import pytest
import torch

from model.album.crossings import SHARE, crossings, iou
from model.album.draw import draw_one, save
from model.album.drawings import Drawings, Picture
from model.album.export import TOLERANCE, Both, export
from model.album.losses import loss_of_pages, loss_of_sides
from model.album.network import PRINT_CELL, PRINT_SIDE, Pages, Sides
from model.album.train import task_of, train
from model.album.votes import votes
from model.convolved import folded
from workers.network.album import OnnxAlbum
from workers.pipeline.album.crossings import laid
from workers.pipeline.album.votes import elected

CELLS = PRINT_SIDE // PRINT_CELL


@pytest.fixture(scope="module")
def drawings(tmp_path_factory: pytest.TempPathFactory) -> Drawings:
    photographs = np.random.default_rng(1).integers(0, 256, (4, 256, 256, 3)).astype(np.uint8)
    folder = tmp_path_factory.mktemp("drawn")
    save([draw_one(photographs, seed) for seed in range(10)], folder / "0000000.npz")
    return Drawings(folder, np.random.default_rng(1))


@pytest.mark.parametrize("name", ["pages", "sides"])
def test_a_minute_s_work_is_written_and_can_be_read(drawings: Drawings, tmp_path: Path, name: str) -> None:
    task = task_of(name, drawings, 2)
    train(task, tmp_path, minutes=0.02, rate=1e-3)
    {"pages": Pages, "sides": Sides}[name]().load_state_dict(
        torch.load(tmp_path / f"{name}.pt", weights_only=True)
    )


@pytest.mark.parametrize("kind", [Pages, Sides])
def test_folded_norms_give_the_same_answers(kind: type[Pages | Sides]) -> None:
    network = kind()
    network(torch.rand(4, 3, 64, 64) * 255)  # norms that are not neutral
    network.eval()
    picture = torch.rand(1, 3, 64, 64) * 255
    with torch.inference_mode():
        for own, other in zip(network(picture), folded(network)(picture), strict=True):
            assert torch.allclose(own, other, atol=1e-3)


class _Says(torch.nn.Module):
    """A network that gives this answer."""

    def __init__(self, *answer: torch.Tensor) -> None:
        super().__init__()
        self.said = answer[0], answer[1]

    def forward(self, _: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        return self.said


def test_votes_for_what_is_there_cost_nothing() -> None:
    truth = torch.full((1, 4, 8, 8), 12.0)
    truth[..., :4] = -1
    odds = torch.where(truth[:, :1] > 0, 20.0, -20.0)
    right = torch.cat([odds, torch.full((1, 4, 8, 8), float(np.log(12 / 16))), torch.zeros(1, 1, 8, 8)], 1)
    batch = (torch.zeros(1, 3, 32, 32), truth, torch.zeros(1, 8, 8), torch.ones(1, 8, 8), torch.ones(1))
    wrong = right.clone()
    wrong[:, 1] += 0.5
    costs = [float(loss_of_pages(_Says(said, torch.full((1,), 20.0)), batch)) for said in (right, wrong)]
    assert costs[0] == pytest.approx(0, abs=0.02)
    assert costs[1] > 0.1


def test_where_a_side_does_not_cross_nothing_is_learned() -> None:
    truth = torch.full((1, 4, 8), torch.nan)
    batch = (torch.zeros(1, 3, 16, 16), truth, torch.full((1,), -1.0))
    assert float(loss_of_sides(_Says(torch.randn(1, 4, 8, 8), torch.randn(1)), batch)) == 0


def test_cells_that_tell_the_truth_elect_all_prints(drawings: Drawings) -> None:
    """What is learned is what a worker reads."""
    for _ in range(8):
        picture = drawings.draw()
        told = votes(picture)
        scale = len(told.seen) / max(picture.pixels.shape[:2])
        said = np.concatenate(
            [np.where(told.distances[:1] > 0, 5, -5), np.maximum(told.distances, 0.1), told.angle[None]]
        ).astype(np.float32)
        size = round(picture.pixels.shape[0] * scale), round(picture.pixels.shape[1] * scale)
        boxes = [np.asarray((*(box[:4] / scale), np.rad2deg(box[4]))) for box in elected(said, size, 4)]
        assert len(boxes) == len(picture.boxes)
        for truth in picture.boxes:
            assert max(iou(truth, box) for box in boxes) > 0.97


@pytest.mark.parametrize("shift", [(0, 0, 0, 0, 0), (6, -4, 12, -8, 3), (-8, 8, -14, 10, -4)])
def test_sides_where_they_truly_cross_give_the_print_back(shift: tuple[int, ...]) -> None:
    truth = np.asarray((300, 220, 180, 130, 4), np.float32)
    box = truth + np.asarray(shift, np.float32)
    chances = np.full((4, CELLS, CELLS), 1e-4, np.float32)
    for plane, places in zip(chances, crossings(box, truth), strict=True):
        for row in np.flatnonzero(~np.isnan(places)):
            low = int(places[row])
            plane[row, low : low + 2] += (1 - (places[row] - low), places[row] - low)[: CELLS - low]
    found = laid(np.asarray((*box[:4], np.deg2rad(box[4])), np.float32), chances, SHARE)
    assert iou(np.asarray((*found[:4], np.rad2deg(found[4])), np.float32), truth) > 0.99


def test_a_worker_reads_the_exported_file(tmp_path: Path) -> None:
    torch.manual_seed(0)
    path = tmp_path / "album.onnx"
    assert export(Both(Pages().eval(), Sides().eval()), "0.0.1", path) <= TOLERANCE
    assert path.stat().st_size < 2_000_000
    album = OnnxAlbum(path, threads=1)
    votes_, _ = album.votes(np.zeros((album.card.page_side,) * 2 + (3,), np.uint8))
    assert votes_.shape == (6, 64, 64)
    sides, is_one = album.sides(np.zeros((19, album.card.print_side, album.card.print_side, 3), np.uint8))
    assert sides.shape == (19, 4, CELLS, CELLS)
    assert is_one.shape == (19,)
    np.testing.assert_allclose(sides.sum(axis=-1), 1, atol=1e-4)


def test_turning_a_picture_turns_its_prints(drawings: Drawings) -> None:
    """The places of prints follow what is done to the picture: lit paper stays outside of them."""
    from model.album.drawings import _turned

    pixels = np.zeros((200, 300, 3), np.uint8)
    pixels[40:100, 50:170] = 255
    boxes = np.asarray([(110, 70, 120, 60, 0)], np.float32)
    for quarters in range(4):
        for mirrored in (False, True):
            turned = _turned(Picture(pixels, boxes), quarters, mirrored)
            x, y, width, height, _ = turned.boxes[0]
            part = turned.pixels[
                round(y - height / 2) : round(y + height / 2), round(x - width / 2) : round(x + width / 2)
            ]
            assert part.min() == 255
            assert part.size == 120 * 60 * 3
