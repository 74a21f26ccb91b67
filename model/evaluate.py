"""Measure weights (a checkpoint or an exported ONNX file) on photographs.

    python -m model.evaluate --weights model/weights/photochrom.onnx --photos val.tar --judge --json

Every photograph is reduced to its 256-px centre square and its lightness is kept; the predicted ab is enlarged
bilinearly. The figures are explained in docs/model.md.
"""

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - torch's own custom
from torch import Tensor

from photochrom.errors import PhotochromError, PhotoRejected
from photochrom.progress import Count

from .color import lab
from .losses import SoftTargets
from .measuring import measures
from .measuring.aged import aged_table, measure_aged
from .measuring.judge import Verdicts, load_judge
from .measuring.labels import read_labels
from .measuring.report import Row, calibration, place_errors, summary, table, write_csv
from .measuring.samples import contact_sheet
from .predict import (
    SETTINGS,
    OnnxPredict,
    Predict,
    Setting,
    load_predict,
    recolour,
    seconds_per_photo,
    without_colour,
)
from .training.augment import generator
from .training.conditions import ab_histogram, point_hints
from .training.data import count_photos, decode_square, read_photos
from .training.false_hints import FalseHints, false_hints, map_locality

SIDE = 256
Lender = Literal["own", "next"]
Answers = list[tuple[Tensor, Tensor]]
Histogram = Callable[[Tensor], Tensor]
_TIMED = 10  # photographs


def squares(photos: Path, batch: int, limit: int | None) -> Iterator[tuple[list[str], Tensor]]:
    """Yield names and centre squares (N,3,256,256) in 0..255 of all photographs, grey ones included.

    Raises:
        PhotoRejected: see `read_photos`, or a file that is not a photograph.
    """
    source = islice(read_photos(photos), limit)
    while pairs := list(islice(source, batch)):
        images = np.stack([_square(name, data) for name, data in pairs])
        yield [name for name, _ in pairs], torch.from_numpy(images).permute(0, 3, 1, 2).float()


def _square(name: str, data: bytes) -> np.ndarray[Any, Any]:
    try:
        return decode_square(data, SIDE)
    except PhotoRejected as error:
        raise PhotoRejected(f"{name}: {error}") from error


def _labs(photos: Path, limit: int | None) -> Iterator[Tensor]:
    for _, truth in squares(photos, 1, limit):
        yield lab(truth / 255)[0]


def figures(
    given_ab: Tensor, given: Tensor, grey: Tensor, truth_lab: Tensor, truth: Tensor
) -> dict[str, Tensor]:
    """Return every measure by name, (N,) each."""
    lightness, ab = truth_lab[:, :1], truth_lab[:, 1:]
    colourfulness, true_colourfulness = measures.colourfulness(given), measures.colourfulness(truth)
    return {
        "psnr": measures.psnr(given, truth),
        "psnr_grey": measures.psnr(grey, truth),
        "rmse_ab": measures.rmse(given_ab, ab),
        "ssim": measures.ssim(given, truth),
        "colourfulness": colourfulness,
        "colourfulness_truth": true_colourfulness,
        "colourfulness_difference": colourfulness - true_colourfulness,
        "bleeding": measures.bleeding(given_ab, ab, lightness),
        "patchiness": measures.patchiness(given_ab, ab, lightness),
    }


