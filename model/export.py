"""Export a checkpoint to the ONNX file that the workers run, and verify that both give the same colours.

The file is deterministic: the same weights and card (and photographs, for int8) give the same bytes. In fp16
filters and matrices are stored as float16 (half the size) and cast to float32 when a session loads; the
arithmetic stays float32. The weights keep their names, so training can start from the file again
(`model.checkpoint`). int8 is for CPUs with 8-bit arithmetic (`model.shipping.quantize`).
"""

import argparse
import copy
import hashlib
import json
import sys
import tempfile
import tomllib
import warnings
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import onnx
import torch
from onnx import numpy_helper

from photochrom.errors import ModelRejected, PhotochromError
from photochrom.photo.cards.model import Figures, ModelCard
from photochrom.progress import Line

from .checkpoint import NETWORK_KEY, load_network
from .network import Colorizer, Predictor
from .shipping.parity import INPUTS, OUTPUTS, Inputs, cases, example, parity, rounding
from .shipping.quantize import calibration_inputs, quantize
from .shipping.skip import skip_hints

OPSET = 18
IR_VERSION = 10
PREFIX = "network."  # of the weights inside Predictor

Precision = Literal["fp16", "fp32", "int8"]


def weights_sha256(weights: Mapping[str, np.ndarray]) -> str:
    r"""Hash the weights as stored: for every name in sorted order the name, dtype, shape and raw bytes.

    Each of the first three is UTF-8 text ended by a zero byte, e.g. `classify.bias\0float32\0(259,)\0`;
    the values follow little-endian in C order.
    """
    digest = hashlib.sha256()
    for name, array in sorted(weights.items()):
        for text in (name, str(array.dtype), str(array.shape)):
            digest.update(text.encode() + b"\0")
        digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


def stored_weights(network: torch.nn.Module, precision: str, halved: str = "") -> dict[str, np.ndarray]:
    """Return the weights as the file stores them: in fp16, vectors (biases, norms, bins) still keep 32 bits.

    Where `halved` is given, so does every weight whose name does not begin with it.
    """
    weights = {}
    for name, tensor in network.state_dict().items():
        if not name.endswith("num_batches_tracked"):
            array = tensor.detach().cpu().float().numpy()
            halve = precision == "fp16" and array.ndim > 1 and name != "bins" and name.startswith(halved)
            weights[name] = array.astype(np.float16) if halve else array
    return weights


def build(network: Colorizer, card: ModelCard) -> onnx.ModelProto:
    """Turn the network into an ONNX model with the card in its metadata.

    Raises:
        ModelRejected: the tracer dropped an input or a weight.
    """
    weights = stored_weights(network, card.precision)
    model = _trace(network)
    skip_hints(model.graph)
    store(model, weights)
    _describe(model, card, weights, {NETWORK_KEY: json.dumps(asdict(network.config), sort_keys=True)})
    return model


def build_int8(network: Colorizer, card: ModelCard, inputs: list[Inputs]) -> onnx.ModelProto:
    """Turn the network into an ONNX model with 8-bit convolutions, see `quantize`.

    Its weights are rounded too much for training, so the file does not name the network that they belong to.

    Raises:
        ModelRejected: see `build`.
    """
    model = quantize(build(network, card), inputs)
    weights = {item.name: numpy_helper.to_array(item) for item in model.graph.initializer}
    _describe(model, card, weights, {})
    return model


def _describe(
    model: onnx.ModelProto, card: ModelCard, weights: Mapping[str, np.ndarray], extra: dict[str, str]
) -> None:
    card = card.model_copy(update={"weights_sha256": weights_sha256(weights)})
    onnx.helper.set_model_props(model, {**card.to_metadata(), **extra})
    onnx.checker.check_model(model, full_check=True)
    if tuple(value.name for value in model.graph.input) != INPUTS:
        raise ModelRejected("The exported graph lost an input.")


