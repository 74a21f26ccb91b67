"""All uses by name."""

from collections.abc import Callable

from ..encoder import Encoder
from ..labelled import Sets
from . import finetune, probe, segment
from .budget import UsesBudget
from .figures import Figure

Use = Callable[[Encoder, Sets, UsesBudget, int], list[Figure]]
USES: dict[str, Use] = {"probe": probe.run, "finetune": finetune.run, "segment": segment.run}
