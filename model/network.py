"""The whole colorizer, top to bottom: lightness in, a distribution over ab bins out, and its decoding.

    lightness -> encoder (strides 4, 8, 16, 32) -> attention on the stride-32 map
              -> decoder up to stride 4 -> logits over Q bins -> decode -> a*, b*, confidence

Hints and palette enter through layers without bias that start at zero: an absent one (all zero) adds
exactly nothing, whatever the layers learned. So they can be trained separately, after all else.
"""

from dataclasses import dataclass
from typing import Any, Literal

import torch
import torch.nn.functional as F  # noqa: N812 - torch's own custom
from torch import Tensor, nn

CONFIDENCE_SCALE = 25.0
"""Expected ab error at which `confidence` has fallen to 1/e."""


@dataclass(frozen=True)
class Stage:
    """One row of the EfficientNet table: `repeats` inverted bottlenecks."""

    repeats: int
    channels: int
    kernel: int
    stride: int
    expansion: int = 6


def _stages(repeats: tuple[int, ...], channels: tuple[int, ...]) -> tuple[Stage, ...]:
    kernels, strides, expansions = (3, 3, 5, 3, 5, 5, 3), (1, 2, 2, 2, 1, 2, 1), (1, 6, 6, 6, 6, 6, 6)
    return tuple(map(Stage, repeats, channels, kernels, strides, expansions))


# EfficientNet-Lite (Tan and Le 2019, "Lite" of 2020: ReLU6, no squeeze-and-excitation, fixed stem).
ENCODERS: dict[str, tuple[Stage, ...]] = {
    "lite2": _stages((1, 3, 3, 4, 4, 5, 1), (16, 24, 48, 88, 120, 208, 352)),
    "lite0": _stages((1, 2, 2, 3, 3, 4, 1), (16, 24, 40, 80, 112, 192, 320)),
    "tiny": _stages((1, 1, 1, 1, 1, 1, 1), (8, 8, 16, 16, 24, 32, 48)),  # for tests
}
HISTOGRAM = 32
"""Bins of hue and bins of chroma (Larsson et al. 2016)."""
TAPS = {4: 1, 8: 2, 16: 4, 32: 6}  # stride -> the last stage at that stride


@dataclass(frozen=True)
class NetworkConfig:
    """The shape of the network; stored with the weights."""

    encoder: str = "lite2"
    context: int = 384  # width of the attention blocks
    blocks: int = 4
    heads: int = 8
    decoder: tuple[int, int, int] = (256, 256, 160)  # channels at strides 16, 8, 4
    # The lean decoder (configs/lean.toml), at the same strides; None is the decoder of the weights up to 1.4:
    narrow: tuple[int, int, int] | None = None  # channels that are enlarged
    squeeze: tuple[int, int, int] | None = (
        None  # channels between a 3x3 layer and the 1x1 layer that widens again
    )
    hints: int = 48  # hidden channels of the hints' and the palette's layers
    spread: tuple[int, int] = (4, 16)  # heads and their width, to spread hints to similar positions
    # For comparison with other ways (configs/larsson.toml, configs/l2.toml):
    head: Literal["unet", "hypercolumns"] = "unet"
    columns: int = 512  # width of the hypercolumns
    answer: Literal["classes", "hue_chroma", "ab"] = "classes"  # see answers.py

    def outputs(self, bins: int) -> int:
        """Return the channels of the last layer."""
        return {"classes": bins, "hue_chroma": 2 * HISTOGRAM, "ab": 2}[self.answer]


# ---------------------------------------------------------------- encoder


class SameConv(nn.Conv2d):
    """Convolution without bias, padded as TensorFlow's SAME is for even sides: the odd pixel right and below."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1) -> None:
        before, after = (kernel - stride) // 2, (kernel - stride + 1) // 2
        even = before == after  # then the convolution pads itself, without a copy of its input
        super().__init__(inputs, outputs, kernel, stride, before if even else 0, groups=groups, bias=False)
        self.pads = () if even else (before, after, before, after)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = super().forward(F.pad(x, self.pads) if self.pads else x)
        return y


def encoder_norm(channels: int) -> nn.BatchNorm2d:
    """Batch norm with TensorFlow's eps, which the ImageNet weights were trained with."""
    return nn.BatchNorm2d(channels, eps=1e-3)


