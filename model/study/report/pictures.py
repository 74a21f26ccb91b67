"""Pictures of a study: the filters of the first stage, and frames segmented by several ways."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from torch import Tensor

from ..encoder import Encoder
from ..labelled import VOID, Labelled, Sets
from ..plans import SINGLE
from ..uses import segment
from ..uses.budget import UsesBudget

Pixels = NDArray[np.uint8]

SHOWN = ("labels", "histograms", "rotation", "autoencoder", "random")
"""The ways whose segmentations are shown."""
_STREET_COLORS = np.array(
    [
        (128, 180, 230),
        (140, 70, 60),
        (200, 200, 120),
        (120, 100, 130),
        (200, 120, 200),
        (90, 140, 50),
        (230, 170, 40),
        (150, 140, 110),
        (60, 70, 200),
        (220, 60, 60),
        (0, 150, 150),
    ],
    np.uint8,
)
_ZOOM, _GAP, _CAPTION = 4, 2, 14
_DIM = 0.35  # of a colour's brightness where it is wrong


def encoders(folder: Path, ways: Sequence[str]) -> dict[str, Encoder]:
    """Read the first seed's encoder of those of the ways that have one."""
    paths = {way: folder / way / "seed0" / "encoder.pt" for way in ways}
    return {way: Encoder.read(path) for way, path in paths.items() if path.exists()}


def draw_filters(folder: Path, path: Path) -> None:
    """Draw the filters of the first stage of every single way that has an encoder, one row each."""
    found = encoders(folder, tuple(SINGLE))
    rows = [
        _captioned(filters_row(next(encoder.stages[0].parameters()).detach()), way)
        for way, encoder in found.items()
    ]
    if rows:
        Image.fromarray(np.concatenate(rows)).save(path, optimize=True)


def filters_row(filters: Tensor) -> Pixels:
    """Return filters (W,1,k,k) side by side as RGB, each between its own extremes: 0 is mid-grey."""
    peaks = filters.abs().flatten(1).amax(1).clamp(min=1e-9)[:, None, None, None]
    levels = ((filters / peaks + 1) * 127.5).round().byte()
    large = levels.repeat_interleave(_ZOOM, 2).repeat_interleave(_ZOOM, 3)
    framed = torch.nn.functional.pad(large, (_GAP, _GAP, _GAP, _GAP), value=255)
    row: Pixels = torch.cat(list(framed[:, 0]), 1).numpy()
    return np.stack([row] * 3, 2)


def draw_streets(folder: Path, data: Sets, budget: UsesBudget, path: Path, count: int = 3) -> None:
    """Draw what fine-tuned encoders of some ways see in test frames."""
    frames = data.frames.evenly(budget.frames)
    shown = data.test_frames.evenly(count)
    found = {way: seen(encoder, frames, shown, budget) for way, encoder in encoders(folder, SHOWN).items()}
    if found:
        Image.fromarray(streets(shown.labels, found)).save(path, quality=80, method=6)


@torch.no_grad()
def seen(encoder: Encoder, frames: Labelled, shown: Labelled, budget: UsesBudget) -> Tensor:
    """Return the classes (N,H,W) that a fine-tuned encoder sees in frames."""
    with torch.enable_grad():
        segmenter = segment.tuned(segment.probed(encoder, frames, budget, 0), frames, budget, 0)
    return torch.cat([segmenter(inputs).argmax(1) for inputs in shown.inputs(1)])


def streets(truth: Tensor, found: Mapping[str, Tensor]) -> Pixels:
    """Return a column for each way, a row for each frame: bright where the class is right, dim where it is wrong.

    The frames themselves are not shown: they may not be passed on.

    Args:
        truth: classes (N,H,W).
        found: what every way sees, (N,H,W).
    """
    parts = [_captioned(np.concatenate(list(painted(seen, truth))), way) for way, seen in found.items()]
    return np.concatenate(parts, 1)


def painted(found: Tensor, truth: Tensor) -> Pixels:
    """Return found classes (N,H,W) as RGB (N,H,W,3); black where the truth has no class."""
    colors: Pixels = _STREET_COLORS[found.numpy()]
    share = torch.where(truth == VOID, 0.0, torch.where(found == truth, 1.0, _DIM))
    bright: Pixels = (colors * share[..., None].numpy()).astype(np.uint8)
    return bright


def _captioned(picture: Pixels, caption: str) -> Pixels:
    strip = Image.new("RGB", (picture.shape[1], _CAPTION), "white")
    ImageDraw.Draw(strip).text((3, 1), caption, fill="black")
    return np.concatenate([np.asarray(strip), picture])
