import pytest
import torch

from model.losses import color_bins
from model.measuring.aged import aged_table, colours_of, measure_aged
from model.measuring.scans import KINDS
from model.predict import Setting
from model.training.augment import generator
from model.training.draws import Draws


class RedWhereLight:
    """Answers with a* of half the lightness that it sees."""

    bins = color_bins()

    def __call__(
        self,
        lightness: torch.Tensor,
        hints: torch.Tensor,
        settings: tuple[Setting, ...],
        palette: torch.Tensor | None = None,
    ) -> list[tuple[torch.Tensor, torch.Tensor]]:
        small = torch.nn.functional.avg_pool2d(lightness, 4) / 2
        ab = torch.cat([small, torch.zeros_like(small)], 1)
        return [(ab, torch.ones_like(small)) for _ in settings]


@pytest.fixture
def scene() -> torch.Tensor:
    """A photograph (3,256,256) of CIELAB with edges, as `RedWhereLight` would colour it."""
    rows, columns = torch.meshgrid(torch.linspace(0, 1, 256), torch.linspace(0, 1, 256), indexing="ij")
    lightness = 50 + 45 * torch.sin(9 * rows + 4 * torch.sin(11 * columns))
    return torch.stack([lightness, lightness / 2, torch.zeros_like(lightness)])


@pytest.mark.parametrize("kind", ["faded", "dark", "mounted", "panorama"])
def test_what_can_be_undone_costs_little(scene: torch.Tensor, kind: str) -> None:
    scan = KINDS[kind](scene[None], Draws(1, generator(1)))
    ab, notes = colours_of(scan, RedWhereLight())
    assert notes
    error = (ab - scene[None, 1:]).square().mean().sqrt()
    assert error < 4


def test_ages_are_the_same_in_every_run_and_the_table_starts_with_the_clean(scene: torch.Tensor) -> None:
    one, other = (measure_aged(RedWhereLight(), iter([scene])) for _ in range(2))
    assert one == other
    assert [row.kind for row in one] == list(KINDS)
    assert one[0].noticed == 0
    assert aged_table(one).splitlines()[2].startswith("| clean |")
