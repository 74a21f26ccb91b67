"""Let a recognizer also tell what it sees at each place: the last map of the encoder's first stages, levelled.

    python -m model.recognizer.places FILE --photos DIR

Photographs of one series are found by it (`workers.series`). The map is what the recognizer averages anyway, so this
costs nothing when nobody asks for it. Each channel is freed of its mean and spread over ordinary photographs: a
channel that is high everywhere would make all places alike. The weights, and so the card's hash, stay as they are.
"""

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from photochrom.errors import ModelRejected

from .network import SIDE
from .photographs import clean

Vector = NDArray[np.float32]
PLACES = "places"
METADATA = "photochrom.recognizer.places"
_SEEN = "seen"
_LEAST = 1e-3


def with_places(model: onnx.ModelProto, mean: Vector, spread: Vector) -> onnx.ModelProto:
    """Return the model with one output more: (N, C, h, w), each channel less its mean and over its spread.

    Args:
        model: of `model.recognizer.export`.
        mean: (C,), of each channel.
        spread: (C,), of each channel.

    Raises:
        ModelRejected: it is no recognizer, or tells its places already.
    """
    told = onnx.ModelProto()
    told.CopyFrom(model)
    if METADATA in {entry.key for entry in told.metadata_props}:
        raise ModelRejected("This recognizer tells its places already.")
    constants = {"places.mean": mean, "places.spread": np.maximum(spread, _LEAST)}
    for name, values in constants.items():
        shaped = np.asarray(values, np.float32).reshape(1, -1, 1, 1)
        told.graph.initializer.append(numpy_helper.from_array(shaped, name))
    told.graph.node.extend(
        [
            helper.make_node("Sub", [_seen(told), "places.mean"], ["places.levelled"]),
            helper.make_node("Div", ["places.levelled", "places.spread"], [PLACES]),
        ]
    )
    shape: list[str | int | None] = ["n", len(mean), SIDE // 16, SIDE // 16]
    told.graph.output.append(helper.make_tensor_value_info(PLACES, onnx.TensorProto.FLOAT, shape))
    entry = told.metadata_props.add()
    entry.key, entry.value = METADATA, f"{len(mean)} {SIDE // 16}"
    onnx.checker.check_model(told, full_check=True)
    return told


def measure(model: onnx.ModelProto, looks: Iterable[Vector]) -> tuple[Vector, Vector]:
    """Return mean and spread (C,) of the map's channels over glances (SIDE, SIDE) at photographs."""
    open_model = onnx.ModelProto()
    open_model.CopyFrom(model)
    open_model.graph.output.append(helper.make_empty_tensor_value_info(_seen(model)))
    session = ort.InferenceSession(open_model.SerializeToString(), providers=["CPUExecutionProvider"])
    sums: list[NDArray[np.float64]] = []
    for look in looks:
        seen = session.run([_seen(model)], {"lightness": look[None, None]})[0][0].astype(np.float64)
        sums.append(np.stack([seen.mean((1, 2)), np.square(seen).mean((1, 2))]))
    mean, squares = np.mean(sums, axis=0)
    return mean.astype(np.float32), np.sqrt(np.maximum(squares - mean**2, 0)).astype(np.float32)


def _seen(model: onnx.ModelProto) -> str:
    """Return the name of the encoder's last map: what the first mean is taken of."""
    means = [node for node in model.graph.node if node.op_type == "ReduceMean"]
    if not means or not any(item.name == "oldness" for item in model.graph.output):
        raise ModelRejected("This is no file of model.recognizer.")
    return str(means[0].input[0])


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    cli = argparse.ArgumentParser(prog="python -m model.recognizer.places", description=__doc__)
    cli.add_argument("file", type=Path, help="a recognizer, which is written anew")
    cli.add_argument("--photos", type=Path, required=True, help="tars of photographs, as for training")
    cli.add_argument("--count", type=int, default=1000, help="photographs to measure on")
    return cli


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit code."""
    given = parser().parse_args(arguments)
    try:
        model = onnx.load(given.file)
        told = with_places(model, *measure(model, clean(given.photos, given.count)))
    except ModelRejected as error:
        sys.stderr.write(f"{error}\n")
        return 1
    given.file.write_bytes(told.SerializeToString(deterministic=True))
    return 0


if __name__ == "__main__":
    sys.exit(main())
