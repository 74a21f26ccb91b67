"""Write a turner as ONNX, its trunk in fp16, and see that it answers as torch does."""

from pathlib import Path

from photochrom.photo.cards.turner import TurnerCard

from .. import export_glances
from .network import SIDE, Turner


def export(network: Turner, card: TurnerCard, out: Path) -> float:
    """Write the file; return how far its answers are from torch's.

    Raises:
        ModelRejected: they differ by more than `export_glances.TOLERANCE`; nothing is written then.
    """
    model = export_glances.build(network, card, SIDE, "upright", "trunk.stages")
    return export_glances.write(network, model, SIDE, out)
