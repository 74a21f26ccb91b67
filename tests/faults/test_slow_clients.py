"""The short form of `make test-faults ARGS=slow-clients`."""

from pathlib import Path

import pytest

from support.faults import slow_clients


@pytest.mark.alone
def test_500_slow_clients_leave_the_others_unharmed(tmp_path: Path) -> None:
    row = slow_clients.run(tmp_path, photos=10, times=500, to_the_end=False)
    assert row.clean, row
