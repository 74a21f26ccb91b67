"""Those who judge the batch under fire see what they are there to see."""

from pathlib import Path

import pytest

from photochrom_client import Client, Job
from support.queue.inquest import Verdict, examine
from support.queue.queueing import Bench, failed, finished


class Scene:
    """Three photographs that came through a service unharmed, until somebody does harm."""

    def __init__(self, client: Client, bench: Bench, folder: Path, photo: bytes) -> None:
        self.client, self.bench = client, bench
        self.album, self.out = folder / "album", folder / "out"
        self.album.mkdir()
        self.batch = client.batches.create()
        self.jobs: list[Job] = []
        for name in ("a.jpg", "b.jpg", "c.jpg"):
            (self.album / name).write_bytes(photo)
            finished(bench, client.batches.put(self.batch.id, name, photo).id)
            job = client.batches.item(self.batch.id, name)
            self.jobs.append(job)
            client.jobs.download(job, self.out / name)

    def verdict(self, workers_killed: int = 0) -> Verdict:
        seen = {job.id: job for job in self.jobs}
        return examine(self.client, self.album, self.out, self.bench.data, seen, workers_killed)


@pytest.fixture
def scene(client: Client, bench: Bench, tmp_path: Path, photo: bytes) -> Scene:
    return Scene(client, bench, tmp_path, photo)


def test_a_batch_without_harm_is_clean(scene: Scene) -> None:
    verdict = scene.verdict()
    assert verdict.clean, verdict
    assert (verdict.photos, verdict.succeeded, verdict.again) == (3, 3, 0)


def test_a_photograph_that_was_never_sent_is_lost(scene: Scene) -> None:
    (scene.album / "d.jpg").write_bytes(b"")
    assert scene.verdict().lost == 1


def test_a_result_that_did_not_arrive_whole_is_lost(scene: Scene) -> None:
    (scene.out / "a.jpg").unlink()
    (scene.out / "b.jpg").write_bytes(b"colou")
    assert scene.verdict().lost == 2


def test_an_item_that_failed_is_lost(scene: Scene, photo: bytes) -> None:
    (scene.album / "d.jpg").write_bytes(photo)
    failed(scene.bench, scene.client.batches.put(scene.batch.id, "d.jpg", photo).id)
    assert scene.verdict().lost == 1


def test_a_second_batch_is_seen(scene: Scene, photo: bytes) -> None:
    other = scene.client.batches.create()
    finished(scene.bench, scene.client.batches.put(other.id, "a.jpg", photo).id)
    verdict = scene.verdict()
    assert verdict.duplicated == 1
    assert not verdict.clean


def test_a_success_that_was_written_again_is_duplicated(scene: Scene) -> None:
    scene.jobs[0] = scene.jobs[0].model_copy(update={"finished_at": scene.jobs[0].created_at})
    assert scene.verdict().duplicated == 1


def test_a_second_result_of_an_item_is_duplicated(scene: Scene) -> None:
    with scene.bench.storage.draft() as draft:
        draft.write(b"coloured otherwise")
        draft.commit(f"results/{scene.jobs[0].id}/other.jpg")
    assert scene.verdict().duplicated == 1


def test_more_attempts_than_deaths_are_seen(scene: Scene) -> None:
    scene.bench.store.change(scene.jobs[0].id, lambda record: record.model_copy(update={"attempt": 3}))
    scene.jobs[0] = scene.client.jobs.get(scene.jobs[0].id)
    assert scene.verdict(workers_killed=2).clean
    assert not scene.verdict(workers_killed=1).clean


def test_what_the_client_leaves_behind_is_seen(scene: Scene) -> None:
    (scene.out / ".half.part").write_bytes(b"")
    assert not scene.verdict().clean