def _trace(network: Colorizer) -> onnx.ModelProto:
    from torch.export import Dim  # loads as much as torch itself, for tracing alone

    n, h, w = Dim("n", min=1, max=64), Dim("h", min=4, max=32), Dim("w", min=4, max=32)
    size = {0: n, 2: 32 * h, 3: 32 * w}
    shapes = (size, size, {0: n}, None, None)
    return traced(Predictor(network).cpu(), example(network, 2, 128, 192), INPUTS, OUTPUTS, shapes)


def traced(
    answer: torch.nn.Module,
    given: tuple[torch.Tensor, ...],
    inputs: tuple[str, ...],
    outputs: tuple[str, ...],
    shapes: tuple[dict[int, Any] | None, ...],
    opset: int = OPSET,
) -> onnx.ModelProto:
    """Return the graph of a module whose weights are those of its child `network`; `store` puts them in.

    Args:
        answer: on the CPU.
        given: an example of each input.
        inputs: their names, in order.
        outputs: names of what it returns.
        shapes: for each input, which of its axes may have another size (`torch.export.Dim`).
        opset: version of ONNX's operators.
    """
    with (
        warnings.catch_warnings(),
        tempfile.TemporaryDirectory() as folder,
        # What is remembered of sizes that are symbols is seldom asked for again: a fifth of the time.
        torch._dynamo.config.patch(fake_tensor_cache_enabled=False),
    ):
        warnings.simplefilter("ignore")
        program = torch.onnx.export(
            answer.float().eval(),
            given,
            input_names=inputs,
            output_names=outputs,
            dynamic_shapes=shapes,
            opset_version=opset,
            dynamo=True,
            optimize=False,  # see simplify
            verbose=False,
        )
        assert program is not None
        program.save(Path(folder) / "traced.onnx")
        model = onnx.load(Path(folder) / "traced.onnx")
    return without_traces(simplify(model))


def simplify(model: onnx.ModelProto) -> onnx.ModelProto:
    """Fold constants but not weights: weights that are folded together lose the names that training needs.

    The optimiser must not see their values, so they pass through it as inputs.
    """
    graph = model.graph
    inputs = list(graph.input)
    weights = [item for item in graph.initializer if item.name.startswith(PREFIX)]
    constants = [item for item in graph.initializer if not item.name.startswith(PREFIX)]
    del graph.initializer[:]
    graph.initializer.extend(constants)
    graph.input.extend(
        onnx.helper.make_tensor_value_info(item.name, item.data_type, item.dims) for item in weights
    )
    import onnxscript.optimizer  # as `Dim` in `_trace`

    model = onnxscript.optimizer.optimize(model)
    del model.graph.input[:]
    model.graph.input.extend(inputs)
    model.graph.initializer.extend(weights)
    return model


def without_traces(model: onnx.ModelProto) -> onnx.ModelProto:
    """Drop stack traces and versions: they carry paths of this machine and differ between runs."""
    graph = model.graph
    model.producer_name, model.producer_version = "photochrom", ""
    model.ir_version = IR_VERSION
    graph.name = "photochrom"
    del model.metadata_props[:], graph.metadata_props[:], graph.value_info[:]
    for item in (*graph.node, *graph.input, *graph.output, *graph.initializer):
        del item.metadata_props[:]
        item.doc_string = ""
    return model


def store(model: onnx.ModelProto, weights: Mapping[str, np.ndarray]) -> None:
    """Put `weights` in place of the traced initializers; halved ones get a Cast behind them.

    Raises:
        ModelRejected: the graph does not have exactly these weights.
    """
    graph = model.graph
    constants = [item for item in graph.initializer if not item.name.startswith(PREFIX)]
    traced = {item.name.removeprefix(PREFIX) for item in graph.initializer} - {c.name for c in constants}
    if traced != weights.keys():
        raise ModelRejected(f"The exported graph misses {sorted(weights.keys() ^ traced)}.")
    del graph.initializer[:]
    graph.initializer.extend(constants)
    casts = []
    for name, array in weights.items():
        graph.initializer.append(numpy_helper.from_array(array, name))
        casts.append(
            onnx.helper.make_node(
                "Cast", [name], [PREFIX + name], name=f"cast.{name}", to=onnx.TensorProto.FLOAT
            )
            if array.dtype == np.float16
            else onnx.helper.make_node("Identity", [name], [PREFIX + name], name=f"keep.{name}")
        )
    nodes = list(graph.node)
    del graph.node[:]
    graph.node.extend([*casts, *nodes])


