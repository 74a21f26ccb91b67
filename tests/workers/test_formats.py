import importlib.util

import pytest

from photochrom.photo.options import OutputFormat
from workers import formats


def test_heic_is_written_where_its_encoder_is_there_and_all_else_always(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    every = {*OutputFormat} - {OutputFormat.SAME}
    assert {*formats.written()} == every
    find = importlib.util.find_spec
    monkeypatch.setattr(formats, "find_spec", lambda name: None if name == "pillow_heif" else find(name))
    assert {*formats.written()} == every - {OutputFormat.HEIC}
