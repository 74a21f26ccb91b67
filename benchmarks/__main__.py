"""All measurements as one Markdown report: python -m benchmarks [--megapixels 1 12 48 100] [--photos FOLDER-OR-TAR]."""

import argparse
import platform
import sys
import tempfile
from pathlib import Path

from photochrom.processes.cores import usable_cores

from . import predict, upsampling
from .measuring.measure import Measurement, file_of, in_own_process
from .measuring.scenes import KINDS, MODEL, as_file, scene
from .measuring.table import markdown

_STAGES = ("decode", "predict", "upsample", "encode")
_PEERS = {
    "full-size CIELAB, nearest ab (as DDColor)": "ddcolor-nearest",
    "full-size CIELAB, bilinear ab": "ddcolor-bilinear",
    "full-size Y'UV swap (as DeOldify)": "deoldify",
}


def main() -> None:
    """Measure and print."""
    arguments = _arguments()
    with tempfile.TemporaryDirectory(prefix="photochrom-bench-") as folder:
        parts = _pipeline(Path(folder), arguments.megapixels, arguments.model, arguments.repeats)
    print("\n\n".join([_machine(), *parts]))
    print("\n## The network alone\n\n" + predict.report(arguments.model))
    if arguments.photos:
        print("\n## Upsampling\n\n" + upsampling.report(arguments.photos, arguments.most))


def _pipeline(folder: Path, sizes: list[float], model: Path, repeats: int) -> list[str]:
    ours: dict[tuple[str, float], Measurement] = {}
    floors: dict[tuple[str, float], Measurement] = {}
    peers: dict[tuple[str, float], Measurement] = {}
    for megapixels in sizes:
        pixels = scene(megapixels)
        for kind in KINDS:
            print(f"{megapixels:g} megapixels, {kind} ...", file=sys.stderr)
            path = file_of(folder, kind, megapixels)
            path.write_bytes(as_file(pixels, kind))
            times = repeats if megapixels <= 50 else 1
            ours[kind, megapixels] = in_own_process(
                "benchmarks.pipeline.ours", str(path), str(model), repeats=times
            )
            floors[kind, megapixels] = in_own_process(
                "benchmarks.pipeline.floor", str(path), kind, repeats=times
            )
        jpeg = str(file_of(folder, "JPEG", megapixels))
        for way in _PEERS.values():
            peers[way, megapixels] = in_own_process("benchmarks.pipeline.peers", jpeg, way, repeats=times)
    return [_split(ours, floors), _against_peers(ours, floors, peers, sizes)]


def _split(ours: dict[tuple[str, float], Measurement], floors: dict[tuple[str, float], Measurement]) -> str:
    rows = []
    for (kind, megapixels), cost in sorted(
        ours.items(), key=lambda item: (KINDS.index(item[0][0]), item[0][1])
    ):
        floor = floors[kind, megapixels].without_network
        stages = [f"{cost.seconds.get(stage, 0):.2f}" for stage in _STAGES]
        total = cost.without_network
        memory = [f"{cost.peak_mb:.0f}", f"{cost.peak_mb - cost.start_mb:.0f}"]
        row = [
            kind,
            f"{megapixels:g}",
            *stages,
            f"{total:.2f}",
            f"{floor:.2f}",
            f"{total / floor:.2f}",
            f"{cost.wall:.2f}",
        ]
        rows.append(
            [*row, f"{cost.seconds['network']:.2f}", *memory, f"{cost.bytes_out / cost.bytes_in:.2f}"]
        )
    head = [
        "format",
        "MP",
        *_STAGES,
        "total",
        "floor",
        "total / floor",
        "wall",
        "network",
        "peak MB",
        "of it the photo's",
    ]
    return (
        "## By stage\n\nCPU seconds. `predict` is what surrounds the network, whose own time stands apart. The floor is"
        " decoding the file and encoding the result, by the fastest library that packs as small; JPEG by Pillow."
        " Wall seconds are on all cores, without the network.\n\n"
        + markdown([*head, "result / source bytes"], rows)
    )


def _against_peers(
    ours: dict[tuple[str, float], Measurement],
    floors: dict[tuple[str, float], Measurement],
    peers: dict[tuple[str, float], Measurement],
    sizes: list[float],
) -> str:
    rows = []
    for megapixels in sizes:
        us = ours["JPEG", megapixels].without_network
        ways = {"ours": ours["JPEG", megapixels], "decode and encode by Pillow": floors["JPEG", megapixels]}
        ways |= {name: peers[way, megapixels] for name, way in _PEERS.items()}
        for name, cost in ways.items():
            seconds, memory = cost.without_network, cost.peak_mb - cost.start_mb
            rows.append([f"{megapixels:g}", name, f"{seconds:.2f}", f"{seconds / us:.1f}", f"{memory:.0f}"])
    head = ["MP", "way", "CPU seconds", "to ours", "memory for the photo, MB"]
    return "## JPEG to JPEG, without the network\n\n" + markdown(head, rows)


def _machine() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    name = names[0] if names else platform.processor()
    return (
        f"Measured on {usable_cores()} cores of {name}, Python {platform.python_version()}, one thread each."
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--megapixels", type=float, nargs="+", default=[1, 12, 48, 100])
    parser.add_argument("--model", type=Path, default=MODEL)
    parser.add_argument(
        "--repeats", type=int, default=3, help="runs of which the fastest counts, up to 50 MP"
    )
    parser.add_argument(
        "--photos", type=Path, help="folder or tar of colour photographs, for the upsampling table"
    )
    parser.add_argument("--most", type=int, default=100_000, help="photographs to take at most")
    return parser.parse_args()


if __name__ == "__main__":
    main()
