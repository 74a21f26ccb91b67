"""`photochrom up` on another's photographs, and the commands that decide what becomes of them."""

from datetime import timedelta
from pathlib import Path

from support.pictures.photographs import grey_jpeg
from support.queue.others import kept, looked, others_photographs
from support.queue.queueing import Bench, maintenance
from support.servers.objects import ObjectStore
from support.servers.running import photochrom, service
from support.waiting import wait_for


def test_a_new_queue_on_a_full_data_folder_takes_nothing_away_and_a_person_decides(
    tmp_path: Path, tiny: dict[str, str]
) -> None:
    data = tmp_path / "data"
    before = others_photographs(data, 13)
    with service(data, **tiny) as running:
        photo = running.upload(grey_jpeg(size=(96, 64)))
        running.wait(photo)
        assert before < kept(data), "something went at the start"
        mine = kept(data) - before
        assert looked(data)[b"owned"] == b"0"
        assert before < kept(data), "something went at a look"
        asked = photochrom("adopt", "--data", str(data))
        assert asked.returncode == 1
        assert "names 13 of them" in asked.stdout
        assert "1 files are not ours" in asked.stdout
        assert photochrom("adopt", "--yes", "--data", str(data)).returncode == 0
        assert looked(data, "left") == {b"owned": b"1", b"left": b"13"}
        assert before < kept(data), "a look took more than a tenth"
    with service(data, **tiny, PHOTOCHROM_ORPHAN_LIMIT="none") as running:
        assert looked(data)[b"owned"] == b"1"
        wait_for(lambda: kept(data) == mine | {"holiday/mum.jpg"}, 30, "the files of no job to go")
        back = photochrom("untrash", "--data", str(data))
        assert back.stdout.startswith("13 files are back")
        assert kept(data) == before | mine
        assert looked(data)[b"owned"] == b"0"
        assert kept(data) == before | mine
        with running.client() as client:
            assert "photochrom_storage_owned 0.0" in client.get("/metrics").text


def test_the_commands_work_on_an_object_store_and_a_server_of_ones_own(
    bench: Bench, object_store: ObjectStore, tmp_path: Path
) -> None:
    chosen = object_store.chosen(tmp_path)
    env = {f"PHOTOCHROM_{name.upper()}": str(value) for name, value in chosen.items()}
    env["REDIS_URL"] = bench.redis_url
    bench.storage = object_store.storage(tmp_path, storage=chosen["storage"])  # type: ignore[assignment]
    job = bench.accept(b"x")
    lost = bench.accept(b"y")
    bench.store.delete(lost.id)
    looking = maintenance(bench)
    assert "no job of this queue names 1 of them" in photochrom("adopt", "--yes", **env).stdout
    looking.remove_orphans(timedelta(seconds=-2))
    assert bench.files() == [job.original.key]
    assert photochrom("untrash", **env).stdout.startswith("1 files are back")
    assert set(bench.files()) == {job.original.key, lost.original.key}
