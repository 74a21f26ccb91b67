import io
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image

from model.album.stream import Part, Photographs, held_out, rgb
from model.training.blocks import read_blocks

COUNT = 3  # photographs of a block
TRAINER = """
import multiprocessing, pathlib, sys, time
from model.album.stream import Part, draw_into
context = multiprocessing.get_context("spawn")
drawn = context.Queue(1)
given = drawn, pathlib.Path(sys.argv[1]), Part(0, 1, held=0), 0
drawer = context.Process(target=draw_into, args=given, daemon=True)
drawer.start()
drawn.get()
print(drawer.pid, flush=True)
time.sleep(60)
"""


def _avif(grey: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(grey).save(buffer, "AVIF", quality=95, speed=10)
    return buffer.getvalue()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four blocks; each of one lightness."""
    path = tmp_path_factory.mktemp("blocks") / "piece-0.tar"
    files = {"index.tsv": "".join(f"{n:04}\t{COUNT}\t0,0,0\n" for n in range(4)).encode()}
    for number in range(4):
        files[f"{number:04}-L.avif"] = _avif(np.full((2560, 2560), 60 + 40 * number, np.uint8))
        files[f"{number:04}-ab.avif"] = _avif(np.full((640, 1280), 128, np.uint8))
    with tarfile.open(path, "w") as tar:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    os.utime(path, (0, 0))
    return path.parent


def _read(folder: Path, part: Part) -> Photographs:
    photographs = Photographs(folder, part)
    for _ in range(8):
        photographs.read_more()
    return photographs


def test_parts_read_each_block_once_and_leave_out_what_is_held(folder: Path) -> None:
    parts = [_read(folder, Part(number, 2, held=1)) for number in (0, 1)]
    assert sum(map(len, parts)) == 3 * COUNT
    rng = np.random.default_rng(0)
    seen = [{int(each.draw(rng).mean()) for _ in range(30)} for each in parts]
    assert not seen[0] & seen[1]
    held = {int(each.mean()) for each in held_out(folder / "piece-0.tar", 1)}
    assert held
    assert not held & (seen[0] | seen[1])


def test_a_tar_that_is_still_being_written_is_left_alone(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "piece-0.tar").write_bytes((folder / "piece-0.tar").read_bytes())
    assert len(_read(tmp_path, Part(0, 1, held=0))) == 0
    os.utime(tmp_path / "piece-0.tar", (0, 0))
    assert len(_read(tmp_path, Part(0, 1, held=0))) == 4 * COUNT


def test_photographs_have_the_colours_that_blocks_say(folder: Path) -> None:
    stored = next(read_blocks(folder / "piece-0.tar"))
    wanted = np.asarray(stored.rgb().permute(0, 2, 3, 1))
    found = rgb(np.asarray(stored.lightness)[0, 0], np.asarray(stored.ab)[0])
    assert np.abs(found.astype(int) - wanted[0]).max() <= 3


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children of their parent's death")
def test_who_draws_ends_when_the_training_is_killed(folder: Path) -> None:
    command = [sys.executable, "-c", TRAINER, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as trainer:
        assert trainer.stdout
        drawer = psutil.Process(int(trainer.stdout.readline()))
        trainer.kill()
        _gone, alive = psutil.wait_procs([drawer], timeout=20)
    assert not alive
