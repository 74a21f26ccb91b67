"""Measure weights (a checkpoint or an exported ONNX file) on photographs.

    python -m model.evaluate --weights model/weights/photochrom.onnx --photos val.tar --json

Every photograph is reduced to its 256-px centre square and its lightness is kept; the predicted ab is brought
to full size bilinearly. Figures are means over photographs, but RMSE is one root over all pixels.
"""

import argparse
import csv
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - torch's own custom
from torch import Tensor

from photochrom.errors import PhotochromError, PhotoRejected

from . import measures
from .augment import generator
from .color import lab, srgb
from .conditions import point_hints
from .data import decode_square, read_photos
from .network import CONFIDENCE_SCALE
from .predict import SETTINGS, Predict, Setting, load_predict

SIDE = 256


def squares(photos: Path, batch: int, limit: int | None) -> Iterator[tuple[list[str], Tensor]]:
    """Yield names and centre squares (N,3,256,256) in 0..255 of all photographs, grey ones included."""
    names: list[str] = []
    images: list[np.ndarray[Any, Any]] = []
    for count, (name, data) in enumerate(read_photos(photos)):
        if count == limit:
            break
        names.append(name)
        images.append(decode_square(data, SIDE))
        if len(names) == batch:
            yield names, torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).float()
            names, images = [], []
    if names:
        yield names, torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).float()


def recolour(lightness: Tensor, ab: Tensor) -> tuple[Tensor, Tensor]:
    """Return ab at full size (N,2,H,W) and 8-bit RGB (N,3,H,W) of lightness with small ab."""
    full = F.interpolate(ab, lightness.shape[2:], mode="bilinear", align_corners=False)
    return full, (srgb(torch.cat([lightness, full], 1)) * 255).round()


@dataclass
class Row:
    """The figures of one photograph with one setting."""

    name: str
    setting: Setting
    values: dict[str, float]


def figures(given_ab: Tensor, given: Tensor, truth_lab: Tensor, truth: Tensor) -> dict[str, Tensor]:
    """Return every measure by name, (N,) each."""
    lightness, ab = truth_lab[:, :1], truth_lab[:, 1:]
    grey = (srgb(torch.cat([lightness, torch.zeros_like(ab)], 1)) * 255).round()
    return {
        "psnr": measures.psnr(given, truth),
        "psnr_grey": measures.psnr(grey, truth),
        "rmse_ab": measures.rmse(given_ab, ab),
        "ssim": measures.ssim(given, truth),
        "colourfulness": measures.colourfulness(given),
        "colourfulness_truth": measures.colourfulness(truth),
        "bleeding": measures.bleeding(given_ab, ab, lightness),
        "patchiness": measures.patchiness(given_ab, ab, lightness),
    }


def evaluate(
    predict: Predict, photos: Path, *, batch: int = 16, limit: int | None = None, hints: int = 0
) -> tuple[dict[str, Any], list[Row]]:
    """Return the report (see `summary`, `calibration`) and the figures of each photograph.

    Args:
        predict: what to measure.
        photos: a folder or a tar.
        batch: photographs at a time.
        limit: measure only the first photographs.
        hints: patches of 7 x 7 pixels of the truth given in each photograph, at random places.

    Raises:
        PhotoRejected: no photographs, or one that does not decode.
    """
    rows: list[Row] = []
    pixels: dict[Setting, list[Tensor]] = {setting: [] for setting in SETTINGS}
    seconds = 0.0
    for names, truth in squares(photos, batch, limit):
        colours = lab(truth / 255)
        given = point_hints(colours[:, 1:], hints, generator(len(rows)))
        start = time.perf_counter()
        answers = predict(colours[:, :1], given, SETTINGS)
        seconds += time.perf_counter() - start
        for setting, (ab, confidence) in zip(SETTINGS, answers, strict=True):
            pixels[setting].append(_errors(ab, confidence, colours[:, 1:]))
            values = figures(*recolour(colours[:, :1], ab), colours, truth)
            for i, name in enumerate(names):
                rows.append(Row(name, setting, {key: float(value[i]) for key, value in values.items()}))
    if not rows:
        raise PhotoRejected(f"There are no photographs in {photos}.")
    report = summary(rows, seconds)
    for row, setting in zip(report["settings"], SETTINGS, strict=True):
        row["calibration"] = calibration(torch.cat(pixels[setting], 1))
    return report, rows


def _errors(ab: Tensor, confidence: Tensor, truth: Tensor) -> Tensor:
    """Return (2,M): estimated and true distance in ab of every place that the network answers."""
    estimated = -CONFIDENCE_SCALE * confidence.clamp(min=1e-9).log()
    true = (ab - F.avg_pool2d(truth, truth.shape[-1] // ab.shape[-1])).norm(dim=1)
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


def summary(rows: list[Row], seconds: float) -> dict[str, Any]:
    """Return `{"photos": n, "seconds_per_photo": s, "settings": [{"vividness": ..., "psnr": ...}, ...]}`."""
    settings = []
    for setting in SETTINGS:
        chosen = [row.values for row in rows if row.setting == setting]
        figures_ = {key: float(np.mean([values[key] for values in chosen])) for key in chosen[0]}
        # Squares are averaged before the root: one root over all pixels of all photographs.
        figures_["rmse_ab"] = float(np.sqrt(np.mean([values["rmse_ab"] ** 2 for values in chosen])))
        settings.append({**setting._asdict(), **figures_})
    photos = len(rows) // len(SETTINGS)
    return {"photos": photos, "seconds_per_photo": seconds / photos, "settings": settings}


def table(report: dict[str, Any]) -> str:
    """Return the report as text for people."""
    keys = [key for key in report["settings"][0] if key not in (*Setting._fields, "calibration")]
    lines = [f"{report['photos']} photographs", "vivid  temp " + " ".join(f"{key:>19}" for key in keys)]
    for row in report["settings"]:
        figures_ = " ".join(f"{row[key]:19.3f}" for key in keys)
        lines.append(f"{row['vividness']:5.2f} {row['temperature']:5.2f} {figures_}")
    return "\n".join(lines)


def _write_csv(path: Path, rows: list[Row]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["photo", *Setting._fields, *rows[0].values])
        writer.writerows([row.name, *row.setting, *(f"{v:.4f}" for v in row.values.values())] for row in rows)


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    cli = argparse.ArgumentParser(prog="python -m model.evaluate", description=__doc__.split("\n")[0])
    cli.add_argument("--weights", type=Path, required=True, help="checkpoint (.pt) or exported .onnx")
    cli.add_argument("--photos", type=Path, required=True, help="folder or tar of colour photographs")
    cli.add_argument("--json", action="store_true", help="print the report as JSON")
    cli.add_argument("--csv", type=Path, help="also write the figures of every photograph")
    cli.add_argument("--limit", type=int, help="measure only the first N photographs")
    cli.add_argument("--hints", type=int, default=0, help="give N random patches of the truth per photograph")
    cli.add_argument("--batch", type=int, default=16, help="photographs at a time (default 16)")
    cli.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu", help="for .pt")
    return cli


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit code."""
    options = parser().parse_args(arguments)
    try:
        predict = load_predict(options.weights, options.device)
        report, rows = evaluate(
            predict, options.photos, batch=options.batch, limit=options.limit, hints=options.hints
        )
    except PhotochromError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    if options.csv:
        _write_csv(options.csv, rows)
    sys.stdout.write((json.dumps(report, indent=1) if options.json else table(report)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
