"""What is written into a result about how it was made: the model, the original, and the steps between them."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from photochrom import __version__
from photochrom.photo.cards.model import ModelCard
from photochrom.photo.film import FilmUsed
from photochrom.photo.options import ColorizeOptions
from photochrom.photo.restoration import Restoration
from photochrom.photo.series import Series

SYSTEM = "Photochrom"


@dataclass(frozen=True)
class Step:
    """One step of a restoration, as the picture's history tells it.

    Attributes:
        action: what was done, in the past tense: "colorized".
        parameters: what somebody needs to do it again; written as JSON.
    """

    action: str
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def told(self) -> str:
        """Return the parameters as they are written."""
        return json.dumps(self.parameters, ensure_ascii=False, sort_keys=True)


@dataclass(frozen=True)
class Provenance:
    """All that a result says of itself; the same input gives the same, so it names no time and no file."""

    card: ModelCard | None
    """None where no colour was predicted."""
    original_sha256: str
    """Of the file as it came in."""
    steps: tuple[Step, ...] = ()
    luma_sha256: str | None = None
    """Of the luma as it is coded (`formats/jpeg/luma_alone.py`), where a result carries its scan's."""
    seen: tuple[str, ...] = ()
    """Sentences on what the network saw, where that was not the whole photograph as it is."""
    film: FilmUsed | None = None
    """The film whose light the result was freed of."""

    def properties(self) -> dict[str, str]:
        """Return the simple properties of the project's own namespace."""
        told = {
            "Model": f"{self.card.name} {self.card.version}" if self.card else "",
            "ModelSHA256": self.card.weights_sha256 if self.card else "",
            "OriginalSHA256": self.original_sha256,
            "LumaSHA256": self.luma_sha256 or "",
            "Seen": " ".join(self.seen),
            "Film": self.film.film.value if self.film else "",
            "FilmWeights": " ".join(f"{weight:g}" for weight in self.film.weights) if self.film else "",
            "Version": __version__,
        }
        return {name: value for name, value in told.items() if value}


def provenance_of(data: bytes, card: ModelCard | None, options: ColorizeOptions) -> Provenance:
    """Return what a result of these bytes says of itself: `steps` holds colouring alone, further ones go before it.

    `card` is None where no colour is predicted.
    """
    digest = hashlib.sha256(data).hexdigest()
    return Provenance(card, digest, (colorized(card, digest, options),) if card else ())


def colorized(card: ModelCard, original_sha256: str, options: ColorizeOptions) -> Step:
    """Return the step of colouring, hints among its options."""
    return Step(
        "colorized",
        {
            "model": f"{card.name} {card.version}",
            "model_sha256": card.weights_sha256,
            "original_sha256": original_sha256,
            "options": json.loads(options.identity()),
        },
    )


def with_film(provenance: Provenance, film: FilmUsed | None) -> Provenance:
    """Return the provenance with the step that freed the light of a film, where there was one."""
    if film is None:
        return provenance
    relit = Step("relit", film.model_dump(mode="json"))
    return replace(provenance, film=film, steps=(*provenance.steps, relit))


def with_series(provenance: Provenance, series: Series | None, options: ColorizeOptions) -> Provenance:
    """Return the provenance with the step towards one set of colours, where the photograph belongs to a series."""
    if series is None or not series.shift:
        return provenance
    told = {"series": series.group, "members": series.members, "consistency": options.consistency}
    return replace(provenance, steps=(*provenance.steps, Step("matched", told)))


def restored(told: Restoration | None) -> tuple[Step, ...]:
    """Return the steps before colour; of turns and the curve, what undoes them."""
    steps = []
    if told and told.straightening and told.straightening.turned:
        way = {"angle": told.straightening.angle, "pixels": "turned by Lanczos, 8 x 8"}
        steps.append(Step("straightened", way))
    if told and told.turning and told.turning.moves:
        steps.append(Step("turned", told.turning.model_dump(mode="json")))
    if told and told.inversion:
        steps.append(Step("inverted", told.inversion.model_dump(mode="json")))
    if told and told.repairs and told.repairs.changed:
        steps.append(Step("repaired", told.repairs.model_dump(mode="json")))
    if told and told.levels:
        steps.append(Step("levelled", told.levels.model_dump(mode="json")))
    return tuple(steps)


def with_steps_before(provenance: Provenance, *steps: Step) -> Provenance:
    """Return the provenance with steps that came before those it has."""
    return replace(provenance, steps=(*steps, *provenance.steps))
