"""How many labelled photographs the uses really have: a set may hold fewer than the budget asks for."""

from pydantic import BaseModel, ConfigDict

from .labelled import Sets
from .uses.budget import UsesBudget
from .uses.finetune import share_of_labels


class Sizes(BaseModel):
    """Counts of photographs; they stand in `budget.json` beside the budget."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    classes: int
    train: int  # the uses learn from them
    validation: int  # accuracies are measured on them
    tuned: dict[
        float, int
    ]  # by share of the labels: one of each class at least, so a small share may be larger
    frames: int  # CamVid's
    test_frames: int

    def share(self, nominal: float) -> float:
        """Return the true share of the labels that stands behind a share of the budget."""
        return self.tuned[nominal] / self.train if nominal in self.tuned else nominal

    @classmethod
    def of(cls, sets: Sets, uses: UsesBudget) -> "Sizes":
        """Count what a budget finds in the labelled sets."""
        train = sets.train.first(uses.train).labels
        return cls(
            classes=int(sets.train.labels.max()) + 1,
            train=len(train),
            validation=len(sets.validation.first(uses.validation).labels),
            tuned={share: len(share_of_labels(train, share, 0)) for share in uses.shares},
            frames=len(sets.frames.evenly(uses.frames).labels),
            test_frames=len(sets.test_frames.evenly(uses.test_frames).labels),
        )
