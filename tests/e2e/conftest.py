from collections.abc import Iterator

import pytest

from support.running import Service, service


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One service for the tests of a file that only ask it things."""
    with service(tmp_path_factory.mktemp("service")) as started:
        yield started
