"""Paused batches with real workers: what is at work ends, nothing else begins, single jobs go on."""

from photochrom.batches.record import BatchState
from photochrom.jobs.states import JobState
from support.pictures.photographs import grey_jpeg, slow_photograph
from support.queue.queueing import Bench, add_item, new_batch, workers
from support.waiting import wait_for

PHOTO = grey_jpeg(size=(64, 48))


def test_a_paused_batch_ends_what_it_began_and_goes_on_over_a_restart(bench: Bench) -> None:
    batch = new_batch(bench)
    with workers(bench) as running:
        running.wait_until_alive()
        slow = add_item(bench, batch, "slow.png", slow_photograph())
        others = [add_item(bench, batch, f"{n}.jpg", PHOTO) for n in range(5)]
        bench.wait(slow.id, JobState.RUNNING)
        assert bench.batches.pause(batch).state(bench.store.counts(batch)) is BatchState.PAUSED
        single = bench.submit(PHOTO)
        bench.wait(slow.id, JobState.SUCCEEDED, seconds=60)
        bench.wait(single.id, JobState.SUCCEEDED)
        assert {bench.store.get(each.id).state for each in others} == {JobState.QUEUED}
        running.stop()
    with workers(bench) as running:
        running.wait_until_alive()
        # Through a single job, and a round of the workers' maintenance, which looks for lost jobs.
        bench.redis.delete("maintenance:queued")
        wait_for(lambda: bench.redis.exists("maintenance:queued"), 30, "maintenance")
        bench.wait(bench.submit(PHOTO).id, JobState.SUCCEEDED)
        assert {bench.store.get(each.id).state for each in others} == {JobState.QUEUED}
        bench.batches.resume(batch)
        bench.turns.feed(batch)
        for each in others:
            bench.wait(each.id, JobState.SUCCEEDED)
    assert bench.store.counts(batch)[JobState.SUCCEEDED] == 6
