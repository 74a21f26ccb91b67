"""Tiles for viewers, by a real child: the picture upright, named in the record, and gone with the result."""

import io
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import cv2
import numpy as np
import pytest
import simplejpeg
from PIL import Image

from photochrom.jobs.findings import Findings
from photochrom.jobs.record import JobRecord
from photochrom.jobs.states import JobState
from photochrom.photo.restoration import Restoration
from photochrom.photo.tiles import HEAD, TILE, place_of, span_of, tiling_of
from photochrom.photo.turning import Inversion, Turning
from photochrom.times import utc_now
from support.networks.tiny_model import tiny_model
from support.queue.queueing import Bench
from workers.child.colorist import Colorist
from workers.jobs import tiling
from workers.jobs.restorer import Restorer
from workers.pipeline.decode import decode
from workers.pipeline.limits import PhotoLimits
from workers.pipeline.structure import format_of
from workers.settings import WorkerSettings
from workers.upkeep.sweeper import Sweeper

LIMITS = PhotoLimits()


def scene(width: int, height: int) -> np.ndarray:
    across = np.linspace(20, 230, width)[None] + np.linspace(0, 20, height)[:, None]
    return across.astype(np.uint8)


def jpeg(orientation: int = 1) -> bytes:
    buffer, exif = io.BytesIO(), Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(scene(1100, 620)).save(buffer, "JPEG", quality=92, exif=exif)
    return buffer.getvalue()


def tiff16() -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(scene(700, 300).astype(np.uint16) * 257).save(buffer, "TIFF")
    return buffer.getvalue()


@pytest.fixture(scope="module")
def colorist(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Colorist]:
    path = tmp_path_factory.mktemp("model") / "tiny.onnx"
    path.write_bytes(tiny_model())
    with closing(Colorist(WorkerSettings(model_path=path), 1)) as found:
        found.ready()
        yield found


@pytest.fixture
def restorer(bench: Bench, colorist: Colorist) -> Restorer:
    return Restorer(bench.store, bench.storage, colorist, "w1", 3, bench.turns, bench.batches)


def done(bench: Bench, restorer: Restorer, photo: bytes, **options: object) -> JobRecord:
    record = bench.accept(photo, **options)
    restorer.restore(record.id)
    ended = bench.store.get(record.id)
    assert ended.state is JobState.SUCCEEDED, ended.error
    return ended


def stitched(path: Path) -> np.ndarray:
    """The picture at full scale, put together again; at every scale tiles agree with it."""
    file = path.read_bytes()
    pictures = tiling_of(file[slice(*HEAD)])
    spans = (span_of(file[slice(*place_of(number))]) for number in range(pictures.count))
    tiles = iter([simplejpeg.decode_jpeg(file[start:end], "RGB") for start, end in spans])
    full = np.zeros((pictures.height, pictures.width, 3), np.uint8)
    for factor in pictures.factors:
        for box in pictures.boxes(factor):
            tile = next(tiles)
            assert (tile.shape[1], tile.shape[0]) == box.shown
            if factor == 1:
                full[box.y : box.y + TILE, box.x : box.x + TILE] = tile
            else:
                part = full[box.y : box.y + box.height, box.x : box.x + box.width]
                small = cv2.resize(part, box.shown, interpolation=cv2.INTER_AREA)
                assert np.abs(small.astype(int) - tile).mean() < 3
    whole = next(tiles)
    assert (whole.shape[1], whole.shape[0]) == pictures.whole
    return full


@pytest.mark.parametrize("photo", [jpeg(), jpeg(6), tiff16()], ids=["jpeg", "turned", "16 bits"])
def test_both_pictures_come_back_from_their_tiles_upright(
    bench: Bench, restorer: Restorer, photo: bytes
) -> None:
    record = done(bench, restorer, photo)
    tiling.tile(restorer, record.id)
    result = bench.store.get(record.id).result
    assert result
    assert result.tiles_key
    assert result.original_tiles_key
    for key, of in ((result.tiles_key, result.key), (result.original_tiles_key, record.original.key)):
        with bench.storage.file(key) as tiles, bench.storage.file(of) as path:
            data, shown = path.read_bytes(), stitched(tiles)
        pixels = decode(data, format_of(data, LIMITS), LIMITS).pixels
        pixels = pixels if pixels.dtype == np.uint8 else (pixels // 257).astype(np.uint8)
        pixels = pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, 2)
        assert (shown.shape[1], shown.shape[0]) == result.upright_size
        assert np.abs(shown.astype(int) - pixels).mean() < 3