def drop_path(branch: Tensor, share: float) -> Tensor:
    """Skip a residual branch (N,...) for a share of the batch, in training (Huang et al. 2016)."""
    if not share:
        return branch
    kept = torch.rand(len(branch), *[1] * (branch.ndim - 1), device=branch.device) >= share
    return branch * kept / (1 - share)


class Bottleneck(nn.Module):
    """Inverted bottleneck (Sandler et al. 2018): expand 1x1, depthwise, project 1x1 without activation."""

    drop = 0.0  # set by training, see `set_drop_path`

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        hidden = inputs * expansion
        self.expand = SameConv(inputs, hidden, 1) if expansion > 1 else None
        self.expand_norm = encoder_norm(hidden) if expansion > 1 else None
        self.depthwise = SameConv(hidden, hidden, kernel, stride, groups=hidden)
        self.depthwise_norm = encoder_norm(hidden)
        self.project = SameConv(hidden, outputs, 1)
        self.project_norm = encoder_norm(outputs)
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        y = x
        if self.expand is not None and self.expand_norm is not None:
            y = F.relu6(self.expand_norm(self.expand(y)))
        y = F.relu6(self.depthwise_norm(self.depthwise(y)))
        projected: Tensor = self.project_norm(self.project(y))
        return x + drop_path(projected, self.drop * self.training) if self.residual else projected


class Encoder(nn.Module):
    """EfficientNet-Lite without its classifier; returns the maps at strides 4, 8, 16 and 32."""

    def __init__(self, stages: tuple[Stage, ...]) -> None:
        super().__init__()
        self.stem = SameConv(3, 32, 3, 2)
        self.stem_norm = encoder_norm(32)
        self.stages = nn.ModuleList()
        inputs = 32
        for stage in stages:
            blocks = nn.Sequential()
            for repeat in range(stage.repeats):
                stride = stage.stride if repeat == 0 else 1
                blocks.append(Bottleneck(inputs, stage.channels, stage.kernel, stride, stage.expansion))
                inputs = stage.channels
            self.stages.append(blocks)
        self.channels = {stride: stages[tap].channels for stride, tap in TAPS.items()}

    def freeze(self, stages: int) -> None:
        """Keep the stem and the first stages as they are, weights and statistics; 0 keeps nothing."""
        for part in [self.stem, self.stem_norm, *self.stages[:stages]] if stages else []:
            part.requires_grad_(False).eval()

    def forward(self, x: Tensor) -> dict[int, Tensor]:  # (N, 3, H, W)
        x = F.relu6(self.stem_norm(self.stem(x)))  # (N, 32, H/2, W/2)
        maps = {}
        for index, stage in enumerate(self.stages):
            x = stage(x)
            maps[index] = x
        return {stride: maps[tap] for stride, tap in TAPS.items()}  # (N, C, H/stride, W/stride) each


# ---------------------------------------------------------------- global context


class Attention(nn.Module):
    """Pre-norm transformer block (Vaswani et al. 2017) that starts as the identity."""

    drop = 0.0  # set by training, see `set_drop_path`

    def __init__(self, width: int, heads: int, ratio: int = 3) -> None:
        super().__init__()
        self.heads = heads
        self.attend_norm = nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.mlp_norm = nn.LayerNorm(width)
        self.widen = nn.Linear(width, ratio * width)
        self.narrow = nn.Linear(ratio * width, width)
        for layer in (self.out, self.narrow):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, x: Tensor) -> Tensor:  # (N, T, C)
        qkv = self.qkv(self.attend_norm(x)).unflatten(-1, (3, self.heads, -1))  # (N, T, 3, heads, C/heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)  # (N, heads, T, C/heads) each
        y = F.scaled_dot_product_attention(q, k, v)
        x = x + drop_path(self.out(y.transpose(1, 2).flatten(2)), self.drop * self.training)
        mlp: Tensor = self.narrow(F.gelu(self.widen(self.mlp_norm(x))))
        return x + drop_path(mlp, self.drop * self.training)


