"""Train the colorizer.

    python -m model.train --config model/configs/standing.toml --photos DIR_OR_TAR --out runs/standing
    torchrun --nproc-per-node 8 -m model.train ...      # one process per GPU, the same arguments

A run writes `last.pt` (everything to go on: `--resume`), `log.csv` and sample sheets (grey, result, truth).
Every random draw depends on the seed and the step alone, so a resumed run follows the same curve.
"""

import argparse
import copy
import math
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path

import torch
import torch.distributed as dist
import torch.nn.functional as F  # noqa: N812 - torch's own custom
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from photochrom.errors import ModelRejected, PhotochromError
from photochrom.files import replacing

from .answers import Answer, answer_of
from .checkpoint import load_network, network_config
from .evaluate import evaluate
from .imagenet import load_imagenet
from .inherit import inherit
from .losses import SoftTargets, at_positions, class_weights, color_bins, sparse_positions, zhang_bins
from .measuring.samples import write_sheet
from .network import CONDITIONS, PALETTE, Colorizer, set_drop_path
from .predict import SETTINGS, TorchPredict
from .training.augment import augment, generator
from .training.conditions import reveal_hints, reveal_palette
from .training.config import RunConfig
from .training.data import HeldPhotos, StreamedPhotos, count_photos
from .training.distributed import Ranks
from .training.finish import WINDOW, decoded, evenness_loss, expectation_loss, window_positions
from .training.log import Log

PRIOR_BATCHES = 20  # to count the colours of the photographs for the class weights


# ---------------------------------------------------------------- what a run is made of


