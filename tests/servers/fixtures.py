"""The servers as fixtures: one of each for all tests of a process, started when the first test asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.servers.ceph import Ceph
from tests.servers.ministack import MiniStack
from tests.servers.swift import Swift

if TYPE_CHECKING:
    from collections.abc import Generator

    from tests.servers.base import Server

SERVERS = ("ceph", "swift", "ministack")


@pytest.hookimpl(wrapper=True)  # begins before pytest-xdist reads the groups
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> Generator[None]:
    """With `--dist loadgroup` one worker gets all tests of a server, so that only one has to start it."""
    for item in items:
        if isinstance(item, pytest.Function):
            chosen = item.callspec.params.get("server") if hasattr(item, "callspec") else None
            names = [name for name in SERVERS if name in item.fixturenames or name == chosen]
            if names:
                item.add_marker(pytest.mark.server)
                if config.pluginmanager.hasplugin("xdist"):
                    item.add_marker(pytest.mark.xdist_group(names[0]))
    return (yield)


@pytest.fixture(scope="session")
def ceph() -> Generator[Ceph]:
    with Ceph() as server:
        yield server


@pytest.fixture(scope="session")
def swift() -> Generator[Swift]:
    with Swift() as server:
        yield server


@pytest.fixture(scope="session")
def ministack() -> Generator[MiniStack]:
    with MiniStack() as server:
        yield server


@pytest.fixture(scope="session", params=SERVERS)
def server(request: pytest.FixtureRequest) -> Server:
    """Each of them in turn."""
    found: Server = request.getfixturevalue(request.param)
    return found
