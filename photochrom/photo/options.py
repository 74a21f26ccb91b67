"""What a caller may ask of one colorization."""

from enum import StrEnum
from typing import Annotated, Self

from pydantic import BeforeValidator, ConfigDict, Field, SerializeAsAny, model_validator

from ..as_json import AsJson
from .boxes import Box, Boxes
from .film import Film, Light
from .hints import Hint, Hints
from .turning import Negative, Turn
from .vividness import STARTING_VIVIDNESS, Vividness


class OutputFormat(StrEnum):
    """File format of the result."""

    SAME = "same"
    JPEG = "jpeg"
    PNG = "png"
    TIFF = "tiff"
    WEBP = "webp"
    HEIC = "heic"
    AVIF = "avif"
    JP2 = "jp2"
    JXL = "jxl"


class Pages(StrEnum):
    """Which pages of a TIFF are colorized."""

    FIRST = "first"
    ALL = "all"


class Repair(StrEnum):
    """Whether damage is repaired."""

    OFF = "off"
    AUTO = "auto"


class Levels(StrEnum):
    """Whether faded light is stretched."""

    OFF = "off"
    AUTO = "auto"


class Color(StrEnum):
    """Whether colour is predicted."""

    ON = "on"
    OFF = "off"


class Deskew(StrEnum):
    """Whether a print that lies askew is straightened."""

    OFF = "off"
    AUTO = "auto"


class OwnColor(StrEnum):
    """What becomes of the colour that a photograph has."""

    ANEW = "anew"
    KEEP = "keep"


_OF_0_1_0 = {"hints", "pages"}


class ColorizeOptions(AsJson):
    """Options of one colorization; part of the result's identity, so the same options give the same bytes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Annotated[
        OutputFormat,
        Field(description="Format of the result; `same` keeps the original's, and makes JPEG of HEIC."),
    ] = OutputFormat.SAME
    quality: Annotated[
        int,
        Field(
            ge=1,
            le=100,
            description="Quality of lossy formats; from JPEG to JPEG the luma is kept at any quality.",
        ),
    ] = 92
    vividness: Annotated[
        Vividness,
        Field(
            description="0 is faithful (least error), 1 as colourful as real photographs; `auto` is "
            f"{STARTING_VIVIDNESS}, and up to 1 for photographs whose colours would be pale."
        ),
    ] = "auto"
    temperature: Annotated[
        float,
        Field(
            ge=0.05,
            le=1,
            description="Annealed mean (Zhang 2016): 1 averages all likely colours, lower prefers the likeliest.",
        ),
    ] = 0.38
    strength: Annotated[
        float, Field(ge=0, le=1, description="Scales the predicted chroma; 0 gives the grey photograph back.")
    ] = 1.0
    consistency: Annotated[
        float,
        Field(
            ge=0,
            le=1,
            description="For a batch: above 0, photographs that show the same thing share their colours, with 1 "
            "wholly. They do so once the batch is sealed and each photograph has colours of its own.",
        ),
    ] = 0.0
    own_color: Annotated[
        OwnColor,
        Field(
            description="`keep` leaves the colour that the photograph has (tinted by hand, half faded) and predicts "
            "the rest; the even tone of a print does not count as colour."
        ),
    ] = OwnColor.ANEW
    negative: Annotated[
        Negative,
        Field(
            description="`true`: the scan is a negative, is inverted first, and the result is a positive. `auto` finds "
            "colour negatives by their orange mask, and inverts them with `levels`; it does not find grey ones."
        ),
    ] = False
    turn: Annotated[
        Turn,
        Field(
            description="Degrees by which the upright scan is turned clockwise: 0, 90, 180 or 270; `auto` turns it "
            "if a network is sure which way is up."
        ),
    ] = 0
    mirror: Annotated[
        bool,
        Field(
            description="Exchanges left and right, after the turn, for a slide that was scanned from its back."
        ),
    ] = False
    deskew: Annotated[
        Deskew,
        Field(
            description="`auto` straightens a print that lay askew on the scanner's lid, by its edges. This "
            "interpolates its light."
        ),
    ] = Deskew.OFF
    sepia: Annotated[
        float,
        Field(
            ge=0,
            le=1,
            description="Mixes the print's own tone (for grey scans, a classic sepia) into the colours; 0 is none.",
        ),
    ] = 0.0
    light: Annotated[
        Light,
        Field(
            description="`panchromatic` gives the scene the lightness that the eye saw and old film did not; "
            "`as-scanned` keeps the scan's."
        ),
    ] = Light.AS_SCANNED
    film: Annotated[
        Film,
        Field(
            description="The film that took the photograph: `blue` and `orthochromatic` choose the model for old film, "
            "`panchromatic` the usual one, and `auto` chooses by the photograph's looks. With `light=panchromatic` it "
            "is also the film whose light is undone; there `auto` goes by the date in the metadata."
        ),
    ] = Film.AUTO
    pages: Annotated[
        Pages,
        Field(
            description="`all` colorizes every page of a TIFF into a TIFF; results in other formats have the first."
        ),
    ] = Pages.FIRST
    repair: Annotated[
        Repair,
        Field(
            description="`auto` finds dust, scratches and similar damage, and fills it; all other pixels stay."
        ),
    ] = Repair.OFF
    repair_strength: Annotated[
        float, Field(ge=0, le=1, description="0 repairs only sure damage, 1 all that may be damage.")
    ] = 0.5
    keep: Annotated[
        Boxes,
        Field(description="Places that repair leaves as they are, whatever is found there; JSON in forms."),
    ] = ()
    levels: Annotated[
        Levels, Field(description="`auto` gives faded photographs their black and white back, by one curve.")
    ] = Levels.OFF
    color: Annotated[
        Color, Field(description="`off` predicts no colour, for repair and levels alone; grey stays grey.")
    ] = Color.ON
    uncolor: Annotated[
        bool,
        Field(
            description="Removes colour instead: a JPEG gives back its coded luma, other formats their lightness."
        ),
    ] = False
    hints: Annotated[
        Hints,
        Field(description="Spots whose colour is known, if the model was trained for hints; JSON in forms."),
    ] = ()

    def known(self) -> "ColorizeOptions":
        """Return the options that this version knows: all of them, where no newer one stored them."""
        return self

    def identity(self) -> str:
        """Return the options as they count for a result's name and for telling calls apart.

        Without what newer versions know it is what it was before there were any: resuming an older upload finds
        its items again.
        """
        return self.model_dump_json(exclude={name for name, used in self._newer().items() if not used})

    def newer(self) -> set[str]:
        """Return the options in use that workers of 0.1.0 do not know: they would leave them out without a word."""
        return {name for name, used in self._newer().items() if used} - _OF_0_1_0

    def _newer(self) -> dict[str, bool]:
        relit = self.light is not Light.AS_SCANNED
        named = self.film is not Film.AUTO and self.color is Color.ON and not self.uncolor
        return {
            "hints": bool(self.hints),
            "pages": self.pages is not Pages.FIRST,
            "light": relit,
            "film": relit or named,
            "consistency": self.consistency > 0,
            "uncolor": self.uncolor,
            "own_color": self.own_color is not OwnColor.ANEW,
            "negative": self.negative is not False,
            "turn": self.turn != 0,
            "mirror": self.mirror,
            "deskew": self.deskew is not Deskew.OFF,
            "repair": self.repair is not Repair.OFF,
            "repair_strength": self.repair is not Repair.OFF,
            "keep": bool(self.keep),
            "levels": self.levels is not Levels.OFF,
            "color": self.color is not Color.ON,
        }

    @model_validator(mode="after")
    def _hints_are_of_one_page(self) -> Self:
        if self.hints and self.pages is Pages.ALL:
            raise ValueError("hints are spots of one picture; send them with pages=first")
        return self

    @model_validator(mode="after")
    def _light_is_of_the_scene(self) -> Self:
        if self.sepia and self.light is not Light.AS_SCANNED:
            raise ValueError("The print's tone is not the scene's; send sepia with light=as-scanned")
        return self

    @model_validator(mode="after")
    def _steps_go_together(self) -> Self:
        if self.color is Color.OFF and (self.hints or self.sepia or self.light is not Light.AS_SCANNED):
            raise ValueError("hints, sepia and light need colours; send them with color=on")
        if self.negative and (self.uncolor or self.own_color is OwnColor.KEEP):
            raise ValueError(
                "a negative has no colours of the scene; send negative without own_color and uncolor"
            )
        if self.turn == "auto" and (self.hints or self.keep):
            raise ValueError(
                "hints and keep are places of the turned photograph; send them with turn as a number"
            )
        if self.turn == "auto" and self.uncolor:
            raise ValueError("uncolor looks at no picture; send it with turn as a number")
        if self.consistency and (self.uncolor or self.color is Color.OFF):
            raise ValueError("consistency needs colours; send it with color=on and without uncolor")
        if self.consistency and self.pages is Pages.ALL:
            raise ValueError("consistency is of one picture each; send it with pages=first")
        if self.keep and self.pages is Pages.ALL:
            raise ValueError("keep names places of one picture; send it with pages=first")
        if self.uncolor and (self.restores or self.color is Color.OFF or self.deskew is not Deskew.OFF):
            raise ValueError(
                "uncolor gives the original back; send it without repair, levels, color and deskew"
            )
        return self

    def vivid(self) -> float:
        """Return the vividness as a number: that at which `auto` begins where none is given."""
        return STARTING_VIVIDNESS if self.vividness == "auto" else self.vividness

    @property
    def restores(self) -> bool:
        """Whether anything is done to the photograph's own light."""
        return self.repair is not Repair.OFF or self.levels is not Levels.OFF


