import subprocess
import sys

import psutil
import pytest

SLEEPER = "import time; print('asleep', flush=True); time.sleep(60)"
PARENT = f"""
import os, subprocess, sys, time
from functools import partial
from photochrom.processes.parent_death import end_with_parent
told = partial(end_with_parent, os.getpid())
child = subprocess.Popen([sys.executable, "-c", {SLEEPER!r}], preexec_fn=told, stdout=subprocess.PIPE)
child.stdout.readline()
print(child.pid, flush=True)
time.sleep(60)
"""

# Its parent is killed before the child has asked.
LATE = f"""
import os, subprocess, sys
from photochrom.processes.parent_death import end_with_parent
parent = os.getpid()
def told():
    print(os.getpid(), flush=True)
    while os.getppid() == parent:
        pass
    end_with_parent(parent)
subprocess.Popen([sys.executable, "-c", {SLEEPER!r}], preexec_fn=told)
"""
linux = pytest.mark.skipif(
    sys.platform != "linux", reason="only Linux tells children of their parent's death"
)


@linux
def test_a_child_ends_when_its_parent_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        child = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
        _gone, alive = psutil.wait_procs([child], timeout=20)
    assert not alive


@linux
def test_a_child_does_not_begin_when_its_parent_is_killed_before_it_has_asked() -> None:
    with subprocess.Popen([sys.executable, "-c", LATE], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        child = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
        assert parent.stdout.read() == ""
        _gone, alive = psutil.wait_procs([child], timeout=20)
    assert not alive
