"""Sheets to look at: one row per photograph, grey, results and truth side by side."""

from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from .answers import answer_of
from .color import lab
from .evaluate import recolour
from .network import Colorizer
from .predict import SETTINGS


@torch.inference_mode()
def write_sheet(network: Colorizer, squares: Tensor, path: Path) -> None:
    """Write a PNG of uint8 squares (N,3,S,S): grey, faithful, middle, vivid, truth; S a multiple of 32."""
    colours = lab(squares.to(network.bins.device).float() / 255)
    lightness = colours[:, :1]
    outputs, answer = network(lightness).float(), answer_of(network)
    columns = [recolour(lightness, torch.zeros_like(outputs[:, :2]))[1]]
    for vividness, temperature in SETTINGS:
        knobs = outputs.new_tensor(temperature), outputs.new_tensor(vividness)
        ab, _ = answer.decode(outputs, *knobs)
        columns.append(recolour(lightness, ab)[1])
    columns.append(squares.to(lightness.device).float())
    rows = torch.cat(columns, 3).permute(0, 2, 3, 1).flatten(0, 1)  # (N*S, 5*S, 3)
    Image.fromarray(rows.byte().cpu().numpy()).save(path)
