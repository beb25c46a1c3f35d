from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.model.pool import POOL


@pytest.fixture
def servers() -> Iterator[None]:
    """Leaves the servers that a test of a state machine has used."""
    yield
    POOL.close()