@dataclass
class Run:
    """Everything that a checkpoint holds."""

    config: RunConfig
    network: Colorizer
    average: Colorizer
    answer: Answer
    optimizer: torch.optim.AdamW
    step: int = 0

    @cached_property
    def averaged(self) -> tuple[list[Tensor], list[Tensor]]:
        """The numbers of the average, and those of the network that they follow."""
        pairs = zip(self.average.state_dict().values(), self.network.state_dict().values(), strict=True)
        kept, new = zip(*(pair for pair in pairs if pair[0].is_floating_point()), strict=True)
        return list(kept), list(new)

    def save(self, path: Path) -> None:
        """Write the checkpoint so that a crash leaves the old one."""
        state = {
            "network": asdict(self.network.config),
            "average": self.average.state_dict(),
            "weights": self.network.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "run": self.config.model_dump(),
        }
        with replacing(path) as file:
            torch.save(state, file)

    def resume(self, path: Path) -> None:
        """Take the state of a checkpoint of the same configuration.

        Raises:
            ModelRejected: no checkpoint, or one of another network.
        """
        try:
            state = torch.load(path, map_location="cpu", weights_only=True)
            self.network.load_state_dict(state["weights"])
            self.average.load_state_dict(state["average"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.step = state["step"]
        except (OSError, KeyError, ValueError, RuntimeError) as error:
            raise ModelRejected(f"Cannot resume from {path}: {error}") from error


def start_run(config: RunConfig, init: str, photos: "Photos", device: str) -> Run:
    """Build the network from `init` (`imagenet`, `scratch` or a file of weights) and its optimiser.

    Raises:
        ModelRejected: the weights are missing or do not fit.
    """
    torch.manual_seed(config.seed)
    if init in ("imagenet", "scratch"):
        bins = color_bins() if config.bins == "srgb" else zhang_bins()
        counts = count_colours(photos, bins, config)
        log_weight = class_weights(counts, power=config.rebalance, ceiling=config.ceiling).log()
        network = Colorizer(bins, log_weight, network_config(config.network))
        if init == "imagenet":
            load_imagenet(network.encoder, network.config.encoder)
    else:
        network = begin(load_network(Path(init)), config)
    set_drop_path(network, config.drop_path)
    network = network.to(device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    if config.learn == "all":
        network.train()
        network.encoder.freeze(config.frozen)
        for layer in network.modules():
            if config.still_norms and isinstance(layer, nn.BatchNorm2d):
                layer.eval()
    else:  # statistics of batches stand still, too
        network.eval()
        for name, parameter in network.named_parameters():
            parameter.requires_grad_(name.startswith(PALETTE if config.learn == "palette" else CONDITIONS))
    average = copy.deepcopy(network).eval().requires_grad_(False)
    return Run(config, network, average, answer_of(network), adamw(network, config))


def begin(old: Colorizer, config: RunConfig) -> Colorizer:
    """Return the network to train: `old`, or one of the shape that the configuration gives it, see `inherit`."""
    shape = network_config(asdict(old.config) | config.network)
    if shape == old.config:
        return old
    inherited = inherit(old, shape)
    sys.stderr.write(f"The network changes its shape: {inherited}\n")
    return inherited.network


def count_colours(photos: "Photos", bins: Tensor, config: RunConfig) -> Tensor:
    """Count (Q,) how often each bin is the nearest colour in some batches of the photographs."""
    targets, counts = SoftTargets(bins), torch.zeros(len(bins))
    for batch, squares in zip(range(PRIOR_BATCHES), photos.batches(0), strict=False):
        seen = augment(squares.cpu(), config.side, generator(config.seed, batch), age=False)
        index, _ = targets(F.avg_pool2d(seen.ab, 4).permute(0, 2, 3, 1))
        counts += torch.bincount(index[..., 0].flatten(), minlength=len(bins))
    return counts


def adamw(network: Colorizer, config: RunConfig) -> torch.optim.AdamW:
    """AdamW with a lower rate for the pretrained encoder, and no decay of biases and norms."""
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in network.named_parameters():
        if not parameter.requires_grad:
            continue
        rate = config.encoder_rate if name.startswith("encoder.") else 1.0
        rate = config.condition_rate if name.startswith(CONDITIONS) else rate
        decay = config.weight_decay if parameter.ndim > 1 else 0.0
        groups.setdefault((rate, decay), []).append(parameter)
    return torch.optim.AdamW(
        [{"params": group, "weight_decay": decay, "rate": rate} for (rate, decay), group in groups.items()],
        lr=config.learning_rate,
        betas=(0.9, 0.99),
        fused=next(network.parameters()).is_cuda,
    )


def learning_rate(config: RunConfig, step: int) -> float:
    """Linear warm-up, then half a cosine down to `floor` of the highest rate."""
    if step < config.warmup:
        return config.learning_rate * (step + 1) / config.warmup
    progress = (step - config.warmup) / max(1, config.steps - config.warmup)
    cosine = (1 + math.cos(math.pi * min(1.0, progress))) / 2
    return config.learning_rate * (config.floor + (1 - config.floor) * cosine)


# ---------------------------------------------------------------- photographs

Photos = HeldPhotos | StreamedPhotos


def open_photos(config: RunConfig, sources: Sequence[Path], ranks: Ranks) -> Photos:
    """Hold the photographs on the device if they fit in half of its free memory, else stream them.

    Raises:
        PhotoRejected: too few colour photographs.
    """
    batch = max(1, config.batch // ranks.world)
    held = config.held
    if held is None:
        count = min(sum(map(count_photos, sources)), config.limit or sys.maxsize)
        held = count * 3 * config.stored_side**2 < free_memory(ranks.device) / 2
    if held:
        side, limit = config.stored_side, config.limit
        return HeldPhotos.load(sources, side, batch, config.seed, ranks.device, limit, quiet=not ranks.first)
    return StreamedPhotos(sources, config.stored_side, batch, config.seed, config.workers)


def free_memory(device: str) -> int:
    """Return the free bytes of the device."""
    if device.startswith("cuda"):
        return torch.cuda.mem_get_info(device)[0]
    return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


# ---------------------------------------------------------------- the loop


def train(
    config: RunConfig,
    sources: Sequence[Path],
    out: Path,
    *,
    init: str = "imagenet",
    resume: bool = False,
    validation: Path | None = None,
    device: str = "cpu",
    until: int | None = None,
    compiled: bool = False,
) -> Run:
    """Train up to `config.steps` (or stop before step `until`, to be resumed) and return the run.

    Raises:
        PhotochromError: photographs or weights are missing or do not fit.
    """
    ranks = Ranks.join(device)
    photos = open_photos(config, sources, ranks)
    run = start_run(config, init, photos, ranks.device)
    if resume:
        run.resume(out / "last.pt")
    out.mkdir(parents=True, exist_ok=True)
    model: nn.Module = run.network
    if compiled:
        model = torch.compile(model)  # type: ignore[assignment]
    if ranks.world > 1:
        model = DistributedDataParallel(model, find_unused_parameters=True)
    targets = SoftTargets(run.network.bins).to(ranks.device)
    last = min(config.steps, until or config.steps)
    with Log(out / "log.csv", config, ranks, photos.size, resume=resume) as log:
        for squares in photos.batches(run.step, ranks.rank, ranks.world):
            if run.step >= last:
                break
            random = generator(config.seed, run.step, ranks.rank, device=ranks.device)
            torch.manual_seed(random.initial_seed())  # for the layers that draw by themselves
            loss = batch_loss(model, run, squares.to(ranks.device, non_blocking=True), targets, random)
            rate = descend(run, loss)
            run.step += 1
            log.step(run.step, loss, rate)
            if ranks.first and (run.step % config.save_every == 0 or run.step == last):
                run.save(out / "last.pt")
                write_sheet(run.average, squares[:8], out / f"sample-{run.step:06d}.png")
                if validation:
                    began = time.monotonic()
                    found = validate(out / "last.pt", validation, config, ranks.device)
                    log.validated(run.step, found, time.monotonic() - began)
    return run


def batch_loss(
    model: nn.Module, run: Run, squares: Tensor, targets: SoftTargets, random: torch.Generator
) -> Tensor:
    """Return the loss of uint8 squares (B,3,S,S): a scalar with its graph."""
    config, network = run.config, run.network
    conditioned = run.step % config.condition_every == 0
    batch = augment(squares, config.side, random, smallest=config.crop, age=config.age)
    ab = F.avg_pool2d(batch.ab, 4)  # the network answers at stride 4
    windows = window_positions(ab, config.windows, random)
    scattered = sparse_positions(ab, config.positions - windows.shape[1], random, windows)
    positions = torch.cat([windows, scattered], 1)
    hints, palette = None, None
    if config.hints and conditioned:
        hints = reveal_hints(batch.ab, config.hints, random)
    if config.palette and conditioned:
        palette = reveal_palette(ab, targets, len(network.bins), config.palette, random)
    lightness = batch.lightness.to(memory_format=torch.channels_last)
    bf16 = squares.is_cuda if config.bf16 is None else config.bf16
    with torch.autocast(squares.device.type, torch.bfloat16, enabled=bf16):
        outputs = model(lightness, hints, palette, positions)  # (B, Q, K, 1)
    outputs, truth = outputs.float(), at_positions(ab, positions)
    loss = run.answer.loss(outputs[..., 0].transpose(1, 2), truth)
    return loss + decoded_loss(run, outputs, truth) if config.expectation or config.evenness else loss


def decoded_loss(run: Run, outputs: Tensor, truth: Tensor) -> Tensor:
    """Return the loss of the colours that outputs (B,Q,K,1) decode to, where the truth is (B,K,2)."""
    config, loss = run.config, truth.new_zeros(())
    if config.expectation:
        given = decoded(run.answer, outputs, SETTINGS[0])
        loss = loss + config.expectation * expectation_loss(given, truth)
    if config.evenness:
        shape = (len(truth), config.windows, WINDOW**2, 2)
        vivid = decoded(run.answer, outputs, SETTINGS[-1])
        given, true = (x[:, : shape[1] * shape[2]].reshape(shape) for x in (vivid, truth))
        loss = loss + config.evenness * evenness_loss(given, true)
    return loss


def descend(run: Run, loss: Tensor) -> float:
    """Take one step and return its learning rate; a step that is not finite changes nothing."""
    rate = learning_rate(run.config, run.step)
    for group in run.optimizer.param_groups:
        group["lr"] = rate * group["rate"]
    run.optimizer.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    norm = nn.utils.clip_grad_norm_(run.network.parameters(), run.config.clip)
    if torch.isfinite(norm):
        run.optimizer.step()
        # Averaging starts short, or the random start would stay in it for thousands of steps.
        follow(run, min(run.config.average, (1 + run.step) / (10 + run.step)))
    return rate


@torch.no_grad()
def follow(run: Run, decay: float) -> None:
    """Move every weight and statistic of the average towards the network's."""
    kept, new = run.averaged
    torch._foreach_lerp_(kept, new, 1 - decay)  # one kernel, not hundreds


def validate(checkpoint: Path, photos: Path, config: RunConfig, device: str) -> dict[str, float]:
    """Return the figures of the averaged weights at both ends of the vividness scale."""
    predict, limit, hints = TorchPredict(checkpoint, device), config.validation_limit, config.validation_hints
    report, _ = evaluate(predict, photos, limit=limit, hints=hints)
    faithful, *_, vivid = report["settings"]
    return {
        "psnr_faithful": faithful["psnr"],
        "rmse_ab_faithful": faithful["rmse_ab"],
        "psnr_vivid": vivid["psnr"],
        "colourfulness_vivid": vivid["colourfulness"],
    }


# ---------------------------------------------------------------- command line


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    cli = argparse.ArgumentParser(
        prog="python -m model.train",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    cli.add_argument("--config", type=Path, required=True, help="a TOML file, see model/configs/")
    cli.add_argument(
        "--photos",
        type=Path,
        nargs="+",
        required=True,
        help="folders (searched recursively) or tars of photographs",
    )
    cli.add_argument("--out", type=Path, required=True, help="folder of the run, for example runs/mine")
    cli.add_argument(
        "--init",
        default="imagenet",
        help="imagenet (default): an EfficientNet-Lite encoder; scratch; or weights: a .pt or an exported .onnx",
    )
    cli.add_argument("--resume", action="store_true", help="go on from OUT/last.pt")
    cli.add_argument("--validation", type=Path, help="photographs to measure at every save")
    cli.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu", help="cuda or cpu")
    cli.add_argument("--until", type=int, help="stop at this step; --resume goes on")
    cli.add_argument(
        "--compile",
        dest="compiled",
        action="store_true",
        help="compile the network first (torch.compile): minutes at the start, for long runs",
    )
    return cli


def main(arguments: list[str] | None = None) -> int:
    """Run the command; return its exit code."""
    options = vars(parser().parse_args(arguments))
    try:
        config = RunConfig.read(options.pop("config"))
        train(config, options.pop("photos"), **options)
    except PhotochromError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    finally:
        if dist.is_initialized():
            dist.destroy_process_group()
    return 0


if __name__ == "__main__":
    sys.exit(main())