class Context(nn.Module):
    """Global context: attention on the stride-32 map, so that every position sees the whole photograph.

    Position comes from a depthwise convolution, so that any size works.
    """

    def __init__(self, inputs: int, width: int, blocks: int, heads: int) -> None:
        super().__init__()
        self.enter = nn.Conv2d(inputs, width, 1)
        self.position = nn.Conv2d(width, width, 3, padding=1, groups=width)
        self.blocks = nn.Sequential(*(Attention(width, heads) for _ in range(blocks)))

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:  # (N, inputs, h, w), (N, width, h, w)
        x = self.enter(x) + condition
        x = x + self.position(x)
        tokens: Tensor = self.blocks(x.flatten(2).transpose(1, 2))  # (N, h*w, width)
        return tokens.transpose(1, 2).reshape(x.shape)


# ---------------------------------------------------------------- hints and palette


def pool_hints(hints: Tensor, stride: int) -> Tensor:
    """Reduce hints (N,3,H,W) to (N,3,H/stride,W/stride): mean ab/100 of the hinted pixels, and their mask."""
    ab, mask = hints[:, :2] / 100, hints[:, 2:]
    share = F.avg_pool2d(mask, stride)
    return torch.cat([F.avg_pool2d(ab * mask, stride) / share.clamp(min=1e-6), F.max_pool2d(mask, stride)], 1)


class HintLayer(nn.Module):
    """The hints' input at one stride; no biases, so no hints add exactly nothing."""

    def __init__(self, stride: int, hidden: int, outputs: int) -> None:
        super().__init__()
        self.stride = stride
        self.look = nn.Conv2d(3, hidden, 3, padding=1, bias=False)
        self.tell = nn.Conv2d(hidden, outputs, 3, padding=1, bias=False)
        nn.init.zeros_(self.tell.weight)

    def forward(self, hints: Tensor) -> Tensor:
        tell: Tensor = self.tell(F.gelu(self.look(pool_hints(hints, self.stride))))
        return tell