def evaluate(
    predict: Predict,
    photos: Path,
    *,
    batch: int = 16,
    limit: int | None = None,
    hints: int = 0,
    false_hint: bool = False,
    palette: Lender | None = None,
    verdicts: Verdicts | None = None,
) -> tuple[dict[str, Any], list[Row]]:
    """Return the report (see `report.summary`, `report.calibration`) and the figures of each photograph.

    Args:
        predict: what to measure.
        photos: a folder or a tar.
        batch: photographs at a time.
        limit: measure only the first photographs.
        hints: patches of 7 x 7 pixels of the truth given in each photograph, at random places.
        false_hint: give each one patch of a random colour instead. Two more figures measure how far other things
            follow it and how far its own object does not.
        palette: whose palette each photograph gets: its own, or that of the next one of its batch. Two more figures
            measure how far the result's colours are from the palette, and how far they would be without it.
        verdicts: a judge to ask, too.

    Raises:
        PhotoRejected: no photographs, one that does not decode, labels that match none, or no palette to lend.
    """
    rows: list[Row] = []
    places: dict[Setting, list[Tensor]] = {setting: [] for setting in SETTINGS}
    seconds = 0.0
    histogram = histogram_over(predict.bins) if palette else None  # once: its table takes a second
    total = min(count_photos(photos), limit or sys.maxsize)
    with Count(total, "measured") as count:
        for names, truth in squares(photos, batch, limit):
            colours = lab(truth / 255)
            lightness = colours[:, :1]
            seconds = seconds or seconds_per_photo(predict, lightness[:_TIMED])
            random = generator(len(rows))
            lone = false_hints(colours[:, 1:], random) if false_hint else None
            given = lone.hints if lone else point_hints(colours[:, 1:], hints, random)
            lent = lent_palettes(colours[:, 1:], histogram, palette) if palette and histogram else None
            answers = predict(lightness, given, SETTINGS, lent)
            for setting, (ab, confidence) in zip(SETTINGS, answers, strict=True):
                places[setting].append(place_errors(ab, confidence, colours[:, 1:]))
            new = _rows(names, colours, truth, [ab for ab, _ in answers], verdicts)
            if lone:
                automatic = predict(lightness, torch.zeros_like(given), SETTINGS, lent)
                _add_localities(new, lone, colours[:, 1:], answers, automatic)
            if histogram and lent is not None:
                _add_distances(new, histogram, lent, answers, predict(lightness, given, SETTINGS))
            rows += new
            count.add(len(names))
    if not rows:
        raise PhotoRejected(f"There are no photographs in {photos}.")
    return _report(rows, seconds, places, verdicts), rows


def histogram_over(bins: Tensor) -> Histogram:
    """Return a function that counts ab (N,2,H,W) over bins (Q,2): (N,Q), each row summing to 1."""
    return partial(ab_histogram, targets=SoftTargets(bins), bins=len(bins))


def lent_palettes(ab: Tensor, histogram: Histogram, lender: Lender) -> Tensor:
    """Return the palettes (N,Q) that photographs of ab (N,2,H,W) get.

    Raises:
        PhotoRejected: a single photograph has no next one.
    """
    if lender == "next" and len(ab) == 1:
        raise PhotoRejected(
            "A batch of one has no next photograph to lend its palette: choose another --limit or --batch."
        )
    own = histogram(F.avg_pool2d(ab, 4))
    return own if lender == "own" else own.roll(-1, 0)


def _add_distances(
    rows: list[Row], histogram: Histogram, palette: Tensor, answers: Answers, automatic: Answers
) -> None:
    for name, each in (("palette_distance", answers), ("palette_distance_without", automatic)):
        found = [measures.hellinger(histogram(ab), palette) for ab, _ in each]
        for row, distance in zip(rows, torch.cat(found), strict=True):
            row.values[name] = float(distance)


def _add_localities(
    rows: list[Row], lone: FalseHints, ab: Tensor, answers: Answers, automatic: Answers
) -> None:
    pairs = zip(answers, automatic, strict=True)
    found = [map_locality(given, before, ab, lone).figures() for (given, _), (before, _) in pairs]
    for row, figures in zip(rows, chain.from_iterable(found), strict=True):
        row.values.update(figures)


def _rows(
    names: list[str], colours: Tensor, truth: Tensor, answers: list[Tensor], verdicts: Verdicts | None
) -> list[Row]:
    lightness = colours[:, :1]
    recoloured, grey = [recolour(lightness, ab) for ab in answers], without_colour(lightness)
    given = [rgb for _, rgb in recoloured]
    judged = verdicts.add(names, given, grey, truth) if verdicts else [[{}] * len(names)] * len(SETTINGS)
    rows = []
    for setting, (full, rgb), opinions in zip(SETTINGS, recoloured, judged, strict=True):
        values = figures(full, rgb, grey, colours, truth)
        for i, (name, opinion) in enumerate(zip(names, opinions, strict=True)):
            rows.append(Row(name, setting, {key: float(v[i]) for key, v in values.items()} | opinion))
    return rows


