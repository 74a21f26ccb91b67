import subprocess
import sys
from pathlib import Path

from cli import up


class Dying:
    """A queue's server that ends as often as it is started."""

    starts = 0

    def revive(self) -> int:
        self.starts += 1
        return 1


def test_a_queue_s_server_that_dies_at_once_is_started_once_a_second_at_most() -> None:
    server = Dying()
    api = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1.5)"])
    assert up._wait_for_end({"The API": api}, {}, server) == "The API"
    assert server.starts <= 4


def test_a_data_folder_that_it_makes_is_its_user_s_alone(tmp_path: Path) -> None:
    with up.locked(tmp_path / "data"):
        assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700
