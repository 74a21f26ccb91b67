"""The scripts behind the documents' figures run and print their tables; the figures themselves need a quiet machine."""

import io
import os
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from benchmarks import memory, upsampling
from benchmarks.measuring.measure import in_own_process
from benchmarks.measuring.scenes import KINDS, as_file, scene
from benchmarks.pipeline import ours
from support.networks.tiny_model import light
from support.pictures.photographs import PHOTOS


def table(*command: str, **env: str) -> str:
    run = subprocess.run(
        [sys.executable, "-m", *command], env=os.environ | env, capture_output=True, text=True, timeout=150
    )
    assert run.returncode == 0, run.stderr
    return run.stdout


@pytest.mark.parametrize("way", [("floor", "JPEG"), ("peers", "ddcolor-nearest"), ("peers", "deoldify")])
def test_others_ways_are_measured_on_the_same_file(way, tmp_path):
    module, argument = way
    (tmp_path / "scene.jpeg").write_bytes(as_file(scene(0.1), "JPEG"))
    cost = in_own_process(f"benchmarks.pipeline.{module}", str(tmp_path / "scene.jpeg"), argument, repeats=1)
    assert cost.without_network > 0
    assert cost.peak_mb >= cost.start_mb > 0
    assert cost.bytes_out > 0


@pytest.mark.parametrize("kind", KINDS)
def test_the_photograph_that_goes_first_is_packed_like_the_measured_one(kind, tmp_path):
    file = tmp_path / "photo"
    file.write_bytes(as_file(scene(0.01), kind))
    with Image.open(io.BytesIO(ours._small(file))) as first, Image.open(file) as measured:
        assert (first.format, first.mode) == (measured.format, measured.mode)
        assert first.info.get("compression") == measured.info.get("compression")


def test_memory_is_held_against_its_bound():
    assert "| grey JPEG | 0.2 |" in " ".join(
        table("benchmarks.memory", "--megapixels", "0.2", "--kinds", "grey JPEG").split()
    )


@pytest.mark.parametrize("kind", memory.KINDS)
def test_every_kind_of_file_is_written(kind):
    head = memory.write(np.zeros((16, 24), np.uint8), kind)[:4]
    assert head.startswith(b"\xff\xd8" if "JPEG" in kind else (b"II*\x00", b"MM\x00*"))


def test_every_way_of_upsampling_brings_colour_back(tmp_path):
    (tmp_path / "cat.jpg").write_bytes((PHOTOS / "cat.jpg").read_bytes())
    count, errors = upsampling.quality(tmp_path, 1)
    assert count == 1
    assert set(errors) == set(upsampling.WAYS)
    assert errors["detail injection"][1] < errors["bilinear"][1] < errors["nearest"][1]


def test_costs_are_of_every_way():
    assert all(seconds > 0 for seconds in upsampling.costs(megapixels=0.1, repeats=1).values())


def test_a_batch_is_measured_against_the_bare_command():
    figures = table(
        "benchmarks.throughput", "--photos", "3", "--megapixels", "0.1", "--processes", "1", **light()
    )
    assert "| 1     | batch / colorize |" in figures
