"""Write the model card for people, from what the exported file itself says.

python -m model.card --weights model/weights/photochrom.onnx --out model/weights/MODEL_CARD.md
"""

import argparse
import sys
from pathlib import Path

import onnx

from photochrom.artifact import ModelCard
from photochrom.errors import ModelRejected, PhotochromError

RETRAIN = """\
```
python -m model.train --config model/configs/standing.toml --photos YOUR_PHOTOS --validation VAL --out runs/mine
python -m model.export --checkpoint runs/mine/last.pt --card model/weights/card.toml --out mine.onnx
```

`--init model/weights/photochrom.onnx` starts from these weights instead of the ImageNet encoder."""


def read_onnx_card(path: Path) -> ModelCard:
    """Return the card in an ONNX file.

    Raises:
        ModelRejected: no readable ONNX file, or no valid card in it.
    """
    try:
        model = onnx.load(path)
    except Exception as error:  # onnx raises protobuf's DecodeError, which is not its own to import
        raise ModelRejected(f"{path} is no readable ONNX file.") from error
    return ModelCard.from_metadata({entry.key: entry.value for entry in model.metadata_props})


def figures_table(card: ModelCard) -> str:
    """Return the figures as a Markdown table; PSNR in dB over 8-bit RGB, colourfulness after Hasler."""
    head = "| photographs | vividness | temperature | PSNR | grey | SSIM | RMSE ab | colourfulness | truth |"
    lines = [head, "| --- |" + " --- |" * 8]
    for f in card.figures:
        grey = "" if f.psnr_grey is None else f"{f.psnr_grey:.2f}"
        ssim = "" if f.ssim is None else f"{f.ssim:.3f}"
        lines.append(
            f"| {f.photos_name} ({f.photos:,}) | {f.vividness:g} | {f.temperature:g} | {f.psnr:.2f} | {grey} | "
            f"{ssim} | {f.rmse_ab:.2f} | {f.colourfulness:.1f} | {f.colourfulness_truth:.1f} |"
        )
    return "\n".join(lines)


def markdown(card: ModelCard) -> str:
    """Return the whole card."""
    capabilities = ", ".join(card.capabilities) or "none yet; hints and palette are accepted and ignored"
    return f"""\
# Model card: {card.name} {card.version}

<!-- Written by `python -m model.card`; change model/weights/card.toml instead. -->

{card.summary}

- **Answers** a*, b* (CIELAB, D65) at every {card.stride}th pixel of a photograph of {card.side_min} to \
{card.side_max} px, best at about {card.predict_side} px, and a confidence; {len(card.bins)} classes of colour.
- **Optional inputs trained** {capabilities}.
- **Stored as** {card.precision}, computed in fp32; weights' sha256 `{card.weights_sha256}`.

## Where the weights come from

{card.training}

Photographs:

{_list(card.training_data)}

## Licence

{card.license}

## Figures

From this exported file: 256-px centre squares, lightness kept, a* and b* enlarged bilinearly, means over \
photographs. *Grey* is the PSNR of the photograph without colour.

{figures_table(card)}

## Known failures

{_list(card.known_failures)}

Colour is a guess: do not take it as evidence of what a thing's colour was.

## Retrain

{RETRAIN}
"""


def _list(items: tuple[str, ...]) -> str:
    return "\n".join(f"- {item}" for item in items)


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit code."""
    cli = argparse.ArgumentParser(prog="python -m model.card", description=__doc__.split("\n")[0])
    cli.add_argument("--weights", type=Path, required=True, help="an exported .onnx")
    cli.add_argument("--out", type=Path, required=True, help="the Markdown file to write")
    options = cli.parse_args(arguments)
    try:
        options.out.write_text(markdown(read_onnx_card(options.weights)))
    except PhotochromError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
