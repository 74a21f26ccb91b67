import os
from pathlib import Path

from cli.server import up
from cli.server.parts import Parts
from photochrom.settings import SharedSettings


class Dying:
    """A queue's server that ends as often as it is started."""

    starts = 0

    def revive(self) -> int:
        self.starts += 1
        return 1


def test_a_queue_s_server_that_dies_at_once_is_started_once_a_second_at_most() -> None:
    server = Dying()
    with Parts({}) as parts:
        # It goes on for a while, and ends as one does whose settings do not hold.
        parts.start(
            "The API", "timeit", "-n1", "-r1", f"import os, time; time.sleep(1.5); os._exit({os.EX_CONFIG})"
        )
        assert up._wait_for_end(parts, server) == "The API"
    assert server.starts <= 4


def test_a_data_folder_that_it_makes_is_its_user_s_alone(tmp_path: Path) -> None:
    with up.locked(tmp_path / "data"):
        assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700


def test_each_setting_that_it_would_read_is_known_to_be_one() -> None:
    assert {f"PHOTOCHROM_{name}".upper() for name in SharedSettings.model_fields} | {
        "REDIS_URL"
    } == up.SETTINGS
