"""The measurements of the GPU worker, with the CPU in its place: they run, and they notice what they must."""

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks import predict, throughput
from benchmarks.gpu import __main__, accelerator, parity, service, settings
from photochrom.photo.cards.model import ModelCard
from support.networks.tiny_model import CARD, tiny_model
from support.pictures.photographs import PHOTOS
from workers.network.predictor import Prediction
from workers.network.providers import CPU


def model(folder: Path) -> Path:
    path = folder / "model.onnx"
    path.write_bytes(tiny_model())
    return path


def test_the_same_provider_twice_is_the_same(tmp_path):
    table, held = parity.report(model(tmp_path), PHOTOS, CPU)
    assert held
    assert "| cat " in table
    assert "**bound**" in table


def test_a_difference_is_seen():
    ab, confidence = np.zeros((2, 4, 4), np.float32), np.zeros((4, 4), np.float32)
    other = ab.copy()
    other[0, 1, 1] = -3.2
    largest, mean, sure = parity.differences(Prediction(ab, confidence), Prediction(other, confidence + 0.5))
    assert np.allclose([largest, mean, sure], [3.2, 0.1, 0.5])


def test_a_difference_beyond_the_bound_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(parity, "differences", lambda *_: (parity.LARGEST * 2, 0.0, 0.0))
    assert not parity.report(model(tmp_path), PHOTOS, CPU)[1]


def test_predictions_are_counted_for_each_side_and_batch(tmp_path):
    table = predict.report(model(tmp_path), seconds=0.01)
    assert sum(line.startswith("| CPU") for line in table.splitlines()) == 3 * len(predict.BATCHES[CPU])


def test_a_setting_is_measured_over_shapes(tmp_path):
    found = settings.measure({"every": 1}, model(tmp_path), CPU, 0.2)
    assert found["predictions"] >= found["shapes"] > 1
    assert found["difference"] == 0


def test_shapes_are_those_of_photographs_the_commonest_first():
    shapes = list(settings.shapes(CARD))
    assert shapes[0][0] == shapes[0][1]
    assert len(set(shapes)) == len(shapes)
    assert isinstance(CARD, ModelCard)


def test_an_album_holds_different_photographs_in_four_shapes(tmp_path):
    album = throughput.album(tmp_path / "album", 10, 0.1, sorted(PHOTOS.glob("c*.jpg")))
    files = sorted(album.glob("*.jpg"))
    assert len({file.read_bytes() for file in files}) == len(files) == 10
    sizes = set()
    for file in files:
        with Image.open(file) as photo:
            sizes.add(photo.size)
    assert len(sizes) == 4


def test_the_service_is_measured_with_workers_on_the_cpu(tmp_path):
    given = argparse.Namespace(photos=4, per_process=4, megapixels=0.1, folder=PHOTOS)
    pace, memory = service.one(given, CPU, 1)
    assert pace.photos == 2
    line = service.row(CPU, 1, pace, pace.steady, memory)
    assert line[:3] == ["CPU", "1", "2"]
    assert line[6] == "1.00"


def test_a_part_that_fails_or_hangs_is_told_apart(monkeypatch, capfd):
    assert __main__.run("Parity", ["timeit", "-n1", "-r1", "pass"])
    assert not __main__.run("Parity", ["timeit", "raise ValueError"])
    monkeypatch.setitem(__main__.LIMITS, "Parity", 0.5)
    assert not __main__.run("Parity", ["timeit", "while True: pass"])
    assert "too long" in capfd.readouterr().out


def test_the_machine_is_named():
    assert "CPUExecutionProvider" in __main__.machine()
    assert accelerator.used_mb(CPU) > 1
