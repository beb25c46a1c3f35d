"""What all tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import structlog

from irods_omero.settings import OMERO_PASSWORD_VARIABLE, ZONE_PASSWORD_VARIABLE

LAB_ONLY = "lab_only(reason): the test does to a server what is done to none but the lab's, for this reason"


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", LAB_ONLY)
    # By default structlog shows every variable of a traceback in a frame, which takes longer than most sweeps.
    plain = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    *others, _ = structlog.get_config()["processors"]
    structlog.configure(processors=[*others, plain])


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip on real servers, by name and with the reason, what belongs to the lab's only."""
    marker = item.get_closest_marker("lab_only")
    if marker is None:
        return
    from tests.scene import real_places  # omero-py takes half a second that no other test should wait for

    if real_places() is not None:
        pytest.skip(f"{item.name}: for the lab's servers only, as it {marker.args[0]}")


@pytest.fixture(scope="module", autouse=True)
def _passwords_of_a_scene_end_with_its_module() -> Iterator[None]:
    """Scenes put passwords into the environment, where the next module's agent would take them for its own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv(ZONE_PASSWORD_VARIABLE, raising=False)
        patch.delenv(OMERO_PASSWORD_VARIABLE, raising=False)
        yield
