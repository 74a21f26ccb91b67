"""Pictures for the model card: one photograph without colour, recoloured, and true, side by side."""

from pathlib import Path

import numpy as np
import torch
from PIL import Image

from photochrom.errors import PhotoRejected

from ..color import lab
from ..measuring.samples import side_by_side
from ..predict import SETTINGS, Predict

PREDICT_SIDE = 384  # of the square whose area the network sees
_HEIGHT = 160


def write_picture(predict: Predict, photo: Path, out: Path) -> None:
    """Write a JPEG of 160 px height: grey, middle, vivid, truth.

    Raises:
        PhotoRejected: it is not a readable photograph.
    """
    try:
        with Image.open(photo) as image:
            rgb = image.convert("RGB")
    except OSError as error:
        raise PhotoRejected(f"{photo} is not a readable photograph.") from error
    scale = PREDICT_SIDE / (rgb.width * rgb.height) ** 0.5
    width, height = (max(128, round(side * scale / 32) * 32) for side in rgb.size)
    pixels = np.array(rgb.resize((width, height), Image.Resampling.LANCZOS))
    truth = torch.from_numpy(pixels).permute(2, 0, 1)[None].float()
    lightness = lab(truth / 255)[:, :1]
    answers = predict(lightness, torch.zeros_like(truth), SETTINGS[1:])
    strip = Image.fromarray(side_by_side(lightness, [ab for ab, _ in answers], truth))
    out.parent.mkdir(parents=True, exist_ok=True)
    strip.resize((round(strip.width * _HEIGHT / strip.height), _HEIGHT)).save(out, quality=85)
