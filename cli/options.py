"""The options of a colorization as the command line takes them, the same for every command that colorizes."""

from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from photochrom.numerals import number
from photochrom.photo.boxes import Box
from photochrom.photo.film import Film as FilmChoice
from photochrom.photo.film import Light as LightChoice
from photochrom.photo.options import Color as ColorChoice
from photochrom.photo.options import ColorizeOptions, OutputFormat
from photochrom.photo.options import Deskew as DeskewChoice
from photochrom.photo.options import Levels as LevelsChoice
from photochrom.photo.options import OwnColor as OwnColorChoice
from photochrom.photo.options import Pages as PageChoice
from photochrom.photo.options import Repair as RepairChoice

DEFAULTS = ColorizeOptions()

Format = Annotated[
    OutputFormat, typer.Option("--format", help="Format of the results (for one file, its name decides).")
]
Quality = Annotated[int, typer.Option(help="Quality of lossy formats, 1 to 100.")]
Vividness = Annotated[
    str,
    typer.Option(help="0 faithful, 1 as colourful as real photographs, or auto: chosen for each photograph."),
]
Temperature = Annotated[
    float, typer.Option(help="0.05 to 1: 1 averages all likely colours, lower prefers the likeliest.")
]
Strength = Annotated[float, typer.Option(help="0 to 1: scales the predicted colour.")]
Consistency = Annotated[
    float,
    typer.Option(
        help="0 to 1: above 0, photographs of the folder that show the same thing share one set of colours."
    ),
]
OwnColor = Annotated[
    OwnColorChoice,
    typer.Option(help="anew, or keep: colour that the photograph plainly has stays."),
]
Negative = Annotated[bool, typer.Option("--negative", help="The scans are negatives: invert them first.")]
TellNegatives = Annotated[
    bool,
    typer.Option(
        "--tell-negatives", help="Recognize colour negatives by their orange mask, and invert them first."
    ),
]
Turn = Annotated[
    str,
    typer.Option(
        help="0, 90, 180 or 270: degrees by which the upright scans are turned clockwise; auto: a network decides, "
        "and turns only scans of which it is sure."
    ),
]
Deskew = Annotated[
    DeskewChoice,
    typer.Option(help="off, or auto: straightens a print that lay askew on the scanner's lid."),
]
Mirror = Annotated[
    bool, typer.Option("--mirror", help="Exchange left and right, for slides scanned from their back.")
]
Split = Annotated[
    bool,
    typer.Option(
        "--split", help="The files are scans of album pages: cut the photographs out of them first."
    ),
]
Pages = Annotated[
    PageChoice, typer.Option(help="first, or all: every page of a TIFF, into a TIFF with as many pages.")
]
Sepia = Annotated[float, typer.Option(help="0 to 1: mixes the print's own tone into the colours.")]
Times = Annotated[bool, typer.Option("--times", help="Give each result the time of its original's file.")]
Light = Annotated[
    LightChoice,
    typer.Option(help="as-scanned, or panchromatic: the lightness that the eye saw and old film did not."),
]
Film = Annotated[
    FilmChoice,
    typer.Option(
        help="The film that took the photograph: blue and orthochromatic choose the model for old film, auto the one "
        "that fits. With --light panchromatic its light is undone, and auto goes by the photograph's date."
    ),
]
Repair = Annotated[
    RepairChoice, typer.Option(help="off, or auto: finds dust, scratches and similar damage, and fills it.")
]
RepairStrength = Annotated[
    float, typer.Option(help="0 to 1: 0 repairs only what is surely damage, 1 all that may be damage.")
]
Levels = Annotated[
    LevelsChoice, typer.Option(help="off, or auto: gives faded photographs their black and white back.")
]
Color = Annotated[
    ColorChoice, typer.Option(help="on, or off: predicts no colour, for repair and levels alone.")
]

Keep = Annotated[
    list[str] | None,
    typer.Option(
        metavar="X,Y,W,H",
        help="A place of one photograph that repair leaves alone, such as 0.7,0.8,0.2,0.2: its left and upper edge, "
        "width and height, as shares of the photograph's sides. Repeat it for more.",
    ),
]
RepairMask = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="A grey image of one photograph's size: white is repaired, black is kept, grey is left to the finder.",
        exists=True,
        dir_okay=False,
    ),
]


def boxes(given: list[str] | None) -> tuple[Box, ...]:
    """Return the places that `--keep` names.

    Raises:
        BadParameter: one is no box; the message says why.
    """
    return tuple(_box(text) for text in given or ())


def _box(text: str) -> Box:
    try:
        x, y, width, height = map(number, text.split(","))
        return Box(x=x, y=y, width=width, height=height)
    except ValidationError as error:
        said = error.errors()[0]["msg"].removeprefix("Value error, ")
    except ValueError:
        said = "give four numbers, such as 0.7,0.8,0.2,0.2"
    raise typer.BadParameter(f"{text!r}: {said}.", param_hint="--keep")


def chosen(**given: object) -> ColorizeOptions:
    """Return the options.

    Raises:
        BadParameter: one is out of range; the message names it.
    """
    try:
        return ColorizeOptions.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        # What is wrong with two options together names them itself.
        hint = f"--{first['loc'][0]}".replace("_", "-") if first["loc"] else None
        raise typer.BadParameter(first["msg"].removeprefix("Value error, "), param_hint=hint) from None
