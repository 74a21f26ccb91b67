"""Two sets of weights, and which of them colours a photograph: decided once for each, never for a part of one."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Generic, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from photochrom.photo import capabilities
from photochrom.photo.film import Film
from photochrom.photo.options import ColorizeOptions
from photochrom.photo.vividness import PALE, PALE_ON_FILM, Pale
from photochrom.seeing.glance import glance
from photochrom.seeing.see import LightnessAt
from photochrom.seeing.sizes import Size, predict_size

from .predictor import Predictor
from .recognizer import Recognizer
from .turner import Turned, Turner

P = TypeVar("P", bound=Predictor)
Which = Literal["usual", "film"]


@dataclass(frozen=True)
class Networks(Generic[P]):
    """The usual network, and where there is one that for old film, with what recognizes such film."""

    usual: P
    film: P | None = None
    recognizer: Recognizer | None = None
    turner: Turner | None = None

    def choose(self, options: ColorizeOptions, lightness_at: LightnessAt, size: Size) -> P:
        """Return the network for one photograph.

        What the caller says of the film goes first; the recognizer is asked where nothing is said. A network that
        lacks what the options need (hints) is not chosen.

        Args:
            options: those of the result.
            lightness_at: gives L* of the upright photograph at the size that it is asked for.
            size: its height and width, upright.
        """
        if self.film is None or not _able(self.film, options):
            return self.usual
        if options.film is Film.AUTO:
            return self.film if self._is_old(lightness_at, size) else self.usual
        return self.usual if options.film is Film.PANCHROMATIC else self.film

    def pale(self, chosen: P) -> Pale:
        """Return when an answer of the chosen network is pale."""
        return PALE_ON_FILM if chosen is self.film else PALE

    def only(self, which: Which) -> "Networks[P]":
        """Return that network alone, for a photograph whose network was chosen before."""
        chosen, film = (self.film, self.film) if which == "film" and self.film else (self.usual, None)
        return replace(self, usual=chosen, film=film, recognizer=None)

    def each(self, change: Callable[[P], P]) -> "Networks[P]":
        """Return both changed alike."""
        return replace(self, usual=change(self.usual), film=None if self.film is None else change(self.film))

    def turned(self, lightness_at: LightnessAt, size: Size) -> Turned | None:
        """Return by how much a photograph is to be turned; None where no network tells that.

        Arguments as of `choose`, of the scan before it is turned.
        """
        if self.turner is None:
            return None
        overview = lightness_at(predict_size(*size, self.usual.card))
        return self.turner.turned(glance(overview, size, self.turner.side))

    def _is_old(self, lightness_at: LightnessAt, size: Size) -> bool:
        if self.recognizer is None:
            return False
        overview = lightness_at(predict_size(*size, self.usual.card))
        return self.recognizer.recognizes(glance(overview, size, self.recognizer.side))


def networks_of(given: "Predictor | Networks[Any]") -> "Networks[Any]":
    """Return what was given as `Networks`: one network alone colours every photograph."""
    return given if isinstance(given, Networks) else Networks(given)


def remembered(lightness_at: LightnessAt) -> LightnessAt:
    """Return the same function, which works each size out once: the choice and the prediction look alike."""
    known: dict[Size, NDArray[np.float32]] = {}

    def at(size: Size) -> NDArray[np.float32]:
        if size not in known:
            known[size] = lightness_at(size)
        return known[size]

    return at


def _able(network: Predictor, options: ColorizeOptions) -> bool:
    needed = capabilities.wanted(options, reference=False)
    return all(one in network.card.capabilities for one in needed)
