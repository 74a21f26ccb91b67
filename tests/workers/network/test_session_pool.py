import onnxruntime as ort
import pytest

from support.networks.tiny_model import tiny_model
from workers.network import providers
from workers.network.session_pool import Lanes, sessions_for


def opened():
    return providers.open_session(tiny_model(), ort.SessionOptions(), ["CPUExecutionProvider"])


def lanes(kept):
    return Lanes(opened, opened(), kept)


def test_a_shape_keeps_its_session():
    found = lanes(3)
    first = {shape: found.of(shape).session for shape in [(32, 32), (64, 32), (32, 64)]}
    assert len({id(session) for session in first.values()}) == 3
    assert all(found.of(shape).session is session for shape, session in first.items())


def test_the_shape_unused_for_longest_gives_way():
    found = lanes(2)
    square = found.of((32, 32)).session
    wide = found.of((32, 64)).session
    assert found.of((32, 32)).session is square
    found.of((64, 32))  # takes the place of the wide one
    assert found.of((32, 32)).session is square
    assert found.of((32, 64)).session is not wide


def test_one_session_is_enough_where_nothing_is_planned():
    found = lanes(1)
    assert found.of((32, 32)).session is found.of((64, 32)).session


@pytest.mark.parametrize(("memory", "sessions"), [(64, 1), (2048, 4), (4096, 8), (90_000, 12), (0, 12)])
@pytest.mark.parametrize("side", [256, 384])
def test_sessions_share_the_memory_that_a_worker_may_take(memory, side, sessions):
    assert sessions_for(memory, side) == sessions


@pytest.mark.parametrize(("memory", "sessions"), [(512, 1), (2048, 1), (4096, 2), (90_000, 12), (0, 12)])
def test_a_session_has_room_for_the_model_s_own_size(memory, sessions):
    """A prediction at 768 pixels takes four times what one at 384 does."""
    assert sessions_for(memory, 768) == sessions