class HintSpread(nn.Module):
    """Spread hints to positions that look similar, as evidence for the bins near the hints' colours.

    Attention whose keys are the hinted cells of 8 px. Likeness is closeness of learned features and of position
    in one exponent (as colorization by optimisation likens neighbours, Levin et al. 2004); a null beside the
    keys wins where no hint resembles the position. The output of a head is a Gaussian over ab, whose logarithm is
    added to the logits: its centre is the mean colour of the hints, its precision the share that they won from the
    null. Without hints the null wins everything and the precision is exactly zero.
    """

    STRIDE, CELLS = 8, 128  # of more hinted cells than CELLS a scattered part is left out
    UNIT = 5.0  # ab; gain 1 believes a hint as the soft targets believe the truth (sigma 5)

    def __init__(self, inputs: int, heads: int, width: int) -> None:
        super().__init__()
        self.heads = heads
        self.look = nn.Conv2d(inputs + 1, heads * width, 1, bias=False)
        self.reach = nn.Parameter(torch.linspace(-2.5, -0.5, heads))  # log of sigma, in sides of a square
        self.pull = nn.Parameter(torch.full((heads,), 2.0))  # a perfect match's logit; the null's is 0
        self.gain = nn.Parameter(torch.zeros(heads))

    def forward(
        self, x: Tensor, lightness: Tensor, hints: Tensor, bins: Tensor, positions: Tensor | None = None
    ) -> Tensor:
        """Return what to add to the logits: (N,Q,h,w), or (N,Q,K,1) at positions (N,K).

        Args:
            x: (N,C,h,w), the decoder's last map, at stride 4.
            lightness: (N,1,H,W), L* in 0..100.
            hints: (N,3,H,W).
            bins: (Q,2).
            positions: flat places in the map of h x w, or None for all.
        """
        places = self.places(x, F.avg_pool2d(lightness, 4))  # (N, heads*D, h, w)
        keys, told = self.cells(places, hints)  # (N, heads*D, K), (N, 3, K)
        queries = places.flatten(2) if positions is None else pick(places.flatten(2), positions)
        alike = self.alike(queries, keys) + torch.where(told[:, None, :1] > 0, 0.0, -1e4)
        null = alike.new_zeros(1).expand(*alike.shape[:3], 1)
        shares = torch.cat([alike, null], -1).softmax(-1)[..., :-1]  # (N, heads, P, K), exactly 0 unhinted
        answer = shares @ told.transpose(1, 2)[:, None]  # (N, heads, P, 3): precision, precision * colour
        answer = torch.einsum("nhpc,h->ncp", answer, self.gain)
        shape = x.shape[2:] if positions is None else (positions.shape[1], 1)
        unit = bins / self.UNIT
        evidence = torch.cat([-unit.square().sum(1, keepdim=True) / 2, unit], 1)  # (Q, 3)
        return F.conv2d(answer.reshape(answer.shape[0], 3, *shape), evidence[..., None, None])

    def places(self, x: Tensor, lightness: Tensor) -> Tensor:
        """Return the features (N,heads*D,h,w) whose squared distances are unlikeness, position among them."""
        norm = F.layer_norm(x.movedim(1, -1), x.shape[1:2]).movedim(-1, 1)
        looks = self.look(torch.cat([norm, lightness / 25 - 2], 1)).unflatten(1, (self.heads, -1))
        ones = torch.ones_like(lightness)
        side = ones.sum((1, 2, 3), keepdim=True).sqrt()
        grid = torch.cat([ones.cumsum(2), ones.cumsum(3)], 1) / side  # (N, 2, h, w), in sides
        placed = grid[:, None] * torch.exp(-self.reach)[:, None, None, None]
        return torch.cat([looks, placed], 2).flatten(1, 2)

    def cells(self, places: Tensor, hints: Tensor) -> tuple[Tensor, Tensor]:
        """Return features (N,heads*D,K) and (mask, a*, b*) / UNIT of K cells, the hinted ones first."""
        share = F.avg_pool2d(hints[:, 2:], 4)
        hinted = F.avg_pool2d(places * share, 2) / F.avg_pool2d(share, 2).clamp(min=1e-6)
        pooled = pool_hints(hints, self.STRIDE)
        ab, mask = pooled[:, :2] * 100 / self.UNIT, pooled[:, 2:]
        scattered = (torch.ones_like(mask).flatten(1).cumsum(1) * 0.618034) % 1
        order = F.pad(mask.flatten(1) * (1 + scattered), (0, self.CELLS)).topk(self.CELLS, 1).indices
        cells = torch.cat([mask, mask * ab, hinted], 1).flatten(2)
        cells = pick(F.pad(cells, (0, self.CELLS)), order)
        return cells[:, 3:], cells[:, :3]

    def alike(self, queries: Tensor, keys: Tensor) -> Tensor:
        """Return pull - |q - k|^2 / 2: (N,heads,P,K) of (N,heads*D,P) and (N,heads*D,K)."""
        q, k = (x.reshape(x.shape[0], self.heads, -1, x.shape[2]).transpose(2, 3) for x in (queries, keys))
        squares = q.square().sum(-1, keepdim=True) + k.square().sum(-1)[:, :, None]
        alike: Tensor = self.pull[:, None, None] - squares / 2 + q @ k.transpose(2, 3)
        return alike


class _Pick(torch.autograd.Function):
    """Gather at distinct positions: the slope is written back, where `gather` adds it atomically."""

    @staticmethod
    def forward(ctx: Any, maps: Tensor, index: Tensor) -> Tensor:
        ctx.save_for_backward(index)
        ctx.places = maps.shape[2]
        return maps.gather(2, index)

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor) -> tuple[Tensor, None]:
        (slope,), (index,) = slopes, ctx.saved_tensors
        return slope.new_zeros(*slope.shape[:2], ctx.places).scatter_(2, index, slope), None


def pick(maps: Tensor, positions: Tensor) -> Tensor:
    """Gather maps (N,C,P) at positions (N,K), distinct in each row: (N,C,K)."""
    index = positions[:, None].expand(-1, maps.shape[1], -1)
    if torch.onnx.is_in_onnx_export() or not maps.requires_grad:
        return maps.gather(2, index)
    picked: Tensor = _Pick.apply(maps, index)  # type: ignore[no-untyped-call]
    return picked


