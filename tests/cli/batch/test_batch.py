"""`photochrom batch` as a process, on a real server with real workers."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from cli.batch.ledger import held
from photochrom.processes.valkey import valkey
from photochrom_client import Client, JobState
from service.settings import ServiceSettings
from support.networks.tiny_model import tiny_model
from support.pictures.photographs import album_page, grey_jpeg, noise_jpeg
from support.queue.queueing import Bench, workers
from support.servers.answering import answer, answering
from support.servers.ports import free_port
from support.servers.running import command
from support.servers.serving import serving
from support.waiting import wait_for
from support.zips import zip_of


def run(album: Path, *arguments: str, out: Path | None = None, **env: str) -> tuple[int, str]:
    process = command("batch", str(album), "--to", str(out or album.parent / "out"), *arguments, **env)
    said = process.communicate(timeout=120)[0]
    return process.returncode, said


@pytest.fixture(scope="module")
def at_work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A service with a worker, for all tests of this file: its start costs more than most of them."""
    folder = tmp_path_factory.mktemp("service")
    (folder / "tiny.onnx").write_bytes(tiny_model())
    with valkey(folder / "queue") as queue:
        bench = Bench(queue, folder / "data")
        settings = ServiceSettings(redis_url=queue, data_dir=bench.data, max_upload_bytes=100_000)
        with workers(bench, model_path=folder / "tiny.onnx"), serving(settings) as url:
            yield url


@pytest.fixture
def server_url(at_work: str) -> str:
    """The service, without what other tests have sent."""
    with Client(at_work) as client:
        for batch in client.batches.listed():
            client.batches.delete(batch.id)
    return at_work


@pytest.fixture
def album(tmp_path: Path) -> Path:
    album = tmp_path / "album"
    (album / "deep").mkdir(parents=True)
    (album / "one.jpg").write_bytes(grey_jpeg(size=(96, 64)))
    (album / "deep" / "Tante Ö 10:30.jpeg").write_bytes(grey_jpeg(size=(64, 96)))
    (album / "notes.txt").write_text("who is who")
    return album


