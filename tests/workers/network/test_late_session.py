import numpy as np
import pytest

from photochrom.errors import ModelRejected
from support.queue.queueing import MODEL
from workers.network.late_session import LateSession
from workers.settings import SHIPPED_MODEL

GIVEN = {"lightness": np.zeros((1, 1, 32, 32), np.uint8)}


def test_another_network_is_told_by_its_first_run_and_named_as_what_it_should_be() -> None:
    session = LateSession(MODEL, "a finder of damage", threads=1)
    with pytest.raises(ModelRejected, match=f"{MODEL.name} is not a finder of damage"):
        session.run(["sureness"], GIVEN)


def test_what_goes_wrong_later_is_no_fault_of_the_file() -> None:
    session = LateSession(SHIPPED_MODEL.with_name("finder.onnx"), "a finder of damage", threads=1)
    session.run(["sureness"], GIVEN)
    with pytest.raises(Exception, match=r"(?i)rank") as caught:
        session.run(["sureness"], {"lightness": np.zeros((1, 32), np.uint8)})
    assert not isinstance(caught.value, ModelRejected)
