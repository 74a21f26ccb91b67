from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from photochrom.batches.names import item_name, made_safe, numbered
from photochrom.errors import InvalidName


@pytest.mark.parametrize(
    "name",
    ["a.jpg", "Album 1931/Tante Ö.jpg", "a/b/c/d.tif", ".hidden", "a b", "x" * 255, "console.jpg", "com.jpg"],
)
def test_relative_paths_are_names(name: str) -> None:
    assert item_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "/a",
        "a//b",
        "a/",
        "..",
        "a/../b",
        ".",
        "a\\b",
        "C:x",
        "a\0",
        "a\nb",
        "x" * 256,
        "a/" * 600 + "a",
        "a\u202eb",
        "a ",
        "a.",
        "\ud800",
        "a\uffff.jpg",
        "a\ufdd0.jpg",
        "a\U0001fffe.jpg",
        "con.jpg",
        "a/NUL",
        "com1.tar.gz",
        "aux .jpg",
        "-rf",
        "a/-rf.jpg",
        "~/x.jpg",
        " lead.jpg",
    ],
)
def test_everything_else_is_not(name: str) -> None:
    with pytest.raises(InvalidName):
        item_name(name)


@given(st.text(max_size=60))
def test_no_name_leads_out_of_its_folder(name: str) -> None:
    try:
        item_name(name)
    except InvalidName:
        return
    path = PurePosixPath("/base") / name
    assert path.parts[1] == "base"
    assert ".." not in path.parts
    assert str(path) == f"/base/{name}"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Who is this?.jpg", "the character ?"),
        ("Wedding: 1931.jpg", "the character :"),
        ("a\u202eb.jpg", "U+202E (right-to-left override)"),
        ("a\nb.jpg", "U+000A (a control character)"),
        ("deep/trailing dot./a.jpg", "'trailing dot.' ends in a dot"),
        ("a/-rf.jpg", "put _ in place of '-'"),
        ("a/con.jpg", "'con.jpg' is the name of a device"),
        ("../x.jpg", "give a relative path"),
        ("x" * 256, "longer than 255 bytes"),
    ],
)
def test_a_refusal_names_what_is_wrong(name: str, words: str) -> None:
    with pytest.raises(InvalidName) as refusal:
        item_name(name)
    assert words in str(refusal.value)


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("Who is this?.jpg", "Who is this_.jpg"),
        ("trailing dot./a.jpg", "trailing dot_/a.jpg"),
        ("./dot//b.jpg", "dot/b.jpg"),
        ("con.jpg", "con_.jpg"),
        ("NUL", "NUL_"),
        ("-rf/~.jpg", "_rf/_.jpg"),
        (" lead.jpg", "_lead.jpg"),
        ("a\ud800b.jpg", "a_b.jpg"),
        ("album/1931/Ö.jpg", "album/1931/Ö.jpg"),
        ("x" * 300 + ".jpg", "x" * 251 + ".jpg"),
    ],
)
def test_what_some_system_refuses_is_replaced(name: str, safe: str) -> None:
    assert made_safe(name) == safe
    assert item_name(safe) == safe


@given(st.text(max_size=300), st.integers(2, 10**6))
def test_what_is_made_safe_is_a_name_or_leads_out_of_its_folder(name: str, number: int) -> None:
    safe = made_safe(name)
    try:
        assert item_name(safe) == safe
    except InvalidName:
        assert (
            not name.strip("./")
            or name.startswith("/")
            or ".." in name.split("/")
            or len(safe.encode()) > 1024
        )
    else:
        assert made_safe(safe) == safe
        assert item_name(numbered(safe, number)) != safe
