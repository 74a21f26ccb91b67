"""How many views fit into some minutes: every way and every use is timed, and then all ways get as many views."""

import time
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import torch

from photochrom.errors import ModelRejected

from .budget import Budget
from .encoder import Encoder
from .labelled import Sets
from .learn import Learning
from .material import Material
from .plans import PLANS
from .uses.every import USES

_WARM, _TIMED = 3, 10  # steps of a way: the first ones choose their kernels
_RESERVE = 0.1  # of the minutes, for what is not timed: clustering, files, and a machine that has other work


class Costs(NamedTuple):
    """What a budget costs on this machine, in seconds."""

    photograph: Mapping[str, float]  # by way: one view of one photograph in learning
    use: Mapping[str, float]  # by use: trying one encoder

    def learning(self, budget: Budget) -> float:
        """Return the seconds that one view of every run takes."""
        return sum(self.photograph.get(way, 0.0) for way, _ in budget.runs())

    def uses(self, budget: Budget) -> float:
        """Return the seconds of all uses of all runs; snapshots are probed, too."""
        runs = budget.runs()
        halts = sum(len(budget.snapshots) for way, _ in runs if way in budget.decisive and PLANS[way].tasks)
        return len(runs) * sum(self.use.values()) + halts * self.use["probe"]


def measure(budget: Budget, material: Material, sets: Sets) -> Costs:
    """Time some steps of every way, and every use once; what was learned is thrown away."""
    learning = [way for way in budget.ways if PLANS[way].tasks]
    return Costs(
        {way: seconds_of_a_view(way, budget, material) for way in learning},
        {use: _seconds_of_a_use(use, budget, sets) for use in USES},
    )


def fitting(budget: Budget, costs: Costs, seconds: float) -> Budget:
    """Return the budget with the views that fit into so many seconds; it never has more than before.

    Raises:
        ModelRejected: the uses alone take so long that not one step is left for learning.
    """
    left = seconds * (1 - _RESERVE) - costs.uses(budget)
    views = int(left / costs.learning(budget)) if costs.learning(budget) else budget.views
    if views < budget.batch:
        raise ModelRejected(
            f"The time is too short: of {seconds:.0f} seconds the uses of {len(budget.runs())} runs take "
            f"{costs.uses(budget):.0f}. Give more --minutes, fewer ways, or a budget with smaller uses."
        )
    return budget.model_copy(update={"views": min(budget.views, views)})


def said_of(budget: Budget, costs: Costs) -> str:
    """Say how the time is spent."""
    learning = budget.views * costs.learning(budget)
    runs = [way for way, _ in budget.runs()]
    mean = sum(way in costs.photograph for way in runs) / costs.learning(budget)
    return (
        f"{budget.views:,} views for each way: learning takes {learning:.0f} s at {mean:,.0f} photographs/s, "
        f"the uses of {len(runs)} runs {costs.uses(budget):.0f} s"
    )


def seconds_of_a_view(way: str, budget: Budget, material: Material) -> float:
    """Time one view of one photograph in learning."""
    endless = budget.model_copy(update={"views": 10**9})
    with TemporaryDirectory() as folder:
        learning = Learning(way, 0, material, endless, Path(folder), quiet=True)
        learning.learn(until=_WARM)
        began = time.monotonic()
        learning.learn(until=_WARM + _TIMED)  # it ends by reading the loss, so a GPU has done its work
        return (time.monotonic() - began) / (_TIMED * budget.batch)


def _seconds_of_a_use(use: str, budget: Budget, sets: Sets) -> float:
    encoder = Encoder(budget.widths).to(sets.train.lightness.device)
    torch.manual_seed(0)
    began = time.monotonic()
    USES[use](encoder, sets, budget.uses, 0)  # it ends with figures, so a GPU has done its work
    return time.monotonic() - began
