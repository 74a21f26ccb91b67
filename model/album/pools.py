"""What was drawn lately, on a device: batches of it are turned, mirrored, lit anew and blurred there."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import avg_pool2d

from .network import PRINT_CELL, PRINT_SIDE
from .views import Views

Batch = tuple[Tensor, ...]
_GREY = 128.0
_LAST = PRINT_SIDE // PRINT_CELL - 1  # cell of a row


class Ring:
    """The latest rows of several tensors; once it is full, each new row takes the place of the oldest one."""

    def __init__(self, size: int, device: torch.device) -> None:
        self.size, self._device = size, device
        self._kept: list[Tensor] = []
        self.added = 0

    def __len__(self) -> int:
        return min(self.added, self.size)

    def add(self, rows: Sequence[np.ndarray]) -> None:
        """Take rows in: of each tensor (n, ...)."""
        given = [torch.from_numpy(np.ascontiguousarray(each)) for each in rows]
        if not self._kept:
            self._kept = [
                torch.zeros((self.size, *each.shape[1:]), dtype=each.dtype, device=self._device)
                for each in given
            ]
        count = len(given[0])
        places = (torch.arange(self.added, self.added + count) % self.size).to(self._device)
        for kept, each in zip(self._kept, given, strict=True):
            kept[places] = each.to(self._device, non_blocking=True)
        self.added += count

    def draw(self, count: int) -> list[Tensor]:
        """Return so many rows of each, at random."""
        chosen = torch.randint(len(self), (count,), device=self._device)
        return [kept[chosen] for kept in self._kept]


class Pools:
    """Pictures for `Pages` and surroundings for `Sides`."""

    def __init__(self, pages: int, prints: int, device: torch.device) -> None:
        self.pages, self.prints = Ring(pages, device), Ring(prints, device)

    def add(self, drawn: Sequence[Views]) -> None:
        """Take in what was drawn."""
        if not drawn:
            return
        self.pages.add([np.stack([one[i] for one in drawn]) for i in range(4)])
        self.prints.add([np.concatenate([one[i] for one in drawn]) for i in range(4, 7)])

    def draw_pages(self, count: int) -> Batch:
        """Return a batch for `loss_of_pages`."""
        seen, cells, told, is_page = self.pages.draw(count)
        picture, cells, told = _float(seen), cells.long(), told.float()
        turned = [_coin(count, picture.device) for _ in range(2)]
        picture, told = mirrored_pages(picture, told, cells, turned[0])
        picture, told, cells = transposed_pages(picture, told, cells, turned[1])
        lit = relit(picture)
        rows, columns = (
            torch.arange(picture.shape[-1], device=picture.device)[None] < 4 * cells[:, i, None]
            for i in (0, 1)
        )
        within = (rows[:, :, None] & columns[:, None])[:, None]
        lit = torch.where(within, lit, torch.full_like(lit, _GREY))
        return lit, told[:, :4], told[:, 4], told[:, 5], is_page.float()

    def draw_prints(self, count: int) -> Batch:
        """Return a batch for `loss_of_sides`."""
        seen, crossed, is_one = self.prints.draw(count)
        picture, crossed = _float(seen), crossed.float()
        ways = [_coin(count, picture.device) for _ in range(3)]
        picture, crossed = turned_prints(picture, crossed, *ways)
        return relit(picture), crossed, is_one.float()


def _float(seen: Tensor) -> Tensor:
    return seen.permute(0, 3, 1, 2).float()


def _coin(count: int, device: torch.device, chance: float = 0.5) -> Tensor:
    return torch.rand(count, device=device) < chance


def _where(yes: Tensor, one: Tensor, other: Tensor) -> Tensor:
    return torch.where(yes.reshape(-1, *(1,) * (one.dim() - 1)), one, other)


def mirrored_pages(picture: Tensor, told: Tensor, cells: Tensor, yes: Tensor) -> tuple[Tensor, Tensor]:
    """Mirror pictures left to right within their own width."""
    made = [_columns_reversed(each, by * cells[:, 1]) for each, by in ((picture, 4), (told, 1))]
    other = made[1][:, [2, 1, 0, 3, 4, 5]]
    other[:, 4] = -other[:, 4]
    return _where(yes, made[0], picture), _where(yes, other, told)


def _columns_reversed(map_: Tensor, width: Tensor) -> Tensor:
    """Reverse the first columns of maps (n, c, h, w), so many of each."""
    columns = torch.arange(map_.shape[-1], device=map_.device)[None]
    index = torch.where(columns < width[:, None], width[:, None] - 1 - columns, columns)
    return map_.gather(-1, index[:, None, None].expand(map_.shape))


def transposed_pages(
    picture: Tensor, told: Tensor, cells: Tensor, yes: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Mirror pictures about their diagonal; with `mirrored_pages` all eight ways come about."""
    other = told[:, [1, 0, 3, 2, 4, 5]].mT.clone()
    other[:, 4] = -other[:, 4]
    return _where(yes, picture.mT, picture), _where(yes, other, told), _where(yes, cells.flip(-1), cells)


