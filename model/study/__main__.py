"""Learn in every way on one small network, try every encoder, and write the figures.

    python -m model.study --budget cpu --photos PHOTOS --probes PROBES --out runs/study

A study that was interrupted goes on with what is missing. OUT/BUDGET/results.csv has a row for each figure; every run
has its folder OUT/BUDGET/WAY/seedK with encoder.pt and log.csv.
"""

import argparse
import math
import sys
from pathlib import Path

import torch

from photochrom.errors import PhotochromError

from .budget import Budget, budget_path
from .plans import PLANS
from .runner import Study


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    ways = "\n".join(f"  {name:30} {plan.title}" for name, plan in PLANS.items())
    cli = argparse.ArgumentParser(
        prog="python -m model.study",
        description=__doc__,
        epilog=f"ways:\n{ways}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    cli.add_argument("--budget", default="cpu", help="tiny, cpu (default), gpu, or a TOML file")
    cli.add_argument(
        "--photos", type=Path, nargs="+", required=True, help="folders or tars to learn from, without labels"
    )
    cli.add_argument(
        "--probes", type=Path, required=True, help="folder with tiny-imagenet*.npz (or -200/) and camvid*.npz"
    )
    cli.add_argument("--out", type=Path, default=Path("runs/study"), help="default: runs/study")
    cli.add_argument("--only", nargs="+", choices=PLANS, metavar="WAY", default=[], help="only these ways")
    cli.add_argument(
        "--minutes", type=float, default=math.inf, help="see fewer photographs, to end in this time"
    )
    cli.add_argument(
        "--share", type=float, default=1.0, help="of photographs and steps, such as 0.01: a rehearsal"
    )
    cli.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu", help="cuda or cpu")
    cli.add_argument("--threads", type=int, help="cores to use; default: all")
    return cli


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit code."""
    options = parser().parse_args(arguments)
    if options.threads:
        torch.set_num_threads(options.threads)
    try:
        whole, folder = Budget.read(options.budget), options.out / budget_path(options.budget).stem
        budget = whole if options.share == 1 else whole.shortened(options.share)
        study = Study(budget, options.photos, options.probes, folder, options.device, options.minutes)
        study.run(options.only)
    except PhotochromError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted; the same command goes on from here.\n")
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
