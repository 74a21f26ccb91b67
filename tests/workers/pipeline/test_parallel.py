import threading
import time

import numpy as np
import pytest

from workers.pipeline import parallel
from workers.pipeline.formats.effort import way_for
from workers.pipeline.formats.png import write_png
from workers.pipeline.formats.tiff.writer import DEFLATE, LZW, NONE, write_tiff
from workers.pipeline.parallel import mapped, use_threads
from workers.pipeline.photo import Metadata


@pytest.fixture(params=[1, 2, 7])
def threads(request, monkeypatch) -> int:
    monkeypatch.setattr(parallel, "_threads", 0)
    use_threads(request.param)
    return request.param


def test_the_order_is_that_of_the_parts(threads):
    rng = np.random.default_rng(1)
    naps = rng.random(50) / 500
    assert list(mapped(lambda n: (time.sleep(naps[n]), n)[1], range(50))) == list(range(50))


def test_no_more_threads_than_allowed_and_few_parts_ahead(threads):
    seen, taken, ahead = set(), [0], []

    def parts():
        for n in range(100):
            taken[0] = n
            yield n

    for done, _ in enumerate(mapped(lambda _: seen.add(threading.get_ident()), parts())):
        ahead.append(taken[0] - done)
    assert len(seen) <= threads
    assert max(ahead) <= 2 * threads + 1


def test_an_error_in_one_part_is_the_caller_s(threads):
    with pytest.raises(ZeroDivisionError):
        list(mapped(lambda n: 1 // (n - 5), range(20)))


@pytest.mark.parametrize("compression", [NONE, LZW, DEFLATE])
def test_a_file_is_the_same_on_any_number_of_threads(compression, rgb_photo, monkeypatch):
    large = np.tile(rgb_photo, (6, 4, 1)).astype(np.uint16) * 257
    files = set()
    for count in (1, 2, 5):
        monkeypatch.setattr(parallel, "_threads", count)
        files.add(write_tiff(large, None, Metadata(), compression))
    assert len(files) == 1


@pytest.mark.parametrize(
    "write", [lambda p: write_tiff(p, None, Metadata()), lambda p: write_png(p, None, Metadata())]
)
def test_grain_is_packed_fast_and_a_smooth_sky_small(write):
    """By the sizes: of grain the levels give the same, of gradients not."""
    grain = np.random.default_rng(0).integers(0, 256, (1024, 256, 3)).astype(np.uint8)
    asked = []
    way_for(grain, lambda rows, level: asked.append(level) or len(rows), 1, 6)
    assert asked == [1, 6]
    assert len(write(grain)) < grain.nbytes * 1.02
    smooth = np.add.outer(np.arange(1024), np.arange(256)).astype(np.uint8)[..., None].repeat(3, -1)
    assert len(write(smooth)) < smooth.nbytes / 20


def test_small_pictures_are_not_looked_at():
    def size(rows, level):
        raise AssertionError("not asked")

    assert way_for(np.zeros((100, 10), np.uint8), size, 1, 6) == 6