@pytest.mark.parametrize("photo", [jpeg(), jpeg(6), tiff16()], ids=["jpeg", "turned", "16 bits"])
def test_an_original_is_turned_and_mirrored_as_its_result_is(
    bench: Bench, restorer: Restorer, photo: bytes
) -> None:
    record = done(bench, restorer, photo, turn=90, mirror=True)
    tiling.tile(restorer, record.id)
    result = bench.store.get(record.id).result
    assert result
    with bench.storage.file(result.tiles_key or "") as tiles:
        colored = stitched(tiles)
    with bench.storage.file(result.original_tiles_key or "") as tiles:
        original = stitched(tiles)
    assert original.shape == colored.shape
    grey = cv2.cvtColor(colored, cv2.COLOR_RGB2GRAY).astype(int)
    assert np.abs(grey - original[..., 0]).mean() < 5


def askew(format_: str) -> bytes:
    """A ramp on a light lid, turned by three degrees."""
    picture = np.full((620, 900), 246, np.uint8)
    picture[120:500, 150:750] = scene(600, 380)
    matrix = cv2.getRotationMatrix2D((450, 310), -3, 1)
    turned = cv2.warpAffine(picture, matrix, (900, 620), borderMode=cv2.BORDER_REPLICATE)
    buffer = io.BytesIO()
    Image.fromarray(turned).save(buffer, format_, quality=95)
    return buffer.getvalue()


@pytest.mark.parametrize("format_", ["JPEG", "PNG"])
def test_an_original_is_straightened_as_its_result_is(bench: Bench, restorer: Restorer, format_: str) -> None:
    record = done(bench, restorer, askew(format_), deskew="auto", turn=90)
    assert record.result
    assert record.result.restoration
    assert record.result.restoration.straightening
    assert record.result.restoration.straightening.turned
    tiling.tile(restorer, record.id)
    result = bench.store.get(record.id).result
    assert result
    with bench.storage.file(result.tiles_key or "") as tiles:
        colored = stitched(tiles)
    with bench.storage.file(result.original_tiles_key or "") as tiles:
        original = stitched(tiles)
    assert original.shape == colored.shape
    grey = cv2.cvtColor(colored, cv2.COLOR_RGB2GRAY).astype(int)
    assert np.abs(grey - original[..., 0]).mean() < 5


def test_an_original_is_turned_and_inverted_as_was_found(bench: Bench, restorer: Restorer) -> None:
    """What `auto` decided stands in the record alone."""
    record = done(bench, restorer, tiff16(), turn="auto", negative="auto")
    found = Restoration(turning=Turning(turn=90, chosen_by="network"), inversion=Inversion(chosen_by="mask"))
    told = {"result": record.result.model_copy(update={"restoration": found})} if record.result else {}
    bench.store.change(record.id, lambda job: job.model_copy(update=told))
    tiling.tile(restorer, record.id)
    result = bench.store.get(record.id).result
    assert result
    with bench.storage.file(result.original_tiles_key or "") as tiles:
        original = stitched(tiles)
    expected = 255 - np.rot90(scene(700, 300), -1).astype(int)
    assert np.abs(original[..., 0] - expected).mean() < 3


def test_they_are_the_job_s_files_and_go_with_the_result(bench: Bench, restorer: Restorer) -> None:
    record = done(bench, restorer, tiff16())
    tiling.tile(restorer, record.id)
    tiled = bench.store.get(record.id)
    assert set(bench.files()) == tiled.stored_keys()
    Sweeper(bench.store, bench.storage, Findings(bench.redis)).sweep(
        [record.id], utc_now() + timedelta(days=8)
    )
    assert bench.files() == []


def test_without_the_original_there_are_those_of_the_result_alone(bench: Bench, restorer: Restorer) -> None:
    record = done(bench, restorer, tiff16())
    bench.storage.delete(record.original.key)
    tiling.tile(restorer, record.id)
    result = bench.store.get(record.id).result
    assert result
    assert result.tiles_key
    assert result.original_tiles_key is None


def test_of_a_job_that_is_gone_nothing_is_left(
    bench: Bench, restorer: Restorer, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiling.tile(restorer, "0" * 26)
    record = done(bench, restorer, tiff16())
    kept = restorer.write

    def delete_meanwhile(*args: object) -> object:
        stored = kept(*args)  # type: ignore[arg-type]
        for key in bench.store.delete(record.id).stored_keys():
            bench.storage.delete(key)
        monkeypatch.undo()
        return stored

    monkeypatch.setattr(Restorer, "write", lambda _self, *args: delete_meanwhile(*args))
    tiling.tile(restorer, record.id)
    assert bench.files() == []
