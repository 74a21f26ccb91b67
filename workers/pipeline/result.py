"""A result with all that goes beside it, and the stages on the way to it."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from photochrom import tracing
from photochrom.photo.cards.model import ModelCard
from photochrom.photo.film import FilmUsed
from photochrom.photo.restoration import Restoration
from photochrom.photo.sniff import PhotoFormat

from . import notes


@dataclass(frozen=True)
class ColorizedPhoto:
    """A result, ready to be stored."""

    data: bytes
    media_type: str
    extension: str
    width: int
    height: int
    warnings: tuple[str, ...]
    timings: dict[str, float]
    """Seconds by stage."""
    film: FilmUsed | None
    """The film whose light the result was freed of, where that was asked for."""
    confidence: bytes | None
    """Upright 8-bit grey PNG at the network's output size; white where it was sure. None without colour."""
    preview: bytes | None
    """Upright JPEG that any browser shows, if it was asked for."""
    original_preview: bytes | None
    """The same of the original, where the original's own format is not for browsers."""
    repairs: bytes | None
    """Upright grey PNG of full size: white where repaired, grey where damage was left. None if not asked for."""
    restoration: Restoration | None = None
    """What the steps before colour did, if any was asked for."""
    card: ModelCard | None = None
    """Of the network that was chosen for the photograph; None where colour was taken away."""
    vividness: float | None = None
    """At which it predicted; None where it did not."""
    turned: bool = False
    """Whether it lies on its side, as its EXIF says; width and height are as it lies."""
    sight: bytes | None = None
    """What it shows, for the others of its batch, where that was asked for."""


@dataclass(frozen=True)
class Pictures:
    """What goes beside the result; see `ColorizedPhoto`."""

    confidence: bytes | None
    preview: bytes | None
    original_preview: bytes | None = None
    repairs: bytes | None = None
    sight: bytes | None = None


class Stages:
    """Times the stages and announces each."""

    def __init__(self, on_stage: Callable[[str], None], preview_side: int) -> None:
        self.timings: dict[str, float] = {}
        self.preview_side = preview_side
        self._on_stage, self._at = on_stage, ""

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Announce a stage and time what is done in it."""
        self._at = name
        self._on_stage(name)
        start = time.perf_counter()
        with tracing.span(name):
            yield
        self.timings[name] = time.perf_counter() - start

    def go_on(self) -> None:
        """Announce the stage at work once more: it is long, and whoever hears may stop it."""
        self._on_stage(self._at)


def finished(
    data: bytes,
    target: PhotoFormat,
    size: tuple[int, int],
    warnings: tuple[str, ...],
    stages: Stages,
    small: Pictures,
    film: FilmUsed | None = None,
    told: Restoration | None = None,
    card: ModelCard | None = None,
    vividness: float | None = None,
    orientation: int = 1,
) -> ColorizedPhoto:
    """Put a result together; what was left damaged is said in its warnings."""
    height, width = size
    kind = (target.media_type, target.extension)
    left = told.repairs.left if told and told.repairs else 0
    warnings += (notes.LEFT.format(left),) * bool(left)
    pictures = (small.confidence, small.preview, small.original_preview, small.repairs)
    made = (data, *kind, width, height, warnings, stages.timings, film, *pictures)
    return ColorizedPhoto(*made, told, card, vividness, orientation >= 5, small.sight)
