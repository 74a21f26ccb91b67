"""Sheets to look at: one row per photograph, grey, results and truth side by side."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from ..answers import answer_of
from ..color import lab
from ..network import Colorizer
from ..predict import SETTINGS, Predict, recolour, without_colour
from .report import Row

_TITLE = 18  # pixels for a line of text
_ENDS = 6  # photographs shown from the best and from the worst end


@torch.inference_mode()
def write_sheet(network: Colorizer, squares: Tensor, path: Path) -> None:
    """Write a PNG of uint8 squares (N,3,S,S): grey, faithful, middle, vivid, truth; S a multiple of 32."""
    colours = lab(squares.to(network.bins.device).float() / 255)
    outputs, answer = network(colours[:, :1]).float(), answer_of(network)
    answers = []
    for vividness, temperature in SETTINGS:
        knobs = outputs.new_tensor(temperature), outputs.new_tensor(vividness)
        answers.append(answer.decode(outputs, *knobs)[0])
    Image.fromarray(side_by_side(colours[:, :1], answers, squares.float())).save(path)


def side_by_side(lightness: Tensor, answers: Iterable[Tensor], truth: Tensor) -> np.ndarray:
    """Return one picture (N*H,K*W,3) uint8: for each photograph grey, the answers and the truth in a row.

    Args:
        lightness: L* (N,1,H,W).
        answers: small ab (N,2,h,w) of each setting.
        truth: RGB (N,3,H,W) in 0..255.
    """
    columns = [without_colour(lightness), *(recolour(lightness, ab)[1] for ab in answers)]
    columns.append(truth.to(lightness.device))
    rows = torch.cat(columns, 3).permute(0, 2, 3, 1).flatten(0, 1)
    picture: np.ndarray = rows.byte().cpu().numpy()
    return picture


def contact_sheet(
    predict: Predict, photos: Iterable[tuple[list[str], Tensor]], rows: list[Row], path: Path
) -> None:
    """Write the photographs that colour helped most and least: grey, each setting and the truth, with names.

    They are ranked by the PSNR that the middle setting gains over the grey photograph.

    Args:
        predict: what was measured.
        photos: names and squares (1,3,S,S) in the order of `rows`.
        rows: what `evaluate.evaluate` returned.
        path: where to; the suffix decides the format.
    """
    middle = [row for row in rows if row.setting == SETTINGS[1]]
    gains = [row.values["psnr"] - row.values["psnr_grey"] for row in middle]
    order = sorted(range(len(middle)), key=lambda index: -gains[index])
    best, worst = order[:_ENDS], order[_ENDS:][-_ENDS:]
    wanted, strips = {*best, *worst}, {}
    for index, (_, truth) in enumerate(photos):
        if index in wanted:
            lightness = lab(truth / 255)[:, :1]
            answers = predict(lightness, torch.zeros_like(truth), SETTINGS)
            strips[index] = side_by_side(lightness, [ab for ab, _ in answers], truth)
    settings = ", ".join(f"({s.vividness:g}, {s.temperature:g})" for s in SETTINGS)
    head = f"grey | vividness, temperature: {settings} | truth. PSNR over grey at the middle setting:"
    titled = [
        (
            f"{'best' if index in best else 'worst'}: {middle[index].name}, {gains[index]:+.2f} dB",
            strips[index],
        )
        for index in (*best, *worst)
    ]
    _titled(head, titled).save(path)


def _titled(head: str, strips: list[tuple[str, np.ndarray]]) -> Image.Image:
    """Put a line of text above the sheet and above each strip (H,W,3)."""
    width = strips[0][1].shape[1]
    sheet = Image.new("RGB", (width, _TITLE + sum(_TITLE + strip.shape[0] for _, strip in strips)), "white")
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(13)
    draw.text((4, 1), head, "black", font)
    top = _TITLE
    for title, strip in strips:
        draw.text((4, top + 1), title, "black", font)
        sheet.paste(Image.fromarray(strip), (0, top + _TITLE))
        top += _TITLE + strip.shape[0]
    return sheet