def turned_prints(
    picture: Tensor, crossed: Tensor, across: Tensor, down: Tensor, swapped: Tensor
) -> tuple[Tensor, Tensor]:
    """Mirror surroundings left to right, upside down and about their diagonal, each where a tensor (n) says so."""
    for yes, axis, order in ((across, -1, [2, 1, 0, 3]), (down, -2, [0, 3, 2, 1])):
        # What was the left side is the right one, and the cells of the others follow from the other end.
        mirrored = crossed[:, order]
        moved, still = ([0, 2], [1, 3]) if axis == -1 else ([1, 3], [0, 2])
        mirrored[:, moved] = _LAST - mirrored[:, moved]
        mirrored[:, still] = mirrored[:, still].flip(-1)
        picture, crossed = _where(yes, picture.flip(axis), picture), _where(yes, mirrored, crossed)
    return _where(swapped, picture.mT, picture), _where(swapped, crossed[:, [1, 0, 3, 2]], crossed)


def relit(picture: Tensor) -> Tensor:
    """Change the tones, light, sharpness and grain of pictures (n, 3, h, w), 0..255."""
    count, device = len(picture), picture.device

    def normal(*shape: int) -> Tensor:
        return torch.randn(count, *shape, 1, 1, device=device)

    def uniform(low: float, high: float, *shape: int) -> Tensor:
        return low + (high - low) * torch.rand(count, *shape, 1, 1, device=device)

    x = picture / 255
    x = _where(_coin(count, device, 0.15), x.mean(1, keepdim=True).expand_as(x), x)
    x = _where(_coin(count, device, 0.06), 1 - x, x)  # what is dark must not mean paper
    alike = _coin(count, device, 0.6)
    power, gain, lift = (
        _where(alike, own[:, :1].expand_as(own), own)
        for own in (normal(3) * 0.15, uniform(0.85, 1.08, 3), normal(3))
    )
    x = x.clamp(min=1e-4) ** power.exp() * gain + 0.02 * lift
    across = torch.linspace(-1, 1, x.shape[-1], device=device)
    slope = normal(1) * across + normal(1) * across[:, None]
    x = x * (1 + 0.03 * slope * _coin(count, device, 0.5).reshape(-1, 1, 1, 1))
    soft = avg_pool2d(x, 3, 1, 1, count_include_pad=False)
    x = x + (soft - x) * uniform(-0.4, 0.9, 1) * _coin(count, device, 0.5).reshape(-1, 1, 1, 1)
    x = x + torch.randn_like(x[:, :1]) * (
        uniform(0, 0.018, 1) * _coin(count, device, 0.5).reshape(-1, 1, 1, 1)
    )
    return x.clamp(0, 1) * 255
