"""Train the colorizer.

    python -m model.train --config model/configs/standing.toml --photos DIR_OR_TAR --out runs/standing
    torchrun --nproc-per-node 8 -m model.train ...      # one process per GPU, the same arguments

A run writes `last.pt` (everything that `--resume` needs), `log.csv` and sample sheets (grey, result, truth).
Every random draw depends only on the seed and the step, so a resumed run follows the same curve.
"""

import argparse
import copy
import math
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path

import torch
import torch.distributed as dist
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
from .training.augment import augment, crop, draw_windows, generator
from .training.clock import Clock, Stopwatch
from .training.conditions import conditioned, reveal_hints, reveal_palette
from .training.config import RunConfig
from .training.data import HeldPhotos, StreamedPhotos, count_all
from .training.distributed import Ranks
from .training.finish import WINDOW, decoded, evenness_loss, expectation_loss, window_positions
from .training.log import Log
from .training.stored import STRIDE, Stored, enlarge
from .training.teacher import Teacher, taught_loss

Photos = HeldPhotos | StreamedPhotos
PRIOR_BATCHES = 20  # to count the colours of the photographs for the class weights


# ---------------------------------------------------------------- the parts of a run


@dataclass
class Run:
    """The content of a checkpoint."""

    config: RunConfig
    network: Colorizer
    average: Colorizer
    answer: Answer
    optimizer: torch.optim.AdamW
    step: int = 0
    spent: float = 0.0  # seconds of the schedule
    teacher: Teacher | None = None
    watch: Stopwatch = field(default_factory=lambda: Stopwatch("cpu", on=False))

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
            "spent": self.spent,
            "run": self.config.model_dump(),
        }
        with replacing(path) as file:
            torch.save(state, file)

    def resume(self, path: Path) -> None:
        """Take the state of a checkpoint of the same configuration.

        Raises:
            ModelRejected: it is not a checkpoint, or it is one of another network.
        """
        try:
            state = torch.load(path, map_location="cpu", weights_only=True)
            self.network.load_state_dict(state["weights"])
            self.average.load_state_dict(state["average"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.step, self.spent = state["step"], state.get("spent", 0.0)
        except (OSError, KeyError, ValueError, RuntimeError) as error:
            raise ModelRejected(f"Cannot resume from {path}: {error}") from error


def start_run(config: RunConfig, init: str, photos: Photos, device: str) -> Run:
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
    else:  # batch statistics are frozen, too
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


def count_colours(photos: Photos, bins: Tensor, config: RunConfig) -> Tensor:
    """Count (Q,) how often each bin is the nearest colour in some batches of the photographs."""
    targets, counts = SoftTargets(bins), torch.zeros(len(bins))
    for batch, stored in zip(range(PRIOR_BATCHES), photos.batches(0), strict=False):
        _, ab = stored.to("cpu").lab()
        windows = draw_windows(len(ab), generator(config.seed, batch), config.crop)
        index, _ = targets(crop(ab, windows, config.side // STRIDE).permute(0, 2, 3, 1))
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
        fused=True,
    )


def learning_rate(config: RunConfig, step: float) -> float:
    """Linear warm-up, then half a cosine down to `floor` of the highest rate."""
    if step < config.warmup:
        return config.learning_rate * (step + 1) / config.warmup
    progress = (step - config.warmup) / max(1, config.steps - config.warmup)
    cosine = (1 + math.cos(math.pi * min(1.0, progress))) / 2
    return config.learning_rate * (config.floor + (1 - config.floor) * cosine)


# ---------------------------------------------------------------- photographs


def open_photos(config: RunConfig, sources: Sequence[Path], ranks: Ranks) -> Photos:
    """Hold the photographs on the device if they fit in half of its free memory, else stream them.

    Raises:
        PhotoRejected: too few colour photographs.
    """
    batch = max(1, config.batch // ranks.world)
    held = config.held
    if held is None:
        count = min(sum(map(count_all, sources)), config.limit or sys.maxsize)
        held = count * 9 / 8 * config.stored_side**2 < free_memory(ranks.device) / 2
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
    teacher: Path | None = None,
    device: str = "cpu",
    until: int | None = None,
    minutes: float | None = None,
    compiled: bool = False,
    profile: bool = False,
) -> Run:
    """Train up to `config.steps` (or stop before step `until`, to be resumed) and return the run.

    With `minutes` the whole schedule takes that time, whatever a step takes; reading the photographs is not included.

    Raises:
        PhotochromError: photographs or weights are missing or do not fit.
    """
    ranks = Ranks.join(device)
    photos = open_photos(config, sources, ranks)
    run = start_run(config, init, photos, ranks.device)
    if teacher is not None:
        run.teacher = load_teacher(teacher, run, photos, ranks)
    if resume:
        run.resume(out / "last.pt")
    run.watch = Stopwatch(ranks.device, on=profile)
    if compiled:
        compile_parts(run.network)
    descend_along(run, photos, out, ranks, validation, until, minutes, resumed=resume)
    return run


def load_teacher(path: Path, run: Run, photos: Photos, ranks: Ranks) -> Teacher:
    """Load the teacher, and let it remember the photographs if the configuration says so.

    Raises:
        ModelRejected: no weights, weights of other bins, or photographs that are not held.
    """
    teacher = Teacher.load(path, run.network.bins, bf16=in_bf16(run.config, ranks.device))
    if run.config.teacher_remembers:
        if not isinstance(photos, HeldPhotos):
            raise ModelRejected(
                "A teacher can remember only photographs that are held in memory; set held = true."
            )
        teacher.remember(photos.stored, quiet=not ranks.first)
    return teacher


def compile_parts(network: Colorizer) -> None:
    """Compile the parts that every batch uses: the encoder, the context and the decoder (torch.compile)."""
    for name, part in network.named_children():
        if f"{name}." not in CONDITIONS and name != "classify":
            part.compile()


def descend_along(
    run: Run,
    photos: Photos,
    out: Path,
    ranks: Ranks,
    validation: Path | None,
    until: int | None,
    minutes: float | None,
    *,
    resumed: bool,
) -> None:
    """Take all remaining steps of the schedule, and write the run's files on the way."""
    config = run.config
    out.mkdir(parents=True, exist_ok=True)
    model: nn.Module = run.network
    if ranks.world > 1:
        model = DistributedDataParallel(model, find_unused_parameters=True)
    targets = SoftTargets(run.network.bins).to(ranks.device)
    last = min(config.steps, until or config.steps)
    clock = Clock(config, minutes, run.spent, ranks)
    place = clock.at(run.step)
    batches = photos.batches(run.step, ranks.rank, ranks.world)
    with Log(out / "log.csv", config, ranks, photos.size, resume=resumed) as log:
        while place < last:
            with run.watch("photographs"):
                stored = next(batches).to(ranks.device)
            random = generator(config.seed, run.step, ranks.rank, device=ranks.device)
            torch.manual_seed(random.initial_seed())  # for layers with their own random draws
            loss = batch_loss(model, run, stored, targets, random)
            rate = learning_rate(config, place)
            descend(run, loss, rate)
            run.step += 1
            before, place, run.spent = place, clock.at(run.step), clock.spent
            log.step(run.step, loss, rate, None if minutes is None else place)
            if ranks.first and (place // config.save_every > before // config.save_every or place >= last):
                save(run, stored, out, validation, ranks.device, log)


def save(run: Run, stored: Stored, out: Path, validation: Path | None, device: str, log: Log) -> None:
    """Write the checkpoint and a sheet of samples, and measure on the validation photographs."""
    run.save(out / "last.pt")
    write_sheet(run.average, stored.first(8).rgb(), out / f"sample-{run.step:06d}.png")
    if run.watch.on:
        log.end(str(run.watch))
    if validation:
        began = time.monotonic()
        found = validate(out / "last.pt", validation, run.config, device)
        log.validated(run.step, found, time.monotonic() - began)


def batch_loss(
    model: nn.Module, run: Run, stored: Stored, targets: SoftTargets, random: torch.Generator
) -> Tensor:
    """Return the loss of a batch of photographs: a scalar with its graph."""
    config, network = run.config, run.network
    with run.watch("augmentation"):
        batch = augment(stored, config.side, random, smallest=config.crop, age=config.age, film=config.film)
        windows = window_positions(batch.ab, config.windows, random)
        scattered = sparse_positions(batch.ab, config.positions - windows.shape[1], random, windows)
        positions = torch.cat([windows, scattered], 1)
        truth = at_positions(batch.ab, positions)
        hints, palette = None, None
        if config.hints and run.step % config.condition_every == 0:
            hints = reveal_hints(enlarge(batch.ab), config.hints, random)
        if config.palette and run.step % config.condition_every == 0:
            palette = reveal_palette(batch.ab, targets, len(network.bins), config.palette, random)
        lightness = batch.lightness.contiguous(memory_format=torch.channels_last)
    with run.watch("teacher"):
        told = run.teacher.tell(batch, stored.numbers, positions, random) if run.teacher else None
    with (
        run.watch("network"),
        torch.autocast(lightness.device.type, torch.bfloat16, in_bf16(config, lightness.device.type)),
    ):
        outputs = model(lightness, hints, palette, positions).float()  # (B, Q, K, 1)
    with run.watch("loss"):
        logits = outputs[..., 0].transpose(1, 2)
        if told is None:
            loss = run.answer.loss(logits, truth)
        else:
            trust = config.teacher * at_positions(batch.shown, positions)[..., 0]
            trust = trust * ~conditioned(len(truth), hints, palette, truth.device)[:, None]
            loss = taught_loss(logits, truth, targets, network.log_weight, told, trust)
        return loss + decoded_loss(run, outputs, truth) if config.expectation or config.evenness else loss


def in_bf16(config: RunConfig, device: str) -> bool:
    """Return whether matrix products are in bfloat16."""
    return device.startswith("cuda") if config.bf16 is None else config.bf16


def decoded_loss(run: Run, outputs: Tensor, truth: Tensor) -> Tensor:
    """Return the loss of the colours that outputs (B,Q,K,1) decode to, where the truth is (B,K,2)."""
    config, loss = run.config, truth.new_zeros(())
    if config.expectation:
        given = decoded(run.answer, outputs, SETTINGS[0])
        loss = loss + config.expectation * expectation_loss(given, truth)
    if config.evenness:
        shape = (len(truth), config.windows, WINDOW**2, 2)
        in_windows = slice(config.windows * WINDOW**2)
        vivid = decoded(run.answer, outputs[:, :, in_windows], SETTINGS[-1])
        given, true = (x.reshape(shape) for x in (vivid, truth[:, in_windows]))
        loss = loss + config.evenness * evenness_loss(given, true)
    return loss


def descend(run: Run, loss: Tensor, rate: float) -> None:
    """Take one step at a learning rate; a step that is not finite changes nothing.

    Nothing here waits for the device: the optimiser's own kernel reads whether the gradient is finite.
    """
    for group in run.optimizer.param_groups:
        group["lr"] = rate * group["rate"]
    with run.watch("gradient"):
        run.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
    with run.watch("optimizer"):
        norm = nn.utils.clip_grad_norm_(run.network.parameters(), run.config.clip, foreach=True)
        finite = norm.isfinite().float()
        # As torch.amp.GradScaler passes it to a fused optimiser; a plain attribute that is missing in its stub.
        run.optimizer.__dict__["found_inf"] = 1 - finite
        run.optimizer.step()
        # Averaging starts short; otherwise the random start would stay in it for thousands of steps.
        follow(run, min(run.config.average, (1 + run.step) / (10 + run.step)), finite)


@torch.no_grad()
def follow(run: Run, decay: float, finite: Tensor) -> None:
    """Move every weight and statistic of the average towards the network's, unless the step was not finite."""
    kept, new = run.averaged
    ways = torch._foreach_sub(new, kept)  # few kernels, not hundreds
    torch._foreach_mul_(ways, (1 - decay) * finite)
    torch._foreach_add_(kept, ways)


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
    cli.add_argument("--resume", action="store_true", help="continue from OUT/last.pt")
    cli.add_argument("--validation", type=Path, help="photographs to measure at every save")
    cli.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu", help="cuda or cpu")
    cli.add_argument(
        "--teacher", type=Path, help="weights whose answers on clean photographs are learned, too"
    )
    cli.add_argument(
        "--minutes",
        type=float,
        help="minutes for the whole schedule, whatever a step takes: warm-up, rates and saves keep their shares",
    )
    cli.add_argument(
        "--profile", action="store_true", help="report where the time of a step goes; steps are slower"
    )
    cli.add_argument("--until", type=int, help="stop at this step; --resume continues")
    cli.add_argument(
        "--compile",
        dest="compiled",
        action="store_true",
        help="compile the network first (torch.compile): it takes minutes, so only for long runs",
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
