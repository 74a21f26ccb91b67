import subprocess
import sys

import psutil
import pytest

SLEEPER = "import time; print('asleep', flush=True); time.sleep(60)"
PARENT = f"""
import subprocess, sys, time
from photochrom.lifeline import end_with_parent
child = subprocess.Popen([sys.executable, "-c", {SLEEPER!r}], preexec_fn=end_with_parent, stdout=subprocess.PIPE)
child.stdout.readline()
print(child.pid, flush=True)
time.sleep(60)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children of their parent's death")
def test_a_child_ends_when_its_parent_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        child = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
        _gone, alive = psutil.wait_procs([child], timeout=20)
    assert not alive