def files(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_a_folder_comes_back_in_colour_under_its_names(server_url: str, album: Path) -> None:
    code, said = run(album, "--server", server_url)
    assert code == 0, said
    assert "2 colorized" in said
    assert "1 skipped (not photographs)" in said
    assert files(album.parent / "out") == {"one.jpg", "deep/Tante Ö 10:30.jpeg"}
    with Image.open(album.parent / "out" / "one.jpg") as photo:
        assert (photo.size, photo.mode) == ((96, 64), "RGB")
    code, said = run(album, "--server", server_url)
    assert code == 0
    assert "0 colorized" in said
    assert "2 already there (--overwrite replaces them)" in said


def test_a_zip_comes_back_in_colour_under_its_names_in_their_encoding(
    server_url: str, tmp_path: Path
) -> None:
    first, second = grey_jpeg(size=(96, 64)), grey_jpeg(size=(64, 96))
    album, out = tmp_path / "album.zip", tmp_path / "out"
    names = {"Бабушка/свадьба?.jpg": first, "Бабушка/свадьба*.jpg": second, "readme.txt": b"who is who " * 9}
    album.write_bytes(zip_of({name.encode("cp866"): data for name, data in names.items()}))
    code, said = run(album, "--names", "cp866", "--server", server_url, out=out)
    assert code == 0, said
    assert "2 colorized, 1 skipped (not photographs)." in said
    assert "'Бабушка/свадьба*.jpg' is called 'Бабушка/свадьба_ (2).jpg'." in said
    assert files(out) == {"Бабушка/свадьба_.jpg", "Бабушка/свадьба_ (2).jpg"}
    with Image.open(out / "Бабушка" / "свадьба_.jpg") as photo:
        assert (photo.size, photo.mode) == ((96, 64), "RGB")
    code, said = run(album, "--names", "cp866", "--server", server_url, out=out)
    assert code == 0, said
    assert "2 already there" in said
    code, said = run(album, "--names", "klingon", "--server", server_url, out=out)
    assert code == 1
    assert "like cp866" in said


@pytest.mark.parametrize("packed", [False, True])
def test_scans_are_split_and_what_is_cut_comes_back_in_colour(
    server_url: str, tmp_path: Path, client: Client, packed: bool
) -> None:
    page, single = album_page(quality=40), grey_jpeg(size=(96, 64))
    album, out = tmp_path / ("album.zip" if packed else "album"), tmp_path / "out"
    if packed:
        album.write_bytes(zip_of({b"deep/page.jpg": page, b"one.jpg": single}))
    else:
        (album / "deep").mkdir(parents=True)
        (album / "deep" / "page.jpg").write_bytes(page)
        (album / "one.jpg").write_bytes(single)
        (album / "notes.txt").write_text("who is who")
    code, said = run(album, "--split", "--turn", "90", "--server", server_url, out=out)
    assert code == 0, said
    assert "3 colorized" in said
    wanted = {"deep/page/1.jpg", "deep/page/2.jpg", "one/1.jpg"}
    assert files(out) == wanted
    with Image.open(out / "one" / "1.jpg") as photo:
        assert (photo.size, photo.mode) == ((96, 64), "RGB")
        assert photo.getexif()[274] == 6
    code, said = run(album, "--split", "--turn", "90", "--server", server_url, out=out)
    assert code == 0, said
    assert ("3 already there" if packed else "2 scans already done") in said
    assert files(out) == wanted
    (out / "one" / "1.jpg").write_bytes(b"old")
    code, said = run(album, "--split", "--overwrite", "--server", server_url, out=out)
    assert code == 0, said
    assert (out / "one" / "1.jpg").read_bytes() != b"old"


def test_a_damaged_scan_harms_no_other_and_is_tried_again(
    server_url: str, album: Path, client: Client
) -> None:
    (album / "cut.jpg").write_bytes(grey_jpeg()[:3000])
    out = album.parent / "out"
    for _ in range(2):
        code, said = run(album, "--split", "--server", server_url)
        assert code == 1
        assert "cut.jpg" in said
        assert "is a page" not in said
        assert {"one/1.jpg", "deep/Tante Ö 10:30/1.jpg"} <= files(out)
    assert sum(batch.total for batch in client.batches.listed()) == 5


def test_options_and_format_are_the_services(server_url: str, album: Path, client: Client) -> None:
    code, said = run(album, "--format", "png", "--vividness", "0.7", PHOTOCHROM_SERVER=server_url)
    assert code == 0, said
    assert files(album.parent / "out") == {"one.png", "deep/Tante Ö 10:30.png"}
    (batch,) = client.batches.listed()
    assert (batch.name, batch.options.vividness) == ("album", 0.7)


def test_what_fails_is_listed_and_tried_again(server_url: str, album: Path, client: Client) -> None:
    (album / "cut.jpg").write_bytes(grey_jpeg()[:3000])
    (album / "empty.jpg").write_bytes(b"")
    for _ in range(2):
        code, said = run(album, "--server", server_url)
        assert code == 1
        assert "2 failed" in said
        assert "empty.jpg: The file is empty" in said
        lines = (album.parent / "out" / "photochrom-errors.jsonl").read_text().splitlines()
        told = {Path(entry["source"]).name: entry["code"] for entry in map(json.loads, lines)}
        assert told == {"cut.jpg": "unreadable-photo", "empty.jpg": "unreadable-photo"}
    assert sum(batch.total for batch in client.batches.listed()) == 3
    (album / "cut.jpg").write_bytes(grey_jpeg(size=(32, 32)))
    (album / "empty.jpg").unlink()
    assert run(album, "--server", server_url)[0] == 0
    assert files(album.parent / "out") == {"one.jpg", "deep/Tante Ö 10:30.jpeg", "cut.jpg"}


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_run_goes_on_without_sending_anything_twice(
    server_url: str, tmp_path: Path, client: Client, how: signal.Signals
) -> None:
    album, out = tmp_path / "many", tmp_path / "out"
    album.mkdir()
    for number in range(40):
        (album / f"{number}.jpg").write_bytes(noise_jpeg(600, number))
    process = command("batch", str(album), "--to", str(out), "--server", server_url)
    wait_for(lambda: out.exists() and any(out.glob("*.jpg")), 60, "the first result")
    process.send_signal(how)
    said = process.communicate(timeout=30)[0]
    if how is signal.SIGINT:
        assert process.returncode == 130
        assert "Stopped after" in said
        assert "Traceback" not in said
    (batch,) = client.batches.listed()
    sent = {job.id for job in client.batches.items(batch.id)}
    code, said = run(album, "--server", server_url)
    assert code == 0, said
    assert files(out) == {f"{number}.jpg" for number in range(40)}
    jobs = list(client.batches.items(batch.id))
    assert sent <= {job.id for job in jobs}
    assert {job.item for job in jobs} == files(out)
    assert {job.state for job in jobs} == {JobState.SUCCEEDED}


def test_what_is_in_the_way_is_left_alone_unless_told_otherwise(server_url: str, album: Path) -> None:
    mine = album.parent / "out" / "one.jpg"
    mine.parent.mkdir()
    mine.write_bytes(b"mine")
    code, said = run(album, "--server", server_url)
    assert code == 0, said
    assert mine.read_bytes() == b"mine"
    assert run(album, "--server", server_url, "--overwrite")[0] == 0
    assert mine.read_bytes() != b"mine"


def test_where_nothing_answers_it_says_what_to_do(album: Path) -> None:
    code, said = run(album, "--server", f"http://127.0.0.1:{free_port()}")
    assert code == 1
    assert "`photochrom up`" in said
    code, said = run(album, "--server", "http://photos.invalid")
    assert code == 1
    assert "--server (or PHOTOCHROM_SERVER)" in said
    assert not (album.parent / "out").exists()


def test_a_key_is_taken_from_the_environment_and_its_refusal_told(album: Path) -> None:
    refusal = answer(401, b'{"code": "unauthorized", "detail": "The API key is unknown."}')
    with answering(refusal) as script:
        code, said = run(album, "--server", script.url, PHOTOCHROM_API_KEY="pk_secret")
    assert code == 1
    assert "The API key is unknown." in said
    assert "pk_secret" not in said
    assert script.asked[0].headers["authorization"] == "Bearer pk_secret"


def test_a_service_that_stops_for_good_ends_the_run_with_a_sentence(album: Path) -> None:
    limits = {
        "max_upload_bytes": 1,
        "max_pixels": 1,
        "max_wait_seconds": 1,
        "input_retention_seconds": 1,
        "result_retention_seconds": 1,
        "record_retention_seconds": 1,
        "formats": [],
    }
    with answering(answer(200, json.dumps(limits).encode()), answer(503)) as script:
        code, said = run(album, "--server", script.url, "--patience", "0.5")
    assert code == 1
    assert "Run the same command again to continue from here." in said


def test_two_runs_into_one_folder_are_refused(server_url: str, album: Path) -> None:
    out = album.parent / "out"
    out.mkdir()
    with held(out):
        code, said = run(album, "--server", server_url)
    assert code == 1
    assert "Another `photochrom batch`" in said


def test_a_target_that_cannot_be_written_is_said(server_url: str, album: Path) -> None:
    code, said = run(album, "--server", server_url, out=album / "one.jpg")
    assert code == 1
    assert "is a file" in said
    code, said = run(album, "--server", server_url, out=Path("/proc/nowhere"))
    assert code == 1
    assert "/proc/nowhere" in said


def test_without_the_client_it_says_what_to_install(album: Path, tmp_path: Path) -> None:
    shadow = tmp_path / "shadow" / "httpx.py"
    shadow.parent.mkdir()
    shadow.write_text("raise ModuleNotFoundError(\"No module named 'httpx'\", name='httpx')")
    code, said = run(album, PYTHONPATH=str(shadow.parent))
    assert code == 1
    assert "httpx is missing: pip install 'photochrom[client]'." in said


def test_help_tells_of_everything_one_needs() -> None:
    said = command("batch", "--help", COLUMNS="160").communicate(timeout=30)[0]
    for word in ("--to", "--server", "PHOTOCHROM_SERVER", "PHOTOCHROM_API_KEY", "--overwrite", "Ctrl-C"):
        assert word in said
