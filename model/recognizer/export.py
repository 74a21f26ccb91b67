"""Write a recognizer as ONNX in fp16, and see that it answers as torch does."""

from pathlib import Path

import onnx

from photochrom.photo.cards.recognizer import RecognizerCard

from .. import export_glances
from .network import SIDE, Recognizer


def build(network: Recognizer, card: RecognizerCard) -> onnx.ModelProto:
    """Turn the network into an ONNX model with the card in its metadata."""
    return export_glances.build(network, card, SIDE, "oldness", "features.stages")


def export(network: Recognizer, card: RecognizerCard, out: Path) -> float:
    """Write the file; return how far its answers are from torch's.

    Raises:
        ModelRejected: they differ by more than `export_glances.TOLERANCE`; nothing is written then.
    """
    return export_glances.write(network, build(network, card), SIDE, out)
