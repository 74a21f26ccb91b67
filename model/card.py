r"""Write the model card for people: the exported file's own card, reports of its evaluation, and pictures.

    python -m model.card --weights model/weights/photochrom.onnx --report model/weights/reports/*.json \
        --about model/weights/about.toml --out model/weights/MODEL_CARD.md

The pictures are made from the photographs that `--about` names, with these weights.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import onnx

from photochrom.errors import ModelRejected, PhotochromError
from photochrom.photo.cards.model import ModelCard

from .predict import SETTINGS, OnnxPredict
from .shipping.about import About, Example, read_about
from .shipping.pictures import write_picture

RETRAIN = """\
```
python -m model.train --config model/configs/standing.toml --photos YOUR_PHOTOS --validation VAL --out runs/mine
python -m model.export --checkpoint runs/mine/last.pt --card model/weights/card.toml --out mine.onnx
```

The first command trains a network with hints and a palette from the ImageNet encoder; `YOUR_PHOTOS` is a folder of \
colour photographs, 90,000 or more. With `--init model/weights/photochrom.onnx` it starts from these weights instead; \
with only a quarter as many photographs, that made them worse. The shipped weights were made in the steps above."""

# Key in the report, head of the column, digits.
COLUMNS = (
    ("psnr", "PSNR", 2),
    ("psnr_grey", "grey", 2),
    ("ssim", "SSIM", 3),
    ("rmse_ab", "RMSE ab", 2),
    ("colourfulness", "colourfulness", 1),
    ("colourfulness_truth", "truth", 1),
    ("bleeding", "bleeding", 2),
    ("patchiness", "patchiness", 2),
    ("frechet", "Fréchet", 1),
    ("frechet_grey", "grey", 1),
    ("judge_agreement", "judge agrees", 3),
    ("judge_agreement_grey", "grey", 3),
    ("top1", "top-1", 3),
    ("top1_grey", "grey", 3),
    ("top1_truth", "truth", 3),
)


def read_onnx_card(path: Path) -> ModelCard:
    """Return the card in an ONNX file.

    Raises:
        ModelRejected: it is not a readable ONNX file, or has no valid card.
    """
    try:
        model = onnx.load(path)
    except Exception as error:  # onnx raises protobuf's DecodeError, which is not its own to import
        raise ModelRejected(f"{path} is not a readable ONNX file.") from error
    return ModelCard.from_metadata({entry.key: entry.value for entry in model.metadata_props})


def read_report(path: Path, card: ModelCard) -> list[dict[str, Any]]:
    """Return the rows of a report of `model.evaluate --json`, each with the name and number of its photographs.

    Raises:
        ModelRejected: it is not such a report, or it is one of other weights.
    """
    try:
        report = json.loads(path.read_text())
        shared = {"photos_name": path.stem, "photos": int(report["photos"])}
        rows = [{**shared, **row} for row in report["settings"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelRejected(f"{path} is not a report of model.evaluate --json.") from error
    if report.get("weights_sha256") != card.weights_sha256:
        raise ModelRejected(f"{path} measured other weights than these; evaluate them first.")
    return rows


def all_rows(card: ModelCard, reports: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the figures in the file, with new ones for photographs measured again, then the other reports' rows."""
    anew = {row["photos_name"] for row in reports}
    return [f.model_dump() for f in card.figures if f.photos_name not in anew] + reports


