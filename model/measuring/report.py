"""Figures of an evaluation, gathered and written: per photograph, per setting, as JSON, CSV or a table."""

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..network import CONFIDENCE_SCALE
from ..predict import SETTINGS, Setting


@dataclass
class Row:
    """The figures of one photograph with one setting."""

    name: str
    setting: Setting
    values: dict[str, float]


def summary(rows: list[Row]) -> dict[str, Any]:
    """Return `{"photos": n, "settings": [{"vividness": ..., "temperature": ..., "psnr": ...}, ...]}`.

    Figures are means over the photographs that have them (top-1 needs a label), but `rmse_ab` is one root
    over all pixels of all photographs.
    """
    settings = []
    for setting in SETTINGS:
        chosen = [row.values for row in rows if row.setting == setting]
        keys = dict.fromkeys(key for values in chosen for key in values)
        figures = {key: float(np.mean([v[key] for v in chosen if key in v])) for key in keys}
        figures["rmse_ab"] = float(np.sqrt(np.mean([values["rmse_ab"] ** 2 for values in chosen])))
        settings.append({**setting._asdict(), **figures})
    return {"photos": len(rows) // len(SETTINGS), "settings": settings}


def place_errors(ab: Tensor, confidence: Tensor, truth: Tensor) -> Tensor:
    """Return (2,M): estimated and true distance in ab of every position of the network's answer.

    Args:
        ab: (N,2,h,w), the answer.
        confidence: (N,1,h,w), see `network.decode`.
        truth: true ab (N,2,H,W), averaged to the answer's positions.
    """
    estimated = -CONFIDENCE_SCALE * confidence.clamp(min=1e-9).log()
    true = (ab - torch.nn.functional.avg_pool2d(truth, truth.shape[-1] // ab.shape[-1])).norm(dim=1)
    return torch.stack([estimated.flatten(), true.flatten()])


def calibration(errors: Tensor, groups: int = 10) -> list[dict[str, float]]:
    """Sort places by estimated error and return its and the true one's root mean square in equal groups.

    Args:
        errors: (2,M), estimated and true.
        groups: how many.
    """
    ordered = errors[:, errors[0].argsort()]
    means = [group.square().mean(1).sqrt().tolist() for group in ordered.chunk(groups, 1)]
    return [{"estimated": round(estimated, 3), "true": round(true, 3)} for estimated, true in means]


def table(report: dict[str, Any]) -> str:
    """Return the report as text for people."""
    rows = report["settings"]
    heads = [f"{row['vividness']:g}, {row['temperature']:g}" for row in rows]
    lines = [
        f"{report['photos']} photographs, {report['seconds_per_photo']:.3f} s each",
        f"{'vividness, temperature':26}" + "".join(f"{head:>11}" for head in heads),
    ]
    keys = [key for key in rows[0] if key not in (*Setting._fields, "calibration")]
    lines += [f"{key:26}" + "".join(f"{row[key]:11.3f}" for row in rows) for key in keys]
    return "\n".join(lines)


def write_csv(path: Path, rows: list[Row]) -> None:
    """Write one line per photograph and setting; a figure that a photograph lacks stays empty."""
    keys = list(dict.fromkeys(key for row in rows for key in row.values))
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["photo", *Setting._fields, *keys])
        for row in rows:
            cells = (f"{row.values[key]:.4f}" if key in row.values else "" for key in keys)
            writer.writerow([row.name, *row.setting, *cells])