class PaletteLayer(nn.Module):
    """The input of an ab histogram (N,Q) to every position: (N,width,1,1); no biases, see `HintLayer`."""

    def __init__(self, bins: int, hidden: int, outputs: int) -> None:
        super().__init__()
        self.look = nn.Linear(bins, hidden, bias=False)
        self.tell = nn.Linear(hidden, outputs, bias=False)
        nn.init.zeros_(self.tell.weight)

    def forward(self, palette: Tensor) -> Tensor:
        # The root makes rare colours visible (Hellinger's distance between histograms).
        share = palette / palette.sum(1, keepdim=True).clamp(min=1e-6)
        tell: Tensor = self.tell(F.gelu(self.look(share.sqrt())))
        return tell[:, :, None, None]


# ---------------------------------------------------------------- decoder and the whole


class Squeezed(nn.Sequential):
    """A 3x3 layer of low rank: one to few channels, and a 1x1 layer that widens them."""

    def __init__(self, inputs: int, few: int, outputs: int) -> None:
        look = nn.Conv2d(inputs, few, 3, padding=1, bias=False)
        tell = nn.Conv2d(few, outputs, 1, bias=False)
        super().__init__(look, tell)

    @property
    def factors(self) -> tuple[nn.Conv2d, nn.Conv2d]:
        """The 3x3 layer and the 1x1 layer."""
        look, tell = self
        assert isinstance(look, nn.Conv2d)
        assert isinstance(tell, nn.Conv2d)
        return look, tell


def wide_layer(inputs: int, outputs: int, squeeze: int | None) -> nn.Conv2d | Squeezed:
    """Return a 3x3 layer, through `squeeze` channels if that is a number."""
    if squeeze is None:
        return nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
    return Squeezed(inputs, squeeze, outputs)


class Up(nn.Module):
    """One step of the U-Net decoder (Ronneberger et al. 2015): twice the size, the encoder's map beside it.

    A lean step narrows the map before it enlarges it: a 1x1 layer and bilinear enlarging commute, so the layer costs
    a quarter there. And its 3x3 layers are squeezed: of low rank, which trained ones nearly are (docs/lab/lean.md).
    """

    def __init__(
        self, inputs: int, skip: int, outputs: int, narrow: int | None = None, squeeze: int | None = None
    ) -> None:
        super().__init__()
        self.narrow = nn.Conv2d(inputs, narrow, 1, bias=False) if narrow else None
        self.merge = wide_layer((narrow or inputs) + skip, outputs, squeeze)
        self.merge_norm = nn.BatchNorm2d(outputs)
        self.refine = wide_layer(outputs, outputs, squeeze)
        self.refine_norm = nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        x = F.relu(self.merge_norm(self.merge(self.enter(x, skip))))
        return F.relu(self.refine_norm(self.refine(x)))

    def enter(self, x: Tensor, skip: Tensor) -> Tensor:
        """Return the map at twice its size and the encoder's, one behind the other."""
        x = x if self.narrow is None else self.narrow(x)
        x = F.interpolate(x, scale_factor=2.0, mode="bilinear", align_corners=False)
        return torch.cat([x, skip], 1)


class Hypercolumns(nn.Module):
    """The maps of all strides side by side at stride 4, and one layer over them (Hariharan et al. 2015).

    Enlarging bilinearly and a 1x1 layer commute, so each map passes its part of the layer at its own size and
    the parts are added after enlarging (Larsson et al. 2016): exact, for a fraction of the cost.
    """

    def __init__(self, channels: dict[int, int], width: int) -> None:
        super().__init__()
        self.parts = nn.ModuleDict(
            {str(stride): nn.Conv2d(count, width, 1, bias=stride == 4) for stride, count in channels.items()}
        )

    def forward(self, maps: dict[int, Tensor]) -> Tensor:
        parts = [self.parts[str(stride)](map_) for stride, map_ in maps.items()]
        size = maps[4].shape[2:]
        enlarged = [F.interpolate(part, size, mode="bilinear", align_corners=False) for part in parts]
        return F.relu(torch.stack(enlarged).sum(0))


