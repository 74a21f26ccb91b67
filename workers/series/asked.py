"""What is computed for a photograph so that it can share colours with others of its batch."""

from dataclasses import dataclass
from typing import Any

from photochrom.photo.options import ColorizeOptions
from photochrom.photo.series import Series
from photochrom.photo.shift import Shift

from ..network.networks import Networks
from ..network.recognizer import OnnxRecognizer


@dataclass(frozen=True)
class OfSeries:
    """What is computed for one photograph so that it can share colours with others of its batch.

    Attributes:
        recognizer: computes what the photograph shows; None if there is no such network.
        shift: how the photograph's colours are moved, once that is known.
    """

    recognizer: OnnxRecognizer | None
    shift: Shift | None


def of_series(options: ColorizeOptions, networks: Networks[Any], series: Series | None) -> OfSeries | None:
    """Return what is to be computed; None for a photograph that is coloured by itself."""
    if not options.consistency:
        return None
    known = networks.recognizer
    teller = known if isinstance(known, OnnxRecognizer) and known.tells_places else None
    shift = Shift.of(series.shift) if series and series.shift else None
    return OfSeries(teller, shift)