def figures_table(rows: list[dict[str, Any]]) -> str:
    """Return the figures as a Markdown table, with the columns that any row has."""
    columns = [column for column in COLUMNS if any(row.get(column[0]) is not None for row in rows)]
    heads = ["photographs", "vividness", "temperature", *(head for _, head, _ in columns)]
    lines = [f"| {' | '.join(heads)} |", "|" + " --- |" * len(heads)]
    for row in rows:
        cells = [
            f"{row['photos_name']} ({row['photos']:,})",
            f"{row['vividness']:g}",
            f"{row['temperature']:g}",
        ]
        for key, _, digits in columns:
            cells.append("" if row.get(key) is None else f"{row[key]:.{digits}f}")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def markdown(card: ModelCard, reports: list[dict[str, Any]] | None = None, about: About | None = None) -> str:
    """Return the whole card.

    Args:
        card: in the exported file.
        reports: rows of `read_report`.
        about: photographs of training by name, and examples.
    """
    about = about or About()
    capabilities = ", ".join(card.capabilities) or "none yet; hints and palette are accepted and ignored"
    return f"""\
# Model card: {card.name} {card.version}

<!-- Written by `python -m model.card`; change model/weights/card.toml or about.toml instead. -->

{card.summary}

- **Answers** a*, b* (CIELAB, D65) at every {card.stride}th pixel of a photograph of {card.side_min} to \
{card.side_max} px, best at about {card.predict_side} px, and a confidence; {len(card.bins)} classes of colour.
- **Optional inputs trained** {capabilities}.
- **Stored as** {card.precision}, computed in fp32; weights' sha256 `{card.weights_sha256}`.

## Where the weights come from

{card.training}

Photographs:

{_list(card.training_data)}
{_sources(about)}
## Licence

{card.license}

## Figures

Measured with this exported file on 256-px centre squares, with their own lightness and a* and b* enlarged bilinearly; \
means over photographs. Each *grey* column gives the measure to its left for the photographs without colour. The \
judge is EfficientNet-Lite0, which had no part in the training; it *agrees* if it names the same class as for the \
photograph in its true colours. [docs/model.md](../../docs/model.md#measure) defines every measure.

{figures_table(all_rows(card, reports or []))}

## Known failures

{_list(card.known_failures)}

Colour is a guess: do not take it as evidence of what a thing's colour was.
{_examples(about)}
## Retrain

{RETRAIN}
"""


def _list(items: tuple[str, ...]) -> str:
    return "\n".join(f"- {item}" for item in items)


def _sources(about: About) -> str:
    if not about.sources:
        return ""
    lines = [f"| {name} | {photos:,} |" for name, photos in about.sources.items()]
    return "\n".join(
        ["", about.sources_note, "", "| collection | photographs |", "| --- | --- |", *lines, ""]
    )


def _examples(about: About) -> str:
    if not about.examples:
        return ""
    columns = ", ".join(f"vividness {s.vividness:g} at temperature {s.temperature:g}" for s in SETTINGS[1:])
    head = f"## What it looks like\n\nFrom left to right: grey, {columns}, and the true colours."
    return "\n".join(["", head, *(_example(example) for example in about.examples)]) + "\n"


def _example(example: Example) -> str:
    picture = f"![{example.title}](pictures/{example.picture})"
    credit = f"*{example.credit}, {example.license}.*"
    return f"\n**{example.title}** ({example.kind}). {example.seen}\n\n{picture}\n\n{credit}"


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    cli = argparse.ArgumentParser(prog="python -m model.card", description=__doc__.split("\n")[0])
    cli.add_argument("--weights", type=Path, required=True, help="an exported .onnx")
    cli.add_argument(
        "--report",
        type=Path,
        nargs="*",
        default=[],
        help="reports of `model.evaluate --json` of these weights, each named after its photographs "
        "(validation.json); they come beside the figures in the file, or in place of those of the same name",
    )
    cli.add_argument(
        "--about",
        type=Path,
        help="TOML: photographs of training by name, and freely licensed photographs to show; their pictures "
        "are written to pictures/ beside the card",
    )
    cli.add_argument("--out", type=Path, required=True, help="the Markdown file to write")
    return cli


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit code."""
    options = parser().parse_args(arguments)
    try:
        card = read_onnx_card(options.weights)
        rows = (
            None
            if options.report is None
            else [r for path in options.report for r in read_report(path, card)]
        )
        about = read_about(options.about) if options.about else About()
        predict = OnnxPredict(options.weights)
        for example in about.examples:
            write_picture(predict, example.path, options.out.parent / "pictures" / example.picture)
        options.out.write_text(markdown(card, rows, about))
    except PhotochromError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