def _report(
    rows: list[Row], seconds: float, places: dict[Setting, list[Tensor]], verdicts: Verdicts | None
) -> dict[str, Any]:
    report = summary(rows)
    report["seconds_per_photo"] = seconds
    if verdicts:
        report["labelled"] = sum("top1" in row.values for row in rows) // len(SETTINGS)
        if verdicts.labels and not report["labelled"]:
            raise PhotoRejected(f"No label fits a photograph; they are named like {rows[0].name!r}.")
        for row, distances in zip(report["settings"], verdicts.frechet(), strict=True):
            row.update(distances)
    for row, setting in zip(report["settings"], SETTINGS, strict=True):
        row["calibration"] = calibration(torch.cat(places[setting], 1))
    return report


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    cli = argparse.ArgumentParser(
        prog="python -m model.evaluate",
        description=__doc__.split("\n")[0],
        epilog="The figures are explained in docs/model.md.",
    )
    cli.add_argument("--weights", type=Path, required=True, help="checkpoint (.pt) or exported .onnx")
    cli.add_argument("--photos", type=Path, required=True, help="folder or tar of colour photographs")
    cli.add_argument("--json", action="store_true", help="print the report as JSON")
    cli.add_argument("--csv", type=Path, help="also write the figures of every photograph")
    cli.add_argument("--sheet", type=Path, help="also write a contact sheet (.jpg) of the best and the worst")
    cli.add_argument(
        "--aged",
        action="store_true",
        help="measure seeded old versions of the photographs instead (blue-sensitive film, faded, in a mount, as a "
        "panorama and so on), seen as a worker sees them, with the default setting",
    )
    cli.add_argument("--limit", type=int, help="measure only the first N photographs")
    told = cli.add_mutually_exclusive_group()
    told.add_argument(
        "--hints", type=int, default=0, help="give N random patches of the truth per photograph"
    )
    told.add_argument(
        "--false-hint",
        action="store_true",
        help="give one patch of a random colour per photograph: how far other things follow it (hint_leak) and "
        "how far its own does not (hint_unheard), 0 to 1",
    )
    cli.add_argument(
        "--palette",
        choices=get_args(Lender),
        help="lend each photograph the palette of its own true colours, or of the next photograph's",
    )
    cli.add_argument(
        "--judge",
        action="store_true",
        help="also ask EfficientNet-Lite0: Frechet distance to the true photographs in its features, and how "
        "often it names the same class as for the true one (judge_agreement); takes longer than all else",
    )
    cli.add_argument(
        "--labels",
        type=Path,
        help="with --judge, its top-1 on the photographs named here: a JSON object of name: ImageNet class "
        "index (0 to 999), or a CSV with the columns photo,class; names as in --csv",
    )
    cli.add_argument("--batch", type=int, default=16, help="photographs at a time (default 16)")
    cli.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu", help="for .pt")
    return cli


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit code."""
    cli = parser()
    options = cli.parse_args(arguments)
    if options.labels and not options.judge:
        cli.error("--labels needs --judge")
    try:
        labels = read_labels(options.labels) if options.labels else {}
        verdicts = Verdicts(load_judge(), labels) if options.judge else None
        predict = load_predict(options.weights, options.device)
        if options.aged:
            sys.stdout.write(aged_table(measure_aged(predict, _labs(options.photos, options.limit))) + "\n")
            return 0
        report, rows = evaluate(
            predict,
            options.photos,
            batch=options.batch,
            limit=options.limit,
            hints=options.hints,
            false_hint=options.false_hint,
            palette=options.palette,
            verdicts=verdicts,
        )
    except PhotochromError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    if isinstance(predict, OnnxPredict):  # so that figures cannot end up in another model's card
        report["weights_sha256"] = predict.card.weights_sha256
    if options.csv:
        write_csv(options.csv, rows)
    if options.sheet:
        contact_sheet(predict, squares(options.photos, 1, options.limit), rows, options.sheet)
    sys.stdout.write((json.dumps(report, indent=1) if options.json else table(report)) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
