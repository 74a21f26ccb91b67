import copy
import logging
import queue
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from model.album.draw import draw_one
from model.album.losses import loss_of_pages, loss_of_sides
from model.album.network import Pages, Sides
from model.album.pools import Batch, Pools
from model.album.train import Ends, Learner, Pace, train
from model.album.views import Views, views
from model.album.weights import read
from workers.network.onnx_file import shipped

PHOTOGRAPHS = np.random.default_rng(1).integers(0, 256, (4, 256, 256, 3)).astype(np.uint8)


@pytest.fixture(scope="module")
def drawn() -> list[Views]:
    return [views(draw_one(PHOTOGRAPHS, seed), np.random.default_rng(seed)) for seed in range(3)]


class Steps(Ends):
    """Ends after so many steps, whatever they take."""

    def __init__(self, steps: int) -> None:
        super().__init__(1, None)
        self._left, self._steps = steps, steps

    @property
    def place(self) -> float:
        self._left -= 1
        return 1 - (self._left + 1) / self._steps


def _run(drawn: list[Views], out: Path, ends: Ends) -> dict[str, Learner]:
    pools, waiting = Pools(4, 64, torch.device("cpu")), queue.Queue[Views]()
    for one in drawn:
        waiting.put(one)
    learners = {
        "pages": Learner(Pages(), loss_of_pages, pools.draw_pages, 2),
        "sides": Learner(Sides(), loss_of_sides, pools.draw_prints, 2),
    }
    train(learners, pools, waiting, out, ends, 1e-3, Pace(0.5))
    return learners


def test_both_networks_learn_from_what_comes_and_are_written(drawn: list[Views], tmp_path: Path) -> None:
    learners = _run(drawn, tmp_path, Steps(3))
    for name, kind in (("pages", Pages), ("sides", Sides)):
        kind().load_state_dict(torch.load(tmp_path / f"{name}.pt", weights_only=True))
        assert learners[name].losses
    assert not list(tmp_path.glob("*.partial"))


def test_a_file_may_tell_the_end_later(tmp_path: Path) -> None:
    ends = Ends(1000, tmp_path / "end")
    assert ends.place < 0.1
    (tmp_path / "end").write_text("not yet")
    assert ends.place < 0.1
    (tmp_path / "end").write_text(f"{time.time():.0f}\n")
    assert ends.place >= 0


def test_a_gradient_that_is_no_number_changes_nothing() -> None:
    def draw(count: int) -> Batch:
        return (torch.full((count, 3, 32, 32), torch.nan), torch.zeros(count))

    learner = Learner(Sides(), lambda network, batch: network(batch[0])[1].mean(), draw, 2)
    before = [each.clone() for each in learner.network.parameters()]
    learner.step(1e-3)
    for one, other in zip(before, learner.network.parameters(), strict=True):
        assert torch.equal(one, other)
    assert not learner.losses


def test_training_from_the_shipped_file_begins_where_it_ended(drawn: list[Views]) -> None:
    torch.manual_seed(1)
    pools = Pools(4, 64, torch.device("cpu"))
    pools.add(drawn)
    pages, _ = read(shipped("album.onnx"))
    bare, settled = (
        Learner(network, loss_of_pages, pools.draw_pages, 8, settled=known)
        for network, known in ((copy.deepcopy(pages), True), (pages, False))
    )
    with torch.no_grad():
        ended = float(loss_of_pages(pages.eval(), pools.draw_pages(8)))
    for learner in (bare, settled):
        learner.step(1e-6)
    assert settled.losses[0] < 2 * ended < bare.losses[0]


def test_what_fails_is_logged_and_the_weights_are_kept(
    drawn: list[Views], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    broken = drawn[0]._replace(seen=np.zeros((2, 2, 3), np.uint8))
    with caplog.at_level(logging.ERROR):
        _run([*drawn, broken], tmp_path, Steps(3))
    assert "A step failed." in caplog.text
    assert (tmp_path / "pages.pt").exists()


def test_pauses_leave_the_device_to_others() -> None:
    class Slow:
        size = 1

        def step(self, _: float) -> None:
            time.sleep(0.02)

    pace, began = Pace(0.25), time.monotonic()
    for _ in range(5):
        pace.step({"slow": Slow()}, 1e-3)  # type: ignore[dict-item]
    assert pace.busy / (time.monotonic() - began) < 0.26
