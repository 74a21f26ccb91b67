import pytest
from hypothesis import given
from hypothesis import strategies as st

from photochrom.photo.names import folded, suffix_of, with_suffix


@pytest.mark.parametrize(
    ("name", "suffix"),
    [
        ("a.jpg", ".jpg"),
        ("a.b.JPEG", ".JPEG"),
        ("a.nef", ".nef"),
        ("Oma 12.5.1931", ""),
        ("Oma 12.5.1931.tif", ".tif"),
        ("a", ""),
        ("a.", ""),
        (".jpg", ""),
        ("..jpg", ""),
        ("a.jpg.txt", ""),
    ],
)
def test_suffixes_are_those_of_images(name: str, suffix: str) -> None:
    assert suffix_of(name) == suffix


@given(st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=300))
def test_no_name_grows_too_long_and_none_loses_more_than_its_suffix(name: str) -> None:
    new = with_suffix(name, ".png")
    assert len(new.encode()) <= 255
    stem = name.removesuffix(suffix_of(name))
    assert new == stem + ".png" or (len((stem + ".png").encode()) > 255 and stem.startswith(new[:-4]))


def test_names_that_some_system_takes_for_one_are_folded_to_one() -> None:
    assert len({folded(name) for name in ("Caf\u00e9.JPG", "cafe\u0301.jpg", "CAF\u00c9.jpg")}) == 1
    assert folded("a.jpg") != folded("b.jpg")