def export(network: Colorizer, card: ModelCard, out: Path, calibrate: Path | None = None) -> str:
    """Write `out` in the card's precision and return a sentence with its difference from torch's answers.

    Args:
        network: the weights as trained.
        card: see `read_card`.
        out: the file.
        calibrate: photographs, which int8 needs.

    Raises:
        ModelRejected: see `build`, `parity` and `rounding`; nothing is written then.
        PhotoRejected: see `calibration_inputs`.
    """
    with Line() as line:
        if card.precision == "int8":
            if calibrate is None:
                raise ModelRejected("int8 needs photographs to calibrate with: give --calibrate.")
            inputs = calibration_inputs(calibrate, network.bins)
            line.show(f"tracing, and finding the ranges of {len(inputs)} photographs: two minutes or so")
            model, statement = build_int8(network, card, inputs), ""
        else:
            line.show("tracing the network: a minute or so")
            model, inputs = build(network, card), list(cases(network))
            line.show("comparing its answers with torch's")
            largest = parity(rounded(network, card.precision), model)
            statement = f"at most {largest:.4f} in ab from torch with the same weights, "
        moved = rounding(network, model, card.precision, inputs)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_bytes(model.SerializeToString(deterministic=True))
    return f"{statement}{moved:.4f} (root mean square) from the weights as trained"


def rounded(network: Colorizer, precision: str) -> Colorizer:
    """Return a copy whose weights are those of the file, rounding included."""
    stored = stored_weights(network, precision)
    copied = copy.deepcopy(network)
    copied.load_state_dict(
        {k: torch.from_numpy(v.astype(np.float32)) for k, v in stored.items()}, strict=False
    )
    return copied


# ---------------------------------------------------------------- command line


def read_card(path: Path, network: Colorizer, precision: Precision, reports: list[Path]) -> ModelCard:
    """Complete the card's TOML with what the network knows and the figures of evaluation reports.

    Raises:
        ModelRejected: a file is missing or not valid.
    """
    try:
        fields = tomllib.loads(path.read_text())
        figures = [row for report in reports for row in _figures(report)]
        bins = tuple((float(a), float(b)) for a, b in network.bins)
        return ModelCard(
            **fields, bins=bins, precision=precision, figures=tuple(figures), weights_sha256="0" * 64
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelRejected(f"The card {path} is not valid: {error}") from error


def _figures(report: Path) -> list[Figures]:
    content = json.loads(report.read_text())
    shared = {"photos_name": report.stem, "photos": content["photos"]}
    return [
        Figures(**shared, **{k: round(v, 3) for k, v in row.items() if k in Figures.model_fields})
        for row in content["settings"]
    ]


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    cli = argparse.ArgumentParser(prog="python -m model.export", description=__doc__.split("\n")[0])
    cli.add_argument(
        "--checkpoint", type=Path, required=True, help="a .pt of model.train, or an exported .onnx"
    )
    cli.add_argument("--card", type=Path, required=True, help="TOML: name, version, training, license, ...")
    cli.add_argument("--out", type=Path, required=True, help="the .onnx to write")
    cli.add_argument("--precision", choices=get_args(Precision), default="fp16", help="of the stored weights")
    cli.add_argument(
        "--calibrate",
        type=Path,
        help="folder or tar of photographs that int8 takes its ranges from (the first 64)",
    )
    cli.add_argument(
        "--figures",
        type=Path,
        nargs="*",
        default=[],
        help="reports of `model.evaluate --json`, each named after its photographs (val.json)",
    )
    return cli


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit code."""
    options = parser().parse_args(arguments)
    try:
        network = load_network(options.checkpoint)
        card = read_card(options.card, network, options.precision, options.figures)
        statement = export(network, card, options.out, options.calibrate)
    except PhotochromError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{options.out}: {options.out.stat().st_size / 1e6:.1f} MB, {statement}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