def set_drop_path(network: nn.Module, share: float) -> None:
    """Make training skip residual branches: the deepest with probability `share`, the first almost never."""
    blocks = [module for module in network.modules() if isinstance(module, (Bottleneck, Attention))]
    for depth, block in enumerate(blocks, 1):
        block.drop = share * depth / len(blocks)


PALETTE = ("palette.", "palette_bins.")
"""Names of the weights that only palettes use."""
CONDITIONS = ("hint4.", "hint8.", "hint16.", "hint32.", "spread.", *PALETTE)
"""Names of the weights that only hints and palettes use."""


class Colorizer(nn.Module):
    """Predict the distribution of colour at every fourth pixel.

    Args:
        bins: (Q,2) a*, b* of the classes.
        log_weight: (Q,) log of the class weights of training, which decoding can undo; zeros for none.
        config: the shape.
    """

    bins: Tensor
    log_weight: Tensor

    def __init__(self, bins: Tensor, log_weight: Tensor, config: NetworkConfig | None = None) -> None:
        super().__init__()
        self.config = config = config or NetworkConfig()
        self.register_buffer("bins", bins.float())
        self.register_buffer("log_weight", log_weight.float())
        self.encoder = Encoder(ENCODERS[config.encoder])
        skips = self.encoder.channels
        width16, width8, width4 = config.decoder
        if config.head == "hypercolumns":
            width4 = config.columns
            self.columns = Hypercolumns(skips, width4)
        else:
            self.context = Context(skips[32], config.context, config.blocks, config.heads)
            narrow, squeeze = (lean or (None, None, None) for lean in (config.narrow, config.squeeze))
            self.up16 = Up(config.context, skips[16], width16, narrow[0], squeeze[0])
            self.up8 = Up(width16, skips[8], width8, narrow[1], squeeze[1])
            self.up4 = Up(width8, skips[4], width4, narrow[2], squeeze[2])
        outputs = config.outputs(len(bins))
        self.classify = nn.Conv2d(width4, outputs, 1)
        self.hint4 = HintLayer(4, config.hints, skips[4])
        self.hint8 = HintLayer(8, config.hints, skips[8])
        self.hint16 = HintLayer(16, config.hints, skips[16])
        self.hint32 = HintLayer(32, config.hints, config.context)
        # Evidence for bins is useful only for an answer in bins.
        self.spread = HintSpread(width4, *config.spread) if config.answer == "classes" else None
        self.palette = PaletteLayer(len(bins), config.hints, config.context)
        self.palette_bins = PaletteLayer(len(bins), config.hints, outputs)

    def forward(
        self,
        lightness: Tensor,
        hints: Tensor | None = None,
        palette: Tensor | None = None,
        positions: Tensor | None = None,
    ) -> Tensor:
        """Return logits (N,Q,H/4,W/4), or (N,Q,K,1) at K positions only; Q is `config.outputs` in general.

        Args:
            lightness: (N,1,H,W), L* in 0..100; H and W multiples of 32.
            hints: (N,3,H,W), a*, b* and a 0/1 mask; None is all zero.
            palette: (N,Q), an ab histogram over the bins; None is all zero.
            positions: (N,K), flat places in the map of H/4 x W/4 (training needs no more).
        """
        x = self.last_map(lightness, hints, palette)
        return self.tell(x, lightness, hints, palette, positions)

    def last_map(
        self, lightness: Tensor, hints: Tensor | None = None, palette: Tensor | None = None
    ) -> Tensor:
        """Return the input of the last layer, (N,C,H/4,W/4)."""
        maps, condition = self.see(lightness, hints, palette)
        last: Tensor = (
            self.columns(maps) if self.config.head == "hypercolumns" else self.decoder(maps, condition)
        )
        return last

    def see(
        self, lightness: Tensor, hints: Tensor | None = None, palette: Tensor | None = None
    ) -> tuple[dict[int, Tensor], Tensor]:
        """Return the encoder's maps by stride, hints added, and what the context is told, (N,context,h,w) or (1,)."""
        maps = self.encoder(((lightness / 100 * 255 - 127) / 128).expand(-1, 3, -1, -1))
        condition = maps[32].new_zeros(1)
        if palette is not None:
            condition = condition + self.palette(palette)
        if hints is not None:
            condition = condition + self.hint32(hints)
            maps[16] = maps[16] + self.hint16(hints)
            maps[8] = maps[8] + self.hint8(hints)
            maps[4] = maps[4] + self.hint4(hints)
        return maps, condition

    def tell(
        self,
        x: Tensor,
        lightness: Tensor,
        hints: Tensor | None = None,
        palette: Tensor | None = None,
        positions: Tensor | None = None,
    ) -> Tensor:
        """Return the logits that follow from the last map, as `forward` does."""
        logits: Tensor = self.classify(x if positions is None else pick(x.flatten(2), positions)[..., None])
        if hints is not None and self.spread is not None:
            logits = logits + self.spread(x, lightness, hints, self.bins, positions)
        if palette is not None:
            logits = logits + self.palette_bins(palette)
        return logits

    def decoder(self, maps: dict[int, Tensor], condition: Tensor) -> Tensor:
        """Return the last map (N,C,H/4,W/4) of the encoder's maps."""
        return self.enlarge(self.context(maps[32], condition), maps)

    def enlarge(self, x: Tensor, maps: dict[int, Tensor]) -> Tensor:
        """Return the last map (N,C,H/4,W/4) of the context's (N,context,H/32,W/32) and the encoder's."""
        x = self.up16(x, maps[16])
        x = self.up8(x, maps[8])
        last: Tensor = self.up4(x, maps[4])
        return last


