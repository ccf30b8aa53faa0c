"""A broker that several tests of MQTT share."""

from collections.abc import Iterator

import pytest

from tests.connectors.brokers import Broker, broker


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """One broker for those tests that do it no harm; each has a client of its own."""
    with broker(tmp_path_factory.mktemp("broker")) as started:
        yield started
