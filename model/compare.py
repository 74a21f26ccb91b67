"""Train four ways of colouring on one encoder and one budget, and write one table of their figures.

    python -m model.compare --photos PHOTOS --validation VAL --budget model/configs/budget-cpu.toml --out runs/compare

Ours, Zhang et al.'s (2016), Larsson et al.'s (2016) and plain regression start from the same ImageNet encoder and see
the same crops in the same order; each is one configuration, to which the budget is applied. A comparison that was
interrupted continues where it stopped.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from photochrom.errors import ModelRejected, PhotochromError

from .evaluate import evaluate
from .predict import SETTINGS, Setting, TorchPredict
from .train import train
from .training.config import RunConfig

CONFIGS = Path(__file__).parent / "configs"
WAYS: dict[str, tuple[str, tuple[Setting, ...]]] = {
    "standing": ("ours", SETTINGS),
    "zhang": ("Zhang et al. 2016", SETTINGS[2:]),  # full balance, annealed mean .38
    "larsson": ("Larsson et al. 2016", SETTINGS[:1]),  # no knobs: any setting is the same
    "l2": ("regression (L2)", SETTINGS[:1]),
}
FIGURES = ("psnr", "rmse_ab", "ssim", "colourfulness", "patchiness")


def compare(
    photos: Sequence[Path],
    validation: Path,
    budget: Path,
    out: Path,
    *,
    init: str = "imagenet",
    limit: int | None = None,
    device: str = "cpu",
) -> list[dict[str, Any]]:
    """Train and measure every way; return one row for each, with the figures of each of its settings.

    Args:
        photos: folders or tars to train on.
        validation: photographs to measure on.
        budget: a TOML of the shared settings: sizes, steps, batch.
        out: a folder; each way has its run in it.
        init: what the encoder starts from.
        limit: measure only on the first photographs.
        device: cpu or cuda.

    Raises:
        PhotochromError: photographs are missing, or `out` holds a run of another budget.
    """
    return [
        measured(way, trained(way, photos, budget, out / way, init, device), validation, limit, device)
        for way in WAYS
    ]


def trained(way: str, photos: Sequence[Path], budget: Path, out: Path, init: str, device: str) -> Path:
    """Train one way, or continue its training, and return its checkpoint.

    Raises:
        PhotochromError: photographs are missing, or `out` holds a run of another budget.
    """
    config, checkpoint = RunConfig.read(CONFIGS / f"{way}.toml", budget), out / "last.pt"
    begun = checkpoint.exists()
    if begun and _header(checkpoint)["run"] != config.model_dump():
        raise ModelRejected(f"{out} holds a run of another configuration: choose another --out.")
    if not begun or _header(checkpoint)["step"] < config.steps:
        sys.stderr.write(f"{way}: {config.steps} steps of {config.batch} photographs\n")
        train(config, photos, out, init=init, resume=begun, device=device)
    return checkpoint


def measured(way: str, checkpoint: Path, validation: Path, limit: int | None, device: str) -> dict[str, Any]:
    """Return the figures of a checkpoint at the settings of its way."""
    name, settings = WAYS[way]
    predict, started = TorchPredict(checkpoint, device), time.monotonic()
    report, _ = evaluate(predict, validation, limit=limit)
    sys.stderr.write(f"{way}: measured in {time.monotonic() - started:.0f} s\n")
    used = sum(weight.numel() for part, weight in predict.network.named_parameters())
    rows = [row for row in report["settings"] if (row["vividness"], row["temperature"]) in settings]
    return {"way": name, "parameters": used, "photos": report["photos"], "settings": rows}


def table(rows: list[dict[str, Any]]) -> str:
    """Return the rows as a Markdown table, with the truth's and grey's figures in its last line."""
    lines = [
        "| way | parameters | vividness, temperature | PSNR | RMSE ab | SSIM | colourfulness | patchiness |",
        "| --- |" + " ---: |" * 7,
    ]
    for row in rows:
        for figures in row["settings"]:
            setting = (
                f"{figures['vividness']:g}, {figures['temperature']:g}" if len(row["settings"]) > 1 else ""
            )
            values = " | ".join(
                f"{figures[key]:.3f}" if key == "ssim" else f"{figures[key]:.2f}" for key in FIGURES
            )
            lines.append(f"| {row['way']} | {row['parameters'] / 1e6:.1f} M | {setting} | {values} |")
    first = rows[0]["settings"][0]
    truth = f"| {first['psnr_grey']:.2f} | | | {first['colourfulness_truth']:.2f} of the truth | |"
    return "\n".join([*lines, f"| the photograph in grey | | {truth}"])


def _header(checkpoint: Path) -> dict[str, Any]:
    try:
        header: dict[str, Any] = torch.load(checkpoint, map_location="cpu", weights_only=True, mmap=True)
        return {"run": header["run"], "step": header["step"]}
    except Exception as error:  # unpickling may raise any exception
        raise ModelRejected(f"{checkpoint} is not a checkpoint of model.train.") from error


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    cli = argparse.ArgumentParser(
        prog="python -m model.compare",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    cli.add_argument("--photos", type=Path, nargs="+", required=True, help="folders or tars to train on")
    cli.add_argument("--validation", type=Path, required=True, help="photographs to measure on")
    cli.add_argument(
        "--budget",
        type=Path,
        default=CONFIGS / "budget-cpu.toml",
        help="TOML of the sizes and steps that all ways share (default budget-cpu.toml; also budget-gpu.toml)",
    )
    cli.add_argument(
        "--out", type=Path, required=True, help="folder of the runs and of compare.md, compare.json"
    )
    cli.add_argument("--init", default="imagenet", help="imagenet (default) or scratch")
    cli.add_argument("--limit", type=int, help="measure only on the first N photographs")
    cli.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu", help="cuda or cpu")
    return cli


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit code."""
    options = vars(parser().parse_args(arguments))
    try:
        rows = compare(**options)
    except PhotochromError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    (options["out"] / "compare.json").write_text(json.dumps(rows, indent=1) + "\n")
    (options["out"] / "compare.md").write_text(table(rows) + "\n")
    sys.stdout.write(table(rows) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
