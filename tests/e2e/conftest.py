from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from support.networks.tiny_model import light, tiny
from support.page.browser import browser
from support.servers.running import Service, service

__all__ = ["as_shipped", "chromium", "running", "tiny"]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One service for the tests of a file that only ask it things; its network costs nothing."""
    with service(tmp_path_factory.mktemp("service"), **light()) as started:
        yield started


@pytest.fixture(scope="module")
def as_shipped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """One service for the tests of a file that look at the colours themselves."""
    with service(tmp_path_factory.mktemp("service")) as started:
        yield started


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser per test process; each visit is a profile of its own."""
    with browser() as started:
        yield started
