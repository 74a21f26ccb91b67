import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photochrom.errors import ModelRejected
from photochrom.photo.cards.model import METADATA_KEY, ModelCard

cards = st.builds(
    ModelCard,
    contract=st.just(1),
    bins=st.lists(st.tuples(st.floats(-110, 110), st.floats(-110, 110)), min_size=2, max_size=5).map(tuple),
    precision=st.sampled_from(["fp32", "fp16", "int8"]),
    figures=st.just(()),
    weights_sha256=st.text("0123456789abcdef", min_size=64, max_size=64),
)
VALID = ModelCard(
    name="test",
    version="1",
    summary="",
    bins=((0, 0), (1, 1)),
    precision="fp32",
    training="",
    training_data=(),
    license="",
    weights_sha256="0" * 64,
)


@given(cards)
def test_a_card_survives_the_way_through_the_metadata(card: ModelCard) -> None:
    assert ModelCard.from_metadata(card.to_metadata()) == card


def test_a_file_without_a_card_is_refused_with_what_to_do() -> None:
    with pytest.raises(ModelRejected, match=r"model\.export"):
        ModelCard.from_metadata({})


@pytest.mark.parametrize("change", [{"contract": 2}, {"bins": []}, {"weights_sha256": "x"}, {"surprise": 1}])
def test_a_card_that_does_not_hold_is_refused(change: dict[str, object]) -> None:
    card = json.loads(VALID.to_metadata()[METADATA_KEY]) | change
    with pytest.raises(ModelRejected, match="is not valid"):
        ModelCard.from_metadata({METADATA_KEY: json.dumps(card)})
