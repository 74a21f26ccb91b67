"""All ways of the study by name: which tasks each learns from, and how two of them share a network."""

from typing import Literal, NamedTuple

from .ways.autoencoder import Autoencoder
from .ways.classes import Classes, Rebalanced
from .ways.denoising import Denoising
from .ways.histograms import Histograms
from .ways.jigsaw import Jigsaw
from .ways.labels import Labels
from .ways.regression import Regression
from .ways.rotation import Rotation
from .ways.task import Task

Mixing = Literal["alone", "joint", "alternating", "halves", "clustering", "nothing"]
"""How the tasks share the network.

joint: each sees its half of every batch, and the losses are added. alternating: every other batch is one's. halves: one
half of the channels belongs to each (Zhang 2017). In all three each photograph that is seen counts, for equal budgets.
clustering and nothing have no tasks.
"""


class Plan(NamedTuple):
    """One way to learn."""

    title: str
    mixing: Mixing = "alone"
    tasks: tuple[type[Task], ...] = ()


SINGLE: dict[str, Plan] = {
    "random": Plan("random initialisation", "nothing"),
    "labels": Plan("labels", tasks=(Labels,)),
    "histograms": Plan("colorization, hue and chroma (Larsson 2016)", tasks=(Histograms,)),
    "classes": Plan("colorization, classes (Zhang 2016, not rebalanced)", tasks=(Classes,)),
    "rebalanced": Plan("colorization, classes rebalanced (Zhang 2016)", tasks=(Rebalanced,)),
    "regression": Plan("colorization, regression", tasks=(Regression,)),
    "rotation": Plan("rotation (Gidaris 2018)", tasks=(Rotation,)),
    "jigsaw": Plan("jigsaw (Noroozi 2016)", tasks=(Jigsaw,)),
    "denoising": Plan("denoising autoencoder", tasks=(Denoising,)),
    "autoencoder": Plan("autoencoder", tasks=(Autoencoder,)),
    "clustering": Plan("layer-wise k-means (Krähenbühl 2016)", "clustering"),
}
SECOND = ("rotation", "jigsaw", "denoising")
"""What colorization is combined with."""
SHARED: tuple[Mixing, ...] = ("joint", "alternating", "halves")
COLORIZATION = "histograms"
"""The way of colorization in all combinations: the thesis' own."""

PLANS = SINGLE | {
    f"{COLORIZATION}+{other}-{mixing}": Plan(
        f"hue and chroma with {other}, {mixing}", mixing, (*SINGLE[COLORIZATION].tasks, *SINGLE[other].tasks)
    )
    for other in SECOND
    for mixing in SHARED
}
"""Every way."""


def parts(way: str) -> tuple[str, ...]:
    """Return the single ways that a way combines; for a single way itself."""
    return tuple(way.rsplit("-", 1)[0].split("+")) if "+" in way else (way,)
