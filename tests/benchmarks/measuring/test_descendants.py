import os
import subprocess
import sys
import threading

from benchmarks.measuring.descendants import cpu_seconds, descendants, keep_to

_WORK = "import time\nwhile time.process_time() < 0.3: pass\nprint(flush=True); input()"
_PARENT = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {_WORK!r}])"


def test_processes_below_are_counted_and_kept_to_fewer_cores_with_all_their_threads():
    started = cpu_seconds()
    with subprocess.Popen([sys.executable, "-c", _PARENT], stdin=-1, stdout=-1) as parent:
        assert parent.stdout
        parent.stdout.readline()
        _, worker = tuple(descendants(os.getpid()))[-2:]
        assert cpu_seconds() - started >= 0.3
        before = os.sched_getaffinity(worker)
        with keep_to(1):
            assert os.sched_getaffinity(worker) == os.sched_getaffinity(0) == {min(before)}
        assert os.sched_getaffinity(worker) == os.sched_getaffinity(0) == before
        parent.communicate(b"\n")
    assert cpu_seconds() - started >= 0.3


def test_other_threads_of_this_process_are_kept_too():
    end, seen = threading.Event(), threading.Event()
    other = threading.Thread(target=lambda: (seen.set(), end.wait()))
    other.start()
    seen.wait()
    try:
        with keep_to(1):
            assert len(os.sched_getaffinity(other.native_id or 0)) == 1
    finally:
        end.set()
        other.join()
