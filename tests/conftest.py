"""What all tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from irods_omero.settings import OMERO_PASSWORD_VARIABLE, ZONE_PASSWORD_VARIABLE


@pytest.fixture(scope="module", autouse=True)
def _passwords_of_a_scene_end_with_its_module() -> Iterator[None]:
    """Scenes put passwords into the environment, where the next module's agent would take them for its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(ZONE_PASSWORD_VARIABLE, raising=False)
        patch.delenv(OMERO_PASSWORD_VARIABLE, raising=False)
        yield