# ---------------------------------------------------------------- decoding


def decode(
    logits: Tensor, bins: Tensor, log_weight: Tensor, temperature: Tensor, vividness: Tensor
) -> tuple[Tensor, Tensor]:
    """Choose the colours: ab (N,2,h,w) and a confidence (N,1,h,w) in 0..1 from logits (N,Q,h,w).

    Training made rare colours `exp(log_weight)` times as important, so softmax(logits) overrates them by that
    factor. `vividness` 1 keeps it so, 0 undoes it, between mixes. `temperature` anneals the mean (Zhang et al.
    2016): 1 is the expectation, towards 0 the likeliest bin.

    Confidence is exp(-s / 25), s being the root mean square distance in ab between the answer and the truth if
    the truth is drawn from the network's own unweighted distribution: the network's estimate of its error. So
    1 is certain, .37 an error of 25, and `-25 * log(confidence)` gives the estimate back. The hue's resultant
    length (Larsson 2016) does not follow the error: grey walls, which are easy, have no hue (docs/lab/confidence.md).
    """
    # With the bins last a softmax runs along memory, which is fifteen times as fast in ONNX Runtime.
    logits = logits.permute(0, 2, 3, 1)  # (N, h, w, Q)
    chosen = ((logits - (1 - vividness) * log_weight) / temperature).softmax(-1)
    ab = chosen @ bins  # (N, h, w, 2)
    honest = (logits - log_weight).softmax(-1)
    # E|c - ab|^2 = E|c|^2 - 2 ab.E[c] + |ab|^2, without a (Q,h,w) array of distances.
    moment = honest @ torch.cat([bins, bins.square().sum(1, True)], 1)  # (N, h, w, 3)
    square = moment[..., 2:] - 2 * (ab * moment[..., :2]).sum(-1, True) + ab.square().sum(-1, True)
    confidence = torch.exp(-square.clamp(min=0).sqrt() / CONFIDENCE_SCALE)
    return ab.permute(0, 3, 1, 2), confidence.permute(0, 3, 1, 2)


class Predictor(nn.Module):
    """Network and decoding in one: what is exported; all inputs as in `photochrom.photo.cards.model.ModelCard`."""

    def __init__(self, network: Colorizer) -> None:
        super().__init__()
        self.network = network

    def forward(
        self, lightness: Tensor, hints: Tensor, palette: Tensor, temperature: Tensor, vividness: Tensor
    ) -> tuple[Tensor, Tensor]:
        logits = self.network(lightness, hints, palette).float()
        return decode(logits, self.network.bins, self.network.log_weight, temperature, vividness)