class _StoredHint(Hint):
    model_config = ConfigDict(extra="allow")


class _StoredBox(Box):
    model_config = ConfigDict(extra="allow")


class _Stored(ColorizeOptions):
    model_config = ConfigDict(extra="allow")

    hints: tuple[_StoredHint, ...] = ()
    keep: tuple[_StoredBox, ...] = ()

    def known(self) -> ColorizeOptions:
        return ColorizeOptions.model_validate(_known(self.model_dump()))

    def identity(self) -> str:
        # What this version makes follows from what it knows.
        return self.known().identity()


def _stored(value: object) -> object:
    return value if _known(value) == value else _Stored.model_validate(value)


def _known(value: object) -> object:
    """Leave out what this version does not know."""
    if not isinstance(value, dict):
        return value
    known = {name: chosen for name, chosen in value.items() if name in ColorizeOptions.model_fields}
    for name, fields in (("hints", {*Hint.model_fields, "color"}), ("keep", set(Box.model_fields))):
        if isinstance(parts := known.get(name), list | tuple):
            known[name] = type(parts)(_known_of(part, fields) for part in parts)
    return known


def _known_of(part: object, fields: set[str]) -> object:
    if not isinstance(part, dict):
        return part
    return {name: chosen for name, chosen in part.items() if name in fields}


StoredOptions = Annotated[SerializeAsAny[ColorizeOptions], BeforeValidator(_stored)]
"""Options as records hold them: those of a newer version stay in the record, and nothing here looks at them.

What callers send is read as `ColorizeOptions`, which refuses what it does not know.
"""
ShownOptions = Annotated[ColorizeOptions, BeforeValidator(_known)]
"""Stored options as the API shows them: those that it knows."""
