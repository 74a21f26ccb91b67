"""What a file says of itself is what ONNX Runtime reads there, and one that is not whole is refused."""

from contextlib import suppress
from pathlib import Path

import onnxruntime as ort
import pytest

from photochrom.errors import ModelRejected
from support.networks.tiny_model import tiny_model
from workers.network.onnx_file import OnnxFile
from workers.settings import SHIPPED_MODEL


@pytest.mark.parametrize("name", ["photochrom", "film", "recognizer", "finder"])
def test_a_shipped_file_says_what_onnx_runtime_reads_there(name: str) -> None:
    path = SHIPPED_MODEL.with_name(f"{name}.onnx")
    session = ort.InferenceSession(path, providers=["CPUExecutionProvider"])
    assert OnnxFile(path).metadata == session.get_modelmeta().custom_metadata_map


def test_a_file_cut_off_anywhere_is_refused(tmp_path: Path) -> None:
    whole, path = tiny_model(), tmp_path / "cut.onnx"
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with suppress(ModelRejected):
            assert not OnnxFile(path).metadata  # cut between two parts, before the card


@pytest.mark.parametrize("content", [b"", b"{}", b"\x89PNG\r\n\x1a\n", b"\xff" * 100, b"\x0b" * 100])
def test_another_kind_of_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelRejected, match=r"other\.onnx is cut off, damaged, or not an ONNX file"):
        OnnxFile(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelRejected, match=r"none\.onnx cannot be read: No such file"):
        OnnxFile(tmp_path / "none.onnx")


def test_what_is_read_later_is_what_was_there_first(tmp_path: Path) -> None:
    path, new = tmp_path / "network.onnx", tmp_path / "new"
    path.write_bytes(first := tiny_model())
    file = OnnxFile(path)
    new.write_bytes(b"another")
    new.replace(path)
    assert file.read() == file.read() == first
