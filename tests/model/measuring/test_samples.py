from pathlib import Path

import numpy as np
import torch
from PIL import Image

from model.measuring.report import Row
from model.measuring.samples import contact_sheet, side_by_side, write_sheet
from model.network import Colorizer
from model.predict import SETTINGS, Setting


class Red:
    """A predictor to whom everything is red."""

    def __call__(
        self, lightness: torch.Tensor, hints: torch.Tensor, settings: tuple[Setting, ...]
    ) -> list[tuple[torch.Tensor, torch.Tensor]]:
        ab = torch.tensor([50.0, 0])[None, :, None, None].expand(len(lightness), -1, 8, 8)
        return [(ab * setting.vividness, torch.ones_like(ab[:, :1])) for setting in settings]


def test_a_row_shows_grey_answers_and_truth() -> None:
    lightness, truth = torch.full((1, 1, 32, 32), 50.0), torch.full((1, 3, 32, 32), 7.0)
    answers = [ab for ab, _ in Red()(lightness, truth, SETTINGS)]
    picture = side_by_side(lightness, answers, truth)
    assert picture.shape == (32, 160, 3)
    grey, faithful, middle, vivid, true = (picture[0, i * 32 + 16].astype(int) for i in range(5))
    assert len(set(grey)) == 1
    assert (grey == faithful).all()
    assert 0 < middle[0] - middle[1] < vivid[0] - vivid[1]
    assert true.tolist() == [7, 7, 7]


def test_the_contact_sheet_ranks_by_what_colour_gained(tmp_path: Path) -> None:
    # 20 photographs whose gain falls with their number; the truth's brightness tells which are shown.
    photos = [([f"{i}.jpg"], torch.full((1, 3, 32, 32), 10.0 * i)) for i in range(20)]
    rows = [
        Row(f"{i}.jpg", setting, {"psnr": 30.0 - i, "psnr_grey": 20.0})
        for i in range(20)
        for setting in SETTINGS
    ]
    contact_sheet(Red(), iter(photos), rows, tmp_path / "sheet.png")
    sheet = np.asarray(Image.open(tmp_path / "sheet.png"))
    shown = [int(sheet[18 + 18 + 16 + row * 50, 144, 0]) // 10 for row in range(12)]
    assert shown == [0, 1, 2, 3, 4, 5, 14, 15, 16, 17, 18, 19]
    assert sheet.shape == (18 + 12 * 50, 160, 3)
    assert (sheet[:36] < 100).any()  # there are words above


def test_few_photographs_are_shown_once(tmp_path: Path) -> None:
    rows = [Row("a.jpg", setting, {"psnr": 1.0, "psnr_grey": 2.0}) for setting in SETTINGS]
    contact_sheet(Red(), [(["a.jpg"], torch.zeros(1, 3, 32, 32))], rows, tmp_path / "sheet.jpg")
    assert Image.open(tmp_path / "sheet.jpg").size == (160, 18 + 50)


def test_a_sheet_of_training_has_five_columns(tiny: Colorizer, tmp_path: Path) -> None:
    write_sheet(tiny, torch.full((2, 3, 64, 64), 90, dtype=torch.uint8), tmp_path / "sheet.png")
    assert Image.open(tmp_path / "sheet.png").size == (5 * 64, 2 * 64)
