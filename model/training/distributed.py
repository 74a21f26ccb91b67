"""One training process among those that `torchrun` started."""

import os
from dataclasses import dataclass

import torch
import torch.distributed as dist


@dataclass(frozen=True)
class Ranks:
    """This process among those that `torchrun` started; the only one without it."""

    rank: int
    world: int
    device: str

    @classmethod
    def join(cls, device: str) -> "Ranks":
        """Join the group of processes that torchrun's environment names."""
        world = int(os.environ.get("WORLD_SIZE", "1"))
        if world == 1:
            return cls(0, 1, device)
        local = int(os.environ["LOCAL_RANK"])
        if device == "cuda":
            torch.cuda.set_device(local)
        dist.init_process_group("nccl" if device == "cuda" else "gloo")
        return cls(dist.get_rank(), world, f"cuda:{local}" if device == "cuda" else device)

    @property
    def first(self) -> bool:
        """Whether this process logs and writes files for all."""
        return self.rank == 0
