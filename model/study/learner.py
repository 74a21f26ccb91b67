"""One way at work: the encoder, or two of half its width, with the tasks that teach it."""

import torch
from torch import Tensor, nn

from .encoder import Encoder
from .photographs import Batch
from .plans import Plan
from .ways.task import Known, Task


class Learner(nn.Module):
    """An encoder and its tasks.

    Args:
        plan: tasks, and how they share the encoder.
        known: what the tasks may know.
    """

    encoders: nn.ModuleList
    tasks: nn.ModuleList

    def __init__(self, plan: Plan, known: Known) -> None:
        super().__init__()
        self.plan = plan
        count = 2 if plan.mixing == "halves" else 1
        widths = tuple(width // count for width in known.widths)
        self.encoders = nn.ModuleList(Encoder(widths) for _ in range(count))
        self.tasks = nn.ModuleList(task(known._replace(widths=widths)) for task in plan.tasks)

    def forward(self, batch: Batch, step: int, random: torch.Generator) -> Tensor:
        """Return the loss of a step, a scalar."""
        match self.plan.mixing:
            case "joint":
                parts = zip(self.tasks, batch.parts(), strict=True)
                losses = [task(self.encoders[0], part, random) for task, part in parts]
            case "alternating":
                losses = [self.tasks[step % len(self.tasks)](self.encoders[0], batch, random)]
            case _:
                both = zip(self.tasks, self.encoders, strict=True)
                losses = [task(encoder, batch, random) for task, encoder in both]
        return torch.stack(losses).sum()

    @property
    def shared(self) -> tuple[Encoder, tuple[Task, Task]] | None:
        """The encoder that two tasks share, with both; None if no two do."""
        if self.plan.mixing not in ("joint", "alternating"):
            return None
        encoder, (one, other) = self.encoders[0], self.tasks
        assert isinstance(encoder, Encoder)
        assert isinstance(one, Task)
        assert isinstance(other, Task)
        return encoder, (one, other)

    def encoder(self) -> Encoder:
        """Return what was learned, as one encoder."""
        parts = [encoder for encoder in self.encoders if isinstance(encoder, Encoder)]
        return parts[0] if len(parts) == 1 else Encoder.joined(*parts)
