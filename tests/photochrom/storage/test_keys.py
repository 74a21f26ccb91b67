from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photochrom.ids import new_id
from photochrom.photo.sniff import PhotoFormat
from photochrom.storage.keys import from_trash, is_photograph, original_key, result_key, trash_key
from photochrom.storage.storage import checked_key

EXTENSIONS = [
    *(known.extension for known in PhotoFormat),
    ".preview.jpg",
    ".original.jpg",
    ".confidence.png",
    ".repairs.png",
    ".suggestions.npz",
]
SHA256 = st.text("0123456789abcdef", min_size=64, max_size=64)


@given(sha256=SHA256, extension=st.sampled_from(EXTENSIONS), reference=st.booleans())
def test_what_we_name_is_known_as_ours_and_can_be_a_key(sha256: str, extension: str, reference: bool) -> None:
    job = new_id()
    for key in (
        original_key(job, sha256, extension, "reference-" if reference else ""),
        result_key(job, sha256, extension),
    ):
        assert is_photograph(key)
        now = datetime.now(UTC)
        moved = checked_key(trash_key(checked_key(key), now))
        assert not is_photograph(moved)
        known = from_trash(moved)
        assert known is not None
        assert known[1] == key
        assert timedelta(0) <= now - known[0] < timedelta(seconds=1)


@given(st.text())
def test_no_other_text_is_ours(text: str) -> None:
    assert not is_photograph(text)
    assert from_trash(text) is None


@pytest.mark.parametrize("moment", ["20261341t000000", "20260101t250000", "2026t01", ""])
def test_the_trash_knows_its_own_moments_only(moment: str) -> None:
    assert from_trash(f"trash/{moment}/{original_key(new_id(), '0' * 64, '.jpg')}") is None
